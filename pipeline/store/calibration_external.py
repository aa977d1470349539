"""External calibration: a client's scores beside ours."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from pipeline.domain.agreement import Agreement, agreement
from pipeline.domain.calibration import CLEAR, GRADES, VIOLATED, Subject, SubjectKind
from pipeline.domain.intervals import exact_mcnemar
from pipeline.domain.results import BilingualText
from pipeline.domain.reviews import Standing, standing_of
from pipeline.domain.scores import Answer
from pipeline.store.database import Database
from pipeline.store.reviews import reviews_of
from pipeline.store.tables import recordings

OURS, THEIRS = 1, 2
_SEVERITY: Mapping[str, int] = {
    Answer.YES: 0,
    Answer.NO: 1,
    Answer.EXCELLENT: 0,
    Answer.FAIR: 1,
    Answer.NEEDS_IMPROVEMENT: 2,
}
"""How strict an answer on an item is."""


@dataclass(frozen=True, slots=True)
class ClientScore:
    """A line of the client's file."""

    line: int
    call: str
    """File name or id, as it is written."""
    subject: Subject
    value: str


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A line that cannot be compared, and why."""

    line: int
    call: str
    subject: str
    why: BilingualText


@dataclass(frozen=True, slots=True)
class Compared:
    """The client's scores of one thing beside ours."""

    subject: Subject
    agreement: Agreement
    stricter: int
    """Calls that the client judges more strictly."""
    milder: int
    """Calls that the client judges less strictly."""
    chance: float
    """How often chance puts so many of those calls on one side: exact two-sided sign test."""

    @property
    def bias(self) -> BilingualText:
        """Who is stricter, and whether that is more than noise."""
        if not self.stricter and not self.milder:
            return BilingualText("没有不同", "no difference")
        zh, en = f"更严 {self.stricter}，更宽 {self.milder}", f"stricter on {self.stricter}, milder on {self.milder}"
        if self.chance >= 0.05:
            return BilingualText(f"{zh}，在波动之内", f"{en}: within noise (p {self.chance:.2f})")
        who = BilingualText("客户更严", "the client is stricter")
        if self.milder > self.stricter:
            who = BilingualText("客户更宽", "the client is milder")
        return BilingualText(f"{zh}：{who.zh}，超出波动", f"{en}: {who.en}, more than noise (p {self.chance:.3f})")


def compare(database: Database, scores: Sequence[ClientScore]) -> tuple[list[Compared], list[Unmatched]]:
    """The client's scores beside what stands in our reviews, rules before items, and the lines without a counterpart.

    Ours is the verdict that stands on a rule and a person's answer on an item, gold where it was decided; what rules
    filled in by themselves is nobody's judgement. N/A is compared where an item is yes or no, and left out where it is
    graded.
    """
    ids = _ids(database, {one.call for one in scores})
    wanted = sorted({found for found in ids.values() if isinstance(found, str)})
    standing = {one: standing_of(entries) for one, entries in reviews_of(database, wanted).items()}
    pairs: dict[Subject, list[dict[int, str]]] = {}
    unmatched = []
    taken: dict[tuple[str, Subject], int] = {}
    for one in scores:
        found = ids[one.call]
        if isinstance(found, BilingualText):
            unmatched.append(Unmatched(one.line, one.call, one.subject.key, found))
            continue
        first = taken.setdefault((found, one.subject), one.line)
        ours = _ours(standing.get(found, Standing()), one.subject)
        if first != one.line:
            why = BilingualText(f"第 {first} 行已经给过", f"line {first} gives it already")
        elif ours is None:
            why = BilingualText("我们没有人判过", "none of us has judged it")
        elif (ours in GRADES) != (one.value in GRADES) and Answer.N_A not in (ours, one.value):
            why = BilingualText(f"我们的答案是 {ours}，尺度不同", f"our answer is {ours}: another scale")
        else:
            pairs.setdefault(one.subject, []).append({OURS: ours, THEIRS: one.value})
            continue
        unmatched.append(Unmatched(one.line, one.call, one.subject.key, why))
    in_order = sorted(pairs, key=lambda subject: (subject.kind == SubjectKind.ITEM, subject))
    return [_compared(subject, pairs[subject]) for subject in in_order], unmatched


def _ids(database: Database, names: Iterable[str]) -> dict[str, str | BilingualText]:
    """Each name's recording, or why it has none."""
    wanted = sorted(names)
    found: dict[str, list[str]] = {name: [] for name in wanted}
    with database.reading() as connection:
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            for column in (recordings.c.name, recordings.c.id):
                for row in connection.execute(select(column.label("name"), recordings.c.id).where(column.in_(part))):
                    found[row.name].append(row.id)
    none = BilingualText("没有这通录音", "there is no such call")
    several = BilingualText("几通录音同名，请写 id", "several calls have this name: give the id")
    return {
        name: matches[0] if len(set(matches)) == 1 else several if matches else none for name, matches in found.items()
    }


def _ours(standing: Standing, subject: Subject) -> str | None:
    if subject.kind == SubjectKind.RULE:
        verdict = standing.verdicts.get(subject.id)
        truth = verdict.said.verdict.truth if verdict and verdict.said.verdict else None
        return None if truth is None else VIOLATED if truth else CLEAR
    assert subject.card is not None
    review = standing.scores.get((subject.card, subject.id))
    return review.said.value if review else None


def _compared(subject: Subject, calls: Sequence[dict[int, str]]) -> Compared:
    if any(value in GRADES for call in calls for value in call.values()):
        calls = [call for call in calls if Answer.N_A not in call.values()]
        found = agreement(calls, GRADES)
    else:
        found = agreement(calls)
    sides = Counter(_side(subject, call) for call in calls)
    return Compared(subject, found, sides[1], sides[-1], exact_mcnemar(sides[1], sides[-1]))


def _side(subject: Subject, call: Mapping[int, str]) -> int:
    """1 where the client is stricter, −1 where we are, 0 where neither is, or one says N/A."""
    if subject.kind == SubjectKind.RULE:
        ours, theirs = call[OURS] == VIOLATED, call[THEIRS] == VIOLATED
        return int(theirs) - int(ours)
    if not all(value in _SEVERITY for value in call.values()):
        return 0
    apart = _SEVERITY[call[THEIRS]] - _SEVERITY[call[OURS]]
    return (apart > 0) - (apart < 0)

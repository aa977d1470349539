"""What the pages of calibration show: agreement by rule and item, the calls that differ, and one call side by side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.domain.agreement import Agreement, Coefficient
from pipeline.domain.calibration import (
    CLEAR,
    VIOLATED,
    Calibration,
    Gold,
    Opinion,
    Subject,
    SubjectKind,
    Trust,
    agreements,
    trust_of,
    undefined_reason,
)
from pipeline.domain.results import BilingualText
from pipeline.domain.scores import Answer, Scorecard
from pipeline.review.call_page import ANSWERS
from pipeline.review.card_view import name_of
from pipeline.review.rule_view import BEFORE_S
from pipeline.review.wording import Words

RULE_VALUES: Mapping[str, Words] = {VIOLATED: ("有违规", "violated"), CLEAR: ("没有", "not violated")}
COEFFICIENTS: Mapping[Coefficient, str] = {Coefficient.KAPPA: "κ", Coefficient.ALPHA: "α"}


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """How far people agree on one thing."""

    subject: Subject
    title: BilingualText
    agreement: Agreement
    trust: Trust

    @property
    def sign(self) -> str:
        """κ or α."""
        return COEFFICIENTS[self.agreement.coefficient]

    @property
    def undefined(self) -> BilingualText | None:
        """Why there is no number, or no interval; ``None`` where there are both."""
        has_both = self.agreement.value is not None and self.agreement.interval is not None
        return None if has_both else undefined_reason(self.agreement)


@dataclass(frozen=True, slots=True)
class DifferingCall:
    """A call of the session, and on how much of it people differ."""

    recording_id: str
    name: str
    judged: int
    """Rules and items that two or more people judged."""
    differ: int
    """Those on which they do not say the same."""
    gold: int
    """Those that were decided on."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one person said of one thing."""

    value: str | None
    """``None`` where they did not judge it, or were unsure."""
    words: Words
    opinion: Opinion | None
    majority: bool
    """Whether no other value was given more often."""

    @property
    def start_s(self) -> float | None:
        """Where they heard it; ``None`` where they named no place."""
        entry = self.opinion.entry if self.opinion else None
        return entry.said.place.start_s if entry else None

    @property
    def play_s(self) -> float:
        """Where to begin listening."""
        return max(0.0, (self.start_s or 0.0) - BEFORE_S)


@dataclass(frozen=True, slots=True)
class SideBySide:
    """One thing on one call, as each person judged it."""

    subject: Subject
    title: BilingualText
    cells: tuple[Cell, ...]
    """In the order of the session's people."""
    differ: bool
    unanimous: str | None
    """What all said who judged it, two at least; ``None`` where they differ."""
    options: tuple[tuple[str, Words], ...]
    """What can be decided."""
    gold: Gold | None
    evidence: tuple[float, ...]
    """Where the rule heard it."""


def words_of(subject: Subject, value: str | None) -> Words:
    """A value in words."""
    if value is None:
        return ("–", "–")
    if subject.kind == SubjectKind.RULE:
        return RULE_VALUES.get(value, (value, value))
    return ANSWERS[Answer(value)] if value in set(Answer) else (value, value)


def title_of(subject: Subject, titles: Mapping[str, BilingualText], card: Scorecard) -> BilingualText:
    """What people call it; its id where it is not known any more."""
    if subject.kind == SubjectKind.RULE:
        return titles.get(subject.id, BilingualText(subject.id, subject.id))
    found = next((item.title for item in card.items if item.id == subject.id), None)
    if found is None or subject.card != name_of(card):
        return BilingualText(subject.key, subject.key) if found is None else found
    return found


def agreement_rows(
    opinions: Sequence[Opinion], titles: Mapping[str, BilingualText], card: Scorecard, level: float
) -> list[AgreementRow]:
    """A row for each thing that was judged: the lowest agreement first, what has no number last."""
    rows = [
        AgreementRow(subject, title_of(subject, titles, card), found, trust_of(found, level))
        for subject, found in agreements(opinions).items()
    ]
    return sorted(rows, key=_worst_first)


def _worst_first(row: AgreementRow) -> tuple[bool, bool, float]:
    value = row.agreement.value
    return row.subject.kind == SubjectKind.ITEM, value is None, 0.0 if value is None else value


def differing_calls(
    session: Calibration, opinions: Iterable[Opinion], golds: Iterable[Gold], names: Mapping[str, str]
) -> list[DifferingCall]:
    """The calls of the session, those first on which people differ most."""
    values: dict[str, dict[Subject, list[str]]] = {recording_id: {} for recording_id in session.calls}
    for one in opinions:
        values[one.recording_id].setdefault(one.subject, []).append(one.value)
    decided: dict[str, int] = {}
    for gold in golds:
        decided[gold.recording_id] = decided.get(gold.recording_id, 0) + 1
    calls = [
        DifferingCall(
            recording_id,
            names.get(recording_id, recording_id[:12]),
            sum(len(given) > 1 for given in said.values()),
            sum(len(set(given)) > 1 for given in said.values()),
            decided.get(recording_id, 0),
        )
        for recording_id, said in values.items()
    ]
    return sorted(calls, key=lambda call: (-call.differ, call.name))


def side_by_side(
    session: Calibration,
    opinions: Sequence[Opinion],
    golds: Iterable[Gold],
    titles: Mapping[str, BilingualText],
    card: Scorecard,
    evidence: Mapping[str, Sequence[float]],
) -> list[SideBySide]:
    """Everything that was judged on one call, what people differ on first."""
    decided = {gold.subject: gold for gold in golds}
    order = {item.id: at for at, item in enumerate(card.items)}
    rows = []
    for subject in sorted({one.subject for one in opinions} | set(decided)):
        said = {one.account_id: one for one in opinions if one.subject == subject}
        values = [one.value for one in said.values()]
        most = max((values.count(value) for value in values), default=0)
        cells = []
        for judge in session.judges:
            one = said.get(judge.account_id)
            value = one.value if one else None
            cells.append(Cell(value, words_of(subject, value), one, value is None or values.count(value) == most))
        rows.append(
            SideBySide(
                subject=subject,
                title=title_of(subject, titles, card),
                cells=tuple(cells),
                differ=len(set(values)) > 1,
                unanimous=values[0] if len(values) > 1 and len(set(values)) == 1 else None,
                options=_options(subject, values, card),
                gold=decided.get(subject),
                evidence=tuple(evidence.get(subject.id, ())) if subject.kind == SubjectKind.RULE else (),
            )
        )
    return sorted(
        rows, key=lambda row: (not row.differ, row.subject.kind == SubjectKind.ITEM, order.get(row.subject.id, 0))
    )


def _options(subject: Subject, values: Sequence[str], card: Scorecard) -> tuple[tuple[str, Words], ...]:
    if subject.kind == SubjectKind.RULE:
        return tuple(RULE_VALUES.items())
    item = next((item for item in card.items if item.id == subject.id), None)
    answers: Sequence[str] = item.answers if item is not None else sorted(set(values))
    return tuple((answer, words_of(subject, answer)) for answer in answers)

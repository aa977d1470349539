"""Calibration: several people judge the same calls without seeing each other's words, and what comes of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np

from pipeline.domain.agreement import Agreement, Share, agreement
from pipeline.domain.errors import EarmarkError
from pipeline.domain.intervals import Interval, rate, rate_interval
from pipeline.domain.results import BilingualText
from pipeline.domain.reviews import Review
from pipeline.domain.scores import Answer, Scale

VIOLATED = "yes"
"""A person's value for a rule: its violation is in the call."""
CLEAR = "no"
"""A person's value for a rule: its violation is not in the call."""
GRADES: tuple[str, ...] = tuple(Scale.GRADED.grades)
PERMUTATIONS = 9999
SIGNAL = 0.05
"""A difference that chance makes less often than this is called more than noise."""


class SubjectKind(StrEnum):
    """What is judged."""

    RULE = "rule"
    ITEM = "item"
    """A line of a scorecard."""


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """A rule, or an item of one version of a scorecard."""

    kind: SubjectKind
    id: str
    card: str | None = None
    """Of an item: scorecard and version, such as ``default@1``."""

    @property
    def key(self) -> str:
        """As files and addresses name it: ``insult``, ``default@1:rapport``."""
        return self.id if self.card is None else f"{self.card}:{self.id}"


def subject_of(key: str) -> Subject:
    """The subject that `Subject.key` names.

    >>> subject_of("default@1:rapport")
    Subject(kind=<SubjectKind.ITEM: 'item'>, id='rapport', card='default@1')
    """
    card, colon, item = key.rpartition(":")
    return Subject(SubjectKind.ITEM, item, card) if colon else Subject(SubjectKind.RULE, key)


@dataclass(frozen=True, slots=True)
class Judge:
    """Somebody who judges in a session, and how far they have come."""

    account_id: int
    login: str
    name: str
    finished: int
    """Calls that they are through with."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A session: calls, people, and what they judge."""

    id: int
    name: str
    created_at: datetime
    chosen: BilingualText
    """How its calls were chosen."""
    rules: tuple[str, ...] | None
    """Rules that are judged; all that ran on the call and are active if ``None``."""
    card: str | None
    """Scorecard and version; ``None`` where none is filled in."""
    calls: tuple[str, ...]
    """Ids, in the order in which they are judged."""
    deleted: int
    """Calls that were deleted since it began."""
    judges: tuple[Judge, ...]
    """By name."""
    closed_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether people still judge, and see nothing of each other."""
        return self.closed_at is None

    @property
    def complete(self) -> bool:
        """Whether everybody is through with every call."""
        return all(judge.finished >= len(self.calls) for judge in self.judges)

    def judge(self, account_id: int) -> Judge | None:
        """The account's part in it; ``None`` where it has none."""
        return next((judge for judge in self.judges if judge.account_id == account_id), None)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one person says of one thing on one call."""

    calibration_id: int
    recording_id: str
    subject: Subject
    account_id: int
    value: str
    entry: Review | None
    """Their own words and place; ``None`` where it follows from finishing the call without a word on the rule."""


@dataclass(frozen=True, slots=True)
class Gold:
    """What was decided to be right, of one thing on one call."""

    id: int
    calibration_id: int
    recording_id: str
    subject: Subject
    value: str
    account_id: int
    by: str
    at: datetime
    note: str | None


class CalibrationFault(StrEnum):
    """Why something in a session is refused."""

    UNKNOWN = "unknown"
    CLOSED = "closed"
    STILL_OPEN = "still_open"
    NOT_A_JUDGE = "not_a_judge"
    NOT_IN_IT = "not_in_it"
    NOT_JUDGED = "not_judged"
    APPEALED = "appealed"
    DELETED = "deleted"


FAULTS = {
    CalibrationFault.UNKNOWN: BilingualText("没有这次校准。", "There is no such calibration session."),
    CalibrationFault.CLOSED: BilingualText("校准已结束，判定没有保存。", "The session is closed: this was not stored."),
    CalibrationFault.STILL_OPEN: BilingualText(
        "校准还没有结束：先结束，再定标准答案。", "The session is still open: close it before deciding what is right."
    ),
    CalibrationFault.NOT_A_JUDGE: BilingualText(
        "你不在这次校准的名单里。", "You are not among the reviewers of this session."
    ),
    CalibrationFault.NOT_IN_IT: BilingualText("这通录音不在这次校准里。", "The session does not have this call."),
    CalibrationFault.NOT_JUDGED: BilingualText(
        "这次校准不判这一项，或没有这个答案。", "The session does not judge this, or it has no such answer."
    ),
    CalibrationFault.APPEALED: BilingualText(
        "这条判定正在申诉，先裁定申诉。", "An appeal about this waits: decide the appeal first."
    ),
    CalibrationFault.DELETED: BilingualText("这通录音已删除。", "The call was deleted."),
}


class CalibrationRefusedError(EarmarkError):
    """Something in a session that is refused. ``text`` is for the page."""

    def __init__(self, fault: CalibrationFault) -> None:
        self.fault = fault
        self.text = FAULTS[fault]
        super().__init__(self.text.en)


def agreements(opinions: Iterable[Opinion]) -> dict[Subject, Agreement]:
    """How far people agree on each thing that was judged, rules before items.

    On an item of three grades N/A is no grade: such answers are left out.
    """
    said: dict[Subject, dict[tuple[int, str], dict[int, str]]] = {}
    for one in opinions:
        calls = said.setdefault(one.subject, {})
        calls.setdefault((one.calibration_id, one.recording_id), {})[one.account_id] = one.value
    in_order = sorted(said, key=lambda one: (one.kind == SubjectKind.ITEM, one))
    return {subject: _agreement(list(said[subject].values())) for subject in in_order}


def _agreement(calls: list[dict[int, str]]) -> Agreement:
    if not any(value in GRADES for call in calls for value in call.values()):
        return agreement(calls)
    graded = [{who: value for who, value in call.items() if value != Answer.N_A} for call in calls]
    return agreement(graded, GRADES)


class TrustState(StrEnum):
    """Whether what people say of a thing can be relied on."""

    TRUSTED = "trusted"
    DOUBTFUL = "doubtful"
    """命中率存疑: agreement is below the level, or may be."""
    UNKNOWN = "unknown"
    """未校准: nobody has measured it."""


TRUST_WORDS = {
    TrustState.TRUSTED: BilingualText("可信", "calibrated"),
    TrustState.DOUBTFUL: BilingualText("命中率存疑", "doubtful"),
    TrustState.UNKNOWN: BilingualText("未校准", "not calibrated"),
}


@dataclass(frozen=True, slots=True)
class Trust:
    """Whether the precision of a rule, or the result of an item, can be relied on, and why."""

    state: TrustState
    level: float
    """What the lower end of the interval has to reach."""
    agreement: Agreement | None = None

    @property
    def why(self) -> BilingualText:
        """In a sentence."""
        found = self.agreement
        if found is None or found.value is None or found.interval is None:
            return NO_NUMBER if found is None else undefined_reason(found)
        zh = f"一致性 {found.value:.2f}，区间 {found.interval.low:.2f} 至 {found.interval.high:.2f}，{found.calls} 通"
        ends = f"{found.interval.low:.2f} to {found.interval.high:.2f}"
        en = f"agreement {found.value:.2f}, interval {ends}, n {found.calls}"
        if self.state == TrustState.TRUSTED:
            return BilingualText(f"{zh}；不低于 {self.level:g}", f"{en}; not below {self.level:g}")
        if found.value < self.level:
            return BilingualText(f"{zh}；低于 {self.level:g}", f"{en}; below {self.level:g}")
        return BilingualText(f"{zh}；可能低于 {self.level:g}", f"{en}; may be below {self.level:g}")


NO_NUMBER = BilingualText("没有结束的校准判过它", "no closed calibration session judged it")
_TOO_FEW = BilingualText("只有一通与众不同，算不出区间", "all calls but one are alike: no interval")
_UNDEFINED: Mapping[str, BilingualText] = {
    "no_pairs": BilingualText("没有两人都判过的通话", "no call was judged by two people"),
    "no_variation": BilingualText(
        "所有人对所有通话判得一样：没有检验出能否分辨",
        "everybody said the same of every call: whether they can tell a difference was not tested",
    ),
}


def undefined_reason(found: Agreement) -> BilingualText:
    """Why there is no coefficient, or no interval."""
    return _UNDEFINED.get(found.undefined or "", _TOO_FEW)


def trust_of(found: Agreement | None, level: float) -> Trust:
    """Trusted where even the lower end of the interval reaches the level.

    Not the value itself: with few calls it passes any level by luck. So Krippendorff, who asks how likely it is that
    the agreement of all such judgements is below what is required.

    Source: K. Krippendorff, Content Analysis (2004) ch. 11: 0.667 for tentative conclusions, 0.8 for firm ones.
    """
    if found is None or found.value is None or found.interval is None:
        return Trust(TrustState.UNKNOWN, level, found)
    state = TrustState.TRUSTED if found.interval.low >= level else TrustState.DOUBTFUL
    return Trust(state, level, found)


@dataclass(frozen=True, slots=True)
class AgainstGold:
    """How often somebody said what was decided to be right, in one period."""

    account_id: int
    name: str
    period: str
    """A session's name, or a week such as ``2026-W48``."""
    same: int
    of: int

    @property
    def rate(self) -> float | None:
        """``same`` ÷ ``of``; ``None`` where nothing of theirs was decided on."""
        return rate(self.same, self.of)

    @property
    def interval(self) -> Interval | None:
        """95 %."""
        return rate_interval(self.same, self.of)


@dataclass(frozen=True, slots=True)
class Drift:
    """How somebody's agreement with gold went over time."""

    account_id: int
    name: str
    periods: tuple[AgainstGold, ...]
    """Oldest first."""
    chance: float | None
    """How often chance makes a difference as large as that of the last period to those before; ``None`` before
    there are two."""

    @property
    def moved(self) -> bool:
        """Whether the last period differs from those before by more than noise."""
        return self.chance is not None and self.chance < SIGNAL

    @property
    def sentence(self) -> BilingualText:
        """What to make of it."""
        last = self.periods[-1]
        earlier = Share(sum(one.same for one in self.periods[:-1]), sum(one.of for one in self.periods[:-1]))
        now, before = last.rate, rate(*earlier)
        if now is None or before is None or self.chance is None:
            return BilingualText("只有一个时段，说不出变化", "one period only: no change to speak of")
        zh, en = f"{before:.0%} 到 {now:.0%}", f"from {before:.0%} to {now:.0%}"
        if not self.moved:
            return BilingualText(f"{zh}，在波动之内", f"{en}, within noise (p {self.chance:.2f})")
        if now < before:
            return BilingualText(f"{zh}，变差，超出波动", f"{en}, worse by more than noise (p {self.chance:.3f})")
        return BilingualText(f"{zh}，变好，超出波动", f"{en}, better by more than noise (p {self.chance:.3f})")


def chance_of_change(before: Sequence[Share], after: Sequence[Share], *, seed: int = 1) -> float | None:
    """The p-value that a rate differs between two sets of calls; ``None`` where one of them is empty.

    Each share is a call's. Whole calls change sides: judgements of one call go together, and tests that count each for
    itself would call too much a signal. Two-sided permutation test, both rates weighted by judgements.

    >>> chance_of_change([Share(9, 10)] * 10, [Share(9, 10)] * 10)
    1.0
    >>> chance_of_change([Share(10, 10)] * 10, [Share(5, 10)] * 10) < 0.001
    True

    Source: P. Good, Permutation, Parametric and Bootstrap Tests of Hypotheses (2005) ch. 3.
    """
    calls = np.array([*before, *after], dtype=float).reshape(-1, 2)
    n = len(before)
    if not n or n == len(calls) or not calls[:n, 1].sum() or not calls[n:, 1].sum():
        return None

    def differences(parts: np.ndarray) -> np.ndarray:
        sums = parts.sum(axis=1)
        rest = calls.sum(axis=0) - sums
        with np.errstate(invalid="ignore", divide="ignore"):
            apart: np.ndarray = np.abs(sums[:, 0] / sums[:, 1] - rest[:, 0] / rest[:, 1])
        return apart

    draw = np.random.default_rng(seed)
    orders = np.argsort(draw.random((PERMUTATIONS, len(calls))), axis=1)[:, :n]
    seen = differences(calls[None, :n])[0]
    return float((1 + (differences(calls[orders]) >= seen - 1e-12).sum()) / (1 + PERMUTATIONS))

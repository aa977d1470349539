"""What sampling speaks of: plans, the calls they draw from, picks, and what estimates from them say."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pipeline.domain.frames import Inclusion
from pipeline.domain.results import BilingualText


class PartKind(StrEnum):
    """How a part of a plan chooses calls."""

    AUDIT = "audit"
    """Calls that no rule flagged, all with the same chance: what recall is estimated from."""
    RANDOM = "random"
    """So many calls of each agent and week."""
    STRATIFIED = "stratified"
    """So many calls, shared out over the values of metadata columns."""
    TARGETED = "targeted"
    """Calls with a property that makes them worth hearing."""
    ADAPTIVE = "adaptive"
    """More calls of agents whose accuracy is low or not known; some of everybody."""


class Allocation(StrEnum):
    """How a stratified part shares its calls out."""

    PROPORTIONAL = "proportional"
    """By number of calls."""
    EQUAL = "equal"
    """The same to each stratum."""
    NEYMAN = "neyman"
    """By number of calls × spread of the error rate found before: most where most is to be learnt."""


class TargetKind(StrEnum):
    """What a targeted part looks for."""

    FLAGGED = "flagged"
    NEW_STAFF = "new_staff"
    METADATA = "metadata"
    LONG = "long"
    LOW_SURVEY = "low_survey"
    REPEAT_CONTACT = "repeat_contact"
    COMPLAINTS = "complaints"


@dataclass(frozen=True, slots=True)
class Target:
    """What a targeted part looks for, with its limits; only those of its kind are set."""

    kind: TargetKind
    days: float | None = None
    """New staff: since the agent's first call. Repeat contact: since the customer's last one."""
    at_least_s: float | None = None
    at_most: float | None = None
    """Survey score."""
    column: str | None = None
    """Metadata column, or the column of the complaint list: ``recording`` or ``customer_id``."""
    values: frozenset[str] = frozenset()
    """Wanted values of the column."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a plan. Either ``n`` or ``share`` is set."""

    name: str
    kind: PartKind
    n: int | None = None
    """Calls; of a random part: of each agent and week."""
    share: float | None = None
    """Of the calls that the part may choose, 0–1."""
    priority: int = 1
    """What is cut last where reviewers' hours do not suffice: 1 before 2. The audit stands before all."""
    by: tuple[str, ...] = ()
    allocation: Allocation = Allocation.PROPORTIONAL
    floor: int = 1
    """Adaptive: calls that every agent gets at least."""
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A sampling plan."""

    id: str
    parts: tuple[Part, ...]
    """In the order in which hours are given to them: the audit first."""
    digest: str
    """SHA-256 of the plan's file and of the lists it names, 64 hex digits."""
    source: str
    """The file's text."""
    seed: int = 1
    hours: float | None = None
    """Reviewers' hours for one draw; ``None``: no limit."""
    calls_per_hour: float | None = None
    no_audit_because: str | None = None
    """Why the plan has no audit; said with every draw."""
    remarks: tuple[BilingualText, ...] = ()
    """What was passed over in the lists that the plan names."""

    @property
    def capacity(self) -> int | None:
        """Calls that the hours suffice for; ``None`` without a limit."""
        if self.hours is None or self.calls_per_hour is None:
            return None
        return int(self.hours * self.calls_per_hour + 1e-9)


def week_of(moment: date | None) -> str:
    """ISO week of a moment in its own zone, or of a day; empty for ``None``.

    >>> week_of(datetime(2026, 1, 1)), week_of(date(2027, 1, 1))
    ('2026-W01', '2026-W53')
    """
    if moment is None:
        return ""
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02}"


@dataclass(frozen=True, slots=True)
class Pick:
    """One part's choice of one call."""

    recording_id: str
    part: str
    kind: PartKind
    reason: BilingualText
    chance: float
    """Probability that this part chooses this call, in (0, 1]."""
    inclusion: float
    """Probability that any part does."""


@dataclass(frozen=True, slots=True)
class PartResult:
    """What became of one part."""

    part: Part
    eligible: int
    """Calls that the part may choose."""
    wanted: int
    """Calls it asks for, at most those that there are."""
    drawn: int
    lowest_chance: float
    highest_chance: float


@dataclass(frozen=True, slots=True)
class Draw:
    """What a plan draws from a frame."""

    plan: Plan
    seed: int
    frame_size: int
    unflagged: int
    since: datetime | None
    until: datetime | None
    parts: tuple[PartResult, ...]
    picks: tuple[Pick, ...]
    notes: tuple[BilingualText, ...]
    """What a manager must know: what is given up, what the plan asks for and does not exist, what is unknown."""
    inclusion: Inclusion

    @property
    def calls(self) -> int:
        """Different calls that were picked."""
        return len({pick.recording_id for pick in self.picks})


class Metric(StrEnum):
    """What is estimated of a rule or an error class."""

    PRECISION = "precision"
    """True hits ÷ hits."""
    RECALL = "recall"
    """True hits ÷ calls with the violation."""
    PREVALENCE = "prevalence"
    """Calls with the violation ÷ calls."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number that can be shown."""

    metric: Metric
    value: float
    low: float
    """95 % interval, 0–1."""
    high: float
    n: int
    """Judged calls behind it."""


@dataclass(frozen=True, slots=True)
class NotEnough:
    """Stands in place of a number that would mean nothing."""

    metric: Metric
    reason: BilingualText
    n: int
    """Judged calls so far."""
    low: float | None = None
    """What is known all the same; ``None`` where nothing is."""
    high: float | None = None
    more: int | None = None
    """Calls to judge besides; ``None`` where no number of calls of the period suffices."""
    half_width: float | None = None
    """What these, or else all calls of the period, give: ± this."""

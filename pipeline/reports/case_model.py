"""What a page on one call says."""

from dataclasses import dataclass
from datetime import datetime

from pipeline.domain.calls import CallMetadata, Role
from pipeline.domain.results import BilingualText, ErrorClass, Outcome
from pipeline.domain.reviews import Verdict
from pipeline.domain.scores import Answer
from pipeline.reports.model import Moment


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of evidence."""

    start_s: float
    end_s: float
    role: Role
    quote: BilingualText
    """Personal data that were masked have a name in each language."""
    by_sound: bool
    link: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that hit or could not judge, or an error that only a person found."""

    rule_id: str
    title: BilingualText
    error_class: str
    on_trial: bool
    outcome: Outcome | None
    """``None`` where the rule did not hit."""
    explanation: BilingualText | None
    pieces: tuple[Piece, ...]
    verdict: Verdict | None
    note: str | None
    """What the reviewer wrote beside the verdict."""
    appeal: str | None
    """``open`` or its outcome; ``None`` without an appeal."""

    @property
    def is_error(self) -> bool:
        """A person confirmed it, and it is no mere alert."""
        return bool(self.verdict and self.verdict.truth) and self.error_class != ErrorClass.ALERT and not self.on_trial


@dataclass(frozen=True, slots=True)
class CardLine:
    """One item of the scorecard."""

    category: BilingualText
    title: BilingualText
    answer: Answer | None
    automatic: Answer | None
    """What rules said, where a person said otherwise."""
    got: int | None
    most: int


@dataclass(frozen=True, slots=True)
class CardTotal:
    """What the call earns; of open items nothing is known."""

    title: BilingualText
    got: int
    possible: int
    share: float | None
    passed: bool | None
    open: int
    pass_mark: float
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a classifier says of the call."""

    task: str
    probability: float | None
    flagged: bool
    words: tuple[BilingualText, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A turn of the transcript."""

    start_s: float
    role: Role
    text: BilingualText
    marked: bool
    """A piece of evidence is in it."""


@dataclass(frozen=True, slots=True)
class CaseMeasure:
    """Something measured in the call."""

    title: BilingualText
    value: float | None
    unit: str
    """``s``, ``share``, ``per_min`` or ``count``."""


@dataclass(frozen=True, slots=True)
class CaseReport:
    """Everything."""

    id: str
    name: str
    facts: CallMetadata
    started_at: datetime | None
    """In the zone of the settings."""
    duration_s: float
    zone: str
    link: str | None
    finished: bool
    """A reviewer is through with the call."""
    lead: BilingualText
    findings: tuple[Finding, ...]
    """Confirmed errors first, then what nobody judged."""
    card: CardTotal
    lines: tuple[CardLine, ...]
    measures: tuple[CaseMeasure, ...]
    expected: tuple[Expectation, ...]
    comments: tuple[str, ...]
    others: tuple[tuple[Moment, datetime], ...]
    """The customer's other calls within 7 days."""
    transcript: tuple[Line, ...]
    left_out: int
    """Turns of a long call that are not printed."""

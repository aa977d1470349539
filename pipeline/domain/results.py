"""What rules say about a call."""

from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.domain.calls import AudioFormat, CallMetadata, Role, Transcript
from pipeline.domain.originals import Sealed
from pipeline.domain.predictions import Predictions
from pipeline.domain.signals import Signals


@dataclass(frozen=True, slots=True)
class Call:
    """Everything rules may look at: a call after transcription and measurement."""

    transcript: Transcript
    metadata: CallMetadata
    signals: Signals
    predictions: Predictions | None = None
    """What the classifiers say; ``None`` where none were run."""


@dataclass(frozen=True, slots=True)
class BilingualText:
    """A text for users: Chinese first, English beside it."""

    zh: str
    en: str


class Outcome(StrEnum):
    """What one rule says about one call."""

    HIT = "hit"
    CLEAR = "clear"
    NOT_APPLICABLE = "not_applicable"
    """The rule is not about such calls, or needs a role that the recording does not tell."""
    NOT_EVALUABLE = "not_evaluable"
    """What the rule looks for may have been said where ASR wrote nothing, or nothing it is sure of."""
    ERROR = "error"
    """The rule is broken or ran out of time; never to be read as clear."""


class Severity(StrEnum):
    """How soon a person should hear the call. Ordered from most to least urgent."""

    CRITICAL = "critical"
    ALERT = "alert"
    MINOR = "minor"


class ErrorClass(StrEnum):
    """COPC error classes; one critical error fails the call in its class. ``ALERT`` is a risk, no error."""

    CUSTOMER_CRITICAL = "customer-critical"
    BUSINESS_CRITICAL = "business-critical"
    COMPLIANCE_CRITICAL = "compliance-critical"
    NON_CRITICAL = "non-critical"
    ALERT = "alert"


class RuleStatus(StrEnum):
    """Life of a rule. Shadow rules run and are stored but flag nothing; draft and retired ones do not run."""

    DRAFT = "draft"
    SHADOW = "shadow"
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where in the call a rule found what it looks for; for an absence, the stretch it looked through."""

    start_s: float
    end_s: float
    role: Role
    quote: str
    """The words themselves, as transcribed; empty for a silence."""
    turn: int | None = None
    """Index of the turn; ``None`` where the evidence is not in one (silence, absence)."""
    char_start: int | None = None
    """First character of the quote in the turn's text; ``None`` without a turn."""
    char_end: int | None = None
    """One past the last character of the quote in the turn's text."""
    confidence: float = 1.0
    """0–1: how sure the transcript is of these words, lowered for a match by sound."""
    by_sound: bool = False
    """Whether only the sound matched, not the characters."""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule's outcome on one call. Hits have at least one piece of evidence, other outcomes none."""

    rule_id: str
    outcome: Outcome
    explanation: BilingualText
    """Why: which condition held or failed, where, by how much."""
    evidence: tuple[Evidence, ...] = ()

    @property
    def confidence(self) -> float | None:
        """The surest piece of evidence, 0–1; ``None`` without evidence."""
        return max((piece.confidence for piece in self.evidence), default=None)


@dataclass(frozen=True, slots=True)
class RuleHeading:
    """What lists and reports show of a rule without knowing how it works."""

    id: str
    title: BilingualText
    severity: Severity
    error_class: ErrorClass
    status: RuleStatus
    digest: str | None = field(default=None, compare=False)
    """Names what decides whether it hits; ``None`` where nobody kept that."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What is said of one call without hearing it again: by rules and by classifiers."""

    results: tuple[RuleResult, ...]
    """One for each rule that ran, clear ones included."""
    predictions: Predictions | None = None
    """``None`` where no classifiers were run."""


@dataclass(frozen=True, slots=True)
class ProcessedCall:
    """Everything one recording became on its way through the pipeline."""

    audio: AudioFormat
    transcript: Transcript
    """Masked, as all that quotes it."""
    signals: Signals
    findings: Findings
    warnings: tuple[str, ...] = ()
    """What an operator should know though the call could be judged."""
    original: Sealed | None = None
    """What the transcript hides; ``None`` where that is nothing, or is not kept."""
    masking: int | None = None
    """Which masking the transcript went through."""

"""What the classifiers say about a call, how sure they are, and which words moved them."""

from dataclasses import dataclass
from enum import StrEnum


class Sentiment(StrEnum):
    """What a customer feels in one turn, at whomever."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class Abstention(StrEnum):
    """Why a model says nothing."""

    NO_CUSTOMER = "no_customer"
    """The customer says nothing, or the transcript does not tell who is who and nobody does."""
    TOO_SHORT = "too_short"
    """Too few Chinese characters to judge."""
    NOT_CHINESE = "not_chinese"
    """The words are of a language or script that the models have not learnt: English, digits."""


@dataclass(frozen=True, slots=True)
class MovingWord:
    """A word or phrase that moved a prediction."""

    turn: int
    """Index of the turn in the transcript."""
    char_start: int
    """First character in the turn's text."""
    char_end: int
    """One past the last character."""
    text: str
    """As it stands in the turn."""
    weight: float
    """What it adds to the log odds; positive speaks for the label."""


@dataclass(frozen=True, slots=True)
class MovingFeature:
    """Something besides words that moved a prediction."""

    name: str
    """A name of ``models.call_features``, in English."""
    weight: float
    """What it adds to the log odds; positive speaks for the label."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """One label of a call. Without a probability where the model abstains, which is neither yes nor no."""

    task: str
    """``dissatisfied`` or ``escalation``."""
    probability: float | None
    """Calibrated, 0–1."""
    threshold: float
    """Chosen in training for a stated precision or recall."""
    model: str
    """Digest of the artifact, 64 hex digits."""
    abstention: Abstention | None = None
    words: tuple[MovingWord, ...] = ()
    """Strongest first."""
    features: tuple[MovingFeature, ...] = ()
    """Strongest first."""

    @property
    def flagged(self) -> bool:
        """Whether the model says yes; an abstention is no flag."""
        return self.probability is not None and self.probability >= self.threshold


@dataclass(frozen=True, slots=True)
class TurnSentiment:
    """What the customer feels in one turn."""

    turn: int
    """Index of the turn in the transcript."""
    sentiment: Sentiment | None
    """``None`` where the model abstains. Negative from its threshold on, else the likelier of the other two."""
    negative: float | None
    """Calibrated probability, 0–1."""
    positive: float | None
    """Calibrated probability, 0–1."""
    abstention: Abstention | None = None
    words: tuple[MovingWord, ...] = ()
    """What speaks for a negative turn, strongest first; only where the turn is negative."""


@dataclass(frozen=True, slots=True)
class LearnedTurn:
    """How likely one turn shows what a rule is about."""

    turn: int
    """Index of the turn in the transcript."""
    probability: float
    """Calibrated, 0–1."""


@dataclass(frozen=True, slots=True)
class LearnedCondition:
    """What a condition learnt from a rule's confirmed and rejected turns says of a call."""

    rule: str
    """Id of the rule it was learnt for."""
    threshold: float
    """From which probability on a turn is found."""
    model: str
    """Digest of the artifact, 64 hex digits."""
    turns: tuple[LearnedTurn, ...]
    """Every turn of the party the rule is about that can be judged, in order."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """Everything the classifiers say about one call."""

    dissatisfied: Prediction
    escalation: Prediction
    sentiments: tuple[TurnSentiment, ...]
    """One for each turn of the customer that has words, in order."""
    sentiment_model: str
    """Digest of the artifact, 64 hex digits."""
    sentiment_threshold: float
    """From which probability on a turn is called negative."""
    learned: tuple[LearnedCondition, ...] = ()
    """One for each rule that the site has trained a condition for."""

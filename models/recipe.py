"""What a model looks at and how much each part weighs: chosen by measurement, see docs/models.md."""

from dataclasses import dataclass
from enum import StrEnum


class Task(StrEnum):
    """What the models that earmark ships tell."""

    SENTIMENT = "sentiment"
    """Of a customer's turn: negative, neutral or positive."""
    DISSATISFIED = "dissatisfied"
    """Of a call: would the customer, hanging up, call this a bad service?"""
    ESCALATION = "escalation"
    """Of a call: complaint, regulator, media, lawyer or supervisor, threatened or in progress."""


RULE_TASK = "rule:"
"""Begins the task of a condition that a rule learns: ``rule:insult``."""


def rule_of(task: str) -> str:
    """The rule id of a learned condition's task.

    >>> rule_of("rule:insult")
    'insult'
    """
    return task.removeprefix(RULE_TASK)


class Part(StrEnum):
    """A part of a call that is read as one document."""

    TURN = "turn"
    CUSTOMER = "customer"
    CLOSING = "closing"
    AGENT = "agent"


class Kind(StrEnum):
    """What is counted in a document."""

    CHARACTERS = "characters"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Choices of one training."""

    parts: tuple[tuple[Part, float], ...]
    """What is read, and the length to which its n-grams are brought."""
    kinds: tuple[Kind, ...] = (Kind.CHARACTERS, Kind.WORDS)
    feature_weight: float = 0.1
    """Scale of one standardised call feature beside n-grams of length 1; 0 leaves them out."""
    base_examples: float = 50.0
    """The shipped model's score counts fully up to so many examples, then falls with their number; 0 leaves it out."""
    strength: float = 1.0
    """Inverse of the regularisation, scikit-learn's ``C``."""
    least_documents: int = 2
    """N-grams in fewer documents are left out."""

    def base_weight(self, examples: int) -> float:
        """Scale of the standardised score of the shipped model, beside n-grams of length 1.

        >>> [CALL_RECIPE.base_weight(examples) for examples in (20, 100, 5_000)]
        [1.0, 0.5, 0.1]

        Source: docs/models.md, "Few labels": 1 is best below 80 examples, 0.1 from 640 on.
        """
        return min(1.0, max(0.1, self.base_examples / max(1, examples))) if self.base_examples else 0.0


CALL_RECIPE = Recipe(parts=((Part.CUSTOMER, 1.0), (Part.CLOSING, 1.0), (Part.AGENT, 1.0)))
TURN_RECIPE = Recipe(parts=((Part.TURN, 1.0),), feature_weight=0.0, strength=3.0)


def recipe_of(task: str) -> Recipe:
    """The recipe of a task: that of turns for sentiment and learned conditions, that of calls for the others."""
    return CALL_RECIPE if task in (Task.DISSATISFIED, Task.ESCALATION) else TURN_RECIPE

"""Scorecards, what is answered on them, and what the answers come to."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from pipeline.domain.results import BilingualText, ErrorClass
from pipeline.domain.reviews import Verdict

CRITICAL_CLASSES = frozenset(
    {ErrorClass.CUSTOMER_CRITICAL, ErrorClass.BUSINESS_CRITICAL, ErrorClass.COMPLIANCE_CRITICAL}
)
"""One error of such a class fails the call in it, whatever the points."""


class Answer(StrEnum):
    """What can be said on an item."""

    YES = "yes"
    NO = "no"
    EXCELLENT = "excellent"
    FAIR = "fair"
    NEEDS_IMPROVEMENT = "needs_improvement"
    N_A = "n_a"
    """The item is not about this call; it leaves the denominator."""


class Scale(StrEnum):
    """The grades an item can be given."""

    YES_NO = "yes-no"
    GRADED = "graded"

    @property
    def grades(self) -> tuple[Answer, ...]:
        """Best first, without N/A."""
        if self is Scale.YES_NO:
            return (Answer.YES, Answer.NO)
        return (Answer.EXCELLENT, Answer.FAIR, Answer.NEEDS_IMPROVEMENT)


@dataclass(frozen=True, slots=True)
class CardItem:
    """One line of a scorecard."""

    id: str
    title: BilingualText
    guidance: BilingualText
    """What earns which grade."""
    skill: BilingualText
    """What an agent who fails the item should be trained in."""
    scale: Scale
    points: tuple[int, ...]
    """For each grade of the scale, best first; the last is 0."""
    error_class: ErrorClass | None = None
    """The critical class that the lowest grade fails; ``None`` if it costs points only."""
    rules: tuple[str, ...] = ()
    """Ids of the rules that fill the item; a hit of any gives the lowest grade."""
    clear_means: Answer | None = None
    """What it says when all rules are clear: the best grade, or ``None`` if that leaves the item open."""
    clear_note: BilingualText | None = None
    """Why the rules being clear settles the item, or does not."""
    not_applicable_means: Answer | None = None
    """``N_A`` if rules that do not apply take the item out of the score; ``None`` if they leave it open."""

    @property
    def answers(self) -> tuple[Answer, ...]:
        """All that can be answered: the grades, best first, then N/A."""
        return (*self.scale.grades, Answer.N_A)

    @property
    def lowest(self) -> Answer:
        """The grade that earns nothing."""
        return self.scale.grades[-1]

    @property
    def max_points(self) -> int:
        """What the best grade earns."""
        return self.points[0]

    def points_for(self, answer: Answer) -> int | None:
        """Points of the answer; ``None`` for N/A.

        Raises:
            ValueError: the item cannot be answered so.
        """
        if answer not in self.answers:
            known = ", ".join(self.answers)
            raise ValueError(f"the item '{self.id}' cannot be answered '{answer}'; its answers are {known}")
        return None if answer is Answer.N_A else self.points[self.scale.grades.index(answer)]


@dataclass(frozen=True, slots=True)
class CardCategory:
    """Items that belong together."""

    id: str
    title: BilingualText
    items: tuple[CardItem, ...]


@dataclass(frozen=True, slots=True)
class Scorecard:
    """What a call is scored on. An answer belongs to one version of a card."""

    id: str
    version: int
    title: BilingualText
    pass_mark: float
    """Share of the points, 0–1, from which a call passes."""
    categories: tuple[CardCategory, ...]

    @property
    def items(self) -> tuple[CardItem, ...]:
        """Items of all categories, in the order of the card."""
        return tuple(item for category in self.categories for item in category.items)

    @property
    def max_points(self) -> int:
        """What a call earns that gets the best grade on every item."""
        return sum(item.max_points for item in self.items)

    @property
    def digest(self) -> str:
        """SHA-256 of what decides a score; wording is not in it.

        Scores of cards with the same id and version but another digest must not be mixed: somebody edited a card and
        left its version.
        """
        return hashlib.sha256(json.dumps([self.pass_mark, *self._deciding()]).encode()).hexdigest()

    def _deciding(self) -> Iterator[list[object]]:
        for category in self.categories:
            for item in category.items:
                meanings = [item.error_class, item.rules, item.clear_means, item.not_applicable_means]
                yield [category.id, item.id, item.scale, item.points, *meanings]


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """What rules, or a person, say on an item."""

    value: Answer | None
    """``None`` if open; the explanation then says why."""
    automatic: bool
    """Whether rules said it."""
    evidence: tuple[float, ...] = ()
    """Where it can be heard: seconds from the start, ascending."""
    explanation: BilingualText | None = None


@dataclass(frozen=True, slots=True)
class ItemScore:
    """What was said on an item and what it earns. A person's answer counts before that of the rules; both are kept."""

    item: CardItem
    automatic: ItemAnswer | None = None
    """``None`` where no rule is bound to the item."""
    human: ItemAnswer | None = None

    @property
    def value(self) -> Answer | None:
        """The answer that counts; ``None`` while open."""
        if self.human is not None and self.human.value is not None:
            return self.human.value
        return self.automatic.value if self.automatic is not None else None

    @property
    def overruled(self) -> bool:
        """Whether a person answered otherwise than the rules did."""
        automatic = self.automatic.value if self.automatic is not None else None
        return automatic is not None and self.value is not automatic

    @property
    def got(self) -> int | None:
        """Points earned; ``None`` while open and for N/A."""
        return self.item.points_for(self.value) if self.value is not None else None

    @property
    def possible(self) -> int | None:
        """Points that could be earned; ``None`` while open and for N/A, which leave the denominator."""
        return self.item.max_points if self.got is not None else None

    @property
    def failed_class(self) -> ErrorClass | None:
        """The critical class that the answer fails, if it does."""
        return self.item.error_class if self.value is self.item.lowest else None


@dataclass(frozen=True, slots=True)
class CategoryScore:
    """A category's part of a score."""

    category: CardCategory
    items: tuple[ItemScore, ...]
    got: int
    possible: int
    share: float | None
    """``got`` ÷ ``possible``, 0–1; ``None`` for 0 ÷ 0."""


@dataclass(frozen=True, slots=True)
class CardScore:
    """What a call earns on a card. While items are open it is the score of those that are answered."""

    card: Scorecard
    categories: tuple[CategoryScore, ...]
    got: int
    possible: int
    """Points of the items that are answered and not N/A."""
    share: float | None
    """``got`` ÷ ``possible``, 0–1; ``None`` for 0 ÷ 0."""
    failed_classes: frozenset[ErrorClass]
    """Critical classes with an error."""
    passed: bool | None
    """``None`` without a share."""

    @property
    def items(self) -> tuple[ItemScore, ...]:
        """Items of all categories, in the order of the card."""
        return tuple(score for category in self.categories for score in category.items)

    @property
    def automatic(self) -> int:
        """Items that rules answered, the overruled ones included."""
        return sum(score.automatic is not None and score.automatic.value is not None for score in self.items)

    @property
    def overruled(self) -> int:
        """Items that a person answered otherwise than the rules did."""
        return sum(score.overruled for score in self.items)

    @property
    def open(self) -> int:
        """Items without an answer."""
        return sum(score.value is None for score in self.items)


@dataclass(frozen=True, slots=True)
class Scored:
    """What a complete scorecard comes to."""

    passed: bool
    share: float


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a call's scorecard follows from; equal facts give equal scores."""

    outcomes: tuple[tuple[str, str], ...]
    """Rule and outcome where that is not clear, active rules only."""
    answers: tuple[tuple[str, str], ...]
    """Item and answer, as people gave them."""
    verdicts: tuple[tuple[str, Verdict], ...]
    """Rule and the verdict that stands."""
    active: frozenset[str]
    """Active rules of the pack that the call was checked by."""

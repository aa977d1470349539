"""From answers to points, failed classes and a verdict."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from pipeline.domain.results import ErrorClass
from pipeline.domain.scores import (
    CRITICAL_CLASSES,
    CardCategory,
    CardScore,
    CategoryScore,
    ItemAnswer,
    ItemScore,
    Scorecard,
)

_NOTHING: Mapping[str, ErrorClass] = MappingProxyType({})


def score(
    card: Scorecard,
    automatic: Mapping[str, ItemAnswer],
    human: Mapping[str, ItemAnswer],
    *,
    confirmed: Mapping[str, ErrorClass] = _NOTHING,
) -> CardScore:
    """What the answers come to, by item id. A person's answer counts before that of the rules.

    ``confirmed`` holds the rules whose hits a person confirmed, with their error classes: a critical one fails the
    call in its class though the item it is bound to was answered well. So does the lowest grade on an item that has
    an error class. Items that are open or N/A are in neither ``got`` nor ``possible``.

    >>> from pipeline.domain.scores import Answer
    >>> from pipeline.scoring.cards import load_default_card
    >>> rules = {"survey": ItemAnswer(Answer.NO, automatic=True)}  # 0 of 10
    >>> person = {"accurate": ItemAnswer(Answer.YES, automatic=False),  # 30 of 30
    ...           "rapport": ItemAnswer(Answer.FAIR, automatic=False),  # 10 of 20
    ...           "identity": ItemAnswer(Answer.N_A, automatic=False)}  # left out
    >>> result = score(load_default_card(), rules, person)
    >>> result.got, result.possible, round(result.share, 3), result.passed, result.open  # 40 ÷ 60 < 0.85; 16 − 4 open
    (40, 60, 0.667, False, 12)

    Raises:
        ValueError: an item is not on the card, or cannot be answered so.
    """
    known = {item.id for item in card.items}
    strange = sorted({*automatic, *human} - known)
    if strange:
        raise ValueError(f"not on the card '{card.id}' version {card.version}: {', '.join(strange)}")
    categories = tuple(_category(category, automatic, human) for category in card.categories)
    items = [entry for category in categories for entry in category.items]
    got, possible, share = _sums(items)
    failed = frozenset(
        error_class
        for error_class in (*(entry.failed_class for entry in items), *confirmed.values())
        if error_class in CRITICAL_CLASSES
    )
    return CardScore(
        card=card,
        categories=categories,
        got=got,
        possible=possible,
        share=share,
        failed_classes=failed,
        passed=None if share is None else share >= card.pass_mark and not failed,
    )


def _category(
    category: CardCategory, automatic: Mapping[str, ItemAnswer], human: Mapping[str, ItemAnswer]
) -> CategoryScore:
    items = tuple(ItemScore(item, automatic.get(item.id), human.get(item.id)) for item in category.items)
    return CategoryScore(category, items, *_sums(items))


def _sums(items: Iterable[ItemScore]) -> tuple[int, int, float | None]:
    """Points got, points possible, and the share; ``None`` for 0 ÷ 0."""
    counted = [(entry.got, entry.possible) for entry in items]
    got = sum(points or 0 for points, _ in counted)
    possible = sum(points or 0 for _, points in counted)
    return got, possible, got / possible if possible else None

"""What a card file may hold."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from pipeline.domain.results import BilingualText, ErrorClass
from pipeline.domain.scores import Answer, CardCategory, CardItem, Scale, Scorecard
from pipeline.text.placed_yaml import Source, Value

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_SCALES = {len(scale.grades): scale for scale in Scale}
_BEST = {scale.grades[0].value: scale for scale in Scale}


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TextDocument(_Document):
    """A text for users."""

    zh: Text
    en: Text

    def text(self) -> BilingualText:
        return BilingualText(self.zh, self.en)


class ItemDocument(_Document):
    """One line of the card."""

    id: Name
    title: TextDocument
    guidance: TextDocument
    skill: TextDocument
    points: tuple[int, ...]
    error_class: Literal["customer-critical", "business-critical", "compliance-critical"] | None = None
    rules: tuple[Name, ...] = ()
    clear_means: Literal["yes", "excellent", "open"] = "open"
    clear_note: TextDocument | None = None
    not_applicable_means: Literal["n_a", "open"] = "open"

    @field_validator("points")
    @classmethod
    def _descend_to_nothing(cls, points: tuple[int, ...]) -> tuple[int, ...]:
        descending = all(better > worse for better, worse in pairwise(points))
        if len(points) not in _SCALES or not descending or points[-1] != 0:
            given = list(points)
            raise ValueError(f"points are [n, 0] for yes/no or [n, m, 0] for three grades, descending, not {given}")
        return points

    def item(self) -> CardItem:
        return CardItem(
            id=self.id,
            title=self.title.text(),
            guidance=self.guidance.text(),
            skill=self.skill.text(),
            scale=_SCALES[len(self.points)],
            points=self.points,
            error_class=ErrorClass(self.error_class) if self.error_class is not None else None,
            rules=self.rules,
            clear_means=None if self.clear_means == "open" else Answer(self.clear_means),
            clear_note=self.clear_note.text() if self.clear_note is not None else None,
            not_applicable_means=None if self.not_applicable_means == "open" else Answer.N_A,
        )


class CategoryDocument(_Document):
    """Items that belong together."""

    id: Name
    title: TextDocument
    items: Annotated[tuple[ItemDocument, ...], Field(min_length=1)]

    def category(self) -> CardCategory:
        return CardCategory(self.id, self.title.text(), tuple(item.item() for item in self.items))


class CardDocument(_Document):
    """A card file."""

    id: Name
    version: Annotated[int, Field(ge=1)]
    title: TextDocument
    pass_mark: Annotated[float, Field(ge=0, le=1)]
    total_points: int | None = None
    """What the items should add up to, for the author's own check."""
    categories: Annotated[tuple[CategoryDocument, ...], Field(min_length=1)]

    def card(self) -> Scorecard:
        categories = tuple(category.category() for category in self.categories)
        return Scorecard(self.id, self.version, self.title.text(), self.pass_mark, categories)


def contradictions(source: Source) -> Iterator[str]:
    """What parts of the card say against each other. Parts that are no card are passed over; others report them."""
    categories = list(_entries(source.value, "categories", ()))
    items = [entry for path, category in categories for entry in _entries(category, "items", path)]
    yield from _repeated(source, "category", categories)
    yield from _repeated(source, "item", items)
    owners: dict[str, Value] = {}
    for path, item in items:
        rules = item.get("rules")
        for position, rule in enumerate(rules if isinstance(rules, list) else ()):
            if not isinstance(rule, str):
                continue
            if rule in owners:
                message = f"the rule '{rule}' already fills '{owners[rule]}'; one error costs points once"
                yield source.problem((*path, "rules", position), message)
            owners.setdefault(rule, item.get("id"))
        yield from _clear_misfit(source, path, item)
    yield from _wrong_total(source, [item for _, item in items])


_Path = tuple[str | int, ...]


def _entries(parent: Value, key: str, path: _Path) -> Iterator[tuple[_Path, dict[str, Value]]]:
    entries = parent.get(key) if isinstance(parent, dict) else None
    for position, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield (*path, key, position), entry


def _repeated(source: Source, kind: str, entries: Sequence[tuple[_Path, dict[str, Value]]]) -> Iterator[str]:
    seen: set[str] = set()
    for path, entry in entries:
        name = entry.get("id")
        if isinstance(name, str):
            if name in seen:
                yield source.problem((*path, "id"), f"the {kind} '{name}' is on the card twice; ids are unique")
            seen.add(name)


def _clear_misfit(source: Source, path: _Path, item: dict[str, Value]) -> Iterator[str]:
    meaning, points = item.get("clear_means"), item.get("points")
    scale = _SCALES.get(len(points)) if isinstance(points, list) else None
    if isinstance(meaning, str) and meaning in _BEST and scale not in (None, _BEST[meaning]):
        message = f"'{meaning}' is no answer of this item; clear rules mean '{scale.grades[0]}' or 'open'"
        yield source.problem((*path, "clear_means"), message)
    if not item.get("rules"):
        for key in ("clear_means", "clear_note", "not_applicable_means"):
            if key in item:
                yield source.problem((*path, key), f"'{key}' says nothing on an item without rules")


def _wrong_total(source: Source, items: Sequence[dict[str, Value]]) -> Iterator[str]:
    stated = source.value.get("total_points") if isinstance(source.value, dict) else None
    best = [points[0] for item in items if isinstance(points := item.get("points"), list) and points]
    numbers = [int(point) for point in best if isinstance(point, str) and point.isdecimal()]
    if isinstance(stated, str) and stated.isdecimal() and len(numbers) == len(items) and sum(numbers) != int(stated):
        yield source.problem(("total_points",), f"the items are worth {sum(numbers)} points, not {stated}")

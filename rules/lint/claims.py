"""Conditions compared: whether whatever fulfils one must fulfil the other.

A claim is a condition with its names replaced by what they stand for and its scope worked out, so that two ways of
writing the same condition are equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipeline.domain.calls import Role
from rules.operators.base import Spec
from rules.operators.metadata import MetadataSpec
from rules.operators.phrase import PhraseItem, PhraseSpec, spoken_form
from rules.operators.regex import RegexSpec
from rules.operators.silence import SilenceSpec
from rules.operators.sound import LimitsSpec
from rules.schema import THIS, AnchorSpec, Condition, ConditionBase
from rules.scope import AnchorLimits, WindowSpec


@dataclass(frozen=True, slots=True)
class AnchorClaim:
    """Before, after or around another condition; ``claim`` is ``None`` for the find that is being judged."""

    direction: str
    claim: "Claim | None"
    limits: AnchorLimits


@dataclass(frozen=True, slots=True)
class Place:
    """Whose words, and where in the call."""

    role: Role | None = None
    window: WindowSpec | None = None
    anchors: tuple[AnchorClaim, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A condition in a form that can be compared."""

    kind: str
    """An operator, or ``all``, ``any``, ``at_least``, ``sequence``, ``not``."""
    spec: Spec | None = None
    place: Place = Place()
    parts: "tuple[Claim, ...]" = ()
    count: int = 0
    limits: tuple[float | None, ...] = ()
    where: "Claim | None" = None
    unless: "Claim | None" = None


def claim(part: "ConditionBase | str", conditions: Mapping[str, Condition], inherited: Place | None = None) -> Claim:
    """The claim of a condition that stands in a place. Its references have been checked by the loader."""
    if isinstance(part, str):
        return claim(conditions[part], conditions)
    anchors = tuple(_anchor(direction, spec, conditions) for direction, spec in part.anchors())
    around = inherited or Place()
    place = Place(part.role or around.role, part.window or around.window, anchors or around.anchors)
    if part.not_ is not None:
        return Claim("not", parts=(claim(part.not_, conditions, place),))
    where = claim(part.where, conditions) if part.where is not None else None
    unless = claim(part.unless, conditions) if part.unless is not None else None
    found = part.operator()
    if found is not None:
        operator, spec = found
        return _none_as_not(Claim(operator.name, spec, place, where=where, unless=unless))
    kind, inner, count, limits = _group(part)
    parts = tuple(claim(one, conditions, place) for one in inner)
    return Claim(kind, None, Place(), parts, count, limits, where, unless)


def _group(part: ConditionBase) -> "tuple[str, tuple[ConditionBase | str, ...], int, tuple[float | None, ...]]":
    if part.all_ is not None:
        return "all", part.all_, 0, ()
    if part.any_ is not None:
        return "any", part.any_, 0, ()
    if part.at_least is not None:
        return "at_least", part.at_least.of, part.at_least.count, ()
    if part.sequence is not None:
        return "sequence", part.sequence.steps, 0, (part.sequence.within_turns, part.sequence.within_s)
    raise ValueError("a condition without an operator")


def _anchor(direction: str, spec: AnchorSpec, conditions: Mapping[str, Condition]) -> AnchorClaim:
    limits = AnchorLimits.model_validate(spec.model_dump(include=set(AnchorLimits.model_fields), exclude_unset=True))
    return AnchorClaim(direction, None if spec.condition == THIS else claim(spec.condition, conditions), limits)


def _none_as_not(leaf: Claim) -> Claim:
    if not isinstance(leaf.spec, PhraseSpec) or leaf.spec.none is None:
        return leaf
    return Claim("not", parts=(replace(leaf, spec=leaf.spec.model_copy(update={"any": leaf.spec.none, "none": None})),))


def implies(one: Claim, other: Claim) -> bool:
    """Whether ``other`` holds in every call in which ``one`` holds, as far as can be told without looking at calls."""
    if one == other:
        return True
    if other.where is None and other.unless is None:
        if other.kind == "any" and any(implies(one, part) for part in other.parts):
            return True
        if other.kind == "all" and all(implies(one, part) for part in other.parts):
            return True
    if one.kind == "any" and one.parts:
        return all(implies(part, other) for part in one.parts)
    if one.kind in ("all", "sequence") and any(implies(part, other) for part in one.parts):
        return True
    if one.kind == other.kind == "not":
        return implies(other.parts[0], one.parts[0])
    if one.spec is None or other.spec is None or one.kind != other.kind:
        return False
    filters = other.where in (None, one.where) and other.unless in (None, one.unless)
    return filters and _inside(one.place, other.place) and _asks_more(one.spec, other.spec)


def excludes(one: Claim, other: Claim) -> bool:
    """Whether the two can never hold in one call."""
    if one.kind == "not" and implies(other, one.parts[0]):
        return True
    if other.kind == "not" and implies(one, other.parts[0]):
        return True
    first, second = one.spec, other.spec
    if isinstance(first, MetadataSpec) and isinstance(second, MetadataSpec) and first.field == second.field:
        wanted, others = _values(first), _values(second)
        return bool(wanted and others and not wanted & others)
    return False


def _values(spec: MetadataSpec) -> frozenset[str]:
    return frozenset((spec.is_,) if isinstance(spec.is_, str) else spec.is_ or ())


def _inside(one: Place, other: Place) -> bool:
    """Whether what is found in one place is in the other as well."""
    if other.role not in (None, one.role) or (other.anchors and other.anchors != one.anchors):
        return False
    if other.window is None or other.window == one.window:
        return True
    if one.window is None or (one.role != other.role):
        return False
    (name,), (other_name,) = one.window.model_fields_set, other.window.model_fields_set
    return name == other_name and getattr(one.window, name) <= getattr(other.window, name)


def _asks_more(one: Spec, other: Spec) -> bool:
    """Whether every find of ``one`` is, or contains, a find of ``other``."""
    if one == other:
        return True
    if isinstance(one, PhraseSpec) and isinstance(other, PhraseSpec):
        return _phrases_ask_more(one, other)
    if isinstance(one, RegexSpec) and isinstance(other, RegexSpec):
        patterns, exceptions = set(one.patterns()), set(one.exceptions())
        return patterns <= set(other.patterns()) and set(other.exceptions()) <= exceptions
    if isinstance(one, SilenceSpec) and isinstance(other, SilenceSpec):
        sides = other.after_role in (None, one.after_role) and other.before_role in (None, one.before_role)
        return sides and one.longer_than_s >= other.longer_than_s
    if isinstance(one, LimitsSpec) and type(one) is type(other) and isinstance(other, LimitsSpec):
        rest = one.model_copy(update={"above": other.above, "below": other.below})
        above = one.above is None or (other.above is not None and one.above >= other.above)
        below = one.below is None or (other.below is not None and one.below <= other.below)
        return rest == other and above and below
    return False


def _phrases_ask_more(one: PhraseSpec, other: PhraseSpec) -> bool:
    if other.any is None or not set(other.excepted()) <= set(one.excepted()):
        return False
    if one.any is None:
        return one.all is not None and any(_covered(item, other) for item in one.items())
    return all(_covered(item, other) for item in one.items())


def _covered(item: PhraseItem, other: PhraseSpec) -> bool:
    return any(
        spoken_form(by.text) in spoken_form(item.text) and (by.by_sound or not item.by_sound) for by in other.items()
    )

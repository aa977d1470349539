"""What the schema alone cannot tell: names of conditions that do not exist, that go in circles, parties not named."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pipeline.domain.calls import Role
from rules.nearest import did_you_mean
from rules.operators.base import RoleUse
from rules.schema import THIS, Condition, ConditionBase

Path = tuple[str | int, ...]


class Misuse(NamedTuple):
    """Something wrong at a place in a rule."""

    path: Path
    message: str


def misuses(when: "ConditionBase | str", conditions: Mapping[str, Condition]) -> Iterator[Misuse]:
    """Everything wrong with the references of one rule."""
    for path, part, in_filter, allows_this, role in _everything(when, conditions):
        if isinstance(part, str):
            if part == THIS:
                if not allows_this:
                    yield Misuse(path, "'this' is only known in before, after or around, inside where or unless")
            elif part not in conditions:
                yield Misuse(path, f"no condition is named '{part}'{did_you_mean(part, conditions)}")
        else:
            yield from _role_misuse(path, part, role)
            found = part.operator()
            if found is not None and found[0].needs_this and not in_filter:
                yield Misuse(path, f"{found[0].name} compares with a find: use it inside where or unless")
    for name in conditions:
        circle = _circle(name, conditions)
        if circle is not None:
            yield Misuse(("conditions", name), f"the condition refers to itself: {' → '.join(circle)}")
    used = {part for _, part, _, _, _ in _everything(when, conditions) if isinstance(part, str)}
    for name in conditions:
        if name == THIS:
            yield Misuse(("conditions", name), "'this' is the find that is being judged; choose another name")
        elif name not in used:
            yield Misuse(("conditions", name), f"the condition '{name}' is never used; use it in when or remove it")


def _role_misuse(path: Path, part: ConditionBase, role: Role | None) -> Iterator[Misuse]:
    found = part.operator()
    if found is not None and found[0].role is RoleUse.NEEDED and (part.role or role) is None:
        yield Misuse(path, f"{found[0].name} needs role: agent or customer")
    if part.sequence is not None:
        for index, step in enumerate(part.sequence.steps):
            if isinstance(step, ConditionBase) and step.not_ is not None:
                yield Misuse(
                    (*path, "sequence", "steps", index),
                    "a step of a sequence must be found somewhere; say what must not follow with unless",
                )


def parts_of(part: ConditionBase) -> "Iterator[tuple[Path, ConditionBase | str, bool]]":
    """The conditions directly inside one, with their place and whether ``this`` is newly known in them."""
    for name, group in (("all", part.all_), ("any", part.any_)):
        for index, inner in enumerate(group or ()):
            yield (name, index), inner, False
    if part.not_ is not None:
        yield ("not",), part.not_, False
    if part.at_least is not None:
        for index, inner in enumerate(part.at_least.of):
            yield ("at_least", "of", index), inner, False
    if part.sequence is not None:
        for index, inner in enumerate(part.sequence.steps):
            yield ("sequence", "steps", index), inner, False
    for direction, anchor in part.anchors():
        yield (direction, "condition"), anchor.condition, False
    for name, filtering in (("where", part.where), ("unless", part.unless)):
        if filtering is not None:
            yield (name,), filtering, True


def _everything(
    when: "ConditionBase | str", conditions: Mapping[str, Condition]
) -> "Iterator[tuple[Path, ConditionBase | str, bool, bool, Role | None]]":
    """Every condition and reference of a rule: whether it judges finds, whether it may be ``this``, and its role."""
    starts: list[tuple[Path, ConditionBase | str]] = [(("when",), when)]
    starts += [(("conditions", name), condition) for name, condition in conditions.items()]
    stack: list[tuple[Path, ConditionBase | str, bool, bool, Role | None]] = [
        (path, part, False, False, None) for path, part in reversed(starts)
    ]
    while stack:
        path, part, in_filter, is_anchor, role = stack.pop()
        yield path, part, in_filter, in_filter and is_anchor, role
        if isinstance(part, str):
            continue
        inherited = part.role or role
        for step, inner, filters in parts_of(part):
            anchored = step[0] in ("before", "after", "around")
            passed = inherited if step[0] in ("all", "any", "not", "at_least", "sequence") else None
            stack.append(((*path, *step), inner, in_filter or filters, anchored, passed))


def _circle(name: str, conditions: Mapping[str, Condition]) -> list[str] | None:
    """The way from a condition back to itself, if there is one."""
    stack = [(name, [name])]
    seen: set[str] = set()
    while stack:
        current, way = stack.pop()
        for _, part, _, _, _ in _everything(conditions[current], {}):
            if part == name:
                return [*way, name]
            if isinstance(part, str) and part in conditions and part not in seen:
                seen.add(part)
                stack.append((part, [*way, part]))
    return None

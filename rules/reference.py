"""The reference of the rule language, written from the operators themselves, so that it cannot fall behind."""

from collections.abc import Iterator
from types import NoneType
from typing import Any, get_args

from pydantic.fields import FieldInfo

from rules.operators import OPERATORS
from rules.operators.base import Operator, RoleUse, Spec
from rules.schema import ConditionBase, RuleDocument
from rules.scope import AnchorLimits, WindowSpec

_FAMILIES = {
    "words": "说了什么 Words",
    "facts": "号码与事实 Facts",
    "sound": "声音与时间 Sound",
    "models": "模型 Models",
    "call": "通话 Call",
}
_ROLE_USE = {
    RoleUse.OPTIONAL: "`role` may be given.",
    RoleUse.NEEDED: "`role` must be given.",
    RoleUse.NONE: "Takes no `role`.",
}


def language_reference() -> str:
    """Markdown: every key of a rule, every scope, every operator with its fields."""
    lines = ["### 规则的字段 Keys of a rule", "", *_table(RuleDocument), ""]
    lines += ["### 条件的范围与筛选 Scope of a condition", "", *_table(ConditionBase), ""]
    lines += ["`window`, exactly one of:", "", *_table(WindowSpec), ""]
    lines += [
        "`before`, `after`, `around`: `condition` (a name, a condition, or `this`), and:",
        "",
        *_table(AnchorLimits),
        "",
    ]
    for family, heading in _FAMILIES.items():
        members = [operator for operator in OPERATORS.values() if operator.family == family]
        if members:
            lines += [f"### {heading}", ""]
            for operator in members:
                lines += [*_operator(operator), ""]
    return "\n".join(lines).rstrip() + "\n"


def _operator(operator: Operator) -> Iterator[str]:
    yield f"#### `{operator.name}`"
    yield ""
    notes = [" ".join((operator.spec.__doc__ or "").split()), _ROLE_USE[operator.role]]
    if operator.needs_this:
        notes.append("Only inside `where` or `unless`.")
    if operator.spec.shorthand is not None:
        notes.append(f"A bare value stands for `{operator.spec.shorthand}`.")
    yield " ".join(notes)
    yield ""
    yield from _table(operator.spec)


def _table(model: "type[Spec] | type[ConditionBase]") -> Iterator[str]:
    yield "| key | takes | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, field in model.model_fields.items():
        default = "required" if field.is_required() else _default(field)
        meaning = field.description or ""
        yield f"| `{field.alias or name}` | {_takes(field.annotation)} | {default} | {meaning} |"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    return "" if value is None or value in ((), {}) or isinstance(value, Spec) else f"`{value}`"


def _takes(annotation: Any) -> str:
    """A type in an author's words."""
    arguments = [argument for argument in get_args(annotation) if argument is not NoneType]
    simple = {bool: "true or false", int: "whole number", float: "number", str: "text"}
    if annotation in simple:
        return simple[annotation]
    if hasattr(annotation, "__members__"):
        return ", ".join(f"`{member.value}`" for member in annotation)
    if isinstance(annotation, type) and not arguments:
        return "keys" if issubclass(annotation, Spec) else "condition"
    origin = getattr(annotation, "__origin__", None)
    if origin is tuple:
        return f"list of {_takes(arguments[0])}"
    if origin is not None and getattr(origin, "__name__", "") == "Mapping":
        return f"names with {_takes(arguments[1])}"
    if arguments and all(isinstance(argument, str) for argument in arguments):
        return ", ".join(f"`{argument}`" for argument in arguments)
    if hasattr(annotation, "__metadata__"):
        return _takes(arguments[0])
    return " or ".join(dict.fromkeys(_takes(argument) for argument in arguments)) or "condition"

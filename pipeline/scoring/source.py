"""A card's YAML with the place of everything in it. Every plain value is text; duplicate keys and aliases are refused.

Plain YAML reads ``yes`` and ``no``, which are answers here, as booleans.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import yaml

Value = str | None | list["Value"] | dict[str, "Value"]


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed file: its value, and where each part of it is written."""

    label: str
    """``cards/default.yaml``, as messages name it."""
    value: Value
    root: yaml.Node | None
    problems: tuple[str, ...] = ()
    """What is wrong with the YAML itself."""

    def problem(self, path: Sequence[str | int], message: str, *, at_key: bool = False) -> str:
        """``cards/default.yaml:12:5: message`` for the part at ``path``, or for the nearest part around it.

        ``at_key`` points to the key instead of what is written under it.
        """
        place = node = self.root
        for step in path:
            key, inner = _child(node, step)
            if inner is None:
                break
            node = inner
            place = key if at_key and key is not None else inner
        return _at(self.label, place.start_mark if place is not None else None, message)


def parse(text: str, label: str) -> Source:
    """The file's value, with what is wrong with the YAML itself."""
    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        what = " ".join(part for part in (error.context, error.problem) if part)
        return Source(label, None, None, (_at(label, error.problem_mark, f"not valid YAML: {what}"),))
    except (yaml.YAMLError, RecursionError) as error:
        return Source(label, None, None, (_at(label, None, f"not valid YAML: {error}"),))
    if root is None:
        return Source(label, None, None, (_at(label, None, "the file is empty; a card starts with 'id: …'"),))
    problems: list[str] = []
    value = _value(root, label, problems, set())
    return Source(label, value, root, tuple(problems))


def _at(label: str, mark: yaml.Mark | None, message: str) -> str:
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    return f"{label}:{line}:{column}: {message}"


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node | None, yaml.Node | None]:
    """The key, where there is one, and the node under it."""
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), (None, None))
    return None, None


def _value(node: yaml.Node, label: str, problems: list[str], seen: set[int]) -> Value:
    if id(node) in seen:
        problems.append(_at(label, node.start_mark, "anchors and aliases are not used here: write it out"))
        return None
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        empty = node.style is None and node.value in ("", "~", "null")
        return None if empty else str(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, label, problems, seen) for item in node.value]
    mapping: dict[str, Value] = {}
    for key, item in node.value:
        if not isinstance(key, yaml.ScalarNode):
            problems.append(_at(label, key.start_mark, "a key must be a plain word"))
        elif key.value in mapping:
            problems.append(_at(label, key.start_mark, f"the key '{key.value}' is given twice; keep one of them"))
        else:
            mapping[key.value] = _value(item, label, problems, seen)
    return mapping

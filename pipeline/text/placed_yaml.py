"""YAML with the place of everything in it. Every plain value is text; duplicate keys and aliases are refused.

Plain YAML reads ``yes`` and ``no``, which are answers of a scorecard, as booleans.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import yaml
from pydantic import ValidationError

Value = str | None | list["Value"] | dict[str, "Value"]
Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class Placed(Generic[Content]):
    """A parsed file: its value, and where each part of it is written."""

    label: str
    """``cards/default.yaml``, as messages name it."""
    value: Content
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
            # The path may name alternatives of the schema, which are nowhere in the file.
            if inner is not None:
                node = inner
                place = key if at_key and key is not None else inner
        return _at(self.label, place.start_mark if place is not None else None, message)


Source = Placed[Value]
"""A file whose plain values are all text."""


def read(path: Path) -> Source:
    """The parsed file, called by its folder and name; a file that cannot be read has that as its problem."""
    label = label_of(path)
    try:
        return parse(path.read_text(encoding="utf-8"), label)
    except UnicodeDecodeError as error:
        problem = f"{label}:1:1: not UTF-8 text (byte {error.start}); save the file as UTF-8"
    except OSError as error:
        problem = f"{label}:1:1: cannot be read: {error.strerror}"
    return Placed(label, None, None, (problem,))


def label_of(path: Path) -> str:
    """How messages name the file."""
    return f"{path.parent.name}/{path.name}"


def in_order(problems: Iterable[str], label: str) -> list[str]:
    """Problems of one file by line and column."""

    def place(problem: str) -> tuple[int, int]:
        line, column = problem.removeprefix(f"{label}:").split(":")[:2]
        return int(line), int(column)

    return sorted(problems, key=place)


def parse(text: str, label: str) -> Source:
    """The file's value, with what is wrong with the YAML itself."""
    try:
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        what = " ".join(part for part in (error.context, error.problem) if part)
        return Placed(label, None, None, (_at(label, error.problem_mark, f"not valid YAML: {what}"),))
    except (yaml.YAMLError, RecursionError) as error:
        return Placed(label, None, None, (_at(label, None, f"not valid YAML: {error}"),))
    if root is None:
        return Placed(label, None, None, (_at(label, None, "the file is empty; it starts with 'id: …'"),))
    problems: list[str] = []
    value = _value(root, label, problems, set())
    return Placed(label, value, root, tuple(problems))


def messages(source: Source, error: ValidationError) -> Iterator[str]:
    """Pydantic's findings in the words of the file's author, each with its place."""
    for finding in error.errors(include_url=False):
        path, kind, given = finding["loc"], finding["type"], finding["input"]
        context = finding.get("ctx", {})
        if kind == "too_short" and context.get("actual_length") == 0 and given:
            # Its entries were all refused, and said so.
            continue
        if kind == "extra_forbidden":
            message = f"unknown key '{path[-1]}'"
        elif kind == "union_tag_not_found":
            message = f"the key {context['discriminator']} is missing"
        elif kind == "union_tag_invalid":
            message = f"'{context['tag']}' is not known; known are {context['expected_tags']}"
        elif kind == "missing":
            message = f"the key '{path[-1]}' is missing"
        elif kind == "literal_error":
            message = f"'{given}' is not known; known are {context['expected']}"
        elif kind == "value_error":
            message = str(context["error"])
        elif kind == "string_pattern_mismatch":
            message = f"'{given}' is not in kebab case: small letters, digits and single hyphens"
        elif kind in ("model_type", "model_attributes_type"):
            message = f"must be keys with values, not {given!r}"
        else:
            message = f"{finding['msg'][0].lower()}{finding['msg'][1:]}, not {given!r}"
        yield source.problem(path, message, at_key=kind == "extra_forbidden")


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

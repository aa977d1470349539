"""YAML with the place of everything in it. Duplicate keys, aliases and tags are refused."""

import yaml

from pipeline.text.placed_yaml import Placed

YamlValue = str | int | float | bool | None | list["YamlValue"] | dict[str, "YamlValue"]


Source = Placed[YamlValue]
"""A parsed rule file."""


def parse(text: str, label: str) -> Source:
    """The file's value; ``problems`` says what is wrong with the YAML itself."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{mark.line + 1}:{mark.column + 1}" if mark is not None else "1:1"
        what = " ".join(part for part in (error.context, error.problem) if part)
        return Placed(label, None, None, (f"{label}:{where}: not valid YAML: {what}",))
    except (yaml.YAMLError, RecursionError) as error:
        return Placed(label, None, None, (f"{label}:1:1: not valid YAML: {error}",))
    if root is None:
        return Placed(label, None, None, (f"{label}:1:1: the file is empty; a rule starts with 'id: …'",))
    reader = _Reader(label)
    value = reader.value(root)
    return Placed(label, value, root, tuple(reader.problems))


class _Reader:
    """Makes values of nodes."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._seen: set[int] = set()
        self.problems: list[str] = []

    def value(self, node: yaml.Node) -> YamlValue:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self._seen:
            self._report(node, "anchors and aliases are not used here: name a condition under 'conditions' instead")
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item) for item in node.value]
        mapping: dict[str, YamlValue] = {}
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._report(key, "a key must be a plain word")
            elif key.value in mapping:
                self._report(key, f"the key '{key.value}' is given twice; keep one of them")
            else:
                mapping[key.value] = self.value(item)
        return mapping

    def _report(self, node: yaml.Node, message: str) -> None:
        mark = node.start_mark
        self.problems.append(f"{self._label}:{mark.line + 1}:{mark.column + 1}: {message}")

    def _scalar(self, node: yaml.ScalarNode) -> YamlValue:
        """Only numbers, ``true``, ``false`` and ``null`` are not text: a date or ``no`` is what it says."""
        text: str = node.value
        if node.style in ("'", '"', "|", ">"):
            return text
        if text in ("true", "false"):
            return text == "true"
        if text in ("null", "~", ""):
            return None
        if text[0] in "+-.0123456789":
            for number in (int, float):
                try:
                    return number(text)
                except ValueError:
                    continue
        return text

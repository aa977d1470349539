"""What lint says: a finding has a place, what is doubtful there, and what to do about it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.domain.results import BilingualText
from rules.source import Source

_PLACED = re.compile(r"(?P<file>[^\n]+?):(?P<line>\d+):(?P<column>\d+): (?P<message>.*)", re.DOTALL)


class Kind(StrEnum):
    """The sorts of findings, as data names them."""

    EXPLOSIVE_REGEX = "explosive-regex"
    NOT_NORMALISED = "not-normalised"
    BLANK_IN_CHINESE = "blank-in-chinese"
    ONE_DIGIT_FORM = "one-digit-form"
    WORD_BOUNDARY = "word-boundary"
    DEAD_BRANCH = "dead-branch"
    DUPLICATE_RULE = "duplicate-rule"
    SUBSUMED_RULE = "subsumed-rule"
    LONG_WINDOW = "long-window"
    MISSING_EXAMPLES = "missing-examples"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in a rule file; line and column count from 1, and are 0 where only the file is known."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not wrong by the language, but hardly what its author means."""

    place: Place
    kind: Kind
    rule: str
    what: BilingualText
    remedy: BilingualText


@dataclass(frozen=True, slots=True)
class Problem:
    """An error of the loader, with its place apart from its message."""

    place: Place
    message: str


def placed(problem: str) -> Problem:
    """A loader's message taken apart.

    >>> placed("p/r.yaml:8:3: unknown key 'phrse'").place
    Place(file='p/r.yaml', line=8, column=3)
    >>> placed("packs: no such folder").place.line
    0
    """
    found = _PLACED.fullmatch(problem)
    if found is not None:
        return Problem(Place(found["file"], int(found["line"]), int(found["column"])), found["message"])
    file, _, message = problem.partition(": ")
    return Problem(Place(file), message) if message else Problem(Place(""), problem)


class Report:
    """Collects the findings of one rule file."""

    def __init__(self, source: Source, rule: str) -> None:
        self._source = source
        self._rule = rule
        self.findings: list[Finding] = []

    def place(self, path: Sequence[str | int]) -> Place:
        """Where the part at ``path`` is written."""
        return placed(self._source.problem(path, "")).place

    def add(self, path: Sequence[str | int], kind: Kind, what: BilingualText, remedy: BilingualText) -> None:
        """Reports something at ``path``."""
        self.findings.append(Finding(self.place(path), kind, self._rule, what, remedy))


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings by file, line, column and kind."""
    return tuple(sorted(findings, key=lambda finding: (finding.place, finding.kind, finding.what.en)))

"""Regular expressions of authors: what they need in a text, and how long they may take.

An expression whose worst case is small runs under ``re``; any other runs under ``regex``, which can be stopped.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from math import log10
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as sre_parser  # type: ignore[attr-defined]
from typing import Any

from pipeline.text.normalise import normalise
from rules.region import Region
from rules.view import CallView

SEARCH_LIMIT_S = 0.05
"""Longest time one expression may take on one turn."""
_LONG_TURN = 500
"""Characters beyond which a turn is never searched without a time limit: two minutes of talk without a break."""
_SAFE_STEPS = 2_000_000
"""Steps that ``re`` makes in well under ``SEARCH_LIMIT_S`` (10–20 ns each)."""
_EXACT = 64
"""Alternatives up to which needles are worked out in full; more would fill the automaton with rare words."""
_CUT = re.compile(r"[,。?!、…:;\"'“”‘’()\[\]《》〈〉【】「」『』〔〕—–~～·\-\s\d.%]+")
_DIGITS = re.compile(r"[\d%]|\\d")
_META = frozenset(".^$*+?{}[]\\|()-")

Node = tuple[Any, Any]
"""What the parser of ``re`` makes of an expression: an operation and its argument."""


class PatternError(ValueError):
    """An expression cannot be used. The message goes on from ``the expression '…'``."""


class Pattern:
    """One regular expression, analysed at once and compiled when it is first run."""

    def __init__(self, source: str) -> None:
        if not source:
            raise PatternError("is empty")
        self.source = source
        self._source = _folded(source)
        try:
            tree = sre_parser.parse(self._source)
        except re.error as error:
            raise PatternError(f"does not compile: {error.msg} at character {(error.pos or 0) + 1}") from error
        except (RecursionError, OverflowError) as error:
            raise PatternError("does not compile: it is nested too deeply or repeats too often") from error
        if "(?<" in source:
            _check_look_behind(tree)
        self.reads_digits = _DIGITS.search(source) is not None and _reads_digits(tree)
        """Whether it names digits, so that spoken numbers count."""
        self.needles: frozenset[str] | None = _needles(tree)
        """Words of which one must be in a turn for it to match; ``None`` where there are none."""
        self._tree = tree
        self._compiled: re.Pattern[str] | None = None
        self._bounded: Any = None

    @cached_property
    def steps(self) -> float:
        """Steps that a turn of ``_LONG_TURN`` characters may take at worst."""
        return _steps(self._tree) * _LONG_TURN

    @property
    def is_safe(self) -> bool:
        """Whether it cannot explode."""
        return self.steps <= _SAFE_STEPS

    def turns(self, view: CallView, region: Region) -> Iterable[int]:
        """Turns of the region that can match, in order."""
        if self.needles is None:
            return region.turns(view)
        said = view.turns_saying(self.needles)
        if region.is_everywhere:
            return sorted(turn for turn in said if region.role in (None, view.turns[turn].role))
        return [turn for turn in region.turns(view) if turn in said] if said else ()

    def spans(self, view: CallView, turn: int) -> Sequence[tuple[int, int]]:
        """Where it matches in ``view.normal_turns[turn]``; spoken numbers are read as digits too."""
        text = view.normal_turns[turn]
        found = [match.span() for match in self._search(text)]
        if self.reads_digits:
            digits = view.digit_turn(turn)
            if digits is not None:
                spans = (digits.original_span(*match.span()) for match in self._search(digits.text))
                found.extend(span for span in spans if span not in found)
        return found

    def _search(self, text: str) -> Iterator[Any]:
        """Matches in ``text``.

        Raises:
            TimeoutError: the search took longer than ``SEARCH_LIMIT_S``.
        """
        if self.is_safe and len(text) <= _LONG_TURN:
            if self._compiled is None:
                self._compiled = re.compile(self._source)
            return self._compiled.finditer(text)
        if self._bounded is None:
            import regex  # type: ignore[import-untyped]

            self._bounded = regex.compile(self._source)
        found: Iterator[Any] = self._bounded.finditer(text, timeout=SEARCH_LIMIT_S)
        return found


@lru_cache(maxsize=100_000)
def pattern(source: str) -> Pattern:
    """The analysed expression, worked out once however many rules use it.

    Raises:
        PatternError: it cannot be used.
    """
    return Pattern(source)


def _folded(source: str) -> str:
    """The expression in the normal form of the text it runs on. What would become an operator is escaped."""
    if normalise(source).text == source:
        return source
    pieces: list[str] = []
    escaped = False
    for character in source:
        if escaped or character == "\\":
            pieces.append(character)
            escaped = not escaped
            continue
        folded = character if character.isspace() else normalise(character).text
        pieces.append("\\" + folded if folded != character and folded in _META else folded)
    return "".join(pieces)


def _check_look_behind(tree: Iterable[Node]) -> None:
    for operation, argument in tree:
        if operation in (sre.ASSERT, sre.ASSERT_NOT):
            direction, body = argument
            shortest, longest = body.getwidth()
            if direction < 0 and shortest != longest:
                raise PatternError("does not compile: a look-behind must have one length; use except instead")
        for body in _bodies(operation, argument):
            _check_look_behind(body)


def _bodies(operation: Any, argument: Any) -> tuple[Any, ...]:
    """The expressions inside one operation."""
    if operation is sre.BRANCH:
        return tuple(argument[1])
    if operation is sre.SUBPATTERN:
        return (argument[3],)
    if operation in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        return (argument[2],)
    if operation in (sre.ASSERT, sre.ASSERT_NOT):
        return (argument[1],)
    if operation is sre.ATOMIC_GROUP:
        return (argument,)
    if operation is sre.GROUPREF_EXISTS:
        return tuple(body for body in argument[1:] if body is not None)
    return ()


def _reads_digits(tree: Iterable[Node]) -> bool:
    for operation, argument in tree:
        if operation is sre.LITERAL and chr(argument) in "0123456789%":
            return True
        if operation is sre.IN and any(_is_digit(item) for item in argument):
            return True
        if any(_reads_digits(body) for body in _bodies(operation, argument)):
            return True
    return False


def _is_digit(item: Node) -> bool:
    kind, value = item
    if kind is sre.CATEGORY:
        return bool(value is sre.CATEGORY_DIGIT)
    if kind is sre.LITERAL:
        return chr(value) in "0123456789%"
    return kind is sre.RANGE and value[0] <= ord("9") and value[1] >= ord("0")


def _needles(tree: Iterable[Node]) -> frozenset[str] | None:
    _, clause = _exact_and_clause(tree)
    return clause


def _exact_and_clause(tree: Iterable[Node]) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    """All texts that an expression can match, if few; and the best set of needles."""
    current: frozenset[str] = frozenset({""})
    clauses: list[frozenset[str]] = []
    whole = True
    for operation, argument in tree:
        exact, clause = _of_operation(operation, argument)
        if exact is not None and len(current) * len(exact) <= _EXACT:
            current = frozenset(before + after for before in current for after in exact)
            continue
        whole = False
        clauses.extend(_as_clause(current))
        current = exact if exact is not None and len(exact) <= _EXACT else frozenset({""})
        if clause is not None:
            clauses.append(clause)
    clauses.extend(_as_clause(current))
    best = min(clauses, key=_frequency, default=None)
    return (current if whole else None), best


def _of_operation(operation: Any, argument: Any) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    if operation is sre.LITERAL:
        return frozenset({chr(argument)}), None
    if operation in (sre.AT, sre.ASSERT, sre.ASSERT_NOT):
        return frozenset({""}), None
    if operation is sre.IN and len(argument) <= _EXACT and all(kind is sre.LITERAL for kind, _ in argument):
        return frozenset(chr(value) for _, value in argument), None
    if operation is sre.BRANCH:
        parts = [_exact_and_clause(body) for body in argument[1]]
        return _all_or_none(part for part, _ in parts), _all_or_none(clause for _, clause in parts)
    if operation in (sre.SUBPATTERN, sre.ATOMIC_GROUP):
        return _exact_and_clause(argument[3] if operation is sre.SUBPATTERN else argument)
    if operation in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        least, most, body = argument
        exact, clause = _exact_and_clause(body)
        if least == 0 and most == 1 and exact is not None:
            return exact | {""}, None
        if least == most == 1:
            return exact, clause
        return None, clause if least else None
    return None, None


def _all_or_none(parts: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    union: frozenset[str] = frozenset()
    for part in parts:
        if part is None:
            return None
        union |= part
    return union


def _as_clause(texts: frozenset[str]) -> list[frozenset[str]]:
    """The longest word of each text, cut at what speech or another way of writing may not have."""
    words = frozenset(max(_CUT.split(text), key=len) for text in texts)
    return [] if "" in words else [words]


def _frequency(clause: frozenset[str]) -> float:
    return sum(10.0 ** -min(len(word), 4) for word in clause)


def _steps(tree: Iterable[Node]) -> float:
    """Ways in which an expression can be tried at one place of a long turn, at most."""
    steps = 1.0
    for operation, argument in tree:
        if operation is sre.BRANCH:
            steps *= sum(_steps(body) for body in argument[1])
        elif operation in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            least, most, body = argument
            most = min(most, _LONG_TURN) if most is not sre.MAXREPEAT else _LONG_TURN
            inner = _steps(body)
            if inner == 1:
                steps *= most - min(least, most) + 1
            else:
                steps *= 10.0 ** min(30.0, most * log10(inner))
        else:
            for body in _bodies(operation, argument):
                steps *= _steps(body)
        steps = min(steps, 1e30)
    return steps

"""Text as rules read it, with the way back to the text as it was written.

Normal form: NFKC (full-width letters and punctuation become half-width), simplified Chinese, lower case, nothing
invisible, no blank beside a Chinese character. Two ways of writing the same words become one; the offsets say
which characters of the original each character came from, so that evidence quotes the original exactly.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import opencc

_FULL_WIDTH = (("，", ","), ("？", "?"), ("！", "!"), ("：", ":"), ("；", ";"), ("（", "("), ("）", ")"))
"""The full-width marks that written Chinese is full of: replacing them one by one is faster than a table."""
_KEPT = frozenset("…")
"""NFKC would make three dots of it; as one mark it keeps its place."""
_HAN = re.compile(
    "[\u2e80-\u33ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]"
)
"""Chinese characters and their punctuation: scripts that use no blanks."""
_BLANKS = re.compile(r"[^\S\n]+")


@dataclass(frozen=True, slots=True)
class NormalisedText:
    """A text in normal form. ``starts[i]`` and ``ends[i]`` bound the original characters of ``text[i]``."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    @property
    def unchanged_length(self) -> bool:
        """Whether every character is where it was, so that offsets need no mapping."""
        return isinstance(self.starts, range)

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Where ``text[start:end]`` is in the original, ``[start, end)``.

        >>> normalise("我 要 投訴！").original_span(2, 4)
        (4, 6)
        """
        if start >= end:
            here = self.starts[start] if start < len(self.starts) else (self.ends[-1] if self.ends else 0)
            return here, here
        return self.starts[start], self.ends[end - 1]


def normalise(text: str) -> NormalisedText:
    """The normal form of ``text``. Line breaks are kept: they are the border between turns, not blanks.

    >>> normalise("您好，ＶＩＰ 客戶").text
    '您好,vip客户'
    """
    if _folds().odd.search(text) is not None:
        pieces = list(_pieces(text))
    elif _BLANKS.search(text) is None:
        return NormalisedText(_fold(text), range(len(text)), range(1, len(text) + 1))
    else:
        pieces = _without_blanks(text, _fold(text))
    starts: list[int] = []
    ends: list[int] = []
    for piece, first, last in pieces:
        if last - first == len(piece):
            starts.extend(range(first, last))
            ends.extend(range(first + 1, last + 1))
        else:
            starts.extend([first] * len(piece))
            ends.extend([last] * len(piece))
    return NormalisedText("".join([piece for piece, _, _ in pieces]), starts, ends)


_Piece = tuple[str, int, int]
"""A piece in normal form and the original characters it comes from, ``[first, last)``.

As long as these it maps character by character; else as a whole."""


def _without_blanks(text: str, folded: str) -> list[_Piece]:
    """The pieces of ``folded`` between blanks that go; ``text`` is the original, as long as ``folded``."""
    pieces: list[_Piece] = []
    done = 0
    for match in _BLANKS.finditer(text):
        start, end = match.span()
        if start > done:
            pieces.append((folded[done:start], done, start))
        if _keeps_blank(text, start, end):
            pieces.append((" ", start, end))
        done = end
    pieces.append((folded[done:], done, len(text)))
    return pieces


def _pieces(text: str) -> Iterator[_Piece]:
    """The pieces of a text that holds characters that change length."""
    done = 0
    for match in _folds().odd_or_blank.finditer(text):
        if match.start() > done:
            yield _fold(text[done : match.start()]), done, match.start()
        done = match.end()
        if match.lastgroup == "blank":
            visible = any(character.isspace() for character in match.group())
            if visible and _keeps_blank(text, match.start(), match.end()):
                yield " ", match.start(), match.end()
        else:
            folded = _simplify(unicodedata.normalize("NFKC", match.group())).lower()
            for character in folded:
                if not character.isspace() and unicodedata.category(character) != "Cf":
                    yield character, match.start(), match.end()
    if done < len(text):
        yield _fold(text[done:]), done, len(text)


def _keeps_blank(text: str, start: int, end: int) -> bool:
    """Whether a blank separates words: not at an edge, and no Chinese beside it."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return before not in ("", "\n") and after not in ("", "\n") and not _HAN.search(before + after)


def _fold(text: str) -> str:
    """``text`` folded character by character; its length does not change."""
    for full, half in _FULL_WIDTH:
        text = text.replace(full, half)
    text = text.lower()
    folds = _folds()
    if folds.foldable.search(text) is None:
        return text
    # OpenCC reads traditional phrases, a table only characters: 乾隆 stays, 乾淨 becomes 干净.
    converted = _simplify(text) if folds.traditional.search(text) else text
    return (converted if len(converted) == len(text) else text).translate(folds.table)


@dataclass(frozen=True, slots=True)
class _Folds:
    """What normalisation looks for, built once a process."""

    table: dict[int, str]
    """Lower-case characters that become one other character, but for those that OpenCC converts."""
    foldable: re.Pattern[str]
    traditional: re.Pattern[str]
    odd: re.Pattern[str]
    """What changes length: invisible characters, combining marks, characters that become several."""
    odd_or_blank: re.Pattern[str]


@cache
def _folds() -> _Folds:
    points = [point for point in (*range(0x41, 0xD800), *range(0xF900, 0x10000)) if not chr(point).isspace()]
    converted = _simplify("".join(map(chr, points)))
    table: dict[int, str] = {}
    traditional: list[int] = []
    odd = {point for point in range(0xAD, 0x10000) if _is_invisible_or_mark(chr(point))}
    for point, simple in zip(points, converted, strict=True):
        character = chr(point)
        if character in _KEPT or point in odd:
            continue
        folded = unicodedata.normalize("NFKC", character).lower()
        if len(folded) != 1 or folded.isspace():
            odd.add(point)
        elif character != simple:
            traditional.append(point)
        elif folded != character.lower():
            table[point] = folded
    marks = _char_class(point for point in odd if unicodedata.combining(chr(point)))
    invisible = _char_class(point for point in odd if unicodedata.category(chr(point)) == "Cf")
    single = _char_class(odd)
    return _Folds(
        table=table,
        foldable=re.compile(f"[{_char_class([*table, *traditional])}]"),
        traditional=re.compile(f"[{_char_class(traditional)}]"),
        odd=re.compile(f"[{single}]"),
        odd_or_blank=re.compile(rf"(?P<blank>(?:[^\S\n]|[{invisible}])+)|[^\s{marks}][{marks}]+|[{single}]"),
    )


def _is_invisible_or_mark(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or unicodedata.combining(character) > 0


def _char_class(points: Iterable[int]) -> str:
    """Code points as ranges of a regular expression's character class."""
    ranges: list[list[int]] = []
    for point in sorted(points):
        if ranges and ranges[-1][1] == point - 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    return "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in ranges)


def _simplify(text: str) -> str:
    return str(_converter().convert(text))


@cache
def _converter() -> "opencc.OpenCC":
    import opencc

    return opencc.OpenCC("t2s")

"""Character error rate of speech recognition, fair to how numbers are written.

Only letters, digits and Chinese characters are compared, in normal form (NFKC, simplified, lower case); punctuation and
blanks are not spoken. A number in Arabic digits counts as the spoken form that fits best: 1023 is 一零二三 or
一千零二十三, 2 is also 两, 8% is 百分之八; 幺 is 一. The reference, written as spoken, sets the length.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.text.normalise import normalise

_DIGITS = "零一二三四五六七八九"
_NUMBER = re.compile(r"\d+")
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_PERCENT = re.compile(r"(\d+)\s*%")
_LONGEST_CARDINAL = 8
"""Digits: longer ones are read out one by one."""


@dataclass(frozen=True, slots=True)
class CharacterErrors:
    """Characters by what recognition made of them.

    >>> CharacterErrors(said=100, substituted=10, deleted=4, inserted=4).rate
    0.18
    """

    said: int = 0
    substituted: int = 0
    deleted: int = 0
    inserted: int = 0
    homophones: int = 0
    """Of the substituted ones, those that sound alike but for the tone."""

    @property
    def wrong(self) -> int:
        """Substitutions, deletions and insertions."""
        return self.substituted + self.deleted + self.inserted

    @property
    def rate(self) -> float | None:
        """Character error rate, (S + D + I) ÷ N; may exceed 1; ``None`` where nothing was said."""
        return self.wrong / self.said if self.said else None


def total_errors(parts: Iterable[CharacterErrors]) -> CharacterErrors:
    """The sum of ``parts``, so that a rate over them is pooled: each character counts the same."""
    said = substituted = deleted = inserted = homophones = 0
    for part in parts:
        said += part.said
        substituted += part.substituted
        deleted += part.deleted
        inserted += part.inserted
        homophones += part.homophones
    return CharacterErrors(said, substituted, deleted, inserted, homophones)


def character_errors(said: str, written: str) -> CharacterErrors:
    """What recognition made of ``said``, which is written as it was spoken.

    >>> character_errors("工号一零二三，核实一下", "工号1023合适一下。")
    CharacterErrors(said=10, substituted=2, deleted=0, inserted=0, homophones=2)
    """
    reference = _compared(said)
    substituted = deleted = inserted = homophones = 0
    for one, other in _pairs(reference, _as_spoken(reference, _compared(written))):
        if not other:
            deleted += 1
        elif not one:
            inserted += 1
        elif one != other:
            substituted += 1
            homophones += _sounds_like(one, other)
    return CharacterErrors(len(reference), substituted, deleted, inserted, homophones)


def _compared(text: str) -> str:
    text = _PERCENT.sub(r"百分之\1", _GROUPED.sub("", normalise(text).text))
    return "".join(char for char in text if char.isalnum()).replace("幺", "一")


def _as_spoken(reference: str, text: str) -> str:
    """``text`` with each number, from the first on, in the reading that brings it nearest to ``reference``."""
    while number := _NUMBER.search(text):
        variants = [text[: number.start()] + way + text[number.end() :] for way in _readings(number.group())]
        text = min(variants, key=lambda variant: _distances(reference, variant)[-1][-1])
    return text


def _readings(digits: str) -> list[str]:
    """The ways to say ``digits``."""
    ways = ["".join(_DIGITS[int(digit)] for digit in digits)]
    if len(digits) <= _LONGEST_CARDINAL:
        ways.append(_cardinal(int(digits)))
    if digits == "2":
        ways.append("两")
    return list(dict.fromkeys(ways))


def _cardinal(number: int) -> str:
    """``number`` below 100,000,000 in words.

    >>> _cardinal(5620), _cardinal(10005), _cardinal(12), _cardinal(0)
    ('五千六百二十', '一万零五', '十二', '零')
    """
    if number == 0:
        return _DIGITS[0]
    upper, lower = divmod(number, 10_000)
    words = f"{_below_ten_thousand(upper)}万" if upper else ""
    if lower:
        words += (_DIGITS[0] if upper and lower < 1000 else "") + _below_ten_thousand(lower)
    return words[1:] if words.startswith("一十") else words


def _below_ten_thousand(number: int) -> str:
    words, skipped = "", False
    for value, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // value % 10
        if digit:
            words += (_DIGITS[0] if skipped and words else "") + _DIGITS[digit] + unit
        skipped = not digit
    return words


def _distances(reference: str, text: str) -> list[list[int]]:
    """Levenshtein distances of all beginnings of both."""
    rows = [list(range(len(text) + 1))]
    for count, char in enumerate(reference, 1):
        above = rows[-1]
        row = [count]
        for column, other in enumerate(text):
            row.append(min(above[column] + (char != other), above[column + 1] + 1, row[-1] + 1))
        rows.append(row)
    return rows


def _pairs(reference: str, text: str) -> list[tuple[str, str]]:
    """Characters of both that belong together, an empty string where there is none; in no special order."""
    rows = _distances(reference, text)
    pairs: list[tuple[str, str]] = []
    row, column = len(reference), len(text)
    while row or column:
        here = rows[row][column]
        if row and column and here == rows[row - 1][column - 1] + (reference[row - 1] != text[column - 1]):
            row, column = row - 1, column - 1
            pairs.append((reference[row], text[column]))
        elif row and here == rows[row - 1][column] + 1:
            row -= 1
            pairs.append((reference[row], ""))
        else:
            column -= 1
            pairs.append(("", text[column]))
    return pairs


def _sounds_like(one: str, other: str) -> bool:
    """Whether both characters are the same syllable, tone ignored."""
    from pypinyin import lazy_pinyin

    return bool(lazy_pinyin(one) == lazy_pinyin(other))

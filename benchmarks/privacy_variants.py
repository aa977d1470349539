"""Variants of annotated calls: what else could have been said in them, and what else a speech model could have written.

Other names, digits and letters; Chinese digits for Arabic ones and the other way round; characters of the same sound;
no punctuation, blanks for it, no capitals. Where something is said stays as it is annotated.
"""

import random
import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import jieba

from benchmarks.privacy_measures import AnnotatedCall, without_marks
from pipeline.domain.calls import Turn
from pipeline.domain.personal import PersonalKind, PersonalSpan
from pipeline.privacy.find_surnames import COMMON, NOT_GIVEN, SURNAMES
from pipeline.text.sound import loose_sound

Rewrite = Callable[[str, PersonalKind | None], str]
"""Makes other words of some, given of which kind of datum they are."""
_SHARE_IN_FIGURES, _SHARE_MISHEARD, _SHARE_SPELLED, _SHARE_LOWER = 0.3, 0.3, 0.6, 0.25
"""How many of the variants are altered so."""
_MISHEARD = 0.02, 0.12
"""For how many of its Chinese characters another is drawn, which may be the same: a share of its own for each call,
between these."""
_COMMONEST = 5000
"""Characters that may stand for others of their sound."""
_MARKS = re.compile(r"[,，。、!！?？…;；:：]")
_HAN = re.compile("[一-鿿]+")
_CHINESE = "零一二三四五六七八九"
_ENGLISH = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ENGLISH_DIGIT = rf"\b(?:oh|{'|'.join(_ENGLISH)})\b"
_TO_FIGURES = str.maketrans("零〇一幺二三四五六七八九", "001123456789")
_FIGURES = re.compile(r"(?<![a-z0-9_@.])[0-9](?:(?:, |[ ，-])?[0-9]){2,}+(?![a-z0-9_@万千百%]|[.,][0-9])")
_FIGURES_APART = re.compile(rf"(?<![A-Z,]){_FIGURES.pattern}(?![A-Z])")
_CHINESE_FIGURES = re.compile(
    "(?<![十百千万点两])[零一幺二三四五六七八九](?:[ ,，]?[零一幺二三四五六七八九]){2,}+(?![十百千万点两])"
)
_ENGLISH_FIGURES = re.compile(
    rf"{_ENGLISH_DIGIT}(?:[ ,-]+{_ENGLISH_DIGIT}){{2,}}+(?! (?:hundred|thousand|million|point))", re.IGNORECASE
)
"""Rows of three digits and more, which are no amounts; in English what stands by letters is read letter by letter."""
_PIECE = re.compile("[0-9零一幺二三四五六七八九 ,，-]+")
"""A datum that is nothing but digits, however few."""
_SPELLED = re.compile("(?<![A-Za-z])(?:[A-Za-z]{1,2}|[A-Z]+)(?![A-Za-z])")
_HOST = re.compile(r"(?:@|艾特|\bat\b).*", re.IGNORECASE)
"""163 and qq stay."""
_LETTERED = frozenset(
    {
        PersonalKind.LICENCE_PLATE,
        PersonalKind.PASSPORT,
        PersonalKind.EMAIL,
        PersonalKind.MESSENGER,
        PersonalKind.ORDER,
        PersonalKind.SECRET,
    }
)
"""Kinds that have letters."""
_WORDS = frozenset({"qq", "at", "cn", "vx", "id", "is", "it", "no", "of", "in", "to", "as", "or", "oh"})
"""What looks like spelled letters and is none."""


def varied(call: AnnotatedCall, luck: random.Random) -> AnnotatedCall:
    """``call`` as somebody else might have said it and a speech model written it."""
    call = _rewritten(call, _Renaming(luck))
    if luck.random() < _SHARE_IN_FIGURES:
        call = _rewritten(
            call, _figures(luck, english=not any(_HAN.search(turn.text) for turn in call.transcript.turns))
        )
    if luck.random() < _SHARE_MISHEARD:
        call = _rewritten(call, _mishearing(luck))
    if luck.random() < _SHARE_LOWER:
        call = _rewritten(call, lambda text, _: text.lower())
    form = luck.random()
    if form < 0.4:
        return call
    if form < 0.7:
        return without_marks(call)
    return _rewritten(call, lambda text, _: _MARKS.sub(" ", text))


def _rewritten(call: AnnotatedCall, rewrite: Rewrite) -> AnnotatedCall:
    """``call`` with what ``rewrite`` makes of each span and of what stands between them."""
    turns: list[Turn] = []
    spans: list[PersonalSpan] = []
    for turn in call.transcript.turns:
        text, at = "", 0
        for span in sorted((one for one in call.personal if one.turn == turn.index), key=lambda one: one.char_start):
            text += rewrite(turn.text[at : span.char_start], None)
            quote = rewrite(turn.text[span.char_start : span.char_end], span.kind)
            spans.append(replace(span, char_start=len(text), char_end=len(text) + len(quote), value=quote))
            text, at = text + quote, span.char_end
        turns.append(replace(turn, text=text + rewrite(turn.text[at:], None)))
    return AnnotatedCall(call.recording, replace(call.transcript, turns=tuple(turns)), tuple(spans))


class _Renaming:
    """Other names, and the digits 2 to 9 and the spelled letters of numbers exchanged for one another: the same for the
    same all through a call."""

    def __init__(self, luck: random.Random) -> None:
        self._luck = luck
        self._names: dict[str, str] = {}
        others = dict(zip(range(2, 10), luck.sample(range(2, 10), 8), strict=True))
        self._digits = {str(old): str(new) for old, new in others.items()}
        # 两 may stand for 二: it stays, and so 二.
        self._digits |= {_CHINESE[old]: _CHINESE[new] for old, new in others.items() if 2 not in (old, new)}
        letters = string.ascii_lowercase
        spelled = luck.random() < _SHARE_SPELLED
        self._letters = dict(zip(letters, luck.sample(letters, len(letters)) if spelled else letters, strict=True))
        self._letters |= {old.upper(): new.upper() for old, new in self._letters.items()}

    def __call__(self, text: str, kind: PersonalKind | None) -> str:
        if kind is PersonalKind.NAME:
            return _other_name(text, self._names, self._luck)
        if kind is None or kind is PersonalKind.BIRTH_DATE:
            return text
        host = _HOST.search(text) if kind is PersonalKind.EMAIL else None
        text, kept = (text[: host.start()], host[0]) if host else (text, "")
        if kind in _LETTERED:
            text = _SPELLED.sub(self._spelled, text)
        return "".join(self._digits.get(character, character) for character in text) + kept

    def _spelled(self, found: re.Match[str]) -> str:
        return found[0] if found[0].lower() in _WORDS else "".join(self._letters[letter] for letter in found[0])


def _figures(luck: random.Random, *, english: bool) -> Rewrite:
    """Rows of digits in words instead of figures, or the other way round, whether they are anybody's or not."""
    to_words = luck.random() < 0.5
    if to_words:
        rows = _FIGURES_APART if english else _FIGURES
        change = _english_words(luck) if english else _chinese_words(luck)
    elif english:
        rows, change = _ENGLISH_FIGURES, _english_figures(luck)
    else:
        rows, change = _CHINESE_FIGURES, lambda row: row.translate(_TO_FIGURES)

    def rewrite(text: str, kind: PersonalKind | None) -> str:
        if kind in (PersonalKind.NAME, PersonalKind.BIRTH_DATE):
            return text
        if kind is not None and _PIECE.fullmatch(text):
            return change(text)
        return rows.sub(lambda row: change(row[0]), text)

    return rewrite


def _chinese_words(luck: random.Random) -> Callable[[str], str]:
    one = "幺" if luck.random() < 0.5 else "一"
    table = str.maketrans("0123456789", _CHINESE.replace("一", one))
    return lambda row: row.translate(table)


def _english_words(luck: random.Random) -> Callable[[str], str]:
    words = ("oh" if luck.random() < 0.5 else "zero", *_ENGLISH[1:])
    digit = "([0-9])\\1|[0-9]" if luck.random() < 0.5 else "[0-9]"

    def word(found: re.Match[str]) -> str:
        return f"{'double ' if len(found[0]) > 1 else ''}{words[int(found[0][0])]}"

    def change(row: str) -> str:
        return re.sub("[0-9]+", lambda digits: " ".join(word(one) for one in re.finditer(digit, digits[0])), row)

    return change


def _english_figures(luck: random.Random) -> Callable[[str], str]:
    apart = luck.random() < 0.5

    def change(row: str) -> str:
        row = re.sub(
            _ENGLISH_DIGIT,
            lambda word: str(_ENGLISH.index(word[0].lower().replace("oh", "zero"))),
            row,
            flags=re.IGNORECASE,
        )
        return row if apart else re.sub("(?<=[0-9]) (?=[0-9])", "", row)

    return change


def _mishearing(luck: random.Random) -> Rewrite:
    """Other characters of the same sound here and there, as a weak speech model writes them."""
    sounds = _sounds()
    share = luck.uniform(*_MISHEARD)

    def rewrite(text: str, _: PersonalKind | None) -> str:
        alike = (sounds.get(loose_sound(one)) if luck.random() < share else None for one in text)
        return "".join(luck.choices(*of)[0] if of else one for one, of in zip(text, alike, strict=True))

    return rewrite


@cache
def _sounds() -> Mapping[str, tuple[Sequence[str], Sequence[float]]]:
    """For each sound its characters, and how often to choose them."""
    counts: dict[str, int] = {}
    for word, count, _ in _dictionary():
        for character in filter(_HAN.fullmatch, word):
            counts[character] = counts.get(character, 0) + count
    common = sorted(counts, key=lambda character: (-counts[character], character))[:_COMMONEST]
    alike: dict[str, tuple[list[str], list[float]]] = {}
    for character in common:
        characters, weights = alike.setdefault(loose_sound(character), ([], []))
        characters.append(character)
        weights.append(counts[character] ** 0.5)
    return alike


def _other_name(name: str, names: dict[str, str], luck: random.Random) -> str:
    """Another name of the form of ``name``; the same for the same name, and for its surname alone."""
    if name in names or not _HAN.fullmatch(name):
        return names.get(name, name)
    if name[0] in SURNAMES and len(name) <= 3 and not NOT_GIVEN.intersection(name[1:]):
        surnames = sorted(COMMON if luck.random() < 0.6 else SURNAMES)
        surname = names.setdefault(name[0], luck.choice(surnames))
        names.setdefault(name, surname + "".join(luck.choices(*_given(), k=len(name) - 1)))
    elif len(name) == 2 and luck.random() < 0.5:
        names[name] = "".join(luck.choices(*_given(), k=2))
    return names.setdefault(name, name)


@cache
def _given() -> tuple[Sequence[str], Sequence[float]]:
    """Characters of given names in jieba's dictionary, and how often to choose them."""
    counts: dict[str, int] = {}
    for word, _, tag in _dictionary():
        if tag == "nr" and 2 <= len(word) <= 3 and word[0] in SURNAMES and not NOT_GIVEN.intersection(word[1:]):
            for character in word[1:]:
                counts[character] = counts.get(character, 0) + 1
    return list(counts), [count**0.5 for count in counts.values()]


@cache
def _dictionary() -> Sequence[tuple[str, int, str]]:
    """jieba's words, each with how often it occurs and what kind of word it is."""
    with Path(jieba.__file__).with_name("dict.txt").open(encoding="utf-8") as lines:
        split = (line.split() for line in lines)
        return [(word, int(count), tag) for word, count, tag in split]

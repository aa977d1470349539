"""What the network makes of a call: what the rules missed, and which of their finds are nobody's.

What a rule can say for certain is not asked of the network: hotlines and the company's own numbers stay readable.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.personal import PersonalKind
from pipeline.privacy.find_births import is_of_event
from pipeline.privacy.find_cues import Cue, Heard
from pipeline.privacy.find_digits import DIGIT, OTHER_FIGURES
from pipeline.privacy.find_numbers import numbers_announced
from pipeline.privacy.find_said import NAMES, Found, Said
from pipeline.privacy.find_shapes import is_date, is_public
from pipeline.privacy.tagger import Tagger, code_points, tagger

SURE, SURE_OF_NAMES = 0.85, 0.9
"""How likely at least one character of a number, or of a name or an address, must be personal. With these an ordinary
call has fewer false finds than rules alone make (docs/privacy.md)."""
LIKELY = 0.03
"""How likely each of its characters must be."""
UNLIKELY = 0.5
"""What the rules found is nobody's where no character of it is as likely as this."""
_DIGITS_OF_MOBILE = 9
"""A mobile number of so many digits in a piece stays found whatever the network says: where recognition garbles a
number, it garbles what stands around it as well."""
_SURE_OF_KIND = 0.9
"""How likely another kind must be, on average, for what the rules took for a name or an address to be called that."""
_AGAIN = 0.02
_SURNAME_AGAIN = 0.1
"""How likely a name must be where it is said again."""
_MASKS = 0xE000, 0xF8FF
"""Private use (pipeline/domain/personal.py)."""
_OF_DAY = 8
_FEW = 4
_NEAR = 8
_TAIL_REACH = 40
_TAIL_TURNS = 2
_KINDS = tuple(PersonalKind)
_LATIN_WORD = re.compile("[a-zà-ÿ']{2,}")
_EDGES = " \t,.。、:;!?…·'\"“”~—-"
_PAUSES = re.compile(r"[\s,、.\-/()—]")
_OF_FIGURES = frozenset(f"0123456789{DIGIT} ,.-")
_SAID_AGAIN = re.compile("[一-鿿]{1,4}|[a-zà-ÿ' -]{3,}")
_VALUES = str.maketrans("零〇洞幺妖一二两三四五六七拐八九", "0001112234567789")


def find_tagged(
    said: Said,
    found: Sequence[Found],
    heard: Sequence[Heard],
    is_own: Callable[[str], bool],
    *,
    network: Tagger | None = None,
) -> list[Found]:
    """Those of the rules' finds that stay, and what else is personal; none overlaps another.

    Args:
        found: what the rules found.
        heard: the words that announce something.
        is_own: whether digits are a number of the company's own.
        network: another than the shipped one.
    """
    likely = _evened(said.text, (network or tagger()).probabilities(said, found, heard))
    personal = 1 - likely[:, 0]
    kept = [datum for datum in found if _is_sure(datum) or personal[datum.start : datum.end].max() >= UNLIKELY]
    kept = [_renamed(said.text, datum, likely) if datum.kind in NAMES else datum for datum in kept]
    taken = np.zeros(len(said.text), np.bool_)
    for datum in kept:
        taken[datum.start : datum.end] = True
    more: list[Found] = []
    cues = numbers_announced(said.text, heard)
    for start, end in _stretches(said.text, personal, taken):
        kind = _KINDS[int(likely[start:end, 1:].sum(axis=0).argmax())]
        value = _value(kind, said.text[start:end])
        if personal[start:end].max() < (SURE_OF_NAMES if kind in NAMES else SURE):
            continue
        if kind not in NAMES and _is_nobodys(said.text, start, end, is_own, cues):
            continue
        if kind is PersonalKind.BIRTH_DATE and is_of_event(said.text, start, end):
            continue
        taken[start:end] = True
        more.append(Found(start, end, kind, value))
    names = {said.text[datum.start : datum.end] for datum in (*kept, *more) if datum.kind is PersonalKind.NAME}
    return _joined(said.text, kept, [*more, *_again(said.text, names, personal, taken)])


def _is_sure(datum: Found) -> bool:
    digits = min(datum.end - datum.start, sum(map(str.isdigit, datum.value)))
    return datum.kind is PersonalKind.MOBILE and digits >= _DIGITS_OF_MOBILE


def _renamed(text: str, datum: Found, likely: NDArray[np.float32]) -> Found:
    """``datum`` as what the network is sure that it is: 年二月 is no name where a date of birth is said."""
    means = likely[datum.start : datum.end, 1:].mean(axis=0)
    kind = _KINDS[int(means.argmax())]
    if kind is datum.kind or means.max() < _SURE_OF_KIND:
        return datum
    return Found(datum.start, datum.end, kind, _value(kind, text[datum.start : datum.end]))


def _evened(text: str, likely: NDArray[np.float32]) -> NDArray[np.float32]:
    """``likely`` with the mean of a word in Latin letters for each of its letters."""
    for word in _LATIN_WORD.finditer(text):
        start, end = word.span()
        likely[start:end] = likely[start:end].mean(axis=0)
    return likely


def _stretches(text: str, personal: NDArray[np.float32], taken: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Where likely characters stand side by side within a turn, without marks at the edges."""
    # What is masked already stays: its characters are no text.
    points = code_points(text)
    likely = (personal >= LIKELY) & ~taken & ((points < _MASKS[0]) | (points > _MASKS[1]))
    places = np.flatnonzero(likely)
    for group in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1) if len(places) else ():
        begin = int(group[0])
        for line in text[begin : int(group[-1]) + 1].split("\n"):
            start = begin + len(line) - len(line.lstrip(_EDGES))
            end = begin + len(line.rstrip(_EDGES))
            begin += len(line) + 1
            if any(map(str.isalnum, text[start:end])):
                yield start, end


def _is_nobodys(text: str, start: int, end: int, is_own: Callable[[str], bool], cues: Sequence[Heard]) -> bool:
    """Whether the figures that ``text[start:end]`` is part of are a hotline, the company's own, a day or an address of
    a network, or announced as nobody's."""
    first, last = start, end
    while first > 0 and text[first - 1] in _OF_FIGURES:
        first -= 1
    while last < len(text) and text[last] in _OF_FIGURES:
        last += 1
    whole = text[first:last].strip(_EDGES)
    digits = _value(PersonalKind.NUMBER, whole)
    return (
        is_public(digits)
        or is_own(digits)
        or (is_date(digits) and len(digits) == _OF_DAY)
        or OTHER_FIGURES.fullmatch(whole) is not None
        or _announced_as_nobodys(text, start, end, cues)
    )


def _announced_as_nobodys(text: str, start: int, end: int, cues: Sequence[Heard]) -> bool:
    """Whether the word for a number before it says that it is nobody's: the last four, or 工号 right before it."""
    place = bisect_left(cues, start, key=lambda cue: cue.start)
    if place == 0:
        return False
    cue, before = cues[place - 1].cue, cues[place - 1].end
    if cue is Cue.TAIL and end - start <= _FEW:
        return start - before < _TAIL_REACH and text.count("\n", before, start) <= _TAIL_TURNS
    return cue is Cue.PUBLIC and start - before < _NEAR and "\n" not in text[before:start]


def _again(text: str, names: set[str], personal: NDArray[np.float32], taken: NDArray[np.bool_]) -> Iterator[Found]:
    """The other places of names that were found, as far as they are free."""
    for name in sorted(filter(_SAID_AGAIN.fullmatch, names), key=lambda name: (-len(name), name)):
        least = _AGAIN if len(name) > 1 else _SURNAME_AGAIN
        at = text.find(name)
        while at >= 0:
            end = at + len(name)
            if not taken[at:end].all() and personal[at:end].max() >= least and _stands_alone(text, at, end):
                free = np.flatnonzero(~taken[at:end]) + at
                taken[at:end] = True
                for group in np.split(free, np.flatnonzero(np.diff(free) > 1) + 1):
                    yield Found(int(group[0]), int(group[-1]) + 1, PersonalKind.NAME, name)
            at = text.find(name, at + 1)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]`` is no part of a longer word in Latin letters."""
    if not text[start].isascii():
        return True
    return not (text[start - 1 : start].isalpha() or text[end : end + 1].isalpha())


def _joined(text: str, kept: Sequence[Found], more: Sequence[Found]) -> list[Found]:
    """Both by place, with those of ``more`` made one with what they touch of the same kind."""
    joined: list[Found] = []
    last_is_new = False
    for datum, is_new in sorted([(one, False) for one in kept] + [(one, True) for one in more], key=_place):
        last = joined[-1] if joined else None
        touches = last is not None and last.end == datum.start and last.kind is datum.kind
        if last is not None and touches and (is_new or last_is_new):
            value = _value(last.kind, text[last.start : datum.end])
            if last.kind not in NAMES and is_new is not last_is_new:
                value = last.value if is_new else datum.value
            joined[-1] = Found(last.start, datum.end, last.kind, value)
            last_is_new = is_new and last_is_new
        else:
            joined.append(datum)
            last_is_new = is_new
    return joined


def _place(datum: tuple[Found, bool]) -> int:
    return datum[0].start


def _value(kind: PersonalKind, said: str) -> str:
    """What was ``said`` without pauses; of a number the digits as 0 to 9."""
    plain = _PAUSES.sub("", said)
    return plain if kind in NAMES else plain.translate(_VALUES)

"""What the rules left of digits and letters, and what can be said of it: the input of the learned judgement."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from pipeline.privacy.find_births import ELSEWHERE
from pipeline.privacy.find_cues import Cue, Heard
from pipeline.privacy.find_defaults import benign_signs
from pipeline.privacy.find_digits import MEASURE, OTHER_FIGURES
from pipeline.privacy.find_said import NAMES, Found, Said
from pipeline.privacy.find_shapes import is_date

_DIGITS = "\\d零〇幺一二两三四五六七八九妖洞拐"
_ALIKE = "腰领拔酒遛"
_SPOKEN = (
    "zero|one|two|three|four|five|six|seven|eight|nine|oh|double|triple|dash|alpha|bravo|charlie|delta|echo|foxtrot|"
    "golf|hotel|india|juliet|kilo|lima|mike|november|oscar|papa|quebec|romeo|sierra|tango|uniform|victor|whiskey|"
    "x-?ray|yankee|zulu|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|ten|eleven|twelve|"
    "(?:thir|four|fif|six|seven|eigh|nine)teen|hundred"
)
_LETTERS = rf"(?<![a-z'])(?:{_SPOKEN}|[a-z](?:[a-z](?=[{_DIGITS}])|[a-z]{{1,3}}(?=\d))?|(?<=\d)[a-z]{{1,4}})(?![a-z'])"
_UNIT = (
    rf"(?:[{_DIGITS}{_ALIKE}]|{_LETTERS}|要(?=[{_DIGITS}]{{2}})|下划线|斜?杠|点(?=[a-z])|艾特|大写|小写|井号|[#@_*])"
)
_PAUSES = r"[ ,、.\-/()—]{0,2}"
_RUN = re.compile(rf"{_UNIT}(?:{_PAUSES}{_UNIT})+")
_OF_RUNS = f"{_DIGITS}{_ALIKE}a-z#@_*要划线杠点特大小写号下斜艾井"
_COARSE = re.compile(rf"[{_DIGITS}{_ALIKE}a-z#@_*要井大小](?:{_PAUSES}[{_OF_RUNS}]){{3,}}")
"""What a run can only be within: one set of characters, which is searched fast."""
_DAY = r"[\d初一二三四五六七八九十廿]{1,3}[日号]?"
_MONTH = r"[\d一二三四五六七八九十]{1,2}月"
_DATE = re.compile(
    rf"(?:[\d零〇幺一二两三四五六七八九]{{2,4}}|两千)年[,的]?(?:(?:{_MONTH}|[正冬腊]月)(?:{_DAY})?)?|{_MONTH}{_DAY}"
)
_YEAR_OR_MONTH = re.compile("[年月]")
_OF_DATES = frozenset("0123456789零〇幺一二两三四五六七八九十正冬腊千")
_LONGEST_YEAR = 4
_LONGEST_DATE = 12
_BIRTHDAY = re.compile("[生岁属历]")
_NEAR = 16
_SPOKEN_WORD = re.compile(f"(?<![a-z])(?:{_SPOKEN})(?![a-z])")
_AMOUNT = re.compile(r"\d{1,3}(?:,\d{3})+|\d+\.\d{1,2}")
_LATIN = re.compile("[a-z]")
_BLANK = re.compile(r"[\s,、.\-/()—]")
_VALUES = str.maketrans("零〇洞幺妖一两二三四五六七拐八九", "0001112234567789")
_PLAIN = str.maketrans(dict.fromkeys("零〇幺妖一二两三四五六七八九123456789", "0"))
_MASK = "\ufffc"
_CONTEXT = 12
_ASKED = 16
"""Characters that are looked at of the same turn, on each side, and of the end of the turn before."""
_FEWEST = 3
"""Characters of a run or date, a word for a digit counted as one."""
_CUE_REACH = 160
_CUE_NEAR = 8
_CUE_AFTER = 9
_TAIL_REACH = 40
_TAIL_TURNS = 2
_FEW = 4
_ACQUITTING_SIGNS = frozenset({"counted", "money", "size", "public"})


class Candidate(NamedTuple):
    """Digits and letters, ``text[start:end]`` of a call."""

    start: int
    end: int
    form: str
    """``run``, ``date``, or ``rest`` of a run that was found in part."""


class Seen(NamedTuple):
    """What of a call the features look at."""

    said: Said
    taken: bytes
    """For each character whether it was found."""
    numbers: Mapping[int, Sequence[Found]]
    """The numbers that were found, by the place of their turn."""
    digits: str
    """The digits of all of them and of what is left to judge, with other characters between."""
    cues: Sequence[Heard]
    """The words that announce numbers."""


def candidates(text: str, taken: bytes, cues: Sequence[Heard]) -> list[Candidate]:
    """What may be a number or a date in ``text`` and was not found, or not as a whole.

    None are a few digits after a word for what is nobody's (工号, 尾号), or before one that counts, 61,204 and 249.99,
    and days without a year where nothing sounds like a birthday.

    >>> [tuple(left) for left in candidates("用后面这个003821通过了", bytes(14), ())]
    [(5, 11, 'run')]
    """
    left = [*_runs(text, taken), *_dates(text, taken)]
    if not left:
        return left
    begins = [cue.start for cue in cues]
    return [each for each in left if not _acquitted(text, each, cues, begins)]


def _acquitted(text: str, candidate: Candidate, cues: Sequence[Heard], begins: Sequence[int]) -> bool:
    """Whether the words around, or the form, say that the candidate is nobody's: what acquits it for the rules too."""
    start, end, form = candidate
    if form == "date":
        line, stop = text.rfind("\n", 0, start) + 1, text.find("\n", end)
        stop = end + _CUE_NEAR if stop < 0 else min(stop, end + _CUE_NEAR)
        return ELSEWHERE.search(text, max(line, start - _CUE_NEAR), stop) is not None
    few = end - start <= _FEW
    if form == "run" and _announced_as_nobodys(text, start, cues, begins, few=few):
        return True
    if few and MEASURE.match(text, end):
        return True
    if form == "rest":
        return False
    if not few and (_AMOUNT.fullmatch(text, start, end) or OTHER_FIGURES.fullmatch(text, start, end)):
        return True
    return is_date(digits_in(text[start:end])) or not _ACQUITTING_SIGNS.isdisjoint(benign_signs(text, start, end))


def _announced_as_nobodys(text: str, start: int, cues: Sequence[Heard], begins: Sequence[int], *, few: bool) -> bool:
    place = bisect_left(begins, start)
    if place == 0:
        return False
    cue, end = cues[place - 1].cue, cues[place - 1].end
    if cue is Cue.TAIL and few:
        return start - end < _TAIL_REACH and text.count("\n", end, start) <= _TAIL_TURNS
    return cue is Cue.PUBLIC and start - end < _CUE_NEAR and "\n" not in text[end:start]


def _runs(text: str, taken: bytes) -> Iterator[Candidate]:
    for coarse in _COARSE.finditer(text):
        if taken.find(0, coarse.start(), coarse.end()) >= 0:
            for match in _RUN.finditer(text, coarse.start(), coarse.end() + 1):
                start, end = match.span()
                if taken.find(1, start, end) >= 0:
                    yield from _rests(text, taken, start, end)
                elif _long_enough(match.group()):
                    yield Candidate(start, end, "run")


def _dates(text: str, taken: bytes) -> Iterator[Candidate]:
    done = 0
    for word in _YEAR_OR_MONTH.finditer(text):
        at = word.start()
        if at < done or at == 0 or text[at - 1] not in _OF_DATES:
            continue
        begin = at - 1
        while begin > max(done, at - _LONGEST_YEAR) and text[begin - 1] in _OF_DATES:
            begin -= 1
        match = _DATE.search(text, begin, at + _LONGEST_DATE)
        if match is not None and match.start() < at:
            done = match.end()
            if taken.find(1, match.start(), done) >= 0 or done - match.start() < _FEWEST:
                continue
            if word.group() == "年" or _BIRTHDAY.search(text, max(0, at - _NEAR), done + _NEAR):
                yield Candidate(match.start(), done, "date")


def _long_enough(said: str) -> bool:
    if said.isascii():
        said = _SPOKEN_WORD.sub("0", said)
    said = _BLANK.sub("", said)
    return len(said) > _FEWEST or (len(said) == _FEWEST and _LATIN.search(said) is not None)


def _rests(text: str, taken: bytes, start: int, end: int) -> Iterator[Candidate]:
    while (start := taken.find(0, start, end)) >= 0:
        stop = taken.find(1, start, end)
        stop = end if stop < 0 else stop
        first, last = start, stop
        while first < last and _BLANK.match(text[first]):
            first += 1
        while first < last and _BLANK.match(text[last - 1]):
            last -= 1
        if first < last:
            yield Candidate(first, last, "rest")
        start = stop


def seen_of(said: Said, taken: bytes, found: Sequence[Found], left: Sequence[Candidate], cues: Sequence[Heard]) -> Seen:
    """``said`` with what the rules ``found`` in it, and ``left``."""
    numbers: dict[int, list[Found]] = {}
    for datum in found:
        if datum.kind not in NAMES:
            numbers.setdefault(said.turn_at(datum.start), []).append(datum)
    spans = [(datum.start, datum.end) for group in numbers.values() for datum in group]
    spans += [(candidate.start, candidate.end) for candidate in left]
    return Seen(said, taken, numbers, "|".join([digits_in(said.text[start:end]) for start, end in spans]), cues)


def digits_in(text: str) -> str:
    """``text`` without pauses, its digits as 0 to 9.

    >>> digits_in("零领, s k 二七")
    '0领sk27'
    """
    return _BLANK.sub("", text.translate(_VALUES))


def features(seen: Seen, candidate: Candidate) -> list[str]:
    """The names of what is true of ``candidate``, some as often as they are."""
    start, end, form = candidate
    text = seen.said.text
    role = seen.said.turns[seen.said.turn_at(start)].role.value
    names, first, alone = _around(seen, start, end)
    shape = _BLANK.sub(",", _LATIN.sub("a", _SPOKEN_WORD.sub("0", text[start:end]).translate(_PLAIN)))
    names += [f"f{form}", f"r{role}", f"F{form}{shape}", f"R{role}{form}", f"O{form}{alone}"]
    names += [f"l{form}{min(len(shape), 9)}", f"S{shape[:3]}", f"E{shape[-2:]}", f"L{shape.count('0')}"]
    names += [f"U{first}{min(len(shape), 6)}", f"v{text[start]}", f"w{text[end - 1]}"]
    names += _found_near(seen, start, role)
    own = digits_in(text[start:end])
    if len(own) >= _FEWEST and seen.digits.count(own) > 1:
        names.append(f"D{min(len(own), 5)}")
    names += _announced(seen, start, end)
    names += [f"G{sign}" for sign in benign_signs(text, start, end)]
    return names


def _around(seen: Seen, start: int, end: int) -> tuple[list[str], str, bool]:
    """Pieces of what stands around, the character right after, and whether nothing stands around."""
    text = seen.said.text
    line, stop = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    stop = len(text) if stop < 0 else stop
    asked_end = max(0, line - 1)
    asked_start = max(0, asked_end - _ASKED, text.rfind("\n", 0, asked_end) + 1)
    before = "^" + _context(seen, max(line, start - _CONTEXT), start)
    after = _context(seen, end, min(stop, end + _CONTEXT)) + "$"
    asked = "^" + _context(seen, asked_start, asked_end)
    names = [f"{mark}{around[-size:]}" for mark, around in (("B", before), ("P", asked)) for size in (1, 2, 3, 4)]
    names += [f"A{after[:size]}" for size in (1, 2, 3)]
    for mark, around in (("b", before), ("a", after), ("p", asked)):
        names += [mark + one for one in around]
        names += [mark + one + two for one, two in pairwise(around)]
        names += [mark + one + two + three for one, two, three in zip(around, around[1:], around[2:], strict=False)]
    return names, after[0], len(before) + len(after) == 2


def _context(seen: Seen, start: int, end: int) -> str:
    said = seen.said.text[start:end].translate(_PLAIN)
    if seen.taken.find(1, start, end) < 0:
        return said
    return "".join([_MASK if seen.taken[at] else letter for at, letter in enumerate(said, start)])


def _found_near(seen: Seen, start: int, role: str) -> list[str]:
    """Where near, and which, numbers were found."""
    turn = seen.said.turn_at(start)
    names = [f"N{near - turn}{role}" for near in range(turn - 2, turn + 2) if near in seen.numbers]
    near_by = [datum for near in range(turn - 1, turn + 2) for datum in seen.numbers.get(near, ())]
    return names + [f"K{kind}" for kind in dict.fromkeys(datum.kind.name for datum in near_by)]


def _announced(seen: Seen, start: int, end: int) -> Iterator[str]:
    """The word for a number before the candidate, how far it is, and the one right after."""
    text = seen.said.text
    word = word_before(seen, start)
    if word is not None:
        turns = text.count("\n", word.end, start)
        near = turns == 0 and start - word.end < _CUE_NEAR
        yield f"C{'n' if near else min(turns, 3)}{word.cue.name}"
        yield f"C{word.cue.name}"
    place = bisect_left(seen.cues, start, key=lambda cue: cue.start)
    if place == 0:
        yield "C-"
    if place < len(seen.cues):
        word = seen.cues[place]
        if word.start - end <= _CUE_AFTER and "\n" not in text[end : word.start]:
            yield f"Y{word.cue.name}"


def word_before(seen: Seen, start: int) -> Heard | None:
    """The last word that announces a number, if it was not long before ``start``."""
    place = bisect_left(seen.cues, start, key=lambda cue: cue.start)
    word = seen.cues[place - 1] if place else None
    return word if word is not None and start - word.end <= _CUE_REACH else None

"""Personal data in a transcript, and text in which it is masked.

A masked character is one of Unicode's private-use characters, which no speech model writes. It says what kind of datum
it stands for and which one of the call, so that masked text is as long as the original: offsets, word times and
evidence fit both. Nothing needs to be known beside the text to show it (`shown`) or to find when it was spoken
(`masked_spans`), and text that is stored, searched or logged by mistake gives nothing away.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from pipeline.domain.calls import Span, Transcript, Turn, Word

_FIRST = 0xE000
"""Private use area, 6,400 characters."""
MOST_OF_A_KIND = 64
"""Data of one kind that are told apart in one call; further ones share the last number."""


class PersonalKind(Enum):
    """Kinds of personal data. The order is stored, in masked text: add at the end, never reorder."""

    MOBILE = ("手机号", "mobile number")
    LANDLINE = ("座机号", "landline number")
    RESIDENT_ID = ("身份证号", "resident id")
    BANK_CARD = ("银行卡号", "bank card")
    PASSPORT = ("护照号", "passport")
    LICENCE_PLATE = ("车牌号", "licence plate")
    EMAIL = ("邮箱", "e-mail")
    MESSENGER = ("微信QQ号", "messenger account")
    ADDRESS = ("地址", "address")
    NAME = ("姓名", "name")
    BIRTH_DATE = ("出生日期", "date of birth")
    ORDER = ("单号", "order, policy or account number")
    SECRET = ("密码", "password or code")
    NUMBER = ("号码", "number of unknown kind")

    def __init__(self, zh: str, en: str) -> None:
        self.zh = zh
        self.en = en


_KINDS = tuple(PersonalKind)
_BY_NAME = {name: kind for kind in _KINDS for name in (kind.zh.lower(), kind.en)}
_PLACEHOLDER = re.compile(rf"\[({'|'.join(map(re.escape, _BY_NAME))})([1-9]\d?)?\]", re.IGNORECASE)
_MASKED = re.compile(f"([{chr(_FIRST)}-{chr(_FIRST + len(_KINDS) * MOST_OF_A_KIND - 1)}])\\1*")


@dataclass(frozen=True, slots=True)
class PersonalSpan:
    """A datum, or a piece of one, in a turn of a transcript."""

    turn: int
    char_start: int
    char_end: int
    kind: PersonalKind
    value: str
    """Normalised, such as the digits of a number: pieces and repetitions of one datum share it. Never stored."""


def mask_transcript(transcript: Transcript, spans: Sequence[PersonalSpan]) -> Transcript:
    """``transcript`` with every character of ``spans`` replaced by its mask, in turns and in words.

    Data are numbered by kind, in the order in which ``spans`` first names their value, behind those that are masked.
    """
    masks = _masks(spans, _highest(transcript))
    by_turn: dict[int, list[PersonalSpan]] = {}
    for span in spans:
        by_turn.setdefault(span.turn, []).append(span)
    turns = (_masked_turn(turn, by_turn.get(turn.index, ()), masks) for turn in transcript.turns)
    return replace(transcript, turns=tuple(turns))


def _highest(transcript: Transcript) -> Mapping[PersonalKind, int]:
    """How many data of each kind are masked in ``transcript`` already."""
    counts = dict.fromkeys(_KINDS, 0)
    for turn in transcript.turns:
        for match in _MASKED.finditer(turn.text):
            kind, number = divmod(ord(match[1]) - _FIRST, MOST_OF_A_KIND)
            counts[_KINDS[kind]] = max(counts[_KINDS[kind]], number + 1)
    return counts


def _masks(spans: Sequence[PersonalSpan], before: Mapping[PersonalKind, int]) -> Mapping[tuple[PersonalKind, str], str]:
    masks: dict[tuple[PersonalKind, str], str] = {}
    counts = dict(before)
    for span in spans:
        if (span.kind, span.value) not in masks:
            masks[span.kind, span.value] = mask_of(span.kind, counts[span.kind])
            counts[span.kind] += 1
    return masks


def _masked_turn(turn: Turn, spans: Sequence[PersonalSpan], masks: Mapping[tuple[PersonalKind, str], str]) -> Turn:
    characters = list(turn.text)
    for span in spans:
        for at in range(max(0, span.char_start), min(span.char_end, len(characters))):
            characters[at] = masks[span.kind, span.value]
    return _with_text(turn, "".join(characters))


def _with_text(turn: Turn, text: str) -> Turn:
    """The turn with other characters in place of as many."""
    if text == turn.text:
        return turn
    words: list[Word] = []
    position = 0
    for word in turn.words:
        words.append(replace(word, text=text[position : position + len(word.text)]))
        position += len(word.text)
    return replace(turn, text=text, words=tuple(words))


def respelt(transcript: Transcript, texts: Mapping[int, str]) -> Transcript:
    """``transcript`` with other texts for some of its turns, by index.

    Raises:
        IndexError: it has no such turn.
        ValueError: a text is not as long as the one it replaces.
    """
    turns = list(transcript.turns)
    for index, text in texts.items():
        if len(text) != len(turns[index].text):
            raise ValueError(f"turn {index} has {len(turns[index].text)} characters, not {len(text)}")
        turns[index] = _with_text(turns[index], text)
    return replace(transcript, turns=tuple(turns))


def shown(text: str, *, english: bool = False) -> str:
    """``text`` with a placeholder in brackets for each run of masked characters; the second of a kind has a number.

    >>> from pipeline.domain.calls import Role
    >>> turn = Turn(0, Role.CUSTOMER, 0.0, 4.0, "我叫王小芳，电话13812345678")
    >>> found = (
    ...     PersonalSpan(0, 2, 5, PersonalKind.NAME, "王小芳"),
    ...     PersonalSpan(0, 8, 19, PersonalKind.MOBILE, "13812345678"),
    ... )
    >>> shown(mask_transcript(Transcript((turn,), 4.0), found).turns[0].text)
    '我叫[姓名]，电话[手机号]'
    """

    def placeholder(match: re.Match[str]) -> str:
        kind, number = divmod(ord(match[1]) - _FIRST, MOST_OF_A_KIND)
        name = _KINDS[kind].en if english else _KINDS[kind].zh
        return f"[{name}{number + 1}]" if number else f"[{name}]"

    return _MASKED.sub(placeholder, text)


def mask_of(kind: PersonalKind, number: int = 0) -> str:
    """The masked character of the datum ``number`` of its kind in a call, from 0."""
    return chr(_FIRST + _KINDS.index(kind) * MOST_OF_A_KIND + min(number, MOST_OF_A_KIND - 1))


def masked_run(kind: PersonalKind, *, at_least: int) -> re.Pattern[str]:
    """Matches a datum of the kind, if so many of its characters are masked in one piece."""
    first = ord(mask_of(kind))
    return re.compile(f"([{chr(first)}-{chr(first + MOST_OF_A_KIND - 1)}])\\1{{{at_least - 1},}}")


def masked_runs(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each run of one masked character."""
    for match in _MASKED.finditer(text):
        yield match.start(), match.end()


def searchable(query: str) -> str:
    """``query`` with what a placeholder in it stands for, so that ``[手机号]`` finds the calls that hide one.

    >>> shown(searchable("[手机号2]"))
    '[手机号2]'
    """
    return _PLACEHOLDER.sub(lambda match: 2 * mask_of(_BY_NAME[match[1].lower()], int(match[2] or 1) - 1), query)


def kinds_in(text: str) -> tuple[PersonalKind, ...]:
    """The kind of each run of masked characters, in their order."""
    return tuple(_KINDS[(ord(match[1]) - _FIRST) // MOST_OF_A_KIND] for match in _MASKED.finditer(text))


def is_masked(text: str) -> bool:
    """Whether any character of ``text`` is masked."""
    return _MASKED.search(text) is not None


def masked_spans(transcript: Transcript) -> Mapping[int, tuple[Span, ...]]:
    """When masked characters were spoken, by channel, in the order of the turns.

    Where the words of a turn have no times, or are not those of its text, that is the whole turn.
    """
    found: dict[int, list[Span]] = {}
    for turn in transcript.turns:
        timed = bool(turn.words) and "".join(word.text for word in turn.words) == turn.text
        for match in _MASKED.finditer(turn.text):
            span = turn.span_of(match.start(), match.end()) if timed else turn.span
            found.setdefault(turn.channel, []).append(span)
    return {channel: tuple(spans) for channel, spans in found.items()}

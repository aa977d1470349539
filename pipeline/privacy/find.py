"""Personal data in a transcript: where it is said, of which kind, and which datum it is."""

import re
from collections.abc import Collection, Iterator

from pipeline.domain.calls import Transcript, Turn
from pipeline.domain.personal import PersonalKind, PersonalSpan
from pipeline.text.normalise import normalise
from pipeline.text.numbers import digit_form

_PAUSE = "[ ,.、-]{0,2}"
_SHAPES = (
    (PersonalKind.RESIDENT_ID, re.compile(rf"(?<!\d)[1-9]\d{{5}}{_PAUSE}(?:\d{_PAUSE}){{11}}[\dx](?!\d)")),
    (PersonalKind.BANK_CARD, re.compile(rf"(?<!\d)[3-6](?:{_PAUSE}\d){{15,18}}(?!\d)")),
    (PersonalKind.MOBILE, re.compile(rf"(?<!\d)1{_PAUSE}[3-9](?:{_PAUSE}\d){{9}}(?!\d)")),
)
_NO_DIGIT = re.compile(r"[^\dx]")


def find_personal(transcript: Transcript, *, own_numbers: Collection[str] = ()) -> tuple[PersonalSpan, ...]:
    """The personal data of ``transcript``, ordered by turn and place; spans do not overlap.

    Args:
        transcript: the call, as it was recognised.
        own_numbers: numbers of the company, such as its hotline: nobody's personal data.
    """
    own = frozenset(_NO_DIGIT.sub("", number) for number in own_numbers)
    return tuple(span for turn in transcript.turns for span in _numbers_of(turn) if span.value not in own)


def _numbers_of(turn: Turn) -> Iterator[PersonalSpan]:
    normal = normalise(turn.text)
    digits = digit_form(normal.text)
    text = normal.text if digits is None else digits.text
    found: list[PersonalSpan] = []
    for kind, shape in _SHAPES:
        for match in shape.finditer(text):
            start, end = match.span()
            if digits is not None:
                start, end = digits.original_span(start, end)
            start, end = normal.original_span(start, end)
            if all(end <= other.char_start or start >= other.char_end for other in found):
                found.append(PersonalSpan(turn.index, start, end, kind, _NO_DIGIT.sub("", match.group())))
    yield from sorted(found, key=lambda span: span.char_start)

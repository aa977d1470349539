"""Personal data in a transcript: where it is said, of which kind, and which datum it is."""

import re
from collections.abc import Collection, Iterator, Sequence

from pipeline.domain.calls import Transcript
from pipeline.domain.personal import PersonalKind, PersonalSpan
from pipeline.privacy.find_addresses import find_addresses
from pipeline.privacy.find_births import find_births
from pipeline.privacy.find_codes import find_codes
from pipeline.privacy.find_cues import cues_of
from pipeline.privacy.find_digits import digit_runs, slips_mended
from pipeline.privacy.find_names import find_names
from pipeline.privacy.find_numbers import find_numbers
from pipeline.privacy.find_said import Found, Said, said

_NO_DIGIT = re.compile(r"\D")
_FEWEST_EQUAL = 9
"""From how many digits two numbers that differ in two of them are one, said once with a slip."""


def find_personal(transcript: Transcript, *, own_numbers: Collection[str] = ()) -> tuple[PersonalSpan, ...]:
    """The personal data of ``transcript``, ordered by turn and place; spans do not overlap.

    Args:
        transcript: the call, as it was recognised.
        own_numbers: numbers of the company, such as its hotline: nobody's personal data.
    """
    call = said(transcript)
    if not call.text.strip():
        return ()
    heard = cues_of(call.text)
    mended = slips_mended(call.text)
    own = frozenset(_NO_DIGIT.sub("", number) for number in own_numbers)
    groups: Sequence[Iterator[Found]] = (
        find_codes(call, heard),
        find_births(call, heard),
        find_addresses(call, heard),
        find_numbers(call, digit_runs(call, mended), heard, own),
        find_names(call, heard),
    )
    return tuple(call.span(found) for found in _one_datum_one_value(_apart(call, groups)))


def _apart(call: Said, groups: Sequence[Iterator[Found]]) -> list[Found]:
    """All that was found, in order, the earlier groups first served where two overlap."""
    taken = bytearray(len(call.text))
    kept: list[Found] = []
    for group in groups:
        for found in group:
            start, end = found.start, found.end
            line = call.text.find("\n", start, end)
            end = line if line >= 0 else end
            while start < end and taken[start]:
                start += 1
            while end > start and taken[end - 1]:
                end -= 1
            if start < end and not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                kept.append(Found(start, end, found.kind, found.value))
    return sorted(kept, key=lambda found: found.start)


def _one_datum_one_value(found: Sequence[Found]) -> Iterator[Found]:
    """``found``, where what was said twice, or once with a slip, has the value of the first time."""
    firsts: list[tuple[PersonalKind, str]] = []
    for datum in found:
        value = next((first for kind, first in firsts if kind is datum.kind and _same(first, datum.value)), None)
        if value is None:
            firsts.append((datum.kind, datum.value))
            yield datum
        else:
            yield Found(datum.start, datum.end, datum.kind, value)


def _same(first: str, second: str) -> bool:
    if first == second:
        return True
    if not (first.isdecimal() and second.isdecimal()) or len(second) < _FEWEST_EQUAL:
        return False
    return len(first) == len(second) and sum(a != b for a, b in zip(first, second, strict=True)) <= 2

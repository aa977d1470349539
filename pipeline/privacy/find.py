"""Personal data in a transcript: where it is said, of which kind, and which datum it is."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from pipeline.domain.calls import Transcript
from pipeline.domain.personal import PersonalKind, PersonalSpan
from pipeline.privacy.find_addresses import find_addresses, find_doors
from pipeline.privacy.find_births import find_births
from pipeline.privacy.find_codes import find_codes
from pipeline.privacy.find_cues import Heard, cues_of
from pipeline.privacy.find_digits import digit_runs, slips_mended
from pipeline.privacy.find_english import find_english
from pipeline.privacy.find_names import find_names
from pipeline.privacy.find_numbers import find_numbers, is_own
from pipeline.privacy.find_said import Found, Said, said
from pipeline.privacy.find_spelling import owners

_NO_DIGIT = re.compile(r"\D")
_NOTHING = "\ufffc"
"""Stands for what was found before: no digit and no pause."""
_FEWEST_EQUAL = 9
"""From how many digits two numbers that differ in two of them are one, said once with a slip."""


def find_personal(
    transcript: Transcript, *, own_numbers: Collection[str] = (), spoken: bool = True
) -> tuple[PersonalSpan, ...]:
    """The personal data of ``transcript``, ordered by turn and place; spans do not overlap.

    Args:
        transcript: the call, as it was recognised.
        own_numbers: numbers of the company, such as its hotline: nobody's personal data.
        spoken: whether it was. The network knows nothing of what is typed or of names of files: rules alone find there.
    """
    call = said(transcript)
    if not call.text.strip():
        return ()
    own = frozenset(_NO_DIGIT.sub("", number) for number in own_numbers)
    found, heard = found_by_rules(call, own)
    if spoken:
        # numpy and the network are loaded where text is masked, not by every command.
        from pipeline.privacy.find_tagged import find_tagged

        found = find_tagged(call, found, heard, lambda digits: is_own(digits, own))
    found.sort(key=lambda datum: datum.start)
    return tuple(_disjoint(call.span(datum) for datum in _one_datum_one_value(_owned(found))))


def found_by_rules(call: Said, own: Collection[str]) -> tuple[list[Found], Sequence[Heard]]:
    """What the rules find in a call, and the words that announce data.

    Args:
        own: the digits of the company's own numbers.
    """
    taken = bytearray(len(call.text))
    heard = cues_of(call.text)
    mended = slips_mended(call.text)
    found = list(_apart(call, taken, find_codes(replace(call, text=mended), heard), find_addresses(call, heard)))
    found += _apart(call, taken, find_english(call, heard))
    runs = digit_runs(call, _without(mended, found))
    numbers = find_numbers(call, runs, heard, own)
    found += _apart(call, taken, numbers, find_births(call, heard), find_doors(call, heard), find_names(call, heard))
    return found, heard


def _without(text: str, found: Sequence[Found]) -> str:
    """``text`` with other characters where something was found, as long as before."""
    for datum in found:
        text = text[: datum.start] + _NOTHING * (datum.end - datum.start) + text[datum.end :]
    return text


def _apart(call: Said, taken: bytearray, *groups: Iterable[Found]) -> Iterator[Found]:
    """All that was found, each in its turn, the earlier groups first served where two overlap."""
    for group in groups:
        for found in group:
            line = call.text.find("\n", found.start, found.end)
            end = line if line >= 0 else found.end
            for start, stop in _free(taken, found.start, end):
                yield Found(start, stop, found.kind, found.value)
            taken[found.start : end] = b"\1" * (end - found.start)


def _free(taken: bytearray, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The stretches of ``[start, end)`` that are not taken."""
    while start < end:
        if taken[start]:
            start += 1
            continue
        stop = start
        while stop < end and not taken[stop]:
            stop += 1
        yield start, stop
        start = stop


def _disjoint(spans: Iterable[PersonalSpan]) -> Iterator[PersonalSpan]:
    """``spans``, in order, where a character of the original became several that two of them share."""
    turn, end = -1, 0
    for span in spans:
        start = max(span.char_start, end) if span.turn == turn else span.char_start
        if start < span.char_end:
            yield replace(span, char_start=start)
            turn, end = span.turn, span.char_end


def _owned(found: Sequence[Found]) -> list[Found]:
    """``found``, where a surname or a given name alone has the value of the only full name it can belong to."""
    values = owners({datum.value for datum in found if datum.kind is PersonalKind.NAME})
    return [
        replace(datum, value=values.get(datum.value, datum.value)) if datum.kind is PersonalKind.NAME else datum
        for datum in found
    ]


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

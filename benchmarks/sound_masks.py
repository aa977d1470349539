"""How far times of words are off, and what a speech model still reads out of masked calls, by the margin of the mask.

    python benchmarks/sound_masks.py [--calls DIR] [--margins 0 0.1 …]

First line: begin and end of words against the labelled turns, whose times come from the speech synthesis. Then every
number of three digits and more, as the model wrote it in any call, is masked with each margin, and the masked recording
goes through the same model again. Digits count as read where two in a row that the call really holds are written inside
the mask or within a second of it; the seconds that are masked are the price. ``docs/retention.md`` has the figures.
"""

import argparse
import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipeline.asr.base import AsrBackend, AsrOptions, ChannelSpeech, open_backend
from pipeline.asr.transcribe import transcribe_call
from pipeline.audio.crosstalk import find_speech
from pipeline.audio.decode import decode_recording
from pipeline.audio.masking import SoundMask, sound_mask
from pipeline.audio.signals import measure_signals
from pipeline.audio.transcode import write_wav
from pipeline.domain.calls import Role, Span, Transcript, Turn
from pipeline.domain.personal import PersonalKind, PersonalSpan, mask_transcript
from pipeline.evaluation.labelled import read_labelled
from pipeline.text.normalise import normalise
from pipeline.text.numbers import digit_form

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
ROLES = (Role.AGENT, Role.CUSTOMER)
MARGINS_S = (0.0, 0.1, 0.2, 0.3, 0.5, 0.8)
_DIGIT = "0-9零〇一二三四五六七八九幺"
_NUMBER = re.compile(rf"[{_DIGIT}](?:[ ,，、]?[{_DIGIT}]){{2,}}")
_PAIR = re.compile(rf"[{_DIGIT}]{{2}}")
NEAR_S = 1.0


@dataclass(frozen=True)
class Heard:
    """A recording as the model wrote it."""

    transcript: Transcript
    unwritten: tuple[Span, ...]


def hear(backend: AsrBackend, file: Path) -> Heard:
    """What the model writes of a recording, as a run would store it."""
    audio = decode_recording(file)
    speech = find_speech(audio)
    roles = ROLES if len(audio.channels) == 2 else (Role.UNKNOWN,)
    channels = [ChannelSpeech(samples, spans) for samples, spans in zip(audio.channels, speech, strict=True)]
    transcript = transcribe_call(backend, channels, roles, duration_s=audio.format.duration_s)
    coverage = measure_signals(transcript, audio=audio, speech=speech, roles=roles).coverage
    return Heard(transcript, tuple(span for one in coverage for span in one.unwritten))


def numbers_in(transcript: Transcript) -> list[PersonalSpan]:
    """Every number of three digits and more, whoever says it."""
    return [
        PersonalSpan(turn.index, *match.span(), PersonalKind.NUMBER, match.group())
        for turn in transcript.turns
        for match in _NUMBER.finditer(turn.text)
    ]


def mask_numbers(heard: Heard, numbers: Sequence[PersonalSpan], margin_s: float) -> SoundMask:
    """The mask over the numbers."""
    mask = sound_mask(mask_transcript(heard.transcript, numbers), unwritten=heard.unwritten, margin_s=margin_s)
    assert mask is not None
    return mask


def digits_of(transcript: Transcript) -> list[str]:
    """The numbers of a call as digits."""
    return [_digits(span.value) for span in numbers_in(transcript)]


def _digits(text: str) -> str:
    form = digit_form(normalise(text).text)
    return re.sub(r"\D", "", form.text if form is not None else text)


def read_again(backend: AsrBackend, file: Path, mask: SoundMask, numbers: Sequence[str], near: SoundMask) -> list[str]:
    """Pairs of digits of the numbers that the model writes within a second of ``near`` when it hears the file."""
    looked_at = [Span(span.start_s - NEAR_S, span.end_s + NEAR_S) for span in near.spans]
    found = []
    with tempfile.TemporaryDirectory() as folder:
        masked = Path(folder, "masked.wav")
        write_wav(file, masked, mask)
        turns = hear(backend, masked).transcript.turns
    for turn in turns:
        for match in _PAIR.finditer(turn.text):
            when = turn.span_of(*match.span())
            is_theirs = any(_digits(match.group()) in number for number in numbers)
            if is_theirs and any(when.overlap_s(span) > 0 for span in looked_at):
                found.append(match.group())
    return found


def boundary_errors(heard: Heard, reference: Sequence[Turn]) -> list[tuple[float, float]]:
    """For each labelled turn how late its first word begins and its last word ends, in seconds; negative is early."""
    errors = []
    for turn in reference:
        channel = ROLES.index(turn.role)
        middle = [
            word
            for other in heard.transcript.turns
            if other.channel == channel
            for word in other.words
            if turn.start_s - 0.3 < (word.start_s + word.end_s) / 2 < turn.end_s + 0.3
        ]
        if middle:
            errors.append((middle[0].start_s - turn.start_s, middle[-1].end_s - turn.end_s))
    return errors


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=Path, default=SAMPLES)
    parser.add_argument("--margins", type=float, nargs="+", default=MARGINS_S)
    options = parser.parse_args()
    backend = open_backend(AsrOptions())
    labelled = {call.recording: call.call for call in read_labelled([options.calls / "labels.jsonl"])}
    heard = {name: hear(backend, options.calls / name) for name in labelled}
    _print_boundaries(
        [error for name in labelled for error in boundary_errors(heard[name], labelled[name].transcript.turns)]
    )
    table = Table("margin s", "numbers", "calls with digits read again", "digits", "masked s", title="masked numbers")
    for margin_s in options.margins:
        masks = {name: mask_numbers(one, numbers_in(one.transcript), margin_s) for name, one in heard.items()}
        read = {
            name: read_again(backend, options.calls / name, mask, digits_of(labelled[name].transcript), mask)
            for name, mask in masks.items()
            if mask.spans
        }
        masked_s = sum(masks[name].masked_s(heard[name].transcript.duration_s) for name in heard)
        numbers = sum(len(numbers_in(one.transcript)) for one in heard.values())
        again = {name: pairs for name, pairs in read.items() if pairs}
        table.add_row(f"{margin_s:g}", str(numbers), str(len(again)), json.dumps(again), f"{masked_s:.1f}")
    Console(width=150).print(table)


def _print_boundaries(errors: Sequence[tuple[float, float]]) -> None:
    table = Table("edge", "n", "median s", "5 %", "95 %", "worst early", "worst late", title="times of words")
    for name, values in (("begin", [one for one, _ in errors]), ("end", [one for _, one in errors])):
        ordered = sorted(values)
        at = [ordered[round(share * (len(ordered) - 1))] for share in (0.5, 0.05, 0.95, 0.0, 1.0)]
        table.add_row(name, str(len(ordered)), *(f"{value:+.2f}" for value in at))
    Console(width=150).print(table)


if __name__ == "__main__":
    main()

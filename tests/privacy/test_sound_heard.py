"""A real speech model hears a masked call and writes none of the digits that it wrote of the clear one."""

from pathlib import Path

import pytest

from benchmarks.sound_masks import boundary_errors, digits_of, hear, mask_numbers, numbers_in, read_again
from pipeline.asr.base import AsrOptions, open_backend
from pipeline.audio.masking import MARGIN_S, NOTHING
from pipeline.evaluation.labelled import read_labelled

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
pytestmark = pytest.mark.slow


def test_none_of_the_digits_is_heard():
    name = "s04.wav"
    (labelled,) = (call.call for call in read_labelled([SAMPLES / "labels.jsonl"]) if call.recording == name)
    backend = open_backend(AsrOptions())
    heard = hear(backend, SAMPLES / name)
    mask = mask_numbers(heard, numbers_in(heard.transcript), MARGIN_S)
    said = digits_of(labelled.transcript)
    assert "13800138000" in said
    assert 0 < mask.masked_s(60) < 15
    # Without the tone the same way of counting finds them.
    assert len(read_again(backend, SAMPLES / name, NOTHING, said, mask)) >= 3
    assert read_again(backend, SAMPLES / name, mask, said, mask) == []
    # Half a second is more than any edge of a word is off.
    edges = boundary_errors(heard, labelled.transcript.turns)
    assert max(max(begin, -end) for begin, end in edges) < MARGIN_S

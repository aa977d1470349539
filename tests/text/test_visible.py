"""What cannot be seen in a name is written out."""

import pytest

from pipeline.text.visible import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("a\u2066b\u2069", "a\\u2066b\\u2069"),
        ("\u200f1.wav", "\\u200f1.wav"),
        ("a\nb\tc\x1b[31m", "a\\u000ab\\u0009c\\u001b[31m"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("caf\udce9.wav", "caf\\udce9.wav"),
        ("录音 é 🎧.wav", "录音 é 🎧.wav"),
        ("", ""),
    ],
    ids=["override", "isolate", "mark", "controls", "no width", "undecodable", "ordinary", "empty"],
)
def test_what_cannot_be_seen_is_written_out(text, shown):
    assert visible(text) == shown

"""Damaged bytes of every format: decoded or refused, never anything else, and soon."""

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.audio.decode import decode_recording
from pipeline.domain.errors import AudioError
from tests.audio.recordings import FIXTURES, FORMATS, tones, write

LIMIT_S = 5.0
"""Decoding one of these two-second files takes some milliseconds; this is for a machine that does much else."""


def cut(content: bytearray, rng: random.Random) -> None:
    del content[rng.randrange(len(content)) :]


def flip(content: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 10, 100))):
        content[rng.randrange(len(content))] = rng.randrange(256)


def flip_header(content: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 2, 4))):
        content[rng.randrange(min(200, len(content)))] = rng.choice((0, 127, 128, 255, rng.randrange(256)))


def blank(content: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(content))
    content[start : start + 2000] = bytes(len(content[start : start + 2000]))


def insert(content: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(content))
    content[start:start] = rng.randbytes(rng.randrange(1, 500))


def remove(content: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(content))
    del content[start : start + rng.randrange(1, 1500)]


DAMAGES: tuple[Callable[[bytearray, random.Random], None], ...] = (cut, flip, flip_header, blank, insert, remove)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*FORMATS, *sorted(path.name for path in FIXTURES.iterdir())])
def test_damage_is_refused_or_decoded(tmp_path, name):
    if name in FORMATS:
        form = FORMATS[name]
        path = write(tmp_path / f"call.{form.suffix}", tones(form), form)
    else:
        path = tmp_path / Path(name).name
        path.write_bytes((FIXTURES / name).read_bytes())
    whole = path.read_bytes()
    rng = random.Random(name)
    for damage in DAMAGES * 4:
        content = bytearray(whole)
        damage(content, rng)
        path.write_bytes(content)
        begin = time.perf_counter()
        try:
            audio = decode_recording(path)
            assert 1 <= len(audio.channels) <= 2
        except AudioError as error:
            assert error.fault is not None
        assert time.perf_counter() - begin < LIMIT_S

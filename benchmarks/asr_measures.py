"""What ``benchmarks/asr.py`` measures: errors, invented text, times of turns, intervals."""

import json
import random
import statistics
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from asr_systems import Heard, Piece, joined

from pipeline.evaluation.cer import CharacterErrors, character_errors, total_errors

NEAR_S = 0.5
"""Text further than this from anything said in its channel is invented."""
SAMPLE_RATE_HZ = 8000
NOISE_S = 30


@dataclass(frozen=True)
class Reference:
    """What was said in a sample call."""

    name: str
    duration_s: float
    turns: tuple[Piece, ...]


def read_references(path: Path) -> tuple[Reference, ...]:
    """The labelled calls of ``path``, whose channels are agent and customer."""
    calls = []
    for line in path.read_text(encoding="utf-8").splitlines():
        call = json.loads(line)
        roles = (call["channels"]["left"], call["channels"]["right"])
        turns = tuple(
            Piece(roles.index(turn["role"]), turn["start_s"], turn["end_s"], turn["text"]) for turn in call["turns"]
        )
        calls.append(Reference(call["recording"], call["duration_s"], turns))
    return tuple(calls)


def call_errors(reference: Reference, heard: Heard) -> CharacterErrors:
    """Characters of both channels, each against what its party said."""
    return total_errors(
        character_errors(joined(reference.turns, channel), joined(heard.turns, channel)) for channel in (0, 1)
    )


def spoken_length(text: str) -> int:
    """Letters, digits and Chinese characters of ``text``."""
    return sum(char.isalnum() for char in text)


def invented_characters(reference: Reference, heard: Heard) -> int:
    """Characters that were written where nobody speaks in the channel.

    By word times, else with the characters of a segment spread evenly over it.
    """
    count = 0
    for piece in heard.words or heard.turns:
        spoken = [one for one in reference.turns if one.channel == piece.channel]
        chars = [char for char in piece.text if char.isalnum()]
        for index in range(len(chars)):
            at_s = piece.start_s + (index + 0.5) / len(chars) * (piece.end_s - piece.start_s)
            count += all(not one.start_s - NEAR_S <= at_s <= one.end_s + NEAR_S for one in spoken)
    return count


@dataclass(frozen=True)
class TurnErrors:
    """How far the times of turns are from the reference's, over all calls."""

    reference_turns: int
    found_turns: int
    start_s: float
    """Median distance of starts."""
    start_p90_s: float
    end_s: float
    end_p90_s: float


def turn_errors(references: Sequence[Reference], heard: Sequence[Heard]) -> TurnErrors:
    """Each turn of the reference against the turns of its channel that overlap it: first start, last end."""
    starts, ends = [], []
    for reference, one in zip(references, heard, strict=True):
        for turn in reference.turns:
            found = [
                piece
                for piece in one.turns
                if piece.channel == turn.channel and piece.start_s < turn.end_s and piece.end_s > turn.start_s
            ]
            if found:
                starts.append(abs(min(piece.start_s for piece in found) - turn.start_s))
                ends.append(abs(max(piece.end_s for piece in found) - turn.end_s))
    return TurnErrors(
        sum(len(reference.turns) for reference in references),
        sum(len(one.turns) for one in heard),
        statistics.median(starts),
        statistics.quantiles(starts, n=10)[-1],
        statistics.median(ends),
        statistics.quantiles(ends, n=10)[-1],
    )


def bootstrap_interval(errors: Sequence[CharacterErrors], *, draws: int = 2000) -> tuple[float, float]:
    """95 % of the pooled rates over calls drawn again, with the same seed each time.

    Source: Bisani and Ney, "Bootstrap estimates for confidence intervals in ASR performance evaluation" (2004).
    """
    chance = random.Random(1)
    rates = sorted(total_errors(chance.choices(errors, k=len(errors))).rate or 0.0 for _ in range(draws))
    return rates[round(draws * 0.025)], rates[round(draws * 0.975) - 1]


def chosen_elsewhere(by_configuration: dict[str, Sequence[CharacterErrors]]) -> CharacterErrors:
    """Errors on each call by the configuration that has the fewest on all other calls."""
    calls = range(len(next(iter(by_configuration.values()))))

    def elsewhere(name: str, left_out: int) -> int:
        return sum(one.wrong for call, one in enumerate(by_configuration[name]) if call != left_out)

    return total_errors(
        by_configuration[min(by_configuration, key=lambda name: elsewhere(name, call))][call] for call in calls
    )


def write_empty_calls(folder: Path) -> list[Path]:
    """Stereo recordings of 30 s in which nobody speaks: line noise, a hum, a ringing tone, hold music, clicks."""
    chance = np.random.default_rng(1)
    time_s = np.arange(NOISE_S * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    noise = chance.standard_normal(len(time_s))
    chord = np.array([261.6, 329.6, 392.0, 523.3])[(time_s * 4).astype(int) % 4]
    sounds = {
        "noise": 0.003 * noise,
        "hum": 0.05 * np.sin(2 * np.pi * 50 * time_s) + 0.001 * noise,
        "ringing": 0.2 * np.sin(2 * np.pi * 450 * time_s) * (time_s % 5 < 1) + 0.001 * noise,
        "music": 0.2 * np.sin(2 * np.pi * np.cumsum(chord) / SAMPLE_RATE_HZ) + 0.001 * noise,
        "clicks": 0.5 * noise * (chance.random(len(time_s)) < 0.0005) + 0.001 * noise,
    }
    paths = []
    for name, sound in sounds.items():
        other = 0.001 * chance.standard_normal(len(time_s))
        path = folder / f"{name}.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE_HZ)
            file.writeframes((np.stack([sound, other], axis=1).clip(-1, 1) * 32767).astype("<i2").tobytes())
        paths.append(path)
    return paths

"""How well speech is found in the sample calls, what leaks are taken out, and what it costs.

Three tables. *Options*: frames of 10 ms against the reference turns of the eight samples without leaks; a pause within
a turn counts as speech there, so no setting misses nothing. *Leaks*: seconds of the other party kept and of the own
party lost, in the samples and in mixes of them with an echo of given gain, delay and way. *Cost*: processor time in
per cent of the length of the calls, both channels. ``--format json`` prints the same figures for machines.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table

from pipeline.audio.activity import SpeechOptions, detect_speech
from pipeline.audio.crosstalk import remove_leaks
from pipeline.audio.decode import SAMPLE_RATE_HZ, decode_recording
from pipeline.audio.levels import dbfs, frame_power
from pipeline.audio.signals import measure_signals
from pipeline.audio.spans import common, total_s, union, within, without
from pipeline.domain.calls import Role, Span, Transcript, Turn

if TYPE_CHECKING:
    from numpy.typing import NDArray

REPOSITORY = Path(__file__).parents[1]
SAMPLES = REPOSITORY / "data" / "samples"
REAL = REPOSITORY.parent / "shared" / "data" / "real" / "calls_en"
FRAME_S = 0.01
EDGE_S = 0.15
"""What is found this close to a party's own speech is no leak: boundaries are that uncertain."""
DEFAULT = SpeechOptions()
Spans = tuple[Span, ...]
Detector = Callable[["NDArray[np.float32]"], Spans]
Row = dict[str, str | float]


@dataclass(frozen=True)
class Sample:
    """A sample call with its reference."""

    name: str
    channels: "NDArray[np.float32]"
    turns: tuple[Spans, ...]
    """For each channel."""
    transcript: Transcript
    decode_s: float
    """Processor time that decoding took."""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.channels.shape[1] / SAMPLE_RATE_HZ


def load_samples() -> list[Sample]:
    """The ten sample calls."""
    samples = []
    for line in (SAMPLES / "labels.jsonl").read_text(encoding="utf-8").splitlines():
        call = json.loads(line)
        turns = tuple(
            Turn(i, Role(t["role"]), t["start_s"], t["end_s"], t["text"], channel=int(t["role"] == "customer"))
            for i, t in enumerate(call["turns"])
        )
        begin = time.process_time()
        audio = decode_recording(SAMPLES / call["recording"])
        decode_s = time.process_time() - begin
        spans = tuple(union(turn.span for turn in turns if turn.channel == channel) for channel in (0, 1))
        transcript = Transcript(turns, call["duration_s"])
        samples.append(Sample(call["recording"], audio.channels, spans, transcript, decode_s))
    return samples


def faster_whisper_defaults(channel: "NDArray[np.float32]") -> Spans:
    """Speech as faster-whisper's own voice filter finds it."""
    from faster_whisper.vad import get_speech_timestamps

    found = get_speech_timestamps(channel)
    return tuple(Span(one["start"] / SAMPLE_RATE_HZ, one["end"] / SAMPLE_RATE_HZ) for one in found)


DETECTORS: dict[str, Detector] = {
    "default": detect_speech,
    "threshold 0.3": lambda channel: detect_speech(channel, replace(DEFAULT, threshold=0.3, release=0.15)),
    "threshold 0.5": lambda channel: detect_speech(channel, replace(DEFAULT, threshold=0.5, release=0.35)),
    "no onset": lambda channel: detect_speech(channel, replace(DEFAULT, onset=1.0)),
    "padded 0.2 s": lambda channel: detect_speech(channel, replace(DEFAULT, pad_s=0.2)),
    "silence 0.3 s": lambda channel: detect_speech(channel, replace(DEFAULT, min_silence_s=0.3)),
    "silence 1 s": lambda channel: detect_speech(channel, replace(DEFAULT, min_silence_s=1.0)),
    "never afresh, all asked": lambda channel: detect_speech(
        channel,
        replace(
            DEFAULT, loud_over_floor_db=-300, loud_under_peak_db=300, max_stretch_s=1e6, max_gain_db=0, peak_dbfs=0
        ),
    ),
    "faster-whisper defaults": faster_whisper_defaults,
}


def frames(spans: Sequence[Span], count: int) -> "NDArray[np.bool_]":
    """Which frames the spans cover."""
    covered = np.zeros(count, np.bool_)
    for span in spans:
        covered[round(span.start_s / FRAME_S) : round(span.end_s / FRAME_S)] = True
    return covered


def option_rows(samples: Sequence[Sample]) -> Iterator[Row]:
    """Misses, false alarms and boundaries of each detector."""
    for name, detect in DETECTORS.items():
        spoken = missed = quiet = false = 0
        starts, ends = [], []
        begin = time.process_time()
        found = [[detect(channel) for channel in sample.channels] for sample in samples]
        cost_s = time.process_time() - begin
        for sample, spans in zip(samples, found, strict=True):
            count = int(sample.duration_s / FRAME_S) + 1
            for turns, heard in zip(sample.turns, spans, strict=True):
                wanted, got = frames(turns, count), frames(heard, count)
                spoken, missed = spoken + int(wanted.sum()), missed + int((wanted & ~got).sum())
                quiet, false = quiet + int((~wanted).sum()), false + int((got & ~wanted).sum())
                for turn in turns:
                    if met := within(heard, Span(turn.start_s - 0.3, turn.end_s + 0.3)):
                        starts.append(met[0].start_s - turn.start_s)
                        ends.append(met[-1].end_s - turn.end_s)
        yield {
            "options": name,
            "miss_pct": round(100 * missed / spoken, 2),
            "false_alarm_pct": round(100 * false / quiet, 2),
            "start_off_s": round(statistics.median(starts), 3),
            "end_off_s": round(statistics.median(ends), 3),
            "unheard_real_s": real_unheard_s(detect),
            "cost_pct": round(100 * cost_s / sum(sample.duration_s for sample in samples), 3),
        }


def real_unheard_s(detect: Detector) -> float | str:
    """Seconds of two real calls in which one channel is loud, the other is not, and no speech is found."""
    if not REAL.is_dir():
        return "n/a"
    block = SAMPLE_RATE_HZ // 5
    unheard = 0.0
    for path in sorted(REAL.glob("*.flac")):
        channels = decode_recording(path).channels
        levels = [dbfs(frame_power(channel, block)) for channel in channels]
        for channel, level, other in zip(channels, levels, levels[::-1], strict=True):
            loud = (level > np.percentile(level, 98) - 22) & (other < level - 10)
            for span in detect(channel):
                loud[int(span.start_s * 5) : int(span.end_s * 5) + 1] = False
            unheard += float(loud.sum()) / 5
    return round(unheard, 1)


def echo(sound: "NDArray[np.float32]", *, gain_db: float, delay_s: float, way: str) -> "NDArray[np.float32]":
    """What of ``sound`` comes back in the other channel."""
    padded = np.concatenate((np.zeros(round(delay_s * SAMPLE_RATE_HZ), np.float32), sound))[: len(sound)]
    size = 1 << (len(sound) + SAMPLE_RATE_HZ).bit_length()
    spectrum = np.fft.rfft(padded, size)
    hz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ)
    if way == "telephone":
        spectrum *= ((hz > 300) & (hz < 3000)) / (1 + hz / 1500)
    if way == "room":
        count = int(0.3 * SAMPLE_RATE_HZ)
        answer = np.random.default_rng(0).standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
        answer[0] = np.sqrt(np.square(answer[1:]).sum())
        spectrum *= np.fft.rfft(answer, size)
    back = np.fft.irfft(spectrum, size)[: len(sound)]
    gain = 10 ** (gain_db / 20) * np.sqrt(np.square(sound).mean() / np.square(back).mean())
    return (back * gain).astype(np.float32)


def leak_row(name: str, found: Sequence[Spans], heard: Sequence[Spans], true: Sequence[Spans]) -> Row:
    """Leak heard and kept, own speech lost."""
    near = [union(Span(one.start_s - EDGE_S, one.end_s + EDGE_S) for one in spans) for spans in true]
    return {
        "call": name,
        "leak_heard_s": round(sum(total_s(without(a, b)) for a, b in zip(heard, near, strict=True)), 2),
        "leak_kept_s": round(sum(total_s(without(a, b)) for a, b in zip(found, near, strict=True)), 2),
        "own_s": round(sum(total_s(common(a, b)) for a, b in zip(heard, true, strict=True)), 2),
        "own_lost_s": round(
            sum(total_s(without(common(h, t), f)) for h, t, f in zip(heard, true, found, strict=True)), 2
        ),
    }


def leak_rows(samples: Sequence[Sample]) -> Iterator[Row]:
    """The samples as they are, then the clean ones with echoes both ways, double talk included."""
    for sample in samples:
        heard = [detect_speech(channel) for channel in sample.channels]
        yield leak_row(sample.name, remove_leaks(sample.channels, heard), heard, sample.turns)
    clean = [sample.channels for sample in samples if not sample.name.endswith("opus")]
    for one, other in ((0, 5), (2, 1), (7, 6)):  # parties that talk over each other
        count = min(clean[one].shape[1], clean[other].shape[1])
        clean.append(np.stack((clean[one][0, :count], clean[other][1, :count])))
    true = [[detect_speech(channel) for channel in channels] for channels in clean]
    for way in ("straight", "telephone", "room"):
        for gain_db in (-12.0, -20.0, -30.0):
            for delay_s in (0.0, 0.02, 0.3):
                rows = []
                for channels, own in zip(clean, true, strict=True):
                    back = [echo(sound, gain_db=gain_db, delay_s=delay_s, way=way) for sound in channels]
                    mixed = np.stack((channels[0] + back[1], channels[1] + back[0]))
                    heard = [detect_speech(channel) for channel in mixed]
                    rows.append(leak_row("", remove_leaks(mixed, heard), heard, own))
                sums = {key: round(sum(float(row[key]) for row in rows), 2) for key in rows[0] if key != "call"}
                yield {"call": f"{way} {gain_db:g} dB, {1000 * delay_s:g} ms", **sums}


def cost_rows(samples: Sequence[Sample]) -> Iterator[Row]:
    """Processor time of each stage."""
    whole_s = sum(sample.duration_s for sample in samples)
    costs = {"decode": sum(sample.decode_s for sample in samples), "activity": 0.0, "crosstalk": 0.0, "signals": 0.0}
    for sample in samples:
        times = [time.process_time()]
        heard = [detect_speech(channel) for channel in sample.channels]
        times.append(time.process_time())
        own = remove_leaks(sample.channels, heard)
        times.append(time.process_time())
        measure_signals(sample.transcript, speech=own)
        times.append(time.process_time())
        for stage, begin, end in zip(("activity", "crosstalk", "signals"), times[:-1], times[1:], strict=True):
            costs[stage] += end - begin
    costs["all"] = sum(costs.values())
    for stage, cost_s in costs.items():
        yield {"stage": stage, "cost_pct": round(100 * cost_s / whole_s, 3)}


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--only", choices=("options", "leaks", "cost"), help="one table")
    arguments = parser.parse_args()
    decode_recording(SAMPLES / "s01.wav")  # loads FFmpeg
    samples = load_samples()
    detect_speech(samples[0].channels[0])  # loads the model
    clean = [sample for sample in samples if not sample.name.endswith("opus")]
    makers: dict[str, Callable[[], Iterator[Row]]] = {
        "options": lambda: option_rows(clean),
        "leaks": lambda: leak_rows(samples),
        "cost": lambda: cost_rows(samples),
    }
    tables = {name: list(make()) for name, make in makers.items() if arguments.only in (None, name)}
    if arguments.format == "json":
        json.dump(tables, sys.stdout, indent=1)
        return
    for name, rows in tables.items():
        table = Table(*rows[0], title=name)
        for row in rows:
            table.add_row(*(str(value) for value in row.values()))
        Console().print(table)


if __name__ == "__main__":
    main()

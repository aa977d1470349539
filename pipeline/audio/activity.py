"""Where somebody speaks in a channel, by the Silero model that comes with faster-whisper.

The choice of every default is measured by ``benchmarks/activity.py`` on the sample calls.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.audio.decode import SAMPLE_RATE_HZ
from pipeline.audio.levels import dbfs, frame_power
from pipeline.audio.spans import union
from pipeline.domain.calls import Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAME_SAMPLES = 512
"""The model gives one probability for each 32 ms. Source: Silero VAD v5 and v6 at 16 kHz."""
FRAME_S = FRAME_SAMPLES / SAMPLE_RATE_HZ
_CONTEXT_SAMPLES = 64
_STATE = (1, 1, 128)


@dataclass(frozen=True, slots=True)
class SpeechOptions:
    """What counts as speech. Probabilities are the model's, 0–1."""

    threshold: float = 0.4
    """Speech begins where the probability reaches this."""
    release: float = 0.25
    """Speech ends where the probability falls below this …"""
    min_silence_s: float = 0.5
    """… for as long as this; shorter pauses belong to the speech."""
    onset: float = 0.05
    """The model wakes up late on soft syllables: a beginning moves back while the probability is at least this."""
    min_speech_s: float = 0.1
    """Shorter sounds are clicks."""
    pad_s: float = 0.05
    """Added before a beginning. Ends need none, the model lets go 0.07 s late."""
    loud_over_floor_db: float = 3.0
    """Frames not this much above the channel's noise (its 10th percentile) are silence without asking the model."""
    loud_under_peak_db: float = 45.0
    """Nor are frames this much below the channel's loud speech (its 99th percentile)."""
    loud_margin_s: float = 0.5
    """What lies this close to a loud frame is given to the model too."""
    peak_dbfs: float = -24.0
    """Level that the channel's loud speech is brought to: the model overhears much where it is 10 dB louder."""
    max_gain_db: float = 20.0
    """No channel is amplified more, so that one with nothing but noise stays quiet."""
    max_stretch_s: float = 19.2
    """The model starts afresh after silence, and within longer stretches at their quietest frame. Left to run
    through two real calls it no longer heard a third of one channel."""
    warm_up_s: float = 0.25
    """Sound before a fresh start that the model hears without being asked."""


def detect_speech(channel: "NDArray[np.float32]", options: SpeechOptions = SpeechOptions()) -> tuple[Span, ...]:
    """Where somebody speaks in ``channel`` (16 kHz, -1 to 1), in seconds, sorted, without overlaps."""
    probabilities = speech_probabilities(channel, options)
    duration_s = len(channel) / SAMPLE_RATE_HZ
    found = []
    for first, last in _runs(probabilities, options):
        if (last - first) * FRAME_S >= options.min_speech_s:
            start_s = max(0.0, first * FRAME_S - options.pad_s)
            found.append(Span(round(start_s, 3), round(min(duration_s, last * FRAME_S), 3)))
    return union(found)


def speech_probabilities(channel: "NDArray[np.float32]", options: SpeechOptions = SpeechOptions()) -> list[float]:
    """The probability of speech for each started 32 ms of ``channel``; 0.0 where it is too quiet to ask."""
    from faster_whisper.vad import get_vad_model

    session = get_vad_model().session
    level = dbfs(frame_power(channel, FRAME_SAMPLES))
    count = -(-len(channel) // FRAME_SAMPLES)
    level = np.append(level, np.full(count - len(level), level[-1] if len(level) else 0.0, np.float32))
    peak = float(np.percentile(level, 99)) if count else 0.0
    gain = np.float32(10 ** (min(options.max_gain_db, options.peak_dbfs - peak) / 20))
    warm_up = round(options.warm_up_s / FRAME_S)
    probabilities = np.zeros(count, np.float32)
    fresh = np.zeros(_STATE, np.float32)
    for first, last in _stretches(level, options):
        begin = max(0, first - warm_up)
        inputs = {"input": _windows(channel, begin, last) * gain, "h": fresh, "c": fresh}
        probabilities[first:last] = session.run(None, inputs)[0].reshape(-1)[first - begin :]
    return [float(probability) for probability in probabilities]


def _stretches(level: "NDArray[np.float32]", options: SpeechOptions) -> list[tuple[int, int]]:
    """Frames ``[first, last)`` of each stretch that is loud enough, or near enough to it, to hold speech."""
    if not len(level):
        return []
    floor, peak = np.percentile(level, (10, 99))
    limit = max(floor + options.loud_over_floor_db, peak - options.loud_under_peak_db)
    margin = round(options.loud_margin_s / FRAME_S)
    near = np.convolve(level > limit, np.ones(2 * margin + 1), "full")[margin : margin + len(level)] > 0.5
    edges = np.flatnonzero(np.diff(near, prepend=False, append=False))
    longest = round(options.max_stretch_s / FRAME_S)
    smooth = np.convolve(level, np.ones(9), "same")
    stretches = []
    for first, last in edges.reshape(-1, 2).tolist():
        while last - first > longest:
            half = first + longest // 2
            cut = half + int(np.argmin(smooth[half : first + longest]))
            stretches.append((first, cut))
            first = cut
        stretches.append((first, last))
    return stretches


def _windows(channel: "NDArray[np.float32]", first: int, last: int) -> "NDArray[np.float32]":
    """The samples of each frame, led by the 64 before it; zeros beyond both ends of the channel."""
    begin, end = first * FRAME_SAMPLES - _CONTEXT_SAMPLES, last * FRAME_SAMPLES
    piece = np.pad(channel[max(0, begin) : end], (max(0, -begin), max(0, end - len(channel))))
    windows = np.lib.stride_tricks.sliding_window_view(piece, _CONTEXT_SAMPLES + FRAME_SAMPLES)
    return windows[::FRAME_SAMPLES]


def _runs(probabilities: list[float], options: SpeechOptions) -> list[tuple[int, int]]:
    """Frames ``[first, last)`` of each stretch of speech."""
    patience = round(options.min_silence_s / FRAME_S)
    runs: list[tuple[int, int]] = []
    first, last = -1, 0
    for frame, probability in enumerate(probabilities):
        if first < 0:
            if probability >= options.threshold:
                first, last = frame, frame + 1
                while first > 0 and probabilities[first - 1] >= options.onset:
                    first -= 1
        elif probability >= options.release:
            last = frame + 1
        elif frame + 1 - last >= patience:
            runs.append((first, last))
            first = -1
    if first >= 0:
        runs.append((first, last))
    return runs

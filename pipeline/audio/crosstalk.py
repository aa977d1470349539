"""Speech without what leaks from the other party's channel: echo, and codecs that mix the channels.

A leak is the other channel again: later by an echo's delay, weaker, and filtered by the way it took. So where both
channels seem to speak, the best such copy is subtracted, and what remains decides: noise means leak, speech
means that the party really spoke. Loudness alone would not do, a party may be 20 dB fainter than the other's echo.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pipeline.audio.activity import SpeechOptions, detect_speech
from pipeline.audio.decode import SAMPLE_RATE_HZ, CallAudio
from pipeline.audio.levels import dbfs, frame_power
from pipeline.audio.spans import common, union, within, without
from pipeline.domain.calls import Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK = 8192
"""Samples judged at once: half a second, in which neither delay nor way of an echo changes."""
_BAND = 2
"""Only the lower half of the spectrum is compared (up to 4 kHz): there is the voice of a telephone."""
_FRAME = 256
"""Of the compared signal, which has half the sample rate: 32 ms."""
_FRAME_S = _FRAME * _BAND / SAMPLE_RATE_HZ
_LOADING = 1e-4
"""Share of the power added to the diagonal, so that a band without sound has a solution."""


@dataclass(frozen=True, slots=True)
class LeakOptions:
    """When speech in one channel is the other's."""

    max_delay_s: float = 0.35
    """How late an echo may come. Source: ITU-T G.131 takes 25–400 ms for the delays that matter."""
    taps: int = 32
    """Length of the filter between the channels, at 8 kHz."""
    max_gain_db: float = -3.0
    """A copy without delay that is louder than this is no leak but the source of one."""
    max_delayed_gain_db: float = 3.0
    """A delayed copy may be louder, for channels recorded at different gains."""
    causal_s: float = 0.005
    """Delay from which the later channel must be the copy."""
    explained_db: float = 6.0
    """A frame is a leak where subtracting the copy takes away this much …"""
    over_noise_db: float = 6.0
    """… or what remains is not this much above the channel's noise …"""
    under_own_db: float = 20.0
    """… or is this much below the loud speech of the channel (95th percentile of what was heard)."""
    close_s: float = 0.5
    """Pauses up to this long between frames of a party's own speech belong to it."""
    min_speech_s: float = 0.1
    """Shorter remains are dropped."""
    pad_s: float = 0.1
    """Added at both ends of own speech found amid a leak, as far as the channel was heard speaking."""


@dataclass(frozen=True, slots=True)
class FindOptions:
    """How speech is found in a whole recording."""

    speech: SpeechOptions = field(default_factory=SpeechOptions)
    leak: LeakOptions = field(default_factory=LeakOptions)


def find_speech(audio: CallAudio, options: FindOptions = FindOptions()) -> tuple[tuple[Span, ...], ...]:
    """For each channel of ``audio`` where its own party speaks, in seconds, sorted, without overlaps."""
    heard = tuple(detect_speech(channel, options.speech) for channel in audio.channels)
    return remove_leaks(audio.channels, heard, options.leak)


def remove_leaks(
    channels: "NDArray[np.float32]",
    speech: Sequence[Sequence[Span]],
    options: LeakOptions = LeakOptions(),
) -> tuple[tuple[Span, ...], ...]:
    """``speech`` of two channels without what leaked from one into the other; of one channel as it is."""
    if len(channels) != 2:
        return tuple(tuple(spans) for spans in speech)
    return (
        _own_speech(channels[0], channels[1], speech[0], speech[1], options),
        _own_speech(channels[1], channels[0], speech[1], speech[0], options),
    )


def _own_speech(
    channel: "NDArray[np.float32]",
    other: "NDArray[np.float32]",
    spans: Sequence[Span],
    other_spans: Sequence[Span],
    options: LeakOptions,
) -> tuple[Span, ...]:
    reach = union(Span(span.start_s, span.end_s + options.max_delay_s) for span in other_spans)
    contested = common(spans, reach)
    limit = _loudest_remains(channel, spans, options)
    own: list[Span] = []
    for stretch in contested:
        own.extend(_own_in_stretch(channel, other, stretch, limit, options))
    kept = union((*without(spans, contested), *own))
    joined = [
        part
        for span in spans
        for part in union(within(kept, span), max_gap_s=options.close_s)
        if part.duration_s >= options.min_speech_s
    ]
    return tuple(Span(round(span.start_s, 3), round(span.end_s, 3)) for span in joined)


def _loudest_remains(channel: "NDArray[np.float32]", spans: Sequence[Span], options: LeakOptions) -> float:
    """Power up to which what remains of a frame is noise.

    The loudest frames heard in a channel are its own party's, unless that party never speaks.
    """
    level = dbfs(frame_power(channel, _FRAME * _BAND))
    limit = float(np.percentile(level, 10)) + options.over_noise_db
    heard = [level[int(span.start_s / _FRAME_S) : int(span.end_s / _FRAME_S)] for span in spans]
    if sum(len(frames) for frames in heard):
        limit = max(limit, float(np.percentile(np.concatenate(heard), 95)) - options.under_own_db)
    return float(10 ** (limit / 10))


def _own_in_stretch(
    channel: "NDArray[np.float32]",
    other: "NDArray[np.float32]",
    stretch: Span,
    limit: float,
    options: LeakOptions,
) -> tuple[Span, ...]:
    first, last = (int(time_s * SAMPLE_RATE_HZ) for time_s in (stretch.start_s, stretch.end_s))
    own: list[Span] = []
    for index in range(first // _BLOCK, -(-last // _BLOCK)):
        begin = max(0, min(index * _BLOCK, len(channel) - _BLOCK))
        end = min(begin + _BLOCK, len(channel))
        sound, remains = _subtract_copy(channel, other, begin, end, options)
        before, after = frame_power(sound, _FRAME), frame_power(remains, _FRAME)
        is_own = (after > limit) & (after > before * 10 ** (-options.explained_db / 10))
        for frame in np.flatnonzero(is_own).tolist():
            start_s = begin / SAMPLE_RATE_HZ + frame * _FRAME_S
            own.append(Span(start_s, start_s + _FRAME_S))
    runs = [
        run
        for run in union(common(union(own), (stretch,)), max_gap_s=options.close_s)
        if run.duration_s >= options.min_speech_s
    ]
    padded = [Span(run.start_s - options.pad_s, run.end_s + options.pad_s) for run in runs]
    return common(union(padded), (stretch,))


def _subtract_copy(
    channel: "NDArray[np.float32]", other: "NDArray[np.float32]", begin: int, end: int, options: LeakOptions
) -> tuple["NDArray[np.float32]", "NDArray[np.float32]"]:
    """Samples ``[begin, end)`` of ``channel`` at half the rate, and the same less the best copy of ``other``.

    The copy is found as the delay of the highest normalised cross-correlation, then the filter of least squares
    around it (Wiener filter, by the autocorrelation method).
    """
    lead = int(options.max_delay_s * SAMPLE_RATE_HZ) // _BAND * _BAND
    count, leads, taps = (end - begin) // _BAND, lead // _BAND, options.taps
    half = 1 << (count + leads + 2 * taps).bit_length()
    source = other[max(0, begin - lead) : end]
    source = np.pad(source, (end - begin + lead - len(source), 0))
    spectrum = np.fft.rfft(channel[begin:end], half * _BAND)[: half // 2 + 1]
    sources = np.fft.rfft(source, half * _BAND)[: half // 2 + 1]
    sound = np.fft.irfft(spectrum, half)[:count].astype(np.float32, copy=False) / np.float32(_BAND)
    copy = np.fft.irfft(sources, half)[: count + leads] / np.float32(_BAND)
    product = np.fft.irfft(sources * np.conj(spectrum), half) / np.float32(_BAND**2)
    power = np.concatenate(([0.0], np.cumsum(np.square(copy, dtype=np.float64))))
    energy = power[count : count + leads + 1] - power[: leads + 1]
    offset = int(np.argmax(np.abs(product[: leads + 1]) / np.sqrt(np.maximum(energy, 1e-12))))
    # The filter begins a quarter of its length before the delay found; lags count backwards from there.
    shift = offset + taps // 4
    window = np.pad(copy, taps)[shift + 1 : shift + taps + count]
    lags = [float(np.dot(window[: len(window) - lag], window[lag:])) for lag in range(taps)]
    gram = np.array(lags)[np.abs(np.subtract.outer(np.arange(taps), np.arange(taps)))]
    gram[np.diag_indices(taps)] += max(_LOADING * lags[0], 1e-9)
    weights = np.linalg.solve(gram, product[(shift - np.arange(taps)) % half].astype(np.float64))
    predicted = np.convolve(window, weights.astype(np.float32), "valid").astype(np.float32, copy=False)
    gain = float(np.dot(predicted, predicted)) / max(float(energy[offset]), 1e-12)
    delay_s = (leads - offset) * _BAND / SAMPLE_RATE_HZ
    ceiling_db = options.max_gain_db if delay_s < options.causal_s else options.max_delayed_gain_db
    if gain > 10 ** (ceiling_db / 10):
        return sound, sound
    return sound, sound - predicted

"""Speech without what leaks from the other party's channel: echo, and codecs that mix the channels.

A leak is the other channel again: later by an echo's delay, weaker, and filtered by the way it took. So where both
channels seem to speak, the best such copy is subtracted, and what remains decides: noise means leak, speech
means that the party really spoke. An echo from a room is no such copy, but its loudness goes up and down with the
other's in every band. Loudness alone would not do, a party may be 20 dB fainter than the other's echo.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pipeline.audio.activity import SpeechOptions, detect_speech
from pipeline.audio.decode import SAMPLE_RATE_HZ, CallAudio
from pipeline.audio.levels import dbfs, frame_power
from pipeline.audio.spans import common, total_s, union, within, without
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
_HOP = 128
"""Of the compared signal: 16 ms."""
_BANDS = (6, 16, 29, 48, 74, 109)
"""Edges of the bands, in steps of 31.25 Hz: 190, 500, 900, 1500, 2300, 3400 Hz."""
_QUIET = 1e-5
"""Band powers below this count as silence."""
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
    alike: float = 0.78
    """Half a second is a leak where the loudness of all bands, in dB, correlates this much with the other's, up to an
    echo's delay. Of half seconds of the samples, 95 % of room echoes are above 0.80, 99 % of double talk below 0.75."""
    alike_gain_db: float = -6.0
    """And where it is at least this much fainter than the other."""
    alike_speech: float = 0.8
    """Share of that time that the other party must speak: two beginnings are alike too."""
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


@dataclass(frozen=True, slots=True)
class _Listener:
    """A channel, and the other whose leak may be in it."""

    channel: "NDArray[np.float32]"
    other: "NDArray[np.float32]"
    other_spans: Sequence[Span]
    limit: float
    """Power up to which what remains of a frame is noise."""


def _own_speech(
    channel: "NDArray[np.float32]",
    other: "NDArray[np.float32]",
    spans: Sequence[Span],
    other_spans: Sequence[Span],
    options: LeakOptions,
) -> tuple[Span, ...]:
    reach = union(Span(span.start_s, span.end_s + options.max_delay_s) for span in other_spans)
    contested = common(spans, reach)
    listener = _Listener(channel, other, other_spans, _loudest_remains(channel, spans, options))
    own = [part for stretch in contested for part in _own_in_stretch(listener, stretch, options)]
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


def _own_in_stretch(listener: _Listener, stretch: Span, options: LeakOptions) -> tuple[Span, ...]:
    first, last = (int(time_s * SAMPLE_RATE_HZ) for time_s in (stretch.start_s, stretch.end_s))
    own: list[Span] = []
    for index in range(first // _BLOCK, -(-last // _BLOCK)):
        begin = max(0, min(index * _BLOCK, len(listener.channel) - _BLOCK))
        for frame in _own_frames(listener, begin, options):
            start_s = begin / SAMPLE_RATE_HZ + frame * _FRAME_S
            own.append(Span(start_s, start_s + _FRAME_S))
    runs = [
        run
        for run in union(common(union(own), (stretch,)), max_gap_s=options.close_s)
        if run.duration_s >= options.min_speech_s
    ]
    padded = [Span(run.start_s - options.pad_s, run.end_s + options.pad_s) for run in runs]
    return common(union(padded), (stretch,))


def _own_frames(listener: _Listener, begin: int, options: LeakOptions) -> list[int]:
    """Frames of the half second from sample ``begin`` that are no leak."""
    block = _block(listener, begin, options)
    remains = block.sound - _best_copy(block, options)
    before, after = frame_power(block.sound, _FRAME), frame_power(remains, _FRAME)
    own = np.flatnonzero((after > listener.limit) & (after > before * 10 ** (-options.explained_db / 10)))
    time = Span(begin / SAMPLE_RATE_HZ, (begin + _BLOCK) / SAMPLE_RATE_HZ)
    spoken_s = total_s(within(listener.other_spans, time))
    if len(own) and spoken_s >= options.alike_speech * time.duration_s and _moves_alike(block, options):
        return []
    return [int(frame) for frame in own]


@dataclass(frozen=True, slots=True)
class _Block:
    """Half a second of a channel, and of the other from the longest delay before it, at half the sample rate."""

    sound: "NDArray[np.float32]"
    other: "NDArray[np.float32]"
    product: "NDArray[np.float32]"
    """Cross-correlation: at ``lag`` the sum over time of ``sound[time] * other[time + lag]``, periodic."""

    @property
    def lead(self) -> int:
        """Samples of the other before the block."""
        return len(self.other) - len(self.sound)

    def ceiling(self, offset: int, options: LeakOptions) -> float:
        """Power ratio up to which the block may be a copy of the other ``offset`` samples after its beginning."""
        delay_s = (self.lead - offset) * _BAND / SAMPLE_RATE_HZ
        in_db = options.max_gain_db if delay_s < options.causal_s else options.max_delayed_gain_db
        return float(10 ** (in_db / 10))


def _block(listener: _Listener, begin: int, options: LeakOptions) -> _Block:
    end = min(begin + _BLOCK, len(listener.channel))
    lead = int(options.max_delay_s * SAMPLE_RATE_HZ) // _BAND * _BAND
    count, leads = (end - begin) // _BAND, lead // _BAND
    half = 1 << (count + leads + 2 * options.taps).bit_length()
    source = listener.other[max(0, begin - lead) : end]
    source = np.pad(source, (end - begin + lead - len(source), 0))
    spectrum = np.fft.rfft(listener.channel[begin:end], half * _BAND)[: half // 2 + 1]
    sources = np.fft.rfft(source, half * _BAND)[: half // 2 + 1]
    scale = np.float32(1 / _BAND)
    return _Block(
        sound=np.fft.irfft(spectrum, half)[:count].astype(np.float32, copy=False) * scale,
        other=np.fft.irfft(sources, half)[: count + leads].astype(np.float32, copy=False) * scale,
        product=np.fft.irfft(sources * np.conj(spectrum), half).astype(np.float32, copy=False) * scale**2,
    )


def _best_copy(block: _Block, options: LeakOptions) -> "NDArray[np.float32]":
    """What of the block is a filtered copy of the other; zeros where that copy would be louder than a leak.

    The delay is that of the highest normalised cross-correlation, the filter around it that of least squares
    (Wiener filter, by the autocorrelation method).
    """
    count, taps = len(block.sound), options.taps
    power = np.concatenate(([0.0], np.cumsum(np.square(block.other, dtype=np.float64))))
    energy = np.maximum(power[count:] - power[: block.lead + 1], 1e-12)
    offset = int(np.argmax(np.abs(block.product[: block.lead + 1]) / np.sqrt(energy)))
    # The filter begins a quarter of its length before the delay found; lags count backwards from there.
    shift = offset + taps // 4
    window = np.pad(block.other, taps)[shift + 1 : shift + taps + count]
    lags = [float(np.dot(window[: len(window) - lag], window[lag:])) for lag in range(taps)]
    gram = np.array(lags)[np.abs(np.subtract.outer(np.arange(taps), np.arange(taps)))]
    gram[np.diag_indices(taps)] += max(_LOADING * lags[0], 1e-9)
    wanted = block.product[(shift - np.arange(taps)) % len(block.product)].astype(np.float64)
    weights = np.linalg.solve(gram, wanted).astype(np.float32)
    copy = np.convolve(window, weights, "valid").astype(np.float32, copy=False)
    if float(np.dot(copy, copy)) > energy[offset] * block.ceiling(offset, options):
        return np.zeros_like(copy)
    return copy


def _moves_alike(block: _Block, options: LeakOptions) -> bool:
    """Whether the loudness of the block's bands follows the other's at some delay, and is fainter."""
    own, other = _band_powers(block.sound), _band_powers(block.other[block.lead % _HOP :])
    if not len(own):
        return False
    frames = np.lib.stride_tricks.sliding_window_view(other, len(own), axis=0).transpose(0, 2, 1)
    ours, theirs = (np.log10(powers + _QUIET) for powers in (own, frames))
    ours -= ours.mean(axis=0)
    theirs -= theirs.mean(axis=1, keepdims=True)
    squares = np.square(theirs).sum(axis=(1, 2)) * np.square(ours).sum()
    alike = np.einsum("ij,kij->k", ours, theirs) / np.sqrt(np.maximum(squares, 1e-12))
    best = int(np.argmax(alike))
    fainter = own.sum() < frames[best].sum() * 10 ** (options.alike_gain_db / 10)
    return bool(fainter and alike[best] >= options.alike)


def _band_powers(sound: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Power of each band in each 32 ms, one frame every 16 ms; shape (frame, band)."""
    if len(sound) < 2 * _HOP:
        return np.zeros((0, len(_BANDS) - 1), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(sound, 2 * _HOP)[::_HOP]
    spectra = np.abs(np.fft.rfft(frames * np.hanning(2 * _HOP).astype(np.float32), axis=1)) ** 2
    powers: NDArray[np.float32] = np.add.reduceat(spectra, _BANDS, axis=1)[:, :-1].astype(np.float32, copy=False)
    return powers

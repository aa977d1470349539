"""Stretches of speech laid out in windows for the model, and the way back from window time to call time.

Whisper was trained on windows of 30 s. A window here is as long as the speech in it plus a little silence:
the encoder's cost grows faster than the window, and 20 s of padding teach it nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.asr.base import SAMPLE_RATE_HZ, ChannelSpeech
from pipeline.domain.calls import Span

Samples = NDArray[np.float32]

SHORTEST_WORD_S = 0.06
"""A syllable of Mandarin takes at least twice as long."""
_FRAME = SAMPLE_RATE_HZ // 50


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """How speech is cut and packed. All in seconds. Source: docs/asr.md, the table of configurations."""

    longest_s: float = 15.0
    """Of speech in one window, padding and gaps included; Whisper takes at most 30. Below 12 accuracy falls."""
    pad_s: float = 0.1
    """Sound kept before and after each span of speech; more lets the other party's leaking voice in."""
    join_s: float = 0.3
    """Padded spans no further apart stay one piece, with the sound between them."""
    gap_s: float = 0.3
    """Silence put between pieces."""
    tail_s: float = 1.0
    """Least silence at the end of a window: without it the last word is often lost."""
    step_s: float = 0.5
    """Window lengths are rounded up to multiples of this, so that they batch."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Sound of one channel in a window, without a cut in it."""

    channel: int
    start_s: float
    end_s: float
    speech: tuple[Span, ...]
    """What is speech in it, in call time."""
    offset_s: float = 0.0
    """Where it begins in the window."""

    def in_window(self) -> Span:
        """Where it lies in the window."""
        return Span(self.offset_s, self.offset_s + self.end_s - self.start_s)

    def to_call(self, span: Span) -> Span:
        """``span`` of window time in call time, cut to the piece and, where enough remains, to its speech.

        Alignment stretches the first word after a pause to the left and the last before one to the right.
        A span that lies in the gaps between pieces comes back empty.
        """
        shift_s = self.start_s - self.offset_s
        start_s = min(max(span.start_s + shift_s, self.start_s), self.end_s)
        moved = Span(start_s, min(max(span.end_s + shift_s, start_s), self.end_s))
        speech = max(self.speech, key=moved.overlap_s)
        if moved.overlap_s(speech) < SHORTEST_WORD_S:
            return moved
        return Span(max(moved.start_s, speech.start_s), min(moved.end_s, speech.end_s))


@dataclass(frozen=True, slots=True)
class Window:
    """Pieces that the model hears as one sound."""

    pieces: tuple[Piece, ...]
    length_s: float
    """With the silence at its end."""

    @property
    def content_s(self) -> float:
        """Until the end of its last piece."""
        return self.pieces[-1].in_window().end_s

    def piece_at(self, span: Span) -> Piece:
        """The piece that shares most with ``span`` of window time, else the nearest."""
        return max(
            self.pieces,
            key=lambda piece: (piece.in_window().overlap_s(span), -distance_s(piece.in_window(), span)),
        )


def plan_windows(channels: Sequence[ChannelSpeech], *, options: WindowOptions) -> tuple[Window, ...]:
    """All speech of a call in windows of one channel each, in the order of the channels and of time.

    As few as there can be, and of those the shortest: a batch takes as long as its longest window.
    """
    windows: list[Window] = []
    for number, channel in enumerate(channels):
        pieces = find_pieces(number, channel, options=options)
        packed = _pack(pieces, options.longest_s, options.gap_s)
        shortest_s, longest_s = 0.0, options.longest_s
        while len(packed) > 1 and longest_s - shortest_s > options.step_s / 2:
            middle_s = (shortest_s + longest_s) / 2
            tried = _pack(pieces, middle_s, options.gap_s)
            if len(tried) > len(packed):
                shortest_s = middle_s
            else:
                packed, longest_s = tried, middle_s
        windows.extend(make_window(group, options=options) for group in packed)
    return tuple(windows)


def _pack(pieces: Sequence[Piece], longest_s: float, gap_s: float) -> list[list[Piece]]:
    """``pieces`` in groups of at most ``longest_s``, gaps included; a longer piece is a group of its own."""
    groups: list[list[Piece]] = []
    for piece in pieces:
        offset_s = groups[-1][-1].in_window().end_s + gap_s if groups else 0.0
        if not groups or offset_s + piece.end_s - piece.start_s > longest_s:
            groups.append([])
            offset_s = 0.0
        groups[-1].append(replace(piece, offset_s=offset_s))
    return groups


def make_window(pieces: Sequence[Piece], *, options: WindowOptions) -> Window:
    """A window of ``pieces``, its length rounded up."""
    least_s = pieces[-1].in_window().end_s + options.tail_s
    return Window(tuple(pieces), min(30.0, options.step_s * float(np.ceil(least_s / options.step_s))))


def find_pieces(number: int, channel: ChannelSpeech, *, options: WindowOptions) -> list[Piece]:
    """The padded speech of a channel, near spans joined, none longer than a window."""
    end_s = len(channel.samples) / SAMPLE_RATE_HZ
    joined: list[tuple[float, float, list[Span]]] = []
    for span in channel.spans:
        start_s, stop_s = max(0.0, span.start_s - options.pad_s), min(end_s, span.end_s + options.pad_s)
        if joined and start_s - joined[-1][1] <= options.join_s:
            joined[-1] = (joined[-1][0], stop_s, [*joined[-1][2], span])
        else:
            joined.append((start_s, stop_s, [span]))
    pieces: list[Piece] = []
    for start_s, stop_s, spans in joined:
        for part in _split_long(channel.samples, Span(start_s, stop_s), options.longest_s):
            speech = tuple(
                Span(max(span.start_s, part.start_s), min(span.end_s, part.end_s))
                for span in spans
                if span.overlap_s(part) > 0
            )
            if speech:
                pieces.append(Piece(number, part.start_s, part.end_s, speech))
    return pieces


def window_samples(window: Window, channels: Sequence[ChannelSpeech]) -> Samples:
    """The sound of a window, silence included."""
    sound = np.zeros(round(window.length_s * SAMPLE_RATE_HZ), dtype=np.float32)
    for piece in window.pieces:
        source = channels[piece.channel].samples
        cut = source[round(piece.start_s * SAMPLE_RATE_HZ) : round(piece.end_s * SAMPLE_RATE_HZ)]
        at = round(piece.offset_s * SAMPLE_RATE_HZ)
        cut = cut[: len(sound) - at]
        sound[at : at + len(cut)] = cut
    return sound


def _split_long(samples: Samples, span: Span, longest_s: float) -> list[Span]:
    """``span`` in parts of at most ``longest_s``, cut where it is quietest in the last third of each."""
    parts: list[Span] = []
    start_s = span.start_s
    while span.end_s - start_s > longest_s:
        first = round((start_s + longest_s * 2 / 3) * SAMPLE_RATE_HZ)
        last = round((start_s + longest_s) * SAMPLE_RATE_HZ)
        frames = samples[first:last][: (last - first) // _FRAME * _FRAME].reshape(-1, _FRAME)
        power = np.convolve((frames**2).mean(axis=1), np.ones(5) / 5, mode="same")
        cut_s = (first + (int(power.argmin()) + 0.5) * _FRAME) / SAMPLE_RATE_HZ
        parts.append(Span(start_s, cut_s))
        start_s = cut_s
    return [*parts, Span(start_s, span.end_s)]


def distance_s(one: Span, other: Span) -> float:
    """Seconds between two spans; 0.0 where they meet."""
    return max(0.0, one.start_s - other.end_s, other.start_s - one.end_s)

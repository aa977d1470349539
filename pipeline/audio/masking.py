"""A tone in place of what may not be heard: where the words of a call are masked, its sound is too.

Times of words are a model's guess, so a mask reaches beyond them by a margin, over short pauses between masked words,
and over speech beside them that was heard and not written: a digit that the model left out. It lies on every channel,
since telephone lines carry each party faintly into the other's.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.audio.spans import total_s, union, within
from pipeline.domain.calls import Span, Transcript
from pipeline.domain.personal import masked_spans

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MARGIN_S = 0.5
"""On both sides of masked words. Source: benchmarks/sound_masks.py, over the sample calls."""
BRIDGE_S = 1.0
"""Pauses up to this long between masked stretches are masked too: a number is said in groups."""
NEAR_S = 1.0
"""Speech that was not written is masked where it begins or ends so close to a masked stretch."""
TONE_HZ = 1000
"""Passes every telephone codec, and is no voice."""
TONE_LEVEL = 0.05
"""Of full scale (-26 dBFS): about as loud as speech on the telephone."""


@dataclass(frozen=True)
class SoundMask:
    """Where a tone replaces the sound of a recording, on all of its channels."""

    spans: tuple[Span, ...]
    """Sorted, without overlaps, from 0; the last may reach over the end of the recording."""

    @cached_property
    def digest(self) -> str:
        """16 hex digits that change when the mask does, or the way masks are laid."""
        said = ";".join(f"{span.start_s:.3f}-{span.end_s:.3f}" for span in self.spans)
        return hashlib.sha256(f"{TONE_HZ}/{TONE_LEVEL}/{said}".encode()).hexdigest()[:16]

    def within(self, duration_s: float) -> tuple[Span, ...]:
        """The spans as far as a recording of that length reaches."""
        return within(self.spans, Span(0.0, duration_s))

    def masked_s(self, duration_s: float) -> float:
        """Seconds of a recording of that length that are masked."""
        return total_s(self.within(duration_s))


NOTHING = SoundMask(())
"""Nothing is masked."""


def sound_mask(
    transcript: Transcript, *, unwritten: Iterable[Span] = (), margin_s: float = MARGIN_S
) -> SoundMask | None:
    """Where the sound of a call is to be masked, by its masked transcript.

    Args:
        transcript: with masked text; without word times the whole turn is masked.
        unwritten: speech of any channel that was heard and not written.
        margin_s: added at both ends of what is masked.

    Returns:
        ``None`` where a turn has masked text and no time: then nothing of the call may be heard.
    """
    words = [span for spans in masked_spans(transcript).values() for span in spans]
    if not all(_is_a_time(span) for span in words):
        return None
    spans = union(_widened(words, margin_s), max_gap_s=BRIDGE_S)
    beside = [span for span in unwritten if _touches(spans, span, NEAR_S)]
    return SoundMask(union([*spans, *_widened(beside, margin_s)], max_gap_s=BRIDGE_S))


def _is_a_time(span: Span) -> bool:
    return math.isfinite(span.start_s) and math.isfinite(span.end_s) and 0 <= span.start_s <= span.end_s != 0


def _widened(spans: Iterable[Span], margin_s: float) -> Iterator[Span]:
    return (Span(max(0.0, span.start_s - margin_s), span.end_s + margin_s) for span in spans)


def _touches(spans: Sequence[Span], other: Span, near_s: float) -> bool:
    return bool(within(spans, Span(other.start_s - near_s, other.end_s + near_s)))


def masked_pieces(
    pieces: "Iterable[NDArray[np.int16]]", mask: SoundMask, sample_rate_hz: int
) -> "Iterator[NDArray[np.int16]]":
    """The pieces of a recording, shape (channel, sample), with the tone where the mask lies.

    The tone depends on the place in the recording alone, not on how it is cut into pieces.
    """
    bounds = [
        (math.floor(span.start_s * sample_rate_hz), math.ceil(span.end_s * sample_rate_hz)) for span in mask.spans
    ]
    first = position = 0
    for piece in pieces:
        end = position + piece.shape[1]
        while first < len(bounds) and bounds[first][1] <= position:
            first += 1
        at = first
        while at < len(bounds) and bounds[at][0] < end:
            if at == first:
                piece = piece.copy()
            start, stop = max(bounds[at][0], position), min(bounds[at][1], end)
            piece[:, start - position : stop - position] = _tone(start, stop, sample_rate_hz)
            at += 1
        yield piece
        position = end


def _tone(start: int, stop: int, sample_rate_hz: int) -> "NDArray[np.int16]":
    import numpy as np

    # Turns are counted within a second, so that an hour into a call the phase is as exact as at its start.
    turns = np.arange(start, stop, dtype=np.int64) * TONE_HZ % sample_rate_hz / sample_rate_hz
    tone: NDArray[np.int16] = (TONE_LEVEL * 32767 * np.sin(2 * np.pi * turns)).astype(np.int16)
    return tone

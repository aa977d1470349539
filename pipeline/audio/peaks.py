"""How a recording looks: the loudest sample of every 20 milliseconds, channel by channel."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.audio.masking import NOTHING, SoundMask, masked_pieces
from pipeline.audio.stream import open_sound
from pipeline.domain.errors import AudioError, AudioFault

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PEAKS_PER_S = 50
"""Finer than a pixel at every width that shows more than a few seconds."""


@dataclass(frozen=True, slots=True)
class Peaks:
    """The outline of a recording."""

    duration_s: float
    per_s: int
    channels: tuple[bytes, ...]
    """For each channel one byte a peak: the largest absolute sample, 0–127 of full scale."""


def peaks_of(path: Path, mask: SoundMask = NOTHING) -> Peaks:
    """The outline of the recording at ``path`` with a tone where ``mask`` lies; one channel where the file has one.

    Raises:
        AudioError: the file cannot be read or holds no sound.
    """
    import numpy as np

    with open_sound(path) as sound:
        frame = max(1, sound.sample_rate_hz // PEAKS_PER_S)
        rows: list[NDArray[np.uint8]] = []
        rest = np.empty((sound.channel_count, 0), np.int16)
        count = 0
        for piece in masked_pieces(sound.pieces, mask, sound.sample_rate_hz):
            count += piece.shape[1]
            piece = np.concatenate((rest, piece), axis=1) if rest.shape[1] else piece
            whole = piece.shape[1] // frame * frame
            rows.append(_loudest(piece[:, :whole], frame))
            rest = piece[:, whole:]
        if rest.shape[1]:
            rows.append(_loudest(rest, rest.shape[1]))
    if not count:
        raise AudioError(f"{path.name} holds no sound", fault=AudioFault.EMPTY)
    outline = np.concatenate(rows, axis=1)
    duration_s = round(count / sound.sample_rate_hz, 3)
    return Peaks(duration_s, PEAKS_PER_S, tuple(channel.tobytes() for channel in outline))


def _loudest(samples: "NDArray[np.int16]", frame: int) -> "NDArray[np.uint8]":
    """Shape (channel, frame): the largest absolute value of each, 0–127."""
    import numpy as np

    frames = samples.reshape(len(samples), -1, frame)
    # As the larger of both ends: the absolute value of -32768 is no 16-bit number.
    largest = np.maximum(frames.max(axis=2, initial=0), -(frames.min(axis=2, initial=0).astype(np.int32)))
    peaks: NDArray[np.uint8] = np.minimum(largest >> 8, 127).astype(np.uint8)
    return peaks

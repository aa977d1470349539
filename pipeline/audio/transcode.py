"""What of a recording a browser can play as it is, and a WAV of what it cannot."""

import stat
import struct
import wave
from pathlib import Path

import av
import av.error

from pipeline.audio.integrity import check_container
from pipeline.audio.masking import NOTHING, SoundMask, masked_pieces
from pipeline.audio.stream import open_sound
from pipeline.domain.errors import AudioError, AudioFault

WAV = "audio/wav"
PLAYED_HZ = 16_000
"""Opus decodes to 48 kHz, thrice the bytes for nothing: no telephone passes more than 7 kHz."""
_WAV_FORMATS = {1: (8, 16, 24, 32), 3: (32,), 6: (8,), 7: (8,)}
"""Format tag → bits a sample: PCM, float, A-law, µ-law. Chromium 150 and Firefox play them (tests/review)."""
_EXTENSIBLE = 0xFFFE
_BY_CODEC = {
    ("fLaC", "flac"): "audio/flac",
    ("OggS", "opus"): "audio/ogg",
    ("OggS", "vorbis"): "audio/ogg",
    ("OggS", "flac"): "audio/ogg",
    ("ftyp", "aac"): "audio/mp4",
    ("webm", "opus"): "audio/webm",
    ("webm", "vorbis"): "audio/webm",
    ("mp3", "mp3float"): "audio/mpeg",
    ("mp3", "mp3"): "audio/mpeg",
}
_CONSTANT_PACKETS = 3000
"""Packets of an MP3 that must be of one size, give or take the padding byte; a minute at 48 kHz."""


def playable_type(path: Path) -> str | None:
    """The media type of the file at ``path`` if browsers play it and seek in it exactly; else ``None``.

    An MP3 of changing bit rate is not among them: browsers guess where a second begins in it, some off by seconds,
    and what is said of a call hangs on the second. Nor is a WAV whose recorder never wrote its length.

    Raises:
        AudioError: there is no such file, or it holds no sound.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise AudioError(f"{path.name} is not a regular file", fault=AudioFault.UNREADABLE)
        with path.open("rb") as file:
            head = file.read(4096)
            check = check_container(file, status.st_size)
    except OSError as error:
        raise AudioError(f"{path.name} cannot be read ({error.strerror})", fault=AudioFault.UNREADABLE) from error
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return WAV if _plays_wav(head) and not check.unfinished else None
    with open_sound(path) as sound:
        found = _BY_CODEC.get((_kind(head), sound.codec))
    if found == "audio/mpeg" and not _is_constant(path):
        return None
    return found


def _kind(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return "ftyp"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "webm"
    return head[:4].decode("ascii", "replace") if head[:4] in (b"fLaC", b"OggS") else "mp3"


def _plays_wav(head: bytes) -> bool:
    """Whether the format chunk, which stands in the first bytes, is of a kind that browsers know."""
    position = 12
    while position + 24 <= len(head):
        name, size = struct.unpack_from("<4sI", head, position)
        if name == b"fmt ":
            tag, _, _, _, _, bits = struct.unpack_from("<HHIIHH", head, position + 8)
            if tag == _EXTENSIBLE and size >= 40 and position + 34 <= len(head):
                tag = struct.unpack_from("<H", head, position + 32)[0]
            return bits in _WAV_FORMATS.get(tag, ())
        position += 8 + size + size % 2
    return False


def _is_constant(path: Path) -> bool:
    sizes: set[int] = set()
    try:
        with av.open(f"file:{path.absolute()}", format="mp3", metadata_errors="ignore") as container:
            for count, packet in enumerate(container.demux(audio=0)):
                # The first can hold the header of an encoder, of any size.
                if count and packet.size:
                    sizes.add(packet.size)
                if count > _CONSTANT_PACKETS:
                    break
    except (av.error.FFmpegError, IndexError):
        return False
    return not sizes or max(sizes) - min(sizes) <= 1


def write_wav(path: Path, target: Path, mask: SoundMask = NOTHING) -> None:
    """Decodes the recording at ``path`` to a 16-bit WAV of at most `PLAYED_HZ`, with a tone where ``mask`` lies.

    Nothing but the sound is kept: what else the file holds (tags, chunks of a recorder) may name people.

    Raises:
        AudioError: it cannot be opened, or holds no sound.
    """
    with open_sound(path, at_most_hz=PLAYED_HZ) as sound, wave.open(str(target), "wb") as out:
        out.setnchannels(sound.channel_count)
        out.setsampwidth(2)
        out.setframerate(sound.sample_rate_hz)
        for piece in masked_pieces(sound.pieces, mask, sound.sample_rate_hz):
            out.writeframesraw(piece.T.astype("<i2").tobytes())

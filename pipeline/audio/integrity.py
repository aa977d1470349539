"""Whether a file holds as much as its own header promises, told from its bytes without decoding.

FFmpeg plays what is there and says nothing of what is not; a call whose end is missing would pass as whole.
"""

import struct
from dataclasses import dataclass
from typing import BinaryIO

RIFF_PLACEHOLDER_BYTES = 0x7FFF_F000
"""Data sizes from here on are what a recorder writes before it knows the length (sox, FFmpeg to a pipe)."""
OGG_PAGE_MAX_BYTES = 27 + 255 + 255 * 255
"""Source: RFC 3533, section 6."""
SEARCH_BYTES = 8192
"""How far from its start an MP3 is searched for the header of its length (Xing, Info, VBRI)."""


@dataclass(frozen=True, slots=True)
class ContainerCheck:
    """What the bytes of a file say about its completeness."""

    kept: float = 1.0
    """Bytes there are ÷ bytes promised, 0–1."""
    cut: bool = False
    """Whether the file ends inside a page, so that an unknown length is missing."""
    unfinished: bool = False
    """Whether the recorder never wrote the length or end mark; what is there can be whole."""
    declares_length: bool = False
    """Whether the duration is a promise of the header; else FFmpeg estimates it from the size."""


def check_container(file: BinaryIO, size_bytes: int) -> ContainerCheck:
    """What the open file says about itself; containers without any length say nothing."""
    file.seek(0)
    head = file.read(12)
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return _check_riff(file, size_bytes)
    if head[:4] == b"OggS":
        return _check_ogg(file, size_bytes)
    if head[:4] in (b"fLaC", b"NIST", b"\x1a\x45\xdf\xa3") or head[4:8] == b"ftyp":
        return ContainerCheck(declares_length=True)
    if head[:3] == b"ID3" or (head[:1] == b"\xff" and head[1:2] >= b"\xe0"):
        return ContainerCheck(declares_length=_has_mp3_length(file))
    return ContainerCheck()


def begins_like_audio(head: bytes) -> bool:
    """Whether the first 12 bytes are those of a sound file, so that failing to open it means damage."""
    return head[:4] in (b"RIFF", b"RF64", b"OggS", b"fLaC", b"#!AM", b"NIST") or head[4:8] == b"ftyp"


def _check_riff(file: BinaryIO, size_bytes: int) -> ContainerCheck:
    """Walks the chunks to the sound. Source: Microsoft/IBM RIFF; EBU Tech 3306 for RF64."""
    position, long_size = 12, 0
    while position + 8 <= size_bytes:
        file.seek(position)
        name, size = struct.unpack("<4sI", file.read(8))
        position += 8
        if name == b"ds64":
            long_size = int.from_bytes(file.read(16)[8:], "little")
        if name == b"data":
            promised = long_size if size == 0xFFFF_FFFF and long_size else size
            there = size_bytes - position
            if not promised or there < RIFF_PLACEHOLDER_BYTES <= promised:
                return ContainerCheck(unfinished=True)
            return ContainerCheck(kept=min(1.0, there / promised), declares_length=True)
        position += size + size % 2
    return ContainerCheck(kept=0.0)


def _check_ogg(file: BinaryIO, size_bytes: int) -> ContainerCheck:
    """Looks at the last page. Source: RFC 3533, section 6 (4 in the header type marks the end)."""
    file.seek(max(0, size_bytes - OGG_PAGE_MAX_BYTES))
    tail = file.read(OGG_PAGE_MAX_BYTES)
    page = tail[tail.rfind(b"OggS") :]
    if not page.startswith(b"OggS") or len(page) < 27 or len(page) < 27 + page[26]:
        return ContainerCheck(cut=True, declares_length=True)
    length = 27 + page[26] + sum(page[27 : 27 + page[26]])
    return ContainerCheck(cut=len(page) < length, unfinished=not page[5] & 4, declares_length=True)


def _has_mp3_length(file: BinaryIO) -> bool:
    """Whether the first frame tells the number of frames. Source: the Xing/LAME and Fraunhofer VBRI tags."""
    file.seek(0)
    head = file.read(10)
    if head[:3] == b"ID3" and len(head) == 10:
        size = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        file.seek(10 + size)
    else:
        file.seek(0)
    start = file.read(SEARCH_BYTES)
    return any(tag in start for tag in (b"Xing", b"Info", b"VBRI"))

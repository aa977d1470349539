"""Hashed character n-grams and words of a text, counted by turn: what every model here reads.

An n-gram never reaches over a line break, so turns are joined with one. Arithmetic is on whole arrays; a call of 1,700
characters costs some 6,800 n-grams.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BUCKET_BITS = 17
BUCKETS = 1 << BUCKET_BITS
"""Characters use these numbers; words use as many again, from ``BUCKETS`` on."""
ALL_BUCKETS = 2 * BUCKETS
LONGEST = 4
"""Characters of the longest n-gram."""
_BREAK = 10
_HALVES = re.compile("[\ud800-\udfff]")
_STEP = 0x9E3779B1
"""2³² ÷ the golden ratio, made odd. Source: D. E. Knuth, The Art of Computer Programming 3, 6.4."""


@dataclass(frozen=True, slots=True)
class Grams:
    """Every n-gram and every word of some turns, one entry an occurrence; words in the order of the text."""

    bucket: "NDArray[np.int64]"
    turn: "NDArray[np.int64]"
    """Position of its turn among those given."""
    start: "NDArray[np.int64]"
    """First character in the joined text."""
    length: "NDArray[np.int64]"
    """Characters."""
    points: "NDArray[np.uint32]"
    """Code points of the joined text."""


def grams_of(joined: str) -> Grams:
    """The n-grams of 1 to 4 characters of turns joined by line breaks, then their words.

    >>> grams_of("好\\n不好").turn.tolist()  # 好 不 好 不好, and the words 好 不好
    [0, 1, 1, 1, 0, 1]
    """
    import numpy as np

    try:
        encoded = joined.encode("utf-32-le")
    except UnicodeEncodeError:
        # Half a character, as cut-off emoji leave it in chats: no text can hold it, but Python's can.
        joined = _HALVES.sub("\ufffd", joined)
        encoded = joined.encode("utf-32-le")
    points = np.frombuffer(encoded, dtype=np.uint32)
    is_break = points == _BREAK
    turn_at = np.cumsum(is_break)
    inside = ~is_break
    mixed = np.zeros(len(points), dtype=np.uint32)
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64], int]] = []
    for n in range(1, LONGEST + 1):
        if n > 1:
            mixed, inside = mixed[:-1], inside[:-1] & ~is_break[n - 1 :]
        mixed = (mixed ^ points[n - 1 :]) * np.uint32(_STEP)
        mixed = mixed ^ (mixed >> np.uint32(15))
        at = np.flatnonzero(inside)
        hashed = (mixed[at] + np.uint32(n)) * np.uint32(_STEP) >> np.uint32(32 - BUCKET_BITS)
        parts.append((hashed.astype(np.int64), at, n))
        if len(points) <= n:
            break
    words = _words_of(joined, points)
    bucket = np.concatenate([hashed for hashed, _, _ in parts] + [words[0]])
    start = np.concatenate([at for _, at, _ in parts] + [words[1]])
    length = np.concatenate([np.full(len(at), n, dtype=np.int64) for _, at, n in parts] + [words[2]])
    turn = turn_at[start] if len(start) else start
    return Grams(bucket, turn.astype(np.int64), start, length, points)


def _words_of(
    joined: str, points: "NDArray[np.uint32]"
) -> "tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]":
    """Bucket, start and length of each word; ``points`` are the code points of ``joined``."""
    import numpy as np

    words = cut(joined)
    length = np.fromiter(map(len, words), np.int64, len(words))
    # Hashing again costs less than a cache of all words, whose entries are seldom in the processor's own.
    bucket = BUCKETS + (np.fromiter(map(crc32, map(str.encode, words)), np.int64, len(words)) & (BUCKETS - 1))
    start = np.cumsum(length) - length
    spoken = _are_alphanumeric(points[start]).nonzero()[0]
    return bucket[spoken], start[spoken], length[spoken]


def _are_alphanumeric(points: "NDArray[np.uint32]") -> "NDArray[np.bool_]":
    """Which characters are letters or digits of any script, as ``str.isalnum``; the usual ones without asking it."""
    is_one = (points >= 0x4E00) & (points <= 0x9FA5)
    others = (~is_one).nonzero()[0]
    is_one[others] = [chr(point).isalnum() for point in points[others].tolist()]
    return is_one


@cache
def _cutter() -> Callable[[str], list[str]]:
    import rjieba

    return rjieba.cut


def cut(text: str) -> list[str]:
    """The words of ``text`` by jieba's dictionary and model; joined they are ``text``."""
    return _cutter()(text) if text else []


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each bucket occurs in each turn, in the order of both: one row a bucket and turn."""

    turn: "NDArray[np.int64]"
    bucket: "NDArray[np.int64]"
    count: "NDArray[np.int64]"
    row: "NDArray[np.int64]"
    """For each occurrence that was counted, its row here."""
    distinct: "NDArray[np.int64]"
    """The buckets, each once."""
    rank: "NDArray[np.int64]"
    """For each row the place of its bucket among the distinct ones."""


def count_grams(turn: "NDArray[np.int64]", bucket: "NDArray[np.int64]") -> Counts:
    """The occurrences counted by bucket and turn, by sorting them once.

    >>> import numpy as np
    >>> counts = count_grams(np.array([1, 0, 1, 1]), np.array([7, 7, 7, 5]))
    >>> counts.bucket.tolist(), counts.turn.tolist(), counts.count.tolist(), counts.row.tolist()
    ([5, 7, 7], [1, 0, 1], [1, 1, 2], [2, 1, 2, 0])
    """
    import numpy as np

    turn_bits = int(turn.max()).bit_length() if len(turn) else 0
    place_bits = len(bucket).bit_length()
    # Sorting numbers that carry their place is twice as fast as asking for the places that would sort them.
    packed = np.sort((((bucket << turn_bits) | turn) << place_bits) | np.arange(len(bucket)))
    order, ordered = packed & ((1 << place_bits) - 1), packed >> place_bits
    is_first = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    first = is_first.nonzero()[0]
    row = np.empty(len(ordered), dtype=np.int64)
    row[order] = np.cumsum(is_first) - 1
    count = np.diff(first, append=len(ordered))
    found = ordered[first]
    of_turn = found & ((1 << turn_bits) - 1)
    found >>= turn_bits
    is_new = np.ones(len(found), dtype=bool)
    np.not_equal(found[1:], found[:-1], out=is_new[1:])
    return Counts(of_turn, found, count, row, found[is_new], np.cumsum(is_new) - 1)

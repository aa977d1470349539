"""Hashed character n-grams and words of a text, counted by turn: what every model here reads.

An n-gram never reaches over a line break, so turns are joined with one. Arithmetic is on whole arrays; a call of 1,700
characters costs some 6,800 n-grams.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
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

    points = np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32)
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
    words = _words_of(joined)
    bucket = np.concatenate([hashed for hashed, _, _ in parts] + [words[0]])
    start = np.concatenate([at for _, at, _ in parts] + [words[1]])
    length = np.concatenate([np.full(len(at), n, dtype=np.int64) for _, at, n in parts] + [words[2]])
    turn = turn_at[start] if len(start) else start
    return Grams(bucket, turn.astype(np.int64), start, length, points)


def _words_of(joined: str) -> "tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]":
    import numpy as np

    words = cut(joined)
    length = np.array(list(map(len, words)), dtype=np.int64)
    bucket = np.array(list(map(_word_bucket, words)), dtype=np.int64)
    start = np.cumsum(length) - length
    spoken = bucket >= 0
    return bucket[spoken], start[spoken], length[spoken]


@cache
def _cutter() -> Callable[[str], list[str]]:
    import rjieba

    return rjieba.cut


def cut(text: str) -> list[str]:
    """The words of ``text`` by jieba's dictionary and model; joined they are ``text``."""
    return _cutter()(text) if text else []


@lru_cache(maxsize=1 << 18)
def _word_bucket(word: str) -> int:
    """The word's number, −1 for punctuation and blanks. Cached: a language has few words."""
    return BUCKETS + (crc32(word.encode()) & (BUCKETS - 1)) if word[0].isalnum() else -1


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each bucket occurs in each document, in the order of both."""

    document: "NDArray[np.int64]"
    bucket: "NDArray[np.int64]"
    count: "NDArray[np.float64]"
    entry: "NDArray[np.int64]"
    """For each thing that was counted, the place of its count here."""


def count_grams(document: "NDArray[np.int64]", bucket: "NDArray[np.int64]") -> Counts:
    """The occurrences counted by document and bucket."""
    import numpy as np

    keys, entry, counts = np.unique(document * ALL_BUCKETS + bucket, return_inverse=True, return_counts=True)
    return Counts(keys // ALL_BUCKETS, keys % ALL_BUCKETS, counts.astype(np.float64), entry)

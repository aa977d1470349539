"""Recordings that lie elsewhere: any URL that fsspec opens, such as ``s3://bucket/night/call.wav``.

What every function may raise: ConfigError where the package for that kind of URL is not installed, OSError where the
store cannot be reached or refuses.
"""

import hashlib
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.domain.errors import ConfigError

BLOCK_BYTES = 1 << 20
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def is_url(location: str) -> bool:
    """Whether this is a URL, not a path."""
    return _URL.match(location) is not None


def files_under(url: str) -> Iterator[str]:
    """The URLs of all files under ``url``, itself where it is one; names that begin with a dot are left out.

    Raises:
        ConfigError: nothing is there, or it cannot be listed.
    """
    system, path = _open_system(url)
    try:
        with _told(url):
            if system.isfile(path):
                yield url
                return
            empty = True
            for folder, _, names in system.walk(path, on_error="raise"):
                empty = False
                parts = folder[len(path) :].split("/")
                if any(part.startswith(".") for part in parts):
                    continue
                yield from (system.unstrip_protocol(f"{folder}/{name}") for name in names if not name.startswith("."))
            if empty:
                raise FileNotFoundError("nothing is there")
    except OSError as error:
        raise ConfigError(f"{url}: cannot be listed ({error})") from error


def stamp(url: str) -> tuple[int, int]:
    """Size in bytes, and a number that changes when the content does (0 where the store tells nothing of the kind)."""
    system, path = _open_system(url)
    with _told(url):
        known = system.info(path)
    marks = [str(known[name]) for name in ("ETag", "etag", "LastModified", "mtime", "updated") if known.get(name)]
    # 56 bits: what every database keeps in a whole number.
    number = int.from_bytes(hashlib.sha256("\n".join(marks).encode()).digest()[:7]) if marks else 0
    return int(known["size"]), number


def digest(url: str) -> str:
    """SHA-256 of the bytes, 64 hex digits; they are read as a stream."""
    system, path = _open_system(url)
    hashed = hashlib.sha256()
    with _told(url), system.open(path, "rb", block_size=BLOCK_BYTES, cache_type="readahead") as opened:
        while block := opened.read(BLOCK_BYTES):
            hashed.update(block)
    return hashed.hexdigest()


def is_there(location: str) -> bool:
    """Whether a file lies at a path or URL; a store that cannot be asked has it, until it says otherwise."""
    if not is_url(location):
        return Path(location).exists()
    system, path = _open_system(location)
    try:
        with _told(location):
            return bool(system.exists(path))
    except OSError:
        return True


def delete(url: str) -> None:
    """Deletes what lies at the URL; FileNotFoundError where nothing does."""
    system, path = _open_system(url)
    with _told(url):
        system.rm_file(path)


@contextmanager
def local_file(location: str) -> Iterator[Path]:
    """A path to the bytes: the file itself, or a copy of what a URL names, which goes when the context ends."""
    if not is_url(location):
        yield Path(location)
        return
    system, path = _open_system(location)
    with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
        copy = Path(folder, location.rstrip("/").rpartition("/")[2])
        with _told(location):
            system.get_file(path, str(copy))
        yield copy


def _open_system(url: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs

        system, path = url_to_fs(url, use_listings_cache=False)
    except (ImportError, ValueError) as error:
        raise ConfigError(
            f"{url}: this kind of URL needs a package that is not installed ({error}). For s3:// it is "
            "`pip install 'earmark[cloud]'`"
        ) from error
    return system, path


@contextmanager
def _told(url: str) -> Iterator[None]:
    """What the packages behind fsspec raise, each its own kinds, as OSError."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise OSError(f"{type(error).__name__}: {error}") from error

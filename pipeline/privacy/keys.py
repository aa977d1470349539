"""The keys that close originals: a file beside the database, never in it.

One key a line, ``key ID MADE BASE64``, oldest first: the newest closes, all of them open. The line ``pseudonyms
BASE64`` holds the secret that turns a customer's number into a pseudonym; it never changes, or one customer would be
two.
"""

import base64
import binascii
import os
import secrets
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipeline.domain.errors import ConfigError

KEY_BYTES = 32
_HEADER = (
    "# Keys of earmark. Whoever has this file and the database reads what callers said: keep it, and a copy of it,\n"
    "# apart from the database and its backups. Without it originals are lost. Never delete a line by hand.\n"
)


@dataclass(frozen=True, slots=True)
class Key:
    """A key that closes originals."""

    id: str
    """8 hex digits, stored beside what it closed."""
    made: datetime
    secret: bytes = field(repr=False)
    """32 bytes."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of a file."""

    file: Path
    keys: tuple[Key, ...]
    """Oldest first, at least one."""
    pseudonyms: bytes = field(repr=False)
    """32 bytes."""

    @property
    def newest(self) -> Key:
        """The key that closes."""
        return self.keys[-1]

    def by_id(self) -> Mapping[str, Key]:
        """The keys by their ids."""
        return {key.id: key for key in self.keys}


def read_keys(file: Path) -> KeyRing:
    """The keys in ``file``.

    Raises:
        ConfigError: it is not there, others may read it, or a line of it is none that `add_key` writes.
    """
    try:
        mode = file.stat().st_mode
        if not stat.S_ISREG(mode):
            raise ConfigError(f"key_file {file} is not a file: make one with `earmark privacy key new`")
        check_private(file, mode)
        lines = file.read_text(encoding="ascii").splitlines()
    except FileNotFoundError as error:
        raise ConfigError(
            f"key_file {file} is not there: put it back from your copy, or make the first one with "
            "`earmark privacy key new`"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"key_file {file} cannot be read ({error})") from error
    return _ring(file, lines)


def check_private(file: Path, mode: int) -> None:
    """Returns if only its owner may read the file. Raises: ConfigError."""
    if os.name == "posix" and mode & 0o077:
        raise ConfigError(f"key_file {file} may be read by others (mode {mode & 0o777:o}): chmod 600 {file}")


def _ring(file: Path, lines: list[str]) -> KeyRing:
    keys: list[Key] = []
    pseudonyms: bytes | None = None
    for number, line in enumerate(lines, start=1):
        match line.split():
            case []:
                continue
            case [first, *_] if first.startswith("#"):
                continue
            case ["key", key_id, made, secret]:
                keys.append(_key(f"{file}:{number}", key_id, made, secret))
            case ["pseudonyms", secret]:
                pseudonyms = _secret(f"{file}:{number}", secret)
            case _:
                # The line is not shown: it may hold a key.
                raise ConfigError(f"{file}:{number} is no line of a key file: put the file back from your copy")
    if not keys or pseudonyms is None:
        raise ConfigError(f"key_file {file} lacks {'a key' if not keys else 'its pseudonyms line'}: is it cut off?")
    if len({key.id for key in keys}) < len(keys):
        raise ConfigError(f"key_file {file} has two keys of one id: put the file back from your copy")
    return KeyRing(file, tuple(keys), pseudonyms)


def _key(where: str, key_id: str, made: str, secret: str) -> Key:
    try:
        return Key(key_id, datetime.fromisoformat(made), _secret(where, secret))
    except ValueError as error:
        raise ConfigError(f"{where}: {made!r} is no date") from error


def _secret(where: str, text: str) -> bytes:
    try:
        secret = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ConfigError(f"{where}: the key is not base64: put the file back from your copy") from error
    if len(secret) != KEY_BYTES:
        raise ConfigError(
            f"{where}: the key has {len(secret)} bytes, not {KEY_BYTES}: put the file back from your copy"
        )
    return secret


def add_key(file: Path, *, now: datetime | None = None) -> KeyRing:
    """The keys of ``file`` with a new one, which from now on closes; makes the file where there is none.

    Raises:
        ConfigError: the file is damaged, or its folder cannot be written; what is there stays as it was.
    """
    known = read_keys(file) if file.exists() else None
    made = (now or datetime.now(UTC)).replace(microsecond=0)
    key = Key(secrets.token_hex(4), made, secrets.token_bytes(KEY_BYTES))
    ring = KeyRing(
        file,
        (*(known.keys if known else ()), key),
        known.pseudonyms if known else secrets.token_bytes(KEY_BYTES),
    )
    _write(ring)
    return ring


def _write(ring: KeyRing) -> None:
    lines = [f"key {key.id} {key.made.isoformat(timespec='seconds')} {_base64(key.secret)}\n" for key in ring.keys]
    text = _HEADER + "".join(lines) + f"pseudonyms {_base64(ring.pseudonyms)}\n"
    try:
        # The file takes its name only when it is whole: a full disk must not cost the keys that are there.
        handle, name = tempfile.mkstemp(prefix=".keys-", dir=ring.file.parent)
        part = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as half:
                half.write(text)
                half.flush()
                os.fsync(half.fileno())
            part.replace(ring.file)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"key_file {ring.file} cannot be written ({error.strerror})") from error


def _base64(secret: bytes) -> str:
    return base64.b64encode(secret).decode("ascii")

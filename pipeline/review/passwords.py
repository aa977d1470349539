"""Passwords: how they are hashed and checked."""

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 10
LONGEST = 1000

# argon2id with the parameters of RFC 9106's low-memory choice (64 MiB, 3 passes), which are the library's own.
_hasher = PasswordHasher()
# Each check takes 64 MiB and a few cores: many at once would be a way to bring the desk down.
_checks = threading.BoundedSemaphore(2)


def hash_password(password: str) -> str:
    """The argon2id hash that is stored of a password."""
    return _hasher.hash(password)


def problem(password: str) -> str | None:
    """Why a password cannot be taken; ``None`` where it can."""
    if len(password) < SHORTEST:
        return f"a password has at least {SHORTEST} characters, this one {len(password)}"
    if len(password) > LONGEST:
        return f"a password has at most {LONGEST} characters"
    return None


def check_password(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one of the hash.

    Without a hash, for a login that there is not, the answer is no and takes as long.
    """
    with _checks:
        try:
            _hasher.verify(password_hash or _nobody(), password[:LONGEST])
        except (VerificationError, InvalidHashError):
            return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than those of now."""
    return _hasher.check_needs_rehash(password_hash)


@cache
def _nobody() -> str:
    return _hasher.hash("no account has this password hash")

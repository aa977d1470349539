"""Closing what was masked, and opening it again.

AES-256-GCM, a random nonce of 96 bits for each document: below 2^32 documents a key, two share a nonce with a chance
under 2^-33. The recording's id and the kind of document go into the tag, so that a row which is put in another's place
does not open. Source: NIST SP 800-38D, 8.2.2 and 8.3.
"""

import hmac
import json
import secrets
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

from pipeline.domain.calls import Transcript
from pipeline.domain.errors import EarmarkError
from pipeline.domain.originals import Sealed
from pipeline.domain.personal import respelt
from pipeline.privacy.keys import Key, KeyRing

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TRANSCRIPT = "transcript"
"""The kind of document that holds the words of a call."""
_NONCE_BYTES = 12
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


class SealError(EarmarkError):
    """An original cannot be opened. Nothing is changed by that."""


def seal_transcript(keys: KeyRing, recording_id: str, original: Transcript, masked: Transcript) -> Sealed | None:
    """The words that ``masked`` hides, closed by the newest key; ``None`` where it hides none."""
    hidden = {
        str(before.index): before.text
        for before, after in zip(original.turns, masked.turns, strict=True)
        if before.text != after.text
    }
    if not hidden:
        return None
    document = zlib.compress(json.dumps(hidden, ensure_ascii=False).encode())
    return seal(keys.newest, TRANSCRIPT, recording_id, document)


def open_transcript(keys: KeyRing, recording_id: str, sealed: Sealed, masked: Transcript) -> Transcript:
    """The transcript as it was spoken.

    Raises:
        SealError: its key is not in the file, does not fit, or the row was altered or belongs to another transcript.
    """
    hidden = json.loads(zlib.decompress(_open_original(keys, recording_id, sealed)))
    try:
        return respelt(masked, {int(index): text for index, text in hidden.items()})
    except (ValueError, IndexError) as error:
        raise SealError(
            f"the original of call {recording_id[:12]} is of another transcript: run it again with --redo"
        ) from error


def reseal(keys: KeyRing, recording_id: str, sealed: Sealed) -> Sealed:
    """The same document, closed by the newest key. Raises: SealError, as `open_transcript`."""
    return seal(keys.newest, TRANSCRIPT, recording_id, _open_original(keys, recording_id, sealed))


def pseudonym(keys: KeyRing, customer: str) -> str:
    """What stands for a customer's number: the same for the same number, and nothing without the key file.

    16 letters from a to p, 64 bits of HMAC-SHA-256: no digits, so that no pseudonym reads as a number itself.
    """
    return f"p-{stand_in(keys, customer.strip(), 8)}"


def stand_in(keys: KeyRing, text: str, size_bytes: int) -> str:
    """The first bytes of HMAC-SHA-256 of ``text``, two letters from a to p each."""
    return hmac.digest(keys.pseudonyms, text.encode(), "sha256")[:size_bytes].hex().translate(_LETTERS)


def seal(key: Key, kind: str, bound_to: str, document: bytes) -> Sealed:
    """The document, closed; it opens as that kind and for what it is bound to alone."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return Sealed(key.id, nonce, _cipher(key.secret).encrypt(nonce, document, _bound(kind, bound_to)))


def unseal(keys: KeyRing, kind: str, bound_to: str, sealed: Sealed, *, what: str) -> bytes:
    """The document; ``what`` names it in errors. Raises: SealError, as `open_transcript`."""
    from cryptography.exceptions import InvalidTag

    key = keys.by_id().get(sealed.key_id)
    if key is None:
        raise SealError(
            f"{what} was closed by key {sealed.key_id}, which is not in {keys.file}: put that key's line back from "
            "your copy of the file"
        )
    try:
        return _cipher(key.secret).decrypt(sealed.nonce, sealed.ciphertext, _bound(kind, bound_to))
    except InvalidTag as error:
        raise SealError(
            f"key {key.id} in {keys.file} does not open {what}: either the file holds another key under that id, or "
            "the row was altered"
        ) from error


def _open_original(keys: KeyRing, recording_id: str, sealed: Sealed) -> bytes:
    return unseal(keys, TRANSCRIPT, recording_id, sealed, what=f"the original of call {recording_id[:12]}")


@lru_cache(maxsize=16)
def _cipher(secret: bytes) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(secret)


def _bound(kind: str, bound_to: str) -> bytes:
    return f"earmark\n{kind}\n{bound_to}".encode()

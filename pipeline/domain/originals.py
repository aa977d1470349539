"""What was said before it was masked, and where it lies, closed so that only a key from outside of the database
opens it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sealed:
    """A document that AES-256-GCM has closed; bound to one recording or place, and one kind of document."""

    key_id: str
    """Which key opens it."""
    nonce: bytes
    """12 bytes, of this document alone."""
    ciphertext: bytes
    """With the 16 bytes at its end that tell whether it was altered."""

"""What models learn from: calls and turns with what people said of them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.domain.calls import Transcript
from pipeline.domain.signals import Signals


@dataclass(frozen=True, slots=True)
class CallExample:
    """A call, and whether the label of the task holds for it."""

    transcript: Transcript
    signals: Signals
    label: bool
    judged: bool = True
    """Whether figures count it; see ``Problem.judged``."""


@dataclass(frozen=True, slots=True)
class TurnExample:
    """A turn, and which class it is of: a sentiment, or ``yes`` and ``no``."""

    text: str
    label: str
    call: str
    """Names the call it stands in: turns of one call are never both learnt from and judged."""
    judged: bool = True
    """Whether figures count it; see ``Problem.judged``."""


def digest_of(texts: Iterable[str]) -> str:
    """A short digest of what is said, to know a text again without keeping it."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def call_digest(example: CallExample) -> str:
    """The short digest of a call's words."""
    return digest_of(turn.text for turn in example.transcript.turns)

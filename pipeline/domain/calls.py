"""What a call is: the recording, its metadata, and who said what when.

Times are seconds from the start of the recording; intervals are ``[start, end)``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pipeline.domain.originals import Sealed


class Role(StrEnum):
    """Which party speaks. ``UNKNOWN`` where the recording does not tell (mono)."""

    AGENT = "agent"
    CUSTOMER = "customer"
    UNKNOWN = "unknown"


class Direction(StrEnum):
    """Who dialled: the customer (inbound) or the centre (outbound)."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, ``[start_s, end_s)``."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Length in seconds, never negative."""
        return max(0.0, self.end_s - self.start_s)

    def overlap_s(self, other: "Span") -> float:
        """Seconds that both spans share; 0.0 where they do not meet."""
        return max(0.0, min(self.end_s, other.end_s) - max(self.start_s, other.start_s))


@dataclass(frozen=True, slots=True)
class CallMetadata:
    """What the centre knows about a call besides its sound. Any field may be unknown (``None``)."""

    agent: str | None = None
    team: str | None = None
    skill: str | None = None
    queue: str | None = None
    direction: Direction | None = None
    started_at: datetime | None = None
    """Start of the call, with its UTC offset."""
    customer_id: str | None = None
    survey_score: float | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    """Any other manifest column, as written."""

    def value(self, name: str) -> str | None:
        """The field or extra column ``name`` as text; ``None`` where it is unknown."""
        found = self.extra.get(name) if name not in METADATA_FIELDS else getattr(self, name)
        if found is None:
            return None
        return found.isoformat() if isinstance(found, datetime) else str(found)


METADATA_FIELDS = (
    "agent",
    "team",
    "skill",
    "queue",
    "direction",
    "started_at",
    "customer_id",
    "survey_score",
)


@dataclass(frozen=True, slots=True)
class Recording:
    """A file of recorded sound, identified by its bytes."""

    id: str
    """SHA-256 of the bytes, 64 hex digits; a stand-in made of the path where there are no bytes to read."""
    name: str
    """File name, as people know the call."""
    uri: str
    """Where the bytes are: an absolute path or a URL; what stands for it where that is ``closed``."""
    size_bytes: int
    metadata: CallMetadata = field(default_factory=CallMetadata)
    channel_roles: tuple[Role, ...] = ()
    """Role of channel 0, 1, … where the manifest gives it; empty where it does not."""
    closed: Sealed | None = None
    """Where the bytes are, for whoever has the key; ``None`` where ``uri`` says it."""


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """What the decoder found in a recording."""

    duration_s: float
    sample_rate_hz: int
    """Rate of the file, before resampling."""
    channel_count: int
    codec: str
    container: str


@dataclass(frozen=True, slots=True)
class Word:
    """A word as the speech model wrote it, with its time."""

    text: str
    """With its punctuation, and a leading blank where the script uses blanks."""
    start_s: float
    end_s: float
    probability: float
    """The model's own probability, 0–1; not calibrated."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one party said without the other taking over or a pause in between."""

    index: int
    """Position in the transcript, from 0."""
    role: Role
    start_s: float
    end_s: float
    text: str
    channel: int = 0
    words: tuple[Word, ...] = ()
    """Empty where no word times are known (chat, written dialogues); else their texts joined are ``text``."""

    @property
    def span(self) -> Span:
        """When the turn was spoken."""
        return Span(self.start_s, self.end_s)

    @property
    def confidence(self) -> float | None:
        """Mean word probability weighted by characters, 0–1; ``None`` without words."""
        characters = sum(len(word.text) for word in self.words)
        if not characters:
            return None
        return sum(word.probability * len(word.text) for word in self.words) / characters

    def span_of(self, char_start: int, char_end: int) -> Span:
        """When the characters ``[char_start, char_end)`` of ``text`` were spoken.

        From word times where there are any, else in proportion to the characters.

        >>> Turn(0, Role.AGENT, 10.0, 20.0, "您好再见吧").span_of(2, 4)
        Span(start_s=14.0, end_s=18.0)
        """
        if not self.words:
            per_char_s = (self.end_s - self.start_s) / max(1, len(self.text))
            return Span(self.start_s + char_start * per_char_s, self.start_s + char_end * per_char_s)
        touched: list[Word] = []
        position = 0
        for word in self.words:
            if position < char_end and position + len(word.text) > char_start:
                touched.append(word)
            position += len(word.text)
        if not touched:
            return self.span
        return Span(touched[0].start_s, touched[-1].end_s)


@dataclass(frozen=True, slots=True)
class Transcript:
    """A call in words: turns of all parties, ordered by start."""

    turns: tuple[Turn, ...]
    duration_s: float
    """Length of the call, not of the talk in it."""
    language: str = "zh"

    @property
    def character_count(self) -> int:
        """Characters of all turns, punctuation included."""
        return sum(len(turn.text) for turn in self.turns)

    def has_role(self, roles: Iterable[Role]) -> bool:
        """Whether any turn is spoken by one of ``roles``."""
        wanted = frozenset(roles)
        return any(turn.role in wanted for turn in self.turns)

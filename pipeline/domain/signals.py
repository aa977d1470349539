"""What can be measured in a call besides its words.

Times are seconds from the start of the recording. Everything here can be computed from turns alone; what
needs sound (loudness, coverage) is empty where there was none, and says so by being empty, not zero.
"""

from dataclasses import dataclass

from pipeline.domain.calls import Role, Span


@dataclass(frozen=True, slots=True)
class Silence:
    """Nobody speaks, from the end of one turn to the start of the next."""

    start_s: float
    end_s: float
    before: Role | None
    """Who spoke last before it; ``None`` at the start of the call."""
    after: Role | None
    """Who breaks it; ``None`` at the end of the call."""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Overlap:
    """Both parties speak at once."""

    start_s: float
    end_s: float
    by: Role
    """Who came in."""
    on: Role
    """Who was already speaking."""
    by_turn: int
    """Index of the turn that came in."""
    on_turn: int
    """Index of the turn that was spoken over."""
    held_s: float
    """How long the party spoken over had been speaking when the other came in."""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Response:
    """How long a party took to answer when the other had stopped."""

    role: Role
    """Who answers."""
    turn: int
    """Index of the answering turn."""
    latency_s: float
    """Seconds from the end of the other's turn; negative where the answer began before it."""


@dataclass(frozen=True, slots=True)
class SpeechRate:
    """How fast a party speaks over the whole call."""

    role: Role
    characters: int
    """Letters, digits and Chinese characters; punctuation and blanks are not spoken."""
    speaking_s: float

    @property
    def characters_per_minute(self) -> float | None:
        """``None`` where the party did not speak.

        >>> SpeechRate(Role.AGENT, characters=120, speaking_s=30.0).characters_per_minute
        240.0
        """
        return 60.0 * self.characters / self.speaking_s if self.speaking_s > 0 else None


@dataclass(frozen=True, slots=True)
class Loudness:
    """How loud one turn is, against the same party's own median turn."""

    turn: int
    level_dbfs: float
    """RMS level of the turn's speech, dB relative to full scale (0 is the loudest possible)."""
    over_median_db: float


@dataclass(frozen=True, slots=True)
class TalkShare:
    """How much of all speaking time is one party's."""

    role: Role
    speaking_s: float
    share: float
    """0–1; the shares of all parties sum to 1."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Speech that was heard in one channel, and how much of it was written down."""

    channel: int
    role: Role
    heard_s: float
    """Seconds that speech activity found."""
    written_s: float
    """Seconds of those that words cover."""
    unwritten: tuple[Span, ...]
    """Where speech was heard but nothing was written."""

    @property
    def share(self) -> float | None:
        """Written ÷ heard, 0–1; ``None`` where nothing was heard."""
        return self.written_s / self.heard_s if self.heard_s > 0 else None


@dataclass(frozen=True, slots=True)
class Signals:
    """All measurements of one call."""

    silences: tuple[Silence, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    responses: tuple[Response, ...] = ()
    speech_rates: tuple[SpeechRate, ...] = ()
    talk_shares: tuple[TalkShare, ...] = ()
    loudness: tuple[Loudness, ...] = ()
    """One for each turn; empty without sound."""
    coverage: tuple[Coverage, ...] = ()
    """One for each channel; empty without sound."""
    last_speaker: Role | None = None
    """``None`` where nobody spoke."""

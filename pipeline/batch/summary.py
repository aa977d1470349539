"""What a run did, counted as it goes."""

from collections import Counter
from dataclasses import dataclass, field

NAMED_FAILURES = 1000
"""Failures that a summary names; the ledger has all of them."""


@dataclass(slots=True)
class RunSummary:
    """What a run did; counts are recordings."""

    found: int = 0
    processed: int = 0
    done_before: int = 0
    duplicates: int = 0
    erased: int = 0
    """Left alone, since they were erased for a customer."""
    leased_elsewhere: int = 0
    flagged: int = 0
    """Of those processed, how many have a hit of an active rule."""
    roles_unknown: int = 0
    """Of those processed, how many do not tell who is the agent."""
    audio_s: float = 0.0
    """Length of the recordings processed."""
    wall_s: float = 0.0
    failed: Counter[str] = field(default_factory=Counter)
    """Recordings that are not done, by reason."""
    failures: list[tuple[str, str, str]] = field(default_factory=list)
    """File name, reason and message of the first of them."""
    interrupted: bool = False

    def add_failure(self, name: str, reason: str, message: str) -> None:
        """Counts a recording that is not done."""
        self.failed[reason] += 1
        if len(self.failures) < NAMED_FAILURES:
            self.failures.append((name, reason, message))

    @property
    def complete(self) -> bool:
        """Whether every recording found is done."""
        return not (self.failed or self.leased_elsewhere or self.interrupted)

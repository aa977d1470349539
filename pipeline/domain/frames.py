"""The calls that a sampling plan draws from, column by column: a million of them fit into memory.

Only what a plan asks for is there (`Needs`). Arrays have one entry a call, by start and id.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of many calls, each different value kept once."""

    values: tuple[str | None, ...]
    codes: Positions
    """Place of each call's value in ``values``."""

    @property
    def missing(self) -> Flags:
        """Calls without a value."""
        return self.among(lambda value: value is None)

    def among(self, wanted: Callable[[str | None], bool]) -> Flags:
        """Calls whose value is wanted.

        >>> Column(("a", None), np.array([0, 1, 0])).among(lambda value: value == "a").tolist()
        [True, False, True]
        """
        return np.array([wanted(value) for value in self.values], dtype=bool)[self.codes]

    def at(self, position: int) -> str | None:
        """The value of one call."""
        return self.values[int(self.codes[position])]


def coded(values: Sequence[str | None]) -> Column:
    """The column of these values.

    >>> coded(["a", None, "a"]).codes.tolist()
    [0, 1, 0]
    """
    places: dict[str | None, int] = {}
    codes = np.fromiter((places.setdefault(value, len(places)) for value in values), dtype=np.int64, count=len(values))
    return Column(tuple(places), codes)


@dataclass(frozen=True, slots=True)
class Needs:
    """What of its calls a plan asks for."""

    columns: frozenset[str] = frozenset()
    """Metadata columns, and ``week``."""
    numbers: frozenset[str] = frozenset()
    """Of `Frame.numbers`."""
    names: bool = False
    contact_days: float = 0.0
    """How far back a customer's last call matters."""
    past: frozenset[str] | None = None
    """Columns of the calls judged before; ``None`` where those do not matter."""


@dataclass(frozen=True, slots=True)
class Past:
    """Calls that were judged before the window of a draw begins."""

    columns: Mapping[str, Column]
    failed: Flags
    """A critical error was confirmed."""

    def __len__(self) -> int:
        return len(self.failed)


NOTHING_JUDGED = Past({}, np.zeros(0, dtype=bool))


@dataclass(frozen=True)
class Frame:
    """Everything a draw needs to know."""

    ids: NDArray[np.bytes_]
    flagged: Flags
    """An active rule hit."""
    columns: Mapping[str, Column] = field(default_factory=dict)
    """Metadata by name, and ``week``: the ISO week of the call's own zone, such as ``2026-W45``."""
    numbers: Mapping[str, Floats] = field(default_factory=dict)
    """``duration_s``; ``survey_score``; ``agent_days``: days since the agent's first call; ``last_contact_days``:
    since the customer's call before, as far as the plan looks back. Not a number where that is not known."""
    names: Sequence[str] = ()
    past: Past = NOTHING_JUDGED
    since: datetime | None = None
    until: datetime | None = None
    known_since: datetime | None = None
    """Start of the oldest call that is known at all."""

    def __len__(self) -> int:
        return len(self.ids)

    def id(self, position: int) -> str:
        """The recording of one call."""
        return bytes(self.ids[position]).decode()


@dataclass(frozen=True, slots=True)
class Inclusion:
    """The probability that any part of a plan chooses each call that could be picked."""

    ids: NDArray[np.bytes_]
    chances: Floats

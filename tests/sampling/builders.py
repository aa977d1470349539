"""Frames and plans for tests of sampling."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from pipeline.domain.calls import METADATA_FIELDS, CallMetadata
from pipeline.domain.frames import NOTHING_JUDGED, Frame, Past, coded
from pipeline.domain.sampling import Part, PartKind, Plan, week_of

MONDAY = datetime(2026, 11, 2, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


def call_id(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


@dataclass(frozen=True)
class Call:
    """A call of a made frame."""

    id: str
    name: str
    facts: CallMetadata
    flagged: bool
    duration_s: float | None = None
    agent_days: float | None = None
    last_contact_days: float | None = None

    def value(self, column: str) -> str | None:
        return week_of(self.facts.started_at) or None if column == "week" else self.facts.value(column)


@dataclass(frozen=True)
class MadeFrame(Frame):
    """A frame with everything that a plan may ask for, and the calls that it was made of."""

    calls: tuple[Call, ...] = ()


def call(number: int, *, agent: str | None = "A1", flagged: bool = False, day: float = 0, **changes) -> Call:
    """A call of the week of MONDAY; metadata by name, anything else a field of the frame."""
    fields = {name: changes.pop(name) for name in ("duration_s", "agent_days", "last_contact_days") if name in changes}
    extra = changes.pop("extra", {})
    facts = CallMetadata(agent=agent, started_at=MONDAY + timedelta(days=day), extra=extra, **changes)
    return Call(call_id(number), f"c{number}.wav", facts, flagged, **fields)


def frame(*calls: Call, past: Past = NOTHING_JUDGED) -> MadeFrame:
    numbers = {
        name: np.array([getattr(one, name) for one in calls], dtype=float)
        for name in ("duration_s", "agent_days", "last_contact_days")
    }
    return MadeFrame(
        np.array([one.id.encode() for one in calls], dtype=np.bytes_),
        np.array([one.flagged for one in calls], dtype=bool),
        {name: coded([one.value(name) for one in calls]) for name in (*METADATA_FIELDS, "week", "product")},
        numbers | {"survey_score": np.array([one.facts.survey_score for one in calls], dtype=float)},
        [one.name for one in calls],
        past,
        calls=tuple(calls),
    )


def past(*judged: tuple[str, bool]) -> Past:
    """Calls that were judged before: the agent, and whether there was an error."""
    agents = coded([agent for agent, _ in judged])
    return Past({"agent": agents}, np.array([failed for _, failed in judged], dtype=bool))


def many(calls: int, *, agents: int = 4, flagged_every: int = 4) -> Frame:
    """Calls of several agents, each n-th flagged."""
    return frame(*(call(n, agent=f"A{n % agents}", flagged=n % flagged_every == 0) for n in range(calls)))


def part(name: str = "p", kind: PartKind = PartKind.AUDIT, **fields) -> Part:
    by = {PartKind.RANDOM: ("agent", "week"), PartKind.ADAPTIVE: ("agent",)}.get(kind, ())
    return Part(name, kind, **{"by": by, **fields})


def plan(*parts: Part, **fields) -> Plan:
    return replace(Plan("plan", tuple(parts), "d" * 64, "id: plan\n"), **fields)

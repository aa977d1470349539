"""Frames and plans for tests of sampling."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.domain.calls import CallMetadata
from pipeline.domain.sampling import Frame, FrameCall, Part, PartKind, PastCall, Plan

MONDAY = datetime(2026, 11, 2, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


def call_id(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def call(number: int, *, agent: str | None = "A1", flagged: bool = False, day: float = 0, **changes) -> FrameCall:
    """A call of the week of MONDAY; metadata by name, anything else a field of the frame."""
    fields = {name: changes.pop(name) for name in ("duration_s", "agent_days", "last_contact_days") if name in changes}
    extra = changes.pop("extra", {})
    facts = CallMetadata(agent=agent, started_at=MONDAY + timedelta(days=day), extra=extra, **changes)
    return FrameCall(call_id(number), f"c{number}.wav", facts, flagged, **fields)


def frame(*calls: FrameCall, past: tuple[PastCall, ...] = ()) -> Frame:
    return Frame(tuple(calls), past)


def many(calls: int, *, agents: int = 4, flagged_every: int = 4) -> Frame:
    """Calls of several agents, each n-th flagged."""
    return frame(*(call(n, agent=f"A{n % agents}", flagged=n % flagged_every == 0) for n in range(calls)))


def part(name: str = "p", kind: PartKind = PartKind.AUDIT, **fields) -> Part:
    by = {PartKind.RANDOM: ("agent", "week"), PartKind.ADAPTIVE: ("agent",)}.get(kind, ())
    return Part(name, kind, **{"by": by, **fields})


def plan(*parts: Part, **fields) -> Plan:
    return replace(Plan("plan", tuple(parts), "d" * 64, "id: plan\n"), **fields)

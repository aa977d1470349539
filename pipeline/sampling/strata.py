"""Which calls a part may choose, in which strata, and how many of each it asks for."""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from pipeline.domain.frames import Column, Flags, Frame, Needs, Past, Positions
from pipeline.domain.results import BilingualText
from pipeline.domain.sampling import Allocation, Part, PartKind, Plan
from pipeline.sampling.allocation import Wanted, could_be, neyman_weights, spread
from pipeline.sampling.targets import TARGETS, target_needs

Key = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Strata:
    """A part's share of the frame."""

    part: Part
    positions: Positions
    """Of the calls that can be chosen, ascending."""
    strata: Positions
    """The stratum of each of them: its place in ``sizes``."""
    sizes: dict[Hashable, int]
    """Calls of each stratum, by the values of its columns."""
    wanted: Wanted

    @property
    def eligible(self) -> int:
        """Calls that can be chosen."""
        return len(self.positions)

    @property
    def asked(self) -> float:
        """Calls asked for."""
        return sum(self.wanted.values())


def needs(plan: Plan) -> Needs:
    """What of its calls the plan asks for."""
    columns, numbers, names, contact_days = set[str](), set[str](), False, 0.0
    for part in plan.parts:
        columns |= {*part.by, *REASONS.get(part.kind, ())}
        if part.target is not None:
            of_target = target_needs(part.target)
            columns |= of_target.columns
            numbers |= of_target.numbers
            names |= of_target.names
            contact_days = max(contact_days, of_target.contact_days)
    learning = [part for part in plan.parts if learns(part)]
    past = frozenset(column for part in learning for column in part.by) if learning else None
    return Needs(frozenset(columns), frozenset(numbers), names, contact_days, past)


REASONS = {PartKind.RANDOM: ("agent", "week"), PartKind.ADAPTIVE: ("agent",)}
"""Columns that a part's reason names."""


def learns(part: Part) -> bool:
    """Whether a part's choice depends on what was judged before."""
    return part.kind == PartKind.ADAPTIVE or part.allocation == Allocation.NEYMAN


def strata_of(part: Part, frame: Frame) -> Strata:
    """The part's strata with the calls it would choose if hours did not matter. The sum is a whole number."""
    positions = np.flatnonzero(_eligible(part, frame))
    keys, members = _grouped([frame.columns[column] for column in part.by], positions)
    sizes: dict[Hashable, int] = dict(zip(keys, np.bincount(members, minlength=len(keys)).tolist(), strict=True))
    wanted = _wanted(part, sizes, frame.past)
    return Strata(part, positions, members, sizes, _to_whole_sum(wanted, sizes))


def _eligible(part: Part, frame: Frame) -> Flags:
    """The calls that the part may choose."""
    if part.kind == PartKind.AUDIT:
        return ~frame.flagged
    if part.kind == PartKind.TARGETED:
        assert part.target is not None
        return TARGETS[part.target.kind].finds(part.target, frame)
    return np.ones(len(frame), dtype=bool)


def _grouped(columns: list[Column], positions: Positions) -> tuple[list[Key], Positions]:
    """The different values of the columns at the positions, in the order in which they come, and which of them each
    position has."""
    if not columns or not len(positions):
        return [()] if len(positions) else [], np.zeros(len(positions), dtype=np.int64)
    joined = columns[0].codes[positions]
    for column in columns[1:]:
        # Numbered anew each time, so that no product of many columns' values overflows.
        joined = np.unique(joined * len(column.values) + column.codes[positions], return_inverse=True)[1]
    _, first, members = np.unique(joined, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    keys = [tuple(column.at(position) for column in columns) for position in positions[first[order]].tolist()]
    return keys, place[members]


def reason_of(part: Part, frame: Frame, position: int) -> BilingualText:
    """Why the part may choose the call."""

    def value(column: str) -> str | None:
        return frame.columns[column].at(position)

    match part.kind:
        case PartKind.AUDIT:
            return BilingualText("未命中通话的随机审核", "random audit of unflagged calls")
        case PartKind.RANDOM:
            agent, week = value("agent"), value("week") or ""
            return BilingualText(
                f"每人每周抽检：{agent or '未知坐席'} {week}".strip(),
                f"so many of each agent and week: {agent or 'unknown agent'} {week}".strip(),
            )
        case PartKind.STRATIFIED:
            where = " · ".join(f"{column} {value(column) or '—'}" for column in part.by)
            return BilingualText(f"分层抽检：{where}", f"stratified: {where}")
        case PartKind.ADAPTIVE:
            agent = value("agent")
            return BilingualText(
                f"准确率低或未知者多抽：{agent or '未知坐席'}", f"low or unknown accuracy: {agent or 'unknown agent'}"
            )
        case PartKind.TARGETED:
            assert part.target is not None
            return TARGETS[part.target.kind].reason(part.target, frame, position)


def _wanted(part: Part, sizes: dict[Hashable, int], past: Past) -> Wanted:
    if not sizes:
        return {}
    if part.kind == PartKind.RANDOM:
        return {one: min(part.n, size) if part.n else (part.share or 0) * size for one, size in sizes.items()}
    n = float(part.n) if part.n is not None else (part.share or 0) * sum(sizes.values())
    if part.kind == PartKind.ADAPTIVE:
        found = past_of(part, past)
        return spread(n, {one: could_be(*found.get(one, (0, 0))) for one in sizes}, sizes, part.floor)
    if part.allocation == Allocation.EQUAL:
        return spread(n, dict.fromkeys(sizes, 1.0), sizes)
    if part.allocation == Allocation.NEYMAN:
        return spread(n, neyman_weights(sizes, past_of(part, past)), sizes)
    return spread(n, sizes, sizes)


def past_of(part: Part, past: Past) -> dict[Hashable, tuple[int, int]]:
    """Failed and judged calls of each stratum before the window."""
    if not len(past):
        return {}
    keys, members = _grouped([past.columns[column] for column in part.by], np.arange(len(past)))
    judged = np.bincount(members, minlength=len(keys)).tolist()
    failed = np.bincount(members[past.failed], minlength=len(keys)).tolist()
    return dict(zip(keys, zip(failed, judged, strict=True), strict=True))


def _to_whole_sum(wanted: Wanted, sizes: dict[Hashable, int]) -> Wanted:
    """The same with a whole sum, at least 1: a share of few calls is one call, not none."""
    total = sum(wanted.values())
    if not total or abs(total - round(total)) < 1e-9:
        return wanted
    return spread(max(1.0, float(round(total))), wanted, sizes)


def scaled(strata: Strata, calls: int) -> Wanted:
    """The same shares of fewer calls."""
    factor = calls / strata.asked if strata.asked else 0.0
    return {stratum: wanted * factor for stratum, wanted in strata.wanted.items()}

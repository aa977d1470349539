"""Which calls a part may choose, in which strata, and how many of each it asks for."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from pipeline.domain.results import BilingualText
from pipeline.domain.sampling import Allocation, Frame, FrameCall, Part, PartKind, PastCall
from pipeline.sampling.allocation import Wanted, could_be, neyman_weights, spread
from pipeline.sampling.targets import TARGETS

Key = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Strata:
    """A part's share of the frame. Calls are positions in the frame."""

    part: Part
    calls: dict[Hashable, list[int]]
    wanted: Wanted
    reasons: dict[int, BilingualText]

    @property
    def eligible(self) -> int:
        """Calls that can be chosen."""
        return sum(map(len, self.calls.values()))

    @property
    def asked(self) -> float:
        """Calls asked for."""
        return sum(self.wanted.values())


def strata_of(part: Part, frame: Frame) -> Strata:
    """The part's strata with the calls it would choose if hours did not matter. The sum is a whole number."""
    reasons: dict[int, BilingualText] = {}
    calls: dict[Hashable, list[int]] = defaultdict(list)
    for position, call in enumerate(frame.calls):
        reason = _reason(part, call)
        if reason is not None:
            reasons[position] = reason
            calls[_key(part, call)].append(position)
    sizes = {stratum: len(members) for stratum, members in calls.items()}
    wanted = _wanted(part, sizes, frame.past)
    return Strata(part, dict(calls), _to_whole_sum(wanted, sizes), reasons)


def _reason(part: Part, call: FrameCall) -> BilingualText | None:
    """Why the part may choose the call; ``None`` where it may not."""
    agent = call.facts.agent
    match part.kind:
        case PartKind.AUDIT:
            return None if call.flagged else BilingualText("未命中通话的随机审核", "random audit of unflagged calls")
        case PartKind.RANDOM:
            return BilingualText(
                f"每人每周抽检：{agent or '未知坐席'} {call.week}".strip(),
                f"so many of each agent and week: {agent or 'unknown agent'} {call.week}".strip(),
            )
        case PartKind.STRATIFIED:
            where = " · ".join(f"{column} {call.value(column) or '—'}" for column in part.by)
            return BilingualText(f"分层抽检：{where}", f"stratified: {where}")
        case PartKind.ADAPTIVE:
            return BilingualText(
                f"准确率低或未知者多抽：{agent or '未知坐席'}", f"low or unknown accuracy: {agent or 'unknown agent'}"
            )
        case PartKind.TARGETED:
            assert part.target is not None
            return TARGETS[part.target.kind](part.target, call)


def _key(part: Part, call: FrameCall) -> Key:
    return tuple(call.value(column) for column in part.by)


def _wanted(part: Part, sizes: dict[Hashable, int], past: Sequence[PastCall]) -> Wanted:
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


def past_of(part: Part, past: Sequence[PastCall]) -> dict[Hashable, tuple[int, int]]:
    """Failed and judged calls of each stratum before the window."""
    found: dict[Hashable, tuple[int, int]] = {}
    for call in past:
        key = tuple(call.facts.value(column) for column in part.by)
        failed, judged = found.get(key, (0, 0))
        found[key] = failed + call.failed, judged + 1
    return found


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

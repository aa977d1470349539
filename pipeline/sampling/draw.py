"""Drawing a sample: which calls each part of a plan chooses, and with what probability."""

from collections.abc import Sequence

from pipeline.domain.sampling import Draw, Frame, PartResult, Pick, Plan
from pipeline.sampling.allocation import Wanted
from pipeline.sampling.budget import chances_of, fitted
from pipeline.sampling.chance import lowest, number_of, union, whole
from pipeline.sampling.notes import notes_of
from pipeline.sampling.shares import Floats
from pipeline.sampling.strata import Strata, strata_of


def draw(plan: Plan, frame: Frame, *, seed: int | None = None) -> Draw:
    """The calls that the plan chooses. The same plan, frame and seed choose the same calls.

    Each part chooses by itself: in each stratum the calls whose own number (seed, plan, part, call) is lowest. So a
    call's probability is calls wanted ÷ calls there are, those of several parts combine as 1 − Π(1 − p), and calls that
    come later push others out one by one, at most.
    """
    seed = plan.seed if seed is None else seed
    calls = len(frame.calls)
    strata = [strata_of(part, frame) for part in plan.parts]
    wanted = fitted(strata, calls, plan.capacity)
    chances = [chances_of(one, of_part, calls) for one, of_part in zip(strata, wanted, strict=True)]
    inclusion = union(chances, calls)
    picks: list[Pick] = []
    results: list[PartResult] = []
    for one, of_part, chance in zip(strata, wanted, chances, strict=True):
        chosen = _chosen(plan, one, of_part, frame, seed)
        results.append(_result(one, chance, len(chosen)))
        part = one.part
        picks += [
            Pick(
                frame.calls[position].id,
                part.name,
                part.kind,
                one.reasons[position],
                float(chance[position]),
                float(inclusion[position]),
            )
            for position in chosen
        ]
    return Draw(
        plan=plan,
        seed=seed,
        frame_size=calls,
        unflagged=sum(not call.flagged for call in frame.calls),
        since=frame.since,
        until=frame.until,
        parts=tuple(results),
        picks=tuple(picks),
        notes=notes_of(plan, frame, results),
        inclusion={call.id: float(p) for call, p in zip(frame.calls, inclusion, strict=True) if p > 0},
    )


def _chosen(plan: Plan, strata: Strata, wanted: Wanted, frame: Frame, seed: int) -> Sequence[int]:
    """Positions of the calls that the part chooses."""
    names = (plan.id, strata.part.name)
    order = {stratum: number_of(seed, *names, "stratum", repr(stratum)) for stratum in wanted}
    counts = whole(wanted, number_of(seed, *names, "start"), order)
    chosen: list[int] = []
    for stratum, positions in strata.calls.items():
        if counts[stratum]:
            numbers = [number_of(seed, *names, frame.calls[position].id) for position in positions]
            chosen += [positions[place] for place in lowest(numbers, counts[stratum])]
    return sorted(chosen)


def _result(strata: Strata, chance: Floats, drawn: int) -> PartResult:
    possible = chance[chance > 0]
    lowest_chance, highest = (float(possible.min()), float(possible.max())) if len(possible) else (0.0, 0.0)
    return PartResult(strata.part, strata.eligible, round(strata.asked), drawn, lowest_chance, highest)

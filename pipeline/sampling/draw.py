"""Drawing a sample: which calls each part of a plan chooses, and with what probability."""

import numpy as np

from pipeline.domain.frames import Floats, Frame, Inclusion
from pipeline.domain.sampling import Draw, PartResult, Pick, Plan
from pipeline.sampling.allocation import Wanted
from pipeline.sampling.budget import chances_of, fitted
from pipeline.sampling.chance import lots, lowest, number_of, union, whole
from pipeline.sampling.notes import notes_of
from pipeline.sampling.strata import Strata, reason_of, strata_of


def draw(plan: Plan, frame: Frame, *, seed: int | None = None) -> Draw:
    """The calls that the plan chooses. The same plan, frame and seed choose the same calls.

    Each part chooses by itself: in each stratum the calls whose own number (seed, plan, part, call) is lowest. So a
    call's probability is calls wanted ÷ calls there are, those of several parts combine as 1 − Π(1 − p), and calls that
    come later push others out one by one, at most.

    Args:
        frame: with everything that the plan `needs`.
    """
    seed = plan.seed if seed is None else seed
    calls = len(frame)
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
                frame.id(position),
                part.name,
                part.kind,
                reason_of(part, frame, position),
                float(chance[position]),
                float(inclusion[position]),
            )
            for position in chosen
        ]
    return Draw(
        plan=plan,
        seed=seed,
        frame_size=calls,
        unflagged=int((~frame.flagged).sum()),
        since=frame.since,
        until=frame.until,
        parts=tuple(results),
        picks=tuple(picks),
        notes=notes_of(plan, frame, results),
        inclusion=Inclusion(frame.ids[inclusion > 0], inclusion[inclusion > 0]),
    )


def _chosen(plan: Plan, strata: Strata, wanted: Wanted, frame: Frame, seed: int) -> list[int]:
    """Positions of the calls that the part chooses."""
    names = (plan.id, strata.part.name)
    order = {stratum: number_of(seed, *names, "stratum", repr(stratum)) for stratum in wanted}
    counts = whole(wanted, number_of(seed, *names, "start"), order)
    of_stratum = np.array([counts[key] for key in strata.sizes], dtype=np.int64)
    if not of_stratum.any():
        return []
    asked = of_stratum[strata.strata] > 0
    positions, members = strata.positions[asked], strata.strata[asked]
    numbers = lots(seed, names, frame.ids[positions].tolist())
    chosen: list[int] = positions[lowest(numbers, members, of_stratum)].tolist()
    return chosen


def _result(strata: Strata, chance: Floats, drawn: int) -> PartResult:
    possible = chance[chance > 0]
    lowest_chance, highest = (float(possible.min()), float(possible.max())) if len(possible) else (0.0, 0.0)
    return PartResult(strata.part, strata.eligible, round(strata.asked), drawn, lowest_chance, highest)

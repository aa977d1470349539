"""What each evaluated call stands for: calls that a plan drew are weighed by 1 ÷ chance."""

from collections.abc import Iterable, Mapping, Sequence

from pipeline.store.report_queries import EvaluatedCall

Cell = tuple[int, bool]
"""A stretch of time, and whether calls were flagged in it."""


def call_weights(
    calls: Iterable[tuple[EvaluatedCall, int]], drawn: Mapping[str, float], sizes: Mapping[Cell, int]
) -> dict[str, float]:
    """Weights that let the evaluated calls of each cell stand for all of its calls.

    Where a cell has calls that were drawn, those count by 1 ÷ chance, scaled to the size of the cell, and others that
    were heard do not; where it was heard whole, each counts for itself; where nothing was drawn, all count alike. A
    stretch of which a whole cell was not heard is left out: flagged calls cannot stand for those that are not.

    A hundred quiet calls of which two were drawn, and one flagged call that somebody heard:

    >>> from datetime import UTC, datetime
    >>> def call(one, flagged):
    ...     return EvaluatedCall(one, one, datetime(2026, 11, 9, tzinfo=UTC), None, None, None, None, flagged, 0), 0
    >>> heard = [call("a", True), call("b", False), call("c", False), call("not drawn", False)]
    >>> call_weights(heard, {"b": 10.0, "c": 30.0}, {(0, True): 1, (0, False): 100})
    {'a': 1.0, 'b': 25.0, 'c': 75.0}

    Args:
        calls: evaluated calls with the stretch that each is in.
        drawn: 1 ÷ chance by recording id.
        sizes: calls that rules were run on.

    Source: post-stratified Hájek weights, C.-E. Särndal, B. Swensson and J. Wretman, Model Assisted Survey Sampling
    (1992) §7.6; cells as in `pipeline.sampling.estimates`.
    """
    cells: dict[Cell, list[str]] = {}
    for call, stretch in calls:
        cells.setdefault((stretch, call.flagged), []).append(call.id)
    found: dict[str, float] = {}
    covered = {stretch for stretch, _ in cells} - {
        stretch for (stretch, flagged), n in sizes.items() if n and (stretch, flagged) not in cells
    }
    for (stretch, flagged), ids in cells.items():
        if stretch in covered:
            found |= _cell(ids, drawn, sizes.get((stretch, flagged), len(ids)))
    return found


def _cell(ids: Sequence[str], drawn: Mapping[str, float], size: int) -> dict[str, float]:
    picked = [one for one in ids if one in drawn]
    if len(ids) >= size or not picked:
        return dict.fromkeys(ids, max(size, len(ids)) / len(ids))
    total = sum(drawn[one] for one in picked)
    return {one: drawn[one] * size / total for one in picked}

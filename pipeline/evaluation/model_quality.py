"""How good classifiers are on labelled calls and turns: ranking, flags, calibration, each with its interval.

What a model abstains on is flagged by nobody: a miss where it is a positive, and ranked last. Calibration is measured
where there is a probability.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from models.calibration import Bin, brier_score, expected_calibration_error, reliability
from pipeline.domain.intervals import Interval, rate, rate_interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RESAMPLES = 300
"""Enough for bounds that move by less than a tenth of the interval between two runs of other seeds."""
LEAST_OF_A_SLICE = 5
"""Slices of fewer examples are left out: their intervals span everything."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One labelled example and what a model says of it."""

    call: str
    label: bool
    probability: float | None
    """``None`` where the model abstains."""
    flagged: bool
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """What predictions are worth. ``None`` where undefined; ``…_ci`` are 95 % intervals."""

    n: int
    positives: int
    abstained: int
    auc: float | None
    auc_ci: Interval | None
    average_precision: float | None
    average_precision_ci: Interval | None
    precision: float | None
    precision_ci: Interval | None
    recall: float | None
    recall_ci: Interval | None
    f1: float | None
    f1_ci: Interval | None
    threshold: float
    brier: float | None
    brier_ci: Interval | None
    ece: float | None
    ece_ci: Interval | None


def measure(judgements: Sequence[Judgement], threshold: float) -> ModelFigures:
    """The figures of some judgements.

    Precision and recall have Wilson's intervals; the others those of a bootstrap that draws whole calls.
    """
    found = sum(one.flagged and one.label for one in judgements)
    flagged, positives = sum(one.flagged for one in judgements), sum(one.label for one in judgements)
    drawn = _resamples([one.call for one in judgements])
    return ModelFigures(
        n=len(judgements),
        positives=positives,
        abstained=sum(one.probability is None for one in judgements),
        auc=_auc(judgements),
        auc_ci=_interval(_auc, judgements, drawn),
        average_precision=_average_precision(judgements),
        average_precision_ci=_interval(_average_precision, judgements, drawn),
        precision=rate(found, flagged),
        precision_ci=rate_interval(found, flagged),
        recall=rate(found, positives),
        recall_ci=rate_interval(found, positives),
        f1=_f1(judgements),
        f1_ci=_interval(_f1, judgements, drawn),
        threshold=threshold,
        brier=_brier(judgements),
        brier_ci=_interval(_brier, judgements, drawn),
        ece=_ece(judgements),
        ece_ci=_interval(_ece, judgements, drawn),
    )


def curve(judgements: Sequence[Judgement]) -> tuple[Bin, ...]:
    """The reliability curve of what the model did judge."""
    return reliability(*_judged(judgements))


def by_column(judgements: Sequence[Judgement], column: str, threshold: float) -> dict[str, ModelFigures]:
    """Figures by the calls' value of a metadata column; calls without it under ``""``, small slices left out."""
    members: dict[str, list[Judgement]] = {}
    for one in judgements:
        members.setdefault(one.metadata.get(column, ""), []).append(one)
    return {
        value: measure(members[value], threshold)
        for value in sorted(members)
        if len(members[value]) >= LEAST_OF_A_SLICE
    }


def _auc(judgements: Sequence[Judgement]) -> float | None:
    from models.calibration import auc

    return auc([one.probability or 0.0 for one in judgements], [one.label for one in judgements])


def _average_precision(judgements: Sequence[Judgement]) -> float | None:
    from models.calibration import average_precision

    return average_precision([one.probability or 0.0 for one in judgements], [one.label for one in judgements])


def _f1(judgements: Sequence[Judgement]) -> float | None:
    found = sum(one.flagged and one.label for one in judgements)
    return rate(2 * found, sum(one.flagged for one in judgements) + sum(one.label for one in judgements))


def _brier(judgements: Sequence[Judgement]) -> float | None:
    return brier_score(*_judged(judgements))


def _ece(judgements: Sequence[Judgement]) -> float | None:
    return expected_calibration_error(*_judged(judgements))


def _judged(judgements: Sequence[Judgement]) -> tuple[list[float], list[bool]]:
    known = [(one.probability, one.label) for one in judgements if one.probability is not None]
    return [probability for probability, _ in known], [label for _, label in known]


def _resamples(calls: Sequence[str]) -> "list[NDArray[np.int64]]":
    """Rows of so many samples, in each of which calls are drawn with replacement."""
    import numpy as np

    rows: dict[str, list[int]] = {}
    for row, call in enumerate(calls):
        rows.setdefault(call, []).append(row)
    members = [np.array(of_call) for of_call in rows.values()]
    random = np.random.default_rng(0)
    if not members:
        return []
    return [
        np.concatenate([members[at] for at in random.integers(len(members), size=len(members))])
        for _ in range(RESAMPLES)
    ]


def _interval(
    figure: Callable[[Sequence[Judgement]], float | None],
    judgements: Sequence[Judgement],
    drawn: "Sequence[NDArray[np.int64]]",
) -> Interval | None:
    """Bootstrap percentiles. Source: B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993), 13.3."""
    import numpy as np

    if figure(judgements) is None:
        return None
    values = [figure([judgements[row] for row in rows]) for rows in drawn]
    known = [value for value in values if value is not None]
    low, high = np.quantile(known, [0.025, 0.975])
    return Interval(float(low), float(high))

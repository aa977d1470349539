"""Probabilities that mean something: calibration, its measures, and thresholds for a stated precision or recall."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions between two probabilities, and what became of them."""

    low: float
    high: float
    n: int
    predicted: float | None
    """Mean probability; ``None`` for an empty bin."""
    observed: float | None
    """Share of positives; ``None`` for an empty bin."""


def reliability(probabilities: Sequence[float], labels: Sequence[bool]) -> tuple[Bin, ...]:
    """The reliability curve: ten bins of equal width.

    >>> [(one.n, one.observed) for one in reliability([0.05, 0.95, 0.95], [False, True, False]) if one.n]
    [(1, 0.0), (2, 0.5)]

    Source: A. H. Murphy and R. L. Winkler, Applied Statistics 26 (1977) 41–47.
    """
    members: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for probability, label in zip(probabilities, labels, strict=True):
        members[min(BINS - 1, int(probability * BINS))].append((probability, label))
    return tuple(
        Bin(
            low=number / BINS,
            high=(number + 1) / BINS,
            n=len(inside),
            predicted=sum(probability for probability, _ in inside) / len(inside) if inside else None,
            observed=sum(label for _, label in inside) / len(inside) if inside else None,
        )
        for number, inside in enumerate(members)
    )


def expected_calibration_error(probabilities: Sequence[float], labels: Sequence[bool]) -> float | None:
    """Mean distance of predicted and observed rates over the reliability curve, weighed by n; ``None`` without any.

    >>> expected_calibration_error([0.25, 0.25, 0.75, 0.75], [False, False, True, True])
    0.25

    Source: M. P. Naeini, G. F. Cooper and M. Hauskrecht, AAAI 2015.
    """
    if not len(probabilities):
        return None
    bins = [one for one in reliability(probabilities, labels) if one.n]
    return sum(one.n * abs((one.predicted or 0.0) - (one.observed or 0.0)) for one in bins) / len(probabilities)


def brier_score(probabilities: Sequence[float], labels: Sequence[bool]) -> float | None:
    """Mean squared distance of probability and outcome, 0 best; ``None`` without any.

    >>> brier_score([1.0, 0.5], [True, False])
    0.125

    Source: G. W. Brier, Monthly Weather Review 78 (1950) 1–3.
    """
    if not len(probabilities):
        return None
    squares = [(probability - label) ** 2 for probability, label in zip(probabilities, labels, strict=True)]
    return sum(squares) / len(squares)


def auc(scores: Sequence[float], labels: Sequence[bool]) -> float | None:
    """How likely a positive is ranked above a negative, ties half; ``None`` where there are not both.

    >>> auc([0.1, 0.4, 0.4, 0.8], [False, False, True, True])  # 3.5 of 4 pairs
    0.875

    Source: J. A. Hanley and B. J. McNeil, Radiology 143 (1982) 29–36.
    """
    import numpy as np

    is_positive = np.asarray(labels, dtype=bool)
    positives, negatives = int(is_positive.sum()), int((~is_positive).sum())
    if not positives or not negatives:
        return None
    _, place, ties = np.unique(np.asarray(scores), return_inverse=True, return_counts=True)
    middle_rank = np.cumsum(ties) - (ties - 1) / 2
    return float((middle_rank[place][is_positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(scores: Sequence[float], labels: Sequence[bool]) -> float | None:
    """Mean precision at each positive down the ranking, ties at once; ``None`` without a positive.

    >>> average_precision([0.9, 0.8, 0.7], [True, False, True])  # (1/1 + 2/3) / 2
    0.8333333333333333
    """
    import numpy as np

    if not any(labels):
        return None
    values, place = np.unique(-np.asarray(scores), return_inverse=True)
    found = np.bincount(place, weights=np.asarray(labels, dtype=float), minlength=len(values))
    precision = np.cumsum(found) / np.cumsum(np.bincount(place, minlength=len(values)))
    return float((precision * found).sum() / found.sum())


def calibrate(
    scores: "NDArray[np.float64]", labels: "NDArray[np.int64]"
) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Matrix and offset that make log odds of scores: logistic regression of the labels on held-out scores.

    With one score this is Platt's scaling, with several its multi-class form.

    Source: J. C. Platt, Advances in Large Margin Classifiers (1999) 61–74; C. Guo et al., ICML 2017 (matrix scaling).
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1.0, max_iter=1_000).fit(scores, labels)
    return np.asarray(model.coef_.T, dtype=np.float64), np.asarray(model.intercept_, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Aim:
    """What a threshold is chosen for: exactly one of both is given."""

    precision: float | None = None
    recall: float | None = None

    def __post_init__(self) -> None:
        given = [value for value in (self.precision, self.recall) if value is not None]
        if len(given) != 1 or not 0 < given[0] < 1:
            raise ValueError("a threshold is chosen for a precision or a recall between 0 and 1, one of them")


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold, and what it was chosen for."""

    value: float
    rule: str
    """In words: what was asked, what held-out predictions reach."""


def choose_threshold(probabilities: Sequence[float], labels: Sequence[bool], aim: Aim) -> Threshold:
    """The threshold that reaches the aim on held-out predictions at the least cost in the other rate.

    Where a precision cannot be reached with at least five flags, it is the threshold of the best F1, and says so.
    """
    ranked = sorted(zip(probabilities, labels, strict=True), reverse=True)
    positives = sum(label for _, label in ranked)
    points: list[tuple[float, float, float]] = []
    found = 0
    for flagged, (probability, label) in enumerate(ranked, start=1):
        found += label
        is_last_of_ties = flagged == len(ranked) or ranked[flagged][0] < probability
        if is_last_of_ties and found:
            below = ranked[flagged][0] if flagged < len(ranked) else 0.0
            points.append(((probability + below) / 2, found / flagged, found / positives))
    enough = [point for point in points if point[2] * positives / point[1] >= LEAST_FLAGS] or points
    if aim.recall is not None:
        value, precision, recall = max((point for point in points if point[2] >= aim.recall), key=lambda one: one[1])
        return Threshold(value, f"recall of at least {aim.recall:.2f}: {_reached(precision, recall)}")
    wanted = aim.precision or 0.0
    good = [point for point in enough if point[1] >= wanted]
    if good:
        value, precision, recall = max(good, key=lambda one: one[2])
        return Threshold(value, f"precision of at least {wanted:.2f}: {_reached(precision, recall)}")
    value, precision, recall = max(enough, key=lambda one: one[1] * one[2] / (one[1] + one[2]))
    return Threshold(value, f"best F1, as no threshold has a precision of {wanted:.2f}: {_reached(precision, recall)}")


LEAST_FLAGS = 5


def _reached(precision: float, recall: float) -> str:
    return f"precision {precision:.2f} and recall {recall:.2f} on held-out predictions"

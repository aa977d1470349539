"""Linear models over n-grams as plain arrays: what training leaves and prediction reads.

The value of a bucket in a document is (1 + ln count) · idf; a document's values are brought to length 1, as
scikit-learn's ``TfidfTransformer(sublinear_tf=True)`` does. Weights hold the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from models.call_text import ALL_COLUMNS, CallText, Counted, first_column
from models.recipe import Kind, Part

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Zone:
    """The weights of one kind of n-gram in one part of a call."""

    part: Part
    kind: Kind
    bucket: "NDArray[np.int64]"
    """Those that training has seen, ascending."""
    table: "NDArray[np.float32]"
    """A row for each: idf, then the weight in each score."""


@dataclass(frozen=True, slots=True)
class Dense:
    """The weights of features that are no n-grams."""

    names: tuple[str, ...]
    mean: "NDArray[np.float64]"
    scale: "NDArray[np.float64]"
    """Standard deviation in training."""
    weights: "NDArray[np.float64]"
    """Scores by features, for values that are standardised and cut off at ±3."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A set of ascending columns as bits, with the rank of each: so small that it stays in a processor's cache.

    Source: G. Jacobson, FOCS 1989, 549–554 (rank by counting bits).
    """

    bits: "NDArray[np.uint64]"
    """Bit b of number n stands for column 64 · n + b."""
    before: "NDArray[np.int32]"
    """How many columns there are before each number's first bit."""

    @staticmethod
    def of(columns: "NDArray[np.int64]") -> "Columns":
        """The set of some ascending columns."""
        import numpy as np

        bits = np.zeros(ALL_COLUMNS // 64, np.uint64)
        np.bitwise_or.at(bits, columns >> 6, np.uint64(1) << (columns & 63).astype(np.uint64))
        counts = np.bitwise_count(bits).astype(np.int32)
        return Columns(bits, np.cumsum(counts, dtype=np.int32) - counts)

    def find(self, columns: "NDArray[np.int64]") -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
        """Which of ``columns`` are in the set, and their ranks there.

        >>> import numpy as np
        >>> found, ranks = Columns.of(np.array([3, 64, 70])).find(np.array([70, 4, 3]))
        >>> found.tolist(), ranks.tolist()
        ([0, 2], [2, 0])
        """
        import numpy as np

        number, one = columns >> 6, np.uint64(1)
        bits, bit = self.bits[number], one << (columns & 63).astype(np.uint64)
        found = ((bits & bit) != 0).nonzero()[0]
        lower = np.bitwise_count(bits[found] & (bit[found] - one))
        return found, self.before[number[found]] + lower.astype(np.int64)


@dataclass(frozen=True)
class LinearModel:
    """Scores, and the probabilities that calibration makes of them."""

    classes: tuple[str, ...]
    """One score a class; a single class stands for yes against no."""
    zones: tuple[Zone, ...]
    dense: Dense
    intercept: "NDArray[np.float64]"
    calibration: "NDArray[np.float64]"
    """Scores by scores: log odds are scores · calibration + offset."""
    offset: "NDArray[np.float64]"

    @cached_property
    def _seen(self) -> "NDArray[np.int64]":
        """The columns (``call_text.first_column``) that training has seen, zone by zone."""
        import numpy as np

        return np.concatenate([first_column(zone.part, zone.kind) + zone.bucket for zone in self.zones])

    @cached_property
    def columns(self) -> "Columns":
        """The columns that training has seen; their ranks are rows of ``table``."""
        import numpy as np

        return Columns.of(np.sort(self._seen))

    @cached_property
    def table(self) -> "NDArray[np.float32]":
        """The rows of all zones' tables, by column."""
        import numpy as np

        return np.concatenate([zone.table for zone in self.zones])[np.argsort(self._seen)]

    def probabilities(self, scores: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Calibrated probabilities, documents by classes."""
        return calibrated(scores, self.calibration, self.offset)


def calibrated(
    scores: "NDArray[np.float64]", calibration: "NDArray[np.float64]", offset: "NDArray[np.float64]"
) -> "NDArray[np.float64]":
    """Probabilities from scores, documents by classes; a single score gives the probability of yes."""
    import numpy as np

    odds = np.clip(scores @ calibration + offset, -500.0, 500.0)
    if odds.shape[1] == 1:
        return np.asarray(1.0 / (1.0 + np.exp(-odds)))
    raised = np.exp(odds - odds.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of documents, and what made them."""

    scores: "NDArray[np.float64]"
    """Documents by classes, before calibration."""
    counted: Counted
    known: "NDArray[np.int64]"
    """The counts whose n-gram training has seen."""
    shares: "NDArray[np.float64]"
    """What each of those adds: n-grams by classes."""
    features: "NDArray[np.float64]"
    """What each feature adds: documents by classes by features."""


def score_call(model: LinearModel, call: CallText, features: "NDArray[np.float64]") -> Scored:
    """The scores of one call, a single document; ``features`` in the order of the model's."""
    return _score(model, call.by_part, features[None, :])


def score_turns(model: LinearModel, call: CallText, features: "NDArray[np.float64] | None" = None) -> Scored:
    """The scores of every turn, a document each, in the order of ``call.turns``; ``features`` are turns by features."""
    return _score(model, call.turn_by_turn, _or_none(features, len(call.turns)))


def score_customer_turns(model: LinearModel, call: CallText, features: "NDArray[np.float64] | None" = None) -> Scored:
    """As ``score_turns``, but for the customer's turns alone; the rows of the agent's turns mean nothing."""
    return _score(model, call.customer_turn_by_turn, _or_none(features, len(call.turns)))


def _or_none(features: "NDArray[np.float64] | None", documents: int) -> "NDArray[np.float64]":
    import numpy as np

    return np.zeros((documents, 0)) if features is None else features


def _score(model: LinearModel, counted: Counted, features: "NDArray[np.float64]") -> Scored:
    """The scores of documents; ``features`` are documents by features."""
    import numpy as np

    documents, classes = len(features), len(model.classes)
    units = documents * counted.zones
    known, row = model.columns.find(counted.column)
    unit, table = counted.unit[known], model.table[row]
    values = (1.0 + np.log(counted.count[known])) * table[:, 0]
    squares = np.bincount(unit, weights=values * values, minlength=units)
    values *= (1.0 / np.sqrt(np.maximum(squares, 1e-12)))[unit]
    shares = values[:, None] * table[:, 1:]
    scores = np.empty((documents, classes))
    for number in range(classes):
        by_unit = np.bincount(unit, weights=shares[:, number], minlength=units)
        scores[:, number] = by_unit.reshape(documents, counted.zones).sum(axis=1)
    by_feature = model.dense.weights[None, :, :] * standardised(model.dense, features)[:, None, :]
    return Scored(model.intercept + scores + by_feature.sum(axis=2), counted, known, shares, by_feature)


def standardised(dense: Dense, features: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Features less their mean, over their spread, cut off at ±3 so that no odd call leaves the ground."""
    import numpy as np

    return np.clip((features - dense.mean) / dense.scale, -3.0, 3.0)


def character_shares(call: CallText, scored: Scored, weighing: Sequence[float]) -> "NDArray[np.float64]":
    """What each character of the joined turns adds to a mix of scores, one weight a class.

    An n-gram's share is divided among its occurrences, and each occurrence's among its characters.
    """
    import numpy as np

    grams, counted = call.grams, scored.counted
    of_entry = np.zeros(len(counted.column))
    of_entry[scored.known] = (scored.shares @ np.asarray(weighing)) / counted.count[scored.known]
    each = np.bincount(counted.row, weights=of_entry[counted.entry], minlength=len(call.by_turn.bucket))
    steps = each[call.by_turn.row]
    moving = (steps != 0).nonzero()[0]
    start, length = grams.start[moving], grams.length[moving]
    steps = steps[moving] / length
    size = len(grams.points) + 1
    change = np.bincount(start, weights=steps, minlength=size)
    change -= np.bincount(start + length, weights=steps, minlength=size)
    return np.asarray(np.cumsum(change)[:-1])

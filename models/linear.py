"""Linear models over n-grams as plain arrays: what training leaves and prediction reads.

The value of a bucket in a document is (1 + ln count) · idf; a document's values are brought to length 1, as
scikit-learn's ``TfidfTransformer(sublinear_tf=True)`` does. Weights hold the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from models.call_text import CallText, ZoneCounts
from models.recipe import Kind, Part

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Zone:
    """The weights of one kind of n-gram in one part of a call."""

    part: Part
    kind: Kind
    table: "NDArray[np.float32]"
    """A row a bucket: idf (0 for what training has not seen), then the weight in each score."""

    @cached_property
    def known(self) -> "NDArray[np.bool_]":
        """Which buckets training has seen: small enough to stay in a processor's cache, which the table is not."""
        import numpy as np

        return np.ascontiguousarray(self.table[:, 0] > 0)


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

    @property
    def reads_words(self) -> bool:
        """Whether words must be counted beside characters."""
        return any(zone.kind == Kind.WORDS for zone in self.zones)

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
class ZoneScores:
    """What one zone adds to the scores of its documents."""

    scores: "NDArray[np.float64]"
    """Documents by classes."""
    counts: ZoneCounts
    known: "NDArray[np.int64]"
    """The counted n-grams that training has seen."""
    shares: "NDArray[np.float64]"
    """Those n-grams by classes; summed by document they are ``scores``."""


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of documents, and what made them."""

    scores: "NDArray[np.float64]"
    """Documents by classes, before calibration."""
    zones: tuple[ZoneScores, ...]
    features: "NDArray[np.float64]"
    """What each feature adds: documents by classes by features."""


def score_call(model: LinearModel, call: CallText, features: "NDArray[np.float64]") -> Scored:
    """The scores of one call, a single document; ``features`` in the order of the model's."""
    zones = tuple(score_zone(zone, call.zone(zone.part, zone.kind), 1) for zone in model.zones)
    return _summed(model, zones, features[None, :])


def score_turns(model: LinearModel, call: CallText, features: "NDArray[np.float64] | None" = None) -> Scored:
    """The scores of every turn, a document each, in the order of ``call.turns``; ``features`` are turns by features."""
    import numpy as np

    documents = len(call.turns)
    zones = tuple(score_zone(zone, call.zone(zone.part, zone.kind), documents) for zone in model.zones)
    return _summed(model, zones, np.zeros((documents, 0)) if features is None else features)


def _summed(model: LinearModel, zones: tuple[ZoneScores, ...], features: "NDArray[np.float64]") -> Scored:
    import numpy as np

    shares = model.dense.weights[None, :, :] * standardised(model.dense, features)[:, None, :]
    scores = model.intercept + shares.sum(axis=2) + sum(one.scores for one in zones)
    return Scored(np.asarray(scores), zones, shares)


def score_zone(zone: Zone, counted: ZoneCounts, documents: int) -> ZoneScores:
    """What a zone adds to ``documents`` documents, numbered from 0."""
    import numpy as np

    counts = counted.counts
    known = np.flatnonzero(zone.known[counts.bucket])
    document, rows = counts.document[known], zone.table[counts.bucket[known]]
    values = (1.0 + np.log(counts.count[known])) * rows[:, 0]
    squares = np.bincount(document, weights=values * values, minlength=documents)
    values /= np.sqrt(np.maximum(squares, 1e-12))[document]
    shares = values[:, None] * rows[:, 1:]
    scores = [np.bincount(document, weights=share, minlength=documents) for share in shares.T]
    return ZoneScores(np.stack(scores, axis=1), counted, known, shares)


def standardised(dense: Dense, features: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Features less their mean, over their spread, cut off at ±3 so that no odd call leaves the ground."""
    import numpy as np

    return np.clip((features - dense.mean) / dense.scale, -3.0, 3.0)


def character_shares(call: CallText, scored: Scored, weighing: Sequence[float]) -> "NDArray[np.float64]":
    """What each character of the joined turns adds to a mix of scores, one weight a class.

    An n-gram's share is divided among its occurrences, and each occurrence's among its characters.
    """
    import numpy as np

    grams, mix = call.grams, np.asarray(weighing)
    each = np.zeros(len(call.by_turn.bucket))
    for one in scored.zones:
        counts = one.counts.counts
        of_entry = np.zeros(len(counts.bucket))
        of_entry[one.known] = (one.shares @ mix) / counts.count[one.known]
        each[one.counts.rows] += of_entry[counts.entry]
    steps = each[call.by_turn.entry] / grams.length
    size = len(grams.points) + 1
    change = np.bincount(grams.start, weights=steps, minlength=size)
    change -= np.bincount(grams.start + grams.length, weights=steps, minlength=size)
    return np.asarray(np.cumsum(change)[:-1])

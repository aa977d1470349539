"""Precision, recall and prevalence of a rule or an error class from judged hits and audits, or why there is none yet.

Pure functions on arrays with one entry a call that was drawn or judged; `pipeline.store.sampling_evidence` assembles
them, and counts all others. Calls
fall into three groups: hit by the rule, flagged by other rules only, and quiet. In each group the judged calls stand
for all, weighted by 1 ÷ inclusion probability and scaled to the group's size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.domain.results import BilingualText
from pipeline.domain.sampling import Estimate, Metric, NotEnough
from pipeline.sampling.shares import (
    Bounds,
    Counts,
    Floats,
    counted,
    effective_counts,
    prevalence_bounds,
    recall_bounds,
    share_bounds,
)
from pipeline.sampling.shortage import hits_unjudged, none_true, too_few

ENOUGH = {Metric.PRECISION: 0.15, Metric.RECALL: 0.15, Metric.PREVALENCE: 0.025}
"""A number is shown where the calls judged can be expected to give it ± this."""
EXPECTED_PRECISION, EXPECTED_RECALL = 0.8, 0.7
"""What that expectation supposes. It must not look at what the audit found: intervals shown only where they came out
short hold the truth less often than they say."""
FULLEST = 0.5
"""Part of a group's weight that may be picked and not judged before its judged calls cannot stand for it."""


class Basis(StrEnum):
    """Why the judged calls of a group can stand for it."""

    ALL = "all"
    """All of it was judged."""
    PICKED = "picked"
    """They were drawn by a plan; others that were judged are left out."""
    AS_FOUND = "as_found"
    """Nothing was drawn: they are taken for a random part of the group, which nobody can prove."""
    NONE = "none"
    """Nothing was judged."""


@dataclass(frozen=True, slots=True)
class Group:
    """Calls of one group with those judged."""

    calls: int
    weights: Floats
    """Of the judged calls; they add up to ``calls``."""
    truths: NDArray[np.bool_]
    basis: Basis
    open_picks: int = 0
    """Drawn, and not judged yet."""

    @property
    def judged(self) -> int:
        """Judged calls that count."""
        return len(self.weights)


@dataclass(frozen=True, slots=True)
class Figures:
    """What can be said of one rule or class."""

    calls: int
    hits: int
    judged_hits: int
    confirmed: int
    judged_others: int
    """Judged calls that the rule did not hit."""
    missed: int
    """Those of them with the violation."""
    open_picks: int
    uncovered: int
    """Calls flagged by other rules of which none was judged or drawn: recall and prevalence do not speak of them."""
    hits_basis: Basis
    audit_basis: Basis
    precision: Estimate | NotEnough
    recall: Estimate | NotEnough
    prevalence: Estimate | NotEnough


def figures(
    hit: ArrayLike,
    flagged: ArrayLike,
    truth: ArrayLike,
    weight: ArrayLike,
    others: tuple[int, int, int] = (0, 0, 0),
) -> Figures:
    """What judged calls say of a rule, with 95 % intervals.

    Args:
        hit: whether the rule hits the call.
        flagged: whether any active rule does.
        truth: 1 where the call has the violation, 0 where not, -1 where nobody has said.
        weight: 1 ÷ inclusion probability of a call that was drawn, not a number for others.
        others: calls that are in no array, neither drawn nor judged: hit by the rule, flagged by others only, quiet.

    Two of three hits confirmed, one missed among two audits that stand for seven quiet calls: 2 of 2 + 3.5 are found.

    >>> hit, truth = [1, 1, 1] + [0] * 7, [1, 1, 0, 1, 0] + [-1] * 5
    >>> known = figures(hit, hit, truth, [1, 1, 1, 3.5, 3.5] + [np.nan] * 5)
    >>> known.confirmed, known.judged_hits, known.missed, known.judged_others
    (2, 3, 1, 2)
    >>> known == figures(hit[:5], hit[:5], truth[:5], [1, 1, 1, 3.5, 3.5], others=(0, 0, 5))
    True
    >>> known.recall.reason.en[:61]
    'too few calls were judged. Recall lies between 6.8 % and 94 %'
    """
    is_hit, is_flagged = np.asarray(hit, dtype=bool), np.asarray(flagged, dtype=bool)
    truths, weights = np.asarray(truth, dtype=np.int8), np.asarray(weight, dtype=float)
    masks = (is_hit, ~is_hit & is_flagged, ~is_hit & ~is_flagged)
    hits, by_others, quiet = (
        group(truths[mask], weights[mask], more) for mask, more in zip(masks, others, strict=True)
    )
    return estimated(hits, by_others, quiet)


def group(truth: NDArray[np.int8], weight: Floats, others: int = 0) -> Group:
    """The judged calls of a group with the weights that let them stand for all of it, ``others`` included.

    Picks that nobody judged yet are taken to be like the judged ones of similar weight. Where those that are open carry
    more than half of the weight, nothing is known of the group.

    >>> found = group(np.array([1, 0, -1, -1], dtype=np.int8), np.array([2.0, 2.0, np.nan, np.nan]))
    >>> found.weights.tolist(), found.basis.value
    ([2.0, 2.0], 'picked')
    """
    judged, picked = truth >= 0, ~np.isnan(weight)
    calls, open_picks = len(truth) + others, int((picked & ~judged).sum())
    if calls == 0 or (judged.all() and not others):
        basis = Basis.ALL if calls else Basis.NONE
        return Group(calls, np.ones(calls), truth == 1, basis)
    if not picked.any():
        if not judged.any():
            return Group(calls, np.zeros(0), np.zeros(0, dtype=bool), Basis.NONE)
        n = int(judged.sum())
        return Group(calls, np.full(n, calls / n), truth[judged] == 1, Basis.AS_FOUND)
    used = judged & picked
    weights = _answering(weight[picked], judged[picked])
    if weights is None:
        return Group(calls, np.zeros(0), np.zeros(0, dtype=bool), Basis.NONE, open_picks)
    return Group(calls, weights * calls / weights.sum(), truth[used] == 1, Basis.PICKED, open_picks)


def _answering(weight: Floats, judged: NDArray[np.bool_]) -> Floats | None:
    """Weights of the judged picks, raised by what is open among picks of similar weight (within a factor of two).

    Source: C.-E. Särndal, B. Swensson and J. Wretman, Model Assisted Survey Sampling (1992) §15.6.2, response
    homogeneity groups.
    """
    classes = np.floor(np.log2(weight)).astype(int)
    raised = weight.copy()
    answered = 0.0
    for one in np.unique(classes):
        members = classes == one
        answering = members & judged
        if answering.any():
            raised[answering] *= weight[members].sum() / weight[answering].sum()
            answered += weight[members].sum()
    return None if answered < FULLEST * weight.sum() else raised[judged]


def estimated(hits: Group, flagged: Group, quiet: Group) -> Figures:
    """What the three groups say of the rule."""
    others = [one for one in (flagged, quiet) if one.judged]
    uncovered = flagged.calls if flagged.calls and not flagged.judged else 0
    calls = hits.calls + flagged.calls + quiet.calls - uncovered
    # Without quiet calls judged, those flagged by other rules cannot speak for the rest.
    audited = others if quiet.judged or not quiet.calls else []
    known = Known(calls, hits.calls, _worth([hits]), _worth(audited))
    n = (hits.judged, hits.judged + sum(one.judged for one in others))
    return Figures(
        calls=hits.calls + flagged.calls + quiet.calls,
        hits=hits.calls,
        judged_hits=hits.judged,
        confirmed=int(hits.truths.sum()),
        judged_others=sum(one.judged for one in others),
        missed=sum(int(one.truths.sum()) for one in others),
        open_picks=hits.open_picks + flagged.open_picks + quiet.open_picks,
        uncovered=uncovered,
        hits_basis=hits.basis,
        audit_basis=quiet.basis,
        precision=_told(Metric.PRECISION, known, n[0], hits.calls - hits.judged),
        recall=_told(Metric.RECALL, known, n[1], quiet.calls - quiet.judged),
        prevalence=_told(Metric.PREVALENCE, known, n[1], quiet.calls - quiet.judged),
    )


def _worth(groups: Sequence[Group]) -> Counts:
    weights = np.concatenate([one.weights for one in groups] or [np.zeros(0)])
    truths = np.concatenate([one.truths for one in groups] or [np.zeros(0, dtype=bool)])
    return effective_counts(weights.sum(), weights[truths].sum(), (weights**2).sum(), (weights[truths] ** 2).sum())


@dataclass(frozen=True, slots=True)
class Known:
    """What a rule's figures follow from. Numbers or arrays of equal shape."""

    calls: ArrayLike
    hits: ArrayLike
    judged_hits: Counts
    """What the judged hits are worth; yes: confirmed."""
    audits: Counts
    """What the judged calls without a hit are worth; yes: missed."""

    def bounds(self, metric: Metric) -> Bounds:
        """The metric's interval."""
        true_if_hit = share_bounds(self.judged_hits)
        if metric == Metric.PRECISION:
            return true_if_hit
        hit, true_if_not = share_bounds(counted(self.hits, self.calls)), share_bounds(self.audits)
        over = recall_bounds if metric == Metric.RECALL else prevalence_bounds
        return over(hit, true_if_hit, true_if_not)

    def expected_half_width(self, metric: Metric, more: ArrayLike = 0.0) -> Floats:
        """± that so many more calls than were judged can be expected to give: hits for precision, else audits.

        Precision and recall suppose `EXPECTED_PRECISION` and `EXPECTED_RECALL`, and as many true hits as were found.
        Prevalence is half the interval if not one missed violation is found.
        """
        if metric == Metric.PRECISION:
            n = self.judged_hits.n + np.asarray(more, dtype=float)
            found = share_bounds(counted(EXPECTED_PRECISION * n, n))
            return np.where(n > 0, (found.high - found.low) / 2, 0.5)
        n = self.audits.n + np.asarray(more, dtype=float)
        if metric == Metric.PREVALENCE:
            return share_bounds(counted(0.0 * n, n)).high / 2
        hits, calls = np.asarray(self.hits, dtype=float), np.asarray(self.calls, dtype=float)
        true_hits = hits * (self.judged_hits.yes + 0.5) / (self.judged_hits.n + 1)
        others = np.maximum(calls - hits, 1.0)
        missed = np.minimum(true_hits * (1 - EXPECTED_RECALL) / EXPECTED_RECALL / others, 1.0)
        then = Known(calls, hits, self.judged_hits, counted(missed * n, n))
        found = then.bounds(Metric.RECALL)
        return np.where((n > 0) & (self.judged_hits.n > 0), (found.high - found.low) / 2, 0.5)


def _told(metric: Metric, known: Known, n: int, available: int) -> Estimate | NotEnough:
    impossible = _impossible(metric, known)
    if impossible is not None:
        return NotEnough(metric, impossible, n)
    bounds = known.bounds(metric)
    share, low, high = (float(one) for one in (bounds.share, bounds.low, bounds.high))
    # Where nothing is hit and something was missed, all is missed: no expectation is needed.
    certain = metric == Metric.RECALL and known.hits == 0
    if not np.isnan(share) and (certain or known.expected_half_width(metric) <= ENOUGH[metric]):
        return Estimate(metric, share, low, high, n)
    more, half_width = needed(metric, known, available)
    if np.isnan(share):
        return NotEnough(metric, too_few(metric, None, more, half_width, available), n, None, None, more, half_width)
    reason = too_few(metric, (low, high), more, half_width, available)
    return NotEnough(metric, reason, n, low, high, more, half_width)


def _impossible(metric: Metric, known: Known) -> BilingualText | None:
    """Why no number of audits would help."""
    if metric == Metric.PRECISION:
        return none_true(metric) if known.hits == 0 else None
    if known.hits and known.judged_hits.n <= 0:
        return hits_unjudged(metric)
    nothing = known.judged_hits.yes + known.audits.yes <= 0 and known.audits.n > 0
    return none_true(metric) if metric == Metric.RECALL and nothing else None


def needed(metric: Metric, known: Known, available: int) -> tuple[int | None, float]:
    """Calls to judge besides until the metric can be shown, and the ± they give; where all ``available`` ones do not
    suffice, ``None`` and the ± that they give."""
    if available <= 0:
        return None, float(known.expected_half_width(metric))
    tried = np.unique(np.minimum(np.ceil(np.geomspace(1, available, 120)), available))
    widths = known.expected_half_width(metric, tried)
    enough = np.flatnonzero(widths <= ENOUGH[metric])
    if not len(enough):
        return None, float(widths[-1])
    return int(tried[enough[0]]), float(widths[enough[0]])

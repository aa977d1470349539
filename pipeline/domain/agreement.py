"""How far people who judged the same things agree beyond chance, and how far that number can be trusted.

Everything is computed from one table a call: how often which pairs of values came up among those who judged it.
Tables add up over calls, so leaving a call out is a subtraction; that is what intervals are made of.

There is a package for Krippendorff's α, under the GPL; scikit-learn has κ without an interval. Tests compare with both
authors' published examples and with scikit-learn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, stdtrit

from pipeline.domain.intervals import Interval, rate_interval

_Tables = NDArray[np.float64]
LOWEST = -1.0
"""Agreement is not said to be lower than this: so low it only says that people disagree by system."""


class Coefficient(StrEnum):
    """Which number says how far people agree."""

    KAPPA = "kappa"
    """Cohen's κ: two people, both judged everything."""
    ALPHA = "alpha"
    """Krippendorff's α: any number of people, with gaps."""


class Undefined(StrEnum):
    """Why there is no number."""

    NO_PAIRS = "no_pairs"
    """No call was judged by two people."""
    NO_VARIATION = "no_variation"
    """All said the same of all calls: whether they could tell a difference was not put to the test."""


class Share(NamedTuple):
    """A part of a whole."""

    part: int
    whole: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far people agree on one thing, such as a rule."""

    calls: int
    """Calls that two or more people judged."""
    judgements: int
    """Judgements of those calls."""
    people: int
    """Who gave them."""
    agreed: Share
    """Calls on which all said the same, of ``calls``."""
    coefficient: Coefficient
    value: float | None
    """At most 1; 0 is what chance gives; ``None`` where it is undefined."""
    interval: Interval | None
    """95 %; ``None`` where it is undefined, or where all calls but one are alike."""
    undefined: Undefined | None = None

    @property
    def agreed_interval(self) -> Interval | None:
        """The 95 % interval of the share of calls on which all said the same."""
        return rate_interval(*self.agreed)


def agreement(calls: Sequence[Mapping[int, str]], grades: Sequence[str] = ()) -> Agreement:
    """How far people agree.

    κ where two people judged every call, α where there are more or where judgements are missing. Values that have an
    order count as further apart the more of it lies between them: linear weights for κ, the ordinal metric for α.

    Args:
        calls: for each call, who said what. A call that fewer than two people judged tells nothing and is left out.
        grades: the values that have an order, in it; empty where values are only the same or not.

    >>> said = [{1: "no", 2: "no"}, {1: "no", 2: "no"}, {1: "yes", 2: "yes"}, {1: "yes", 2: "no"}]
    >>> found = agreement(said)  # observed 3/4, expected (2·3 + 2·1) / 16 = 1/2
    >>> found.coefficient.value, found.value, found.agreed
    ('kappa', 0.5, Share(part=3, whole=4))
    >>> agreement([{1: "yes", 2: "yes"}] * 9).undefined.value
    'no_variation'

    Sources: J. Cohen, Educational and Psychological Measurement 20 (1960) 37–46, and Psychological Bulletin 70 (1968)
    213–220; K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011).
    """
    paired = [call for call in calls if len(call) > 1]
    people = sorted({person for call in paired for person in call})
    places = {grade: place for place, grade in enumerate(grades)}
    values = sorted(
        {value for call in paired for value in call.values()}, key=lambda value: (places.get(value, len(places)), value)
    )
    coefficient = Coefficient.KAPPA if len(people) == 2 and len(paired) == len(calls) else Coefficient.ALPHA
    same = Share(sum(len(set(call.values())) == 1 for call in paired), len(paired))
    value, interval, undefined = None, None, None
    if not paired:
        undefined = Undefined.NO_PAIRS
    elif len(values) < 2:
        undefined = Undefined.NO_VARIATION
    else:
        at = {value: place for place, value in enumerate(values)}
        if coefficient == Coefficient.KAPPA:
            tables = _confusions([(at[call[people[0]]], at[call[people[1]]]) for call in paired], len(values))
        else:
            tables = _coincidences([[at[value] for value in call.values()] for call in paired], len(values))
        value, interval = _with_interval(tables, coefficient, ordered=bool(grades))
    return Agreement(
        calls=len(paired),
        judgements=sum(map(len, paired)),
        people=len(people),
        agreed=same,
        coefficient=coefficient,
        value=value,
        interval=interval,
        undefined=undefined,
    )


def _confusions(pairs: Sequence[tuple[int, int]], values: int) -> _Tables:
    """For each call a table with a one where the first person's value meets the second's."""
    tables = np.zeros((len(pairs), values, values))
    for call, (first, second) in enumerate(pairs):
        tables[call, first, second] = 1.0
    return tables


def _coincidences(calls: Sequence[Sequence[int]], values: int) -> _Tables:
    """For each call how often each ordered pair of values comes up among its m judgements, times 1 ÷ (m − 1)."""
    tables = np.zeros((len(calls), values, values))
    for call, said in enumerate(calls):
        counts = np.bincount(said, minlength=values).astype(float)
        tables[call] = (np.outer(counts, counts) - np.diag(counts)) / (len(said) - 1)
    return tables


def _with_interval(tables: _Tables, coefficient: Coefficient, *, ordered: bool) -> tuple[float | None, Interval | None]:
    """The coefficient of the calls' tables, and the wider of two 95 % intervals: each is too short somewhere.

    By leaving out one call at a time, on the scale of log(1 − coefficient), so that no bound passes 1, with Student's
    t for n − 1: too short where few calls are unlike the others, and impossible where only one is. And by the exact
    bounds of the share of calls that people differ on, the rest taken as given: too short where some calls are
    differed on far more than others.

    Sources: R. G. Miller, Biometrika 61 (1974) 1–15; C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404–413.
    """
    total = tables.sum(axis=0)
    observed, expected = _disagreement(total[None], coefficient, ordered=ordered)
    ratio = float(observed[0] / expected[0])
    exact = _by_share(tables, ratio, coefficient)
    seen, by_chance = _disagreement(total - tables, coefficient, ordered=ordered)
    if len(tables) == 1 or (by_chance <= 0).any():
        return 1 - ratio, None
    ends = [exact]
    if (seen > 0).all():
        ends.append(_by_leaving_out(np.log(seen / by_chance), ratio))
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    return 1 - ratio, Interval(max(LOWEST, low), high)


def _by_leaving_out(logs: _Tables, ratio: float) -> Interval:
    n = len(logs)
    error = float(np.sqrt((n - 1) / n * ((logs - logs.mean()) ** 2).sum()))
    spread = float(np.exp(min(700.0, float(stdtrit(n - 1, 0.975)) * error)))
    return Interval(1 - ratio * spread, 1 - ratio / spread)


def _by_share(tables: _Tables, ratio: float, coefficient: Coefficient) -> Interval:
    n = len(tables)
    differing = int((tables.trace(axis1=1, axis2=2) < tables.sum(axis=(1, 2))).sum())
    most = float(betaincinv(differing + 1, n - differing, 0.975)) if differing < n else 1.0
    if not differing:
        # There is nothing to scale: as many calls as are still possible, each differed on by all.
        _, nominal = _disagreement(tables.sum(axis=0)[None], coefficient, ordered=False)
        return Interval(1 - most / float(nominal[0]), 1.0)
    fewest = float(betaincinv(differing, n - differing + 1, 0.025))
    share = differing / n
    return Interval(1 - ratio * most / share, 1 - ratio * fewest / share)


def _disagreement(totals: _Tables, coefficient: Coefficient, *, ordered: bool) -> tuple[_Tables, _Tables]:
    """Observed and expected disagreement of each table in the stack, as shares; expected 0 where nothing varies."""
    n = totals.sum(axis=(1, 2))
    rows, columns = totals.sum(axis=2), totals.sum(axis=1)
    if coefficient == Coefficient.KAPPA:
        apart = _linear(totals.shape[1]) if ordered else 1 - np.eye(totals.shape[1])
        weights = np.broadcast_to(apart, totals.shape)
        pairs = n * n
    else:
        weights = _ordinal(rows) if ordered else np.broadcast_to(1 - np.eye(totals.shape[1]), totals.shape)
        pairs = n * (n - 1)
    with np.errstate(invalid="ignore"):
        observed = (totals * weights).sum(axis=(1, 2)) / n
        expected = (rows[:, :, None] * columns[:, None, :] * weights).sum(axis=(1, 2)) / pairs
    return observed, expected


def _linear(values: int) -> _Tables:
    places = np.arange(values, dtype=float)
    return np.abs(places[:, None] - places[None, :])


def _ordinal(counts: _Tables) -> _Tables:
    """Krippendorff's ordinal metric: squared number of values that lie between, the two themselves counting half."""
    middles = counts.cumsum(axis=1) - counts / 2
    apart: _Tables = (middles[:, :, None] - middles[:, None, :]) ** 2
    return apart

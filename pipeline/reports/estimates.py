"""Accuracy of all calls of a period, where a plan drew some of them: 1 − prevalence, weighted by chance."""

from collections.abc import Mapping, Sequence

from pipeline.domain.results import RuleHeading
from pipeline.domain.sampling import Estimate, NotEnough
from pipeline.sampling.estimates import figures
from pipeline.store.database import Database
from pipeline.store.report_queries import JudgedRule, Window
from pipeline.store.report_sample import class_samples


def class_estimates(
    database: Database, window: Window, judged: Sequence[JudgedRule], rules: Mapping[str, RuleHeading]
) -> dict[str, Estimate | NotEnough]:
    """The accuracy of each class that a rule listens for, over all calls of the window, or why it is not known yet."""
    return {
        one.error_class: _accuracy(figures(one.hit, one.flagged, one.truth, one.weight).prevalence)
        for one in class_samples(database, window, judged, rules)
        if len(one.hit)
    }


def _accuracy(errors: Estimate | NotEnough) -> Estimate | NotEnough:
    if isinstance(errors, Estimate):
        return Estimate(errors.metric, 1 - errors.value, 1 - errors.high, 1 - errors.low, errors.n)
    low = None if errors.high is None else 1 - errors.high
    high = None if errors.low is None else 1 - errors.low
    return NotEnough(errors.metric, errors.reason, errors.n, low, high, errors.more, errors.half_width)

"""Accuracy of all calls of a period, where a plan drew some of them: 1 − prevalence, weighted by chance."""

from pipeline.domain.sampling import Estimate, NotEnough
from pipeline.sampling.estimates import figures
from pipeline.store.database import Database
from pipeline.store.report_queries import Window
from pipeline.store.sampling_evidence import load_evidence


def class_estimates(database: Database, window: Window) -> dict[str, Estimate | NotEnough]:
    """The accuracy of each class that a rule listens for, over all calls of the window, or why it is not known yet."""
    known = load_evidence(database, since=window.since, until=window.until, scope=window.scope.tests, of_rules=False)
    samples = {one.id: known.sample(one) for one in known.subjects}
    return {
        error_class: _accuracy(figures(one.hit, one.flagged, one.truth, one.weight, one.others).prevalence)
        for error_class, one in samples.items()
        if one.calls
    }


def _accuracy(errors: Estimate | NotEnough) -> Estimate | NotEnough:
    if isinstance(errors, Estimate):
        return Estimate(errors.metric, 1 - errors.value, 1 - errors.high, 1 - errors.low, errors.n)
    low = None if errors.high is None else 1 - errors.high
    high = None if errors.low is None else 1 - errors.low
    return NotEnough(errors.metric, errors.reason, errors.n, low, high, errors.more, errors.half_width)

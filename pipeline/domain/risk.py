"""How urgently a person should hear a call: one number made of what rules and classifiers say."""

from collections.abc import Iterable

from pipeline.domain.predictions import Prediction, Predictions
from pipeline.domain.results import Severity

SEVERITY_WEIGHT = {Severity.CRITICAL: 0.6, Severity.ALERT: 0.5, Severity.MINOR: 0.08}
"""What one sure hit adds. Source: docs/models.md, "Ranking by risk"."""
DISSATISFIED_WEIGHT = 0.35
ESCALATION_WEIGHT = 0.5


def risk_of(hits: Iterable[tuple[Severity, float]], predictions: Predictions | None) -> int:
    """The risk of a call, 0–100: 100 · (1 − Π (1 − weight · certainty)) over its hits and what the models expect.

    Every reason raises the risk, none alone decides it, and the order of reasons does not matter. The number ranks
    calls; it is no probability.

    Args:
        hits: severity and confidence (0–1) of each active rule that hit.
        predictions: of the classifiers; an abstention adds nothing.

    >>> risk_of([(Severity.CRITICAL, 1.0)], None)
    60
    >>> risk_of([(Severity.CRITICAL, 1.0), (Severity.MINOR, 1.0)], None)
    63
    >>> risk_of([], None)
    0
    """
    left = 1.0
    for severity, confidence in hits:
        left *= 1.0 - SEVERITY_WEIGHT[severity] * confidence
    if predictions is not None:
        left *= 1.0 - DISSATISFIED_WEIGHT * _likely(predictions.dissatisfied)
        left *= 1.0 - ESCALATION_WEIGHT * _likely(predictions.escalation)
    return round(100 * (1.0 - left))


def _likely(prediction: Prediction) -> float:
    return prediction.probability or 0.0

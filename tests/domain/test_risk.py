"""The risk of a call."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.predictions import Abstention, Prediction, Predictions
from pipeline.domain.results import Severity
from pipeline.domain.risk import risk_of


def predictions(dissatisfied: float | None, escalation: float | None) -> Predictions:
    def of(task, probability):
        return Prediction(task, probability, 0.5, "m" * 64, Abstention.TOO_SHORT if probability is None else None)

    return Predictions(of("dissatisfied", dissatisfied), of("escalation", escalation), (), "s" * 64, 0.5)


@pytest.mark.parametrize(
    ("hits", "predicted", "expected"),
    [
        pytest.param([], None, 0, id="nothing said"),
        pytest.param([], predictions(None, None), 0, id="models abstain"),
        pytest.param([], predictions(0.0, 0.0), 0, id="models see nothing"),
        pytest.param([(Severity.CRITICAL, 0.0)], None, 0, id="a hit that nobody is sure of"),
        pytest.param([(Severity.MINOR, 1.0)] * 7, None, 44, id="seven minor: 1 − 0.92^7"),
        pytest.param([(Severity.CRITICAL, 1.0)], None, 60, id="one critical outranks seven minor"),
        pytest.param([(Severity.ALERT, 1.0)], None, 50, id="one alert: 0.5"),
        pytest.param([], predictions(1.0, 1.0), 68, id="models alone: 1 − 0.65 · 0.5 = 0.675"),
        pytest.param([(Severity.CRITICAL, 0.5)], predictions(0.5, None), 42, id="1 − 0.7 · 0.825 = 0.4225"),
    ],
)
def test_risk(hits, predicted, expected):
    assert risk_of(hits, predicted) == expected


hit = st.tuples(st.sampled_from(list(Severity)), st.floats(0, 1))


@given(st.lists(hit, max_size=30), hit, st.floats(0, 1), st.floats(0, 1))
def test_another_reason_never_lowers_it(hits, another, dissatisfied, escalation):
    predicted = predictions(dissatisfied, escalation)
    assert 0 <= risk_of(hits, None) <= risk_of(hits, predicted) <= risk_of([*hits, another], predicted) <= 100

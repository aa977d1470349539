"""From a plan of overlapping parts to estimates: on average right, and as sure as they say."""

import numpy as np
import pytest

from pipeline.domain.sampling import PartKind, Target, TargetKind
from pipeline.sampling.draw import draw
from pipeline.sampling.estimates import figures
from tests.sampling.builders import call, frame, part, plan

CALLS, WORLDS = 1_500, 80
RECALL, PRECISION = 0.7, 0.8
LONG, IF_LONG, IF_SHORT = 0.1, 0.5, 0.06
PREVALENCE = LONG * IF_LONG + (1 - LONG) * IF_SHORT
# Long calls are looked for, and have most of the violations: their picks must not stand for the others.
PLAN = plan(
    part("audit", n=250),
    part("flagged", PartKind.TARGETED, n=80, target=Target(TargetKind.FLAGGED)),
    part("long", PartKind.TARGETED, n=60, target=Target(TargetKind.LONG, at_least_s=600)),
    part("everybody", PartKind.RANDOM, n=4),
    part("watch", PartKind.ADAPTIVE, n=40),
)


def estimated(random, seed):
    """A world's figures as the plan's picks tell them, and the share of picks with the violation."""
    is_long = random.random(CALLS) < LONG
    violation = random.random(CALLS) < np.where(is_long, IF_LONG, IF_SHORT)
    false_rate = PREVALENCE * RECALL * (1 - PRECISION) / PRECISION / (1 - PREVALENCE)
    hit = random.random(CALLS) < np.where(violation, RECALL, false_rate)
    flagged = hit | (random.random(CALLS) < 0.15)
    calls = frame(
        *(
            call(n, agent=f"A{n % 10}", flagged=bool(flagged[n]), duration_s=700.0 if is_long[n] else 100.0)
            for n in range(CALLS)
        )
    )
    position = {one.id: place for place, one in enumerate(calls.calls)}
    truth, weight = np.full(CALLS, -1), np.full(CALLS, np.nan)
    for pick in draw(PLAN, calls, seed=seed).picks:
        place = position[pick.recording_id]
        truth[place], weight[place] = violation[place], 1 / pick.inclusion
    found = figures(hit, flagged, truth, weight)
    return found, (truth == 1).sum() / (truth >= 0).sum()


@pytest.mark.slow
def test_estimates_are_right_on_average_and_hold_the_truth():
    random = np.random.default_rng(4)
    worlds = [estimated(random, seed) for seed in range(WORLDS)]
    for metric, true in (("precision", PRECISION), ("recall", RECALL), ("prevalence", PREVALENCE)):
        found = [getattr(figure, metric) for figure, _ in worlds]
        held = sum(one.low <= true <= one.high for one in found)
        # 95 % of 80 worlds less three standard errors.
        assert held >= 70, metric
        values = [one.value for one in found if hasattr(one, "value")]
        if len(values) == WORLDS:
            assert np.mean(values) == pytest.approx(true, abs=4 * np.std(values) / WORLDS**0.5), metric
    # What a count of the same verdicts would say.
    assert np.mean([naive for _, naive in worlds]) > PREVALENCE + 0.03

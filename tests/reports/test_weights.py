"""Calls that a plan drew stand for all: in every figure that says so, and only there. On both databases."""

from datetime import timedelta

import pytest

from pipeline.domain.periods import Period, Unit
from pipeline.domain.sampling import PartKind, Target, TargetKind
from pipeline.reports.control import binomial_tail, control_chart
from pipeline.reports.model import Basis
from pipeline.reports.shares import Share, Tally
from pipeline.reports.weights import call_weights
from pipeline.sampling.draw import draw
from pipeline.store.report_queries import EvaluatedCall
from pipeline.store.sampling_frame import load_frame
from pipeline.store.sampling_store import save_draw
from tests.reports.builders import MONDAY
from tests.sampling.builders import part, plan

CUSTOMER = "customer-critical"


def heard(one, *, flagged=False, stretch=0):
    return EvaluatedCall(one, one, MONDAY, None, None, None, None, flagged, 0), stretch


@pytest.mark.parametrize(
    ("calls", "drawn", "sizes", "weights"),
    [
        pytest.param([], {}, {(0, False): 5}, {}, id="nothing heard"),
        pytest.param(
            [heard("f", flagged=True)],
            {},
            {(0, True): 1, (0, False): 9},
            {},
            id="flagged calls stand for no quiet ones",
        ),
        pytest.param([heard("q")], {"q": 9.0}, {(0, True): 1, (0, False): 9}, {}, id="nor the other way round"),
        pytest.param([heard("f", flagged=True)], {}, {(0, True): 4}, {"f": 4.0}, id="as found where nothing was drawn"),
        pytest.param(
            [heard("a"), heard("b")],
            {"a": 2.0},
            {(0, False): 2},
            {"a": 1.0, "b": 1.0},
            id="heard whole: chance is nothing",
        ),
        pytest.param(
            [heard("a"), heard("b")], {"a": 2.0}, {(0, False): 10}, {"a": 10.0}, id="not drawn among drawn: not counted"
        ),
        pytest.param(
            [heard("a"), heard("b", stretch=1), heard("f", flagged=True, stretch=1)],
            {"a": 3.0},
            {(0, False): 3, (1, False): 2, (1, True): 2, (2, False): 9},
            {"a": 3.0, "b": 2.0, "f": 2.0},
            id="each stretch by itself",
        ),
    ],
)
def test_call_weights(calls, drawn, sizes, weights):
    assert call_weights(calls, drawn, sizes) == weights


@pytest.mark.parametrize(
    ("parts", "value", "n"),
    [
        ([], None, 0),
        ([(True, 0.0)], None, 0),
        ([(True, 2.0)] * 3, 1.0, 3.0),
        ([(False, 5.0)] * 8 + [(True, 5.0)] * 2, 0.2, 10.0),
    ],
)
def test_weighted_share(parts, value, n):
    share = sum((Tally.of(*one) for one in parts), start=Tally()).share(weighted=True)
    assert share.value == (None if value is None else pytest.approx(value))
    assert share.n == pytest.approx(n)
    assert share.heard == ((sum(yes for yes, _ in parts), len(parts)) if n else (0, 0))


def test_what_is_taken_away_leaves_no_crumbs():
    whole = sum((Tally.of(number > 0, 0.1 * number + 1 / 3) for number in range(40)), start=Tally())
    rest = whole - Tally.of(False, 1 / 3)
    assert rest.share(weighted=True).value == 1.0
    assert whole.rest.share(weighted=True).heard == (1, 40)


def test_limits_follow_what_calls_are_worth():
    # 4 of 8 heard calls that are worth 2: as rare as 1 of 2, which is no signal at a mean of 0.2.
    share = Share(1.0, 2.0, (4, 8))
    wide = control_chart([("1", share)], Share(20, 100))
    assert wide.points[0].high == 1.0
    assert not wide.signals
    assert control_chart([("1", Share(6, 8))], Share(20, 100)).signals
    assert binomial_tail(1.5, 2.5, 0.2, above=True) < binomial_tail(1, 2, 0.2, above=True)


def drawn_centre(centre):
    """105 calls in six days: 5 flagged and wrong, all heard, in team 一组; 40 of 100 quiet ones of 二组 drawn."""
    for number in range(105):
        team, agent = ("一组", "A1") if number < 5 else ("二组", f"B{number % 4}")
        centre.call("i" if number < 5 else ".", agent=agent, team=team, day=number * 6 / 105, heard=False)
    flagged = Target(TargetKind.FLAGGED)
    wanted = plan(part("audit", n=40), part("all", PartKind.TARGETED, share=1.0, target=flagged))
    picked = draw(wanted, load_frame(centre.store))
    save_draw(centre.store, picked)
    chosen = {pick.recording_id for pick in picked.picks}
    for number in range(1, 106):
        if (one := f"{number:064x}") in chosen:
            centre.hear(one, "i" if number <= 5 else ".")
    return chosen


@pytest.mark.slow
def test_everything_is_weighted(centre):
    chosen = drawn_centre(centre)
    centre.call("i", day=-7)
    centre.call(day=-7, heard=False)
    report = centre.report()
    assert (report.heading.basis, report.heading.evaluated) == (Basis.DRAWN, 45)
    row = next(one for one in report.classes if one.id == CUSTOMER)
    # 100 of 105 calls are clear, though 40 of 45 heard ones are.
    assert (row.now.value, row.now.heard) == (pytest.approx(100 / 105), (40, 45))
    assert row.last.n == 0, "last week only a flagged call was heard"
    assert "上期没有听过未命中的通话" in " ".join(one.zh for one in report.heading.warnings)
    teams = {group.name: group.shares[CUSTOMER] for group in report.levels["team"]}
    assert (teams["一组"].value, teams["二组"].value) == (0.0, 1.0)
    (item,) = report.pareto.items
    assert (item.count, item.amount) == (5, pytest.approx(5.0))
    chart = next(one for one in report.charts if one.id == CUSTOMER).chart
    assert chart.mean == pytest.approx(5 / 105)
    monday = next(point for point in chart.points if point.label == "11-09")
    assert monday.n != pytest.approx(monday.share.heard[1])
    trend = next(one for one in report.trends if one.id == CUSTOMER)
    assert trend.shares[-1].value == pytest.approx(5 / 105)
    # A call that somebody heard though it was not drawn stands for no other.
    other = next(one for number in range(20, 100) if (one := f"{number:064x}") not in chosen)
    centre.hear(other, "m")
    again = centre.report()
    assert next(one for one in again.classes if one.id == "non-critical").now.value == 1.0
    assert "1 通听过、但不是抽中的" in " ".join(one.zh for one in again.heading.warnings)
    # A day is weighed with the week that ends with it: here the calls of Monday.
    day = MONDAY.replace(hour=0)
    report = centre.report(period=Period(Unit.DAY, day, day + timedelta(days=1)))
    head = report.heading
    row = next(one for one in report.classes if one.id == CUSTOMER)
    assert (head.basis, row.now.heard) == (Basis.DRAWN, (head.evaluated - 5, head.evaluated))
    assert row.now.value == pytest.approx((head.calls - 5) / head.calls)


@pytest.mark.slow
def test_only_flagged_calls_were_drawn_and_heard(centre):
    for number in range(6):
        centre.call("i" if number < 3 else ".", day=number / 10, heard=False)
    flagged = Target(TargetKind.FLAGGED)
    picked = draw(plan(part("all", PartKind.TARGETED, share=1.0, target=flagged)), load_frame(centre.store))
    save_draw(centre.store, picked)
    for number in range(1, 4):
        centre.hear(f"{number:064x}", "i")
    report = centre.report()
    assert report.heading.basis is Basis.FLAGGED
    assert next(one for one in report.classes if one.id == CUSTOMER).now == Share(0, 3)

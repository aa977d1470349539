"""Precision, recall and prevalence on the pages of rules: when they are made, and what stands there until then."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from pipeline.domain.results import BilingualText
from pipeline.domain.reviews import Verdict
from pipeline.domain.sampling import Estimate, Metric, NotEnough
from pipeline.review import estimate_view
from pipeline.review.estimate_view import FRESH_S, KEPT_S, EstimateShelf, lacking
from pipeline.store.sampling_state import draw_progress, evidence_state
from pipeline.store.tables import recordings, rule_results
from tests.review.judgements import OTHERS_CALL, RULE, finish, say

HTMX = {"HX-Request": "true"}
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def shelf(desk, monkeypatch):
    """Estimates with a clock that is set by hand, and how often they were made."""
    made = []

    def estimate(database, period, now):
        made.append(period)
        return estimate_view.RuleEstimates(period, {}, datetime.now(UTC), 0)

    monkeypatch.setattr(estimate_view, "estimate", estimate)
    now = [0.0]
    found = EstimateShelf(desk.database, ZONE, clock=lambda: now[0])
    found.at = lambda seconds: now.__setitem__(0, seconds)
    found.made = made
    return found


@pytest.mark.parametrize("period", ["8", "", "week", "%00"])
def test_there_is_no_such_period(client_as, period):
    client = client_as("author")
    assert client.get(f"/rules?period={period}").status_code in (400, 422)
    assert client.get(f"/rules/{RULE}/estimates?period={period}").status_code in (400, 422)


def test_there_is_no_such_rule(client_as):
    assert client_as("author").get("/rules/no-such-rule/estimates").status_code == 404


def test_the_page_does_not_wait_and_what_it_asks_for_is_kept(client_as):
    client = client_as("author")
    first = client.get(f"/rules/{RULE}?period=all").text
    assert f'hx-get="/rules/{RULE}/estimates?period=all"' in first and "正在估计" in first
    part = client.get(f"/rules/{RULE}/estimates?period=all", headers=HTMX).text
    assert "hx-get" not in part and "召回率" in part and "发生率" in part
    # The next page has them already, the list too.
    assert "hx-get" not in client.get("/rules/insult?period=all").text
    assert 'hx-trigger="load"' not in client.get("/rules?period=all").text
    assert 'hx-trigger="load"' in client.get("/rules?period=7").text


def test_the_list_asks_for_its_table_alone(client_as):
    part = client_as("author").get("/rules?period=all", headers=HTMX).text
    assert part.lstrip().startswith("<table") and "aria-busy" not in part


def test_too_few_calls_give_no_number_but_how_many_are_lacking(desk, client_as):
    say(desk, "lin", Verdict.CONFIRMED)
    finish(desk)
    finish(desk, call=OTHERS_CALL)
    shown = client_as("author").get(f"/rules/{RULE}/estimates?period=all", headers=HTMX).text
    assert "还不够" in shown and 'class="few"' in shown
    assert "只好当作随机的" in shown


def test_all_calls_judged_give_numbers(desk, client_as):
    """Ten calls: what the rule hits is true but for one, and one was missed."""
    hits = [row.recording_id for row in _hits(desk)]
    everything = _calls(desk)
    others = [one for one in everything if one not in hits]
    for number, call in enumerate(hits):
        say(desk, "lin", Verdict.REJECTED if number == 0 else Verdict.CONFIRMED, call=call, rule="survey-missing")
    say(desk, "lin", Verdict.MISSED, call=others[0], rule="survey-missing")
    for call in everything:
        finish(desk, call=call)
    shown = client_as("author").get("/rules/survey-missing/estimates?period=all", headers=HTMX).text
    assert f"属实 {len(hits) - 1} / 复核 {len(hits)}" in shown
    assert f"漏检 1 / 审核 {len(others)}" in shown


def _hits(desk):
    with desk.database.reading() as connection:
        wanted = (rule_results.c.rule_id == "survey-missing", rule_results.c.outcome == "hit")
        return connection.execute(select(rule_results.c.recording_id).where(*wanted)).all()


def _calls(desk):
    with desk.database.reading() as connection:
        return list(connection.execute(select(recordings.c.id).order_by(recordings.c.id)).scalars())


def test_estimates_are_made_anew_when_somebody_judged_but_not_each_time(desk, shelf):
    assert shelf.ready("all") is None
    shelf.get("all")
    shelf.get("7")
    assert shelf.made == ["all", "7"]
    say(desk, "lin", Verdict.CONFIRMED)
    shelf.at(FRESH_S)
    shelf.get("all")
    assert shelf.made == ["all", "7"]
    shelf.at(FRESH_S + 1)
    assert shelf.ready("all") is None
    shelf.get("all")
    assert shelf.made == ["all", "7", "all"]
    # Nobody says anything: they stay, until calls may have come.
    shelf.at(FRESH_S + KEPT_S)
    shelf.get("all")
    assert len(shelf.made) == 3
    shelf.at(FRESH_S + KEPT_S + 2)
    shelf.get("all")
    assert len(shelf.made) == 4


def test_the_state_of_the_evidence(empty_store):
    assert evidence_state(empty_store) == (0, 0, 0)
    assert draw_progress(empty_store) == {}


NOTHING = BilingualText("本期没有命中", "no hit")


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (NotEnough(Metric.PRECISION, NOTHING, 0), "本期没有命中"),
        (NotEnough(Metric.PRECISION, NOTHING, 2, 0.2, 0.9, 17, 0.149), "再复核 17 通，约 ±15 点"),
        (NotEnough(Metric.PREVALENCE, NOTHING, 2, 0.0, 0.9, 60, 0.0249), "再审核 60 通，约 ±2.5 点"),
        (NotEnough(Metric.RECALL, NOTHING, 2, 0.2, 0.9, None, 0.3), "本期全听完也不够，请取更长的时段"),
        (NotEnough(Metric.RECALL, NOTHING, 0, None, None, None, 0.4), "本期全听完也不够，请取更长的时段"),
        (Estimate(Metric.RECALL, 0.5, 0.4, 0.6, 100), ""),
    ],
    ids=["nothing", "hits", "small", "longer", "unknown", "enough"],
)
def test_what_is_lacking(one, expected):
    assert lacking(one)[0] == expected

"""The figures of the small centre, counted by hand; and calls that are hard to place. On both databases."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from scipy.stats import fisher_exact

from pipeline.domain.periods import Period, Unit
from pipeline.domain.reviews import ReviewKind, Verdict
from pipeline.domain.sampling import NotEnough, PartKind, Target, TargetKind
from pipeline.reports.model import Basis, Kind
from pipeline.reports.nature import Nature
from pipeline.reports.shares import Share, fisher
from pipeline.sampling.draw import draw
from pipeline.sampling.estimates import figures
from pipeline.store.report_queries import Scope, Window, judged_rules
from pipeline.store.report_service import contacts
from pipeline.store.sampling_evidence import load_evidence
from pipeline.store.sampling_frame import load_frame
from pipeline.store.sampling_store import save_draw
from tests.reports.builders import MONDAY, ZONE, Centre
from tests.sampling.builders import part, plan
from tests.store.judgements import say

CUSTOMER, BUSINESS, COMPLIANCE, NON_CRITICAL = (
    "customer-critical",
    "business-critical",
    "compliance-critical",
    "non-critical",
)
WEEK = Window(MONDAY - timedelta(hours=9), MONDAY + timedelta(days=6, hours=15), Scope())


def rows(found):
    return {row.id: row for row in found}


def test_small_centre(small):
    report = small.report(desk_url="http://desk/")
    head = report.heading
    assert (head.calls, head.checked, head.flagged, head.evaluated, head.last_evaluated) == (16, 16, 7, 12, 8)
    classes = rows(report.classes)
    assert {name: row.now for name, row in classes.items()} == {
        CUSTOMER: Share(9, 12),
        BUSINESS: Share(12, 12),
        COMPLIANCE: Share(12, 12),
        NON_CRITICAL: Share(10, 12),
        "passed": Share(0, 0),
    }
    assert classes[CUSTOMER].last == Share(6, 8)
    assert classes[CUSTOMER].earlier == Share(0, 0)
    assert classes[CUSTOMER].change.value == 0.0
    assert not classes[CUSTOMER].change.beyond
    assert classes[CUSTOMER].change_earlier is None
    assert [(item.rule_id, item.count, item.vital) for item in report.pareto.items] == [
        ("insult", 3, True),
        ("closing-missing", 2, True),
    ]
    assert rows(report.hits)[CUSTOMER].now == Share(5, 16), "hits, confirmed or not: 3 i, 1 r, 1 unheard"
    teams = {group.name: group for group in report.levels["team"]}
    assert teams["一组"].shares[CUSTOMER] == Share(3, 6)
    assert teams["二组"].shares[NON_CRITICAL] == Share(4, 6)
    assert {group.name: group.calls for group in report.levels["agent"]} == dict.fromkeys(("A1", "A2", "B1", "B2"), 3)
    assert set(report.levels) == {"team", "agent"}, "nobody told of skills or departments"
    rules = {rule.id: rule for rule in report.rules}
    assert (rules["insult"].precision, rules["insult"].missed) == (Share(3, 4), 0)
    assert (rules["closing-missing"].precision, rules["closing-missing"].missed) == (Share(1, 1), 1)


def test_report_on_rules_opens_with_rules(small):
    lead = small.report(Kind.RULES).heading.lead
    # insult 3 of 4, closing-missing 1 of 1.
    assert lead.zh.startswith(
        "第 46 周规则检查了 16 通，没有一条规则的命中变化超出波动。复核过的命中 80.0% 属实（4 / 5，"
    )


def test_recordings_to_hear(small):
    report = small.report(desk_url="http://desk/")
    (need,) = report.needs
    assert (need.rule_id, need.spread.team, need.spread.share) == ("insult", "一组", Share(3, 6))
    assert (need.spread.affected, need.spread.agents) == (1, 2)
    # 3 errors among 6 calls, all on 3 calls of A1: 1 of 20 by chance, which is not less than 5 %.
    assert need.spread.p_individual == pytest.approx(0.05)
    assert need.nature is Nature.UNCLEAR
    first = need.hear[0]
    assert (first.agent, first.start_s, first.link) == ("A1", 3.0, f"http://desk/calls/{first.id}?t=3.0")
    assert [one.moment.agent for one in report.worst] == ["A1", "A1", "A1", "B1", "B1"]
    assert report.best == (), "nothing tells one clear call from another"
    assert small.report().worst[0].moment.link is None


def test_individual_and_common_problem(centre):
    for agent, kinds in {"A1": "iiiiii", "A2": "......", "B1": "......", "B2": "......"}.items():
        for day, kind in enumerate(kinds):
            centre.call(kind, agent=agent, day=day)
    (need,) = centre.report().needs
    # 6 of the 12 calls of the team, all his: 1 of 924.
    assert (need.nature, need.spread.outstanding) == (Nature.INDIVIDUAL, ("A1",))
    assert need.spread.p_individual == pytest.approx(1 / 924)


def test_common_problem(centre):
    for number in range(8):
        centre.call("i", agent=f"A{number}", team="一组", day=1)
        for day in range(5):
            centre.call(agent=f"B{number}", team="二组", day=day)
    (need,) = centre.report().needs
    # Everybody's rate is 8 of 48; all 8 agents with one call each: (1 / 6)^8.
    assert need.nature is Nature.COMMON
    assert need.spread.p_common == pytest.approx((1 / 6) ** 8)


def test_signal_opens_the_report(centre):
    for day in range(-14, 7):
        for number in range(12):
            centre.call("i" if day == 2 and number < 8 else ".", agent=f"A{number % 4}", day=day)
    report = centre.report()
    first = report.charts[0]
    assert (first.id, [point.label for point in first.chart.signals if point.beyond]) == (CUSTOMER, ["11-11"])
    # Mean 8 of 252; limit 0.0317 + 3 √(0.0317 · 0.9683 ÷ 12) = 0.184.
    assert "11-11 顾客关键错误率 66.7%（8 / 12），超出控制上限 18.4%" in report.heading.lead.zh
    assert "顾客关键准确率 90.5%，比上期降 9.5 个百分点" in report.heading.lead.zh
    assert report.heading.lead.zh.endswith("其余变化都在正常波动之内。")


@pytest.mark.parametrize("kind", Kind)
def test_empty_database(centre, kind):
    report = centre.report(kind)
    nothing = {
        Kind.RULES: "第 46 周没有规则检查过的通话。",
        Kind.TRAINING: "第 46 周没有复核完成的通话，说不出要培训什么。",
    }.get(kind, "第 46 周没有通话。")
    assert report.heading.lead.zh == nothing
    assert [one.en for one in report.heading.warnings] == ["The database has no calls of this scope."]
    assert {row.now.value for row in report.classes} <= {None}
    assert report.heading.basis is Basis.NONE


def test_empty_period_tells_where_the_calls_are(centre):
    centre.call("i", day=-30)
    report = centre.report()
    assert report.heading.lead.zh == "第 46 周没有通话。"
    assert report.heading.warnings[0].zh == "有通话的日子是 2026-10-10 至 2026-10-10：用 --date 选一期。"


def test_no_reviews(centre):
    centre.call("i", heard=False)
    centre.call(heard=False)
    report = centre.report()
    assert report.heading.lead.zh == "第 46 周没有复核完成的通话，准确率未知。规则检查了 2 通，命中 1 通。"
    assert {row.now.value for row in report.classes} == {None}
    assert rows(report.hits)[CUSTOMER].now == Share(1, 2)


def test_all_clear(centre):
    for day in range(5):
        centre.call(day=day)
    report = centre.report()
    assert rows(report.classes)[CUSTOMER].now == Share(5, 5)
    assert rows(report.classes)[CUSTOMER].now.interval.low < 0.6, "five clear calls prove little"
    assert report.pareto.sentence.zh == "评估的 5 通里没有确认的错误。"
    assert (report.needs, report.worst, report.heading.basis) == ((), (), Basis.ALL)


def test_one_agent(centre):
    for kind in "iii.":
        centre.call(kind)
    report = centre.report()
    assert "只有一名坐席" in " ".join(one.zh for one in report.heading.warnings)
    (need,) = report.needs
    assert (need.nature, need.spread.p_common) == (Nature.UNCLEAR, None)


def test_only_flagged_calls_were_heard(centre):
    centre.call("i")
    centre.call("r")
    centre.call(heard=False)
    report = centre.report()
    assert report.heading.basis is Basis.FLAGGED
    assert report.heading.warnings[0].zh.startswith("不是随机样本：2 通评估过的通话都是规则命中的。")
    assert "在听过的命中通话里" in report.heading.lead.zh


def test_chosen_by_hand(centre):
    centre.call("i")
    centre.call()
    centre.call(heard=False)
    report = centre.report()
    assert report.heading.basis is Basis.CHOSEN
    assert report.heading.warnings[0].en.startswith("Not a random sample: of 2 evaluated calls 1 were not flagged")


def test_estimates_where_calls_were_drawn(centre):
    flagged = Target(TargetKind.FLAGGED)
    calls = [centre.call("i" if number < 10 else ".", day=number / 60, heard=False) for number in range(310)]
    drawn = plan(part("audit", n=200), part("flagged", PartKind.TARGETED, share=1.0, target=flagged))
    picked = draw(drawn, load_frame(centre.store))
    save_draw(centre.store, picked)
    chosen = {pick.recording_id for pick in picked.picks}
    for number, one in enumerate(calls):
        if one in chosen:
            centre.hear(one, "i" if number < 10 else ".")
    report = centre.report()
    assert report.heading.basis is Basis.DRAWN
    row = rows(report.classes)[CUSTOMER]
    assert row.now.heard == (200, 210)
    # All 10 hits are true and nothing was missed: 300 of 310 calls are clear, though 200 of 210 heard ones are.
    assert row.now.value == pytest.approx(300 / 310)
    assert row.estimate.value == pytest.approx(300 / 310)
    assert row.estimate.low < 300 / 310 < row.estimate.high
    evidence = load_evidence(centre.store, since=WEEK.since, until=WEEK.until)
    for subject in evidence.subjects:
        if subject.is_class and subject.id in rows(report.classes):
            one = evidence.sample(subject)
            told = figures(one.hit, one.flagged, one.truth, one.weight, one.others).prevalence
            estimate = rows(report.classes)[subject.id].estimate
            assert (estimate.low, estimate.high) == (1 - told.high, 1 - told.low), "as `earmark sample estimate` says"
    other = centre.report(agent="nobody")
    assert rows(other.classes)[CUSTOMER].estimate is None
    assert isinstance(rows(report.classes)[NON_CRITICAL].estimate, type(row.estimate) | NotEnough)


def test_agent_who_changed_team(centre):
    centre.call("i", agent="A1", team="一组")
    centre.call(agent="A1", team="二组", day=2)
    report = centre.report()
    assert {group.name: group.calls for group in report.levels["team"]} == {"一组": 1, "二组": 1}
    (agent,) = report.levels["agent"]
    assert (agent.calls, agent.teams) == (2, ("一组", "二组"))
    assert "1 名坐席本期换过班组（A1）" in " ".join(one.zh for one in report.heading.warnings)


def test_midnight_of_the_zone_divides_days(centre):
    sunday = datetime(2026, 11, 8, 23, 59, 59, tzinfo=ZONE)
    centre.call("i", started_at=sunday)
    centre.call(started_at=sunday + timedelta(seconds=1))
    assert centre.report().heading.evaluated == 1
    berlin = ZoneInfo("Europe/Berlin")
    assert centre.report(zone=berlin).heading.evaluated == 0, "both are Sunday afternoon there"
    chart = centre.report().charts[0].chart
    assert {point.label: point.n for point in chart.points if point.n} == {"11-08": 1, "11-09": 1}


def test_unknown_team_agent_start_department(centre):
    centre.call("i", agent=None, team=None, extra={"部门": "客服部"})
    centre.call(agent="A1", extra={"department": "外包"}, skill="投诉")
    centre.call(started_at=None, heard=False)
    report = centre.report()
    assert {group.name for group in report.levels["department"]} == {"客服部", "外包"}
    assert {group.name for group in report.levels["agent"]} == {"A1", "—"}
    assert {group.name for group in report.levels["skill"]} == {"投诉", "—"}
    told = " ".join(one.en for one in report.heading.warnings)
    assert "Calls without a start time, which are in no period: 1" in told
    assert "Evaluated calls of an unknown agent: 1" in told


def test_scope(small):
    report = small.report(team="二组")
    assert (report.heading.calls, report.heading.evaluated) == (9, 6)
    assert rows(report.classes)[NON_CRITICAL].now == Share(4, 6)
    assert report.heading.scope.zh == "班组 二组"
    assert small.report(queue="none").heading.calls == 0


def test_undone_verdicts_do_not_count(centre):
    one = centre.call("i")
    verdict = say(centre.store, one, centre.reviewer, Verdict.CONFIRMED, rule="closing-missing")
    assert rows(centre.report().classes)[NON_CRITICAL].now == Share(0, 1)
    say(centre.store, one, centre.reviewer, kind=ReviewKind.UNDO, rule=None, undoes=verdict.id)
    found = {one.rule_id: one.verdict for one in judged_rules(centre.store, WEEK)}
    assert found == {"insult": Verdict.CONFIRMED}
    assert rows(centre.report().classes)[NON_CRITICAL].now == Share(1, 1)


def test_newest_verdict_counts(centre):
    one = centre.call("i")
    say(centre.store, one, centre.reviewer, Verdict.REJECTED)
    assert rows(centre.report().classes)[CUSTOMER].now == Share(1, 1)


def test_repeat_contact(centre):
    for day, customer in ((0, "k1"), (6.9, "k1"), (0, "k2"), (7.1, "k2"), (1, None), (6, "k3"), (6.5, "k3")):
        centre.call(day=day, customer_id=customer, heard=False)
    (found,) = contacts(centre.store, [WEEK], MONDAY + timedelta(days=8))
    # Of the calls until Tuesday the 7 days are over: k1 called again, k2 a little later than 7 days.
    assert (found.known, found.repeated, found.open) == (2, 1, 2)
    solved = rows(centre.report().service)["solved"]
    assert "1 without a customer" in solved.note.en
    assert (solved.n, solved.value) == (2, 0.5)


def test_service_levels(small):
    service = rows(small.report().service)
    handling, silence, response = (service[name] for name in ("handling", "silence", "response"))
    assert (handling.value, handling.n, handling.last_n) == (30.0, 16, 8)
    assert (silence.value, silence.n) == (pytest.approx(26 / 30), 16), "nobody speaks from 4 s to 30 s"
    assert (response.value, response.n) == (None, 0)
    assert response.note.zh == "没有量过的通话"


def test_complete_scorecards_count(centre):
    from pipeline.scoring.cards import load_default_card

    card = load_default_card()
    one, other = centre.call(), centre.call(day=1)
    for item in card.items:
        for call in (one, other):
            best = item.scale.grades[0]
            if call == other and item.id == card.items[0].id:
                continue
            value = {"item": item.id, "value": best.value, "card": f"{card.id}@{card.version}"}
            say(centre.store, call, centre.reviewer, kind=ReviewKind.SCORE, rule=None, **value)
    report = centre.report()
    assert rows(report.classes)["passed"].now == Share(1, 1), "the other card has an open item"
    assert [one.moment.id for one in report.best] == [one]
    assert "1 通（共评估 2 通）" in " ".join(told.zh for told in report.heading.warnings)


def test_span_is_compared_with_the_same_length(small):
    since = MONDAY.replace(hour=0)
    period = Period(Unit.SPAN, since, since + timedelta(days=3))
    report = small.report(period=period)
    assert report.heading.evaluated == 12
    assert report.heading.last.dates == "2026-11-06 – 11-08"


@pytest.mark.parametrize(
    ("one", "other"), [((3, 4), (1, 4)), ((0, 3), (9, 331)), ((17, 400), (40, 380)), ((5, 5), (5, 5))]
)
def test_fisher_is_scipys(one, other):
    table = [[one[0], one[1] - one[0]], [other[0], other[1] - other[0]]]
    assert fisher(Share(*one), Share(*other)) == pytest.approx(fisher_exact(table).pvalue)


def test_forecast_needs_five_periods(centre):
    for week in range(5):
        for number in range(3):
            centre.call("i" if number == 0 else ".", day=-7 * week + number)
    trend = next(one for one in centre.report().trends if one.id == CUSTOMER)
    assert trend.forecast.value == pytest.approx(1 / 3)
    assert trend.forecast.low == 0.0
    assert not trend.forecast.beyond
    short = next(one for one in Centre.report(centre, unit=Unit.MONTH).trends if one.id == CUSTOMER)
    assert short.forecast is None
    assert "n/a" in short.sentence.zh

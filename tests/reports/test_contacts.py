"""Own and outsourced, transfers, hold, survey against anger, contact reasons: what metadata tell. On both databases."""

import pytest

from pipeline.reports.shares import Share
from pipeline.store.report_contacts import TRANSFER_RULE, _transferred, transfers
from pipeline.store.report_queries import Scope, Window
from pipeline.store.report_survey import Scale, survey_scale
from pipeline.store.tables import rule_results
from tests.reports.builders import MONDAY
from tests.reports.test_figures import CUSTOMER, rows


@pytest.mark.parametrize(
    ("cell", "moved"),
    [
        ("", None),
        ("?", None),
        ("两次", None),
        ("0", False),
        ("否", False),
        ("NO", False),
        ("1", True),
        ("2.0", True),
        (" 是 ", True),
    ],
)
def test_transfer_cells(cell, moved):
    assert _transferred(cell) is moved


def test_transfers_by_column(centre):
    for cell, day in (("1", 0), ("0", 1), ("是", 2), ("??", 3), (None, 4), ("", 5)):
        centre.call(day=day, heard=False, extra={} if cell is None else {"转接": cell})
    found = rows(centre.report().service)["transfers"]
    assert (found.value, found.n, found.last_n) == (2 / 3, 3, 0)
    assert "1 通的内容看不懂" in found.note.zh


def untold(centre, call):
    """Lets the rule hit the call."""
    row = {"recording_id": call, "rule_id": TRANSFER_RULE, "outcome": "hit", "severity": "minor", "status": "active"}
    row |= {"error_class": "non-critical", "explanation_zh": "", "explanation_en": ""}
    with centre.store.writing() as connection:
        connection.execute(rule_results.insert().values(row))


def test_transfers_by_rule(centre):
    untold(centre, centre.call(heard=False))
    centre.call(heard=False, day=1)
    found = rows(centre.report().service)["transfers"]
    assert (found.title.en, found.value, found.n) == ("Transfers without notice", 0.5, 2)
    assert "告知过的转接不在其中" in found.note.zh
    assert not transfers(centre.store, [Window(MONDAY, MONDAY, Scope())], [0])[0].known


def test_columns_and_rules_do_not_compare(centre):
    untold(centre, centre.call(heard=False, day=-7))
    centre.call(heard=False, extra={"transferred": "0"})
    found = rows(centre.report().service)["transfers"]
    assert (found.value, found.n, found.last_n, found.p) == (0.0, 1, 0, None)


def test_hold(centre):
    for cell, day in (("3", 0), ("6.0", 1), ("abc", 2), ("-1", 3), (None, 4)):
        centre.call(day=day, heard=False, extra={} if cell is None else {"hold_s": cell})
    service = centre.report().service
    hold = rows(service)["hold"]
    # 3 and 6 of 30 seconds; what is no number, or below nothing, is left out.
    assert (hold.value, hold.n) == (pytest.approx(0.15), 2)
    assert [one.id for one in service].index("hold") == 2


def test_no_column_no_row(centre):
    centre.call()
    report = centre.report()
    assert "hold" not in rows(report.service)
    assert (report.satisfaction, report.reasons) == (None, None)
    assert "sourcing" not in report.levels


@pytest.mark.parametrize("column", ["vendor", "外包商", "site"])
def test_own_and_outsourced(centre, column):
    for number, name in enumerate(["自营", "安通", "安通", "启明", "In-House", None]):
        extra = {} if name is None else {column: name}
        centre.call("i" if name == "启明" else ".", agent=f"A{number}", day=number, extra=extra)
    report = centre.report()
    assert list(report.levels)[:2] == ["sourcing", "vendor"]
    sourcing = {group.name: group.shares[CUSTOMER] for group in report.levels["sourcing"]}
    assert sourcing == {"own": Share(2, 2), "outsourced": Share(2, 3), "—": Share(1, 1)}
    assert {group.name: group.calls for group in report.levels["vendor"]} == {"own": 2, "安通": 2, "启明": 1, "—": 1}


def test_one_contractor_is_no_level_of_its_own(centre):
    centre.call(extra={"vendor": "own"})
    centre.call(day=1, extra={"vendor": "安通"})
    assert "vendor" not in centre.report().levels


def test_fake_satisfaction(centre):
    said = [(5, 0.9), (5, 0.1), (4, 0.1), (3, 0.9), (1, 0.2), (2, 0.9), (1, None), (None, 0.9)]
    calls = [
        centre.call(day=number / 2, heard=False, survey_score=score, angry=angry)
        for number, (score, angry) in enumerate(said)
    ]
    found = centre.report(desk_url="http://desk").satisfaction
    assert (found.low, found.high, found.good_from, found.bad_to) == (1, 5, 4, 2)
    assert (found.fake, found.hidden) == (Share(1, 3), Share(1, 2)), "the call that was not judged is not counted"
    assert (found.surveyed, found.unjudged) == (7, 1)
    assert [one.moment.id for one in found.hear_fake] == [calls[0]]
    assert [one.moment.id for one in found.hear_hidden] == [calls[4]]
    assert found.hear_fake[0].moment.link == f"http://desk/calls/{calls[0]}"
    assert "3 个好评（4 分起）里，1 通的客户在通话中不满，占 33.3%" in found.sentence.zh


def test_fake_satisfaction_against_last_period(centre):
    for number in range(12):
        centre.call(day=number / 3, heard=False, survey_score=5, angry=0.9)
        centre.call(day=number / 3 - 7, heard=False, survey_score=5 if number else 1, angry=0.1)
    found = centre.report().satisfaction
    assert (found.fake, found.fake_last) == (Share(12, 12), Share(0, 11))
    assert found.fake_change.beyond
    assert "与上期（0.0%）相比：变差" in found.sentence.zh


def test_all_scores_the_same(centre):
    centre.call(survey_score=5, angry=0.9)
    assert survey_scale(centre.store) is None
    assert centre.report().satisfaction is None
    assert Scale(0, 10).good == 7.5


@pytest.mark.slow
def test_contact_reasons(centre):
    for number in range(40):
        team = "一组" if number % 2 else "二组"
        day = number / 20
        # Who calls 二组 about an invoice has to call again.
        for reason, customer in (("发票", f"k{number}"), ("物流", f"s{number}")):
            centre.call(team=team, agent=team, day=day, heard=False, customer_id=customer, extra={"来电原因": reason})
        if team == "二组":
            centre.call(
                team=team, agent=team, day=day + 3, heard=False, customer_id=f"k{number}", extra={"reason": "物流"}
            )
    centre.call(day=5, heard=False)
    centre.call(day=20, heard=False)
    found = centre.report().reasons
    assert [(one.name, one.share) for one in found.rows] == [("物流", Share(60, 100)), ("发票", Share(40, 100))]
    assert (found.with_reason, found.without) == (100, 1)
    invoice = found.rows[1]
    assert (invoice.solved, invoice.hard, invoice.best_team) == (Share(20, 40), ("solved",), "一组")
    assert found.rows[0].hard == ()
    assert {one.team for one in invoice.hear} == {"一组"}
    assert len(invoice.hear) == 3
    assert "难处理的：发票（解决率低）" in found.sentence.zh


def test_few_calls_of_a_reason_are_not_compared(centre):
    centre.call(extra={"reason": "a"}, heard=False)
    centre.call(extra={"reason": "b"}, heard=False)
    found = centre.report().reasons
    assert [(one.vital, one.hard, one.best_team) for one in found.rows] == [(True, (), None)] * 2
    assert "差别都在波动内" in found.sentence.zh

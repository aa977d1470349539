"""Agents and leads see their own reviewed calls, what may be appealed, and no reviewer's name."""

import pytest

from pipeline.domain.appeals import AppealOutcome
from pipeline.domain.reviews import Place, ReviewKind, Verdict
from pipeline.review.routes import mine
from pipeline.store.accounts import set_role
from pipeline.store.appeals import appeals_of, decide
from pipeline.store.audit_log import AuditFilter, audit_entries
from tests.review.judgements import CALL, OTHERS_CALL, REASON, RULE, account, appealed, finish, reviewed, say

REFUSED = (400, 404, 422)


def send(client, rule=RULE, reason=REASON, call=CALL, **options):
    return client.post(f"/mine/{call}/appeals", data={"rule_id": rule, "reason": reason}, **options)


@pytest.mark.parametrize("role", ["agent", "lead"])
def test_nothing_is_shown_before_its_review_is_finished(desk, client_as, role):
    say(desk, "lin", Verdict.CONFIRMED)
    client = client_as(role)
    assert "还没有复核完成的通话" in client.get("/mine").text
    assert client.get(f"/mine/{CALL}").status_code == 404
    assert send(client).status_code == 404


@pytest.mark.parametrize("role", ["agent", "lead"])
@pytest.mark.parametrize(
    "call", [OTHERS_CALL, "f" * 64, "..%2F..%2Fetc", "%00", "'"], ids=["another's", "none", "dots", "nul", "quote"]
)
def test_a_call_that_is_not_theirs_is_not_there(desk, client_as, role, call):
    finish(desk, call=OTHERS_CALL)
    client = client_as(role)
    assert client.get(f"/mine/{call}").status_code in REFUSED
    assert send(client, call=call).status_code in REFUSED
    assert appeals_of(desk.database, [OTHERS_CALL]) == {}


def test_an_agent_whose_account_names_nobody_has_no_calls(desk, client_as):
    reviewed(desk)
    set_role(desk.database, "agent", account(desk, "agent").role, agent=None)
    assert "还没有复核完成的通话" in client_as("agent").get("/mine").text


@pytest.mark.parametrize("role", ["agent", "lead"])
def test_the_call_with_what_stands_against_it(desk, client_as, role):
    reviewed(desk)
    say(desk, "lin", Verdict.REJECTED, rule="survey-missing")
    say(desk, "lin", Verdict.MISSED, rule="shirking", place=Place(2, 0, 8, quote="先生您听我说，快"))
    say(desk, "lin", kind=ReviewKind.COMMENT, rule=None, text="给班组长：王珂也听过")
    client = client_as(role)
    assert f"/mine/{CALL}" in client.get("/mine").text
    shown = client.get(f"/mine/{CALL}").text
    assert "升级投诉风险" in shown and "推诿" in shown and "我就要曝光" in shown
    assert "还剩 7 天" in shown
    # A hit that was rejected is nothing against the call, and a rule's guess that nobody judged neither.
    assert "判定成立 2" in shown


@pytest.mark.parametrize("role", ["agent", "lead"])
@pytest.mark.parametrize("path", ["/mine", f"/mine/{CALL}", f"/calls/{CALL}"])
def test_reviewers_are_nowhere_named(desk, client_as, role, path):
    reviewed(desk)
    say(desk, "wang", Verdict.CONFIRMED, rule="apology-missing")
    say(desk, "lin", kind=ReviewKind.SCORE, rule=None, card="default@1", item="rapport", value="fair")
    decide(desk.database, appealed(desk).id, account(desk, "wang"), AppealOutcome.UPHELD, "听过了")
    shown = client_as(role).get(path)
    assert shown.status_code == 200
    for name in ("林晓燕", "王珂", ">lin<", '"lin"', ">wang<", '"wang"'):
        assert name not in shown.text


def test_an_appeal_is_stored_and_shown(desk, client_as):
    reviewed(desk)
    client = client_as("agent")
    answer = send(client)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/mine/{CALL}#appeals")
    ((appeal,),) = appeals_of(desk.database, [CALL]).values()
    assert (appeal.rule_id, appeal.reason, appeal.outcome) == (RULE, REASON, None)
    shown = client.get(f"/mine/{CALL}").text
    assert REASON in shown and "待裁定" in shown
    assert [entry.login for entry in audit_entries(desk.database, AuditFilter(action="appeal"))] == ["agent"]


@pytest.mark.parametrize(
    ("rule", "reason", "days_ago", "twice", "said"),
    [
        pytest.param("survey-missing", REASON, 0, False, "没有成立的判定", id="nobody judged"),
        pytest.param("no-such-rule", REASON, 0, False, "没有成立的判定", id="no such rule"),
        pytest.param(RULE, "  ", 0, False, "请写明理由", id="no reason"),
        pytest.param(RULE, REASON, 8, False, "已过申诉期限", id="late"),
        pytest.param(RULE, REASON, 0, True, "已在申诉中", id="twice"),
    ],
)
def test_an_appeal_that_is_refused_says_why(desk, client_as, rule, reason, days_ago, twice, said):
    reviewed(desk, days_ago=days_ago)
    client = client_as("agent")
    if twice:
        send(client)
    before = appeals_of(desk.database, [CALL])
    answer = send(client, rule, reason)
    assert answer.status_code == 409
    assert said in answer.text
    assert appeals_of(desk.database, [CALL]) == before
    client.post("/language", data={"language": "en"})
    refused = send(client, rule, reason).text
    assert said not in refused and 'role="alert"' in refused


def test_markup_in_a_reason_is_text(desk, client_as):
    reviewed(desk)
    client = client_as("agent")
    send(client, reason='<script>alert(1)</script>"&')
    assert "<script>alert" not in client.get(f"/mine/{CALL}").text
    assert "&lt;script&gt;alert(1)" in client.get(f"/mine/{CALL}").text


@pytest.mark.parametrize("data", [{}, {"rule_id": RULE, "reason": "a\x00b"}, {"rule_id": RULE, "reason": "长" * 4001}])
def test_forms_that_are_no_appeal(desk, client_as, data):
    reviewed(desk)
    answer = client_as("agent").post(f"/mine/{CALL}/appeals", data=data)
    assert answer.status_code in (409, 422)
    assert appeals_of(desk.database, [CALL]) == {}


def test_pages(desk, client_as, monkeypatch):
    monkeypatch.setattr(mine, "PAGE", 1)
    reviewed(desk)
    finish(desk, call=OTHERS_CALL)
    client = client_as("agent")
    assert "page=2" not in client.get("/mine").text
    assert CALL not in client.get("/mine?page=2").text

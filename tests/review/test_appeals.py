"""The second reviewer hears the evidence, does not see who judged, and decides once."""

import pytest

from pipeline.domain.appeals import AppealOutcome
from pipeline.domain.reviews import Verdict
from pipeline.store.appeals import appeals_of, decide, find_appeal
from pipeline.store.audit_log import AuditFilter, audit_entries
from pipeline.store.reviews import standing
from tests.review.judgements import CALL, OTHERS_CALL, REASON, RULE, account, appealed, reviewed, say

ANSWER = "客户说了要曝光，规则没有错。"


@pytest.fixture
def appeal(desk):
    """An appeal against what lin said."""
    reviewed(desk)
    return appealed(desk)


def send(client, appeal_id, outcome="upheld", answer=ANSWER, **options):
    return client.post(f"/appeals/{appeal_id}", data={"outcome": outcome, "answer": answer}, **options)


def outcome_of(desk, appeal):
    return find_appeal(desk.database, appeal.id, 0).appeal.outcome


@pytest.mark.parametrize("appeal_id", ["0", "-1", "99", "x", "9" * 20])
def test_there_is_no_such_appeal(client_as, appeal_id):
    client = client_as("reviewer")
    assert client.get(f"/appeals/{appeal_id}").status_code in (404, 422)
    assert send(client, appeal_id).status_code in (404, 422)


def test_who_judged_does_not_decide(desk, client_as, appeal):
    client = client_as("lin")
    assert "须由他人裁定" in client.get(f"/appeals/{appeal.id}").text
    assert '<form class="decide"' not in client.get(f"/appeals/{appeal.id}").text
    answer = send(client, appeal.id)
    assert answer.status_code == 409 and "须由他人裁定" in answer.text
    assert outcome_of(desk, appeal) is None


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param({"outcome": "upheld"}, 409, id="no answer"),
        pytest.param({"outcome": "maybe", "answer": ANSWER}, 422, id="no such outcome"),
        pytest.param({"answer": ANSWER}, 422, id="no outcome"),
        pytest.param({"outcome": "upheld", "answer": "长" * 4001}, 422, id="too long"),
    ],
)
def test_forms_that_decide_nothing(desk, client_as, appeal, data, status):
    assert client_as("wang").post(f"/appeals/{appeal.id}", data=data).status_code == status
    assert outcome_of(desk, appeal) is None


@pytest.mark.parametrize("path", ["/appeals", "/appeals/{id}"])
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_who_judged_is_not_named(desk, client_as, appeal, path, accept):
    shown = client_as("wang").get(path.format(id=appeal.id), headers={"Accept": accept})
    assert shown.status_code == 200
    assert REASON in shown.text
    for name in ("林晓燕", "周敏", ">lin<", '"lin"', "lin "):
        assert name not in shown.text


@pytest.mark.parametrize("path", ["/calls/{call}", "/calls/{call}/panel?newest=0&holder=x", "/queue?status=all"])
def test_who_judged_is_not_named_elsewhere_until_it_is_decided(desk, client_as, appeal, path):
    reviewer = client_as("wang")
    asked = path.format(call=appeal.recording_id)
    assert "林晓燕" not in reviewer.get(asked).text
    send(reviewer, appeal.id)
    assert "林晓燕" in reviewer.get(asked).text


def test_the_audit_log_does_not_tell_who_judged_until_it_is_decided(desk, client_as, appeal):
    manager = client_as("manager")
    for asked in (f"/audit?call={appeal.recording_id}", f"/audit?login=lin&call={appeal.recording_id}"):
        assert "林晓燕" not in manager.get(asked).text
    send(manager, appeal.id)
    assert "林晓燕" in manager.get(f"/audit?login=lin&call={appeal.recording_id}").text


def test_own_entries_stay_named_meanwhile(client_as, appeal):
    assert client_as("lin").get(f"/calls/{appeal.recording_id}").text.count("林晓燕") > 1


def test_a_manager_does_not_learn_it_from_the_counts(desk, client_as, appeal):
    client = client_as("manager")
    assert "林晓燕" not in client.get("/appeals").text
    decide(desk.database, appeal.id, account(desk, "wang"), AppealOutcome.OVERTURNED, ANSWER)
    shown = client.get("/appeals").text
    assert "林晓燕" in shown and "1 / 1" in shown and "2.5–100.0%" in shown
    # Those who judge do not see how each other's verdicts fared.
    assert "林晓燕" not in client_as("wang").get("/appeals").text


@pytest.mark.parametrize(("outcome", "verdict"), [("upheld", Verdict.CONFIRMED), ("overturned", Verdict.REJECTED)])
def test_a_decision(desk, client_as, appeal, outcome, verdict):
    client = client_as("wang")
    assert REASON in client.get(f"/appeals/{appeal.id}").text
    assert send(client, appeal.id, outcome).status_code == 303
    assert standing(desk.database, CALL).verdicts[RULE].said.verdict == verdict
    assert "没有待裁定的申诉" in client.get("/appeals").text
    (noted,) = audit_entries(desk.database, AuditFilter(action="decide"))
    assert (noted.login, noted.detail["outcome"]) == ("wang", outcome)
    shown = client_as("agent").get(f"/mine/{CALL}").text
    assert ANSWER in shown and ("申诉后改判" in shown) == (outcome == "overturned")


def test_no_key_that_a_page_sends_keeps_a_verdict_from_being_overturned(desk, client_as, appeal):
    reviewer = client_as("wang")
    # Whoever decides could have used up, on any call, the key that the new verdict will have.
    for key in (f"appeal-{appeal.id}", f"appeal:{appeal.id}"):
        reviewer.post(f"/calls/{OTHERS_CALL}/reviews", json={"key": key, "kind": "comment", "text": "x"})
        manager = {"key": key, "recording_id": OTHERS_CALL, "value": "good", "turn": 0}
        client_as("manager").post(f"/rules/{RULE}/examples", json=manager)
    assert send(reviewer, appeal.id, "overturned").status_code == 303
    assert standing(desk.database, CALL).verdicts[RULE].said.verdict == Verdict.REJECTED


def test_the_second_of_two_deciders_is_told(desk, client_as, appeal):
    send(client_as("wang"), appeal.id, "upheld")
    late = send(client_as("manager"), appeal.id, "overturned")
    assert late.status_code == 409 and "已有他人裁定" in late.text
    said = send(client_as("manager"), appeal.id, "overturned", headers={"Accept": "application/json"})
    assert said.status_code == 409 and "已有他人裁定" in said.json()["detail"]
    assert standing(desk.database, CALL).verdicts[RULE].said.verdict == Verdict.CONFIRMED


def test_a_verdict_that_was_withdrawn_can_only_be_overturned(desk, client_as, appeal):
    say(desk, "lin", Verdict.REJECTED)
    client = client_as("wang")
    assert "不能维持" in client.get(f"/appeals/{appeal.id}").text
    assert send(client, appeal.id, "upheld").status_code == 409
    assert send(client, appeal.id, "overturned").status_code == 303


def test_agents_find_their_appeals_beside_their_calls(client_as):
    assert client_as("agent").get("/appeals").headers["location"] == "/mine"


def test_without_the_token_nothing_is_decided(desk, client_as, appeal):
    client = client_as("wang")
    del client.headers["X-CSRF-Token"]
    assert send(client, appeal.id).status_code == 403
    assert appeals_of(desk.database, [CALL])[CALL][0].outcome is None

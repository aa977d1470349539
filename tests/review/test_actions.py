"""Actions in the desk: who sees what, and the way from a line to an outcome."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from pipeline.domain.accounts import AccountRole
from pipeline.domain.action_periods import due_period
from pipeline.domain.actions import Draft, line_of
from pipeline.domain.reviews import Verdict
from pipeline.review.action_view import scoring
from pipeline.store.action_assess import baseline_of, team_of
from pipeline.store.action_documents import baseline_document
from pipeline.store.action_tables import actions
from pipeline.store.actions import By, find_action, history, list_actions, note, open_action
from pipeline.store.tables import recordings
from tests.review.judgements import account, finish, say
from tests.review.samples import recording_id

ZONE = ZoneInfo("Asia/Shanghai")
BASE, DUE = due_period("2020-11", ZONE), due_period("2020-12", ZONE)
OPENED = datetime(2020, 12, 1, tzinfo=UTC)
COACH, TRAIN, OTHER = "#agent:A1031:apology-missing", "#team:售后一组:apology-missing", "#agent:A1070:insult"
CALLS = {"s02.wav": "2020-11-03", "s10.opus": "2020-11-11", "s01.wav": "2020-11-12", "s07.wav": "2020-11-08"}


@pytest.fixture
def desk(desk):
    """A desk with four finished calls in November 2020: one error of A1031, one of A1070."""
    with desk.database.writing() as connection:
        for name, day in CALLS.items():
            began = datetime.fromisoformat(f"{day}T10:00:00+08:00")
            mine = recordings.c.id == recording_id(name)
            connection.execute(update(recordings).where(mine).values(started_at=began))
    say(desk, "lin", Verdict.CONFIRMED, call=recording_id("s10.opus"), rule="apology-missing")
    say(desk, "lin", Verdict.CONFIRMED, call=recording_id("s07.wav"), rule="insult")
    for name in CALLS:
        finish(desk, call=recording_id(name))
    return desk


def opened(desk, line_id=COACH, *, owner="陈组长", owner_id=None):
    line = line_of(line_id)
    base, team = baseline_of(desk.database, scoring(), line, BASE), team_of(desk.database, line, BASE)
    return open_action(
        desk.database, Draft(line, base, DUE, owner, owner_id, "陪听五通", team), By("郑经理"), now=OPENED
    )


@pytest.mark.parametrize("role", ["lead", "agent"])
def test_what_is_not_theirs_is_not_there(desk, client_as, role):
    mine, other = opened(desk), opened(desk, OTHER)
    client = client_as(role)
    listed = client.get("/actions").text
    assert f'href="/actions/{mine.id}"' in listed
    assert f'href="/actions/{other.id}"' not in listed
    assert client.get(f"/actions/{other.id}").status_code == client.get("/actions/999").status_code == 404
    assert client.post(f"/actions/{other.id}/notes", data={"text": "？"}).status_code == 404


def test_an_agent_sees_the_own_figures_and_nothing_of_others(desk, client_as):
    action = opened(desk)
    note(desk.database, action.id, By("郑经理"), "看看是不是家里有事")
    client = client_as("agent")
    page = client.get(f"/actions/{action.id}").text
    assert "1 / 2 通" in page
    assert "家里有事" not in page
    assert "倒数第" not in page
    assert "/close" not in page
    assert client.post(f"/actions/{action.id}/notes", data={"text": "我会先道歉"}).status_code == 303
    assert "我会先道歉" in client.get(f"/actions/{action.id}").text
    manager = client_as("manager").get(f"/actions/{action.id}").text
    assert "家里有事" in manager
    assert "我会先道歉" in manager
    assert "倒数第 1" in manager


def test_an_agent_reads_why_the_periods_do_not_compare(desk, client_as):
    action = opened(desk)
    call = recording_id("s01.wav")
    with desk.database.writing() as connection:
        moved = {"started_at": datetime(2020, 12, 5, tzinfo=UTC), "agent": "A1031"}
        connection.execute(update(recordings).where(recordings.c.id == call).values(moved))
        # As if the baseline had been checked by another rule.
        connection.execute(
            update(actions).values(baseline=baseline_document(action.draft.baseline) | {"rules": ["another"]})
        )
    page = client_as("agent").get(f"/actions/{action.id}")
    assert page.status_code == 200
    assert "规则在两期之间改过" in page.text


def test_a_lead_without_a_team_sees_nothing(desk, client_as):
    from pipeline.store.accounts import set_role

    opened(desk)
    set_role(desk.database, "lead", AccountRole.LEAD)
    assert "没有进行中的措施" in client_as("lead").get("/actions").text


def test_opened_from_the_line_of_a_report(desk, client_as):
    client = client_as("manager")
    asked = {"line": COACH, "unit": "month", "since": "2020-11-01"}
    form = client.get("/actions/new", params=asked).text
    assert "50.0%" in form
    assert 'value="lead"' in form, "the lead of the agent's team is proposed"
    sent = asked | {"owner": "lead", "plan": "先听再说", "due": ""}
    assert client.post("/actions", data=sent | {"owner": " "}).status_code == 409
    answer = client.post("/actions", data=sent)
    assert answer.status_code == 303
    (action,) = list_actions(desk.database)
    assert answer.headers["location"] == f"/actions/{action.id}"
    assert (action.draft.owner, action.draft.owner_id) == ("陈组长", account(desk, "lead").id)
    assert action.draft.due.since > datetime.now(UTC)
    again = client.post("/actions", data=sent)
    assert again.status_code == 409
    assert "同一行已有未结束的措施" in again.text
    assert "先听再说" in again.text, "what was written is not lost"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        pytest.param({"line": "#agent:A1031"}, "no line of a report", id="no line"),
        pytest.param({"line": "#agent:A1031:nonsense"}, "no metric and no rule", id="no rule"),
        pytest.param({"line": COACH, "since": "soon"}, "须写作 2026-11-09", id="no day"),
        pytest.param({"line": COACH, "unit": "span", "until": ""}, "须写作 2026-11-09", id="a span without an end"),
    ],
)
def test_a_link_that_is_wrong(desk, client_as, asked, said):
    answer = client_as("manager").get("/actions/new", params={"unit": "month", "since": "2020-11-01"} | asked)
    assert answer.status_code == 409
    assert said in answer.text


def test_to_its_end(desk, client_as):
    action = opened(desk, owner_id=account(desk, "lead").id)
    lead, manager = client_as("lead"), client_as("manager")
    assert "我负责的 1" in lead.get("/actions").text
    assert lead.post(f"/actions/{action.id}/done", data={"text": "讲过了"}).status_code == 303
    assert lead.post(f"/actions/{action.id}/close").status_code == 403
    assert manager.post(f"/actions/{action.id}/drop").status_code == 409, "no reason"
    assert manager.post(f"/actions/{action.id}/close", data={"text": "没有通话"}).status_code == 303
    assert find_action(desk.database, action.id).outcome.calls == 0
    assert "无从复查" in manager.get(f"/actions/{action.id}").text
    assert manager.post(f"/actions/{action.id}/done").status_code == 409
    assert [one.kind for one in history(desk.database, action.id)] == ["opened", "done", "closed"]
    assert "还看不出" in manager.get("/actions?ended=true").text


def test_before_it_is_due_it_cannot_be_closed(desk, client_as):
    client = client_as("manager")
    sent = {"line": COACH, "unit": "month", "since": "2020-11-01", "owner": "lead"}
    number = client.post("/actions", data=sent).headers["location"]
    assert "disabled" in client.get(number).text
    refused = client.post(f"{number}/close", data={"text": "好了"})
    assert refused.status_code == 409
    assert "还没有结束" in refused.text


@pytest.mark.slow
def test_in_a_browser(desk, page_as):
    opened(desk, TRAIN)
    page = page_as(
        "manager", path="/actions/new%3Fline=%2523agent:A1031:apology-missing%26unit=month%26since=2020-11-01"
    )
    page.fill("#plan", "陪听五通")
    page.click("button.primary")
    page.wait_for_url("**/actions/2")
    assert page.locator("svg.chart circle").count() >= 1
    page.keyboard.press("c")
    page.keyboard.type("先听")
    page.click("#note-form button:first-of-type")
    page.wait_for_selector(".events p:has-text('先听')")
    page.keyboard.press("Escape")
    page.wait_for_url("**/actions")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/actions/1")
    for width in (1280, 1920):
        page.set_viewport_size({"width": width, "height": 720})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

"""Reports in the desk: whose calls they speak of, what leaves with them, and that nothing of theirs is trusted."""

import io
import json
import re
from dataclasses import replace

import openpyxl
import pytest
from sqlalchemy import update

from pipeline.domain.reviews import Verdict
from pipeline.store.audit_log import AuditFilter, audit_entries
from pipeline.store.review_tables import accounts
from tests.review.judgements import CALL, finish, say
from tests.review.samples import recording_id

WEEK = "kind=weekly&day=2026-11-11"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("kind=yearly", 404),
        ("kind=weekly&day=yesterday", 422),
        ("kind=weekly&day=0001-01-01", 422),
        ("kind=weekly&day=9999-12-31", 422),
        ("kind=weekly&team=%00", 400),
        (f"{WEEK}&team=no-such-team", 200),
    ],
)
def test_questions_that_mean_nothing(client_as, query, status):
    manager = client_as("manager")
    assert manager.get(f"/reports?{query}").status_code == status
    assert manager.get(f"/reports/file.json?{query}").status_code == status


@pytest.mark.parametrize("form", ["pdf", "exe", ""])
def test_there_is_no_such_file(client_as, form):
    assert client_as("manager").get(f"/reports/file.{form}?{WEEK}").status_code in (404, 422)


@pytest.mark.parametrize("path", ["/reports", "/reports/file.json", "/reports/file.xlsx", "/reports/file.html"])
@pytest.mark.parametrize("team", ["保险组", "售前组", "x"])
def test_a_lead_reads_of_no_other_team(client_as, path, team):
    assert client_as("lead").get(f"{path}?{WEEK}&team={team}").status_code == 403


def test_a_lead_reads_of_the_own_team_and_its_agents_alone(desk, client_as):
    for name in ("s06.wav", "s09.wav", "s10.opus"):
        say(desk, "lin", Verdict.CONFIRMED, call=recording_id(name), rule="survey-missing")
        finish(desk, call=recording_id(name))
    lead = client_as("lead")
    others = "kind=agent&day=2026-11-11&agent=A1081"
    for query in (WEEK, f"{WEEK}&team=售后一组", others, "kind=monthly&day=2026-11-11"):
        shown = lead.get(f"/reports/file.json?{query}").text
        # What was asked for is said again.
        assert "A1081" not in shown.replace("坐席 A1081", "").replace("agent A1081", ""), query
        for path in ("/reports", "/reports/file.json", "/reports/file.html"):
            assert "保险组" not in lead.get(f"{path}?{query}").text, (path, query)
    assert json.loads(lead.get(f"/reports/file.json?{WEEK}").text)["heading"]["scope"]["zh"] == "班组 售后一组"


def test_a_lead_without_a_team_reads_nothing(desk, client_as):
    lead = client_as("lead")
    with desk.database.writing() as connection:
        connection.execute(update(accounts).where(accounts.c.login == "lead").values(team=None))
    assert lead.get("/reports").status_code == 403
    assert lead.get(f"/reports?{WEEK}&team=售后一组").status_code == 403


@pytest.mark.parametrize(("login", "opens"), [("manager", True), ("compliance", False), ("lead", False)])
def test_lines_lead_to_a_new_action_for_who_may_open_one(desk, client_as, login, opens):
    say(desk, "lin", Verdict.CONFIRMED, rule="survey-missing")
    finish(desk)
    shown = client_as(login).get(f"/reports?{WEEK}&team=售后一组").text
    assert 'class="act' in shown
    assert ("/actions/new?" in shown) is opens


def test_a_desk_without_reports_says_so(desk, client_as):
    client = client_as("manager")
    client.app.state.desk = replace(desk, reports=None)
    answer = client.get("/reports")
    assert answer.status_code == 404 and "未启用报告" in answer.text


def test_the_page_shows_the_report_and_nothing_inline(desk, client_as):
    say(desk, "lin", Verdict.CONFIRMED, rule="survey-missing")
    finish(desk)
    answer = client_as("manager").get(f"/reports?{WEEK}")
    shown = answer.text
    assert "第 46 周质量报告" in shown and f'href="/calls/{CALL}' in shown
    nonce = re.search(r'<style nonce="([\w-]+)">', shown)[1]
    assert f"'nonce-{nonce}'" in answer.headers["content-security-policy"]
    assert "'unsafe-inline'" not in answer.headers["content-security-policy"]
    assert not re.search(r"<[^>]+\s(style|on\w+)=", shown)
    # The period before and the one after.
    assert "day=2026-11-08" in shown and "day=2026-11-16" in shown


@pytest.mark.parametrize(
    ("form", "media"), [("xlsx", XLSX), ("json", "application/json"), ("html", "text/html; charset=utf-8")]
)
def test_a_report_is_taken_away_and_that_is_on_record(desk, client_as, form, media):
    answer = client_as("manager").get(f"/reports/file.{form}?{WEEK}&team=售后一组")
    assert answer.status_code == 200 and answer.headers["content-type"] == media
    assert answer.headers["content-disposition"] == f'attachment; filename="weekly-2026-11-09.{form}"'
    if form == "xlsx":
        assert openpyxl.load_workbook(io.BytesIO(answer.content)).sheetnames
    elif form == "json":
        assert answer.json()["heading"]["kind"] == "weekly"
    else:
        # It works without the desk, so none of its links lead there.
        assert answer.text.startswith("<!doctype html>") and 'href="/' not in answer.text
    (entry,) = audit_entries(desk.database, AuditFilter(action="export"), limit=9)
    period = {"from": "2026-11-09", "to": "2026-11-15"}
    assert entry.detail == {"report": "weekly", **period, "team": "售后一组", "form": form}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", ["weekly", "daily", "monthly", "agent", "training", "rules"])
def test_every_kind_is_shown(client_as, kind, language):
    manager = client_as("manager")
    manager.post("/language", data={"language": language})
    shown = manager.get(f"/reports?kind={kind}&day=2026-11-09")
    assert shown.status_code == 200
    assert ("Evaluated" in shown.text or "evaluated" in shown.text) == (language == "en")


def test_without_a_day_it_is_of_the_last_period_that_is_over(client_as):
    assert client_as("manager").get("/reports").status_code == 200

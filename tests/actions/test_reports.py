"""The closed loop in reports and on the command line."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.domain.actions import ActionRefusedError, Verdict, line_of
from pipeline.domain.errors import ConfigError
from pipeline.domain.periods import Unit, period_of
from pipeline.reports.actions import loop
from pipeline.reports.build import build
from pipeline.reports.data import as_json
from pipeline.reports.kinds import Kind
from pipeline.reports.page import render
from pipeline.reports.work import Wanted
from pipeline.reports.workbook import write
from pipeline.store.actions import By, drop, list_actions, open_action
from pipeline.store.database import open_database
from pipeline.store.report_queries import Scope
from tests.actions.conftest import CARD, LATER, TEAMS, WEEK_45, WEEK_46, drafted, fill
from tests.reports.builders import MONDAY, ZONE, Centre

A2 = ["#agent:A2:insult", "--date", "2026-11-04"]
DUE = {"A1": "....", "A2": "i...", "A3": "....", "B1": "....", "B2": "...."}


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """A SQLite file."""
    return f"sqlite:///{tmp_path_factory.mktemp('loop') / 'loop.db'}"


@pytest.fixture(scope="module")
def two_weeks(url):
    """Weeks 45 and 46, with actions on A1 and his team that live, and one on B1 that was dropped."""
    store = open_database(url, create=True)
    made = Centre(store)
    fill(made, {"A1": "iiic", "A2": "i...", "A3": "....", "B1": "i...", "B2": "c..."}, day=-7)
    fill(made, DUE, day=0)
    made.classify()
    open_action(store, drafted(store, "#agent:A1:insult"), By("郑经理"), now=MONDAY)
    later = period_of(Unit.WEEK, date(2026, 11, 23), ZONE)
    open_action(store, replace(drafted(store, "#team:一组:insult"), due=later), By("郑经理"), now=MONDAY)
    gone = open_action(store, drafted(store, "#agent:B1:insult"), By("郑经理"), now=MONDAY)
    drop(store, gone.id, By("郑经理"), "离职", now=MONDAY + timedelta(days=1))
    yield store
    store.close()


def report(store, period=WEEK_46, *, kind=Kind.WEEKLY, desk_url="http://desk", **scope):
    """The report as it is made after week 46."""
    wanted = Wanted(kind, period, ZONE.key, Scope(**scope), desk_url)
    made = build(store, wanted, CARD)
    return replace(made, actions=loop(store, made, wanted.scope, CARD, desk_url=desk_url, now=LATER))


def test_what_is_due_and_what_runs(two_weeks):
    found = report(two_weeks).actions
    assert [(one.number, one.verdict) for one in found.due] == [(1, Verdict.NOT_ENOUGH), (3, None)]
    assert found.due[0].overdue
    assert found.due[0].link == "http://desk/actions/1"
    assert "第 45 周 75.0%（3 / 4 通），第 46 周 0.0%（0 / 4 通）" in found.due[0].sentence.zh
    assert "#2" in found.due[0].notes[0].zh, "the team is trained for the same at the same time"
    assert [(one.number, one.state.zh) for one in found.running] == [(2, "进行中")]


@pytest.mark.parametrize(
    ("scope", "due", "running"),
    [
        ({"agent": "A1"}, [1], []),
        ({"agent": "B1"}, [3], []),
        ({"team": "一组"}, [1], [2]),
        ({"team": "二组"}, [3], []),
        ({"queue": "退款"}, [], []),
    ],
)
def test_a_report_speaks_of_its_own(two_weeks, scope, due, running):
    found = report(two_weeks, **scope).actions
    assert [one.number for one in found.due] == due
    assert [one.number for one in found.running] == running


def test_every_line_has_an_id_that_reads_back(two_weeks):
    found = report(two_weeks, WEEK_45).actions
    ids = [one.id for one in found.lines]
    for line_id in (
        "#centre:customer-critical",
        "#team:一组:customer-critical",
        "#agent:A1:customer-critical",
        "#team:一组:insult",
        "#centre:insult",
        "#centre:handling",
    ):
        assert line_id in ids
    assert "#centre:passed" not in ids, "nobody filled in a card"
    assert all(line_of(one).id == one for one in ids)
    assert found.line("agent", "A1").link.startswith("http://desk/actions/new?line=%23agent%3AA1%3Acustomer-critical&")
    assert "&unit=week&since=2026-11-02" in found.line("agent", "A1").link
    assert (
        report(two_weeks, WEEK_45, team="一组").actions.line("classes", "non-critical").id == "#team:一组:non-critical"
    )
    assert report(two_weeks, WEEK_45, agent="A1").actions.line("service", "silence") is None
    assert report(two_weeks, WEEK_45, queue="退款").actions.lines == ()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_on_the_page_and_in_the_workbook(two_weeks, tmp_path, lang):
    made = report(two_weeks)
    page = render(made, lang)
    assert ">#agent:A1:" in page
    assert ("还看不出" if lang == "zh" else "not enough yet") in page
    if lang == "en":
        shown = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.S)
        for own in (*TEAMS.values(), "陈组长", "陪听五通"):
            shown = shown.replace(own, "")
        assert not re.findall("[一-鿿]", shown)
    write(made, tmp_path / "r.xlsx", lang)
    book = load_workbook(tmp_path / "r.xlsx")
    rows = list(book["闭环" if lang == "zh" else "Closed loop"].iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in rows] == [1, 3, 2]
    lines = book["可开措施的行" if lang == "zh" else "Lines for actions"]
    assert "#centre:insult" in [row[0] for row in lines.iter_rows(min_row=2, values_only=True)]
    found = json.loads(as_json(made))["actions"]
    assert found["due"][0]["found"]["verdict"] == "not_enough"


@pytest.fixture
def earmark(two_weeks, url):
    """Runs `earmark` on the two weeks; errors come as they are."""

    def invoke(*arguments):
        done = CliRunner().invoke(app, [*map(str, arguments), "--db", url], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done

    return invoke


def test_by_command_from_a_report_to_the_end(earmark, tmp_path, two_weeks):
    file = tmp_path / "week45.json"
    earmark("report", "weekly", "--date", "2026-11-04", "--out", file)
    due = ("--owner", "陈组长", "--due", "2026-11-12", "--plan", "[bold]")
    opened = earmark("action", "open", "#agent:A2:insult", "--report", file, *due)
    number = opened.stdout.strip().removeprefix("#")
    assert "25.0%（1 / 4 通）" in opened.output
    listed = json.loads(earmark("action", "list", "--format", "json").stdout)
    assert [one["line"] for one in listed if str(one["number"]) == number] == ["#agent:A2:insult"]
    assert "A2" in earmark("action", "list", "--agent", "A2").stdout
    earmark("action", "note", number, "周三陪听")
    earmark("action", "done", number, "--note", "陪听了两通")
    shown = earmark("action", "show", number).stdout
    for words in ("[bold]", "周三陪听", "已执行", "2026-11-12"):
        assert words in shown
    told = json.loads(earmark("action", "show", number, "--format", "json").stdout)
    assert [one["kind"] for one in told["history"]] == ["opened", "note", "done"]
    earmark("action", "drop", number, "--reason", "换人")
    assert json.loads(earmark("action", "list", "--state", "dropped", "--format", "json").stdout)
    assert number not in [str(one.id) for one in list_actions(two_weeks) if one.live]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        pytest.param(["A1", "--date", "2026-11-04"], ConfigError, "no line of a report", id="no line"),
        pytest.param(["#agent:A1:silly", "--date", "2026-11-04"], ConfigError, "no metric and no rule", id="no metric"),
        pytest.param(["#agent:A1:insult"], ConfigError, "--report FILE.json or --date", id="no baseline"),
        pytest.param(["#agent:A1:insult", "--report", "none.json"], ConfigError, "no report in JSON", id="no file"),
        pytest.param([*A2, "--due", "soon"], ConfigError, "no period", id="due"),
        pytest.param([*A2, "--due", "2026-W45"], ActionRefusedError, "after", id="due before"),
        pytest.param(["#agent:A9:insult", "--date", "2026-11-04"], ActionRefusedError, "no calls", id="no calls"),
    ],
)
def test_what_the_command_refuses(earmark, arguments, error, message):
    with pytest.raises(error, match=message):
        earmark("action", "open", *arguments, "--owner", "x")


@pytest.mark.parametrize(
    "deed", [["note", "99", "x"], ["done", "99"], ["close", "99"], ["show", "99"]], ids=lambda one: one[0]
)
def test_an_action_that_is_not_there(earmark, deed):
    with pytest.raises(ActionRefusedError, match="no such action"):
        earmark("action", *deed)


def test_a_line_that_the_report_does_not_have(earmark, tmp_path):
    file = tmp_path / "week45.json"
    earmark("report", "weekly", "--date", "2026-11-04", "--out", file)
    with pytest.raises(ConfigError, match=r"has no line #agent:A9:insult"):
        earmark("action", "open", "#agent:A9:insult", "--report", file, "--owner", "x")
    file.write_text('{"heading": {}}')
    with pytest.raises(ConfigError, match="no report in JSON"):
        earmark("action", "open", "#agent:A1:insult", "--report", file, "--owner", "x")

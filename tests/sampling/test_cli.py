"""`earmark sample …` as a manager uses it."""

import csv
import io
import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.domain.calls import CallMetadata
from pipeline.domain.errors import ConfigError, StoreError
from pipeline.domain.reviews import ReviewKind, Verdict
from pipeline.sampling.plans import PlanError
from pipeline.store.database import open_database
from pipeline.store.results import start_run
from tests.sampling.builders import MONDAY
from tests.store.builders import result, run
from tests.store.judgements import person, say, stored

PLAN = """id: weekly
audit: {n: 3}
parts:
  - {kind: targeted, name: flagged, what: flagged, share: 1}
  - {kind: random, name: everybody, n: 1}
"""


@pytest.fixture
def earmark():
    """Runs a command; gives its result. Errors come as they are."""

    def invoke(*arguments, code=0):
        done = CliRunner().invoke(app, ["sample", *map(str, arguments)], catch_exceptions=False)
        assert done.exit_code == code, done.output
        return done

    return invoke


@pytest.fixture
def plan(tmp_path):
    path = tmp_path / "weekly.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return path


@pytest.fixture
def db(tmp_path):
    """Twelve calls of two agents, four of them flagged; nobody has judged any."""
    url = f"sqlite:///{tmp_path / 'x.db'}"
    store = open_database(url, create=True)
    start_run(store, run())
    for number in range(1, 13):
        facts = CallMetadata(agent=f"A{number % 2}", team="一组", started_at=MONDAY + timedelta(hours=number))
        stored(store, number, *([result("insult")] if number % 3 == 0 else []), metadata=facts)
    store.close()
    return url


def rows(done, form="json"):
    if form == "json":
        return json.loads(done.stdout)
    if form == "jsonl":
        return [json.loads(line) for line in done.stdout.splitlines()]
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_check_says_all_and_fails(earmark, plan, tmp_path):
    assert "可用" in earmark("plan", "check", plan).stdout
    bad = tmp_path / "bad.yaml"
    bad.write_text("id: X\nparts: [{kind: lucky}]\n", encoding="utf-8")
    told = earmark("plan", "check", plan, bad, code=1).stdout
    assert told.count("bad.yaml:") == 3


def test_plan_in_words(earmark, plan):
    told = earmark("plan", "show", plan).stdout
    for word in ("weekly", "审核", "3 通", "每人每周", "有规则命中", "工时不限"):
        assert word in told


def test_dry_run_stores_nothing(earmark, plan, db):
    told = earmark("draw", plan, "--db", db, "--dry-run")
    assert "试抽" in told.stdout
    assert "nothing was drawn yet" in earmark("show", "--db", db).stderr


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_draw_then_show_as_data(earmark, plan, db, form):
    drawn = rows(earmark("draw", plan, "--db", db, "--format", form), form)
    assert rows(earmark("show", "--db", db, "--format", form), form) == drawn
    assert {row["part"] for row in drawn} == {"audit", "flagged", "everybody"}
    assert sum(row["part"] == "audit" for row in drawn) == 3
    audit = next(row for row in drawn if row["part"] == "audit")
    assert float(audit["chance"]) == pytest.approx(3 / 8)


def test_draw_tells_and_repeats_nothing(earmark, plan, db):
    first = earmark("draw", plan, "--db", db)
    assert "第 1 次抽样" in first.stdout
    assert "漏检率不超过" in first.stdout
    assert "nothing was stored twice" in earmark("draw", plan, "--db", db).stderr
    assert "draw 2" in earmark("draw", plan, "--db", db, "--seed", 5).stderr
    listed = rows(earmark("show", "--db", db, "--list", "--format", "json"))
    assert [(one["id"], one["seed"]) for one in listed] == [(2, 5), (1, 1)]
    shown = earmark("show", "--db", db, "--draw", 1, "--part", "audit").stdout
    assert "随机审核" in shown


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        (["--draw", "7"], StoreError, "there is no draw 7"),
        (["--part", "nobody"], ConfigError, "has no part 'nobody'; there are audit"),
    ],
)
def test_show_of_what_is_not(earmark, plan, db, arguments, error, told):
    earmark("draw", plan, "--db", db)
    with pytest.raises(error, match=told):
        earmark("show", "--db", db, *arguments)


def test_empty_period_is_said_and_fails(earmark, plan, db):
    done = earmark("draw", plan, "--db", db, "--since", "2027-01-01", code=1)
    assert "这段时间没有可抽的通话" in done.stdout
    assert rows(earmark("draw", plan, "--db", db, "--since", "2027-01-01", "--format", "json", code=1)) == []
    assert "no call of this period" in earmark("estimate", "--db", db, "--since", "2027-01-01").stderr


def test_period_that_ends_first(earmark, plan, db):
    with pytest.raises(ConfigError, match="is not after --since"):
        earmark("draw", plan, "--db", db, "--since", "2026-11-09", "--until", "2026-11-02")


def test_bad_plan_draws_nothing(earmark, db, tmp_path):
    with pytest.raises(PlanError, match="cannot be read"):
        earmark("draw", tmp_path / "none.yaml", "--db", db)


def judge_all(db):
    store = open_database(db)
    by = person(store, "r")
    for number in range(1, 13):
        call = f"{number:064x}"
        if number % 3 == 0:
            say(store, call, by, Verdict.CONFIRMED if number < 12 else Verdict.REJECTED)
        say(store, call, by, kind=ReviewKind.FINISHED, rule=None)
    store.close()


def test_estimates_without_audits_say_so(earmark, db):
    told = earmark("estimate", "--db", db).stdout
    assert "没有审核过未命中的通话" in told
    (insult,) = rows(earmark("estimate", "--db", db, "--rule", "insult", "--format", "json"))
    assert (insult["precision"], insult["recall"], insult["hits"]) == (None, None, 4)
    assert insult["recall_reason_zh"] == "本期的命中还没有人复核，召回率未知：先复核命中"


def test_estimates_of_judged_calls(earmark, db):
    judge_all(db)
    (insult,) = rows(earmark("estimate", "--db", db, "--rule", "insult", "--format", "json"))
    assert (insult["confirmed"], insult["judged_hits"], insult["missed"], insult["judged_others"]) == (3, 4, 0, 8)
    assert (insult["hits_basis"], insult["audit_basis"]) == ("all", "all")
    assert insult["precision"] is None
    assert 0.2 < insult["precision_low"] < 0.75 < insult["precision_high"] < 1
    told = earmark("estimate", "--db", db).stdout
    assert "非关键错误" in told
    assert "3 / 4" in told


def test_estimates_by_slice_and_week(earmark, db):
    judge_all(db)
    by_agent = rows(earmark("estimate", "--db", db, "--by", "agent", "--rule", "insult", "--format", "jsonl"), "jsonl")
    assert [(row["group"], row["calls"], row["hits"]) for row in by_agent] == [("A0", 6, 2), ("A1", 6, 2)]
    assert "2026-W45" in earmark("estimate", "--db", db, "--by", "week").stdout
    with pytest.raises(ConfigError, match="no call of this period has a value there"):
        earmark("estimate", "--db", db, "--by", "colour")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--half-width", "0.05", "--calls", "1000"], "278"),
        (["--weekly", "40", "--agents", "20"], "69"),
        ([], "9604"),
    ],
)
def test_calculator(earmark, arguments, told):
    assert told in earmark("size", *arguments).stdout
    assert json.loads(earmark("size", *arguments, "--format", "json").stdout)


@pytest.mark.parametrize("arguments", [["--half-width", "5"], ["--rate", "0"], ["--confidence", "95"]])
def test_calculator_wants_fractions(earmark, arguments):
    with pytest.raises(ConfigError, match=r"write 5 % as 0\.05"):
        earmark("size", *arguments)

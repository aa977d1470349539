"""Sampling in the desk: plans with their problems, a dry run that stores nothing, a draw, and who is told of it."""

import re

import pytest

from pipeline.store.audit_log import AuditFilter, audit_entries
from pipeline.store.sampling_store import stored_draws
from tests.review.judgements import CALL, finish

PLAN = """\
id: weekly
seed: 7
reviewers: {hours: 1, calls_per_hour: 4}
audit: {share: 1}
parts:
  - {kind: targeted, name: flagged, what: flagged, share: 1}
"""
ASK = {"name": "weekly.yaml", "first": "2026-11-01", "last": "2026-11-30"}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def manager(desk, client_as):
    (desk.settings.plans / "weekly.yaml").write_text(PLAN, encoding="utf-8")
    return client_as("manager")


def tried(client, **changes):
    return client.post("/sampling/try", data={**ASK, **changes}, headers=HTMX)


def digest_in(text: str) -> str:
    return re.search(r'name="digest" value="([0-9a-f]{64})"', text)[1]


def draw(client, **changes):
    return client.post("/sampling/draw", data={**ASK, "digest": digest_in(tried(client).text), **changes})


@pytest.mark.parametrize("name", ["none.yaml", "..%2Fdesk.db", "%2Fetc%2Fpasswd", "weekly.yaml%2F..", "desk.db"])
def test_there_is_no_such_plan(manager, name):
    assert manager.get(f"/sampling/plans/{name}").status_code == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"name": "none.yaml"}, 404, id="no such plan"),
        pytest.param({"name": "", "text": "id: x"}, 422, id="no plan in the text"),
        pytest.param({"name": "", "text": ""}, 422, id="no text"),
        pytest.param({"name": "", "text": "a" * 20_001}, 422, id="too long"),
        pytest.param({"name": "", "text": "id: \x00"}, 422, id="nul"),
        pytest.param({"first": "2026-11-30", "last": "2026-11-01"}, 422, id="ends before it begins"),
        pytest.param({"first": "yesterday"}, 422, id="no date"),
        pytest.param({"first": "0001-01-01"}, 422, id="a date of no calls"),
        pytest.param({"seed": "-1"}, 422, id="seed below nothing"),
        pytest.param({"seed": "2147483648"}, 422, id="seed too large"),
        pytest.param({"seed": "二"}, 422, id="seed in words"),
    ],
)
@pytest.mark.parametrize("path", ["try", "draw"])
def test_what_cannot_be_drawn(desk, manager, path, change, status):
    sent = {**ASK, "digest": "0" * 64, **change}
    assert manager.post(f"/sampling/{path}", data=sent).status_code == status
    assert stored_draws(desk.database) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("id: Weekly!\naudit: {n: 1}", "plan.yaml:1:5: ", id="id"),
        pytest.param("id: a\naudit: {n: 1}\nparts:\n  - {kind: luck, name: x}", "plan.yaml:4:5: ", id="kind"),
        pytest.param("id: a\n  b: [", "plan.yaml:2:4: not valid YAML", id="no yaml"),
        pytest.param("id: a", "plan.yaml:1:1: a plan has a random audit", id="no audit"),
        pytest.param(
            "id: a\naudit: {n: 1}\nparts:\n"
            "  - {kind: targeted, name: x, what: complaints, share: 1, file: ../desk.db, column: recording}",
            "plan.yaml:4:65: name a list in the desk&#39;s folder",
            id="a list elsewhere",
        ),
    ],
)
def test_problems_of_a_text_are_named_with_their_place(manager, text, problem):
    answer = manager.post("/sampling/check", data={"text": text}, headers=HTMX)
    assert answer.status_code == 200
    assert problem in answer.text and 'id="tried"' not in answer.text


def test_a_broken_plan_is_listed_and_shown_with_its_problems(desk, manager):
    (desk.settings.plans / "broken.yaml").write_text("id: a\naudit: {n: 0}\n", encoding="utf-8")
    assert "有误" in manager.get("/sampling").text
    assert "broken.yaml:2:12: " in manager.get("/sampling/plans/broken.yaml").text


def test_a_dry_run_tells_what_is_given_up_and_stores_nothing(desk, manager):
    shown = tried(manager).text
    # Ten calls, hours for four.
    assert "可抽 10 通" in shown and "工时够 4 通" in shown and "放弃" in shown
    assert stored_draws(desk.database) == []


def test_an_empty_period_cannot_be_drawn(desk, manager):
    shown = tried(manager, first="2020-01-01", last="2020-01-31").text
    assert "没有可抽的通话" in shown and "/sampling/draw" not in shown
    sent = {**ASK, "first": "2020-01-01", "last": "2020-01-31", "digest": digest_in(tried(manager).text)}
    assert manager.post("/sampling/draw", data=sent).status_code == 409
    assert stored_draws(desk.database) == []


def test_a_plan_that_was_changed_since_it_was_tried_is_not_drawn_by(desk, manager):
    digest = digest_in(tried(manager).text)
    (desk.settings.plans / "weekly.yaml").write_text(PLAN.replace("hours: 1", "hours: 2"), encoding="utf-8")
    assert manager.post("/sampling/draw", data={**ASK, "digest": digest}).status_code == 409
    assert stored_draws(desk.database) == []


def test_a_draw_is_stored_once_and_on_record(desk, manager):
    assert draw(manager).headers["location"] == "/sampling/draws/1"
    assert draw(manager).headers["location"] == "/sampling/draws/1?again=true"
    assert "没有重复保存" in manager.get("/sampling/draws/1?again=true").text
    (entry,) = audit_entries(desk.database, AuditFilter(action="draw"), limit=9)
    assert (entry.login, entry.detail) == ("manager", {"draw": 1, "plan": "weekly", "seed": 7, "calls": 4})
    assert draw(manager, seed="8").headers["location"] == "/sampling/draws/2"


def test_a_draw_tells_why_how_probable_and_how_far_it_is(desk, manager):
    draw(manager, digest=digest_in(tried(manager).text))
    shown = manager.get("/sampling/draws/1").text
    assert "有规则命中" in shown and "%" in shown and "待复核" in shown
    picked = re.findall(r'data-href="/calls/([0-9a-f]{64})"', shown)
    assert len(picked) == 4
    finish(desk, call=picked[0])
    assert "已复核 <b>1</b> / 4" in manager.get("/sampling/draws/1").text
    assert "1 / 4" in manager.get("/sampling").text
    for query, count in (("state=done", 1), ("state=open", 3), ("part=flagged", 2), ("part=audit", 2), ("page=2", 0)):
        assert manager.get(f"/sampling/draws/1?{query}").text.count('data-href="/calls/') == count, query


@pytest.mark.parametrize("path", ["99", "1?part=none", "0", "x"])
def test_there_is_no_such_draw(manager, path):
    draw(manager)
    assert manager.get(f"/sampling/draws/{path}").status_code in (404, 422)


def test_a_reviewer_does_not_see_that_a_call_was_drawn(desk, manager, client_as):
    reviewer = client_as("reviewer")
    before = reviewer.get(f"/calls/{CALL}").text
    draw(manager)
    after = reviewer.get(f"/calls/{CALL}").text
    assert bare(after) == bare(before)
    queue = reviewer.get("/queue").text
    assert "flagged" not in queue and "有规则命中" not in queue and "/sampling" not in queue


def bare(page: str) -> str:
    """The page without what differs each time it is asked for."""
    return re.sub(r'(csp-nonce" content=|inlineStyleNonce":)"[^"]+"|余 \d+ 通', "", page)


def test_a_plan_that_somebody_writes_may_name_a_list_in_the_folder(desk, manager):
    (desk.settings.plans / "list.csv").write_text("recording\ns10.opus\n", encoding="utf-8")
    text = (
        "id: a\naudit: {none_because: 只做倒查}\nparts:\n"
        "  - {kind: targeted, name: x, what: complaints, share: 1, file: list.csv, column: recording}\n"
    )
    # A browser ends the lines of a form with carriage returns.
    sent = {**ASK, "name": "", "text": text.replace("\n", "\r\n")}
    shown = manager.post("/sampling/try", data=sent, headers=HTMX).text
    assert "抽中 1 通" in shown and "只做倒查" in shown
    answer = manager.post("/sampling/draw", data={**sent, "digest": digest_in(shown)})
    assert answer.headers["location"] == "/sampling/draws/1"


@pytest.mark.parametrize(
    "query", ["half_width=0", "half_width=x", "half_width=nan", "rate=100", "calls=1.5", "weekly=-3"]
)
def test_questions_that_mean_nothing(manager, query):
    assert manager.get(f"/sampling/size?{query}").status_code == 422


def test_the_calculator_works_both_ways(manager):
    # ± 5 points among 1,000 calls: 278; docs/sampling.md.
    assert re.search(r">5</td><td class=\"num\">278<", manager.get("/sampling/size?half_width=5&calls=1000").text)
    told = manager.get("/sampling/size?weekly=40&agents=20&half_width=&rate=").text
    row = re.search(r'<tr><td class="num">1</td>(.*?)</tr>', told.partition("每周听")[2])[1]
    assert re.findall(r">([^<]+)</td>", row) == ["40", "15", "69", "7.2 %", "31"]


def test_pages_without_a_folder(desk, client_as):
    for file in desk.settings.plans.iterdir():
        file.unlink()
    desk.settings.plans.rmdir()
    client = client_as("manager")
    assert "没有计划" in client.get("/sampling").text
    assert client.get("/sampling/new").status_code == 200

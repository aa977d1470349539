"""The queue over HTTP: addresses, filters, views, giving out, taking."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import update

from pipeline.domain.results import BilingualText, Severity
from pipeline.review.queue_page import in_short, shown_hits
from pipeline.review.queue_query import START, parsed
from pipeline.store.accounts import all_accounts
from pipeline.store.database import Database
from pipeline.store.queue_filter import QueueFilter, QueueStatus
from pipeline.store.queue_listing import list_queue
from pipeline.store.queue_rows import RowHit
from pipeline.store.review_queue import assign, finish, take
from pipeline.store.saved_views import save_view, views_of
from pipeline.store.search import index_missing
from pipeline.store.tables import evidence, recordings
from tests.review.samples import recording_id

CALL = re.compile(r'<tr id="call-([0-9a-f]{64})"')
PART = {"HX-Request": "true"}


def account_id(database: Database, login: str) -> int:
    return next(each.id for each in all_accounts(database) if each.login == login)


def shown(text: str) -> list[str]:
    return CALL.findall(text)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("/queue?status=lost", id="status"),
        pytest.param("/queue?class=severe", id="class"),
        pytest.param("/queue?from=yesterday", id="date"),
        pytest.param("/queue?from=0001-01-01", id="a date before all calls"),
        pytest.param("/queue?who=0", id="account"),
        pytest.param("/queue?who=99999999999999999999", id="a number too large"),
        pytest.param("/queue?order=name", id="order"),
        pytest.param("/queue?colour=red", id="a field that there is not"),
        pytest.param("/queue?team=" + "x" * 201, id="a name too long"),
        pytest.param("/queue?after=x~y", id="a cursor of nothing"),
        pytest.param("/queue?after=" + "9" * 150 + "~y", id="a cursor too large for the database"),
        pytest.param("/queue/menu/colour", id="menu"),
        pytest.param("/queue/peek/a.b", id="call"),
    ],
)
def test_bad_addresses(client_as, address):
    answer = client_as("reviewer").get(address, headers=PART)
    assert answer.status_code in (404, 422)


@pytest.mark.parametrize(
    ("search", "canonical"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param("status=open&order=risk&team=&q=", "", id="what is so anyway"),
        pytest.param("q=+%E9%80%80%E6%AC%BE+", "q=%E9%80%80%E6%AC%BE", id="blanks around words"),
        pytest.param("who=7&to=2026-11-11", "to=2026-11-11&who=7", id="order of fields"),
        pytest.param("class=alert&severity=minor", "class=alert&severity=minor", id="as named outside"),
        pytest.param("status=lost", None, id="a view of an older desk"),
        pytest.param("q=" + "a" * 10_000, "q=" + "a" * 200, id="a very long search"),
    ],
)
def test_address_of_a_list(search, canonical):
    query = parsed(search)
    assert (query and query.search) == canonical
    if query is not None:
        assert parsed(query.search) == query


def test_page(client_as, desk):
    text = client_as("reviewer").get("/queue").text
    page = list_queue(desk.database, QueueFilter())
    assert shown(text) == [row.recording_id for row in page.rows]
    assert len(page.rows) > 3
    assert "待复核（全部）" in text
    assert f"剩 <b>{len(page.rows)}</b> 通" in " ".join(text.split())


def test_english(client_as):
    client = client_as("reviewer")
    client.post("/language", data={"language": "en"})
    text = client.get("/queue").text
    assert "Key sentence" in text
    assert not re.search("[\u4e00-\u9fff]", re.sub(r"(?s)<td.*?</td>|<header.*?</header>", "", text))


def test_fragment_holds_the_list_alone(client_as):
    answer = client_as("reviewer").get("/queue?team=&q=", headers=PART)
    assert "<html" not in answer.text
    assert 'id="filters" hx-swap-oob="true"' in answer.text
    assert answer.headers["HX-Push-Url"] == "/queue"


def test_markup_is_escaped(client_as, desk):
    """File names, agents, teams, quotes and what is searched for are other people's."""
    evil = "<img src=x onerror=alert(1)>\"'"
    with desk.database.writing() as connection:
        connection.execute(update(recordings).values(name=evil, agent=evil, team=evil))
        connection.execute(update(evidence).values(quote=evil))
    client = client_as("manager")
    some = list_queue(desk.database, QueueFilter()).rows[0].recording_id
    client.post("/queue/views", data={"name": evil}, params={"team": evil})
    for url in ("/queue", f"/queue/peek/{some}", "/queue/menu/team", "/queue/menu/agent", "/queue/views"):
        text = client.get(url).text
        assert "&lt;img" in text, url
        assert "<img" not in text, url
    for name in ("q", "team", "agent", "rule"):
        text = client.get("/queue", params={name: evil}).text
        assert "<img" not in text
        assert 'onerror=alert(1)>"' not in text


def test_search(client_as, desk):
    index_missing(desk.database)
    client = client_as("reviewer")
    s10 = recording_id("s10.opus")
    assert shown(client.get("/queue?status=all&q=曝光", headers=PART).text) == [s10]
    nothing = client.get("/queue?q=翡翠龙舟", headers=PART).text
    assert shown(nothing) == []
    assert "没有找到“翡翠龙舟”" in nothing
    for query in ('"', "*", "a' OR 1=1 --", "&|!", "ab" * 5_000):
        assert client.get("/queue", params={"q": query}).status_code == 200


@pytest.mark.parametrize(
    ("search", "sentence"),
    [
        ("who=me", "没有分给你的通话"),
        ("status=done&who=me&finished=today", "今天还没有完成"),
        ("agent=nobody", "没有符合条件的通话"),
        ("status=done", "没有符合条件的通话"),
    ],
)
def test_what_to_do_where_nothing_is_listed(client_as, search, sentence):
    assert sentence in client_as("reviewer").get(f"/queue?{search}").text


@pytest.mark.parametrize("name", ["date", "status", "rule", "class", "team", "agent", "who"])
def test_every_choice_leads_to_a_list(client_as, name):
    client = client_as("reviewer")
    text = client.get(f"/queue/menu/{name}?team=售后一组", headers=PART).text
    links = re.findall(r'href="(/queue[^"]*)" data-list', text)
    assert len(links) > 1
    for link in links:
        address = link.replace("&amp;", "&")
        answer = client.get(address, headers=PART)
        assert answer.headers["HX-Push-Url"] == address
    assert text.count('aria-selected="true"') == 1


def test_counts_of_choices_are_those_of_their_lists(client_as):
    client = client_as("reviewer")
    text = client.get("/queue/menu/rule", headers=PART).text
    options = re.findall(r'href="([^"]*)"[^>]*>.*?<span class="num">([0-9]+)</span>', text)
    assert options
    for link, count in options:
        assert len(shown(client.get(link.replace("&amp;", "&"), headers=PART).text)) == int(count)


def test_next_takes_the_first_and_keeps_the_list(client_as, desk):
    client = client_as("reviewer")
    first, second = (row.recording_id for row in list_queue(desk.database, QueueFilter()).rows[:2])
    answer = client.post("/queue/next?order=risk&status=open")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/calls/{first}")
    other = client_as("wang").post("/queue/next", headers=PART)
    assert (other.status_code, other.headers["HX-Redirect"]) == (204, f"/calls/{second}")
    row = list_queue(desk.database, QueueFilter()).rows[0]
    assert row.holder == "林晓燕"
    assert "林晓燕复核中" in client_as("wang").get("/queue").text
    assert client_as("wang").get("/queue/held").json() == {first: "林晓燕"}


def test_next_in_a_narrow_list(client_as, desk):
    client = client_as("reviewer")
    agent = list_queue(desk.database, QueueFilter()).rows[0].agent
    seen = []
    for _ in range(20):
        answer = client.post(f"/queue/next?agent={agent}", data={"leaving": seen[-1]} if seen else {})
        target = answer.headers["location"]
        if "nothing=1" in target:
            break
        assert target.endswith(f"?agent={agent}")
        seen.append(target[7:71])
        with desk.database.writing() as connection:
            finish(connection, seen[-1], account_id(desk.database, "lin"))
    wanted = QueueFilter(status=QueueStatus.DONE, agent=agent)
    assert sorted(seen) == sorted(row.recording_id for row in list_queue(desk.database, wanted).rows)
    assert "没有可取的通话" in client.get(target).text


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param({"account": "999", "count": "3"}, 422, id="nobody of that number"),
        pytest.param({"account": "agent", "count": "3"}, 422, id="no number"),
        pytest.param({"account": "agent's", "count": "0"}, 422, id="none of them"),
        pytest.param({"account": "", "count": "501"}, 422, id="too many"),
        pytest.param({"account": "", "calls": "../x"}, 422, id="no call"),
    ],
)
def test_assignments_that_are_refused(client_as, fields, status):
    assert client_as("manager").post("/queue/assign", data=fields).status_code == status


def test_an_agent_gets_no_call(client_as, desk):
    for login in ("agent", "lead"):
        fields = {"account": account_id(desk.database, login), "count": 3}
        assert client_as("manager").post("/queue/assign", data=fields).status_code == 422


def test_reviewers_do_not_assign(client_as, desk):
    fields = {"account": account_id(desk.database, "wang"), "count": 3}
    assert client_as("reviewer").post("/queue/assign", data=fields).status_code == 403


def test_assign(client_as, desk):
    manager = client_as("manager")
    wang = account_id(desk.database, "wang")
    rows = list_queue(desk.database, QueueFilter()).rows
    chosen = [rows[2].recording_id, rows[3].recording_id]
    answer = manager.post("/queue/assign", data={"account": wang, "calls": chosen})
    assert answer.json() == {"calls": chosen, "given": 2, "name": "王珂"}
    # The first of the list that nobody has: the two just given are left alone.
    answer = manager.post("/queue/assign", data={"account": account_id(desk.database, "lin"), "count": 3})
    expected = [row.recording_id for row in rows if row.recording_id not in chosen][:3]
    assert answer.json()["calls"] == expected
    assert sorted(shown(client_as("wang").get("/queue?who=me").text)) == sorted(chosen)
    manager.post("/queue/assign", data={"account": "", "calls": chosen})
    assert shown(client_as("wang").get("/queue?who=me").text) == []
    assert "assign" in manager.get("/audit").text


def test_views(client_as, desk):
    client = client_as("reviewer")
    client.post("/queue/views", data={"name": "新人"}, params={"team": "售后一组", "order": "newest"})
    text = client.get("/queue?team=售后一组").text
    assert re.search(r'aria-current="true"><span class="ell">新人', text)
    replaced = client.post("/queue/views", data={"name": "新人"}, params={"status": "all"}).text
    assert replaced.count("新人</span>") == 1
    lin = account_id(desk.database, "lin")
    (view,) = views_of(desk.database, lin)
    assert view.query == "status=all"
    assert client_as("wang").post(f"/queue/views/{view.id}/remove").status_code == 404
    assert client.post("/queue/views", data={"name": " "}).status_code == 422
    assert "新人</span>" not in client.post(f"/queue/views/{view.id}/remove").text
    assert views_of(desk.database, lin) == []


def test_too_many_views(client_as):
    client = client_as("reviewer")
    statuses = [client.post("/queue/views", data={"name": f"v{number}"}).status_code for number in range(31)]
    assert statuses == [200] * 30 + [409]


def test_a_view_that_the_desk_does_not_know_any_more(client_as, desk):
    save_view(desk.database, account_id(desk.database, "lin"), "旧的", "colour=red")
    assert "旧的" in client_as("reviewer").get("/queue").text


def test_counts_of_the_sidebar(client_as, desk):
    take(desk.database, recording_id("s10.opus"), account_id(desk.database, "wang"))
    assign(desk.database, [recording_id("s10.opus")], account_id(desk.database, "lin"))
    text = client_as("reviewer").get("/queue/views").text
    counts = dict(re.findall(r'<span class="ell">([^<]+)</span><span class="num">([0-9,]*)</span>', text))
    assert counts["分给我的"] == "1"
    assert counts["待复核（全部）"] == str(len(list_queue(desk.database, QueueFilter()).rows))
    assert counts["申诉待裁定"] == "0"


def test_searching_is_noted_without_words(client_as, desk):
    client_as("reviewer").get("/queue?q=曝光")
    text = client_as("manager").get("/audit?action=search").text
    assert "characters 2" in text
    assert "曝光" not in text


HIT = RowHit("r", BilingualText("推诿", "Shirking"), Severity.MINOR, True, BilingualText("", ""))


@pytest.mark.parametrize(
    ("titles", "language", "shown_number"),
    [
        pytest.param(["一二三四五六七八九十一二三四五六七八"], "zh", 1, id="at least one"),
        pytest.param(["推诿"] * 2, "zh", 2, id="all"),
        pytest.param(["推诿"] * 9, "zh", 3, id="as many as fit beside the rest"),
        pytest.param(["未核实身份", "说出完整个人号码", "推诿"], "zh", 1, id="long ones"),
        pytest.param([], "zh", 0, id="none"),
        pytest.param(["推诿"] * 4, "en", 2, id="English is narrower a letter"),
    ],
)
def test_rules_that_a_row_has_room_for(titles, language, shown_number):
    hits = [replace(HIT, title=BilingualText(title, "Shirking")) for title in titles]
    found = shown_hits(hits, language)
    assert (len(found.hits), found.more) == (shown_number, len(titles) - shown_number)


@pytest.mark.parametrize(
    ("explanation", "clause"),
    [
        ("", ""),
        ("坐席最后两句没有道谢或道别（0:14–1:00）", "坐席最后两句没有道谢或道别"),
        ("abuse: 0:31 agent: “x”, loud", "abuse: 0:31 agent: “x”"),
    ],
)
def test_in_short(explanation, clause):
    assert in_short(explanation) == clause


def test_start_is_the_plain_address():
    assert START.href == "/queue"

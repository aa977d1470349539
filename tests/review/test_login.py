"""Coming in: what is refused and how, sessions and their end, and where one lands."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from pipeline.review.passwords import hash_password
from pipeline.store import sessions as store_sessions
from pipeline.store.accounts import audit, find_account, set_active, set_password, set_role
from pipeline.store.review_tables import audit as audit_table
from pipeline.store.review_tables import sessions
from tests.review.conftest import log_in
from tests.review.samples import ACCOUNTS, PASSWORD, AccountRole

WRONG = "用户名或密码不正确"


@pytest.fixture
def form(anonymous):
    """Sends the login form as a browser does."""

    def send(login: str, password: str, **fields):
        page = anonymous.get("/login")
        csrf = page.text.split('name="csrf" value="')[1].split('"')[0]
        return anonymous.post("/login", data={"login": login, "password": password, "csrf": csrf, **fields})

    return send


@pytest.mark.parametrize(
    ("login", "password"),
    [
        pytest.param("lin", "wrong password", id="wrong password"),
        pytest.param("lin", "", id="no password"),
        pytest.param("nobody", PASSWORD, id="unknown login"),
        pytest.param("gone", PASSWORD, id="disabled"),
        pytest.param("' OR 1=1 --", PASSWORD, id="SQL"),
        pytest.param("lin", "x" * 1001, id="endless password"),
    ],
)
def test_refused_with_the_same_words(desk, form, login, password):
    if login == "gone":
        login = "wang"
        set_active(desk.database, login, active=False)
    answer = form(login, password)
    assert answer.status_code == 401
    assert WRONG in answer.text
    assert "earmark_session" not in answer.headers.get("set-cookie", "")
    assert actions(desk) == [("login_failed", login)]


@pytest.mark.parametrize("csrf", ["", "0" * 64], ids=["none", "another"])
def test_a_form_of_another_page_is_refused(anonymous, csrf):
    anonymous.get("/login")
    answer = anonymous.post("/login", data={"login": "lin", "password": PASSWORD, "csrf": csrf})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("login", "problem"),
    [pytest.param("lin\x00", 422, id="NUL"), pytest.param("l" * 201, 422, id="endless login")],
)
def test_a_login_that_is_none(form, login, problem):
    assert form(login, PASSWORD).status_code == problem


def test_the_sixth_try_has_to_wait_even_with_the_right_password(form):
    for _ in range(5):
        assert form("lin", "wrong password").status_code == 401
    answer = form("lin", PASSWORD)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 15 * 60 + 1
    assert "请 15 分钟后再试" in answer.text
    # Others are not kept out.
    assert form("wang", PASSWORD).status_code == 303


def test_an_unknown_login_has_to_wait_as_well(form):
    answers = [form("nobody", "wrong password").status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]


def test_a_success_forgets_failures_before_it(form, anonymous):
    for _ in range(4):
        form("lin", "wrong password")
    assert form("lin", PASSWORD).status_code == 303
    anonymous.cookies.delete("earmark_session")
    assert [form("lin", "wrong password").status_code for _ in range(5)] == [401] * 5


def test_an_address_that_tries_many_logins_has_to_wait(form):
    answers = [form(f"nobody{number}", "wrong password").status_code for number in range(21)]
    assert answers == [401] * 20 + [429]


def test_waiting_ends(empty_store):
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    for minute in range(5):
        begun = store_sessions.begin_attempt(empty_store, login="lin", address="a", now=now + timedelta(minutes=minute))
        assert begun.id is not None
    waiting = store_sessions.begin_attempt(empty_store, login=" LIN", address="b", now=now + timedelta(minutes=10))
    # The first of the five is 15 minutes old at 9:15.
    assert (waiting.id, waiting.wait_s) == (None, 300.0)
    later = now + timedelta(minutes=15, seconds=1)
    assert store_sessions.begin_attempt(empty_store, login="lin", address="b", now=later).id is not None


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/%0d%0aSet-Cookie:x=1\r\nX: y",
        "javascript:alert(1)",
        "/login",
        "evil",
        "/\tevil.example",
    ],
)
def test_no_way_out_of_the_site(form, target):
    assert form("lin", PASSWORD, next=target).headers["location"] == "/queue"


@pytest.mark.parametrize(
    ("login", "target", "location"),
    [
        pytest.param("lin", "", "/queue", id="reviewer"),
        pytest.param("agent", "", "/mine", id="agent"),
        pytest.param("lead", "", "/mine", id="lead"),
        pytest.param("manager", "/audit?action=login", "/audit?action=login", id="where one wanted to go"),
        pytest.param(" ＬＩＮ ", "", "/queue", id="capitals from an input method"),
    ],
)
def test_where_one_lands(desk, form, login, target, location):
    answer = form(login, PASSWORD, next=target)
    assert (answer.status_code, answer.headers["location"]) == (303, location)
    assert actions(desk)[-1][0] == "login"


def test_the_way_to_a_page_leads_over_the_login(anonymous):
    answer = anonymous.get("/audit?login=李&action=open")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/audit%3Flogin%3D%25E6%259D%258E%26action%3Dopen"
    assert (
        'name="next" value="/audit?login=%E6%9D%8E&amp;action=open"' in anonymous.get(answer.headers["location"]).text
    )


def test_the_cookie(form, desk):
    cookie = form("lin", PASSWORD).headers["set-cookie"].split("earmark_session=")[1]
    token = cookie.partition(";")[0]
    assert "HttpOnly" in cookie and "samesite=lax" in cookie.lower() and "Path=/" in cookie
    with desk.database.reading() as connection:
        stored = connection.execute(select(sessions)).mappings().one()
    assert token not in map(str, stored.values())


def test_a_login_begins_a_new_session_and_ends_the_old_one(client_as, desk):
    client = client_as("manager")
    before = client.cookies["earmark_session"]
    log_in(client, "manager")
    after = client.cookies["earmark_session"]
    assert before != after
    client.cookies.clear()
    client.cookies.set("earmark_session", before)
    assert client.get("/audit").status_code == 303
    client.cookies.clear()
    client.cookies.set("earmark_session", after)
    assert client.get("/audit").status_code == 200


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda desk, client: client.post("/logout"), id="logged out"),
        pytest.param(lambda desk, client: set_active(desk.database, "manager", active=False), id="disabled"),
        pytest.param(lambda desk, client: set_password(desk.database, "manager", hash_password("x")), id="password"),
        pytest.param(lambda desk, client: set_role(desk.database, "manager", AccountRole.ADMIN), id="role"),
        pytest.param(lambda desk, client: age(desk, seen_at=timedelta(hours=12, minutes=1)), id="12 h without use"),
        pytest.param(lambda desk, client: age(desk, created_at=timedelta(days=7, minutes=1)), id="7 days old"),
    ],
)
def test_the_end_of_a_session(desk, client_as, end):
    client = client_as("manager")
    assert client.get("/audit").status_code == 200
    end(desk, client)
    assert client.get("/audit").status_code == 303
    assert client.get("/audit", headers={"HX-Request": "true"}).status_code == 401
    assert client.post("/language", data={"language": "en"}).status_code == 401


def test_use_keeps_a_session_open(desk, client_as):
    client = client_as("manager")
    age(desk, seen_at=timedelta(hours=11))
    assert client.get("/audit").status_code == 200
    with desk.database.reading() as connection:
        seen = connection.execute(select(sessions.c.seen_at)).scalar_one()
    assert datetime.now(UTC) - seen < timedelta(minutes=1)


def test_an_agent_who_logs_out_is_noted(desk, client_as):
    client_as("agent").post("/logout")
    assert actions(desk) == [("login", "agent"), ("logout", "agent")]


def test_language_before_and_after_the_login(anonymous, client_as):
    assert "Log in" in anonymous.get("/login?language=en").text
    assert "Log in" in anonymous.get("/login").text
    client = client_as("manager")
    assert "操作记录" in client.get("/audit").text
    answer = client.post("/language", data={"language": "en"})
    assert (answer.status_code, answer.headers["hx-refresh"]) == (204, "true")
    assert "Audit log" in client.get("/audit").text
    assert client.post("/language", data={"language": "fr"}).status_code == 422


def test_the_language_of_the_form_is_kept_only_where_it_was_chosen_there(desk, anonymous, form):
    assert 'name="language"' not in anonymous.get("/login").text
    assert 'name="language" value="en"' in anonymous.get("/login?language=en").text
    # The browser remembers English, but this account did not choose it.
    form("lin", PASSWORD)
    assert "待复核" in anonymous.get("/queue").text
    anonymous.cookies.delete("earmark_session")
    form("lin", PASSWORD, language="en")
    assert find_account(desk.database, "lin")[0].language == "en"


def test_without_accounts_the_page_says_how_to_make_one(desk, anonymous):
    for login in ACCOUNTS:
        set_active(desk.database, login, active=False)
    assert "earmark users add" in anonymous.get("/login").text


def test_the_audit_page_pages_and_filters(desk, client_as):
    client = client_as("manager")
    for number in range(150):
        audit(desk.database, account=None, login=f"x{number}", action="login_failed", address="10.0.0.1")
    first = client.get("/audit").text
    assert "x149" in first and ">x50<" in first and ">x49<" not in first
    older = first.split('href="/audit?')[1].split('"')[0].replace("&amp;", "&")
    second = client.get(f"/audit?{older}").text
    assert ">x49<" in second and ">x50<" not in second
    only = client.get("/audit?login=x7").text
    assert ">x7<" in only and ">x8<" not in only
    assert ">x7<" not in client.get("/audit?action=login").text


def actions(desk):
    with desk.database.reading() as connection:
        rows = connection.execute(select(audit_table.c.action, audit_table.c.login).order_by(audit_table.c.id))
        return [tuple(row) for row in rows]


def age(desk, **by):
    with desk.database.writing() as connection:
        row = connection.execute(select(sessions)).mappings().one()
        connection.execute(update(sessions).values({name: row[name] - length for name, length in by.items()}))

"""What stands before every route, and what is shown and logged where a request fails."""

import logging
import re
import sqlite3

import pytest
from fastapi import HTTPException
from fastapi.testclient import TestClient

from pipeline.domain.errors import StoreError
from pipeline.review import passwords
from pipeline.review.app import STATIC, create_app
from pipeline.review.security import content_security_policy, host_name, local_target
from pipeline.store.database import open_database
from tests.review.conftest import log_in
from tests.review.test_access import ROUTES, send

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
TEMPLATES = STATIC.parent / "templates"


@pytest.mark.parametrize("route", ROUTES)
def test_headers_of_every_route(client_as, route):
    answer = send(client_as("manager"), route)
    check_headers(answer)


@pytest.mark.parametrize(
    ("path", "options"),
    [
        pytest.param("/nothing", {}, id="404"),
        pytest.param("/healthz", {"headers": {"Host": "evil.example"}}, id="another host"),
        pytest.param("/static/none.js", {}, id="no such file"),
    ],
)
def test_headers_where_it_fails(anonymous, path, options):
    answer = anonymous.get(path, **options)
    assert answer.status_code >= 400
    check_headers(answer)


def check_headers(answer):
    policy = answer.headers["content-security-policy"]
    nonce = re.search(r"'nonce-([\w-]{20,})'", policy)[1]
    assert policy == content_security_policy(nonce)
    assert "unsafe" not in policy
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "microphone=()" in answer.headers["permissions-policy"]
    assert "no-store" in answer.headers["cache-control"] or "immutable" in answer.headers["cache-control"]
    assert "server" not in answer.headers


def test_a_nonce_is_used_once(anonymous):
    first, second = (anonymous.get("/login").headers["content-security-policy"] for _ in range(2))
    assert first != second


def test_static_files_are_kept_and_known_by_their_content(anonymous):
    moved = anonymous.get("/static/desk.js")
    assert (moved.status_code, moved.headers["cache-control"]) == (307, "no-store")
    file = anonymous.get(moved.headers["location"])
    assert file.status_code == 200
    assert "immutable" in file.headers["cache-control"]
    assert file.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e%2f%2e%2e%2fsettings.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/..\\app.py",
        "/static/vendor",
        "/static/",
    ],
)
@pytest.mark.parametrize("versioned", [False, True], ids=["plain", "versioned"])
def test_only_files_of_the_static_folder(anonymous, path, versioned):
    if versioned:
        prefix = anonymous.get("/static/desk.js").headers["location"].removesuffix("/desk.js")
        path = path.replace("/static", prefix, 1)
    answer = anonymous.get(path)
    assert answer.status_code == 404
    assert "import" not in answer.text and "root:" not in answer.text


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "127.0.0.1.evil.example:80", "[::1"])
def test_hosts_that_are_not_served(anonymous, host):
    assert anonymous.get("/healthz", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8765", "127.0.0.1:1"])
def test_hosts_that_are_served(anonymous, host):
    assert anonymous.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("host", "name"),
    [("Desk.Example.com:443", "desk.example.com"), ("[::1]:8765", "::1"), ("::1", "::1"), ("", "")],
)
def test_host_name(host, name):
    assert host_name(host) == name


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "http://evil.example"}, id="another site"),
        pytest.param({"Origin": "null"}, id="a sandboxed page"),
        pytest.param({"Origin": "http://localhost:1"}, id="another port"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="the browser says so"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a neighbour"),
    ],
)
def test_changes_from_elsewhere_are_refused_even_with_the_token(client_as, headers):
    answer = client_as("manager").post("/language", data={"language": "en"}, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("origin", ["http://localhost", "https://localhost"], ids=["own page", "behind TLS"])
def test_changes_from_our_pages(client_as, origin):
    headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
    assert client_as("manager").post("/language", data={"language": "en"}, headers=headers).status_code == 204


def test_the_token_may_stand_in_the_form(client_as):
    client = client_as("manager")
    token = client.headers.pop("X-CSRF-Token")
    assert client.post("/language", data={"language": "en"}).status_code == 403
    assert client.post("/language", data={"language": "en", "csrf": token}).status_code == 204


def chunks(size):
    for _ in range(size // 1024):
        yield b"x" * 1024


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        pytest.param(b"x" * 65537, {}, id="said"),
        pytest.param(b"x" * 65537, {"Content-Type": "application/x-www-form-urlencoded"}, id="form"),
        pytest.param(chunks(70 * 1024), {"Content-Type": "application/x-www-form-urlencoded"}, id="form, not said"),
    ],
)
def test_a_body_over_64_KiB(anonymous, content, headers):
    assert anonymous.post("/login", content=content, headers=headers).status_code == 413


def test_a_session_is_not_sent_in_the_open_where_others_come_in(desk):
    from dataclasses import replace

    exposed = replace(desk, settings=replace(desk.settings, secure_cookies=True))
    with TestClient(create_app(exposed), base_url="https://localhost") as client:
        form = client.get("/login", headers={"Accept": "application/json"})
        assert "; Secure" in form.headers["set-cookie"]
        log_in(client, "manager")
        assert client.get("/audit").status_code == 200
    with TestClient(create_app(exposed), base_url="http://localhost") as client:
        assert "HTTPS" in client.get("/login").text


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/calls/1?x=2", "/calls/1?x=2"),
        (None, "/queue"),
        ("", "/queue"),
        ("//evil", "/queue"),
        ("http:evil", "/queue"),
        ("/中文", "/queue"),
    ],
)
def test_local_target(target, expected):
    assert local_target(target, "/queue") == expected


# What is shown where it fails. The routes are added to the app for the test: none fails by itself.


@pytest.fixture
def failing(app, client_as):
    """A client of an app with routes that fail, each in its own way."""

    said = "客户说了什么", 13800000000

    def broken():
        raise RuntimeError(*said)

    def busy():
        raise StoreError("database is locked", passing=True)

    def full():
        raise StoreError("disk is full")

    def taken():
        raise HTTPException(409, "王珂正在复核这通电话")

    def number(n: int):
        return n

    for function in (broken, busy, full, taken, number):
        app.get(f"/test/{function.__name__}")(function)
    return client_as("manager")


@pytest.mark.parametrize(
    ("path", "status_code", "shown"),
    [
        pytest.param("/test/none", 404, "没有找到", id="404"),
        pytest.param("/test/taken", 409, "王珂正在复核这通电话", id="409"),
        pytest.param("/test/number?n=x", 422, "query.n", id="422"),
        pytest.param("/test/broken", 500, "系统出错了", id="500"),
        pytest.param("/test/full", 500, "系统出错了", id="disk full"),
        pytest.param("/test/busy", 503, "数据库忙，正在重试", id="503"),
    ],
)
def test_a_fault_is_a_page_a_line_or_json(failing, path, status_code, shown):
    whole = failing.get(path)
    assert (whole.status_code, shown in whole.text, "<html" in whole.text) == (status_code, True, True)
    part = failing.get(path, headers={"HX-Request": "true"})
    assert (part.status_code, shown in part.text, "<html" in part.text) == (status_code, True, False)
    data = failing.get(path, headers={"Accept": "application/json"})
    assert data.json()["status"] == status_code
    assert shown in data.json()["title"] + data.json()["detail"]
    check_headers(whole)
    if status_code == 503:
        assert int(whole.headers["retry-after"]) > 0


def test_a_fault_is_logged_without_what_was_said(failing, caplog):
    with caplog.at_level(logging.DEBUG):
        failing.get("/test/broken?q=refund")
    said = logged(caplog)
    assert "RuntimeError" in said and "/test/broken" in said
    assert "13800000000" not in said and "客户" not in said and "refund" not in said


def test_logging_in_leaves_nothing_in_the_log(client_as, caplog):
    with caplog.at_level(logging.DEBUG):
        client_as("manager").get("/audit?login=王珂")
    said = logged(caplog)
    assert "correct horse" not in said and "王珂" not in said and "earmark_session" not in said


def logged(caplog) -> str:
    """What the desk logged; the client of the tests logs addresses."""
    ours = [record for record in caplog.records if not record.name.startswith("httpx")]
    assert not any(record.exc_info for record in ours)
    return "\n".join(record.getMessage() for record in ours)


def test_a_database_that_a_batch_has_locked(sample_store, pack, tmp_path, desk):
    from dataclasses import replace

    file = desk.database.url.removeprefix("sqlite:///")
    impatient = open_database(desk.database.url, busy_timeout_s=0.2)
    client = TestClient(create_app(replace(desk, database=impatient)), base_url="http://localhost")
    log_in(client, "manager")
    batch = sqlite3.connect(file, isolation_level=None)
    batch.execute("BEGIN IMMEDIATE")
    # Readers are let through; what has to be written waits, and says so.
    assert client.get("/audit").status_code == 200
    answer = client.post("/language", data={"language": "en"})
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    batch.execute("ROLLBACK")
    assert client.post("/language", data={"language": "en"}).status_code == 204
    impatient.close()


# What is written in the templates and scripts.


@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_nothing_inline_and_nothing_from_elsewhere(template):
    text = template.read_text()
    assert not re.search(r'<script(?![^>]*\bsrc=)(?! type="application/json")', text), "an inline script"
    assert not re.search(r"\sstyle=|<style(?! nonce=)|\son\w+=|javascript:", text), "an inline style or handler"
    assert not re.search(r"(src|href|action)=[\"']?(https?:)?//", text), "another host"
    assert '"/static/' not in text, "static() gives the address under which a file is loaded once"
    assert "| safe" not in text and "|safe" not in text, "text that is not escaped"


@pytest.mark.parametrize("script", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_scripts_build_no_code_from_text(script):
    # The name of SVG's namespace looks like an address, and is none that anything is loaded from.
    text = script.read_text().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"\beval\(|new Function|document\.write|https?://", text)


@pytest.mark.slow
def test_passwords_are_hashed_with_argon2id(monkeypatch):
    from argon2 import PasswordHasher

    monkeypatch.setattr(passwords, "_hasher", PasswordHasher())
    made = passwords.hash_password("correct horse battery")
    # RFC 9106, second recommended choice: 64 MiB, three passes, four lanes.
    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.check_password(made, "correct horse battery")
    assert not passwords.check_password(made, "correct horse")
    assert not passwords.check_password(None, "no account has this password hash")
    assert not passwords.check_password("no hash", "x")

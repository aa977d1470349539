"""Every route against every role: who is refused, who is let in, and that no route was forgotten.

A new route needs a line in ``ROUTES``; where its path has a new parameter, a value in ``VALUES``.
"""

import re
import shutil

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from pipeline.cli.review_reports import desk_reports
from pipeline.domain.accounts import AccountRole
from pipeline.review.access import ALLOWED, Permission, may_see
from pipeline.review.app import Desk, ReviewSettings, create_app
from pipeline.store.database import open_database
from tests.review.builders import account
from tests.review.conftest import SECRET, log_in
from tests.review.samples import LOGIN_OF, recording_id

PUBLIC = None
EVERYBODY = frozenset(AccountRole)
REVIEWER, LEAD, AGENT = AccountRole.REVIEWER, AccountRole.LEAD, AccountRole.AGENT
AUTHOR, MANAGER, ADMIN = AccountRole.AUTHOR, AccountRole.MANAGER, AccountRole.ADMIN
COMPLIANCE = AccountRole.COMPLIANCE
JUDGING = frozenset({REVIEWER, AUTHOR, MANAGER, ADMIN})
DESK = JUDGING | {COMPLIANCE}
DECIDING = frozenset({REVIEWER, MANAGER, ADMIN})
OFFICE = frozenset({AUTHOR, MANAGER, ADMIN})
LEADING = frozenset({MANAGER, ADMIN})
CONCERNED = frozenset({LEAD, AGENT})
READING = frozenset({LEAD, COMPLIANCE, MANAGER, ADMIN})
"""Reports."""

ROUTES = {
    "GET /": PUBLIC,
    "GET /healthz": PUBLIC,
    "GET /login": PUBLIC,
    "POST /login": PUBLIC,
    "GET /static/{path:path}": PUBLIC,
    "POST /logout": EVERYBODY,
    "POST /language": EVERYBODY,
    "GET /audit": LEADING | {COMPLIANCE},
    "GET /queue": DESK,
    "GET /queue/batch": DESK,
    "GET /queue/held": DESK,
    "GET /queue/menu/{name}": DESK,
    "GET /queue/peek/{recording_id}": DESK,
    "GET /queue/views": DESK,
    "POST /queue/next": JUDGING,
    "POST /queue/views": DESK,
    "POST /queue/views/{view_id}/remove": DESK,
    "GET /queue/reviewers": LEADING,
    "POST /queue/assign": LEADING,
    "GET /calls/{recording_id}": EVERYBODY,
    "GET /calls/{recording_id}/panel": EVERYBODY,
    "GET /calls/{recording_id}/audio": EVERYBODY,
    "HEAD /calls/{recording_id}/audio": EVERYBODY,
    "GET /calls/{recording_id}/peaks": EVERYBODY,
    "POST /calls/{recording_id}/clear-sound": DECIDING | {COMPLIANCE},
    "POST /calls/{recording_id}/leave": JUDGING,
    "POST /calls/{recording_id}/take": JUDGING,
    "POST /calls/{recording_id}/reviews": JUDGING,
    # Of these, reviewers only where the site lets them (tests/privacy/test_clear.py).
    "POST /calls/{recording_id}/clear": DECIDING | {COMPLIANCE},
    "GET /calibrations": JUDGING,
    "POST /calibrations": LEADING,
    "GET /calibrations/{calibration_id}": JUDGING,
    "POST /calibrations/{calibration_id}/close": LEADING,
    "POST /calibrations/{calibration_id}/agreed": LEADING,
    "GET /calibrations/{calibration_id}/calls/{recording_id}": JUDGING,
    "GET /calibrations/{calibration_id}/calls/{recording_id}/panel": JUDGING,
    "POST /calibrations/{calibration_id}/calls/{recording_id}/reviews": JUDGING,
    "GET /calibrations/{calibration_id}/compare/{recording_id}": JUDGING,
    "POST /calibrations/{calibration_id}/compare/{recording_id}": LEADING,
    "GET /rules": DESK,
    "GET /rules/{rule_id}": DESK,
    "GET /rules/{rule_id}/estimates": DESK,
    "POST /rules/{rule_id}/examples": OFFICE,
    "GET /reports": READING,
    "GET /reports/file.{form}": READING,
    "GET /sampling": LEADING,
    "GET /sampling/new": LEADING,
    "GET /sampling/size": LEADING,
    "GET /sampling/plans/{name}": LEADING,
    "GET /sampling/draws/{draw_id}": LEADING,
    "POST /sampling/check": LEADING,
    "POST /sampling/try": LEADING,
    "POST /sampling/draw": LEADING,
    "GET /export/labels.jsonl": OFFICE,
    # Those whose calls were judged are sent on to their own page.
    "GET /appeals": DECIDING | CONCERNED,
    "GET /appeals/{appeal_id}": DECIDING,
    "POST /appeals/{appeal_id}": DECIDING,
    "GET /mine": CONCERNED,
    "GET /mine/{recording_id}": CONCERNED,
    "POST /mine/{recording_id}/appeals": CONCERNED,
    # Nobody who judges: that an action is to improve somebody must not be known where it is judged whether it did.
    "GET /actions": LEADING | CONCERNED | {COMPLIANCE},
    "GET /actions/new": LEADING,
    "POST /actions": LEADING,
    "GET /actions/{action_id}": LEADING | CONCERNED | {COMPLIANCE},
    "POST /actions/{action_id}/notes": LEADING | CONCERNED,
    "POST /actions/{action_id}/done": LEADING | {LEAD},
    "POST /actions/{action_id}/close": LEADING,
    "POST /actions/{action_id}/drop": LEADING,
}
VALUES = {"recording_id": recording_id("s10.opus"), "rule_id": "escalation-risk", "path": "desk.js", "form": "json"}


def routes_of(routes) -> set[str]:
    """``GET /path`` of every route, those of routers within as well."""
    found = set()
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            found |= routes_of(inner.routes)
        elif isinstance(route, APIRoute):
            found |= {f"{method} {route.path}" for method in route.methods}
        else:
            # Static files under the digest of their content are the only thing that is no route of FastAPI.
            assert route.name == "static", route
    return found


@pytest.fixture(scope="module")
def app(sample_store, pack, tmp_path_factory):
    folder = tmp_path_factory.mktemp("access")
    copied = shutil.copy(sample_store, folder / "desk.db")
    database = open_database(f"sqlite:///{copied}")
    reports = desk_reports(database, "Asia/Shanghai", None)
    yield create_app(Desk(database, pack, ReviewSettings(SECRET, cache=folder / "playback"), reports=reports))
    database.close()


@pytest.fixture(scope="module")
def client_of(app):
    """A client of each role, logged in when it is first wanted, and again after it was logged out."""
    clients = {}

    def client(role: AccountRole | None) -> TestClient:
        if role not in clients:
            clients[role] = TestClient(app, base_url="http://localhost", follow_redirects=False)
            if role is not None:
                log_in(clients[role], LOGIN_OF[role])
        return clients[role]

    client.forget = lambda role: clients.pop(role, None)
    return client


def send(client: TestClient, route: str, **options):
    method, path = route.split(" ", 1)
    filled = re.sub(r"\{(\w+)(:\w+)?\}", lambda found: str(VALUES.get(found[1], 1)), path)
    # An empty body fits no route that wants one: 422 tells that the request was let through.
    content = {"json": {}} if method == "POST" else {}
    return client.request(method, filled, **content, **options)


def test_every_route_has_a_line(app):
    assert routes_of(app.routes) == set(ROUTES)


@pytest.mark.parametrize("route", [name for name, roles in ROUTES.items() if roles is not PUBLIC])
def test_nobody_comes_in_without_a_session(client_of, route):
    answer = send(client_of(None), route)
    if route.startswith("GET "):
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login")
    else:
        assert answer.status_code == 401


@pytest.mark.parametrize("route", [name for name, roles in ROUTES.items() if roles is PUBLIC])
def test_public_routes_ask_for_no_session(client_of, route):
    answer = send(client_of(None), route)
    assert answer.status_code != 401
    assert not answer.headers.get("location", "").startswith("/login?next")


@pytest.mark.parametrize("role", list(AccountRole), ids=str)
@pytest.mark.parametrize("route", [name for name, roles in ROUTES.items() if roles is not PUBLIC])
def test_a_route_lets_in_who_may_and_nobody_else(client_of, route, role):
    answer = send(client_of(role), route)
    if route == "POST /logout":
        client_of.forget(role)
    assert answer.status_code not in (401, 500), answer.text
    if role in ROUTES[route]:
        assert answer.status_code != 403
    else:
        assert answer.status_code == 403


@pytest.mark.parametrize("sent", [{"X-CSRF-Token": ""}, {"X-CSRF-Token": "0" * 64}], ids=["none", "another"])
@pytest.mark.parametrize(
    "route", [name for name, roles in ROUTES.items() if roles is not PUBLIC and name.startswith("POST ")]
)
def test_a_change_needs_the_csrf_token_of_its_session(client_of, route, sent):
    role = next(role for role in AccountRole if role in ROUTES[route])
    answer = send(client_of(role), route, headers=sent)
    assert answer.status_code == 403


def test_every_permission_is_somebodys():
    assert set(ALLOWED) == set(Permission)
    assert all(ALLOWED.values())


def test_nobody_both_appeals_and_decides():
    assert not ALLOWED[Permission.APPEAL] & ALLOWED[Permission.DECIDE_APPEAL]


@pytest.mark.parametrize(
    ("role", "whose", "call", "expected"),
    [
        pytest.param(AGENT, {"agent": "A1"}, ("A2", "一组", True), False, id="agent, somebody else's call"),
        pytest.param(AGENT, {"agent": "A1"}, ("A1", "一组", False), False, id="agent, not reviewed yet"),
        pytest.param(AGENT, {"agent": "A1", "team": "一组"}, ("A2", "一组", True), False, id="agent, own team's call"),
        pytest.param(AGENT, {}, (None, None, True), False, id="agent without id, call without agent"),
        pytest.param(LEAD, {"team": "一组"}, ("A1", "二组", True), False, id="lead, another team"),
        pytest.param(LEAD, {}, ("A1", None, True), False, id="lead without team, call without team"),
        pytest.param(AGENT, {"agent": "A1"}, ("A1", None, True), True, id="agent, own call"),
        pytest.param(LEAD, {"team": "一组"}, ("A1", "一组", False), True, id="lead, own team"),
        *(pytest.param(role, {}, (None, None, False), True, id=f"{role}, any call") for role in sorted(DESK)),
    ],
)
def test_which_calls_an_account_sees(role, whose, call, expected):
    agent, team, done = call
    assert may_see(account(role, **whose), agent=agent, team=team, done=done) is expected


OTHERS_CALL = recording_id("s09.wav")
"""Of agent A1081 in the insurance team: neither the lead's nor the agent's of the test accounts."""


@pytest.mark.parametrize("role", sorted(CONCERNED), ids=str)
@pytest.mark.parametrize(
    "route", [name for name, roles in ROUTES.items() if "{recording_id}" in name and roles and roles & CONCERNED]
)
def test_a_call_that_is_not_ones_own_is_one_that_is_not_there(client_of, monkeypatch, route, role):
    others = send_to(client_of(role), route, OTHERS_CALL, monkeypatch)
    none = send_to(client_of(role), route, "0" * 64, monkeypatch)
    # A body that does not fit is refused before anybody asks which call it is about: that tells nothing either.
    assert others.status_code == none.status_code
    assert others.status_code in (404, 422)
    assert strip_nonce(others.text) == strip_nonce(none.text)


def send_to(client, route, wanted, monkeypatch):
    monkeypatch.setitem(VALUES, "recording_id", wanted)
    return send(client, route)


def strip_nonce(text: str) -> str:
    return re.sub(r"(csp-nonce\" content=|inlineStyleNonce\":)\"[^\"]+\"", "", text)

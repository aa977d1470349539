"""Requests that nobody would send, made from the description of the interface: none is answered by a server error."""

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, openapi

from pipeline.domain.accounts import AccountRole
from tests.review.samples import LOGIN_OF, PASSWORD
from tests.review.test_access import VALUES

pytestmark = [
    pytest.mark.slow,
    # A route for GET and HEAD is described twice under one name; nobody reads the description but this test.
    pytest.mark.filterwarnings("ignore:Duplicate Operation ID"),
]

EXAMPLES = 12
"""For each operation, kind of value and role; raise it when looking for something."""
LEFT_OUT = {"/logout"}
"""Ends the session that all others need; tests of the login call it."""


def session_of(server: str, role: AccountRole) -> requests.Session:
    session = requests.Session()
    session.headers["Accept"] = "application/json"
    csrf = session.get(f"{server}/login").json()["csrf"]
    answer = session.post(
        f"{server}/login", data={"login": LOGIN_OF[role], "password": PASSWORD, "csrf": csrf}, allow_redirects=False
    )
    session.headers["X-CSRF-Token"] = answer.json()["csrf"]
    del session.headers["Accept"]
    return session


@pytest.mark.parametrize("role", [AccountRole.MANAGER, AccountRole.AGENT], ids=str)
def test_no_request_is_answered_by_a_server_error(app, server, role):
    session = session_of(server, role)
    tried = []
    for found in openapi.from_dict(app.openapi()).get_all_operations():
        operation = found.ok()
        if operation.path in LEFT_OUT:
            continue
        tried.append(operation.label)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            # With ids that are there, so that what lies behind them is reached as well.
            for known in (None, _known(operation.path)) if _known(operation.path) else (None,):
                try_requests(operation, mode, known, server, session)
    assert session.get(f"{server}/login", allow_redirects=False).status_code == 303, "the session has ended meanwhile"
    assert len(tried) >= 6


def _known(path: str) -> dict[str, str] | None:
    names = [part[1:].partition(":")[0].rstrip("}") for part in path.split("/") if part.startswith("{")]
    return {name: VALUES[name] for name in names} if names and all(name in VALUES for name in names) else None


def try_requests(operation, mode, known, server, session) -> None:
    options = {"path_parameters": known} if known else {}
    strategy = operation.as_strategy(generation_mode=mode, **options)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def answered(case) -> None:
        try:
            answer = case.call(base_url=server, session=session, headers=dict(session.headers), allow_redirects=False)
        except (requests.exceptions.InvalidHeader, UnicodeEncodeError):
            return
        assert answer.status_code < 500, case.as_curl_command()

    try:
        answered()
    except Unsatisfiable:
        # What has no parameters cannot be asked for in a wrong way.
        assert mode == GenerationMode.NEGATIVE, operation.label

"""`earmark users`: what is refused, and what each command does."""

import json

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.domain.errors import ConfigError
from pipeline.review.passwords import check_password
from pipeline.store.accounts import find_account
from pipeline.store.audit_log import AuditFilter, audit_entries
from pipeline.store.database import open_database
from pipeline.store.sessions import find_session, open_session

GOOD = "correct horse battery"


@pytest.fixture
def url(tmp_path):
    made = f"sqlite:///{tmp_path / 'users.db'}"
    open_database(made, create=True).close()
    return made


@pytest.fixture
def users(url):
    def call(*arguments: str, typed: str = ""):
        done = CliRunner().invoke(app, ["users", *arguments, "--db", url], input=typed)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return call


def add(users, login: str, *options: str, typed: str = GOOD):
    return users("add", login, *options, "--password-stdin", typed=typed + "\n")


@pytest.mark.parametrize(
    ("login", "options", "typed", "message"),
    [
        pytest.param("lin", ["--role", "reviewer"], "short", "at least 10", id="short password"),
        pytest.param("lin", ["--role", "reviewer"], "", "at least 10", id="no password"),
        pytest.param("lin", ["--role", "reviewer"], "x" * 1001, "at most 1000", id="endless password"),
        pytest.param("l n", ["--role", "reviewer"], GOOD, "without spaces", id="a space in the login"),
        pytest.param("l" * 61, ["--role", "reviewer"], GOOD, "up to 60", id="endless login"),
        pytest.param("lin", ["--role", "agent"], GOOD, "needs --agent", id="agent of nobody"),
        pytest.param("lin", ["--role", "lead"], GOOD, "needs --team", id="lead of nobody"),
        pytest.param("lin", ["--role", "manager", "--agent", "A1"], GOOD, "--agent is for", id="manager with agent"),
        pytest.param("lin", ["--role", "manager", "--team", "A"], GOOD, "--team is for", id="manager with team"),
    ],
)
def test_refused(users, url, login, options, typed, message):
    with pytest.raises(ConfigError, match=message):
        add(users, login, *options, typed=typed)
    assert json.loads(users("list", "--format", "json").stdout) == []


def test_an_unknown_role(users):
    done = add(users, "lin", "--role", "boss")
    assert done.exit_code == 2


def test_no_terminal_and_no_password(users):
    with pytest.raises(ConfigError, match="--password-stdin"):
        users("add", "lin", "--role", "reviewer")


@pytest.mark.parametrize(
    "command", [["disable"], ["enable"], ["password", "--password-stdin"], ["role", "--role", "admin"]], ids=str
)
def test_nobody(users, command):
    with pytest.raises(ConfigError, match="earmark users list"):
        users(command[0], "nobody", *command[1:], typed=GOOD + "\n")


def test_from_first_to_last(users, url):
    add(users, "Zhou", "--role", "agent", "--agent", "A1031", "--name", "周敏")
    database = open_database(url)
    account, hashed = find_account(database, "zhou")
    assert check_password(hashed, GOOD)
    for end in (["disable", "zhou"], ["password", "zhou", "--password-stdin"], ["role", "zhou", "--role", "reviewer"]):
        users("enable", "zhou")
        open_session(database, token_hash=end[0].ljust(64, "0"), csrf="c", account_id=account.id, address="")
        users(*end, typed="another password\n")
        assert find_session(database, end[0].ljust(64, "0")) is None
    assert check_password(find_account(database, "zhou")[1], "another password")
    users("disable", "zhou")
    listed = json.loads(users("list", "--format", "json").stdout)
    assert listed == [
        {"login": "zhou", "name": "周敏", "role": "reviewer", "agent": None, "team": None, "active": False}
    ]
    assert "周敏" in users("list").stdout
    changes = [entry.detail["zhou"] for entry in audit_entries(database, AuditFilter(action="account"))]
    assert changes[0] == "disabled" and changes[-1] == "added as agent"
    assert GOOD not in str(changes)
    database.close()

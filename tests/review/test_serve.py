"""What has to be settled before the desk may listen."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest
from sqlalchemy import delete, func, select

from pipeline.domain.errors import ConfigError, StoreError
from pipeline.review.serve import listen, make_searchable, review_settings
from pipeline.settings import Settings
from pipeline.store.accounts import set_active
from pipeline.store.review_tables import search_documents
from tests.review.samples import ACCOUNTS

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("host", "settings", "accounts", "missing"),
    [
        pytest.param("0.0.0.0", {}, True, ["review_secret", "EARMARK_REVIEW_HOSTS"], id="everywhere"),
        pytest.param("192.0.2.1", {}, True, ["review_secret"], id="an address"),
        pytest.param("192.0.2.1", {"review_secret": SECRET}, False, ["earmark users add"], id="no account"),
        pytest.param("0.0.0.0", {"review_secret": SECRET}, True, ["EARMARK_REVIEW_HOSTS"], id="no name"),
        pytest.param("127.0.0.1", {"review_hosts": ("desk.example.com",)}, True, ["review_secret"], id="a proxy"),
    ],
)
def test_refuses_to_be_open_to_others(desk, host, settings, accounts, missing):
    if not accounts:
        for login in ACCOUNTS:
            set_active(desk.database, login, active=False)
    with pytest.raises(ConfigError) as refused:
        review_settings(Settings(**settings), desk.database, host=host)
    assert str(refused.value).count("\n  - ") == len(missing)
    assert all(part in str(refused.value) for part in missing)


def test_what_no_run_has_indexed_becomes_searchable(desk):
    with desk.database.writing() as connection:
        connection.execute(delete(search_documents))
    make_searchable(desk.database).join(timeout=30)
    with desk.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(search_documents)).scalar() == 10


def test_a_database_that_is_away_does_not_stop_the_desk(desk, monkeypatch, caplog):
    def away(_database):
        raise StoreError("away")

    monkeypatch.setattr("pipeline.review.serve.index_missing", away)
    make_searchable(desk.database).join(timeout=30)
    assert "could not be indexed" in caplog.text


@pytest.mark.parametrize(
    ("host", "settings", "secure", "served"),
    [
        pytest.param("127.0.0.1", {}, False, "127.0.0.1", id="this machine"),
        pytest.param("::1", {}, False, "::1", id="this machine, IPv6"),
        pytest.param("10.0.0.5", {"review_secret": SECRET}, True, "10.0.0.5", id="an address"),
        pytest.param(
            "0.0.0.0",
            {"review_secret": SECRET, "review_hosts": ("Desk.Example.com:443",)},
            True,
            "desk.example.com",
            id="a name",
        ),
    ],
)
def test_what_it_runs_with(desk, host, settings, secure, served):
    made = review_settings(Settings(**settings), desk.database, host=host)
    assert made.secure_cookies is secure
    assert served in made.hosts and "0.0.0.0" not in made.hosts
    assert len(made.secret) >= 32


def test_a_secret_for_each_start(desk):
    secrets = {review_settings(Settings(), desk.database, host="localhost").secret for _ in range(2)}
    assert len(secrets) == 2


def test_a_port_that_is_taken():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ConfigError, match="choose one with --port"):
            listen("127.0.0.1", other.getsockname()[1])


def test_an_address_of_another_machine():
    with pytest.raises(ConfigError, match="check --host"):
        listen("192.0.2.1", 0)


@pytest.mark.slow
def test_served_from_the_command_line_until_ctrl_c(desk, tmp_path):
    command = [sys.executable, "-c", "from pipeline.cli import main; main()"]
    process = subprocess.Popen(
        [*command, "review", "serve", "--port", "0", "--db", desk.database.url],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"EARMARK_REVIEW_CACHE": str(tmp_path / "playback")},
    )
    try:
        first = process.stderr.readline()
        url = next(word for word in first.split() if word.startswith("http://127.0.0.1:"))
        with urllib.request.urlopen(url, timeout=30) as answer:
            assert "通话复核" in answer.read().decode()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "Traceback" not in said

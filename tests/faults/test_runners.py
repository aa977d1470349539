"""Runners that are killed, alone or with everything else, that meet, or whose clock is set: on both databases."""

import os
import signal
import time
from collections import Counter

import pytest

from pipeline.store import ledger
from pipeline.store.database import open_database
from pipeline.store.recordings import register
from tests.batch.nights import assert_each_once, diary, run, start, stored, wait_for_lines, write
from tests.store.builders import found, recording

pytestmark = pytest.mark.slow
CALLS = {f"c{number:02}": "ok" for number in range(8)}

KILLED_IN_ITS_FOURTH_WRITE = """
import os, signal
from sqlalchemy import event
from sqlalchemy.engine import Engine

written = []

@event.listens_for(Engine, "before_cursor_execute")
def strike(connection, cursor, statement, *rest):
    if statement.startswith("INSERT INTO evidence"):
        written.append(statement)
        if len(written) == 4:
            os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def calls(tmp_path):
    folder = tmp_path / "calls"
    folder.mkdir()
    write(folder, **CALLS)
    return folder


def test_killed_in_the_middle_of_a_write(calls, tmp_path, database_url):
    killed = start(calls, tmp_path, "r1", url=database_url, before=KILLED_IN_ITS_FOURTH_WRITE)
    assert killed.wait(timeout=120) == -signal.SIGKILL
    database = open_database(database_url)
    assert_each_once(database, 3)
    summary, _, _ = run(calls, tmp_path, "r2", url=database_url)
    assert (summary.complete, summary.done_before, summary.processed) == (True, 3, 5)
    assert_each_once(database, 8)


def test_everything_killed_at_once_as_by_a_reboot(calls, tmp_path, database_url, request):
    runner = start(calls, tmp_path, "r1", url=database_url)
    wait_for_lines(tmp_path / "diary", 4)
    os.killpg(runner.pid, signal.SIGKILL)
    if database_url.startswith("postgresql"):
        server = request.getfixturevalue("postgres_server")
        server.stop()
        server.start()
    runner.wait()
    before, _, _ = stored(open_database(database_url))
    summary, _, database = run(calls, tmp_path, "r2", url=database_url)
    assert (summary.complete, summary.done_before, summary.processed) == (True, len(before), 8 - len(before))
    assert_each_once(database, 8)


def test_two_at_once_on_one_folder(calls, tmp_path, database_url):
    both = [start(calls, tmp_path, run_id, url=database_url) for run_id in ("r1", "r2")]
    for runner in both:
        _, said = runner.communicate(timeout=120)
        assert b"Traceback" not in said, said.decode()
    assert set(diary(tmp_path).values()) == {1}
    assert_each_once(open_database(database_url), 8)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("hours", [-1, 1], ids=["back", "forward"])
def test_clock_set_while_a_run_goes_on(calls, tmp_path, database_url, monkeypatch, hours):
    real = time.time
    monkeypatch.setattr(
        ledger.time, "time", lambda: real() + (hours * 3600 if len(read_diary(tmp_path)) > 2 else 0), raising=True
    )
    summary, heard, database = run(calls, tmp_path, url=database_url)
    assert summary.complete
    assert set(diary(tmp_path).values()) == {1}
    assert Counter(heard.events)[("processed", "c00.wav")] == 1
    assert_each_once(database, 8)


def read_diary(tmp_path):
    file = tmp_path / "diary"
    return file.read_text().splitlines() if file.exists() else []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_clock_set_back_after_a_machine_was_lost(calls, tmp_path, database_url, monkeypatch):
    """What it held is not waited for until the old time has come again."""
    database = open_database(database_url, create=True)
    (tmp_path / "lost.wav").write_text("ok")
    register(database, [found(recording(1, uri=str(tmp_path / "lost.wav"), name="lost.wav"))])
    assert len(ledger.claim(database, "elsewhere:1:boot/1", limit=9, ttl_s=90)) == 1
    real = time.time
    monkeypatch.setattr(ledger.time, "time", lambda: real() - 3600)
    summary, _, _ = run(calls, tmp_path, url=database_url)
    assert summary.complete
    # The eight of the folder, and what the lost machine had.
    assert_each_once(database, 9)

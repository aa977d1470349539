"""`earmark run` as it is watched over: scraped while it works, its log read afterwards."""

import json
import os
import socket
import sqlite3
import subprocess
import time
from contextlib import closing, suppress
from urllib.error import URLError

import pytest

from tests.e2e.commands import EARMARK, copy_samples, environment
from tests.operations.test_metrics import scrape

pytestmark = pytest.mark.slow
NAMES = ("s02.wav", "s05.opus", "s07.wav")


def free_port():
    """A port that nothing listens on, of a hundred that only this process of the tests gives away.

    The system gives none of them to whoever asks for any, such as to an outgoing connection.
    """
    first = 20_000 + 100 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for port in range(first, first + 100):
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port
    raise AssertionError(f"all ports from {first} on are taken")


def begin(folder, *words, **env):
    command = [*EARMARK, "run", *map(str, words)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=folder, env=environment(folder) | env, text=True, **pipes)


def registered(database):
    """How many recordings the run has found by now."""
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        return opened.execute("SELECT count(*) FROM ledger").fetchone()[0]
    return 0


def scrapes(process, port, database):
    """Every scrape that was answered from when the recordings were found until the process ended."""
    answers = []
    # What a scrape says of the ledger may be ten seconds old: one before this would speak for all of a short run.
    while process.poll() is None and registered(database) < len(NAMES) + 1:
        time.sleep(0.05)
    while process.poll() is None:
        with suppress(URLError, ConnectionError):
            answers.append(scrape(f"http://127.0.0.1:{port}/metrics"))
        time.sleep(0.3)
    return answers


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """Scrapes, log lines and summary of a run over three calls and a file that is none."""
    folder = tmp_path_factory.mktemp("night")
    calls = copy_samples(folder / "calls", *NAMES)
    (calls / "broken.wav").write_text("no sound at all" * 99)
    port = free_port()
    words = (calls, "--manifest", calls / "manifest.csv", "--workers", 1, "--metrics-port", port)
    process = begin(folder, *words, EARMARK_LOG_FORMAT="json")
    answers = scrapes(process, port, folder / "calls.db")
    out, err = process.communicate()
    return answers, [json.loads(line) for line in err.splitlines()], out


def test_scrapes_follow_the_run(night):
    answers, _, _ = night
    done = [answer["earmark_processed_total"] for answer in answers]
    assert done == sorted(done)
    assert done[0] == 0
    assert {1, 2} & set(done)
    last = next(answer for answer in answers if answer["earmark_processed_total"] == done[-1])
    assert last["earmark_audio_seconds_total"] > 28
    assert 0 < last["earmark_processing_seconds_total"] < 600
    assert last["earmark_realtime_factor"] > 0
    assert answers[-1]['earmark_failed_total{final="true",reason="not_audio"}'] == 1
    # What the ledger holds may be ten seconds old.
    assert sum(value for name, value in answers[-1].items() if name.startswith("earmark_recordings{")) == 4
    assert {answer["earmark_database_up"] for answer in answers} == {1}


def test_log_is_json_and_names_run_and_recording(night):
    _, lines, out = night
    assert "3 processed" in out
    by_event = {}
    for line in lines:
        by_event.setdefault(line["event"], []).append(line)
    assert len(by_event["processed"]) == 3
    assert [line["reason"] for line in by_event["set aside"]] == ["not_audio"]
    of_run = [line for line in lines if line["logger"] != "earmark"]
    assert len({line["run_id"] for line in of_run}) == 1
    assert len({line["recording_id"] for line in by_event["processed"]}) == 3
    assert all(line["took_s"] > 0 and line["audio_s"] > 28 for line in by_event["processed"])


def test_log_holds_nothing_of_a_call(night):
    # Messages for the operator, logger "earmark", may name files.
    _, lines, _ = night
    text = json.dumps([line for line in lines if line["logger"] != "earmark"], ensure_ascii=False)
    for private in (*NAMES, "A1070", "售后", "神经病", "您好", "s07"):
        assert private not in text


def test_port_that_is_taken_stops_the_run_before_it_begins(tmp_path):
    calls = copy_samples(tmp_path / "calls", "s07.wav")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        process = begin(tmp_path, calls, "--metrics-port", other.getsockname()[1])
        _, err = process.communicate()
    assert process.returncode == 2
    assert "another --metrics-port" in err


def test_text_log_stands_for_the_lines(tmp_path):
    (tmp_path / "broken.wav").write_text("no sound at all" * 99)
    process = begin(tmp_path, tmp_path / "broken.wav", EARMARK_LOG_LEVEL="info")
    _, err = process.communicate()
    assert process.returncode == 1
    assert "[warning  ] set aside" in err
    assert "reason=not_audio" in err
    assert "broken.wav" not in err

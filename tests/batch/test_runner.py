"""The runner with real worker processes that meet with all sorts of accidents."""

import os
import signal
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.domain.errors import AsrError, StoreError
from pipeline.store.listings import Filter, list_calls, list_hits
from tests.batch.nights import OPTIONS, diary, lives, rows, run, start, states, wait_for_lines, write
from tests.batch.workers import dies_while_loading, no_model

pytestmark = pytest.mark.slow


@pytest.fixture
def calls(tmp_path):
    folder = tmp_path / "calls"
    folder.mkdir()
    return folder


def test_accidents_cost_only_their_own_recording(calls, tmp_path):
    write(calls, a="ok", b="kill", c="ok", d="exit", e="raise", f="bad", g="hang", i=None, j="ok")
    summary, _, database = run(calls, tmp_path)
    assert states(database) == {
        "a.wav": ("done", None),
        "b.wav": ("quarantined", "crash"),
        "c.wav": ("done", None),
        "d.wav": ("quarantined", "crash"),
        "e.wav": ("quarantined", "internal"),
        "f.wav": ("quarantined", "not_audio"),
        "g.wav": ("quarantined", "timeout"),
        "i.wav": ("quarantined", "empty"),
        "j.wav": ("done", None),
    }
    tried = diary(tmp_path)
    assert {name: tried[name] for name in ("a.wav", "b.wav", "d.wav", "e.wav", "f.wav", "g.wav")} == {
        "a.wav": 1,
        "b.wav": 2,
        "d.wav": 2,
        "e.wav": 3,
        "f.wav": 1,
        "g.wav": 2,
    }
    assert (summary.found, summary.processed, len(summary.failures), summary.complete) == (9, 3, 6, False)
    messages = {name: message for name, _, message in summary.failures}
    assert "signal SIGKILL" in messages["b.wav"]
    assert "exit code 7" in messages["d.wav"]
    assert "ZeroDivisionError: oh" in messages["e.wav"]
    assert len(list_hits(database, Filter())) == 3


def test_running_again_does_nothing_twice(calls, tmp_path):
    write(calls, a="ok", b="ok", c="bad")
    run(calls, tmp_path)
    summary, heard, database = run(calls, tmp_path, "r2")
    assert diary(tmp_path) == {"a.wav": 1, "b.wav": 1, "c.wav": 1}
    assert (summary.processed, summary.done_before, len(summary.failures)) == (0, 2, 1)
    assert ("processed", "a.wav") not in heard.events
    assert len(list_hits(database, Filter())) == 2


def test_redo(calls, tmp_path):
    write(calls, a="ok", b="bad")
    run(calls, tmp_path)
    (calls / "b.wav").chmod(0o644)
    summary, _, _ = run(calls, tmp_path, "r2", redo=True)
    assert diary(tmp_path) == {"a.wav": 2, "b.wav": 2}
    assert summary.processed == 1


def test_new_calls_are_added_to_what_is_done(calls, tmp_path):
    write(calls, a="ok")
    run(calls, tmp_path)
    write(calls, b="ok")
    summary, _, _ = run(calls, tmp_path, "r2")
    assert (summary.processed, summary.done_before) == (1, 1)


def test_a_name_that_is_not_utf8_is_set_aside_and_the_rest_goes_on(calls, tmp_path):
    write(calls, a="ok")
    Path(os.fsdecode(bytes(calls) + b"/bad\xff.wav")).write_bytes(b"ok")
    summary, _, database = run(calls, tmp_path)
    assert summary.processed == 1
    assert states(database)["bad\\xff.wav"] == ("quarantined", "unreadable")


def test_copies_are_counted_once(calls, tmp_path):
    write(calls, a="ok")
    (calls / "copy.wav").write_bytes((calls / "a.wav").read_bytes())
    summary, _, database = run(calls, tmp_path)
    assert (summary.processed, summary.duplicates, summary.complete) == (1, 1, True)
    assert len(list_calls(database, Filter())) == 1


def test_a_replaced_file_is_another_recording(calls, tmp_path):
    write(calls, a="bad")
    run(calls, tmp_path)
    write(calls, a="ok")
    summary, _, database = run(calls, tmp_path, "r2")
    assert (summary.processed, summary.complete) == (1, True)
    assert states(database) == {"a.wav": ("done", None), "a.wav (replaced)": ("quarantined", "not_audio")}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file(calls, tmp_path):
    write(calls, a="ok")
    (calls / "a.wav").chmod(0)
    summary, _, _ = run(calls, tmp_path)
    assert summary.failures[0][1] == "unreadable"


def test_dangling_link_is_unreadable_until_mended(calls, tmp_path):
    (calls / "a.wav").symlink_to(tmp_path / "gone.wav")
    summary, _, _ = run(calls, tmp_path)
    assert [(name, reason) for name, reason, _ in summary.failures] == [("a.wav", "unreadable")]
    (tmp_path / "gone.wav").write_bytes(b"ok")
    summary, _, database = run(calls, tmp_path, "r2")
    assert (summary.processed, summary.complete) == (1, True)
    assert states(database) == {"a.wav": ("done", None)}


@pytest.mark.parametrize(
    ("load", "message"),
    [
        pytest.param(no_model, "there is no model here", id="no model"),
        pytest.param(dies_while_loading, "while it loaded its models", id="dies while loading"),
    ],
)
def test_models_that_cannot_be_loaded_end_the_run(calls, tmp_path, load, message):
    write(calls, a="ok")
    with pytest.raises(AsrError, match=message):
        run(calls, tmp_path, load=load)
    summary, _, _ = run(calls, tmp_path, "r2")
    assert summary.processed == 1


def test_a_worker_that_holds_too_much_memory_is_replaced_after_its_call(calls, tmp_path):
    write(calls, a="ok", b="ok", c="bad")
    options = replace(OPTIONS, workers=1, worker_memory_mb=1.0)
    summary, heard, _ = run(calls, tmp_path, options=options)
    assert (summary.processed, list(summary.failed)) == (2, ["not_audio"])
    assert heard.events.count(("lost", "memory")) == 3
    workers = {line.split()[0] for line in (tmp_path / "diary").read_text().splitlines()}
    assert len(workers) == 3


def test_nothing_to_do_starts_no_worker(calls, tmp_path):
    summary, _, _ = run(calls, tmp_path, load=no_model)
    assert (summary.found, summary.complete) == (0, True)


def test_killed_runner_leaves_no_workers_and_the_next_run_completes(calls, tmp_path):
    write(calls, **{f"c{number:02}": "ok" for number in range(12)})
    killed = start(calls, tmp_path, "r1")
    wait_for_lines(tmp_path / "diary", 5)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    workers = {int(line.split()[0]) for line in (tmp_path / "diary").read_text().splitlines()}
    until = time.monotonic() + 5
    while any(map(lives, workers)):
        assert time.monotonic() < until, "a worker goes on after its runner was killed"
        time.sleep(0.02)
    again = start(calls, tmp_path, "r2")
    assert again.wait(timeout=60) == 0, again.stderr.read()
    (tmp_path / "undisturbed").mkdir()
    assert start(calls, tmp_path / "undisturbed", "r1").wait(timeout=60) == 0
    assert rows(tmp_path) == rows(tmp_path / "undisturbed")


def test_two_runners_share_one_folder(calls, tmp_path):
    write(calls, **{f"c{number:02}": "ok" for number in range(12)})
    both = [start(calls, tmp_path, run_id) for run_id in ("r1", "r2")]
    for runner in both:
        runner.wait(timeout=60)
    assert set(diary(tmp_path).values()) == {1}
    assert len(rows(tmp_path)["evidence"]) == 12


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_graceful_stop_finishes_what_is_in_hand(calls, tmp_path, number):
    write(calls, **{f"c{number:02}": "ok" for number in range(12)})
    stopped = start(calls, tmp_path, "r1")
    wait_for_lines(tmp_path / "diary", 4)
    stopped.send_signal(number)
    assert stopped.wait(timeout=60) == 1
    counts = Counter(state for _, state in rows(tmp_path)["ledger"])
    assert counts["done"] == len(diary(tmp_path))
    assert counts["pending"] == 12 - counts["done"]


def test_a_database_that_restarts_in_the_middle_is_waited_for(calls, tmp_path, postgres_server):
    write(calls, **{f"c{number:02}": "ok" for number in range(12)})
    url = postgres_server.create_database("restarted")

    def restart():
        wait_for_lines(tmp_path / "diary", 3)
        postgres_server.stop()
        time.sleep(1.0)
        postgres_server.start()

    restarting = threading.Thread(target=restart)
    restarting.start()
    try:
        summary, _, database = run(calls, tmp_path, pause_s=0.2, url=url)
    finally:
        restarting.join()
    assert summary.complete
    assert len(list_hits(database, Filter())) == 12
    assert set(diary(tmp_path).values()) == {1}


def test_patience_ends(calls, tmp_path, postgres_server):
    write(calls, a="ok", b="ok")
    url = postgres_server.create_database("gone")
    stopping = threading.Thread(target=lambda: (wait_for_lines(tmp_path / "diary", 1), postgres_server.stop()))
    stopping.start()
    try:
        with pytest.raises(StoreError, match="Check that the database runs"):
            run(calls, tmp_path, pause_s=0.5, url=url, options=replace(OPTIONS, store_patience_s=0.5))
    finally:
        stopping.join()
        postgres_server.start()
    summary, _, _ = run(calls, tmp_path, "r2", url=url)
    assert summary.complete

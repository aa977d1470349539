"""Watching as its operator runs it: real processes, a real webhook, kills, slow files; once with the real model."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager

import pytest

from pipeline.store.alerts import count_alerts
from pipeline.store.database import open_database
from pipeline.store.listings import Filter, list_calls
from tests.e2e.commands import EARMARK, SAMPLES, environment
from tests.operations.receiver import SECRET, Receiver, is_signed
from tests.postgres import PostgresServer

pytestmark = pytest.mark.slow
NO_PROXY = {"http_proxy": "", "HTTP_PROXY": "", "all_proxy": "", "ALL_PROXY": "", "no_proxy": "*"}


class Site:
    """A folder that is watched, a database, and what the watch says."""

    def __init__(self, path):
        self.path = path
        self.folder = path / "calls"
        self.folder.mkdir()
        self.url = f"sqlite:///{path / 'calls.db'}"
        self.log = path / "log"
        self.runs = 0

    def start(self, webhook):
        """The watch of `watching_process`."""
        self.runs += 1
        module = "tests.operations.watching_process"
        words = [str(self.folder), self.url, webhook, str(self.path / "diary"), f"run{self.runs}"]
        return self.begin([sys.executable, "-m", module, *words], os.environ | NO_PROXY)

    def begin(self, command, env, **how):
        with self.log.open("a") as log:
            return subprocess.Popen(command, env=env, stderr=log, stdout=subprocess.DEVNULL, **how)

    def lines(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def states(self):
        store = open_database(self.url, create=True)
        try:
            return {row.recording: row.state for row in list_calls(store, Filter())}
        finally:
            store.close()

    def alerts(self):
        store = open_database(self.url, create=True)
        try:
            return count_alerts(store)
        finally:
            store.close()

    def wait(self, done, timeout_s=20.0):
        until_s = time.monotonic() + timeout_s
        while not done() and time.monotonic() < until_s:
            time.sleep(0.05)
        assert done(), self.log.read_text()


@contextmanager
def running(process):
    """Ends the process whatever happens."""
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


@pytest.fixture
def receive():
    opened = []

    def start(*answers, **how):
        opened.append(Receiver(*answers, **how))
        return opened[-1]

    yield start
    for receiver in opened:
        receiver.close()


def test_goes_on_until_it_is_told_to_stop(site, receive):
    receiver = receive(500, 500)
    with running(site.start(receiver.url)) as watch:
        (site.folder / "a.wav").write_text("ok a")
        receiver.wait_for(1)
        (site.folder / "b.wav").write_text("bad b")
        (site.folder / "c.wav.part").write_text("ok c")
        (site.folder / "growing.wav").write_text("")
        site.wait(lambda: site.states().get("b.wav") == "quarantined")
        (site.folder / "c.wav.part").rename(site.folder / "c.wav")
        receiver.wait_for(2)
        watch.send_signal(signal.SIGTERM)
        assert watch.wait(timeout=10) == 0
    assert site.states() == {"a.wav": "done", "b.wav": "quarantined", "c.wav": "done"}
    assert [alert["recording"] for alert in receiver.taken] == ["a.wav", "c.wav"]
    assert set(receiver.times().values()) == {1}
    assert all(is_signed(headers, body) for _, headers, body in receiver.posts)
    # One worker, whose model was loaded once.
    assert len({line.split()[0] for line in (site.path / "diary").read_text().splitlines()}) == 1


def test_a_file_that_grows_is_taken_whole(site, receive):
    receiver = receive()
    with running(site.start(receiver.url)):
        with (site.folder / "a.wav").open("w") as file:
            # Five times as often as a file that has come to rest would be taken.
            for _ in range(20):
                file.write("ok ")
                file.flush()
                time.sleep(0.1)
            file.write("the end")
        receiver.wait_for(1)
        time.sleep(1)
    assert list(site.states()) == ["a.wav"]
    assert len((site.path / "diary").read_text().splitlines()) == 1
    assert len(receiver.taken) == 1


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_again_and_again_no_call_and_no_alert_is_lost(site, receive, seed):
    chance = random.Random(seed)
    receiver = receive(*(chance.choice([500, 204, 204]) for _ in range(20)))
    names = [f"{number:02}.wav" for number in range(31)]
    for kill in range(6):
        with running(site.start(receiver.url)):
            for name in names[kill * 5 : kill * 5 + 5]:
                (site.folder / name).write_text(f"ok {name}")
            time.sleep(chance.uniform(0.8, 3.5))
    with running(site.start(receiver.url)) as watch:
        # Something is left for the last one to do, so that it is told to stop after it has begun.
        (site.folder / names[30]).write_text("ok last")
        site.wait(lambda: site.states() == dict.fromkeys(names, "done"), timeout_s=40)
        site.wait(lambda: site.alerts() == {"sent": 31}, timeout_s=40)
        watch.send_signal(signal.SIGTERM)
        assert watch.wait(timeout=10) == 0
    # At least once each, under one id; twice only where the kill fell between the answer and the note of it.
    assert Counter(alert["recording"] for alert in receiver.taken).keys() == set(names)
    assert len(receiver.times()) == 31
    assert sum(receiver.times().values()) <= 31 + 6


def test_dead_webhook_holds_up_no_call(site, receive):
    dead = receive(*["hang"] * 50)
    with running(site.start(dead.url)):
        for number in range(10):
            (site.folder / f"{number}.wav").write_text(f"ok {number}")
        site.wait(lambda: list(site.states().values()).count("done") == 10, timeout_s=12)
    assert site.alerts() == {"pending": 10}
    alive = receive()
    with running(site.start(alive.url)):
        alive.wait_for(10, timeout_s=30)
    assert len(alive.times()) == 10


def test_every_line_names_its_run_and_nothing_that_was_said(site, receive):
    receiver = receive(500)
    with running(site.start(receiver.url)) as watch:
        (site.folder / "13800138000.wav").write_text("ok a")
        (site.folder / "bad-13900139000.wav").write_text("bad b")
        receiver.wait_for(1)
        site.wait(lambda: len(site.states()) == 2 and "pending" not in site.states().values())
        watch.send_signal(signal.SIGTERM)
        watch.wait(timeout=10)
    lines = site.lines()
    events = {line["event"] for line in lines}
    assert {"run begins", "worker ready", "processed", "set aside", "run ends"} <= events
    about_one = [line for line in lines if line["event"] in ("processed", "set aside")]
    assert all(len(line["recording_id"]) == 64 for line in about_one)
    # The sender is a thread of its own.
    assert {line.get("run_id") for line in lines} == {"run1"}
    for private in ("13800138000", "13900139000", "神经病", "坐席", "A1", SECRET):
        assert private not in site.log.read_text()


def test_the_real_thing(site, receive):
    receiver = receive(503)
    env = environment(site.path) | NO_PROXY | {"EARMARK_WEBHOOK_SECRET": SECRET, "EARMARK_LOG_FORMAT": "json"}
    words = ["watch", site.folder, "--webhook", receiver.url, "--alert", "insult", "--settle", "1", "--workers", "1"]
    words += ["--manifest", SAMPLES / "manifest.csv"]
    content = (SAMPLES / "s07.wav").read_bytes()
    with running(site.begin([*EARMARK, *map(str, words)], env, cwd=site.path)) as watch:
        with (site.folder / "s07.wav").open("wb") as file:
            for start in range(0, len(content), len(content) // 20):
                file.write(content[start : start + len(content) // 20])
                file.flush()
                time.sleep(0.2)
        receiver.wait_for(1, timeout_s=60)
        watch.send_signal(signal.SIGTERM)
        assert watch.wait(timeout=30) == 0
    (alert,) = receiver.taken
    assert (alert["recording"], alert["agent"], alert["rule"]) == ("s07.wav", "A1070", "insult")
    assert alert["explanation"]["zh"].startswith("坐席 0:2")
    assert "神经病" not in json.dumps(alert, ensure_ascii=False)
    # Libraries included: whatever is written to standard error is JSON.
    assert "神经病" not in json.dumps(site.lines(), ensure_ascii=False)
    assert site.states() == {"s07.wav": "done"}


def watch_command(site, receiver, url, *words):
    """The real command, which gives up on its database after a second, and then begins anew."""
    env = environment(site.path) | NO_PROXY | {"EARMARK_WEBHOOK_SECRET": SECRET, "EARMARK_DB": url}
    env |= {"EARMARK_STORE_PATIENCE_S": "1", "EARMARK_LOG_FORMAT": "json"}
    options = ["--webhook", receiver.url, "--alert", "critical", "--settle", "0.5", "--workers", "1"]
    return site.begin([*EARMARK, "watch", str(site.folder), *options, *words], env, cwd=site.path)


def test_a_database_that_goes_away_is_waited_for(site, receive):
    receiver = receive()
    server = PostgresServer()
    try:
        site.url = server.create_database("watched")
        server.stop()
        with running(watch_command(site, receiver, site.url, "--manifest", str(SAMPLES / "manifest.csv"))) as watch:
            site.wait(lambda: "Watching goes on when it is back" in site.log.read_text())
            server.start()
            shutil.copy(SAMPLES / "s07.wav", site.folder)
            receiver.wait_for(1, timeout_s=60)
            server.stop()
            shutil.copy(SAMPLES / "s02.wav", site.folder)
            time.sleep(4)
            assert watch.poll() is None
            server.start()
            site.wait(lambda: site.states() == {"s07.wav": "done", "s02.wav": "done"}, timeout_s=90)
            watch.send_signal(signal.SIGTERM)
            assert watch.wait(timeout=30) == 0
        assert receiver.times().keys() == {alert["id"] for alert in receiver.taken}
        assert {alert["recording"] for alert in receiver.taken} == {"s07.wav"}
    finally:
        server.close()


def test_ends_while_the_database_is_away(site, receive):
    nowhere = f"postgresql://earmark@/none?host={site.path}"
    with running(watch_command(site, receive(), nowhere)) as watch:
        site.wait(lambda: "Watching goes on when it is back" in site.log.read_text())
        watch.send_signal(signal.SIGTERM)
        assert watch.wait(timeout=5) == 0


@pytest.mark.parametrize(
    ("words", "env", "message"),
    [
        pytest.param(["nowhere"], {}, "no such folder: nowhere", id="no folder"),
        pytest.param([".", "--webhook", "https://x/"], {}, "EARMARK_WEBHOOK_SECRET", id="no key"),
        pytest.param(
            [".", "--webhook", "https://x/", "--alert", "insul"],
            {"EARMARK_WEBHOOK_SECRET": SECRET},
            "did you mean insult?",
            id="no such rule",
        ),
    ],
)
def test_refuses(tmp_path, words, env, message):
    ended = subprocess.run(
        [*EARMARK, "watch", *words], cwd=tmp_path, env=environment(tmp_path) | env, capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert message in ended.stderr
    assert not list(tmp_path.iterdir())

"""Nights for tests: a folder of orders to workers, a runner over it, and what is stored afterwards."""

import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from sqlalchemy import func, select

from pipeline.batch.discovery import discover
from pipeline.batch.executors.local import LocalExecutor
from pipeline.batch.runner import Runner, RunOptions
from pipeline.store.database import open_database
from pipeline.store.listings import Filter, list_calls
from pipeline.store.tables import evaluations, evidence, ledger, recordings, rule_results, transcripts
from tests.batch.workers import Reader
from tests.store.builders import run as describe_run

OPTIONS = RunOptions(workers=2, decode_limit_s=3.0, time_limit_per_second=1.0, retry_pause_s=0.1)


class Heard:
    """Progress that remembers."""

    def __init__(self, on_processed=None):
        self.events = []
        self.messages = []
        self._on_processed = on_processed

    def found(self, total):
        self.events.append(("found", total))

    def skipped(self, file, registered):
        self.events.append(("skipped", file.name))

    def processed(self, recording, call, *, hits, took_s):
        self.events.append(("processed", recording.name))
        if self._on_processed:
            self._on_processed(recording)

    def failed(self, recording, message, *, reason, final):
        self.events.append(("failed", recording.name, final))
        self.messages.append(message)

    def worker_lost(self, what, *, reason):
        self.events.append(("lost", reason))


def write(folder, **orders):
    for name, order in orders.items():
        # The name makes the bytes of each file its own.
        (folder / f"{name}.wav").write_bytes(order.encode() + b" " + name.encode() if order is not None else b"")


def run(
    folder,
    tmp_path,
    run_id="r1",
    *,
    load=None,
    options=OPTIONS,
    redo=False,
    pause_s=0.0,
    url=None,
    executor=None,
    described=None,
    workers=None,
    on_processed=None,
):
    database = open_database(url or f"sqlite:///{tmp_path / 'x.db'}", create=True)
    heard = Heard(on_processed)
    options = options or RunOptions(workers=1)
    options = replace(options, workers=workers or options.workers)
    load = load or Reader(str(tmp_path / "diary"), pause_s)
    executor = executor(load) if executor else LocalExecutor(load, cores=2)
    runner = Runner(
        database, described or describe_run(run_id), executor, options=options or RunOptions(workers=1), progress=heard
    )
    return runner.run(discover([folder], None).files, redo=redo), heard, database


def diary(tmp_path):
    return Counter(line.split()[1] for line in (tmp_path / "diary").read_text().splitlines())


def states(database):
    return {row.recording: (row.state, row.reason) for row in list_calls(database, Filter())}


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
{before}
from tests.batch.nights import run
if __name__ == "__main__":
    summary, _, _ = run(Path({calls!r}), Path({tmp!r}), sys.argv[1], pause_s=0.15, url={url!r})
    sys.exit(0 if summary.complete else 1)
"""


def start(calls, tmp_path, run_id, *, url=None, before=""):
    """A runner in a process group of its own; ``before`` is code that it runs first."""
    script = tmp_path / f"script-{run_id}.py"
    root = str(Path(__file__).parents[2])
    script.write_text(SCRIPT.format(root=root, before=before, calls=str(calls), tmp=str(tmp_path), url=url))
    return subprocess.Popen([sys.executable, str(script), run_id], stderr=subprocess.PIPE, start_new_session=True)


def wait_for_lines(file, count):
    until = time.monotonic() + 60
    while not (file.exists() and file.read_text().count("\n") >= count):
        assert time.monotonic() < until
        time.sleep(0.02)


def lives(pid):
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and ") Z " not in stat.read_text()


def rows(tmp_path):
    connection = sqlite3.connect(tmp_path / "x.db")
    tables = {"recordings": "id", "evidence": "recording_id, rule_id, position, quote", "ledger": "recording_id, state"}
    return {name: sorted(connection.execute(f"SELECT {columns} FROM {name}")) for name, columns in tables.items()}


def stored(database):
    """How often each call is stored, by table: all that is done and nothing else must be there, once."""
    with database.reading() as connection:
        done = connection.execute(
            select(recordings.c.name).join(ledger).where(ledger.c.state == "done").order_by(recordings.c.name)
        )
        names = list(done.scalars())
        found = {
            table.name: list(
                connection.execute(select(recordings.c.name).join(table).order_by(recordings.c.name)).scalars()
            )
            for table in (transcripts, evaluations, rule_results)
        }
        pieces = connection.execute(select(func.count()).select_from(evidence)).scalar_one()
    return names, found, pieces


def assert_each_once(database, count):
    """So many calls are done; each has one row in every table of results, and no other call has any."""
    names, found, pieces = stored(database)
    assert len(names) == count
    assert found == {"transcripts": names, "evaluations": names, "rule_results": names}
    assert pieces == count

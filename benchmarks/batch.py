"""What the batch costs besides transcribing: finding, entering and storing calls; and how to use two cores.

    python -m benchmarks.batch inventory --calls 200000 [--keys]
    python -m benchmarks.batch store --calls 2000
    python -m benchmarks.batch workers --rounds 2

`inventory` makes tiny files with a manifest and prints memory and rates, with `--keys` where paths are closed; `store`
prints calls and rows a second on SQLite and on a PostgreSQL that it starts, for the bulk insert that earmark uses and
for COPY; `workers` runs the real pipeline over the sample calls with two workers of one thread and with one worker of
two.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "data" / "samples"


def main() -> None:
    """Runs one of the benchmarks and prints a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["inventory", "store", "workers"])
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--keys", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="earmark-bench-") as folder:
        if chosen.what == "inventory":
            inventory(Path(folder), chosen.calls, closed=chosen.keys)
        elif chosen.what == "store":
            store(Path(folder), chosen.calls)
        else:
            workers(Path(folder), chosen.rounds)


def inventory(folder: Path, count: int, *, closed: bool = False) -> None:
    """Memory and speed of finding files, joining them with a manifest, and entering them into the ledger."""
    from pipeline.batch.discovery import discover
    from pipeline.batch.executors.base import memory_mb
    from pipeline.batch.intake import take_in
    from pipeline.batch.manifest import read_manifest
    from pipeline.privacy.keys import add_key
    from pipeline.store.database import open_database

    keys = add_key(folder / "keys") if closed else None
    with (folder / "m.csv").open("w") as manifest:
        manifest.write("recording,agent,team,queue,direction,started_at,customer_id,survey_score,product\n")
        for number in range(count):
            part = folder / "calls" / f"{number // 1000:04}"
            if number % 1000 == 0:
                part.mkdir(parents=True)
            (part / f"call-{number:07}.wav").write_bytes(b"%d" % number)
            manifest.write(f"calls/{part.name}/call-{number:07}.wav,A{number % 300},一组,退款,inbound,")
            manifest.write(f"2026-11-02T09:00:00+08:00,C{number},4,宽带\n")
    database = open_database(f"sqlite:///{folder / 'x.db'}", create=True)
    before_mb, started_s = memory_mb(), time.monotonic()
    found = discover([folder / "calls"], read_manifest(folder / "m.csv", timezone="Asia/Shanghai"))
    print(f"| {count} files and rows | seconds | a second | memory, MB |\n| --- | --- | --- | --- |")
    print(f"| before | | | {before_mb:.0f} |")
    print(
        f"| found and joined | {(took := time.monotonic() - started_s):.1f} | {count / took:.0f} | {memory_mb():.0f} |"
    )
    for what in ("entered", "entered again"):
        started_s = time.monotonic()
        entered = sum(len(chunk) for chunk in take_in(database, found.files, keys=keys))
        took = time.monotonic() - started_s
        print(f"| {what} | {took:.1f} | {entered / took:.0f} | {memory_mb():.0f} |")


def store(folder: Path, count: int) -> None:
    """Calls and rows a second."""
    from tests.postgres import PostgresServer

    print("| | SQLite | PostgreSQL |\n| --- | --- | --- |")
    server = PostgresServer()
    try:
        urls = [f"sqlite:///{folder / 'x.db'}", server.create_database("bench")]
        columns = [_rates(url, count) for url in urls]
    finally:
        server.close()
    for name in columns[0] | columns[1]:
        print(f"| {name} | {columns[0].get(name, '')} | {columns[1].get(name, '')} |")


def _rates(url: str, count: int) -> dict[str, str]:
    from pipeline.store.database import open_database
    from pipeline.store.ledger import claim
    from pipeline.store.recordings import register
    from pipeline.store.results import save_call, start_run
    from tests.store.builders import found, processed, recording, result, run

    database = open_database(url, create=True)
    start_run(database, run())
    rates = {}
    made = [found(recording(number)) for number in range(count)]
    with _timed() as took:
        for start in range(0, count, 64):
            register(database, made[start : start + 64])
    rates["recordings entered a second, 64 a transaction"] = f"{count / took():.0f}"
    leases = claim(database, "bench", limit=count, ttl_s=3600)
    call = processed(result("insult"), result("escalation-risk"), result("closing-missing"))
    with _timed() as took:
        for lease in leases:
            assert save_call(database, lease, call, run())
    # One row each in ledger, recordings, transcripts, evaluations and the review queue; three results with evidence.
    rates["calls stored a second, one transaction each"] = f"{count / took():.0f} ({11 * count / took():.0f} rows)"
    if url.startswith("postgresql"):
        rates |= _insert_or_copy(url, count)
    return rates


def _insert_or_copy(url: str, count: int) -> dict[str, str]:
    """Rows a second into one table, 11 a transaction as for a call, and 64 as for entering."""
    import psycopg

    rates = {}
    address = url.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE bench_rows (id BIGSERIAL PRIMARY KEY, name TEXT, value FLOAT)")
        for size in (11, 64, 10_000):
            rows = [(f"name {number}", float(number)) for number in range(size)]
            for how, write in (("INSERT", _insert), ("COPY", _copy)):
                rounds = max(3, 5 * count // size)
                with _timed() as took:
                    for _ in range(rounds):
                        with connection.transaction():
                            write(connection.cursor(), rows)
                rates[f"rows a second, {size} a transaction, {how}"] = f"{rounds * size / took():.0f}"
    return rates


def _insert(cursor: object, rows: list[tuple[str, float]]) -> None:
    cursor.executemany("INSERT INTO bench_rows (name, value) VALUES (%s, %s)", rows)  # type: ignore[attr-defined]


def _copy(cursor: object, rows: list[tuple[str, float]]) -> None:
    with cursor.copy("COPY bench_rows (name, value) FROM STDIN") as copying:  # type: ignore[attr-defined]
        for row in rows:
            copying.write_row(row)


def workers(folder: Path, rounds: int) -> None:
    """The real pipeline over the samples, both ways by turns."""
    import uuid
    from dataclasses import replace

    from pipeline.batch.discovery import discover
    from pipeline.batch.executors.local import LocalExecutor
    from pipeline.batch.process import Loader
    from pipeline.batch.runner import Runner, RunOptions
    from pipeline.cli.run import describe_run, process_options
    from pipeline.settings import Settings
    from pipeline.store.database import open_database

    ways = {"two workers × one thread": (2, 1), "one worker × two threads": (1, 2), "one worker × one thread": (1, 1)}
    speeds: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(rounds):
        for way, (count, threads) in ways.items():
            options = process_options(Settings(cpu_threads=threads))
            described = replace(describe_run(options), id=uuid.uuid4().hex)
            database = open_database(f"sqlite:///{folder / f'{number}-{count}-{threads}.db'}", create=True)
            heard = _FromFirst()
            executor = LocalExecutor(Loader(options), cores=count)
            runner = Runner(database, described, executor, options=RunOptions(workers=count), progress=heard)
            runner.run(discover([SAMPLES], None).files)
            speeds[way].append(heard.speed)
    print("| on two cores | × real time, median | rounds |\n| --- | --- | --- |")
    for way, found in speeds.items():
        print(f"| {way} | {statistics.median(found):.1f} | {', '.join(f'{speed:.1f}' for speed in found)} |")


class _FromFirst:
    """Speed from when the first call was stored, so that loading the models does not count."""

    def __init__(self) -> None:
        self._began_s = 0.0
        self._audio_s = 0.0
        self._last_s = 0.0

    def found(self, total: int) -> None:
        """Nothing."""

    def skipped(self, file: object, registered: object) -> None:
        """Nothing."""

    def processed(self, recording: object, call: object, *, hits: int, took_s: float) -> None:
        """Adds up."""
        now_s = time.monotonic()
        if not self._began_s:
            self._began_s = now_s
        else:
            self._audio_s += call.audio.duration_s  # type: ignore[attr-defined]
        self._last_s = now_s

    def failed(self, recording: object, message: str, *, reason: str, final: bool) -> None:
        """Nothing."""

    def worker_lost(self, what: str, *, reason: str) -> None:
        """Nothing."""

    @property
    def speed(self) -> float:
        """Seconds of sound a second."""
        return self._audio_s / (self._last_s - self._began_s)


@contextmanager
def _timed() -> Iterator[Callable[[], float]]:
    started_s = time.monotonic()
    ended: list[float] = []
    yield lambda: ended[0] - started_s
    ended.append(time.monotonic())


if __name__ == "__main__":
    main()

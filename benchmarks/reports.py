"""How long reports, estimates and draws take with many calls, from the database to the finished file.

``--db sqlite`` and ``--db postgresql`` make a database and drop it, the latter with a server of its own; a URL keeps
the calls for another time. Exits with 1 if anything takes more than its limit. CPU seconds are those of this process
and, with a server of its own, of PostgreSQL; memory is this process's peak while the task ran. Linux only.
"""

import argparse
import json
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

# Neighbours of this file are named as packages that are imported; its folder must not come first.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

# ruff: noqa: E402
from sqlalchemy import Engine, event, func, select, text

from benchmarks.report_calls import fill
from benchmarks.review_calls import NOW, TEAMS
from pipeline.cli.sample_estimates import estimate_rows
from pipeline.domain.periods import Period, Unit, period_of
from pipeline.domain.sampling import Allocation, Part, PartKind, Plan, Target, TargetKind
from pipeline.reports.build import Wanted, build
from pipeline.reports.data import as_json
from pipeline.reports.kinds import Kind
from pipeline.reports.model import Report
from pipeline.reports.page import render
from pipeline.reports.workbook import write
from pipeline.sampling.draw import draw
from pipeline.sampling.strata import needs
from pipeline.scoring.cards import load_default_card
from pipeline.store.database import Database, open_database
from pipeline.store.report_queries import Scope
from pipeline.store.review_tables import review_items
from pipeline.store.sampling_evidence import load_evidence
from pipeline.store.sampling_frame import load_frame
from pipeline.store.sampling_store import save_draw
from pipeline.store.tables import recordings

LIMITS = {"sqlite": {"report": 5.0, "estimate": 2.0, "draw": 4.0}}
LIMITS["postgresql"] = {"report": 10.0, "estimate": 5.0, "draw": 10.0}
"""Seconds for 100,000 calls on SQLite, and for 1,000,000 on PostgreSQL."""
ZONE = ZoneInfo("Asia/Shanghai")
DAY = (NOW - timedelta(days=7)).date()
WEEK, MONTH = (period_of(unit, DAY, ZONE) for unit in (Unit.WEEK, Unit.MONTH))
EVERY = Scope()
REPORTS: dict[str, tuple[Kind, Period, Scope]] = {
    "daily": (Kind.DAILY, period_of(Unit.DAY, DAY, ZONE), EVERY),
    "weekly": (Kind.WEEKLY, WEEK, EVERY),
    "weekly, one team": (Kind.WEEKLY, WEEK, Scope(team=TEAMS[0])),
    "monthly": (Kind.MONTHLY, MONTH, EVERY),
    "agent": (Kind.AGENT, WEEK, EVERY),
    "agent, one": (Kind.AGENT, WEEK, Scope(agent="A1001")),
    "rules": (Kind.RULES, WEEK, EVERY),
    "eight weeks": (Kind.MONTHLY, Period(Unit.SPAN, WEEK.since - timedelta(days=49), WEEK.until), EVERY),
}
PLAN = Plan(
    "weekly",
    (
        Part("audit", PartKind.AUDIT, n=120),
        Part("flagged", PartKind.TARGETED, n=120, target=Target(TargetKind.FLAGGED)),
        Part("everybody", PartKind.RANDOM, n=2, by=("agent", "week")),
        Part("watch", PartKind.ADAPTIVE, n=30, by=("agent",)),
        Part("new-staff", PartKind.TARGETED, n=15, target=Target(TargetKind.NEW_STAFF, days=30)),
        Part("again", PartKind.TARGETED, n=15, target=Target(TargetKind.REPEAT_CONTACT, days=7)),
        Part("queues", PartKind.STRATIFIED, n=20, by=("部门", "queue"), allocation=Allocation.NEYMAN),
    ),
    "0" * 64,
    "",
    hours=100,
    calls_per_hour=8,
)
"""Of every kind of part one."""
ESTIMATES: list[tuple[str, Period | None, Sequence[str], str | None]] = [
    ("estimates, week", WEEK, (), None),
    ("estimates, all calls", None, (), None),
    ("estimates, all, by week", None, (), "week"),
    ("estimates, all, by team", None, (), "team"),
    ("estimates, all, one rule", None, ("insult",), None),
]


@dataclass(frozen=True)
class Timing:
    """What a task took."""

    task: str
    kind: str
    """``report``, ``estimate`` or ``draw``."""
    form: str
    wall_s: float
    cpu_s: float
    server_cpu_s: float | None
    rows: int
    """That the database gave."""
    peak_mb: float


class Rows:
    """Counts the rows that databases give to this process."""

    def __init__(self) -> None:
        self.count = 0
        event.listen(Engine, "connect", self._on_connect)
        event.listen(Engine, "after_cursor_execute", self._on_execute)

    def _on_connect(self, connection: object, _record: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.row_factory = self._row

    def _row(self, _cursor: sqlite3.Cursor, row: tuple[object, ...]) -> tuple[object, ...]:
        self.count += 1
        return row

    def _on_execute(self, _connection: object, cursor: object, *_rest: object) -> None:
        self.count += max(0, getattr(cursor, "rowcount", 0))


class Meter:
    """Times tasks."""

    def __init__(self, database: Database, rows: Rows, *, own_server: bool) -> None:
        self.timings: list[Timing] = []
        self._rows = rows
        self._postmaster = _postmaster(database) if own_server else None

    def run(
        self, task: str, kind: str, do: Callable[[], object], *, form: str = "", before: Timing | None = None
    ) -> Timing:
        """Does the task; what took place ``before`` it is added to it."""
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        rows, server = self._rows.count, self._server_cpu_s()
        wall, cpu = time.perf_counter(), time.process_time()
        do()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        after = self._server_cpu_s()
        on_server = None if server is None or after is None else after - server
        made = Timing(task, kind, form, wall, cpu, on_server, self._rows.count - rows, _peak_mb())
        if before is not None:
            made = Timing(
                task, kind, form, wall + before.wall_s, cpu + before.cpu_s, before.server_cpu_s, before.rows,
                max(made.peak_mb, before.peak_mb),
            )  # fmt: skip
        if form != "build":
            self.timings.append(made)
        return made

    def _server_cpu_s(self) -> float | None:
        return None if self._postmaster is None else _cpu_s_of_tree(self._postmaster)


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def _postmaster(database: Database) -> int:
    with database.reading() as connection:
        backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    return _stat(int(backend))[1]


def _stat(process: int) -> tuple[float, int]:
    """CPU seconds of a process and of children that have ended, and its parent."""
    after_name = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, after_name[11:15])) / 100, int(after_name[1])


def _cpu_s_of_tree(root: int) -> float:
    total = _stat(root)[0]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            seconds, parent = _stat(int(folder.name))
        except (OSError, IndexError, ValueError):
            continue
        total += seconds if parent == root else 0.0
    return total


def measure(database: Database, meter: Meter, folder: Path) -> None:
    """Every report in every form, estimates, and draws."""
    for name, (kind, period, scope) in REPORTS.items():
        _measure_report(database, meter, folder, name, Wanted(kind, period, ZONE.key, scope, "http://desk"))
    for name, within, rules, by in ESTIMATES:
        began, ended = (within.since, within.until) if within else (None, None)

        def estimate(
            since: datetime | None = began, until: datetime | None = ended,
            rules: Sequence[str] = rules, by: str | None = by,
        ) -> None:  # fmt: skip
            estimate_rows(load_evidence(database, since=since, until=until, rules=rules, by=by), by)

        meter.run(name, "estimate", estimate)
    for name, drawn in {"draw, week": WEEK, "draw, month": MONTH, "draw, all calls": None}.items():

        def choose(period: Period | None = drawn) -> None:
            since, until = (period.since, period.until) if period else (None, None)
            save_draw(database, draw(PLAN, load_frame(database, needs(PLAN), since=since, until=until)))

        meter.run(name, "draw", choose)


def _measure_report(database: Database, meter: Meter, folder: Path, name: str, wanted: Wanted) -> None:
    made: list[Report] = []
    card = load_default_card()
    built = meter.run(name, "report", lambda: made.append(build(database, wanted, card)), form="build")
    puts: dict[str, Callable[[Report], object]] = {
        "html": lambda report: (folder / "r.html").write_text(render(report, "zh"), encoding="utf-8"),
        "xlsx": lambda report: write(report, folder / "r.xlsx", "zh"),
        "json": lambda report: (folder / "r.json").write_text(as_json(report), encoding="utf-8"),
    }
    for form, put in puts.items():
        meter.run(name, "report", lambda put=put: put(made[0]), form=form, before=built)  # type: ignore[misc]


@contextmanager
def _database(wanted: str, folder: str) -> Iterator[tuple[str, bool]]:
    """The URL, and whether its server runs here."""
    if wanted == "sqlite":
        yield f"sqlite:///{folder}/reports.db", False
    elif wanted == "postgresql":
        server = import_module("tests.postgres").PostgresServer()
        try:
            yield server.create_database("reports"), True
        finally:
            server.close()
    else:
        # A server that is reached by a socket runs on this machine.
        yield wanted, "host=/" in wanted


def prepare(database: Database, url: str, calls: int, seed: int) -> float:
    """Fills an empty database; the seconds that took. Exits on another number of calls."""
    with database.reading() as connection:
        there = connection.execute(select(func.count()).select_from(recordings)).scalar_one()
    start = time.perf_counter()
    if there == 0:
        fill(database, url, calls, seed)
    elif there != calls:
        sys.exit(f"the database holds {there} calls, not {calls}: name another with --db, or --calls {there}")
    return time.perf_counter() - start


def described(database: Database) -> str:
    """What there is in the database, and what it was measured with."""
    with database.reading() as connection:
        name = connection.dialect.name
        asked = text("SHOW server_version" if name == "postgresql" else "SELECT sqlite_version()")
        engine = connection.execute(asked).scalar_one()
        done = select(func.count()).select_from(review_items).where(review_items.c.done)
        evaluated = connection.execute(done).scalar_one()
    packages = ", ".join(f"{package} {version(package)}" for package in ("SQLAlchemy", "numpy", "psycopg"))
    return f"{evaluated:,} calls evaluated; Python {platform.python_version()}, {packages}, {name} {engine}"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--db", metavar="WHERE", default="sqlite", help="sqlite, postgresql, or a URL that is kept")
    arguments = parser.parse_args()
    rows = Rows()
    with tempfile.TemporaryDirectory() as folder, _database(arguments.db, folder) as (url, own_server):
        database = open_database(url, create=True)
        filled_s = prepare(database, url, arguments.calls, arguments.seed)
        meter = Meter(database, rows, own_server=own_server)
        measure(database, meter, Path(folder))
        about = described(database)
        database.close()
    limits = LIMITS["sqlite" if "sqlite" in url else "postgresql"]
    if arguments.format == "json":
        timings = [asdict(one) for one in meter.timings]
        print(json.dumps({"calls": arguments.calls, "about": about, "timings": timings}, indent=1))
    else:
        print(f"{arguments.calls:,} calls ({filled_s:.0f} s to write), {about}\n")
        print("| task | form | wall s | CPU s | server CPU s | rows read | MB |\n" + "| --- " * 7 + "|")
        for one in meter.timings:
            server = "–" if one.server_cpu_s is None else f"{one.server_cpu_s:.1f}"
            print(
                f"| {one.task} | {one.form} | {one.wall_s:.1f} | {one.cpu_s:.1f} | {server} | {one.rows:,} |"
                f" {one.peak_mb:.0f} |"
            )
    slow = [f"{one.task} {one.form}".strip() for one in meter.timings if one.wall_s > limits[one.kind]]
    if slow:
        sys.exit(f"{len(slow)} tasks take more than their limit: {', '.join(slow)}")


if __name__ == "__main__":
    main()

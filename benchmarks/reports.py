"""How long reports take with many calls, from the database to the finished file.

Exits with 1 if any takes more than the limit. ``--db`` keeps the calls for another time, on SQLite or PostgreSQL;
without it they go into a temporary file. A plan draws some calls and reviewers finish them: estimates are made too.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import func, select, update

from benchmarks.review_calls import NOW, TEAMS, fill
from pipeline.domain.sampling import Part, PartKind, Plan
from pipeline.reports.build import Wanted, build
from pipeline.reports.data import as_json
from pipeline.reports.model import Kind, Report
from pipeline.reports.page import render
from pipeline.reports.periods import Period, Unit, period_of
from pipeline.reports.workbook import write
from pipeline.sampling.draw import draw
from pipeline.scoring.cards import load_default_card
from pipeline.store.database import Database, open_database
from pipeline.store.report_queries import Scope
from pipeline.store.review_tables import review_items
from pipeline.store.sampling_frame import load_frame
from pipeline.store.sampling_store import save_draw
from pipeline.store.sampling_tables import picks
from pipeline.store.tables import recordings

LIMIT_S = 5.0
ZONE = ZoneInfo("Asia/Shanghai")
AUDITS = 1_000


def prepare(database: Database, calls: int, seed: int) -> None:
    """Fills an empty database, draws audits over its two months and finishes them."""
    with database.reading() as connection:
        there = connection.execute(select(func.count()).select_from(recordings)).scalar_one()
        drawn = connection.execute(select(func.count()).select_from(picks)).scalar_one()
    if there == 0:
        fill(database, calls, seed)
    elif there != calls:
        sys.exit(f"the database holds {there} calls, not {calls}: name another with --db, or --calls {there}")
    if drawn:
        return
    plan = Plan("benchmark", (Part("audit", PartKind.AUDIT, n=AUDITS),), "0" * 64, "")
    save_draw(database, draw(plan, load_frame(database), seed=seed))
    with database.writing() as connection:
        mine = review_items.c.recording_id.in_(select(picks.c.recording_id))
        connection.execute(update(review_items).where(mine).values(done=True, done_at=NOW, done_by=1))


def periods() -> dict[str, tuple[Kind, Period, Scope]]:
    """The reports that are timed."""
    today = (NOW - timedelta(days=7)).date()
    week, every = period_of(Unit.WEEK, today, ZONE), Scope()
    whole = Period(Unit.SPAN, week.since - timedelta(days=49), week.until)
    return {
        "daily": (Kind.DAILY, period_of(Unit.DAY, today, ZONE), every),
        "weekly": (Kind.WEEKLY, week, every),
        "weekly, one team": (Kind.WEEKLY, week, Scope(team=TEAMS[0])),
        "monthly": (Kind.MONTHLY, period_of(Unit.MONTH, today, ZONE), every),
        "agent": (Kind.AGENT, week, every),
        "agent, one": (Kind.AGENT, week, Scope(agent="A1001")),
        "rules": (Kind.RULES, week, every),
        "eight weeks": (Kind.MONTHLY, whole, every),
    }


def timed(ask: Callable[[], Report]) -> tuple[Report, float]:
    """The report, and the seconds that it took."""
    start = time.perf_counter()
    report = ask()
    return report, time.perf_counter() - start


def measure(database: Database, folder: Path) -> dict[str, dict[str, float]]:
    """Seconds from the question to the page, the workbook and JSON, by report."""
    card = load_default_card()
    found = {}
    for name, (kind, period, scope) in periods().items():
        wanted = Wanted(kind, period, ZONE.key, scope, "http://desk")
        report, built_s = timed(lambda wanted=wanted: build(database, wanted, card))  # type: ignore[misc]
        taken = {}
        for form, put in {
            "html": lambda report: (folder / "r.html").write_text(render(report, "zh"), encoding="utf-8"),
            "xlsx": lambda report: write(report, folder / "r.xlsx", "zh"),
            "json": lambda report: (folder / "r.json").write_text(as_json(report), encoding="utf-8"),
        }.items():
            start = time.perf_counter()
            put(report)
            taken[form] = built_s + time.perf_counter() - start
        found[name] = taken
    return found


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--limit", type=float, default=LIMIT_S, metavar="S", help="seconds a report may take")
    parser.add_argument("--db", metavar="URL", help="database that keeps the calls; else a temporary SQLite file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(arguments.db or f"sqlite:///{folder}/reports.db", create=True)
        prepare(database, arguments.calls, arguments.seed)
        found = measure(database, Path(folder))
        database.close()
    if arguments.format == "json":
        print(json.dumps({"calls": arguments.calls, "seconds": found}, indent=1))
    else:
        print(f"| {arguments.calls:,} calls, seconds | html | xlsx | json |\n| --- | --- | --- | --- |")
        for name, taken in found.items():
            print(f"| {name} | {' | '.join(f'{taken[form]:.1f}' for form in ('html', 'xlsx', 'json'))} |")
    slow = [name for name, taken in found.items() if max(taken.values()) > arguments.limit]
    if slow:
        sys.exit(f"{len(slow)} reports take more than {arguments.limit:.0f} s: {', '.join(slow)}")


if __name__ == "__main__":
    main()

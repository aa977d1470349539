"""How long the pages of the review desk take with many calls: the real application, logged in, asked over and over.

Exits with 1 if any page takes more than the limit at its 95th percentile. ``--db`` keeps the calls for another time,
on SQLite or PostgreSQL; without it they go into a temporary file. ``--format json`` prints the same for machines.
"""

import argparse
import json
import platform
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlencode

# This file is named as the package it measures; its folder must not come first.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

# ruff: noqa: E402
from fastapi.testclient import TestClient
from sqlalchemy import func, select, text

from benchmarks.review_calls import ABSENT_WORD, AGENTS, COMMON_WORD, NOW, RARE_WORD, REVIEWERS, TEAMS, fill
from pipeline.domain.accounts import AccountRole
from pipeline.review.app import Desk, ReviewSettings, create_app
from pipeline.review.estimate_view import estimate
from pipeline.review.passwords import hash_password
from pipeline.store import documents
from pipeline.store.accounts import add_account, all_accounts
from pipeline.store.database import Database, open_database
from pipeline.store.queue_filter import QueueFilter, QueueStatus
from pipeline.store.queue_listing import queue_counts
from pipeline.store.review_tables import review_items
from pipeline.store.sampling_store import stored_draws
from pipeline.store.tables import recordings, transcripts
from pipeline.text.normalise import normalise
from rules.loader import load_packs, standard_pack_dir

LIMIT_MS = 300.0
LOGIN, PASSWORD = "benchmark", "a long password of the benchmark"
SCANNED = 2_000
"""Transcripts that the search without an index reads; the time for all is in proportion."""
DAY = NOW.strftime("%Y-%m-%d")
VIEWS: dict[str, dict[str, object]] = {
    "to review": {},
    "assigned to me": {"who": "me"},
    "compliance-critical": {"class": "compliance-critical"},
    "may escalate": {"rule": "escalation-risk"},
    "cannot judge": {"status": "doubtful"},
    "done today": {"status": "done", "who": "me", "finished": "today"},
    "all calls": {"status": "all"},
    "without hits": {"status": "unflagged"},
    "reviewed": {"status": "done"},
}
FILTERS: dict[str, dict[str, object]] = {
    "rule, frequent": {"rule": "survey-missing"},
    "rule, rare": {"rule": "insult"},
    "severity": {"severity": "minor"},
    "class": {"class": "non-critical"},
    "team": {"team": TEAMS[3]},
    "agent": {"agent": f"A{1000 + AGENTS // 2}"},
    "one day": {"from": DAY, "to": DAY},
    "all days": {"status": "all", "from": "2026-01-01", "to": DAY},
    "reviewer": {"who": len(REVIEWERS)},
    "unassigned": {"who": "none"},
    "newest first": {"order": "newest"},
    "longest first": {"order": "longest"},
    "team, rule, all": {"team": TEAMS[1], "rule": "survey-missing", "status": "all", "order": "newest"},
}
WORDS: dict[str, str] = {
    "common word": COMMON_WORD,
    "rare word": RARE_WORD,
    "absent word": ABSENT_WORD,
    "one character": "我",
    "three words": "订单 退款 仓库",
    "a sentence": "麻烦您提供一下手机号的后四位，我核实一下身份。",
}
MENUS = ("date", "status", "rule", "class", "team", "agent", "who")


@dataclass(frozen=True)
class Timing:
    """How long a page took, in milliseconds."""

    page: str
    p50_ms: float
    p95_ms: float
    kilobytes: float


def percentile(times: Sequence[float], share: float) -> float:
    """The time that ``share`` of the requests did not exceed (nearest rank)."""
    ordered = sorted(times)
    return ordered[max(0, -(-len(ordered) * round(share * 100) // 100) - 1)]


def timed(name: str, ask: Callable[[], bytes], *, repeats: int) -> Timing:
    """Asks once to warm up, then ``repeats`` times."""
    size = len(ask())
    times: list[float] = []
    for _ in range(repeats):
        start = time.perf_counter()
        ask()
        times.append((time.perf_counter() - start) * 1000)
    return Timing(name, percentile(times, 0.5), percentile(times, 0.95), size / 1024)


class Visits:
    """A browser's requests, logged in; any answer but the expected one ends the benchmark."""

    def __init__(self, client: TestClient) -> None:
        self._client = client
        accept = {"Accept": "application/json"}
        form = client.get("/login", headers=accept).json()
        sent = {"login": LOGIN, "password": PASSWORD, "csrf": form["csrf"]}
        client.headers["X-CSRF-Token"] = client.post("/login", headers=accept, data=sent).json()["csrf"]

    def get(self, url: str, *, part: bool = False) -> bytes:
        """The body of a page, or of the part that htmx asks for."""
        answer = self._client.get(url, headers={"HX-Request": "true"} if part else {})
        if answer.status_code != 200:
            sys.exit(f"GET {url}: {answer.status_code}")
        return answer.content

    def next_call(self, leaving: str) -> str:
        """The id of the next call, taken."""
        answer = self._client.post("/queue/next", data={"leaving": leaving} if leaving else {})
        found = re.match(r"/calls/([0-9a-f]{64})", answer.headers.get("location", ""))
        if answer.status_code != 303 or found is None:
            sys.exit(f"POST /queue/next: {answer.status_code} {answer.headers.get('location')}")
        return found.group(1)


def measure(visits: Visits, database: Database, *, repeats: int) -> list[Timing]:
    """Every page of the desk that grows with the number of calls."""
    timings: list[Timing] = []

    def page(name: str, url: str, *, part: bool = False) -> None:
        timings.append(timed(name, lambda: visits.get(url, part=part), repeats=repeats))

    for name, fields in VIEWS.items():
        page(f"queue: {name}", f"/queue?{urlencode(fields)}")
    for name, fields in FILTERS.items():
        page(f"filter: {name}", f"/queue?{urlencode(fields)}", part=True)
    for name, words in WORDS.items():
        page(f"search: {name}", f"/queue?{urlencode({'q': words})}", part=True)
    for name in MENUS:
        page(f"menu: {name}", f"/queue/menu/{name}", part=True)
    more = re.search(rb'hx-get="([^"]+after=[^"]+)"', visits.get("/queue"))
    assert more is not None
    page("queue: more rows", more.group(1).decode().replace("&amp;", "&"), part=True)
    page("queue: held by others", "/queue/held", part=True)
    calls = iter(_some_calls(database, repeats + 1))
    timings.append(timed("next call", _next(visits), repeats=repeats))
    timings.append(timed("call", lambda: visits.get(f"/calls/{next(calls)}"), repeats=repeats))
    for name, url in (("rules", "/rules"), ("rule", "/rules/survey-missing"), ("rule, rare", "/rules/insult")):
        page(name, url)
    # Asked for by the page when it is there; made when it is first asked for, see `estimates_s`.
    page("rules: estimates", "/rules?period=all", part=True)
    page("rule: estimates", "/rules/survey-missing/estimates?period=all", part=True)
    page("rule with estimates", "/rules/survey-missing?period=all")
    page("sampling", "/sampling")
    if stored_draws(database):
        page("draw", "/sampling/draws/1")
    page("appeals", "/appeals")
    page("audit log", "/audit")
    return timings


def estimates_s(database: Database) -> float:
    """Seconds that it takes to estimate every rule over all calls."""
    start = time.perf_counter()
    estimate(database, "all", NOW)
    return time.perf_counter() - start


def _next(visits: Visits) -> Callable[[], bytes]:
    taken = ""

    def ask() -> bytes:
        nonlocal taken
        taken = visits.next_call(taken)
        return b""

    return ask


def _some_calls(database: Database, count: int) -> list[str]:
    """Calls with hits, one of any length after another."""
    query = select(review_items.c.recording_id).where(review_items.c.flagged).order_by(review_items.c.recording_id)
    with database.reading() as connection:
        return list(connection.execute(query.limit(count)).scalars())


@dataclass(frozen=True)
class SearchGain:
    """Finding a rare word through the index, and by reading every transcript."""

    index_ms: float
    reading_ms: float

    @property
    def times(self) -> float:
        """How often the index is faster."""
        return self.reading_ms / self.index_ms


def search_gain(database: Database, calls: int) -> SearchGain:
    """Both ways give the number of calls; reading is timed on a part of them."""
    wanted = QueueFilter(text=RARE_WORD, status=QueueStatus.ALL)
    times = []
    for _ in range(7):
        start = time.perf_counter()
        queue_counts(database, {"found": wanted})
        times.append((time.perf_counter() - start) * 1000)
    word = normalise(RARE_WORD).text
    start = time.perf_counter()
    with database.reading() as connection:
        rows = connection.execute(select(transcripts.c.turns).limit(SCANNED)).scalars().all()
        sum(any(word in normalise(line).text for line in documents.decode_texts(turns)) for turns in rows)
    took_ms = (time.perf_counter() - start) * 1000
    return SearchGain(statistics.median(times), took_ms * calls / max(1, len(rows)))


def prepare(database: Database, calls: int, seed: int) -> float:
    """Fills an empty database and adds the account that asks; the seconds that took. Exits on another number."""
    with database.reading() as connection:
        there = connection.execute(select(func.count()).select_from(recordings)).scalar_one()
    start = time.perf_counter()
    if there == 0:
        fill(database, calls, seed)
    elif there != calls:
        sys.exit(f"the database holds {there} calls, not {calls}: name another with --db, or --calls {there}")
    if all(account.login != LOGIN for account in all_accounts(database)):
        hashed = hash_password(PASSWORD)
        add_account(database, login=LOGIN, name="计时", role=AccountRole.MANAGER, password_hash=hashed)
    return time.perf_counter() - start


def versions(database: Database) -> str:
    """What the figures were measured with."""
    with database.reading() as connection:
        name = connection.dialect.name
        asked = text("SHOW server_version" if name == "postgresql" else "SELECT sqlite_version()")
        engine = connection.execute(asked).scalar_one()
    packages = ", ".join(f"{package} {version(package)}" for package in ("fastapi", "SQLAlchemy", "Jinja2"))
    driver = f"psycopg {version('psycopg')}" if name == "postgresql" else f"sqlite3 {sqlite3.sqlite_version}"
    return f"Python {platform.python_version()}, {packages}, {name} {engine} ({driver}), {platform.machine()}"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--db", metavar="URL", help="database that keeps the calls; else a temporary SQLite file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(arguments.db or f"sqlite:///{folder}/review.db", create=True)
        filled_s = prepare(database, arguments.calls, arguments.seed)
        desk = Desk(database, load_packs([standard_pack_dir()]), ReviewSettings("s" * 32))
        with TestClient(create_app(desk), base_url="http://localhost", follow_redirects=False) as client:
            timings = measure(Visits(client), database, repeats=arguments.repeats)
        gain = search_gain(database, arguments.calls)
        estimated_s = estimates_s(database)
        used = versions(database)
        database.close()
    slow = [timing for timing in timings if timing.p95_ms > LIMIT_MS]
    if arguments.format == "json":
        pages = [asdict(timing) for timing in timings]
        told = {"versions": used, "calls": arguments.calls, "pages": pages, "search": asdict(gain)}
        print(json.dumps({**told, "estimates_s": estimated_s}, indent=1))
    else:
        print(f"{arguments.calls:,} calls ({filled_s:.0f} s to write), {arguments.repeats} requests a page\n{used}")
        print(f"{'page':28} {'p50 ms':>8} {'p95 ms':>8} {'kB':>6}")
        for timing in timings:
            mark = "  over the limit" if timing.p95_ms > LIMIT_MS else ""
            print(f"{timing.page:28} {timing.p50_ms:8.1f} {timing.p95_ms:8.1f} {timing.kilobytes:6.0f}{mark}")
        print(f"rare word: index {gain.index_ms:.1f} ms, reading all {gain.reading_ms:.0f} ms, ×{gain.times:.0f}")
        print(f"estimates of all rules: {estimated_s:.1f} s")
    if slow:
        sys.exit(f"{len(slow)} pages take more than {LIMIT_MS:.0f} ms: {', '.join(timing.page for timing in slow)}")


if __name__ == "__main__":
    main()

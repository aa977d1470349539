"""Synthetic calls for the benchmark of reports and sampling: a million of them in minutes.

What matters is that tables have their real numbers of rows: calls over 60 days, a hit in a quarter of them, sampling
plans drawn week by week and heard, scorecards filled in, some verdicts taken back. Words are left out, as neither
reports nor sampling read any; the desk's benchmark (`benchmarks.review_calls`) has them. Nothing here says how good
rules are.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

import numpy as np
from sqlalchemy import Connection, Table, select, text

from benchmarks.review_calls import AGENTS, NOW, QUEUES, REVIEWERS, RUN, TEAMS, prepare_desk
from pipeline.domain.calls import Role
from pipeline.domain.results import Severity
from pipeline.domain.sampling import Part, PartKind, Plan, Target, TargetKind
from pipeline.domain.signals import Response, Signals, Silence, TalkShare
from pipeline.sampling.draw import draw
from pipeline.sampling.strata import needs
from pipeline.scoring.cards import load_default_card
from pipeline.store import documents
from pipeline.store.database import Database, connect
from pipeline.store.report_columns import read_columns
from pipeline.store.review_tables import review_items, reviews
from pipeline.store.sampling_frame import load_frame
from pipeline.store.sampling_store import save_draw
from pipeline.store.sampling_tables import picks
from pipeline.store.tables import evaluations, evidence, recordings, rule_results, transcripts
from rules.rule import Rule

Random = np.random.Generator
Row = tuple[object, ...]
DAYS = 60
BATCH = 100_000
RATE = {Severity.CRITICAL: 0.004, Severity.ALERT: 0.012, Severity.MINOR: 0.02}
DEPARTMENTS, SKILLS = ("客服中心", "金融事业部"), ("普通话", "粤语", "英语")
REASONS = ("账单", "故障", "套餐变更", "投诉", "退款", "物流", "开户", "其他")
COPIED = ("agent", "team", "started_at", "duration_s")
"""What the queue repeats of recordings; triggers see to it otherwise."""
KINDS_OF_SIGNALS = 400
EVALUATED = 0.03
SCORED, UNDONE, MISSED, EXAMPLES = 0.4, 0.01, 0.03, 0.01


def fill(database: Database, url: str, calls: int, seed: int) -> None:
    """Writes so many calls into an empty database at ``url``, draws samples week by week, and judges what was drawn."""
    random = np.random.default_rng(seed)
    rules = prepare_desk(database).rules
    kinds = [_signals(random) for _ in range(KINDS_OF_SIGNALS)]
    for start in range(0, calls, BATCH):
        with database.writing() as connection:
            _trust(connection)
            for table, columns, rows in _calls(random, start, min(calls, start + BATCH), rules, kinds):
                write(connection, table, columns, rows)
    refresh(url)
    for week in range(-(-DAYS // 7)):
        until = NOW - timedelta(days=7 * week)
        frame_plan = weekly(calls)
        frame = load_frame(database, needs(frame_plan), since=until - timedelta(days=7), until=until)
        save_draw(database, draw(frame_plan, frame, seed=seed))
    _judge(database, random)
    refresh(url)


def _trust(connection: Connection) -> None:
    """Leaves out what checks and copies row by row in this transaction; rows here are right and whole."""
    if connection.dialect.name == "postgresql":
        superuser = connection.execute(text("SELECT usesuper FROM pg_user WHERE usename = current_user")).scalar()
        if superuser:
            connection.execute(text("SET LOCAL session_replication_role = replica"))


def weekly(calls: int) -> Plan:
    """The plan by which calls of each week were drawn: 3 % of all, a third of them an audit."""
    week = round(calls * EVALUATED * 7 / DAYS)
    flagged = Target(TargetKind.FLAGGED)
    parts = (
        Part("audit", PartKind.AUDIT, n=week // 3),
        Part("flagged", PartKind.TARGETED, n=week // 2, target=flagged),
        Part("everybody", PartKind.STRATIFIED, n=week // 6, by=("team",)),
    )
    return Plan("benchmark", parts, "0" * 64, "")


def write(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Adds rows as fast as the database takes them: COPY on PostgreSQL."""
    names = ", ".join(f'"{one}"' for one in columns)
    cursor = connection.connection.cursor()
    if connection.dialect.name == "postgresql":
        with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    else:
        marks = ", ".join("?" * len(columns))
        cursor.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", list(rows))
    cursor.close()


def refresh(url: str) -> None:
    """What autovacuum and `PRAGMA optimize` do in a night."""
    engine = connect(url).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE"))
    engine.dispose()


def stamp(moment: datetime) -> str:
    """A moment as both databases take it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


@dataclass(frozen=True)
class _Hits:
    """Which calls of a batch rules hit."""

    calls: list[int]
    rules: list[Rule]


def _calls(
    random: Random, start: int, stop: int, rules: Sequence[Rule], kinds: Sequence[bytes]
) -> Iterator[tuple[Table, list[str], Iterator[Row]]]:
    """Rows of a batch, table by table."""
    numbers = range(start, stop)
    ids = [hashlib.sha256(f"call {number}".encode()).hexdigest() for number in numbers]
    n = len(ids)
    lengths = np.round(random.lognormal(5.2, 0.6, n), 2).tolist()
    hits = _hits(random, n, rules)
    table, columns, described = _recordings(random, numbers, ids, lengths)
    yield table, columns, iter(described)
    counts = np.zeros((n, len(Severity)), dtype=int)
    for place, rule in zip(hits.calls, hits.rules, strict=True):
        if rule.status.value == "active":
            counts[place, list(Severity).index(rule.severity)] += 1
    flagged = (counts.sum(axis=1) > 0).tolist()
    risks = np.minimum(99, 20 * counts.sum(axis=1) + random.integers(0, 20, n)).tolist()
    doubtful = (random.random(n) < 0.05).tolist()
    yield (
        transcripts,
        ["recording_id", "run_id", "asr_digest", "language", "duration_s", "characters", "turns", "signals"],
        (
            (one, RUN, "0" * 64, "zh", length, int(length * 4), b"", kinds[kind])
            for one, length, kind in zip(ids, lengths, random.integers(0, len(kinds), n).tolist(), strict=True)
        ),
    )
    yield (
        evaluations,
        ["recording_id", "run_id", *(one.value for one in Severity), "not_evaluable", "errors"],
        ((one, RUN, *row, 0, 0) for one, row in zip(ids, counts.tolist(), strict=True)),
    )
    yield _results(ids, hits)
    yield _evidence(random, ids, lengths, hits)
    yield (
        review_items,
        ["recording_id", "risk", "flagged", "wanted", "doubtful", "done", *COPIED],
        (
            (one, risk, is_flagged, is_flagged, doubt, False, *(row[columns.index(name)] for name in COPIED))
            for one, risk, is_flagged, doubt, row in zip(ids, risks, flagged, doubtful, described, strict=True)
        ),
    )


def _hits(random: Random, n: int, rules: Sequence[Rule]) -> _Hits:
    unlucky = random.random(n) < 0.3
    calls, by = [], []
    for rule in rules:
        places = np.flatnonzero(random.random(n) < RATE[rule.severity] * np.where(unlucky, 2.0, 0.5)).tolist()
        calls += places
        by += [rule] * len(places)
    return _Hits(calls, by)


def _recordings(
    random: Random, numbers: Sequence[int], ids: Sequence[str], lengths: Sequence[float]
) -> tuple[Table, list[str], list[Row]]:
    n = len(ids)
    day, second = random.integers(0, DAYS, n), np.clip(random.normal(6 * 3600, 2 * 3600, n), 0, 86_399)
    starts = (NOW.replace(hour=0) - timedelta(days=DAYS)).timestamp() + 86_400 * day + second.astype(int)
    agents = random.integers(0, AGENTS, n).tolist()
    customers = random.integers(0, max(1, len(ids) * 7), n).tolist()
    surveys = np.where(random.random(n) < 0.3, random.integers(1, 6, n), 0).tolist()
    queues, skills = random.integers(0, len(QUEUES), n).tolist(), random.integers(0, len(SKILLS), n).tolist()
    cells = _cells(random, [DEPARTMENTS[one % len(TEAMS) % len(DEPARTMENTS)] for one in agents])
    columns = [
        "id", "name", "uri", "size_bytes", "added_at", "agent", "team", "skill", "queue", "direction", "started_at",
        "started_at_offset_min", "customer_id", "survey_score", "extra", "channel_roles", "duration_s",
        "sample_rate_hz", "channel_count", "codec", "container", *read_columns({}),
    ]  # fmt: skip
    added, roles = stamp(NOW), json.dumps(["agent", "customer"])
    rows: list[Row] = [
        (
            ids[i], f"{number:07}.wav", f"/calls/{number:07}.wav", 1_000_000, added, f"A{1000 + agents[i]}",
            TEAMS[agents[i] % len(TEAMS)], SKILLS[skills[i]], QUEUES[queues[i]], "inbound",
            stamp(datetime.fromtimestamp(float(starts[i]), UTC)), 480, f"k{customers[i]}", surveys[i] or None,
            json.dumps(cells[i], ensure_ascii=False), roles, lengths[i], 8000, 2, "pcm_s16le", "wav",
            *read_columns(cells[i]).values(),
        )
        for i, number in enumerate(numbers)
    ]  # fmt: skip
    return recordings, columns, rows


def _cells(random: Random, departments: Sequence[str]) -> list[dict[str, str]]:
    """Other columns of the manifest."""
    n = len(departments)
    reasons, moved = random.integers(0, len(REASONS), n).tolist(), (random.random(n) < 0.08).tolist()
    held = np.where(random.random(n) < 0.3, np.round(random.exponential(30.0, n), 1), 0.0).tolist()
    return [
        {
            "部门": one,
            "product": "宽带",
            "来电原因": REASONS[reasons[i]],
            "转接": str(int(moved[i])),
            "hold_s": str(held[i]),
        }
        for i, one in enumerate(departments)
    ]


def _results(ids: Sequence[str], hits: _Hits) -> tuple[Table, list[str], Iterator[Row]]:
    columns = ["recording_id", "rule_id", "outcome", "severity", "error_class", "status"]
    rows = (
        (ids[place], rule.id, "hit", rule.severity.value, rule.error_class.value, rule.status.value, "因为", "because")
        for place, rule in zip(hits.calls, hits.rules, strict=True)
    )
    return rule_results, [*columns, "explanation_zh", "explanation_en"], rows


def _evidence(
    random: Random, ids: Sequence[str], lengths: Sequence[float], hits: _Hits
) -> tuple[Table, list[str], Iterator[Row]]:
    columns = ["recording_id", "rule_id", "position", "start_s", "end_s", "role", "quote", "confidence", "by_sound"]
    where = random.random(len(hits.calls)).tolist()
    rows = (
        (ids[place], rule.id, 0, at * lengths[place], at * lengths[place] + 2.0, "agent", "规定就是这样", 0.8, False)
        for place, rule, at in zip(hits.calls, hits.rules, where, strict=True)
    )
    return evidence, columns, rows


def _signals(random: Random) -> bytes:
    """What is measured in a call of some forty turns."""
    silences = tuple(Silence(10.0 * n, 10.0 * n + random.exponential(2.0), None, Role.AGENT) for n in range(6))
    latencies = random.normal(0.7, 0.5, 40).tolist()
    roles = (Role.AGENT, Role.CUSTOMER)
    responses = tuple(Response(roles[n % 2], n, latency) for n, latency in enumerate(latencies))
    shares = tuple(TalkShare(role, 60.0, 0.5) for role in roles)
    return documents.encode_signals(Signals(silences, (), responses, (), shares, last_speaker=Role.AGENT))


def _judge(database: Database, random: Random) -> None:
    """Reviewers finish all picks: verdicts on what rules hit, some misses, some cards, some words taken back."""
    hit = select(rule_results.c.recording_id, rule_results.c.rule_id).where(
        rule_results.c.recording_id.in_(select(picks.c.recording_id)), rule_results.c.outcome == "hit"
    )
    with database.reading() as connection:
        ids = list(connection.execute(select(picks.c.recording_id).distinct().order_by(picks.c.recording_id)).scalars())
        hits: dict[str, list[str]] = {}
        for one, rule in connection.execute(hit):
            hits.setdefault(one, []).append(rule)
    columns = ["id", "recording_id", "kind", "account_id", "at", "key", "rule_id", "outcome", "run_id", "verdict"]
    columns += ["start_s", "card", "item", "value", "undoes"]
    with database.writing() as connection:
        write(connection, reviews, columns, _entries(random, ids, hits))
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT setval('reviews_id_seq', (SELECT max(id) FROM reviews))"))
        done = "done = true, done_by = 1, done_at = :at, wanted = true"
        chosen = "recording_id IN (SELECT recording_id FROM picks)"
        connection.execute(text(f"UPDATE review_items SET {done} WHERE {chosen}"), {"at": stamp(NOW)})


def _entries(random: Random, ids: Sequence[str], hits: dict[str, list[str]]) -> Iterator[Row]:
    numbers, card = count(1), load_default_card()
    said = {item.id: [answer.value for answer in item.answers] for item in card.items}
    at = stamp(NOW)
    for one in ids:
        account = int(random.integers(1, len(REVIEWERS) + 1))

        def entry(
            kind: str, rule: object = None, outcome: object = None, verdict: object = None, *rest: object,
            one: str = one, account: int = account,
        ) -> Row:  # fmt: skip
            number = next(numbers)
            more = (*rest, None, None, None, None, None)[:5]
            return (number, one, kind, account, at, f"k{number}", rule, outcome, RUN, verdict, *more)

        for rule in hits.get(one, ()):
            verdict = "confirmed" if random.random() < 0.75 else "rejected" if random.random() < 0.8 else "unsure"
            if random.random() < UNDONE:
                first = entry("verdict", rule, "hit", "unsure")
                yield first
                yield entry("undo", None, None, None, None, None, None, None, first[0])
            yield entry("verdict", rule, "hit", verdict)
        if random.random() < MISSED:
            yield entry("verdict", "closing-missing", "clear", "missed", 12.5)
        if random.random() < SCORED:
            for item, answers in said.items():
                value = str(random.choice(answers))
                yield entry("score", None, None, None, None, f"{card.id}@{card.version}", item, value)
        if random.random() < EXAMPLES:
            yield entry("example", None, None, None, 3.0, None, None, "good")
        yield entry("finished")

"""What is older than the rules allow, and deleting it, one call at a time."""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, delete, false, func, or_, select

from pipeline.domain.errors import ConfigError
from pipeline.domain.retention import DataClass, RetentionRules, in_letters
from pipeline.store.database import Database
from pipeline.store.holds import is_held
from pipeline.store.keeping import TABLES, Counts, Reason, delete_recorded, has_words, record, scrub
from pipeline.store.ledger import clock_s
from pipeline.store.recordings import State
from pipeline.store.retention_tables import deletions
from pipeline.store.review_tables import audit
from pipeline.store.tables import files, ledger, recordings

PAGE = 500
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""A call that began earlier has no true start: it counts from when it was registered."""
LONGEST_QUIET = timedelta(days=14)
"""Where nothing was written for longer than this, the clock may have jumped: nothing is deleted."""
LATEST_AHEAD = timedelta(hours=12)
"""An entry further in the future than this tells that the clock has been wrong."""
AT_REST = (State.DONE, State.QUARANTINED)
"""Only recordings in these states, or none, are touched: others are being processed, or wait for it."""
RUN = "run"
"""Stands as class in the entry that a run of the rules leaves, whatever it deleted."""


@dataclass(frozen=True, slots=True)
class DueCall:
    """A call of which something is older than the rules allow."""

    recording_id: str
    rules: Mapping[DataClass, str]
    """What is to go, and the rule that says so, such as ``default: 30 days``; in the order of deleting."""


@dataclass(frozen=True, slots=True)
class DuePlan:
    """All that the rules would delete at one moment."""

    today: datetime
    """Days are counted back from here: midnight, UTC."""
    digest: str
    """Changes when anything else would be deleted."""
    calls: int
    counts: Mapping[tuple[DataClass, str], int]
    """Calls (of the audit log entries) by class and rule."""
    held: int
    """Calls that are due and under a legal hold."""
    busy: tuple[str, ...]
    """Recording ids that are due and were not processed yet, the first of them."""


def check_clock(connection: Connection) -> datetime:
    """Now, by the clock that all runs share.

    Raises:
        ConfigError: the newest entries say that it has jumped.
    """
    now = datetime.fromtimestamp(clock_s(connection), UTC)
    columns = (recordings.c.added_at, ledger.c.updated_at, audit.c.at, deletions.c.at)
    known = [moment for column in columns if (moment := connection.execute(select(func.max(column))).scalar())]
    newest = max(known, default=now)
    if now - newest > LONGEST_QUIET:
        problem = (
            f"nothing was written for {(now - newest).days} days, the last entry is of {newest:%Y-%m-%d %H:%M} UTC"
        )
    elif newest - now > LATEST_AHEAD:
        problem = f"the newest entry is of {newest:%Y-%m-%d %H:%M} UTC, which is still to come"
    else:
        return now
    raise ConfigError(
        f"nothing is deleted: the clock says {now:%Y-%m-%d %H:%M} UTC, and {problem}. Look at the clock; if it is"
        " right, say so with --trust-clock"
    )


def plan_due(database: Database, rules: RetentionRules, *, trust_clock: bool = False) -> DuePlan:
    """What the rules would delete now. Raises: ConfigError, the clock may have jumped."""
    with database.reading() as connection:
        now = datetime.fromtimestamp(clock_s(connection), UTC) if trust_clock else check_clock(connection)
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        due = or_(false(), *_due(rules, today).values())
        held = connection.execute(select(func.count()).select_from(recordings).where(due, is_held())).scalar_one()
        busy = select(recordings.c.id).where(due, ~is_held(), ~_at_rest()).order_by(recordings.c.id).limit(PAGE)
        busy_ids = tuple(connection.scalars(busy))
        entries = _old_entries(connection, rules, today)
    digest = hashlib.sha256(f"{today:%F} {rules.digest}\n".encode())
    counts: Counter[tuple[DataClass, str]] = Counter()
    calls = 0
    for call in due_calls(database, rules, today):
        calls += 1
        counts.update(call.rules.items())
        digest.update(f"{call.recording_id} {','.join(call.rules)}\n".encode())
    if entries:
        counts[DataClass.AUDIT, rule_of(rules, DataClass.AUDIT, None)] = entries
    digest.update(f"audit {entries}\n".encode())
    return DuePlan(today, in_letters(digest.hexdigest()[:16]), calls, counts, held, busy_ids)


def due_calls(database: Database, rules: RetentionRules, today: datetime) -> Iterator[DueCall]:
    """The calls that are due, by recording id, a page at a time."""
    last = ""
    while True:
        with database.reading() as connection:
            rows = connection.execute(_page(rules, today).where(recordings.c.id > last)).all()
        yield from (_due_call(row, rules) for row in rows)
        if len(rows) < PAGE:
            return
        last = rows[-1].id


def rule_of(rules: RetentionRules, data_class: DataClass, queue: str | None) -> str:
    """How the record names the rule: ``default: 30 days``. A name of a queue stands there as it is in the file."""
    named = queue is not None and data_class in rules.queues.get(queue, {})
    return f"{f'queue {queue}' if named else 'default'}: {rules.days(data_class, queue)} days"


def _page(rules: RetentionRules, today: datetime) -> Select[Any]:
    due = _due(rules, today)
    flags = [case((condition, 1), else_=0).label(data_class.value) for data_class, condition in due.items()]
    query = select(recordings.c.id, recordings.c.queue, *flags)
    return query.where(or_(false(), *due.values()), ~is_held(), _at_rest()).order_by(recordings.c.id).limit(PAGE)


def _due_call(row: Row[Any], rules: RetentionRules) -> DueCall:
    named = {one: rule_of(rules, one, row.queue) for one in DataClass if row._mapping.get(one.value)}
    return DueCall(row.id, named)


def _due(rules: RetentionRules, today: datetime) -> dict[DataClass, ColumnElement[bool]]:
    """For each class whether a row of ``recordings`` has something of it that is too old."""
    found: dict[DataClass, ColumnElement[bool]] = {}
    for data_class in DataClass:
        if data_class is not DataClass.AUDIT:
            old = _too_old(rules, data_class, today)
            if old is not None:
                found[data_class] = and_(old, _holds_any(data_class))
    if DataClass.DETAILS in found:
        # As long as there is a file, its place has to be known: else nobody could delete it.
        gone = ~select(files.c.uri).where(files.c.recording_id == recordings.c.id).exists()
        found[DataClass.DETAILS] = and_(found[DataClass.DETAILS], or_(gone, found.get(DataClass.AUDIO, false())))
    return found


def _too_old(rules: RetentionRules, data_class: DataClass, today: datetime) -> ColumnElement[bool] | None:
    born = case(
        (recordings.c.started_at >= EARLIEST, recordings.c.started_at),
        else_=recordings.c.added_at,
    )
    own = {queue: days[data_class] for queue, days in rules.queues.items() if data_class in days}
    ways = [
        and_(recordings.c.queue == queue, born < today - timedelta(days=days))
        for queue, days in own.items()
        if days is not None
    ]
    days = rules.default.get(data_class)
    if days is not None:
        others = or_(recordings.c.queue.is_(None), recordings.c.queue.not_in(list(own)))
        ways.append(and_(others, born < today - timedelta(days=days)))
    return or_(*ways) if ways else None


def _holds_any(data_class: DataClass) -> ColumnElement[bool]:
    if data_class is DataClass.DETAILS:
        return has_words(recordings)
    ways = []
    for table in TABLES[data_class]:
        mine = select(table.c.recording_id).where(table.c.recording_id == recordings.c.id).correlate(recordings)
        ways.append(mine.where(has_words(table)).exists())
    return or_(*ways)


def _at_rest() -> ColumnElement[bool]:
    busy = select(ledger.c.recording_id).where(ledger.c.recording_id == recordings.c.id, ledger.c.state.not_in(AT_REST))
    return ~busy.correlate(recordings).exists()


def _audit_before(rules: RetentionRules, today: datetime) -> datetime | None:
    days = rules.days(DataClass.AUDIT, None)
    return None if days is None else today - timedelta(days=days)


def _is_old_entry(before: datetime) -> ColumnElement[bool]:
    held = select(recordings.c.id).where(recordings.c.id == audit.c.recording_id, is_held()).correlate(audit)
    return and_(audit.c.at < before, ~held.exists())


def _old_entries(connection: Connection, rules: RetentionRules, today: datetime) -> int:
    before = _audit_before(rules, today)
    if before is None:
        return 0
    return connection.execute(select(func.count()).select_from(audit).where(_is_old_entry(before))).scalar_one()


RemoveFiles = Callable[[], Collection[str]]
"""Deletes the files of a recording that were found to be it, and returns the places where nothing lies any more."""


def delete_due(database: Database, call: DueCall, *, by: str, remove: RemoveFiles) -> Mapping[DataClass, Counts] | None:
    """Deletes what is due of a call, files included, and leaves a record of it, in one transaction.

    Returns what was deleted, nothing where another run was faster; ``None`` where the call has been put under a hold,
    or into the hands of a run, meanwhile.
    """
    done: dict[DataClass, Counts] = {}
    with database.writing() as connection:
        scrub(connection)
        if not _may_go(connection, call.recording_id):
            return None
        for data_class, rule in call.rules.items():
            if data_class is DataClass.DETAILS and _has_files(connection, call.recording_id):
                continue
            places = remove() if data_class is DataClass.AUDIO else ()
            reason = Reason(by, rule)
            counts = delete_recorded(connection, call.recording_id, data_class, reason, places=places)
            if counts:
                done[data_class] = counts
    return done


def _may_go(connection: Connection, recording_id: str) -> bool:
    # Locked in this order, here and in erasing: the recording, then its place in the ledger.
    mine = select(recordings.c.id).where(recordings.c.id == recording_id)
    if connection.execute(mine.with_for_update()).first() is None:
        return False
    state = select(ledger.c.state).where(ledger.c.recording_id == recording_id).with_for_update()
    if connection.execute(state).scalar() not in (None, *AT_REST):
        return False
    return connection.execute(mine.where(is_held())).first() is None


def _has_files(connection: Connection, recording_id: str) -> bool:
    return connection.execute(select(files.c.uri).where(files.c.recording_id == recording_id)).first() is not None


def shorten_audit(database: Database, rules: RetentionRules, plan: DuePlan, *, by: str) -> int:
    """Deletes old entries of the audit log, but not those about a call under a hold; returns how many."""
    before = _audit_before(rules, plan.today)
    if before is None:
        return 0
    with database.writing() as connection:
        entries = _old_entries(connection, rules, plan.today)
        if entries:
            reason = Reason(by, rule_of(rules, DataClass.AUDIT, None))
            record(connection, reason, DataClass.AUDIT.value, {audit.name: entries}, before=before)
            connection.execute(delete(audit).where(_is_old_entry(before)))
    return entries


def note_run(database: Database, plan: DuePlan, *, by: str, calls: int) -> None:
    """Records that the rules were run, even where nothing was due: the next run knows that the clock went on."""
    with database.writing() as connection:
        record(connection, Reason(by, f"plan {plan.digest}"), RUN, {"calls": calls})

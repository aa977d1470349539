"""Masking what earlier versions stored in the open: reading it, and putting what is masked in its place."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, func, or_, select, text, update

from pipeline.domain.calls import Transcript, Turn
from pipeline.domain.originals import Sealed
from pipeline.domain.personal import shown
from pipeline.domain.results import Findings
from pipeline.store import documents
from pipeline.store.alerts import alerts
from pipeline.store.database import Database
from pipeline.store.originals import keep_original, replace_original
from pipeline.store.report_columns import read_columns
from pipeline.store.results import StoredCall, calls_where
from pipeline.store.review_tables import appeals, reviews
from pipeline.store.search import forget_call, index_call
from pipeline.store.tables import evidence, ledger, predictions, recordings, rule_results, transcripts
from pipeline.text.written_numbers import is_personal, masked_cells, masked_line

Mask = Callable[[str], str]
PAGE = 200
TYPED: tuple[tuple[Table, tuple[str, ...]], ...] = ((reviews, ("quote", "text")), (appeals, ("reason", "answer")))
"""What people typed or quoted, by table; each has a key ``id``."""
_REWRITTEN = (
    *("transcripts", "evidence", "rule_results", "predictions", "reviews", "appeals", "alerts", "recordings", "files"),
    *("ledger", "search_text", "search_documents"),
)


@dataclass(frozen=True, slots=True)
class ProtectedCall:
    """A call as it is to be stored from now on."""

    before: StoredCall
    transcript: Transcript
    findings: Findings
    """Every outcome that was not clear, in the order of the call before."""
    original: Sealed | None
    replaces: Sealed | None
    """What was kept of the original before."""
    masking: int
    words: Mask
    """Masks what people said of the call."""


def count_unmasked(database: Database) -> int:
    """How many transcripts an earlier version stored as they were spoken."""
    query = select(func.count()).select_from(transcripts).where(transcripts.c.masking.is_(None))
    with database.reading() as connection:
        return connection.execute(query).scalar_one()


def count_masked_before(database: Database, masking: int) -> int:
    """How many transcripts were masked by less than ``masking``."""
    query = select(func.count()).select_from(transcripts).where(transcripts.c.masking < masking)
    with database.reading() as connection:
        return connection.execute(query).scalar_one()


def calls_to_mask(database: Database, masking: int, *, limit: int) -> list[StoredCall]:
    """Calls whose transcripts were stored as they were spoken, or masked by less than ``masking``, by recording id."""
    return calls_where(database, _less_than(masking), limit=limit)


def _less_than(masking: int) -> ColumnElement[bool]:
    return or_(transcripts.c.masking.is_(None), transcripts.c.masking < masking)


def save_protected(database: Database, calls: Sequence[ProtectedCall]) -> None:
    """Puts masked calls in the place of open ones, in one transaction. One that a run stored meanwhile stays."""
    with database.writing() as connection, _changeable(connection, reviews):
        for call in calls:
            _save(connection, call)


def _save(connection: Connection, call: ProtectedCall) -> None:
    recording_id = call.before.recording.id
    values = {"turns": documents.encode_turns(call.transcript.turns), "masking": call.masking}
    mine = (transcripts.c.recording_id == recording_id, _less_than(call.masking))
    if not connection.execute(update(transcripts).where(*mine).values(values)).rowcount:
        return
    if call.replaces is not None:
        replace_original(connection, recording_id, call.replaces, call.original)
    else:
        keep_original(connection, recording_id, call.original)
    _index(connection, recording_id, call.before.call.transcript.turns, call.transcript.turns)
    _save_findings(connection, recording_id, call.findings)
    for table, columns in TYPED:
        _mask_typed(connection, table, columns, call.words, recording_id=recording_id)
    for row in connection.execute(select(alerts.c.id, alerts.c.body).where(alerts.c.recording_id == recording_id)):
        connection.execute(update(alerts).where(alerts.c.id == row.id).values(body=shown(call.words(row.body))))


def _index(connection: Connection, recording_id: str, before: Sequence[Turn], after: Sequence[Turn]) -> None:
    forget_call(connection, recording_id, before)
    index_call(connection, recording_id, after)


def _save_findings(connection: Connection, recording_id: str, findings: Findings) -> None:
    for result in findings.results:
        here = (rule_results.c.recording_id == recording_id, rule_results.c.rule_id == result.rule_id)
        why = {"explanation_zh": result.explanation.zh, "explanation_en": result.explanation.en}
        connection.execute(update(rule_results).where(*here).values(why))
        for position, piece in enumerate(result.evidence):
            row = (evidence.c.recording_id == recording_id, evidence.c.rule_id == result.rule_id)
            changed = update(evidence).where(*row, evidence.c.position == position).values(quote=piece.quote)
            connection.execute(changed)
    if findings.predictions is not None:
        document = documents.encode_predictions(findings.predictions)
        connection.execute(
            update(predictions).where(predictions.c.recording_id == recording_id).values(document=document)
        )


def mask_typed(database: Database, mask: Mask) -> int:
    """Masks what people typed, wherever that is; returns how many rows changed. Safe to do again."""
    changed = 0
    with database.writing() as connection, _changeable(connection, reviews):
        for table, columns in TYPED:
            changed += _mask_typed(connection, table, columns, mask)
    return changed


def _mask_typed(
    connection: Connection, table: Table, columns: Sequence[str], mask: Mask, *, recording_id: str | None = None
) -> int:
    query = select(table.c.id, *(table.c[name] for name in columns))
    if recording_id is not None:
        query = query.where(table.c.recording_id == recording_id)
    changed = 0
    for row in connection.execute(query).mappings().all():
        masked = {name: mask(row[name]) for name in columns if row[name]}
        values = {name: said for name, said in masked.items() if said != row[name]}
        if values:
            connection.execute(update(table).where(table.c.id == row["id"]).values(values))
            changed += 1
    return changed


def mask_described(database: Database, pseudonym: Mask | None, called: Callable[[str, str], str]) -> int:
    """Masks names, metadata and messages of recordings; returns how many changed. Safe to do again.

    Args:
        database: where.
        pseudonym: makes what stands for a customer's number; without it such numbers are dropped.
        called: what a call is known by, of its name and its recording's id.
    """
    changed, last = 0, ""
    columns = (recordings.c.id, recordings.c.name, recordings.c.customer_id, recordings.c.extra, ledger.c.message)
    query = select(*columns).outerjoin(ledger, ledger.c.recording_id == recordings.c.id).order_by(recordings.c.id)
    while True:
        with database.writing() as connection:
            rows = connection.execute(query.where(recordings.c.id > last).limit(PAGE)).all()
            for row in rows:
                customer = row.customer_id
                if customer and is_personal(customer):
                    customer = pseudonym(customer) if pseudonym else None
                extra = masked_cells(row.extra)
                values = {"name": called(row.name, row.id), "customer_id": customer, "extra": extra}
                message = masked_line(row.message) if row.message else row.message
                if message != row.message:
                    connection.execute(update(ledger).where(ledger.c.recording_id == row.id).values(message=message))
                if any(getattr(row, name) != value for name, value in values.items()):
                    connection.execute(
                        update(recordings).where(recordings.c.id == row.id).values({**values, **read_columns(extra)})
                    )
                    changed += 1
        if len(rows) < PAGE:
            return changed
        last = rows[-1].id


@contextmanager
def _changeable(connection: Connection, table: Table) -> Iterator[None]:
    """Within the caller's transaction the table's rows may be changed, though a trigger refuses that to all others."""
    name = f"{table.name}_no_update"
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"ALTER TABLE {table.name} DISABLE TRIGGER {name}"))
        yield
        connection.execute(text(f"ALTER TABLE {table.name} ENABLE TRIGGER {name}"))
        return
    query = text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name")
    made = connection.execute(query, {"name": name}).scalar_one()
    connection.execute(text(f"DROP TRIGGER {name}"))
    yield
    connection.exec_driver_sql(made)


def wipe_remains(database: Database) -> None:
    """Rewrites the database, so that pages which held open rows hold them no more. Takes its size in room and time."""
    with database.alone() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("INSERT INTO search_text (search_text) VALUES ('optimize')"))
            connection.execute(text("VACUUM"))
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        else:
            for table in _REWRITTEN:
                connection.execute(text(f"VACUUM FULL {table}"))

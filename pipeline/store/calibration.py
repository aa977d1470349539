"""Calibration sessions: begun, judged blind, closed. What is said in one is kept apart from reviews."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, null, select, update
from sqlalchemy.exc import IntegrityError

from pipeline.domain.accounts import Account
from pipeline.domain.calibration import Calibration, CalibrationFault, CalibrationRefusedError, Judge
from pipeline.domain.results import BilingualText, RuleStatus
from pipeline.domain.reviews import NewReview, Review, ReviewKind, in_force
from pipeline.store.accounts import audit_in
from pipeline.store.calibration_tables import (
    calibration_calls,
    calibration_entries,
    calibration_judges,
    calibrations,
)
from pipeline.store.database import Database
from pipeline.store.review_tables import accounts
from pipeline.store.reviews import outcome_of, review_of, row_of
from pipeline.store.tables import evaluations, pack_rules, rule_results, runs


@dataclass(frozen=True, slots=True)
class NewCalibration:
    """A session that is to begin."""

    name: str
    chosen: BilingualText
    calls: Sequence[str]
    judges: Collection[int]
    """Account ids."""
    rules: Sequence[str] | None = None
    card: str | None = None


def begin(database: Database, new: NewCalibration, *, now: datetime | None = None) -> int:
    """The number of the session, with its calls in their order. They must be there."""
    now = now or datetime.now(UTC)
    with database.writing() as connection:
        added = connection.execute(
            insert(calibrations).values(
                name=new.name,
                created_at=now,
                chosen_zh=new.chosen.zh,
                chosen_en=new.chosen.en,
                chosen_calls=len(new.calls),
                # A Python None would be stored as JSON's null, which is a value.
                rules=null() if new.rules is None else list(new.rules),
                card=new.card,
            )
        ).inserted_primary_key
        assert added is not None
        number = int(added[0])
        rows = [
            {"calibration_id": number, "recording_id": one, "position": at} for at, one in enumerate(new.calls, start=1)
        ]
        connection.execute(insert(calibration_calls), rows)
        _invite(connection, number, new.judges, now)
    return number


def _invite(connection: Connection, calibration_id: int, account_ids: Iterable[int], now: datetime) -> None:
    rows = [{"calibration_id": calibration_id, "account_id": one, "added_at": now} for one in sorted(account_ids)]
    if rows:
        connection.execute(insert(calibration_judges), rows)


def invite(database: Database, calibration_id: int, account_ids: Collection[int]) -> int:
    """Lets more people judge; returns how many were not in it before.

    Raises:
        CalibrationRefusedError: there is no such session, or it is closed.
    """
    with database.writing() as connection:
        _open_row(connection, calibration_id)
        known = select(calibration_judges.c.account_id).where(calibration_judges.c.calibration_id == calibration_id)
        fresh = set(account_ids) - set(connection.execute(known).scalars())
        _invite(connection, calibration_id, fresh, datetime.now(UTC))
    return len(fresh)


def close(database: Database, calibration_id: int, *, now: datetime | None = None) -> None:
    """Ends the judging: from then on nobody adds to it, and everybody in it sees what the others said.

    Raises:
        CalibrationRefusedError: there is no such session, or it is closed.
    """
    with database.writing() as connection:
        _open_row(connection, calibration_id)
        connection.execute(
            update(calibrations).where(calibrations.c.id == calibration_id).values(closed_at=now or datetime.now(UTC))
        )


def _open_row(connection: Connection, calibration_id: int) -> Row[Any]:
    row = connection.execute(
        select(calibrations).where(calibrations.c.id == calibration_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise CalibrationRefusedError(CalibrationFault.UNKNOWN)
    if row.closed_at is not None:
        raise CalibrationRefusedError(CalibrationFault.CLOSED)
    return row


def list_calibrations(database: Database, *, account_id: int | None = None) -> list[Calibration]:
    """Sessions, the newest first; those alone that the account judges in, where one is named."""
    query = select(calibrations).order_by(calibrations.c.id.desc())
    if account_id is not None:
        query = query.join(calibration_judges).where(calibration_judges.c.account_id == account_id)
    with database.reading() as connection:
        return _read(connection, query)


def find_calibration(database: Database, calibration_id: int) -> Calibration | None:
    """The session with this number; ``None`` where there is none."""
    with database.reading() as connection:
        return next(iter(_read(connection, select(calibrations).where(calibrations.c.id == calibration_id))), None)


def _read(connection: Connection, query: Select[Any]) -> list[Calibration]:
    rows = connection.execute(query).all()
    ids = [row.id for row in rows]
    calls: dict[int, list[str]] = {}
    in_order = (
        select(calibration_calls)
        .where(calibration_calls.c.calibration_id.in_(ids))
        .order_by(calibration_calls.c.calibration_id, calibration_calls.c.position)
    )
    for row in connection.execute(in_order):
        calls.setdefault(row.calibration_id, []).append(row.recording_id)
    judges: dict[int, list[Judge]] = {}
    finished = _finished(connection, ids)
    people = (
        select(calibration_judges.c.calibration_id, accounts.c.id, accounts.c.login, accounts.c.name)
        .join(accounts, accounts.c.id == calibration_judges.c.account_id)
        .where(calibration_judges.c.calibration_id.in_(ids))
        .order_by(accounts.c.name, accounts.c.id)
    )
    for row in connection.execute(people):
        done = len(finished.get((row.calibration_id, row.id), ()))
        judges.setdefault(row.calibration_id, []).append(Judge(row.id, row.login, row.name, done))
    return [
        Calibration(
            id=row.id,
            name=row.name,
            created_at=row.created_at,
            chosen=BilingualText(row.chosen_zh, row.chosen_en),
            rules=None if row.rules is None else tuple(row.rules),
            card=row.card,
            calls=tuple(calls.get(row.id, ())),
            deleted=row.chosen_calls - len(calls.get(row.id, ())),
            judges=tuple(judges.get(row.id, ())),
            closed_at=row.closed_at,
        )
        for row in rows
    ]


def _finished(connection: Connection, calibration_ids: Sequence[int]) -> dict[tuple[int, int], set[str]]:
    """Session and account → the calls that they are through with."""
    query = (
        select_entries()
        .where(
            calibration_entries.c.calibration_id.in_(calibration_ids),
            calibration_entries.c.kind.in_((ReviewKind.FINISHED.value, ReviewKind.UNDO.value)),
        )
        .order_by(calibration_entries.c.id)
    )
    said: dict[tuple[int, int], list[Review]] = {}
    for row in connection.execute(query).mappings():
        said.setdefault((row["calibration_id"], row["account_id"]), []).append(review_of(row))
    return {
        who: {one.said.recording_id for one in in_force(entries) if one.said.kind == ReviewKind.FINISHED}
        for who, entries in said.items()
    }


def finished_calls(database: Database, calibration_id: int, account_id: int) -> set[str]:
    """The calls of the session that the account is through with."""
    with database.reading() as connection:
        return _finished(connection, [calibration_id]).get((calibration_id, account_id), set())


def blind_session(database: Database, recording_id: str, account_id: int) -> int | None:
    """The open session in which the account judges the call, and so must not see what others say of it."""
    query = _blind(account_id).where(calibration_calls.c.recording_id == recording_id)
    with database.reading() as connection:
        found: int | None = connection.execute(query.with_only_columns(calibrations.c.id).limit(1)).scalar()
    return found


def blind_calls(database: Database, account_id: int) -> frozenset[str]:
    """Every call that the account judges in an open session."""
    with database.reading() as connection:
        found = connection.execute(_blind(account_id).with_only_columns(calibration_calls.c.recording_id)).scalars()
        return frozenset(found)


def _blind(account_id: int) -> Select[Any]:
    return (
        select(calibrations.c.id, calibration_calls.c.recording_id)
        .select_from(calibrations)
        .join(calibration_calls, calibration_calls.c.calibration_id == calibrations.c.id)
        .join(calibration_judges, calibration_judges.c.calibration_id == calibrations.c.id)
        .where(calibrations.c.closed_at.is_(None), calibration_judges.c.account_id == account_id)
        .order_by(calibrations.c.id)
    )


def select_entries() -> Select[Any]:
    """Entries with the name of who made them."""
    return select(calibration_entries, accounts.c.name.label("by")).join(
        accounts, accounts.c.id == calibration_entries.c.account_id
    )


def entries_of(database: Database, calibration_id: int, recording_id: str, account_id: int) -> tuple[Review, ...]:
    """What one person has said of a call in the session, oldest first."""
    query = select_entries().where(
        calibration_entries.c.calibration_id == calibration_id,
        calibration_entries.c.recording_id == recording_id,
        calibration_entries.c.account_id == account_id,
    )
    with database.reading() as connection:
        rows = connection.execute(query.order_by(calibration_entries.c.id)).mappings()
        return tuple(review_of(row) for row in rows)


def add_entry(
    database: Database, calibration_id: int, new: NewReview, account: Account, *, address: str = ""
) -> Review:
    """The entry as it was stored; where one with the same account and key is there already, that one.

    An entry that finishes the call holds, as its text, the rules that were clear then: not a word on them means that
    they are rightly so.

    Raises:
        CalibrationRefusedError: there is no such session or it is closed, the account does not judge in it, or it does
            not have the call.
    """
    sent_before = select_entries().where(
        calibration_entries.c.account_id == new.account_id, calibration_entries.c.key == new.key
    )
    with database.writing() as connection:
        known = connection.execute(sent_before).mappings().first()
        if known is not None:
            return review_of(known)
        session = _open_row(connection, calibration_id)
        _check_part(connection, calibration_id, new)
        outcome, run_id = outcome_of(connection, new)
        row: dict[str, object] = {**row_of(new), "at": datetime.now(UTC), "outcome": outcome, "run_id": run_id}
        if new.kind == ReviewKind.FINISHED:
            row["text"] = " ".join(_clear_rules(connection, new.recording_id, session.rules))
        try:
            with connection.begin_nested():
                added = connection.execute(
                    insert(calibration_entries).values({**row, "calibration_id": calibration_id})
                ).inserted_primary_key
        except IntegrityError:
            # The same, sent twice at once: PostgreSQL lets the second find out only here.
            return review_of(connection.execute(sent_before).mappings().one())
        detail = {"calibration": calibration_id, "kind": new.kind.value, "rule": new.rule_id}
        audit_in(
            connection,
            account=account,
            action="judge",
            recording_id=new.recording_id,
            detail={name: value for name, value in detail.items() if value is not None},
            address=address,
        )
        assert added is not None
        stored = select_entries().where(calibration_entries.c.id == added[0])
        return review_of(connection.execute(stored).mappings().one())


def _check_part(connection: Connection, calibration_id: int, new: NewReview) -> None:
    judging = select(calibration_judges.c.account_id).where(
        calibration_judges.c.calibration_id == calibration_id, calibration_judges.c.account_id == new.account_id
    )
    if connection.execute(judging).first() is None:
        raise CalibrationRefusedError(CalibrationFault.NOT_A_JUDGE)
    having = select(calibration_calls.c.recording_id).where(
        calibration_calls.c.calibration_id == calibration_id, calibration_calls.c.recording_id == new.recording_id
    )
    if connection.execute(having).first() is None:
        raise CalibrationRefusedError(CalibrationFault.NOT_IN_IT)


def _clear_rules(connection: Connection, recording_id: str, wanted: Sequence[str] | None) -> list[str]:
    """Rules of the session that ran on the call and found nothing."""
    said = select(rule_results.c.rule_id).where(rule_results.c.recording_id == recording_id)
    query = (
        select(pack_rules.c.rule_id)
        .join(runs, runs.c.pack_digest == pack_rules.c.pack_digest)
        .join(evaluations, evaluations.c.run_id == runs.c.id)
        .where(evaluations.c.recording_id == recording_id, pack_rules.c.rule_id.not_in(said))
        .order_by(pack_rules.c.rule_id)
    )
    if wanted is None:
        query = query.where(pack_rules.c.status == RuleStatus.ACTIVE.value)
    else:
        query = query.where(
            pack_rules.c.rule_id.in_(wanted), pack_rules.c.status.in_((RuleStatus.ACTIVE, RuleStatus.SHADOW))
        )
    return list(connection.execute(query).scalars())

"""Who is logged in, and who tried to: sessions are kept here, the browser holds only a random token."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update

from pipeline.domain.accounts import Account
from pipeline.domain.errors import StoreError
from pipeline.store.accounts import account_of, login_key
from pipeline.store.database import Database
from pipeline.store.review_tables import accounts, login_attempts, sessions

IDLE = timedelta(hours=12)
"""A session that was not used for this long has ended."""
LONGEST = timedelta(days=7)
"""A session has ended after this, used or not."""
_TOUCH = timedelta(minutes=5)
"""Use of a session is noted no more often: a page view should not have to wait for the database's writers."""

WINDOW = timedelta(minutes=15)
FAILURES_OF_LOGIN = 5
FAILURES_OF_ADDRESS = 20
_KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is logged in."""

    account: Account
    csrf: str
    """What a form has to send back, 64 hex digits."""


def open_session(database: Database, *, token_hash: str, csrf: str, account_id: int, address: str) -> None:
    """Stores a session that begins now; forgets those that have ended."""
    now = datetime.now(UTC)
    with database.writing() as connection:
        connection.execute(delete(sessions).where(_ended(now)))
        connection.execute(
            sessions.insert().values(
                token_hash=token_hash,
                account_id=account_id,
                csrf=csrf,
                created_at=now,
                seen_at=now,
                address=address[:60],
            )
        )


def find_session(database: Database, token_hash: str, *, now: datetime | None = None) -> Session | None:
    """The session; ``None`` where there is none, it has ended, or its account is shut out. Notes that it is used."""
    now = now or datetime.now(UTC)
    with database.reading() as connection:
        row = (
            connection.execute(
                select(accounts, sessions.c.csrf, sessions.c.seen_at)
                .join(sessions, sessions.c.account_id == accounts.c.id)
                .where(sessions.c.token_hash == token_hash, accounts.c.active, ~_ended(now))
            )
            .mappings()
            .first()
        )
    if row is None:
        return None
    if now - row["seen_at"] > _TOUCH:
        _touch(database, token_hash, now)
    return Session(account_of(row), row["csrf"])


def _touch(database: Database, token_hash: str, now: datetime) -> None:
    try:
        with database.writing() as connection:
            connection.execute(update(sessions).where(sessions.c.token_hash == token_hash).values(seen_at=now))
    except StoreError as error:
        # A batch is writing: whoever only reads is let through, and the next page view notes the use.
        if not error.passing:
            raise


def close_session(database: Database, token_hash: str) -> None:
    """Ends a session."""
    with database.writing() as connection:
        connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try to log in: where it has to wait, ``wait_s`` says how long, and it was not counted."""

    id: int | None
    wait_s: float = 0.0


def begin_attempt(database: Database, *, login: str, address: str, now: datetime | None = None) -> Attempt:
    """A try that counts as failed until it is said to have succeeded.

    It is counted before the password is looked at, so that many tries at once cannot slip through together.
    """
    now = now or datetime.now(UTC)
    login, address = login_key(login)[:200], address[:60]
    with database.writing() as connection:
        wait = max(
            _wait(connection, {"login": login}, FAILURES_OF_LOGIN, now),
            _wait(connection, {"address": address}, FAILURES_OF_ADDRESS, now),
        )
        if wait > timedelta(0):
            return Attempt(None, wait.total_seconds())
        connection.execute(delete(login_attempts).where(login_attempts.c.at < now - _KEPT))
        added = connection.execute(
            login_attempts.insert().values(login=login, address=address, at=now, succeeded=False)
        ).inserted_primary_key
        assert added is not None
        return Attempt(added[0])


def attempt_succeeded(database: Database, attempt: Attempt) -> None:
    """Notes that a try was the right one: failures of that login before it no longer count."""
    with database.writing() as connection:
        connection.execute(update(login_attempts).where(login_attempts.c.id == attempt.id).values(succeeded=True))


def _wait(connection: Connection, of: Mapping[str, str], limit: int, now: datetime) -> timedelta:
    """How long until fewer than ``limit`` failures lie in the window."""
    same = and_(*(login_attempts.c[name] == value for name, value in of.items()))
    since = now - WINDOW
    if "login" in of:
        # Not so for an address: whoever has one account could then guess at others for ever.
        last = connection.execute(
            select(func.max(login_attempts.c.at)).where(same, login_attempts.c.succeeded)
        ).scalar()
        since = max(since, last) if last else since
    failures = connection.execute(
        select(login_attempts.c.at)
        .where(same, ~login_attempts.c.succeeded, login_attempts.c.at > since)
        .order_by(login_attempts.c.at.desc())
        .limit(limit)
    ).scalars()
    times = list(failures)
    return times[-1] + WINDOW - now if len(times) == limit else timedelta(0)


def _ended(now: datetime) -> ColumnElement[bool]:
    return or_(sessions.c.seen_at < now - IDLE, sessions.c.created_at < now - LONGEST)

"""Accounts of the review desk, and the record of what each did."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from pipeline.domain.accounts import Account, AccountRole
from pipeline.domain.errors import ConfigError
from pipeline.store.database import Database
from pipeline.store.review_tables import accounts, sessions
from pipeline.store.review_tables import audit as audit_table

_ACCOUNT = [column for column in accounts.c if column.name != "password_hash"]
_ADDRESS_CHARS = 60
_LOGIN_CHARS = 200


def login_key(login: str) -> str:
    """A login as it is stored and looked up: full-width and capital letters, which an input method may send, do not
    make another one.

    >>> login_key(" Ｌin.Xiaoyan ")
    'lin.xiaoyan'
    """
    return unicodedata.normalize("NFKC", login).strip().casefold()


def add_account(
    database: Database,
    *,
    login: str,
    name: str,
    role: AccountRole,
    password_hash: str,
    agent: str | None = None,
    team: str | None = None,
    language: str = "zh",
) -> Account:
    """The account as it was made.

    Raises:
        ConfigError: the login is taken.
    """
    row = {
        "login": login_key(login),
        "name": name,
        "role": role.value,
        "agent": agent,
        "team": team,
        "password_hash": password_hash,
        "active": True,
        "language": language,
        "created_at": datetime.now(UTC),
    }
    with database.writing() as connection:
        try:
            with connection.begin_nested():
                added = connection.execute(accounts.insert().values(row)).inserted_primary_key
        except IntegrityError as error:
            raise ConfigError(f"there is an account {login!r} already: `earmark users list` shows all") from error
        assert added is not None
        return _account(connection.execute(select(*_ACCOUNT).where(accounts.c.id == added[0])).mappings().one())


def all_accounts(database: Database) -> list[Account]:
    """Every account, by login."""
    with database.reading() as connection:
        return [_account(row) for row in connection.execute(select(*_ACCOUNT).order_by(accounts.c.login)).mappings()]


def find_account(database: Database, login: str) -> tuple[Account, str] | None:
    """The account of a login and its password hash; ``None`` where there is none."""
    with database.reading() as connection:
        row = connection.execute(select(accounts).where(accounts.c.login == login_key(login))).mappings().first()
    return None if row is None else (_account(row), row["password_hash"])


def account_of(row: RowMapping) -> Account:
    """The account in a row that holds the columns of accounts."""
    return _account(row)


def count_active(database: Database) -> int:
    """How many accounts can log in."""
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(accounts).where(accounts.c.active)).scalar_one()


def set_active(database: Database, login: str, *, active: bool) -> None:
    """Lets an account log in, or shuts it out and ends its sessions. Raises: ConfigError, no such account."""
    _change(database, login, {"active": active}, end_sessions=not active)


def set_password(database: Database, login: str, password_hash: str) -> None:
    """Gives an account a new password and ends its sessions. Raises: ConfigError, no such account."""
    _change(database, login, {"password_hash": password_hash}, end_sessions=True)


def set_role(
    database: Database, login: str, role: AccountRole, *, agent: str | None = None, team: str | None = None
) -> None:
    """Gives an account another role and ends its sessions. Raises: ConfigError, no such account."""
    _change(database, login, {"role": role.value, "agent": agent, "team": team}, end_sessions=True)


def set_language(database: Database, account_id: int, language: str) -> None:
    """Stores in which language an account reads the pages."""
    with database.writing() as connection:
        connection.execute(update(accounts).where(accounts.c.id == account_id).values(language=language))


def renew_hash(database: Database, account_id: int, password_hash: str) -> None:
    """Stores the same password hashed anew, when the hash's parameters have become stronger."""
    with database.writing() as connection:
        connection.execute(update(accounts).where(accounts.c.id == account_id).values(password_hash=password_hash))


def audit(
    database: Database,
    *,
    account: Account | None,
    action: str,
    recording_id: str | None = None,
    detail: Mapping[str, object] | None = None,
    address: str = "",
    login: str | None = None,
) -> None:
    """Notes who did what; nothing can change or delete the note.

    Args:
        account: who; ``None`` where nobody was logged in.
        action: ``login``, ``login_failed``, ``logout``, ``open``, ``hear``, ``judge``, ``assign``, ``appeal``,
            ``decide``, ``export``, ``search``, ``action``, ``unmask`` or ``account``.
        detail: counts, ids and choices as JSON; never text of a call and never a password.
        login: what was typed as login, where there is no account.
    """
    with database.writing() as connection:
        audit_in(
            connection,
            account=account,
            action=action,
            recording_id=recording_id,
            detail=detail,
            address=address,
            login=login,
        )


def audit_in(
    connection: Connection,
    *,
    account: Account | None,
    action: str,
    recording_id: str | None = None,
    detail: Mapping[str, object] | None = None,
    address: str = "",
    login: str | None = None,
) -> None:
    """As `audit`, in a transaction that is under way: the deed and its note are stored together or not at all."""
    connection.execute(
        audit_table.insert().values(
            at=datetime.now(UTC),
            account_id=account.id if account else None,
            login=(account.login if account else login or "")[:_LOGIN_CHARS],
            action=action,
            recording_id=recording_id,
            detail=dict(detail or {}),
            address=address[:_ADDRESS_CHARS],
        )
    )


def _change(database: Database, login: str, values: Mapping[str, Any], *, end_sessions: bool) -> None:
    with database.writing() as connection:
        account_id = connection.execute(select(accounts.c.id).where(accounts.c.login == login_key(login))).scalar()
        if account_id is None:
            raise ConfigError(f"there is no account {login!r}: `earmark users list` shows all")
        connection.execute(update(accounts).where(accounts.c.id == account_id).values(**values))
        if end_sessions:
            connection.execute(delete(sessions).where(sessions.c.account_id == account_id))


def _account(row: RowMapping) -> Account:
    return Account(
        row["id"],
        row["login"],
        row["name"],
        AccountRole(row["role"]),
        row["agent"],
        row["team"],
        row["active"],
        row["language"],
    )

"""Reading the record of who did what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from pipeline.store.database import Database
from pipeline.store.review_tables import accounts, audit


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries to list; an empty field does not restrict."""

    login: str = ""
    action: str = ""
    recording_id: str = ""
    """Whole, or its first characters."""
    before: int | None = None
    """Only entries with a smaller id: the next page."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Something that somebody did."""

    id: int
    at: datetime
    login: str
    name: str | None
    """``None`` where no account was logged in."""
    action: str
    recording_id: str | None
    detail: dict[str, Any]
    address: str


def audit_entries(database: Database, wanted: AuditFilter, *, limit: int = 100) -> Sequence[AuditEntry]:
    """The newest entries, newest first."""
    query = select(audit, accounts.c.name).outerjoin(accounts, accounts.c.id == audit.c.account_id)
    if wanted.login:
        query = query.where(audit.c.login == wanted.login)
    if wanted.action:
        query = query.where(audit.c.action == wanted.action)
    if wanted.recording_id:
        query = query.where(audit.c.recording_id.startswith(wanted.recording_id, autoescape=True))
    if wanted.before is not None:
        query = query.where(audit.c.id < wanted.before)
    with database.reading() as connection:
        rows = connection.execute(query.order_by(audit.c.id.desc()).limit(limit)).mappings()
        return [
            AuditEntry(
                row["id"],
                row["at"],
                row["login"],
                row["name"],
                row["action"],
                row["recording_id"],
                row["detail"],
                row["address"],
            )
            for row in rows
        ]

"""Reading the record of who did what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select

from pipeline.store.appeals import appeal_waits
from pipeline.store.database import Database
from pipeline.store.review_tables import accounts, audit

NAMES_WHO_JUDGED = ("judge", "open", "hear")
"""Actions that are shown without who did them while an appeal about the call waits."""


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
    """Empty, as are name and address, where an appeal about the call waits and this would tell who judged it."""
    name: str | None
    """``None`` where no account was logged in."""
    action: str
    recording_id: str | None
    detail: dict[str, Any]
    address: str


def audit_entries(database: Database, wanted: AuditFilter, *, limit: int = 100) -> Sequence[AuditEntry]:
    """The newest entries, newest first."""
    # Whoever decides an appeal may read this too, and is not to know who judged.
    hidden = and_(audit.c.action.in_(NAMES_WHO_JUDGED), appeal_waits(audit.c.recording_id))
    query = select(audit, accounts.c.name, hidden.label("hidden")).outerjoin(
        accounts, accounts.c.id == audit.c.account_id
    )
    if wanted.login:
        query = query.where(audit.c.login == wanted.login, ~hidden)
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
                "" if row["hidden"] else row["login"],
                None if row["hidden"] else row["name"],
                row["action"],
                row["recording_id"],
                row["detail"],
                "" if row["hidden"] else row["address"],
            )
            for row in rows
        ]

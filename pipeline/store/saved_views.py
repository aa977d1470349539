"""Filters that somebody keeps under a name, and what the sidebar says of the last batch."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, delete, func, select, update

from pipeline.domain.errors import StoreError
from pipeline.store.database import Database
from pipeline.store.recordings import State
from pipeline.store.review_tables import appeals, saved_views
from pipeline.store.tables import evaluations, ledger, pack_rules, runs

MOST_VIEWS = 30
"""Views that one account may keep; a list that is longer is no help."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """A filter with a name; ``query`` is what stands behind the ``?`` of its address."""

    id: int
    name: str
    query: str


@dataclass(frozen=True, slots=True)
class Batch:
    """The last run that came to its end; counts are recordings."""

    finished_at: datetime
    recordings: int
    failed: int
    flagged: int
    """With a hit of an active rule."""
    pack_digest: str
    rules: int


def views_of(database: Database, account_id: int) -> list[SavedView]:
    """The views of the account, the oldest first."""
    query = select(saved_views).where(saved_views.c.account_id == account_id).order_by(saved_views.c.id)
    with database.reading() as connection:
        return [SavedView(row.id, row.name, row.query) for row in connection.execute(query)]


def save_view(database: Database, account_id: int, name: str, query: str) -> SavedView:
    """The view, stored; one of the same name is replaced. Raises: StoreError where the account has too many."""
    own = saved_views.c.account_id == account_id
    with database.writing() as connection:
        known = connection.execute(select(saved_views.c.id).where(own, saved_views.c.name == name)).scalar()
        if known is not None:
            connection.execute(update(saved_views).where(saved_views.c.id == known).values(query=query))
            return SavedView(known, name, query)
        count = connection.execute(select(func.count()).select_from(saved_views).where(own)).scalar_one()
        if count >= MOST_VIEWS:
            raise StoreError(f"an account keeps {MOST_VIEWS} views: remove one first")
        added = connection.execute(saved_views.insert().values(account_id=account_id, name=name, query=query))
        assert added.inserted_primary_key is not None
        return SavedView(added.inserted_primary_key[0], name, query)


def remove_view(database: Database, account_id: int, view_id: int) -> bool:
    """Removes a view of the account; False where it has none of that id."""
    with database.writing() as connection:
        removed = connection.execute(
            delete(saved_views).where(saved_views.c.id == view_id, saved_views.c.account_id == account_id)
        )
    return removed.rowcount > 0


def undecided_appeals(database: Database) -> int:
    """How many appeals wait for somebody to decide."""
    with database.reading() as connection:
        query = select(func.count()).select_from(appeals).where(appeals.c.decided_at.is_(None))
        return connection.execute(query).scalar_one()


def last_batch(database: Database) -> Batch | None:
    """The last batch that came to its end; ``None`` before the first."""
    last = (
        select(runs.c.id, runs.c.finished_at, runs.c.pack_digest)
        .where(runs.c.command == "run", runs.c.finished_at.is_not(None))
        .order_by(runs.c.finished_at.desc())
        .limit(1)
    )
    lost = ledger.c.state.in_((State.FAILED, State.QUARANTINED))
    with database.reading() as connection:
        run = connection.execute(last).first()
        if run is None:
            return None
        counted = connection.execute(
            select(func.count(), func.sum(case((lost, 1), else_=0))).where(ledger.c.run_id == run.id)
        ).one()
        hit = evaluations.c.critical + evaluations.c.alert + evaluations.c.minor > 0
        flagged = select(func.count()).select_from(evaluations).where(evaluations.c.run_id == run.id, hit)
        rules = select(func.count()).select_from(pack_rules).where(pack_rules.c.pack_digest == run.pack_digest)
        return Batch(
            finished_at=run.finished_at,
            recordings=counted[0],
            failed=counted[1] or 0,
            flagged=connection.execute(flagged).scalar_one(),
            pack_digest=run.pack_digest,
            rules=connection.execute(rules).scalar_one(),
        )

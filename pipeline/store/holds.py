"""Legal holds: what may not be deleted for now, by nobody and under no rule."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, or_, select, update

from pipeline.domain.errors import StoreError
from pipeline.store.database import Database
from pipeline.store.retention_tables import holds
from pipeline.store.tables import recordings


@dataclass(frozen=True, slots=True)
class Hold:
    """Something that may not be deleted, or might not until the hold was released."""

    id: int
    recording_id: str | None
    customer_id: str | None
    """As the recordings have it; all calls of the customer are held, later ones too."""
    reason: str
    placed_at: datetime
    placed_by: str
    released_at: datetime | None
    released_by: str | None


def place_hold(
    database: Database, *, by: str, reason: str, recording_id: str | None = None, customer_id: str | None = None
) -> int:
    """The number of a new hold, on one recording or on all calls of a customer."""
    row = {
        "recording_id": recording_id,
        "customer_id": customer_id,
        "reason": reason,
        "placed_at": datetime.now(UTC),
        "placed_by": by,
    }
    with database.writing() as connection:
        added = connection.execute(holds.insert().values(row)).inserted_primary_key
    assert added is not None
    return int(added[0])


def release_hold(database: Database, hold_id: int, *, by: str) -> None:
    """Lets rules and requests delete again what the hold kept. Raises: StoreError, there is no such hold in force."""
    in_force = and_(holds.c.id == hold_id, holds.c.released_at.is_(None))
    with database.writing() as connection:
        released = connection.execute(
            update(holds).where(in_force).values(released_at=datetime.now(UTC), released_by=by)
        )
    if not released.rowcount:
        raise StoreError(f"no hold {hold_id} is in force: `earmark retention hold list` names them")


def all_holds(database: Database, *, released: bool = False) -> list[Hold]:
    """The holds in force, oldest first; with ``released`` those of the past as well."""
    query = select(holds).order_by(holds.c.id)
    if not released:
        query = query.where(holds.c.released_at.is_(None))
    with database.reading() as connection:
        return [Hold(**row) for row in connection.execute(query).mappings()]


def is_held() -> ColumnElement[bool]:
    """Whether a row of ``recordings`` is under a hold."""
    mine = or_(holds.c.recording_id == recordings.c.id, holds.c.customer_id == recordings.c.customer_id)
    return select(holds.c.id).where(holds.c.released_at.is_(None), mine).correlate(recordings).exists()

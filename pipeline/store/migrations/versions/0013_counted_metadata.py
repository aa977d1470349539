"""What reports count by is read from the metadata once, and found without going through all calls."""

import json
import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TEXTS = {
    "department": ("department", "部门"),
    "site": ("vendor", "外包商", "site", "职场"),
    "contact_reason": ("reason", "contact_reason", "来电原因", "来电类型"),
    "transfers": ("transferred", "transfers", "转接", "转接次数"),
}
_HOLD_S = ("hold_s", "保持时长")
_NUMBER = re.compile(r"\s*[-+]?[0-9]+(\.[0-9]+)?\s*")
_PAGE = 10_000
_recordings = sa.table(
    "recordings",
    sa.column("id", sa.String),
    sa.column("extra", sa.JSON),
    sa.column("hold_s", sa.Float),
    *(sa.column(name, sa.Text) for name in _TEXTS),
)


def upgrade() -> None:
    """Applies this step."""
    for name in _TEXTS:
        op.add_column("recordings", sa.Column(name, sa.Text()))
    op.add_column("recordings", sa.Column("hold_s", sa.Float()))
    op.execute(sa.update(_recordings).values({name: _cell(names) for name, names in _TEXTS.items()}))
    _read_hold()
    op.create_index("ix_recordings_customer", "recordings", ["customer_id", "started_at", "id"])
    there = sa.text("transfers IS NOT NULL"), sa.text("contact_reason IS NOT NULL"), sa.text("site IS NOT NULL")
    for name, where in zip(("transfers", "contact_reason", "site"), there, strict=True):
        columns = ["started_at", name]
        op.create_index(f"ix_recordings_{name}", "recordings", columns, sqlite_where=where, postgresql_where=where)


def _cell(names: Sequence[str]) -> sa.ColumnElement[Any]:
    # SQLite before 3.45 compares keys as they are stored, with Chinese characters escaped.
    keys = dict.fromkeys(key for name in names for key in (name, json.dumps(name)[1:-1]))
    return sa.func.coalesce(*(sa.func.nullif(sa.func.trim(_recordings.c.extra[key].as_string()), "") for key in keys))


def _read_hold() -> None:
    cell, connection = _cell(_HOLD_S), op.get_bind()
    query = sa.select(_recordings.c.id, cell.label("cell")).where(cell.is_not(None)).order_by(_recordings.c.id)
    change = sa.update(_recordings).where(_recordings.c.id == sa.bindparam("one")).values(hold_s=sa.bindparam("held"))
    last = ""
    while rows := connection.execute(query.where(_recordings.c.id > last).limit(_PAGE)).all():
        last = rows[-1].id
        held = [{"one": row.id, "held": float(row.cell)} for row in rows if _NUMBER.fullmatch(row.cell)]
        if held:
            connection.execute(change, held)

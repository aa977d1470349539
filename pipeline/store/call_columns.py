"""Columns of many calls as arrays: what rows of a million calls would cost in memory and time, they do not."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    DateTime,
    Interval,
    Select,
    String,
    cast,
    func,
    literal,
    select,
    type_coerce,
)

from pipeline.domain.calls import METADATA_FIELDS
from pipeline.domain.frames import Column, Positions, coded
from pipeline.domain.sampling import week_of
from pipeline.store.tables import recordings

CHUNK = 50_000
"""Rows that are held as Python objects at a time."""
Moments = NDArray[np.datetime64]
WEEK = "week"

began: ColumnElement[datetime] = type_coerce(recordings.c.started_at, DateTime())
"""When a call began, UTC without a zone: arrays take it as it is."""


@dataclass(frozen=True, slots=True)
class MetadataColumn:
    """A metadata column as the database groups by it, and as people read it."""

    expression: ColumnElement[Any]
    text: Callable[[Any], str | None]


def metadata_column(name: str, dialect: str, *, weeks: bool = True, offset_min: int | None = None) -> MetadataColumn:
    """The column of that name; what `CallMetadata.value` gives.

    Args:
        name: a field of the metadata, a column of the manifest, or ``week``: the ISO week of the call's own zone.
        dialect: ``sqlite`` or ``postgresql``.
        weeks: ``week`` is that; else a column of the manifest may have that name.
        offset_min: minutes east of UTC of every call, where that is known; weeks then need no look at each call's.
    """
    if name == WEEK and weeks:
        return MetadataColumn(_local_day(dialect, offset_min), lambda day: week_of(_date(day)) or None)
    if name not in METADATA_FIELDS:
        # SQLite before 3.45 compares keys as they are stored, with Chinese characters escaped.
        keys = dict.fromkeys((name, json.dumps(name)[1:-1]))
        return MetadataColumn(func.coalesce(*(recordings.c.extra[key].as_string() for key in keys), None), _as_is)
    if name == "started_at":
        offset = cast(func.coalesce(recordings.c.started_at_offset_min, 0), String)
        return MetadataColumn(cast(recordings.c.started_at, String) + "|" + offset, _local_start)
    if name == "survey_score":
        return MetadataColumn(recordings.c.survey_score, lambda score: None if score is None else str(float(score)))
    if name == "direction":
        return MetadataColumn(recordings.c.direction, lambda direction: direction or None)
    return MetadataColumn(recordings.c[name], _as_is)


def _as_is(value: str | None) -> str | None:
    return value


def common_offset_min(connection: Connection) -> int | None:
    """Minutes east of UTC of all calls; ``None`` where they differ."""
    offset = func.coalesce(recordings.c.started_at_offset_min, 0)
    least, most = connection.execute(select(func.min(offset), func.max(offset))).one()
    return least if least == most else None


def _local_day(dialect: str, offset_min: int | None) -> ColumnElement[Any]:
    offset: ColumnElement[int] = func.coalesce(recordings.c.started_at_offset_min, 0)
    if offset_min is not None:
        offset = literal(offset_min)
    if dialect == "sqlite":
        return func.date(recordings.c.started_at, cast(offset, String) + " minutes")
    return cast(began + offset * cast(literal("1 minute"), Interval()), Date)


def _date(day: str | date | None) -> date | None:
    return date.fromisoformat(day) if isinstance(day, str) else day


def _local_start(text: str | None) -> str | None:
    if text is None:
        return None
    moment, _, offset_min = text.partition("|")
    zone = timezone(timedelta(minutes=int(offset_min)))
    return datetime.fromisoformat(f"{moment}+00:00").astimezone(zone).isoformat()


class Coder:
    """Gathers the values of a column, each different one once."""

    def __init__(self, text: Callable[[Any], str | None] = _as_is) -> None:
        self._text = text
        self._places: dict[Any, int] = {}
        self._codes: list[Positions] = []

    def add(self, values: Sequence[Any]) -> None:
        """The values of more calls, as the database gave them."""
        places = self._places
        codes = (places.setdefault(value, len(places)) for value in values)
        self._codes.append(np.fromiter(codes, dtype=np.int64, count=len(values)))

    def column(self) -> Column:
        """All of them, in words."""
        column = coded([self._text(value) for value in self._places])
        return Column(column.values, column.codes[joined(self._codes, np.int64)])


def joined(chunks: Sequence[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    """One array of all chunks; an empty one of none."""
    return np.concatenate(chunks) if chunks else np.zeros(0, dtype=dtype)


def in_chunks(connection: Connection, query: Select[Any]) -> Iterator[tuple[tuple[Any, ...], ...]]:
    """The columns of the rows, so many rows at a time."""
    for rows in connection.execute(query).partitions(CHUNK):
        yield tuple(zip(*rows, strict=True))


def ids_of(values: Sequence[str]) -> NDArray[np.bytes_]:
    """Recordings as an array."""
    return np.array([one.encode() for one in values], dtype=np.bytes_)


def moment_of(moment: datetime) -> np.datetime64:
    """A moment as arrays hold it."""
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")


def moments_of(values: Sequence[datetime | None]) -> Moments:
    """Moments without zone as an array; not a time where unknown."""
    return np.array(values, dtype="datetime64[us]")


def days_between(before: Moments, after: Moments) -> NDArray[np.float64]:
    """Days from one moment to another; not a number where either is unknown."""
    apart = after - before
    return np.where(np.isnat(apart), np.nan, apart.astype(np.int64) / 1e6 / 86_400)


def by_start(starts: Moments, ids: NDArray[np.bytes_]) -> Positions:
    """Positions in the order of start and id, unknown starts first."""
    return np.lexsort((ids, starts.astype(np.int64)))

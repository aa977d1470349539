"""Draws and their picks: stored once, listed, and joined by the queue."""

import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Row, and_, insert, or_, select, true

from pipeline.domain.errors import StoreError
from pipeline.domain.frames import Inclusion
from pipeline.domain.results import BilingualText
from pipeline.domain.sampling import Draw
from pipeline.store.database import Database
from pipeline.store.recordings import local_start
from pipeline.store.review_queue import want_picked
from pipeline.store.review_tables import review_items
from pipeline.store.sampling_tables import draws, picks
from pipeline.store.tables import recordings


@dataclass(frozen=True, slots=True)
class StoredDraw:
    """A draw as it is listed."""

    id: int
    plan: str
    plan_digest: str
    seed: int
    drawn_at: datetime
    since: datetime | None
    until: datetime | None
    frame_size: int
    """Calls that were there to be drawn from."""
    unflagged: int
    calls: int
    """Different calls picked."""
    capacity: int | None
    """Calls that hours sufficed for."""
    parts: tuple[Mapping[str, Any], ...]
    notes: tuple[BilingualText, ...]


@dataclass(frozen=True, slots=True)
class StoredPick:
    """One part's pick as it is listed."""

    recording: str
    id: str
    agent: str | None
    team: str | None
    started_at: datetime | None
    part: str
    kind: str
    reason_zh: str
    reason_en: str
    chance: float
    """Probability that this part chooses the call."""
    inclusion: float
    """Probability that any part does."""
    done: bool
    """A reviewer is through with the call."""


def save_draw(database: Database, drawn: Draw, *, now: datetime | None = None) -> tuple[int, bool]:
    """The draw's number, and whether it is new: the same plan, seed, window and calls are stored once."""
    document = encode_inclusion(drawn.inclusion)
    with database.writing() as connection:
        known = _known(connection, drawn, document)
        if known is not None:
            return known, False
        row = {
            "plan_id": drawn.plan.id,
            "plan_digest": drawn.plan.digest,
            "plan": drawn.plan.source,
            "seed": drawn.seed,
            "drawn_at": now or datetime.now(UTC),
            "since": drawn.since,
            "until": drawn.until,
            "frame_size": drawn.frame_size,
            "unflagged": drawn.unflagged,
            "calls": drawn.calls,
            "capacity": drawn.plan.capacity,
            "parts": [
                {
                    "name": one.part.name,
                    "kind": one.part.kind.value,
                    "eligible": one.eligible,
                    "wanted": one.wanted,
                    "drawn": one.drawn,
                    "lowest_chance": one.lowest_chance,
                    "highest_chance": one.highest_chance,
                }
                for one in drawn.parts
            ],
            "notes": [{"zh": note.zh, "en": note.en} for note in drawn.notes],
            "inclusion": document,
        }
        added = connection.execute(insert(draws).values(row)).inserted_primary_key
        assert added is not None
        draw_id = int(added[0])
        _save_picks(connection, draw_id, drawn)
        want_picked(connection, draw_id)
    return draw_id, True


def _known(connection: Connection, drawn: Draw, document: bytes) -> int | None:
    same = select(draws.c.id, draws.c.since, draws.c.until, draws.c.inclusion).where(
        draws.c.plan_digest == drawn.plan.digest, draws.c.seed == drawn.seed
    )
    for row in connection.execute(same):
        if (row.since, row.until, row.inclusion) == (drawn.since, drawn.until, document):
            return int(row.id)
    return None


def _save_picks(connection: Connection, draw_id: int, drawn: Draw) -> None:
    rows = [
        {
            "draw_id": draw_id,
            "recording_id": pick.recording_id,
            "part": pick.part,
            "kind": pick.kind.value,
            "reason_zh": pick.reason.zh,
            "reason_en": pick.reason.en,
            "chance": pick.chance,
            "inclusion": pick.inclusion,
        }
        for pick in drawn.picks
    ]
    if rows:
        connection.execute(insert(picks), rows)


def stored_draws(database: Database) -> list[StoredDraw]:
    """All draws, the newest first."""
    columns = [column for column in draws.c if column.name not in ("inclusion", "plan")]
    with database.reading() as connection:
        return [_draw(row) for row in connection.execute(select(*columns).order_by(draws.c.id.desc()))]


def stored_draw(database: Database, draw_id: int | None) -> StoredDraw | None:
    """The draw with that number, or the newest; ``None`` where nothing was drawn yet.

    Raises:
        StoreError: there is no such draw.
    """
    found = stored_draws(database)
    if draw_id is None:
        return found[0] if found else None
    for one in found:
        if one.id == draw_id:
            return one
    raise StoreError(f"there is no draw {draw_id}: `earmark sample show --list` names them")


def _draw(row: Row[Any]) -> StoredDraw:
    return StoredDraw(
        id=row.id,
        plan=row.plan_id,
        plan_digest=row.plan_digest,
        seed=row.seed,
        drawn_at=row.drawn_at,
        since=row.since,
        until=row.until,
        frame_size=row.frame_size,
        unflagged=row.unflagged,
        calls=row.calls,
        capacity=row.capacity,
        parts=tuple(row.parts),
        notes=tuple(BilingualText(note["zh"], note["en"]) for note in row.notes),
    )


def stored_picks(database: Database, draw_id: int, *, part: str | None = None) -> list[StoredPick]:
    """The picks of a draw by start of the call and recording; a call that two parts chose is there twice."""
    query = (
        select(picks, recordings, review_items.c.done)
        .join(recordings, recordings.c.id == picks.c.recording_id)
        .outerjoin(review_items, review_items.c.recording_id == picks.c.recording_id)
        .where(picks.c.draw_id == draw_id)
        .order_by(recordings.c.started_at, recordings.c.id, picks.c.part)
    )
    if part is not None:
        query = query.where(picks.c.part == part)
    with database.reading() as connection:
        return [
            StoredPick(
                recording=row.name,
                id=row.recording_id,
                agent=row.agent,
                team=row.team,
                started_at=local_start(row.started_at, row.started_at_offset_min),
                part=row.part,
                kind=row.kind,
                reason_zh=row.reason_zh,
                reason_en=row.reason_en,
                chance=row.chance,
                inclusion=row.inclusion,
                done=bool(row.done),
            )
            for row in connection.execute(query)
        ]


def encode_inclusion(inclusion: Inclusion) -> bytes:
    """Probabilities by a 64-bit digest of each recording's id, sorted by it, compressed."""
    ids = _numbers(inclusion.ids.tolist())
    order = np.argsort(ids)
    return zlib.compress(ids[order].tobytes() + inclusion.chances.astype("<f8")[order].tobytes())


def _decode_inclusion(document: bytes) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
    content = zlib.decompress(document)
    half = len(content) // 2
    return np.frombuffer(content[:half], dtype="<u8"), np.frombuffer(content[half:], dtype="<f8")


def _numbers(recording_ids: Iterable[bytes]) -> NDArray[np.uint64]:
    digests = bytearray()
    for one in recording_ids:
        digests += hashlib.blake2b(one, digest_size=8).digest()
    return np.frombuffer(digests, dtype="<u8")


def weights_of(
    connection: Connection, recording_ids: Sequence[str], since: datetime | None, until: datetime | None
) -> NDArray[np.float64]:
    """What each call of the period stands for: how often it was picked ÷ how often that was to be expected; not a
    number for calls that were never picked.

    Within a draw the probability is that of any part. Over several draws that could pick the call, the expected number
    of draws that do so is the sum of their probabilities, whether or not the same seed made them alike.

    Source: M. H. Hansen and W. N. Hurwitz, Annals of Mathematical Statistics 14 (1943) 333–362, expected numbers of
    times a unit is drawn; P. Lavallée, Indirect Sampling (2007) ch. 4.
    """
    numbers = _numbers(one.encode() for one in recording_ids)
    position = {one: place for place, one in enumerate(recording_ids)}
    times, expected = np.zeros(len(numbers)), np.zeros(len(numbers))
    for draw_id in connection.execute(select(draws.c.id).where(overlapping(since, until))).scalars().all():
        document = connection.execute(select(draws.c.inclusion).where(draws.c.id == draw_id)).scalar_one()
        ids, chances = _decode_inclusion(document)
        if not len(ids) or not len(numbers):
            continue
        places = np.minimum(np.searchsorted(ids, numbers), len(ids) - 1)
        expected += np.where(ids[places] == numbers, chances[places], 0.0)
        chosen = select(picks.c.recording_id).where(picks.c.draw_id == draw_id).distinct()
        for recording_id in connection.execute(chosen).scalars():
            if recording_id in position:
                times[position[recording_id]] += 1
    return np.where(times > 0, np.divide(times, expected, out=np.ones(len(times)), where=expected > 0), np.nan)


def overlapping(since: datetime | None, until: datetime | None) -> ColumnElement[bool]:
    """Whether a draw's window meets the period."""
    begins = true() if until is None else or_(draws.c.since.is_(None), draws.c.since < until)
    ends = true() if since is None else or_(draws.c.until.is_(None), draws.c.until > since)
    return and_(begins, ends)

"""Who keeps to gold, and whether that changes over time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import lru_cache

from sqlalchemy import func, select

from pipeline.domain.agreement import Share
from pipeline.domain.calibration import AgainstGold, Calibration, Drift, Gold, Opinion, chance_of_change
from pipeline.store.calibration import list_calibrations
from pipeline.store.calibration_gold import gold_of
from pipeline.store.calibration_results import opinions_of
from pipeline.store.calibration_tables import calibration_entries, calibration_gold
from pipeline.store.database import Database


@dataclass
class _Track:
    """Period → call → how often the person said what is gold, of how much that was decided."""

    name: str
    periods: dict[str, dict[tuple[int, str], Share]] = field(default_factory=dict)


def against_gold(session: Calibration, opinions: Iterable[Opinion], golds: Iterable[Gold]) -> list[AgainstGold]:
    """How often each person of the session said what was decided to be right; what they decided themselves is left
    out, and so is what they did not judge.
    """
    shares = _shares(opinions, golds)
    return [
        AgainstGold(
            judge.account_id,
            judge.name,
            session.name,
            sum(share.part for (who, _), share in shares.items() if who == judge.account_id),
            sum(share.whole for (who, _), share in shares.items() if who == judge.account_id),
        )
        for judge in session.judges
    ]


def _shares(opinions: Iterable[Opinion], golds: Iterable[Gold]) -> dict[tuple[int, str], Share]:
    """Account and call → how often what was said is gold."""
    decided = {(gold.recording_id, gold.subject): gold for gold in golds}
    found: dict[tuple[int, str], Share] = {}
    for one in opinions:
        gold = decided.get((one.recording_id, one.subject))
        if gold is None or gold.account_id == one.account_id:
            continue
        part, whole = found.get((one.account_id, one.recording_id), Share(0, 0))
        found[one.account_id, one.recording_id] = Share(part + (one.value == gold.value), whole + 1)
    return found


def _states(database: Database) -> dict[int, tuple[int, int, int]]:
    """What tells whether a session's entries or gold have changed, of each that has gold."""
    gold = (
        select(
            calibration_gold.c.calibration_id.label("id"),
            func.max(calibration_gold.c.id).label("newest"),
            func.count().label("count"),
        )
        .group_by(calibration_gold.c.calibration_id)
        .subquery()
    )
    query = (
        select(gold, func.count(calibration_entries.c.id).label("entries"))
        .join(calibration_entries, calibration_entries.c.calibration_id == gold.c.id)
        .group_by(gold.c.id, gold.c.newest, gold.c.count)
    )
    with database.reading() as connection:
        return {row.id: (row.newest, row[2], row.entries) for row in connection.execute(query)}


@lru_cache(maxsize=64)
def _shares_in(database: Database, calibration_id: int, _state: tuple[int, int, int]) -> dict[tuple[int, str], Share]:
    """As `_shares` of the session, kept until its state changes."""
    return _shares(opinions_of(database, calibration_id), gold_of(database, calibration_id))


def drifts(database: Database, *, weekly: bool, zone: tzinfo) -> list[Drift]:
    """How each person's agreement with gold went over the closed sessions, by name.

    Args:
        database: where the sessions are stored.
        weekly: by the ISO week in which sessions were closed, instead of by session.
        zone: where weeks begin.
    """
    tracks: dict[int, _Track] = {}
    states = _states(database)
    closed = [one for one in list_calibrations(database) if one.closed_at is not None and one.id in states]
    for session in sorted(closed, key=lambda one: (one.closed_at, one.id)):
        assert session.closed_at is not None
        names = {judge.account_id: judge.name for judge in session.judges}
        year, week, _ = session.closed_at.astimezone(zone).isocalendar()
        period = f"{year}-W{week:02}" if weekly else f"{session.id} {session.name}"
        for (account_id, recording_id), share in _shares_in(database, session.id, states[session.id]).items():
            track = tracks.setdefault(account_id, _Track(names[account_id]))
            track.periods.setdefault(period, {})[session.id, recording_id] = share
    found = [_drift(account_id, track) for account_id, track in tracks.items()]
    return sorted(found, key=lambda one: (one.name, one.account_id))


def _drift(account_id: int, track: _Track) -> Drift:
    periods = [
        AgainstGold(account_id, track.name, period, sum(_parts(calls.values())), sum(_wholes(calls.values())))
        for period, calls in track.periods.items()
    ]
    *earlier, last = track.periods.values()
    before = [share for calls in earlier for share in calls.values()]
    return Drift(account_id, track.name, tuple(periods), chance_of_change(before, list(last.values())))


def _parts(shares: Iterable[Share]) -> Sequence[int]:
    return [share.part for share in shares]


def _wholes(shares: Iterable[Share]) -> Sequence[int]:
    return [share.whole for share in shares]

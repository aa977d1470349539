"""What came of calibration sessions: opinions, agreement, and whether a rule's precision can be relied on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Select, func, select

from pipeline.domain.agreement import Agreement
from pipeline.domain.calibration import (
    CLEAR,
    VIOLATED,
    Opinion,
    Subject,
    SubjectKind,
    Trust,
    agreements,
    trust_of,
)
from pipeline.domain.reviews import Review, ReviewKind, Standing, standing_of
from pipeline.store.calibration import select_entries
from pipeline.store.calibration_tables import calibration_entries, calibrations
from pipeline.store.database import Database
from pipeline.store.reviews import review_of

_COUNTED = (ReviewKind.VERDICT.value, ReviewKind.SCORE.value, ReviewKind.FINISHED.value, ReviewKind.UNDO.value)
_OF_THE_OTHER = {SubjectKind.RULE: ReviewKind.SCORE.value, SubjectKind.ITEM: ReviewKind.VERDICT.value}
_Said = dict[tuple[int, str, int], list[Review]]

LEVEL = 0.67
"""The agreement that is asked for where nothing else is set. Source: Krippendorff, Content Analysis (2004) ch. 11."""


def opinions_of(database: Database, calibration_id: int, *, recording_id: str | None = None) -> list[Opinion]:
    """What each person says of each thing on each call of the session, or on one call of it."""
    query = _entries(_COUNTED).where(calibration_entries.c.calibration_id == calibration_id)
    if recording_id is not None:
        query = query.where(calibration_entries.c.recording_id == recording_id)
    return list(_opinions(_said(database, query)))


def _entries(kinds: Sequence[str]) -> Select[Any]:
    return select_entries().where(calibration_entries.c.kind.in_(kinds)).order_by(calibration_entries.c.id)


def _said(database: Database, query: Select[Any]) -> _Said:
    said: _Said = {}
    with database.reading() as connection:
        for row in connection.execute(query).mappings():
            who = (row["calibration_id"], row["recording_id"], row["account_id"])
            said.setdefault(who, []).append(review_of(row))
    return said


def _opinions(said: _Said) -> Iterable[Opinion]:
    for (calibration_id, recording_id, account_id), entries in sorted(said.items()):
        for subject, value, entry in _values(standing_of(entries)):
            yield Opinion(calibration_id, recording_id, subject, account_id, value, entry)


def _values(standing: Standing) -> Iterable[tuple[Subject, str, Review | None]]:
    for rule_id, review in sorted(standing.verdicts.items()):
        truth = review.said.verdict.truth if review.said.verdict else None
        if truth is not None:
            yield Subject(SubjectKind.RULE, rule_id), VIOLATED if truth else CLEAR, review
    for rule_id in (standing.finished.said.text or "").split() if standing.finished else ():
        if rule_id not in standing.verdicts:
            yield Subject(SubjectKind.RULE, rule_id), CLEAR, None
    for (card, item), review in sorted(standing.scores.items()):
        yield Subject(SubjectKind.ITEM, item, card), review.said.value or "", review


def comments_of(database: Database, calibration_id: int, recording_id: str) -> dict[int, list[str]]:
    """Account → what it remarked on the call of the session."""
    query = _entries((ReviewKind.COMMENT.value, ReviewKind.UNDO.value)).where(
        calibration_entries.c.calibration_id == calibration_id, calibration_entries.c.recording_id == recording_id
    )
    return {
        account_id: [one.said.text or "" for one in standing_of(entries).comments]
        for (_, _, account_id), entries in _said(database, query).items()
    }


@dataclass(frozen=True, slots=True)
class TrustTable:
    """Which precisions can be relied on."""

    level: float
    found: Mapping[Subject, Trust] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, subject: Subject) -> Trust:
        """The trust in one rule or item; unknown where no session judged it."""
        return self.found.get(subject) or trust_of(None, self.level)

    def rule(self, rule_id: str) -> Trust:
        """As `of`, for a rule."""
        return self.of(Subject(SubjectKind.RULE, rule_id))

    def item(self, card: str, item: str) -> Trust:
        """As `of`, for an item of a card such as ``default@1``."""
        return self.of(Subject(SubjectKind.ITEM, item, card))


def trust(
    database: Database, *, level: float = LEVEL, since: datetime | None = None, kind: SubjectKind | None = None
) -> TrustTable:
    """What can be relied on, by the closed sessions together.

    Args:
        database: where they are stored.
        level: what the lower end of the agreement's 95 % interval has to reach.
        since: only sessions closed then or later: people, rules and their understanding change.
        kind: only rules, or only items, which takes less time.
    """
    return TrustTable(level, {one: trust_of(found, level) for one, found in _pooled(database, since, kind).items()})


def _pooled(database: Database, since: datetime | None, kind: SubjectKind | None) -> dict[Subject, Agreement]:
    """Agreement over all closed sessions; the same call in two of them counts as two."""
    closed = select(calibrations.c.id).where(calibrations.c.closed_at.is_not(None)).order_by(calibrations.c.id)
    if since is not None:
        closed = closed.where(calibrations.c.closed_at >= since)
    with database.reading() as connection:
        ids = tuple(connection.execute(closed).scalars())
        counting = select(func.count()).where(calibration_entries.c.calibration_id.in_(ids))
        count = connection.execute(counting).scalar_one()
    return _agreements_of(database, ids, count, kind)


@lru_cache(maxsize=4)
def _agreements_of(
    database: Database, ids: tuple[int, ...], _count: int, kind: SubjectKind | None
) -> dict[Subject, Agreement]:
    """Kept, since closed sessions lose entries with deleted calls and change in no other way."""
    kinds = [one for one in _COUNTED if kind is None or one != _OF_THE_OTHER[kind]]
    query = _entries(kinds).where(calibration_entries.c.calibration_id.in_(ids))
    return agreements(one for one in _opinions(_said(database, query)) if kind in (None, one.subject.kind))

"""What people's entries on many calls amount to, in sets. The same as `pipeline.domain.reviews.standing_of`.

The newest entry on a thing is found by the database; only calls where something was undone are read entry by entry.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, String, and_, cast, func, select

from pipeline.domain.results import Outcome
from pipeline.domain.reviews import ReviewKind, Standing, Verdict, standing_of
from pipeline.store.call_counts import Tests, queued
from pipeline.store.database import Database
from pipeline.store.review_tables import review_items, reviews
from pipeline.store.reviews import reviews_of
from pipeline.store.rule_cases import is_whole_verdict
from pipeline.store.tables import recordings


@dataclass(frozen=True, slots=True)
class StandingVerdict:
    """The verdict that stands on a rule of a call."""

    recording_id: str
    started_at: datetime | None
    """Of the call."""
    rule_id: str
    verdict: Verdict
    outcome: Outcome | None
    """What the rule said of the call when it was judged."""
    start_s: float | None
    """Where a person heard it; ``None`` if nobody said where."""


def standing_verdicts(database: Database, tests: Tests) -> list[StandingVerdict]:
    """Every verdict on a whole call that stands, by call and rule."""
    newest = (
        select(func.max(reviews.c.id).label("id"))
        .where(is_whole_verdict(), _nothing_undone())
        .group_by(reviews.c.recording_id, reviews.c.rule_id)
        .subquery()
    )
    columns = (reviews.c.recording_id, recordings.c.started_at, reviews.c.rule_id, reviews.c.verdict)
    # Joined rather than looked for with IN: SQLite would go through all of them for each call of a team.
    query = (
        select(*columns, reviews.c.outcome, reviews.c.start_s)
        .select_from(newest.join(reviews, reviews.c.id == newest.c.id))
        .join(recordings, recordings.c.id == reviews.c.recording_id)
        .where(*tests)
    )
    verdicts, outcomes = {one.value: one for one in Verdict}, {one.value: one for one in Outcome}
    with database.reading() as connection:
        found = [
            StandingVerdict(call, at, rule, verdicts[verdict], outcomes[outcome] if outcome else None, start_s)
            for call, at, rule, verdict, outcome, start_s in connection.execute(query)
        ]
    for call, (at, standing) in _undone(database, tests).items():
        for rule, review in standing.verdicts.items():
            assert review.said.verdict is not None
            start_s = review.said.place.start_s
            found.append(StandingVerdict(call, at, rule, review.said.verdict, review.outcome, start_s))
    return sorted(found, key=lambda one: (one.recording_id, one.rule_id))


def finished_calls(database: Database, tests: Tests) -> set[str]:
    """Calls that a reviewer has said to be through with."""
    query = (
        select(reviews.c.recording_id)
        .join(recordings, recordings.c.id == reviews.c.recording_id)
        .where(reviews.c.kind == ReviewKind.FINISHED.value, _nothing_undone(), *tests)
    )
    with database.reading() as connection:
        found = set(connection.execute(query).scalars())
    return found | {call for call, (_, one) in _undone(database, tests).items() if one.finished is not None}


def standing_answers(database: Database, tests: Tests, card: str) -> dict[str, list[tuple[str, str]]]:
    """Items of the card with people's answers that stand, by finished call."""
    of_card = and_(reviews.c.kind == ReviewKind.SCORE.value, reviews.c.card == card)
    table, of_items = queued(review_items, tests)
    finished = select(review_items.c.recording_id).select_from(table).where(review_items.c.done, *of_items)
    # A row a call, not one an answer: most of the time would go into taking rows.
    told = func.aggregate_strings(cast(reviews.c.id, String) + _PART + reviews.c.item + _PART + reviews.c.value, _NEXT)
    query = (
        select(reviews.c.recording_id, told)
        .where(of_card, reviews.c.recording_id.in_(finished), _nothing_undone())
        .where(reviews.c.item.is_not(None), reviews.c.value.is_not(None))
        .group_by(reviews.c.recording_id)
    )
    with database.reading() as connection:
        found = {call: _answers(answers) for call, answers in connection.execute(query)}
    for call, (_, standing) in _undone(database, tests).items():
        for (name, item), review in standing.scores.items():
            if name == card and review.said.value is not None:
                found.setdefault(call, []).append((item, review.said.value))
    return found


_PART, _NEXT = "\x1e", "\x1f"


def _answers(told: str) -> list[tuple[str, str]]:
    """The newest answer to each item, of all that were given.

    >>> _answers("7\x1egreeting\x1eno\x1f12\x1egreeting\x1eyes\x1f9\x1eclosing\x1eno")
    [('greeting', 'yes'), ('closing', 'no')]
    """
    given = [one.split(_PART) for one in told.split(_NEXT)]
    given.sort(key=lambda one: int(one[0]))
    return list({item: (item, value) for _, item, value in given}.values())


def _nothing_undone() -> ColumnElement[bool]:
    return reviews.c.recording_id.not_in(select(reviews.c.recording_id).where(_IS_UNDO))


_IS_UNDO = reviews.c.kind == ReviewKind.UNDO.value


def _undone(database: Database, tests: Tests) -> dict[str, tuple[datetime | None, Standing]]:
    """Calls where something was undone, with their start."""
    undone = select(reviews.c.recording_id).where(_IS_UNDO)
    query = select(recordings.c.id, recordings.c.started_at).where(recordings.c.id.in_(undone), *tests)
    with database.reading() as connection:
        began = {row.id: row.started_at for row in connection.execute(query)}
    entries = reviews_of(database, list(began))
    return {call: (at, standing_of(entries.get(call, ()))) for call, at in began.items()}

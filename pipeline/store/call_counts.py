"""Evaluated calls and hits among many calls, counted by the database."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, func, literal, select
from sqlalchemy.sql import visitors

from pipeline.domain.results import Outcome
from pipeline.store.review_tables import review_items
from pipeline.store.tables import UtcDateTime, evaluations, recordings, rule_results, runs

Tests = Sequence[ColumnElement[bool]]
"""Which calls, as conditions on ``recordings``."""
Counts = Counter[tuple[Any, ...]]
Slice = ColumnElement[Any] | None
"""What calls are divided by, as an expression on ``recordings`` or better (`queue_slice`) on what ``review_items``
repeats of them; not at all where ``None``."""


def call_counts(connection: Connection, tests: Tests, slice_: Slice = None) -> Counts:
    """Evaluated calls by pack, whether an active rule flags them, and slice."""
    keys = [evaluations.c.run_id.label("run"), review_items.c.flagged.label("is_flagged"), *_labelled(slice_)]
    checked = review_items.join(evaluations, evaluations.c.recording_id == review_items.c.recording_id)
    table, tests = queued(checked, tests, slice_)
    query = select(*keys, func.count()).select_from(table).where(*tests)
    packs = {row.id: row.pack_digest for row in connection.execute(select(runs.c.id, runs.c.pack_digest))}
    found: Counts = Counter()
    # By their labels: PostgreSQL takes an expression with parameters for another one where it is repeated.
    for run, flagged, *value, number in connection.execute(query.group_by(*(key.name for key in keys))):
        found[packs[run], bool(flagged), *(value or [None])] += number
    return found


def hit_counts(
    connection: Connection, tests: Tests, names: Mapping[str, Collection[str]], slice_: Slice = None
) -> Counts:
    """Calls that rules hit, by name, whether an active rule flags them, and slice.

    Args:
        names: under which names each rule counts; a call counts once for a name. Other rules do not count.
    """
    if not names:
        return Counter()
    found: Counts = Counter()
    ids = rule_results.c.rule_id
    for (rules, flagged, value), number in hit_sets(connection, tests, ids, ids.in_(list(names)), slice_).items():
        for name in {name for rule in rules.split(NEXT) for name in names[rule]}:
            found[name, flagged, value] += number
    return found


NEXT = "\x1f"


def hit_sets(
    connection: Connection, tests: Tests, label: ColumnElement[str], which: ColumnElement[bool], slice_: Slice = None
) -> Counts:
    """Calls with hits, by what hits them (the labels, in any order, `NEXT` between), whether flagged, and slice.

    There are far fewer such sets than calls, and one pass serves every count of calls by something that rules have.

    Args:
        label: of a rule, as an expression on ``rule_results``.
        which: hits that count.
    """
    keys = [review_items.c.flagged.label("is_flagged"), *_labelled(slice_)]
    hits = rule_results.join(review_items, review_items.c.recording_id == rule_results.c.recording_id)
    table, tests = queued(hits, tests, slice_)
    calls = (
        select(func.aggregate_strings(label, NEXT).label("labels"), *keys)
        .select_from(table)
        .where(rule_results.c.outcome == Outcome.HIT.value, which, *tests)
        .group_by(rule_results.c.recording_id, *(key.name for key in keys))
        .subquery()
    )
    found: Counts = Counter()
    columns = list(calls.c)
    for labels, flagged, *value, number in connection.execute(select(*columns, func.count()).group_by(*columns)):
        found[labels, bool(flagged), *(value or [None])] += number
    return found


def _labelled(slice_: Slice) -> list[Any]:
    return [] if slice_ is None else [slice_.label("slice")]


def queue_slice(slice_: Slice) -> Slice:
    """The same, read from the queue where it repeats what recordings say."""
    if slice_ is None:
        return None
    started_at = func.nullif(review_items.c.started_at, literal(NO_START, UtcDateTime()), type_=UtcDateTime())
    return reworded([slice_], {**COPIES, recordings.c.started_at: started_at})[0]


COPIES: Mapping[Any, ColumnElement[Any]] = {
    recordings.c[name]: review_items.c[name] for name in ("started_at", "agent", "team", "duration_s")
}
NO_START = datetime(1970, 1, 1, tzinfo=UTC)
"""How ``review_items`` writes that nobody knows when a call began."""


def queued(table: FromClause, tests: Tests, slice_: Slice = None) -> tuple[FromClause, Tests]:
    """A table with ``review_items`` and what tests and slice need besides, and the tests in terms of that.

    What the queue repeats of recordings is read there: a look into a second table for each of a million calls takes
    longer than everything else.
    """
    copied = reworded(tests, COPIES)
    if any(review_items.c.started_at in visitors.iterate(test) for test in copied):
        copied.append(review_items.c.started_at > NO_START)
    spoken_of = [column for test in copied for column in visitors.iterate(test)]
    if slice_ is not None:
        spoken_of += list(visitors.iterate(slice_))
    if not any(getattr(column, "table", None) is recordings for column in spoken_of):
        return table, copied
    return table.join(recordings, recordings.c.id == review_items.c.recording_id), copied


def reworded(
    tests: Sequence[ColumnElement[Any]], columns: Mapping[Any, ColumnElement[Any]]
) -> list[ColumnElement[Any]]:
    """The tests or columns with other columns in place of those that they name."""

    def other(element: Any, **_: Any) -> Any:
        return columns.get(element)

    return [visitors.replacement_traverse(test, {}, other) for test in tests]

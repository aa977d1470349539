"""The calls that can be drawn, with what a plan asks of them."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, func, select

from pipeline.domain.collecting import uncollected
from pipeline.domain.frames import NOTHING_JUDGED, Column, Floats, Frame, Needs, Past
from pipeline.domain.results import ErrorClass
from pipeline.store.call_columns import (
    Coder,
    began,
    by_start,
    days_between,
    ids_of,
    in_chunks,
    joined,
    metadata_column,
    moment_of,
    moments_of,
)
from pipeline.store.database import Database
from pipeline.store.review_tables import review_items, reviews
from pipeline.store.standings import finished_calls, standing_verdicts
from pipeline.store.tables import pack_rules, recordings

HISTORY = timedelta(days=90)
"""How far back what people found counts for adaptive parts and Neyman allocation."""
KNOWN_AFTER = timedelta(days=7)
"""An agent who is heard within the first week of all records may have been there before: since when is not known."""
CRITICAL = (ErrorClass.CUSTOMER_CRITICAL, ErrorClass.BUSINESS_CRITICAL, ErrorClass.COMPLIANCE_CRITICAL)
NOTHING_ASKED = Needs()
STORED = ("duration_s", "survey_score")
"""Numbers that are there to read; the others are calculated."""


@uncollected()
def load_frame(
    database: Database,
    needs: Needs = NOTHING_ASKED,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Frame:
    """Every evaluated call that began in ``[since, until)``, by start and id. Without bounds also calls of which
    nobody knows when they began.

    Args:
        needs: what of the calls is loaded. Calls judged before are those of the 90 days before ``since``; without
            ``since`` there is nothing before.
    """
    with database.reading() as connection:
        known_since = connection.execute(select(func.min(recordings.c.started_at))).scalar()
        calls = _Calls(connection, needs, since, until)
        numbers = calls.numbers
        if "agent_days" in needs.numbers:
            numbers["agent_days"] = _agent_days(connection, calls, known_since)
        if "last_contact_days" in needs.numbers:
            numbers["last_contact_days"] = _last_contacts(calls)
    inside = np.flatnonzero(calls.evaluated & calls.within(since))
    past = NOTHING_JUDGED
    if needs.past is not None and since is not None:
        past = _past(database, needs.past, since)
    return Frame(
        calls.ids[inside],
        calls.flagged[inside],
        {name: Column(one.values, one.codes[inside]) for name, one in calls.columns.items()},
        {name: values[inside] for name, values in numbers.items()},
        [calls.names[position] for position in inside.tolist()] if needs.names else (),
        past,
        since,
        until,
        known_since,
    )


KINDS: dict[str, Any] = {"id": np.bytes_, "began": "datetime64[us]", "flagged": bool, "evaluated": bool}


class _Calls:
    """The calls of the window by start and id; where last contacts are asked for, also those that may be such."""

    def __init__(self, connection: Connection, needs: Needs, since: datetime | None, until: datetime | None) -> None:
        names = sorted(needs.columns | ({"agent"} if "agent_days" in needs.numbers else set()))
        columns = {name: metadata_column(name, connection.dialect.name) for name in names}
        coders = {name: Coder(column.text) for name, column in columns.items()}
        stored = [name for name in STORED if name in needs.numbers]
        earlier = since - timedelta(days=needs.contact_days) if since is not None and needs.contact_days else since
        query = select(
            recordings.c.id,
            began,
            review_items.c.flagged,
            *(recordings.c[name] for name in stored),
            *(column.expression for column in columns.values()),
            *((recordings.c.name,) if needs.names else ()),
        ).select_from(
            recordings.join(
                review_items, review_items.c.recording_id == recordings.c.id, isouter=bool(needs.contact_days)
            )
        )
        chunks: dict[str, list[NDArray[Any]]] = {name: [] for name in ("id", "began", "flagged", "evaluated", *stored)}
        file_names: list[str] = []
        for ids, starts, flagged, *rest in in_chunks(connection, query.where(*within(earlier, until))):
            chunks["id"].append(ids_of(ids))
            chunks["began"].append(moments_of(starts))
            chunks["evaluated"].append(np.array([one is not None for one in flagged], dtype=bool))
            chunks["flagged"].append(np.array(flagged, dtype=bool))
            for name, values in zip(stored, rest, strict=False):
                chunks[name].append(np.array(values, dtype=float))
            for coder, values in zip(coders.values(), rest[len(stored) :], strict=False):
                coder.add(values)
            if needs.names:
                file_names += rest[-1]
        found = {name: joined(of_name, KINDS.get(name, float)) for name, of_name in chunks.items()}
        order = by_start(found["began"], found["id"])
        self.ids, self.starts = found["id"][order], found["began"][order]
        self.flagged, self.evaluated = found["flagged"][order], found["evaluated"][order]
        self.numbers: dict[str, Floats] = {name: found[name][order] for name in stored}
        made = {name: coder.column() for name, coder in coders.items()}
        self.columns = {name: Column(one.values, one.codes[order]) for name, one in made.items()}
        self.names = [file_names[position] for position in order.tolist()] if needs.names else []

    def within(self, since: datetime | None) -> NDArray[np.bool_]:
        """Calls that did not begin earlier."""
        if since is None:
            return np.ones(len(self.ids), dtype=bool)
        return self.starts >= moment_of(since)


def _agent_days(connection: Connection, calls: _Calls, known_since: datetime | None) -> Floats:
    """Days since each call's agent was first heard."""
    query = select(recordings.c.agent, func.min(began).label("first")).group_by(recordings.c.agent)
    heard = {row.agent: row.first for row in connection.execute(query.where(recordings.c.agent.is_not(None)))}
    agents = calls.columns["agent"]
    firsts = moments_of([heard.get(agent) for agent in agents.values] or [None])
    known = np.zeros(len(firsts), dtype=bool)
    if known_since is not None:
        known = firsts - moment_of(known_since) >= np.timedelta64(KNOWN_AFTER)
    firsts[~known] = np.datetime64("NaT")
    return days_between(firsts[agents.codes], calls.starts)


def _last_contacts(calls: _Calls) -> Floats:
    """Days since each call's customer called before."""
    customers = calls.columns["customer_id"]
    known = np.flatnonzero(~customers.missing & ~np.isnat(calls.starts))
    order = known[np.argsort(customers.codes[known], kind="stable")]
    before, after = order[:-1], order[1:]
    same = customers.codes[before] == customers.codes[after]
    days = np.full(len(calls.ids), np.nan)
    days[after[same]] = days_between(calls.starts[before[same]], calls.starts[after[same]])
    return days


def within(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    """Whether a call began in the period."""
    tests: list[ColumnElement[bool]] = []
    if since is not None:
        tests.append(recordings.c.started_at >= since)
    if until is not None:
        tests.append(recordings.c.started_at < until)
    return tests


def _past(database: Database, columns: frozenset[str], since: datetime) -> Past:
    """Calls before the window of which somebody said whether there is a critical error."""
    tests = within(since - HISTORY, since)
    failed = dict.fromkeys(finished_calls(database, tests), False)
    with database.reading() as connection:
        graves = select(pack_rules.c.rule_id).where(pack_rules.c.error_class.in_([one.value for one in CRITICAL]))
        critical = set(connection.execute(graves).scalars())
    for one in standing_verdicts(database, tests):
        if one.verdict.truth is not None:
            failed[one.recording_id] = failed.get(one.recording_id, False) or (
                one.verdict.truth and one.rule_id in critical
            )
    judged = recordings.c.id.in_(select(reviews.c.recording_id))
    with database.reading() as connection:
        # A call judged before is known by what the manifest says of it: `week` is no column of that.
        made = {name: metadata_column(name, connection.dialect.name, weeks=False) for name in sorted(columns)}
        query = select(recordings.c.id, *(column.expression for column in made.values())).where(judged, *tests)
        rows = [row for row in connection.execute(query) if row[0] in failed]
    coders = {name: Coder(column.text) for name, column in made.items()}
    for place, coder in enumerate(coders.values(), start=1):
        coder.add([row[place] for row in rows])
    found = np.array([failed[row[0]] for row in rows], dtype=bool)
    return Past({name: coder.column() for name, coder in coders.items()}, found)

"""Actions: opened from a line of a report, noted on, done, closed with an outcome or dropped with a reason.

What happened stands in ``action_events``, entry after entry; a row of ``actions`` holds what follows from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, update

from pipeline.domain.accounts import Account
from pipeline.domain.actions import (
    KIND_OF,
    LIVE,
    Action,
    ActionFault,
    ActionRefusedError,
    ActionState,
    Assessment,
    Draft,
    Event,
    EventKind,
    Level,
    Line,
    metric_of,
)
from pipeline.domain.periods import Unit
from pipeline.store.accounts import audit_in
from pipeline.store.action_documents import baseline_document, in_zone, outcome_document, read_baseline, read_outcome
from pipeline.store.action_tables import action_events, actions
from pipeline.store.database import Database

LONGEST = 2000
"""Characters of a plan, a note or a reason."""


@dataclass(frozen=True, slots=True)
class By:
    """Who does something: an account, or somebody at the console."""

    name: str
    account: Account | None = None
    address: str = ""

    @property
    def account_id(self) -> int | None:
        """Of the account; ``None`` at the console."""
        return None if self.account is None else self.account.id


@dataclass(frozen=True, slots=True)
class Whose:
    """Which actions somebody may see: those that any field names; all of them where none is set."""

    agent: str | None = None
    """Those that coach this agent."""
    team: str | None = None
    """Those of this team and of its agents."""
    owner_id: int | None = None
    """Those that this account owns."""

    @property
    def tests(self) -> list[ColumnElement[bool]]:
        """As conditions on ``actions``."""
        found = []
        if self.agent is not None:
            found.append(and_(actions.c.level == Level.AGENT.value, actions.c.target == self.agent))
        if self.team is not None:
            found.append(and_(actions.c.level != Level.CENTRE.value, actions.c.team == self.team))
        if self.owner_id is not None:
            found.append(actions.c.owner_id == self.owner_id)
        return [or_(*found)] if found else []


EVERYONES = Whose()


def open_action(database: Database, draft: Draft, by: By, *, now: datetime | None = None) -> Action:
    """The action, as stored.

    Raises:
        ActionRefusedError: nobody owns it, its periods do not follow each other, the baseline is empty, or there is a
            live action on the same line.
    """
    now = now or datetime.now(UTC)
    base, line = draft.baseline, draft.line
    if not draft.owner.strip():
        raise ActionRefusedError(ActionFault.NO_OWNER)
    if base.period.until > now:
        raise ActionRefusedError(ActionFault.NOT_OVER, base.period.dates)
    if draft.due.since < base.period.until:
        raise ActionRefusedError(ActionFault.OVERLAPS, draft.due.dates)
    if not base.count.n:
        raise ActionRefusedError(ActionFault.NO_CALLS, base.period.dates)
    same = and_(actions.c.level == line.level, actions.c.target == line.name, actions.c.metric == str(line.metric))
    with database.writing() as connection:
        other = connection.execute(select(actions.c.id).where(same, actions.c.state.in_(LIVE))).scalars().first()
        if other is not None:
            raise ActionRefusedError(ActionFault.TWICE, f"#{other}")
        values = {
            "kind": KIND_OF[line.level].value,
            "level": line.level.value,
            "target": line.name,
            "team": draft.team,
            "metric": str(line.metric),
            "plan": draft.plan.strip()[:LONGEST],
            "baseline": baseline_document(base),
            "due_unit": draft.due.unit.value,
            "due_since": draft.due.since,
            "due_until": draft.due.until,
            "owner": draft.owner.strip()[:200],
            "owner_id": draft.owner_id,
            "opened_by": by.name[:200],
            "opened_at": now,
            "state": ActionState.OPEN.value,
        }
        added = connection.execute(actions.insert().values(values)).inserted_primary_key
        assert added is not None
        _enter(connection, added[0], by, EventKind.OPENED, draft.plan.strip(), now)
        return _action(_row(connection, added[0]))


def note(database: Database, action_id: int, by: By, text: str, *, now: datetime | None = None) -> None:
    """Adds a note, also to an action that has ended: what was learnt later belongs there too."""
    _change(database, action_id, by, EventKind.NOTE, text, state=None, now=now)


def done(database: Database, action_id: int, by: By, text: str = "", *, now: datetime | None = None) -> None:
    """Its owner says that it was done. Raises: ActionRefusedError."""
    _change(database, action_id, by, EventKind.DONE, text, state=ActionState.DONE, now=now)


def drop(database: Database, action_id: int, by: By, reason: str, *, now: datetime | None = None) -> None:
    """Gives the action up. Raises: ActionRefusedError without a reason, or where it has ended."""
    _change(database, action_id, by, EventKind.DROPPED, reason, state=ActionState.DROPPED, now=now)


def close(
    database: Database, action_id: int, by: By, outcome: Assessment, text: str = "", *, now: datetime | None = None
) -> None:
    """Ends the action with what became of its metric. Raises: ActionRefusedError before its due period is over."""
    now = now or datetime.now(UTC)
    action = find_action(database, action_id)
    if action is not None and action.draft.due.until > now:
        raise ActionRefusedError(ActionFault.NOT_DUE, action.draft.due.dates)
    _change(database, action_id, by, EventKind.CLOSED, text, state=ActionState.CLOSED, now=now, outcome=outcome)


def _change(
    database: Database,
    action_id: int,
    by: By,
    kind: EventKind,
    text: str,
    *,
    state: ActionState | None,
    now: datetime | None,
    outcome: Assessment | None = None,
) -> None:
    now = now or datetime.now(UTC)
    text = text.strip()[:LONGEST]
    if not text and kind in (EventKind.NOTE, EventKind.DROPPED):
        raise ActionRefusedError(ActionFault.NO_TEXT)
    with database.writing() as connection:
        row = _row(connection, action_id, lock=True)
        if state is not None:
            if row.state not in LIVE:
                raise ActionRefusedError(ActionFault.ENDED)
            values: dict[str, Any] = {"state": state.value}
            if state not in LIVE:
                values["ended_at"] = now
            if outcome is not None:
                values["outcome"] = outcome_document(outcome)
            connection.execute(update(actions).where(actions.c.id == action_id).values(values))
        _enter(connection, action_id, by, kind, text, now)


def _enter(connection: Connection, action_id: int, by: By, kind: EventKind, text: str, now: datetime) -> None:
    entry = {"action_id": action_id, "at": now, "account_id": by.account_id, "name": by.name[:200]}
    connection.execute(action_events.insert().values(**entry, kind=kind.value, text=text[:LONGEST]))
    detail = {"action": action_id, "what": kind.value}
    audit_in(connection, account=by.account, action="action", detail=detail, address=by.address, login=by.name)


def _row(connection: Connection, action_id: int, *, lock: bool = False) -> Row[Any]:
    query = select(actions).where(actions.c.id == action_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise ActionRefusedError(ActionFault.UNKNOWN)
    return row


def find_action(database: Database, action_id: int, whose: Whose = EVERYONES) -> Action | None:
    """The action; ``None`` where there is none, or none that may be seen."""
    with database.reading() as connection:
        row = connection.execute(select(actions).where(actions.c.id == action_id, *whose.tests)).one_or_none()
    return None if row is None else _action(row)


def list_actions(
    database: Database,
    whose: Whose = EVERYONES,
    *,
    states: Sequence[ActionState] = tuple(ActionState),
    limit: int = 500,
) -> list[Action]:
    """The actions in these states: live ones first, those that are due earliest before others."""
    ended = actions.c.state.in_((ActionState.CLOSED, ActionState.DROPPED))
    query = select(actions).where(actions.c.state.in_(states), *whose.tests)
    with database.reading() as connection:
        rows = connection.execute(query.order_by(ended, actions.c.due_until, actions.c.id).limit(limit)).all()
    return [_action(row) for row in rows]


def actions_between(database: Database, since: datetime, until: datetime) -> list[Action]:
    """Actions that a report of the period speaks of: live ones that were open by its end, and those whose due period,
    or whose end, falls into it."""
    due = and_(actions.c.due_until > since, actions.c.due_until <= until)
    ended = and_(actions.c.ended_at >= since, actions.c.ended_at < until)
    live = actions.c.state.in_(LIVE)
    query = select(actions).where(actions.c.opened_at < until, or_(live, due, ended))
    with database.reading() as connection:
        return [_action(row) for row in connection.execute(query.order_by(actions.c.due_until, actions.c.id))]


def overlapping(database: Database, draft: Draft, *, but: int | None = None) -> list[Action]:
    """Other actions that may have moved the same metric while this one ran.

    They are on the same line, on the agent's team, on the team's agents, or on the centre.
    """
    line = draft.line
    near = [and_(actions.c.level == line.level.value, actions.c.target == line.name)]
    if line.level is not Level.CENTRE:
        near.append(actions.c.level == Level.CENTRE.value)
    if line.level is Level.AGENT and draft.team is not None:
        near.append(and_(actions.c.level == Level.TEAM.value, actions.c.target == draft.team))
    if line.level is Level.TEAM:
        near.append(and_(actions.c.level == Level.AGENT.value, actions.c.team == line.name))
    running = and_(
        actions.c.opened_at < draft.due.until,
        func.coalesce(actions.c.ended_at, actions.c.due_until) > draft.baseline.period.until,
    )
    query = select(actions).where(actions.c.metric == str(line.metric), or_(*near), running)
    with database.reading() as connection:
        return [_action(row) for row in connection.execute(query.order_by(actions.c.id)) if row.id != but]


def history(database: Database, action_id: int) -> list[Event]:
    """What happened to the action, the oldest first."""
    query = select(action_events).where(action_events.c.action_id == action_id).order_by(action_events.c.id)
    with database.reading() as connection:
        return [
            Event(row.at, row.name, row.account_id, EventKind(row.kind), row.text) for row in connection.execute(query)
        ]


def _action(row: Row[Any]) -> Action:
    base = read_baseline(row.baseline)
    zone = base.period.since.tzinfo
    due = in_zone(Unit(row.due_unit), row.due_since, row.due_until, zone)  # type: ignore[arg-type]  # it was made of one
    line = Line(Level(row.level), row.target, metric_of(row.metric))
    draft = Draft(line, base, due, row.owner, row.owner_id, row.plan, row.team)
    outcome = None if row.outcome is None else read_outcome(row.outcome)
    return Action(row.id, draft, row.opened_by, row.opened_at, ActionState(row.state), row.ended_at, outcome)

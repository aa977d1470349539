"""What lists show: calls by urgency, hits with their evidence, titles of rules."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, RowMapping, Select, and_, false, func, or_, select

from pipeline.domain.errors import StoreError
from pipeline.domain.personal import shown
from pipeline.domain.results import BilingualText, Outcome, RuleStatus, Severity
from pipeline.store.database import Database
from pipeline.store.recordings import local_start
from pipeline.store.review_tables import review_items
from pipeline.store.tables import evaluations, evidence, ledger, pack_rules, predictions, recordings, rule_results, runs
from pipeline.text.written_numbers import masked_line

PREDICTED = ("dissatisfied", "dissatisfied_flagged", "escalation", "escalation_flagged")
_TAG = re.compile(r" #([0-9a-f]{6})$")
"""Stands behind names that hide something: the start of the recording's id."""
SEVERITY_RANK = {Severity.CRITICAL.value: 0, Severity.ALERT.value: 1, Severity.MINOR.value: 2}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which calls or hits to list; an empty field does not restrict."""

    recording_id: str | None = None
    run_id: str | None = None
    """Calls whose newest results come from this run; for calls only."""
    rules: Sequence[str] = ()
    agent: str | None = None
    team: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class ListedCall:
    """A call in a list."""

    recording: str
    """File name."""
    id: str
    state: str
    started_at: datetime | None
    agent: str | None
    team: str | None
    queue: str | None
    duration_s: float | None
    critical: int
    """Rules hit, by severity."""
    alert: int
    minor: int
    not_evaluable: int
    errors: int
    risk: int | None = None
    """0–100, see `pipeline.domain.risk`; ``None`` where the call was not evaluated."""
    dissatisfied: float | None = None
    """Probability, where the model does not abstain."""
    dissatisfied_flagged: bool = False
    """Whether that is above the model's threshold."""
    escalation: float | None = None
    escalation_flagged: bool = False
    rules: tuple[str, ...] = ()
    """Ids of the active rules hit, the most severe first."""
    start_s: float | None = None
    """Where to start listening: the first evidence of the most severe rule hit."""
    reason: str | None = None
    """Why the recording could not be judged, as a short word."""
    message: str | None = None


@dataclass(frozen=True, slots=True)
class ListedHit:
    """One piece of evidence, or an outcome that has none."""

    recording: str
    id: str
    rule: str
    outcome: str
    role: str | None
    start_s: float | None
    end_s: float | None
    quote: str | None
    confidence: float | None
    explanation: str
    explanation_en: str
    severity: str
    error_class: str
    status: str
    by_sound: bool | None
    turn: int | None
    char_start: int | None
    char_end: int | None
    agent: str | None = None
    team: str | None = None


@dataclass(slots=True)
class _Moment:
    rules: list[tuple[int, str]] = field(default_factory=list)
    first: tuple[int, float] | None = None


def list_calls(
    database: Database, wanted: Filter, *, flagged: bool = False, state: str | None = None
) -> list[ListedCall]:
    """Calls, the riskiest first, then by start time; those that were not evaluated come last.

    Args:
        database: where to look.
        wanted: which calls.
        flagged: only calls with a hit of an active rule.
        state: only recordings in this state of the ledger.
    """
    counts = (evaluations.c.critical, evaluations.c.alert, evaluations.c.minor)
    query = (
        select(
            recordings,
            ledger.c.state,
            ledger.c.reason,
            ledger.c.message,
            evaluations,
            review_items.c.risk,
            *(predictions.c[name] for name in PREDICTED),
        )
        .join(ledger, ledger.c.recording_id == recordings.c.id)
        .outerjoin(evaluations, evaluations.c.recording_id == recordings.c.id)
        .outerjoin(review_items, review_items.c.recording_id == recordings.c.id)
        .outerjoin(predictions, predictions.c.recording_id == recordings.c.id)
        .order_by(func.coalesce(review_items.c.risk, -1).desc(), recordings.c.started_at, recordings.c.name)
    )
    query = _restrict(query, wanted)
    if wanted.run_id is not None:
        query = query.where(evaluations.c.run_id == wanted.run_id)
    if flagged:
        query = query.where(or_(*(count > 0 for count in counts)))
    if state is not None:
        query = query.where(ledger.c.state == state)
    if wanted.rules:
        hit = select(rule_results.c.recording_id).where(
            rule_results.c.rule_id.in_(wanted.rules), rule_results.c.outcome == Outcome.HIT.value
        )
        query = query.where(recordings.c.id.in_(hit))
    with database.reading() as connection:
        rows = connection.execute(query.limit(wanted.limit)).all()
        moments: dict[str, _Moment] = {}
        for start in range(0, len(rows), 500):
            ids = [row.id for row in rows[start : start + 500]]
            for found in connection.execute(_moments(ids)):
                _add_moment(moments.setdefault(found.recording_id, _Moment()), found)
    return [_listed_call(row, moments.get(row.id, _Moment())) for row in rows]


def list_hits(database: Database, wanted: Filter, *, outcomes: Sequence[Outcome] = (Outcome.HIT,)) -> list[ListedHit]:
    """Evidence of all calls, by call and time; outcomes without evidence are one row each, without times."""
    query = (
        select(rule_results, evidence, recordings)
        .join(recordings, recordings.c.id == rule_results.c.recording_id)
        .outerjoin(
            evidence,
            and_(evidence.c.recording_id == rule_results.c.recording_id, evidence.c.rule_id == rule_results.c.rule_id),
        )
        .where(rule_results.c.outcome.in_([outcome.value for outcome in outcomes]))
        .order_by(recordings.c.name, recordings.c.id, evidence.c.start_s, rule_results.c.rule_id, evidence.c.position)
    )
    query = _restrict(query, wanted)
    if wanted.rules:
        query = query.where(rule_results.c.rule_id.in_(wanted.rules))
    hits = []
    with database.reading() as connection:
        for row in connection.execute(query.limit(wanted.limit)).mappings():
            hits.append(_listed_hit(row))
    return hits


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands for what somebody calls a call by, where its path is closed."""

    path: str
    name: str


def find_recording(database: Database, name: str, marks: Marks | None = None) -> str:
    """The id of the recording called ``name``: a file name, a path, the start of an id (6 digits and more), or a name
    as lists show it, with such a start behind ``#``.

    Args:
        database: where.
        name: as it was typed.
        marks: what stands for it as a path and as a file's name; without it closed paths are not looked through.

    Raises:
        StoreError: there is none, or several.
    """
    shown_name = shown(masked_line(name))
    # Names that differ in what is masked alone read the same: there the path tells, or what stands for it.
    ways = [recordings.c.name == name, recordings.c.uri == name]
    if "/" not in name:
        ways.append(recordings.c.uri.endswith(f"/{name}", autoescape=True))
    if marks is not None:
        ways += [recordings.c.uri == marks.path, recordings.c.name_mark == marks.name]
    start = _TAG.search(name)
    if start or len(name) >= 6:
        ways.append(recordings.c.id.startswith(start[1] if start else name, autoescape=True))
    with database.reading() as connection:
        rows = connection.execute(select(recordings.c.id, recordings.c.name).where(or_(*ways)).limit(10)).all()
    if not rows:
        raise StoreError(f"there is no call {shown_name!r}: `earmark calls` lists them")
    if len(rows) > 1:
        several = ", ".join(f"{row.id[:12]} ({row.name})" for row in rows)
        raise StoreError(f"{shown_name!r} is the name of several calls, give the start of an id: {several}")
    found: str = rows[0].id
    return found


def rule_titles(database: Database) -> dict[str, BilingualText]:
    """The title of each rule, from the newest run that had it."""
    query = (
        select(pack_rules.c.rule_id, pack_rules.c.title_zh, pack_rules.c.title_en)
        .join(runs, runs.c.pack_digest == pack_rules.c.pack_digest)
        .order_by(runs.c.started_at)
    )
    with database.reading() as connection:
        return {row.rule_id: BilingualText(row.title_zh, row.title_en) for row in connection.execute(query)}


def _restrict(query: Select[Any], wanted: Filter) -> Select[Any]:
    tests = (
        (wanted.recording_id, recordings.c.id == wanted.recording_id),
        (wanted.agent, recordings.c.agent == wanted.agent),
        (wanted.team, recordings.c.team == wanted.team),
        (wanted.since, recordings.c.started_at >= wanted.since if wanted.since else false()),
        (wanted.until, recordings.c.started_at < wanted.until if wanted.until else false()),
    )
    return query.where(*(test for value, test in tests if value is not None))


def _moments(recording_ids: Sequence[str]) -> Select[Any]:
    return (
        select(
            rule_results.c.recording_id,
            rule_results.c.rule_id,
            rule_results.c.severity,
            func.min(evidence.c.start_s).label("start_s"),
        )
        .join(
            evidence,
            and_(evidence.c.recording_id == rule_results.c.recording_id, evidence.c.rule_id == rule_results.c.rule_id),
        )
        .where(
            rule_results.c.recording_id.in_(recording_ids),
            rule_results.c.outcome == Outcome.HIT.value,
            rule_results.c.status == RuleStatus.ACTIVE.value,
        )
        .group_by(rule_results.c.recording_id, rule_results.c.rule_id, rule_results.c.severity)
    )


def _add_moment(moment: _Moment, found: Row[Any]) -> None:
    rank = SEVERITY_RANK[found.severity]
    moment.rules.append((rank, found.rule_id))
    if moment.first is None or (rank, found.start_s) < moment.first:
        moment.first = (rank, found.start_s)


def _listed_call(row: Row[Any], moment: _Moment) -> ListedCall:
    return ListedCall(
        recording=row.name,
        id=row.id,
        state=row.state,
        started_at=local_start(row.started_at, row.started_at_offset_min),
        agent=row.agent,
        team=row.team,
        queue=row.queue,
        duration_s=row.duration_s,
        critical=row.critical or 0,
        alert=row.alert or 0,
        minor=row.minor or 0,
        not_evaluable=row.not_evaluable or 0,
        errors=row.errors or 0,
        risk=row.risk,
        dissatisfied=row.dissatisfied,
        dissatisfied_flagged=bool(row.dissatisfied_flagged),
        escalation=row.escalation,
        escalation_flagged=bool(row.escalation_flagged),
        rules=tuple(rule_id for _, rule_id in sorted(moment.rules)),
        start_s=moment.first[1] if moment.first else None,
        reason=row.reason,
        message=row.message,
    )


def _listed_hit(row: RowMapping) -> ListedHit:
    return ListedHit(
        recording=row[recordings.c.name],
        id=row[recordings.c.id],
        rule=row[rule_results.c.rule_id],
        outcome=row[rule_results.c.outcome],
        role=row[evidence.c.role],
        start_s=row[evidence.c.start_s],
        end_s=row[evidence.c.end_s],
        quote=row[evidence.c.quote],
        confidence=row[evidence.c.confidence],
        explanation=row[rule_results.c.explanation_zh],
        explanation_en=row[rule_results.c.explanation_en],
        severity=row[rule_results.c.severity],
        error_class=row[rule_results.c.error_class],
        status=row[rule_results.c.status],
        by_sound=row[evidence.c.by_sound],
        turn=row[evidence.c.turn],
        char_start=row[evidence.c.char_start],
        char_end=row[evidence.c.char_end],
        agent=row[recordings.c.agent],
        team=row[recordings.c.team],
    )

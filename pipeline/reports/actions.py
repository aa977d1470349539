"""The closed loop in a report (闭环): on which lines something can be done, and what became of what was done."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlencode

from pipeline.domain.action_words import KINDS, METRICS, STATES, amount, named, of_n, sentence
from pipeline.domain.actions import (
    CLASSES,
    PASSED,
    SERVICE,
    Action,
    ActionState,
    Assessment,
    Level,
    Line,
    Metric,
    MetricKind,
    metric_of,
)
from pipeline.domain.periods import Period, Unit
from pipeline.domain.results import BilingualText
from pipeline.domain.scores import Scorecard
from pipeline.reports.actions_model import Loop, ReportAction, ReportLine
from pipeline.reports.model import Group, Report
from pipeline.scoring.complete import complete_all
from pipeline.store.action_assess import OF_MANY, assess_action, population_of
from pipeline.store.action_evidence import Scoring
from pipeline.store.actions import actions_between
from pipeline.store.database import Database
from pipeline.store.report_queries import Scope


def loop(
    database: Database,
    report: Report,
    scope: Scope,
    card: Scorecard,
    *,
    desk_url: str | None,
    now: datetime | None = None,
) -> Loop:
    """The closed loop of the report. A report on a queue has no lines: actions are on agents, teams and the centre."""
    now = now or datetime.now(UTC)
    base = desk_url.rstrip("/") if desk_url else None
    scoring = Scoring(f"{card.id}@{card.version}", partial(complete_all, card))
    period = report.heading.period
    told = [one for one in actions_between(database, period.since, period.until) if _within(one, scope)]
    running = [one for one in told if one.live and one.draft.due.until > min(now, period.until)]
    assessed = [one for one in told if one not in running and one.state is not ActionState.DROPPED]
    found: dict[int, Assessment] = {}
    if assessed:
        population = population_of(database, scoring, [one.draft for one in assessed])
        for one in assessed:
            found[one.id] = assess_action(database, scoring, one, population=population, now=now)
    due = [_told(one, found.get(one.id), base, now) for one in told if one not in running]
    lines = () if scope.queue is not None else tuple(_placed(report, scope, base))
    return Loop(lines, tuple(due), tuple(_told(one, None, base, now) for one in running))


def _within(action: Action, scope: Scope) -> bool:
    line, draft = action.line, action.draft
    if scope.queue is not None:
        return False
    if scope.agent is not None:
        return line.level is Level.AGENT and line.name == scope.agent
    return scope.team is None or (line.level is not Level.CENTRE and draft.team == scope.team)


def _told(action: Action, found: Assessment | None, base: str | None, now: datetime) -> ReportAction:
    draft, metric = action.draft, action.line.metric
    value, count = amount(metric, draft.baseline.count.value), of_n(metric, draft.baseline.count)
    when = draft.baseline.period.title
    return ReportAction(
        action.id,
        KINDS[action.kind],
        named(draft),
        draft.plan,
        draft.owner,
        BilingualText(f"{value}（{count.zh}，{when.zh}）", f"{value} ({count.en}, {when.en})"),
        draft.due.dates,
        STATES[action.state],
        action.due(now),
        None if found is None else found.verdict,
        None if found is None else sentence(action, found),
        () if found is None else found.notes,
        found,
        None if base is None else f"{base}/actions/{action.id}",
    )


def _placed(report: Report, scope: Scope, base: str | None) -> Iterator[ReportLine]:
    """Every line of the report that something can be done about."""
    period = report.heading.period
    for section, key, line, title in _lines(report, scope):
        yield ReportLine(line.id, section, key, title, None if base is None else f"{base}{new_link(line, period)}")


def new_link(line: Line, period: Period) -> str:
    """The desk's form, filled in for the line."""
    asked = {"line": line.id, "unit": period.unit.value, "since": f"{period.since:%Y-%m-%d}"}
    if period.unit is Unit.SPAN:
        asked["until"] = f"{period.until:%Y-%m-%d}"
    return f"/actions/new?{urlencode(asked)}"


Placed = tuple[str, str, Line, BilingualText]


def _lines(report: Report, scope: Scope) -> Iterator[Placed]:
    level, name = _whole(scope)
    for row in report.classes:
        if row.now.n and row.id in (*CLASSES, PASSED):
            yield "classes", row.id, Line(level, name, metric_of(row.id)), METRICS[row.id]
    for group_level, groups in report.levels.items():
        if group_level in (Level.AGENT, Level.TEAM):
            yield from _of_groups(Level(group_level), groups)
    for need in report.needs:
        rule, team = Metric(MetricKind.RULE, need.rule_id), need.spread.team
        if team != "—":
            yield "needs", f"{team}/{need.rule_id}", Line(Level.TEAM, team, rule), need.title
        for agent in need.spread.outstanding:
            yield "needs", f"{team}/{need.rule_id}/{agent}", Line(Level.AGENT, agent, rule), need.title
    for told in report.agents:
        for each in told.problems:
            line = Line(Level.AGENT, told.agent, Metric(MetricKind.RULE, each.rule_id))
            yield "agents", f"{told.agent}/{each.rule_id}", line, each.title
    if report.pareto is not None:
        for item in report.pareto.items:
            line = Line(level, name, Metric(MetricKind.RULE, item.rule_id))
            yield "errors", item.rule_id, line, report.pareto.titles[item.rule_id]
    for one in report.service:
        if one.n and one.id in SERVICE and not (level is Level.AGENT and one.id in OF_MANY):
            yield "service", one.id, Line(level, name, metric_of(one.id)), one.title


def _of_groups(level: Level, groups: Sequence[Group]) -> Iterator[Placed]:
    """The metric in which the group is furthest below the others, else its pass rate, else its worst class."""
    for group in groups:
        if group.name == "—" or not group.calls:
            continue
        below = [key for key, change in group.differs.items() if change.value < 0]
        known = [key for key in CLASSES if group.shares[key].value is not None]
        rated = [PASSED] if group.shares[PASSED].n else known
        metric = min(below or rated, key=lambda key: group.shares[key].value or 0.0, default=None)
        if metric is not None:
            yield level.value, group.name, Line(level, group.name, metric_of(metric)), METRICS[metric]


def _whole(scope: Scope) -> tuple[Level, str]:
    if scope.agent is not None:
        return Level.AGENT, scope.agent
    return (Level.TEAM, scope.team) if scope.team is not None else (Level.CENTRE, "")

"""What actions are measured by: the metric of every agent, every team or the centre, over any period.

Of shares the bad ones are counted among the calls that a reviewer has finished, as in reports; service levels are of
all calls.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import func, select

from pipeline.domain.actions import Count, Level, Line, Metric, MetricKind
from pipeline.domain.results import ErrorClass, RuleHeading, RuleStatus
from pipeline.domain.scores import CardFacts, Scored
from pipeline.store.card_facts import card_facts
from pipeline.store.database import Database
from pipeline.store.report_queries import (
    EvaluatedCall,
    JudgedRule,
    Scope,
    Window,
    evaluated_calls,
    judged_rules,
    known_calls,
    known_rules,
)
from pipeline.store.report_service import call_signals, contacts
from pipeline.store.tables import recordings

COUNTED = (RuleStatus.ACTIVE, RuleStatus.RETIRED)
"""What a rule on trial found is no error yet."""
Counts = dict[str, Count]


@dataclass(frozen=True, slots=True)
class Scoring:
    """How complete cards are scored; the store does not know how."""

    card: str
    """Id and version, such as ``default@1``."""
    score: Callable[[Mapping[str, CardFacts], Mapping[str, RuleHeading]], Mapping[str, Scored]]


@dataclass(frozen=True)
class Population:
    """All calls that began in ``[since, until)``. What is asked for is read once."""

    database: Database
    since: datetime
    until: datetime
    scoring: Scoring

    @cached_property
    def calls(self) -> tuple[EvaluatedCall, ...]:
        """The evaluated ones, by start."""
        return tuple(evaluated_calls(self.database, self._window))

    @cached_property
    def rules(self) -> Mapping[str, RuleHeading]:
        """Every rule that was ever in a pack."""
        return known_rules(self.database)

    @cached_property
    def errors(self) -> Mapping[str, frozenset[str]]:
        """Confirmed errors by call: ids of rules."""
        found: dict[str, set[str]] = {}
        for one in self._judged:
            rule = self.rules.get(one.rule_id)
            if one.true and rule is not None and rule.status in COUNTED and rule.error_class is not ErrorClass.ALERT:
                found.setdefault(one.recording_id, set()).add(one.rule_id)
        return {recording_id: frozenset(rules) for recording_id, rules in found.items()}

    @cached_property
    def scored(self) -> Mapping[str, Scored]:
        """Complete scorecards by call."""
        facts = card_facts(self.database, self._window, self._judged, self.scoring.card)
        return self.scoring.score(facts, self.rules)

    @cached_property
    def _judged(self) -> Sequence[JudgedRule]:
        finished = {call.id for call in self.calls}
        return [one for one in judged_rules(self.database, self._window) if one.recording_id in finished]

    @property
    def _window(self) -> Window:
        return Window(self.since, self.until, Scope())

    def counts(self, level: Level, metric: Metric, since: datetime, until: datetime) -> Counts:
        """The metric of everybody of the level who has such calls in ``[since, until)``; the centre's name is empty."""
        if metric.is_mean:
            return _means(self.database, level, metric.name, since, until)
        if metric.kind is MetricKind.SOLVED:
            return _repeats(self.database, level, since, until)
        bad: Counter[str] = Counter()
        n: Counter[str] = Counter()
        for call in self.calls:
            name = _name(level, call)
            if name is None or not since <= call.started_at < until:
                continue
            found = self._bad(metric, call)
            if found is not None:
                n[name] += 1
                bad[name] += found
        return {name: Count(bad[name], n[name]) for name in n}

    def _bad(self, metric: Metric, call: EvaluatedCall) -> bool | None:
        """Whether the call counts against its agent; ``None`` where it does not count."""
        errors = self.errors.get(call.id, frozenset())
        if metric.kind is MetricKind.RULE:
            return metric.name in errors
        if metric.kind is MetricKind.CLASS:
            return any(self.rules[rule_id].error_class == metric.name for rule_id in errors)
        scored = self.scored.get(call.id)
        return None if scored is None else not scored.passed


def scope_of(line: Line) -> Scope:
    """The calls of the line."""
    return Scope(
        team=line.name if line.level is Level.TEAM else None, agent=line.name if line.level is Level.AGENT else None
    )


def _name(level: Level, call: EvaluatedCall) -> str | None:
    return {Level.AGENT: call.agent, Level.TEAM: call.team, Level.CENTRE: ""}[level]


def names_of(database: Database, level: Level, since: datetime, until: datetime) -> list[str]:
    """Everybody of the level with calls in ``[since, until)``."""
    if level is Level.CENTRE:
        return [""]
    column = recordings.c[level.value]
    query = select(column).where(column.is_not(None), column != "", *Window(since, until, Scope()).tests).distinct()
    with database.reading() as connection:
        return sorted(connection.execute(query).scalars())


def _means(database: Database, level: Level, name: str, since: datetime, until: datetime) -> Counts:
    if name == "handling":
        return _durations(database, level, since, until)
    found = {}
    for one in names_of(database, level, since, until):
        window = Window(since, until, scope_of(Line(level, one, Metric(MetricKind.MEAN, name))))
        signals = call_signals(database, window)
        values = [
            value
            for each in signals
            if (value := each.silence_share if name == "silence" else each.response_s) is not None
        ]
        if values:
            found[one] = Count(sum(values), len(values), sum(value**2 for value in values))
    return found


def _durations(database: Database, level: Level, since: datetime, until: datetime) -> Counts:
    length = recordings.c.duration_s
    sums = (func.count(length), func.sum(length), func.sum(length * length))
    tests = Window(since, until, Scope()).tests
    query = select(*sums).where(length.is_not(None), *tests)
    with database.reading() as connection:
        if level is Level.CENTRE:
            rows = [("", *row) for row in connection.execute(query)]
        else:
            name = recordings.c[level.value]
            grouped = select(name, *sums).where(length.is_not(None), name.is_not(None), name != "", *tests)
            rows = [tuple(row) for row in connection.execute(grouped.group_by(name))]
    return {name: Count(float(total), int(n), float(squares)) for name, n, total, squares in rows if n}


def _repeats(database: Database, level: Level, since: datetime, until: datetime) -> Counts:
    last = known_calls(database, Scope()).last
    found = {}
    for one in names_of(database, level, since, until):
        line = Line(level, one, Metric(MetricKind.SOLVED, "solved"))
        (told,) = contacts(database, [Window(since, until, scope_of(line))], last)
        if told.known:
            found[one] = Count(told.repeated, told.known)
    return found

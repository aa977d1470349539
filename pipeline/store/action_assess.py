"""An action's baseline when it is opened, and what became of its metric when it is due."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from pipeline.domain.action_periods import following
from pipeline.domain.action_verdict import ALIKE, DuePeriod, assess
from pipeline.domain.action_words import METRICS
from pipeline.domain.actions import (
    Action,
    Assessment,
    Baseline,
    Chosen,
    Count,
    Draft,
    Level,
    Line,
    Metric,
    MetricKind,
)
from pipeline.domain.errors import ConfigError
from pipeline.domain.periods import Period, series
from pipeline.domain.results import BilingualText, RuleStatus
from pipeline.store.action_evidence import Population, Scoring, scope_of
from pipeline.store.actions import overlapping
from pipeline.store.database import Database
from pipeline.store.report_queries import Window, known_rules, volumes
from pipeline.store.review_tables import review_items
from pipeline.store.tables import evaluations, pack_rules, recordings, runs

EARLIER = {Level.AGENT: 3, Level.TEAM: 3, Level.CENTRE: 8}
"""Periods before the baseline that count: more of the centre, which has nobody but itself to be compared with."""
OF_MANY = ("silence", "response", "solved")
"""Service levels that single agents are not measured by: too few of their calls are."""
NOT_IN_PACK = "absent"
MOST_SHOWN = 14
"""Periods of a chart."""


def title_of(database: Database, line: Line) -> BilingualText:
    """What the line's metric is called.

    Raises:
        ConfigError: there is no such rule, or no such metric of a single agent.
    """
    metric = line.metric
    if line.level is Level.AGENT and metric.kind is not MetricKind.RULE and metric.name in OF_MANY:
        raise ConfigError(f"{line.id}: {metric.name} is measured for teams and the centre; of agents, handling is")
    if metric.kind is not MetricKind.RULE:
        return METRICS[metric.name]
    rules = known_rules(database)
    if metric.name not in rules:
        known = ", ".join([*METRICS, *sorted(rules)])
        raise ConfigError(f"{line.id}: there is no metric and no rule {metric.name!r}; there are {known}")
    return rules[metric.name].title


def baseline_of(database: Database, scoring: Scoring, line: Line, period: Period) -> Baseline:
    """The line in the period, with what it stands beside.

    Raises:
        ConfigError: there is no such metric.
    """
    title = title_of(database, line)
    before = series(period, EARLIER[line.level] + 1)[:-1]
    population = Population(database, before[0].since, period.until, scoring)
    now = population.counts(line.level, line.metric, period.since, period.until)
    own = now.get(line.name, Count(0, 0))
    past = [population.counts(line.level, line.metric, one.since, one.until) for one in before]
    values = {name: one.value for name, one in now.items() if one.value is not None}
    rank = None
    if line.name in values and len(values) > 1:
        rank = 1 + sum(value > values[line.name] for value in values.values())
    seen = _looked_at(database, line, period)
    return Baseline(
        period,
        title,
        own,
        tuple(one.get(line.name, Count(0, 0)) for one in past),
        rank,
        len(values),
        seen.chosen,
        seen.flagged_heard,
        _rules_of(database, line, period),
    )


def team_of(database: Database, line: Line, period: Period) -> str | None:
    """The team of the line: the agent's own in most calls of the period."""
    if line.level is Level.AGENT:
        found = _named(database, "team", line, period)
        return found.most_common(1)[0][0] if found else None
    return line.name or None


def population_of(
    database: Database, scoring: Scoring, drafts: Sequence[Draft], *, until: datetime | None = None
) -> Population:
    """All calls that the actions are judged by, and later ones until then: read once for all of them."""
    first = min(_first(draft) for draft in drafts)
    last = max(draft.due.until for draft in drafts)
    return Population(database, first, max(last, until or last), scoring)


def _first(draft: Draft) -> datetime:
    return series(draft.baseline.period, EARLIER[draft.line.level] + 1)[0].since


def assess_action(
    database: Database,
    scoring: Scoring,
    action: Action,
    *,
    population: Population | None = None,
    now: datetime | None = None,
) -> Assessment:
    """What became of the metric; as it was stored where the action was closed."""
    if action.outcome is not None:
        return action.outcome
    draft, now = action.draft, now or datetime.now(UTC)
    line, base, due = draft.line, draft.baseline, draft.due
    population = population or population_of(database, scoring, [draft])
    first = _first(draft)
    before = population.counts(line.level, line.metric, first, base.period.until)
    after = population.counts(line.level, line.metric, due.since, due.until)
    others = tuple((one, after.get(name, Count(0, 0))) for name, one in sorted(before.items()) if name != line.name)
    seen = _looked_at(database, line, due)
    rules = _rules_of(database, line, due)
    found = DuePeriod(
        due.until <= now,
        after.get(line.name, Count(0, 0)),
        seen.calls,
        seen.chosen,
        seen.flagged_heard,
        rules,
        others,
        _gone(line.metric, rules, base.title),
        tuple(_notes(database, draft, action.id)),
    )
    return assess(draft, found)


def course(population: Population, draft: Draft, *, now: datetime | None = None) -> list[tuple[Period, Count]]:
    """The metric of the target, period after period: before the baseline, up to the due one, and as many after it."""
    now = now or datetime.now(UTC)
    line, base, due = draft.line, draft.baseline.period, draft.due
    periods = series(base, EARLIER[line.level] + 1)
    while (between := following(periods[-1])).until <= due.since and len(periods) < MOST_SHOWN:
        periods.append(between)
    periods.append(due)
    while (later := following(periods[-1])).until <= now and len(periods) < MOST_SHOWN:
        periods.append(later)
    found = []
    for period in periods:
        counts = population.counts(line.level, line.metric, period.since, period.until)
        found.append((period, counts.get(line.name, Count(0, 0))))
    return found


@dataclass(frozen=True, slots=True)
class _Looked:
    calls: int
    chosen: Chosen
    flagged_heard: tuple[int, int, int, int]


def _looked_at(database: Database, line: Line, period: Period) -> _Looked:
    """How many calls there were, and which of them were heard."""
    (found,) = volumes(database, [Window(period.since, period.until, scope_of(line))])
    if not found.evaluated:
        chosen = Chosen.NONE
    elif found.evaluated == found.calls:
        chosen = Chosen.ALL
    elif found.drawn:
        chosen = Chosen.DRAWN
    else:
        chosen = Chosen.OTHER if found.evaluated_unflagged else Chosen.FLAGGED
    heard = found.evaluated - found.evaluated_unflagged
    others = (found.evaluated_unflagged, found.checked - found.flagged)
    return _Looked(found.calls, chosen, (heard, found.flagged, *others))


def _rules_of(database: Database, line: Line, period: Period) -> tuple[str, ...]:
    """What the rules behind the metric hit by, in every pack that the evaluated calls were checked by."""
    metric = line.metric
    if metric.kind in (MetricKind.MEAN, MetricKind.SOLVED):
        return ()
    packs = (
        select(runs.c.pack_digest)
        .join(evaluations, evaluations.c.run_id == runs.c.id)
        .join(recordings, recordings.c.id == evaluations.c.recording_id)
        .join(review_items, review_items.c.recording_id == recordings.c.id)
        .where(review_items.c.done, *Window(period.since, period.until, scope_of(line)).tests)
        .distinct()
    )
    active = pack_rules.c.status == RuleStatus.ACTIVE.value
    tests = {
        MetricKind.RULE: [pack_rules.c.rule_id == metric.name],
        MetricKind.CLASS: [pack_rules.c.error_class == metric.name],
    }.get(metric.kind, [])
    with database.reading() as connection:
        digests = list(connection.execute(packs).scalars())
        query = select(pack_rules).where(pack_rules.c.pack_digest.in_(digests), active, *tests)
        found: dict[str, list[str]] = {digest: [] for digest in digests}
        for row in connection.execute(query.order_by(pack_rules.c.rule_id)):
            # Packs of before kept no digest of a rule: the same pack is the same, another one may be.
            found[row.pack_digest].append(f"{row.rule_id}:{row.digest or row.pack_digest}")
    return tuple(sorted({_named_by(rules) for rules in found.values()}))


def _named_by(rules: Sequence[str]) -> str:
    from hashlib import sha256

    return sha256("\n".join(rules).encode()).hexdigest() if rules else NOT_IN_PACK


def _gone(metric: Metric, rules: Sequence[str], title: BilingualText) -> BilingualText | None:
    if metric.kind is not MetricKind.RULE or NOT_IN_PACK not in rules:
        return None
    return BilingualText(
        f"复查期里规则“{title.zh}”（{metric.name}）已停用或改名，没有人再查它。",
        f'The rule "{title.en}" ({metric.name}) was retired or renamed: nobody looked for it in the due period.',
    )


def _notes(database: Database, draft: Draft, action_id: int) -> list[BilingualText]:
    line, base, due = draft.line, draft.baseline.period, draft.due
    found = []
    others = overlapping(database, draft, but=action_id)
    if others:
        which = "、".join(f"#{one.id}" for one in others)
        which_en = ", ".join(f"#{one.id}" for one in others)
        zh = f"同时还有措施 {which} 针对同一指标：变化是哪一条带来的，分不开。"
        en = f"Other actions ran on the same metric ({which_en}): what each did cannot be told apart."
        found.append(BilingualText(zh, en))
    if line.level is Level.AGENT:
        teams = sorted(set(_named(database, "team", line, due)) - {draft.team})
        if draft.team is not None and teams:
            zh = f"坐席从{draft.team}换到了{'、'.join(teams)}：预计没有计入两组的差别。"
            en = f"The agent moved from {draft.team} to {', '.join(teams)}: what the teams differ by is not taken off."
            found.append(BilingualText(zh, en))
    if line.level is Level.TEAM:
        before, after = (set(_named(database, "agent", line, period)) for period in (base, due))
        same = len(before & after)
        if after and same < ALIKE * len(after):
            zh = f"复查期的 {len(after)} 名坐席里只有 {same} 名基线时就在组里：人变了。"
            en = f"Of {len(after)} agents of the due period {same} were in the team in the baseline: they are others."
            found.append(BilingualText(zh, en))
    return found


def _named(database: Database, column: str, line: Line, period: Period) -> Counter[str]:
    """Calls of the line by team or agent."""
    name = recordings.c[column]
    tests = Window(period.since, period.until, scope_of(line)).tests
    query = select(name, func.count()).where(name.is_not(None), name != "", *tests).group_by(name)
    with database.reading() as connection:
        return Counter({str(one): int(calls) for one, calls in connection.execute(query)})

"""Puts a report together: which periods, which calls, which sections."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.domain.results import BilingualText, ErrorClass, RuleStatus
from pipeline.domain.sampling import Estimate, NotEnough
from pipeline.domain.scores import CRITICAL_CLASSES, Scorecard
from pipeline.reports.control import control_chart
from pipeline.reports.estimates import class_estimates
from pipeline.reports.evidence import ERROR_CLASSES, PASSED, Evidence, load
from pipeline.reports.levels import level_warnings, levels, problems
from pipeline.reports.model import Basis, ClassChart, Heading, Kind, Pareto, Report, Row, RuleRow, Trend
from pipeline.reports.pareto import pareto
from pipeline.reports.periods import Period, Unit, buckets, series
from pipeline.reports.recordings import best, needs, placing, worst
from pipeline.reports.sentences import (
    basis_warning,
    chart_sentence,
    known_warning,
    lead,
    pareto_sentence,
    rules_lead,
    trend_sentence,
)
from pipeline.reports.service import measures
from pipeline.reports.shares import Share, changes
from pipeline.reports.trend import forecast
from pipeline.reports.words import TITLES, day
from pipeline.store.database import Database
from pipeline.store.report_queries import (
    EvaluatedCall,
    Scope,
    Volume,
    Window,
    class_hits,
    known_calls,
    rule_hits,
    volume,
)

PERIODS = 8
"""Periods that a trend looks at."""
LONGEST_DAILY = timedelta(days=70)
"""A control chart of more than this has a point for each week, not for each day."""


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be reported."""

    kind: Kind
    period: Period
    zone: str
    scope: Scope = EVERYTHING
    desk_url: str | None = None


@dataclass(frozen=True, slots=True)
class _Work:
    """What all sections share."""

    database: Database
    wanted: Wanted
    periods: tuple[Period, ...]
    """The last is the report's."""
    volumes: tuple[Volume, ...]
    """Of the last three periods, the report's last."""
    evidence: Evidence

    @property
    def calls(self) -> list[EvaluatedCall]:
        """Evaluated calls of the period."""
        return self.evidence.of(self.wanted.period)

    def window(self, back: int) -> Window:
        """The period, or one before it."""
        period = self.periods[-1 - back]
        return Window(period.since, period.until, self.wanted.scope)


def build(database: Database, wanted: Wanted, card: Scorecard) -> Report:
    """The report of the period as the database stands."""
    periods = tuple(series(wanted.period, PERIODS))
    oldest = min(periods[0].since, _chart_since(wanted.period))
    history = Window(oldest, wanted.period.until, wanted.scope)
    evidence = load(database, history, card=card, scored_since=periods[-3].since)
    volumes = tuple(volume(database, Window(one.since, one.until, wanted.scope)) for one in periods[-3:])
    work = _Work(database, wanted, periods, volumes, evidence)
    charts = _charts(work)
    found = basis(volumes[-1])
    rows = _class_rows(work, found)
    calls = work.calls
    head = _heading(work, rows, charts, found)
    counted = _pareto(evidence, calls)
    if wanted.kind is Kind.RULES:
        told = _rule_rows(work)
        head = replace(head, lead=rules_lead(wanted.period, volumes[-1], told))
        return Report(head, classes=rows, hits=_hit_rows(work), pareto=counted, rules=told)
    place = placing(database, evidence, calls, wanted.desk_url)
    known = known_calls(database, wanted.scope)
    return Report(
        head,
        classes=rows,
        hits=_hit_rows(work),
        charts=charts,
        pareto=counted,
        levels=levels(evidence, calls),
        needs=needs(evidence, calls, problems(evidence, calls), place),
        best=best(database, evidence, calls, place),
        worst=worst(evidence, calls, place),
        service=measures(database, work.window(0), work.window(1), known.last),
        trends=_trends(work),
        rules=_rule_rows(work),
    )


def basis(found: Volume) -> Basis:
    """Why the evaluated calls can stand for all, or cannot."""
    if not found.evaluated:
        return Basis.NONE
    if found.evaluated == found.calls:
        return Basis.ALL
    if found.drawn:
        return Basis.DRAWN
    return Basis.CHOSEN if found.evaluated_unflagged else Basis.FLAGGED


def _heading(work: _Work, rows: Sequence[Row], charts: Sequence[ClassChart], found: Basis) -> Heading:
    wanted, now = work.wanted, work.volumes[-1]
    period = wanted.period
    labels = {day(at) for at in buckets(period.since, period.until, days=1)}
    known = known_calls(work.database, wanted.scope)
    maybe = [basis_warning(found, now), *known_warning(now, known, period), _card_warning(work)]
    warnings = [one for one in maybe if one is not None] + level_warnings(work.evidence, work.calls)
    last = work.volumes[-2].evaluated
    if now.evaluated and not last:
        zh = f"上期（{work.periods[-2].dates}）没有评估过的通话，无从比较。"
        en = f"The last period ({work.periods[-2].dates}) has no evaluated calls: there is nothing to compare with."
        warnings.append(BilingualText(zh, en))
    return Heading(
        kind=wanted.kind,
        title=_title(wanted.kind, period),
        period=period,
        last=work.periods[-2],
        earlier=work.periods[-3],
        zone=wanted.zone,
        scope=_scope(wanted.scope),
        lead=lead(period, now, found, rows, charts, labels),
        warnings=tuple(warnings),
        basis=found,
        calls=now.calls,
        checked=now.checked,
        flagged=now.flagged,
        evaluated=now.evaluated,
        last_evaluated=last,
    )


def _title(kind: Kind, period: Period) -> BilingualText:
    zh, en = {
        Kind.AGENT: ("坐席报告", "agents"),
        Kind.RULES: ("规则报告", "rules"),
    }.get(kind, ("质量报告", "quality"))
    return BilingualText(f"{period.title.zh}{zh}", f"{period.title.en}: {en}")


def _scope(scope: Scope) -> BilingualText:
    parts = [
        (f"{zh} {value}", f"{en} {value}")
        for value, zh, en in (
            (scope.team, "班组", "team"),
            (scope.agent, "坐席", "agent"),
            (scope.queue, "队列", "queue"),
        )
        if value is not None
    ]
    if not parts:
        return BilingualText("全中心", "Whole centre")
    return BilingualText("，".join(zh for zh, _ in parts), ", ".join(en for _, en in parts))


def _card_warning(work: _Work) -> BilingualText | None:
    calls = work.calls
    complete = sum(call.id in work.evidence.scored for call in calls)
    if complete == len(calls):
        return None
    zh = f"合格率只算评分表填完的 {complete:,} 通（共评估 {len(calls):,} 通）。"
    en = f"The pass rate counts the {complete:,} of {len(calls):,} evaluated calls whose scorecard is complete."
    return BilingualText(zh, en)


def _class_rows(work: _Work, found: Basis) -> tuple[Row, ...]:
    three = [work.evidence.shares(work.evidence.of(period)) for period in reversed(work.periods[-3:])]
    estimates: Mapping[str, Estimate | NotEnough] = {}
    if found is Basis.DRAWN:
        known = work.evidence
        estimates = class_estimates(work.database, work.window(0), known.judged, known.rules)
    keys = [*(one.value for one in ERROR_CLASSES), PASSED]
    return _rows(keys, three, estimates)


def _hit_rows(work: _Work) -> tuple[Row, ...]:
    three = []
    for back in range(3):
        hits, checked = class_hits(work.database, work.window(back)), work.volumes[-1 - back].checked
        three.append({one.value: Share(hits[one.value], checked) for one in ErrorClass})
    return _rows([one.value for one in ErrorClass], three, {})


def _rows(
    keys: Sequence[str], three: Sequence[dict[str, Share]], estimates: Mapping[str, Estimate | NotEnough]
) -> tuple[Row, ...]:
    now, last, earlier = three
    against = changes([(now[key], last[key]) for key in keys])
    against_earlier = changes([(now[key], earlier[key]) for key in keys])
    return tuple(
        Row(key, TITLES[key], now[key], last[key], earlier[key], one, other, estimates.get(key))
        for key, one, other in zip(keys, against, against_earlier, strict=True)
    )


def _chart_since(period: Period) -> datetime:
    """Three weeks for a day or a week; the period and the one before it otherwise."""
    if period.unit in (Unit.DAY, Unit.WEEK):
        return period.until - timedelta(days=21)
    return series(period, 2)[0].since


def _charts(work: _Work) -> tuple[ClassChart, ...]:
    """One for each class: those with a signal first, then in the order of the classes."""
    period = work.wanted.period
    since = _chart_since(period)
    days = 1 if period.until - since <= LONGEST_DAILY else 7
    starts = buckets(since, period.until, days=days)
    ends = [*starts[1:], period.until]
    inside = [work.evidence.within(*ends_of) for ends_of in zip(starts, ends, strict=True)]
    found = []
    for one in ERROR_CLASSES:
        shares = [work.evidence.error_share(calls, one) for calls in inside]
        chart = control_chart([(day(at), share.part, share.n) for at, share in zip(starts, shares, strict=True)])
        found.append(ClassChart(one.value, TITLES[one], chart, chart_sentence(TITLES[one], chart)))
    return tuple(sorted(found, key=lambda one: not any(point.beyond or point.run for point in one.chart.points)))


def _trends(work: _Work) -> tuple[Trend, ...]:
    found = []
    for one in ERROR_CLASSES:
        shares = tuple(work.evidence.error_share(work.evidence.of(period), one) for period in work.periods)
        coming = forecast(shares)
        labels = tuple(day(period.since) for period in work.periods)
        found.append(Trend(one.value, TITLES[one], labels, shares, coming, trend_sentence(TITLES[one], shares, coming)))
    return tuple(found)


def _pareto(evidence: Evidence, calls: Sequence[EvaluatedCall]) -> Pareto:
    counts = evidence.counts(calls)
    items = pareto(counts)
    titles = {rule_id: evidence.rules[rule_id].title for rule_id in counts}
    return Pareto(items, titles, sum(counts.values()), len(calls), pareto_sentence(items, titles, len(calls)))


def _rule_rows(work: _Work) -> tuple[RuleRow, ...]:
    """Every rule that hit or was judged, the most frequent of the gravest first."""
    now, last = (rule_hits(work.database, work.window(back)) for back in range(2))
    tally: Counter[tuple[str, str]] = Counter()
    for one in work.evidence.judged:
        if one.true is not None and one.started_at >= work.wanted.period.since:
            tally[one.rule_id, ("true" if one.true else "false") if one.hit else ("missed" if one.true else "")] += 1
    rules = work.evidence.rules
    wanted = [one for one in rules.values() if now[one.id] or last[one.id] or any(key[0] == one.id for key in tally)]
    wanted = [one for one in wanted if one.status in (RuleStatus.ACTIVE, RuleStatus.SHADOW, RuleStatus.RETIRED)]
    wanted.sort(key=lambda one: (one.error_class not in CRITICAL_CLASSES, -now[one.id], one.id))
    checked = [work.volumes[-1].checked, work.volumes[-2].checked]
    pairs = [
        (Share(min(now[one.id], checked[0]), checked[0]), Share(min(last[one.id], checked[1]), checked[1]))
        for one in wanted
    ]
    return tuple(
        RuleRow(
            one.id,
            one.title,
            one.error_class.value,
            one.status.value,
            *pair,
            change,
            Share(tally[one.id, "true"], tally[one.id, "true"] + tally[one.id, "false"]),
            tally[one.id, "missed"],
        )
        for one, pair, change in zip(wanted, pairs, changes(pairs), strict=True)
    )

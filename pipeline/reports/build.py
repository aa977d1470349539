"""Puts a report together: which periods, which calls, which sections."""

from collections.abc import Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace

from pipeline.domain.collecting import uncollected
from pipeline.domain.periods import Period, buckets, series
from pipeline.domain.results import BilingualText
from pipeline.domain.scores import Scorecard
from pipeline.reports.actions import loop
from pipeline.reports.estimates import class_estimates
from pipeline.reports.evidence import Evidence, load
from pipeline.reports.kinds import KINDS, Kind
from pipeline.reports.levels import level_warnings, levels, problems
from pipeline.reports.model import Basis, Heading, Measure, Pareto, Reasons, Report, Satisfaction
from pipeline.reports.pareto import pareto
from pipeline.reports.reasons import reasons
from pipeline.reports.recordings import best, needs, placing, worst
from pipeline.reports.rows import class_rows, hit_rows, rule_rows
from pipeline.reports.satisfaction import satisfaction
from pipeline.reports.sentences import basis_warning, known_warning, lead, needs_lead, pareto_sentence, rules_lead
from pipeline.reports.service import measures
from pipeline.reports.shares import Tally
from pipeline.reports.timeline import chart_since, charts, trends
from pipeline.reports.training import BEST, NEEDS, agent_needs, models_for
from pipeline.reports.words import day
from pipeline.reports.work import Wanted as Wanted
from pipeline.reports.work import Work, basis, weighted
from pipeline.store.database import Database
from pipeline.store.report_contacts import sites_of
from pipeline.store.report_queries import EvaluatedCall, Scope, Window, hit_calls, known_calls, volumes

PERIODS = 8
"""Periods that a trend looks at."""


def build(database: Database, wanted: Wanted, card: Scorecard) -> Report:
    """The report of the period as the database stands.

    The database counts hits and service levels in a thread of its own, while people's verdicts are read and worked out
    here.
    """
    beside = ThreadPoolExecutor(max_workers=1)
    try:
        with uncollected():
            work = _work(database, wanted, card, beside)
            report = {Kind.RULES: _rules, Kind.TRAINING: _training}.get(wanted.kind, _quality)(work)
    finally:
        # After an error nothing more is counted that nobody will read.
        beside.shutdown(cancel_futures=True)
    return replace(report, actions=loop(database, report, wanted.scope, card, desk_url=wanted.desk_url))


def _work(database: Database, wanted: Wanted, card: Scorecard, beside: Executor) -> Work:
    periods = tuple(series(wanted.period, PERIODS))
    three = [Window(one.since, one.until, wanted.scope) for one in periods[-3:]]
    counted = tuple(volumes(database, three))
    drawn = basis(counted[-1]) is Basis.DRAWN
    hits = beside.submit(lambda: [] if wanted.kind is Kind.TRAINING else hit_calls(database, three))
    wants_estimates = drawn and wanted.kind is not Kind.TRAINING
    estimates = beside.submit(lambda: class_estimates(database, three[-1]) if wants_estimates else {})
    history = Window(min(periods[0].since, chart_since(wanted.period)), wanted.period.until, wanted.scope)
    evidence = load(database, history, card=card, scored_since=periods[-3].since)
    if drawn:
        evidence = weighted(database, evidence, history, wanted.period)
    known = known_calls(database, wanted.scope)
    sites = sites_of(database, three[-1])
    return Work(database, wanted, periods, counted, evidence, known, sites, hits, estimates, beside)


def _quality(work: Work) -> Report:
    wanted, evidence, calls = work.wanted, work.evidence, work.calls
    found = basis(work.volumes[-1])
    service, happy, why = _of_all_calls(work)
    rows, lines = class_rows(work), charts(work)
    labels = {day(at) for at in buckets(wanted.period.since, wanted.period.until, days=1)}
    opening = lead(wanted.period, work.volumes[-1], found, rows, lines, labels)
    place = placing(work.database, evidence, calls, wanted.desk_url)
    return Report(
        _heading(work, opening),
        classes=rows,
        hits=hit_rows(work),
        charts=lines,
        pareto=_pareto(evidence, calls),
        levels=levels(evidence, calls, work.sites),
        needs=needs(evidence, calls, problems(evidence, calls), place),
        best=best(work.database, evidence, calls, place),
        worst=worst(evidence, calls, place),
        service=service.result(),
        satisfaction=happy.result(),
        reasons=why.result(),
        trends=trends(work),
        rules=rule_rows(work),
    )


def _of_all_calls(
    work: Work,
) -> tuple[Future[tuple[Measure, ...]], Future[Satisfaction | None], Future[Reasons | None]]:
    """Sections that take nobody's verdicts, begun."""
    database, desk_url, known_until = work.database, work.wanted.desk_url, work.known.last
    now, last = work.window(0), work.window(1)
    checked = work.volumes[-1].checked, work.volumes[-2].checked
    return (
        work.beside.submit(measures, database, now, last, known_until, checked),
        work.beside.submit(satisfaction, database, now, last, desk_url),
        work.beside.submit(reasons, database, now, known_until, work.volumes[-1].calls, desk_url),
    )


def _rules(work: Work) -> Report:
    told = rule_rows(work)
    opening = rules_lead(work.wanted.period, work.volumes[-1], told)
    return Report(
        _heading(work, opening),
        classes=class_rows(work),
        hits=hit_rows(work),
        pareto=_pareto(work.evidence, work.calls),
        rules=told,
    )


def _training(work: Work) -> Report:
    evidence, calls = work.evidence, work.calls
    place = placing(work.database, evidence, calls, work.wanted.desk_url)
    found = problems(evidence, calls)
    models = best(work.database, evidence, calls, place, most=BEST)
    told = needs(evidence, calls, found, place, most=NEEDS, model=models_for(models))
    agents = agent_needs(evidence, calls, found, place)
    opening = needs_lead(work.wanted.period, work.volumes[-1], told)
    return Report(_heading(work, opening), pareto=_pareto(evidence, calls), needs=told, agents=agents, best=models)


def _heading(work: Work, opening: BilingualText) -> Heading:
    wanted, now = work.wanted, work.volumes[-1]
    period, found = wanted.period, basis(work.volumes[-1])
    maybe = [basis_warning(found, now), *known_warning(now, work.known, period), _card_warning(work)]
    warnings = [one for one in maybe if one is not None] + level_warnings(work.evidence, work.calls)
    last = work.volumes[-2].evaluated
    if now.evaluated and not last:
        zh = f"上期（{work.periods[-2].dates}）没有评估过的通话，无从比较。"
        en = f"The last period ({work.periods[-2].dates}) has no evaluated calls: there is nothing to compare with."
        warnings.append(BilingualText(zh, en))
    warnings += _weight_warnings(work)
    return Heading(
        kind=wanted.kind,
        title=_title(wanted.kind, period),
        period=period,
        last=work.periods[-2],
        earlier=work.periods[-3],
        zone=wanted.zone,
        scope=_scope(wanted.scope),
        lead=opening,
        warnings=tuple(warnings),
        basis=found,
        calls=now.calls,
        checked=now.checked,
        flagged=now.flagged,
        evaluated=now.evaluated,
        last_evaluated=last,
    )


def _title(kind: Kind, period: Period) -> BilingualText:
    title = KINDS[kind].title
    return BilingualText(f"{period.title.zh}{title.zh}", f"{period.title.en}: {title.en}")


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


def _card_warning(work: Work) -> BilingualText | None:
    calls = work.calls
    complete = sum(call.id in work.evidence.scored for call in calls)
    if complete == len(calls) or work.wanted.kind is Kind.TRAINING:
        return None
    zh = f"合格率只算评分表填完的 {complete:,} 通（共评估 {len(calls):,} 通）。"
    en = f"The pass rate counts the {complete:,} of {len(calls):,} evaluated calls whose scorecard is complete."
    return BilingualText(zh, en)


def _weight_warnings(work: Work) -> list[BilingualText]:
    """Evaluated calls that stand for none, and periods that cannot be compared."""
    weights = work.evidence.weights
    if weights is None:
        return []
    told = []
    idle = sum(call.id not in weights for call in work.calls)
    if idle:
        zh = f"{idle:,} 通听过、但不是抽中的，不能代表别的通话，不计入加权的数字。"
        told.append(
            BilingualText(zh, f"Evaluated calls that were not drawn stand for no others and weigh nothing: {idle:,}.")
        )
    if work.volumes[-2].evaluated and not any(call.id in weights for call in work.evidence.of(work.periods[-2])):
        zh = "上期没有听过未命中的通话，不能代表全部通话，不比较。"
        en = "In the last period no unflagged call was heard: it cannot stand for all calls, and is not compared."
        told.append(BilingualText(zh, en))
    return told


def _pareto(evidence: Evidence, calls: Sequence[EvaluatedCall]) -> Pareto:
    counts, lead_of = evidence.counts(calls), None
    items = pareto(evidence.amounts(calls), counts)
    titles = {rule_id: evidence.rules[rule_id].title for rule_id in counts}
    if evidence.weights is not None:
        lead_of = _worth_of_first(evidence, calls, [item.rule_id for item in items[:2]])
    sentence = pareto_sentence(items, titles, len(calls), lead_of)
    return Pareto(items, titles, sum(counts.values()), len(calls), sentence)


def _worth_of_first(evidence: Evidence, calls: Sequence[EvaluatedCall], first: Sequence[str]) -> tuple[float, float]:
    """What the calls with only the first and with only the second error are worth."""
    if len(first) < 2:
        return 0.0, 0.0
    apart = [
        Tally.of(first[0] in wrong, evidence.weight(call))
        for call in calls
        if (first[0] in (wrong := evidence.errors.get(call.id, {}))) != (first[1] in wrong)
    ]
    share = evidence.share(sum(apart, start=Tally()))
    return share.part, share.n - share.part

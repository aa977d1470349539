"""Recordings worth hearing: examples for each training need, the best and the worst of the period."""

from collections.abc import Callable, Mapping, Sequence

from pipeline.domain.results import BilingualText
from pipeline.domain.scores import CRITICAL_CLASSES
from pipeline.reports.evidence import Evidence
from pipeline.reports.model import Heard, Moment, Need
from pipeline.reports.nature import Nature, Spread
from pipeline.reports.words import percent
from pipeline.store.database import Database
from pipeline.store.report_queries import EvaluatedCall, first_evidence, good_examples

HEAR = 3
SHOWN = 5
NEEDS = 15

Place = Callable[[EvaluatedCall, str | None], Moment]


def needs(
    evidence: Evidence,
    calls: Sequence[EvaluatedCall],
    found: Sequence[Spread],
    place: Place,
    *,
    most: int = NEEDS,
    model: Callable[[str, str], tuple[Moment, ...]] = lambda rule_id, team: (),
) -> tuple[Need, ...]:
    """What to train: signals first, critical classes first, then by number of errors.

    ``model``: recordings that show how it is done well, by rule and team.
    """

    def urgency(spread: Spread) -> tuple[bool, bool, float, str, str]:
        minor = evidence.rules[spread.rule_id].error_class not in CRITICAL_CLASSES
        return spread.nature is Nature.UNCLEAR, minor, -spread.share.part, spread.team, spread.rule_id

    told = []
    for spread in sorted(found, key=urgency)[:most]:
        rule = evidence.rules[spread.rule_id]
        there = [
            call
            for call in calls
            if spread.rule_id in evidence.errors.get(call.id, ()) and (call.team or "—") == spread.team
        ]
        there.sort(key=lambda call: (call.agent not in spread.outstanding, call.started_at, call.id))
        hear = tuple(place(call, spread.rule_id) for call in there[:HEAR])
        shown = model(spread.rule_id, spread.team)
        told.append(Need(spread.rule_id, rule.title, rule.error_class.value, spread, hear, shown))
    return tuple(told)


def placing(database: Database, evidence: Evidence, calls: Sequence[EvaluatedCall], desk_url: str | None) -> Place:
    """Gives the moment of an error in a call: where a person heard it, else where the rule's evidence begins."""
    heard = first_evidence(database, [call.id for call in calls if call.id in evidence.errors])

    def place(call: EvaluatedCall, rule_id: str | None) -> Moment:
        start_s = None
        if rule_id is not None:
            start_s = evidence.errors.get(call.id, {}).get(rule_id)
            start_s = heard.get((call.id, rule_id)) if start_s is None else start_s
        return moment_of(call.id, call.name, call.agent, call.team, start_s, desk_url)

    return place


def moment_of(
    recording_id: str, name: str, agent: str | None, team: str | None, start_s: float | None, desk_url: str | None
) -> Moment:
    """A recording to hear, with its address in the review desk where there is one."""
    link = None
    if desk_url:
        link = f"{desk_url.rstrip('/')}/calls/{recording_id}" + (f"?t={start_s:.1f}" if start_s is not None else "")
    return Moment(recording_id, name, agent, team, start_s, link)


def worst(evidence: Evidence, calls: Sequence[EvaluatedCall], place: Place) -> tuple[Heard, ...]:
    """Calls with errors: most critical ones first, then most errors, then the lowest score."""

    def badness(call: EvaluatedCall) -> tuple[int, int, float, int, str]:
        errors = evidence.errors[call.id]
        critical = sum(evidence.rules[rule_id].error_class in CRITICAL_CLASSES for rule_id in errors)
        scored = evidence.scored.get(call.id)
        return -critical, -len(errors), scored.share if scored else 1.0, -call.risk, call.id

    ordered = sorted((call for call in calls if evidence.errors.get(call.id)), key=badness)[:SHOWN]
    return tuple(Heard(place(call, _gravest(evidence, call)), _why_bad(evidence, call)) for call in ordered)


def _gravest(evidence: Evidence, call: EvaluatedCall) -> str:
    return min(evidence.errors[call.id], key=lambda one: (evidence.rules[one].error_class not in CRITICAL_CLASSES, one))


def _why_bad(evidence: Evidence, call: EvaluatedCall) -> BilingualText:
    order = sorted(
        evidence.errors[call.id], key=lambda one: (evidence.rules[one].error_class not in CRITICAL_CLASSES, one)
    )
    titles = [evidence.rules[rule_id].title for rule_id in order]
    zh, en = "、".join(one.zh for one in titles), ", ".join(one.en for one in titles)
    return _with_score(evidence, call, BilingualText(zh, en))


def best(
    database: Database, evidence: Evidence, calls: Sequence[EvaluatedCall], place: Place, *, most: int = SHOWN
) -> tuple[Heard, ...]:
    """Calls without an error: those with a place marked as a good example first, then the highest complete score.

    Without either nothing tells one from another, and none is named.
    """
    clear = [call for call in calls if not evidence.errors.get(call.id)]
    good = good_examples(database)
    told = [call for call in clear if call.id in good or call.id in evidence.scored]
    told.sort(key=lambda call: (call.id not in good, -_share(evidence.scored, call), call.id))
    marked, plain = BilingualText("有人标为范例", "marked as a good example"), BilingualText("没有错误", "no error")
    return tuple(
        Heard(place(call, None), _with_score(evidence, call, marked if call.id in good else plain))
        for call in told[:most]
    )


def _share(scored: Mapping[str, object], call: EvaluatedCall) -> float:
    found = scored.get(call.id)
    return float(getattr(found, "share", 0.0))


def _with_score(evidence: Evidence, call: EvaluatedCall, why: BilingualText) -> BilingualText:
    scored = evidence.scored.get(call.id)
    if scored is None:
        return why
    return BilingualText(f"{why.zh}；得分 {percent(scored.share)}", f"{why.en}; score {percent(scored.share)}")

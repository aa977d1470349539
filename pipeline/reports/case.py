"""One call on paper: what was found, said and judged, what it scores, and where to hear it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from pipeline.domain.calls import Role, Turn
from pipeline.domain.errors import StoreError
from pipeline.domain.personal import shown
from pipeline.domain.results import BilingualText, ErrorClass, Evidence, Outcome, RuleHeading, RuleResult, RuleStatus
from pipeline.domain.reviews import Review, Standing, Verdict
from pipeline.domain.scores import Answer, CardScore, ItemAnswer, Scorecard
from pipeline.domain.signals import Signals
from pipeline.reports.case_model import (
    CardLine,
    CardTotal,
    CaseMeasure,
    CaseReport,
    Expectation,
    Finding,
    Line,
    Piece,
)
from pipeline.reports.case_words import case_lead
from pipeline.reports.recordings import moment_of
from pipeline.scoring.prefill import prefill
from pipeline.scoring.score import score
from pipeline.store.call_rules import rules_run_on
from pipeline.store.database import Database
from pipeline.store.report_case import appeal_outcomes, other_calls
from pipeline.store.report_queries import known_rules
from pipeline.store.report_service import measured_signals
from pipeline.store.results import StoredCall, stored_call
from pipeline.store.reviews import standing

WHOLE = 120
"""Turns up to which the transcript is printed whole; of longer calls only what surrounds the evidence."""
AROUND = 2
WORDS = 5
"""Of those that moved a classifier."""


def build_case(
    database: Database, recording_id: str, card: Scorecard, *, zone: str, desk_url: str | None
) -> CaseReport:
    """The call as the database stands.

    Raises:
        StoreError: it was not processed yet.
    """
    stored = stored_call(database, recording_id)
    if stored is None:
        raise StoreError(f"call {recording_id[:12]} was not transcribed yet: `earmark show` says how far it has come")
    said, run = standing(database, recording_id), rules_run_on(database, recording_id)
    run_rules = {one.id: one for one in (run.headings if run else ())}
    headings = known_rules(database) | run_rules
    link = moment_of(recording_id, stored.recording.name, None, None, None, desk_url).link
    appeals = appeal_outcomes(database, recording_id)
    found = tuple(sorted(_findings(stored, said, headings, appeals, link), key=_order))
    scored = _scored(card, stored, said, headings, run_rules.values())
    total = _total(scored)
    kept, left_out = _transcript(stored)
    local, facts = ZoneInfo(zone), stored.recording.metadata
    return CaseReport(
        id=recording_id,
        name=stored.recording.name,
        facts=facts,
        started_at=facts.started_at.astimezone(local) if facts.started_at else None,
        duration_s=stored.duration_s,
        zone=zone,
        link=link,
        finished=said.finished is not None,
        lead=case_lead(found, total, finished=said.finished is not None),
        findings=found,
        card=total,
        lines=tuple(_lines(scored)),
        measures=tuple(_measures(stored.call.signals, stored.duration_s)),
        expected=tuple(_expected(stored)),
        comments=tuple(one.said.text for one in said.comments if one.said.text),
        others=tuple(
            (moment_of(one.id, one.name, one.agent, one.team, None, desk_url), one.started_at.astimezone(local))
            for one in other_calls(database, recording_id)
        ),
        transcript=kept,
        left_out=left_out,
    )


def _findings(
    stored: StoredCall,
    said: Standing,
    headings: Mapping[str, RuleHeading],
    appeals: Mapping[str, str | None],
    link: str | None,
) -> Iterator[Finding]:
    told = (Outcome.HIT, Outcome.NOT_EVALUABLE, Outcome.ERROR)
    results = {one.rule_id: one for one in stored.results if one.outcome in told}
    missed = [rule_id for rule_id, review in said.verdicts.items() if review.said.verdict is Verdict.MISSED]
    for rule_id in dict.fromkeys([*results, *missed]):
        heading, result, review = headings.get(rule_id), results.get(rule_id), said.verdicts.get(rule_id)
        if heading is None:
            continue
        pieces = result.evidence if result is not None and result.evidence else _heard(review)
        yield Finding(
            rule_id=rule_id,
            title=heading.title,
            error_class=heading.error_class.value,
            on_trial=heading.status is RuleStatus.SHADOW,
            outcome=result.outcome if result else None,
            explanation=result.explanation if result else None,
            pieces=tuple(_piece(one, link) for one in pieces),
            verdict=review.said.verdict if review else None,
            note=review.said.text if review else None,
            appeal=(appeals[rule_id] or "open") if rule_id in appeals else None,
        )


def _heard(review: Review | None) -> tuple[Evidence, ...]:
    """Where a person heard what the rule had missed."""
    place = review.said.place if review else None
    if place is None or place.start_s is None or place.role is None:
        return ()
    end_s = place.start_s if place.end_s is None else place.end_s
    return (Evidence(place.start_s, end_s, place.role, place.quote or "", place.turn),)


def _piece(one: Evidence, link: str | None) -> Piece:
    at = f"{link}?t={one.start_s:.1f}" if link else None
    return Piece(one.start_s, one.end_s, one.role, _both(one.quote), one.by_sound, at)


def _both(text: str) -> BilingualText:
    """Words of a call; what is masked in them is named in both languages."""
    return BilingualText(shown(text), shown(text, english=True))


def _order(one: Finding) -> tuple[bool, bool, bool, str, float]:
    """Confirmed errors, then what nobody judged, critical before others; what was rejected or is on trial last."""
    rejected = one.verdict in (Verdict.REJECTED, Verdict.ABSENT)
    first = one.pieces[0].start_s if one.pieces else 0.0
    return one.on_trial, rejected, not one.is_error, _CLASS_ORDER.get(one.error_class, "9"), first


_CLASS_ORDER = {one.value: str(place) for place, one in enumerate(ErrorClass)}


def _scored(
    card: Scorecard,
    stored: StoredCall,
    said: Standing,
    headings: Mapping[str, RuleHeading],
    run: Iterable[RuleHeading],
) -> CardScore:
    results = []
    for result in stored.results:
        review = said.verdicts.get(result.rule_id)
        verdict = review.said.verdict if review else None
        if verdict not in (Verdict.REJECTED, Verdict.ABSENT):
            outcome = Outcome.HIT if verdict and verdict.truth else result.outcome
            results.append(RuleResult(result.rule_id, outcome, result.explanation, result.evidence))
    known = {result.rule_id for result in stored.results}
    truths = {rule: one for rule, one in said.verdicts.items() if one.said.verdict and one.said.verdict.truth}
    results += [RuleResult(rule, Outcome.HIT, _FOUND, _heard(one)) for rule, one in truths.items() if rule not in known]
    items = {item.id: item for item in card.items}
    human = {
        item: ItemAnswer(Answer(review.said.value), automatic=False)
        for (name, item), review in said.scores.items()
        if name == f"{card.id}@{card.version}" and item in items and review.said.value in items[item].answers
    }
    confirmed = {rule: headings[rule].error_class for rule in truths if rule in headings}
    active = {one.id for one in run if one.status is RuleStatus.ACTIVE}
    return score(card, prefill(card, results, evaluated=active), human, confirmed=confirmed)


_FOUND = BilingualText("人工标为漏报", "found by a person")


def _total(scored: CardScore) -> CardTotal:
    card = scored.card
    failed = tuple(sorted(one.value for one in scored.failed_classes))
    passed = scored.passed if not scored.open or failed else None
    return CardTotal(card.title, scored.got, scored.possible, scored.share, passed, scored.open, card.pass_mark, failed)


def _lines(scored: CardScore) -> Iterator[CardLine]:
    for category in scored.categories:
        for one in category.items:
            overruled = one.automatic.value if one.overruled and one.automatic else None
            yield CardLine(category.category.title, one.item.title, one.value, overruled, one.got, one.item.max_points)


def _measures(signals: Signals, duration_s: float) -> Iterator[CaseMeasure]:
    found = measured_signals(signals, duration_s)
    yield CaseMeasure(BilingualText("通话时长", "Handling time"), duration_s, "s")
    yield CaseMeasure(BilingualText("静音占比", "Silence share"), found.silence_share, "share")
    longest = max((one.duration_s for one in signals.silences), default=None)
    yield CaseMeasure(BilingualText("最长静音", "Longest silence"), longest, "s")
    yield CaseMeasure(BilingualText("平均应答时间", "Mean response time"), found.response_s, "s")
    slowest = max((one.latency_s for one in signals.responses if one.role is Role.AGENT), default=None)
    yield CaseMeasure(BilingualText("最慢应答", "Slowest response"), slowest, "s")
    rate = next((one.characters_per_minute for one in signals.speech_rates if one.role is Role.AGENT), None)
    yield CaseMeasure(BilingualText("坐席语速", "Agent's speech rate"), rate, "per_min")
    talk = next((one.share for one in signals.talk_shares if one.role is Role.AGENT), None)
    yield CaseMeasure(BilingualText("坐席说话占比", "Agent's share of talk"), talk, "share")
    known = signals.last_speaker is not None
    cut = sum(one.by is Role.AGENT and one.duration_s >= 1.0 for one in signals.overlaps)
    yield CaseMeasure(
        BilingualText("坐席插话（≥ 1 s）", "Agent talks over caller (≥ 1 s)"), cut if known else None, "count"
    )


def _expected(stored: StoredCall) -> Iterator[Expectation]:
    said = stored.predictions
    for one in (said.dissatisfied, said.escalation) if said is not None else ():
        words = tuple(_both(word.text) for word in one.words[:WORDS] if word.weight > 0)
        yield Expectation(one.task, one.probability, one.flagged, words)


def _transcript(stored: StoredCall) -> tuple[tuple[Line, ...], int]:
    """Turns to print, and how many are left out."""
    turns: Sequence[Turn] = stored.call.transcript.turns
    results = [one for one in stored.results if one.outcome is Outcome.HIT]
    marked = {piece.turn for one in results for piece in one.evidence if piece.turn is not None}
    near = {turn + step for turn in marked for step in range(-AROUND, AROUND + 1)}
    kept = [one for one in turns if len(turns) <= WHOLE or one.index in near]
    lines = tuple(Line(one.start_s, one.role, _both(one.text), one.index in marked) for one in kept)
    return lines, len(turns) - len(kept)

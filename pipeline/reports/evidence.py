"""The evaluated calls of a report with the errors that people confirmed in them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.domain.results import BilingualText as Text
from pipeline.domain.results import ErrorClass, Outcome, RuleHeading, RuleResult, RuleStatus
from pipeline.domain.reviews import Verdict
from pipeline.domain.scores import Answer, ItemAnswer, Scorecard
from pipeline.reports.periods import Period
from pipeline.reports.shares import Share
from pipeline.scoring.prefill import prefill
from pipeline.scoring.score import score
from pipeline.store.database import Database
from pipeline.store.report_queries import (
    CardInputs,
    EvaluatedCall,
    JudgedRule,
    Window,
    active_rules,
    card_inputs,
    evaluated_calls,
    judged_rules,
    known_rules,
)

ERROR_CLASSES = (
    ErrorClass.CUSTOMER_CRITICAL,
    ErrorClass.BUSINESS_CRITICAL,
    ErrorClass.COMPLIANCE_CRITICAL,
    ErrorClass.NON_CRITICAL,
)
"""An alert is a risk, no error."""
PASSED = "passed"
COUNTED = (RuleStatus.ACTIVE, RuleStatus.RETIRED)
"""What a rule on trial found is no error yet."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What a complete scorecard comes to."""

    passed: bool
    share: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """Calls by start, with what is wrong in them."""

    calls: tuple[EvaluatedCall, ...]
    errors: Mapping[str, Mapping[str, float | None]]
    """Call → rule → where a person heard it."""
    rules: Mapping[str, RuleHeading]
    scored: Mapping[str, Scored]
    """Complete cards only: a card with open items is the score of what happened to be answered."""
    judged: Sequence[JudgedRule]
    """Every verdict that stands, on calls that are not finished as well."""

    def within(self, since: datetime, until: datetime) -> list[EvaluatedCall]:
        """The calls that began in ``[since, until)``."""
        return [call for call in self.calls if since <= call.started_at < until]

    def of(self, period: Period) -> list[EvaluatedCall]:
        """The calls of a period."""
        return self.within(period.since, period.until)

    def failed(self, call: EvaluatedCall) -> set[ErrorClass]:
        """Classes with an error in the call."""
        return {self.rules[rule_id].error_class for rule_id in self.errors.get(call.id, ())}

    def error_share(self, calls: Sequence[EvaluatedCall], error_class: ErrorClass) -> Share:
        """Calls with an error of the class."""
        return Share(sum(error_class in self.failed(call) for call in calls), len(calls))

    def shares(self, calls: Sequence[EvaluatedCall]) -> dict[str, Share]:
        """Accuracy by class: calls without such an error ÷ calls; calls that passed ÷ calls with a complete card."""
        failed: Counter[ErrorClass] = Counter(one for call in calls for one in self.failed(call))
        found = {one.value: Share(len(calls) - failed[one], len(calls)) for one in ERROR_CLASSES}
        scored = [self.scored[call.id] for call in calls if call.id in self.scored]
        return found | {PASSED: Share(sum(one.passed for one in scored), len(scored))}

    def counts(self, calls: Iterable[EvaluatedCall]) -> Counter[str]:
        """Calls with each error, by rule."""
        return Counter(rule_id for call in calls for rule_id in self.errors.get(call.id, ()))

    def grouped(
        self, calls: Iterable[EvaluatedCall], name: Callable[[EvaluatedCall], str | None]
    ) -> dict[str | None, list[EvaluatedCall]]:
        """Calls by a property."""
        found: dict[str | None, list[EvaluatedCall]] = {}
        for call in calls:
            found.setdefault(name(call), []).append(call)
        return found


def load(database: Database, window: Window, *, card: Scorecard, scored_since: datetime) -> Evidence:
    """Everything of the window; scorecards only of calls that began at ``scored_since`` or later."""
    calls = tuple(evaluated_calls(database, window))
    rules = known_rules(database)
    finished = {call.id for call in calls}
    every = judged_rules(database, window)
    judged = [one for one in every if one.recording_id in finished]
    errors: dict[str, dict[str, float | None]] = {}
    for one in judged:
        heading = rules.get(one.rule_id)
        if one.true and heading is not None and heading.status in COUNTED and heading.error_class in ERROR_CLASSES:
            errors.setdefault(one.recording_id, {})[one.rule_id] = one.start_s
    recent = [call.id for call in calls if call.started_at >= scored_since]
    return Evidence(calls, errors, rules, _scores(database, recent, judged, rules, card), every)


def _scores(
    database: Database,
    recording_ids: Sequence[str],
    judged: Sequence[JudgedRule],
    rules: Mapping[str, RuleHeading],
    card: Scorecard,
) -> dict[str, Scored]:
    """Complete cards by call. Equal inputs are scored once."""
    active = active_rules(database)
    inputs = card_inputs(database, recording_ids, f"{card.id}@{card.version}")
    said: dict[str, list[tuple[str, Verdict]]] = {}
    for one in judged:
        said.setdefault(one.recording_id, []).append((one.rule_id, one.verdict))
    known: dict[tuple[CardInputs, tuple[tuple[str, Verdict], ...]], Scored | None] = {}
    found: dict[str, Scored] = {}
    for recording_id, given in inputs.items():
        key = (given, tuple(said.get(recording_id, ())))
        if key not in known:
            known[key] = _score(card, *key, active.get(given.pack, frozenset()), rules)
        scored = known[key]
        if scored is not None:
            found[recording_id] = scored
    return found


def _score(
    card: Scorecard,
    given: CardInputs,
    verdicts: Sequence[tuple[str, Verdict]],
    active: frozenset[str],
    rules: Mapping[str, RuleHeading],
) -> Scored | None:
    """What the card comes to; ``None`` while an item is open."""
    said, nothing = dict(verdicts), Text("", "")
    outcomes = {rule_id: Outcome(outcome) for rule_id, outcome in given.outcomes}
    for rule_id, verdict in said.items():
        if verdict in (Verdict.REJECTED, Verdict.ABSENT):
            outcomes.pop(rule_id, None)
        elif verdict.truth:
            outcomes[rule_id] = Outcome.HIT
    results = [RuleResult(rule_id, outcome, nothing) for rule_id, outcome in sorted(outcomes.items())]
    items = {item.id: item for item in card.items}
    human = {
        item: ItemAnswer(Answer(value), automatic=False)
        for item, value in given.answers
        if item in items and value in items[item].answers
    }
    confirmed = {rule: rules[rule].error_class for rule, verdict in said.items() if verdict.truth and rule in rules}
    total = score(card, prefill(card, results, evaluated=active), human, confirmed=confirmed)
    if total.open or total.share is None or total.passed is None:
        return None
    return Scored(total.passed, total.share)

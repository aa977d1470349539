"""The evaluated calls of a report with the errors that people confirmed in them."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.domain.periods import Period
from pipeline.domain.results import ErrorClass, RuleHeading, RuleStatus
from pipeline.domain.scores import Scorecard, Scored
from pipeline.reports.shares import Share, Tally
from pipeline.scoring.complete import complete_all
from pipeline.store.card_facts import card_facts
from pipeline.store.database import Database
from pipeline.store.report_queries import (
    EvaluatedCall,
    JudgedRule,
    Window,
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
KEYS = (*(one.value for one in ERROR_CLASSES), PASSED)
"""Of everything that accuracy is told of."""
COUNTED = (RuleStatus.ACTIVE, RuleStatus.RETIRED)
"""What a rule on trial found is no error yet."""


class _Sum:
    """Number of calls, sum of their weights, and of the squares of these."""

    def __init__(self) -> None:
        self.calls, self.weight, self.squares = 0, 0.0, 0.0

    def add(self, weight: float) -> None:
        """One more call."""
        self.calls += 1
        self.weight += weight
        self.squares += weight * weight

    def of(self, whole: "_Sum") -> Tally:
        """These as a part of the whole."""
        return Tally(self.calls, whole.calls, whole.weight, self.weight, whole.squares, self.squares)


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
    weights: Mapping[str, float] | None = None
    """What each call stands for, where a plan drew calls; one that is absent stands for none. Else all count alike."""

    def within(self, since: datetime, until: datetime) -> list[EvaluatedCall]:
        """The calls that began in ``[since, until)``."""
        first, after = (bisect_left(self.calls, moment, key=lambda call: call.started_at) for moment in (since, until))
        return list(self.calls[first:after])

    def of(self, period: Period) -> list[EvaluatedCall]:
        """The calls of a period."""
        return self.within(period.since, period.until)

    def failed(self, call: EvaluatedCall) -> set[ErrorClass]:
        """Classes with an error in the call."""
        return {self.rules[rule_id].error_class for rule_id in self.errors.get(call.id, ())}

    def weight(self, call: EvaluatedCall) -> float:
        """What the call stands for."""
        return 1.0 if self.weights is None else self.weights.get(call.id, 0.0)

    def tallies(self, calls: Sequence[EvaluatedCall]) -> dict[str, Tally]:
        """Accuracy by class: calls without such an error ÷ calls; calls that passed ÷ calls with a complete card."""
        wrong: dict[str, _Sum] = {key: _Sum() for key in KEYS}
        every, scored = _Sum(), _Sum()
        for call in calls:
            weight, card = self.weight(call), self.scored.get(call.id)
            every.add(weight)
            if call.id in self.errors:
                for key in self.failed(call):
                    if key in wrong:
                        wrong[key].add(weight)
            if card is not None:
                scored.add(weight)
                if not card.passed:
                    wrong[PASSED].add(weight)
        return {key: wrong[key].of(scored if key == PASSED else every).rest for key in KEYS}

    def share(self, tally: Tally) -> Share:
        """The share of a tally, weighted where calls are."""
        return tally.share(weighted=self.weights is not None)

    def shares(self, calls: Sequence[EvaluatedCall]) -> dict[str, Share]:
        """As `tallies`, as shares."""
        return {key: self.share(tally) for key, tally in self.tallies(calls).items()}

    def counts(self, calls: Iterable[EvaluatedCall]) -> Counter[str]:
        """Calls with each error, by rule."""
        return Counter(rule_id for call in calls for rule_id in self.errors.get(call.id, ()))

    def amounts(self, calls: Iterable[EvaluatedCall]) -> dict[str, float]:
        """As many calls as those with each error stand for, by rule."""
        found: dict[str, float] = {}
        for call in calls:
            for rule_id in self.errors.get(call.id, ()):
                found[rule_id] = found.get(rule_id, 0.0) + self.weight(call)
        return found

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
    recent = replace(window, since=max(window.since, scored_since))
    facts = card_facts(database, recent, judged, f"{card.id}@{card.version}")
    return Evidence(calls, errors, rules, complete_all(card, facts, rules), every)

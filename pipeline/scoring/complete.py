"""What a call's scorecard comes to once every item is answered, by rules or by a person."""

from collections.abc import Mapping

from pipeline.domain.results import BilingualText, Outcome, RuleHeading, RuleResult
from pipeline.domain.reviews import Verdict
from pipeline.domain.scores import Answer, CardFacts, ItemAnswer, Scorecard, Scored
from pipeline.scoring.prefill import prefill
from pipeline.scoring.score import score


def complete(card: Scorecard, facts: CardFacts, rules: Mapping[str, RuleHeading]) -> Scored | None:
    """What the card comes to; ``None`` while an item is open."""
    said, nothing = dict(facts.verdicts), BilingualText("", "")
    outcomes = {rule_id: Outcome(outcome) for rule_id, outcome in facts.outcomes}
    for rule_id, verdict in said.items():
        if verdict in (Verdict.REJECTED, Verdict.ABSENT):
            outcomes.pop(rule_id, None)
        elif verdict.truth:
            outcomes[rule_id] = Outcome.HIT
    results = [RuleResult(rule_id, outcome, nothing) for rule_id, outcome in sorted(outcomes.items())]
    items = {item.id: item for item in card.items}
    human = {
        item: ItemAnswer(Answer(value), automatic=False)
        for item, value in facts.answers
        if item in items and value in items[item].answers
    }
    confirmed = {rule: rules[rule].error_class for rule, verdict in said.items() if verdict.truth and rule in rules}
    total = score(card, prefill(card, results, evaluated=facts.active), human, confirmed=confirmed)
    if total.open or total.share is None or total.passed is None:
        return None
    return Scored(total.passed, total.share)


def complete_all(
    card: Scorecard, facts: Mapping[str, CardFacts], rules: Mapping[str, RuleHeading]
) -> dict[str, Scored]:
    """Complete cards by call. Equal facts are scored once.

    Args:
        card: the scorecard.
        facts: by recording id.
        rules: every rule by id.
    """
    known: dict[CardFacts, Scored | None] = {}
    found: dict[str, Scored] = {}
    for recording_id, given in sorted(facts.items()):
        if given not in known:
            known[given] = complete(card, given, rules)
        scored = known[given]
        if scored is not None:
            found[recording_id] = scored
    return found

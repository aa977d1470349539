"""What a call's scorecard comes to once every item is answered, by rules or by a person."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.domain.results import BilingualText, ErrorClass, Outcome, RuleHeading, RuleResult
from pipeline.domain.reviews import Verdict
from pipeline.domain.scores import CRITICAL_CLASSES, CardFacts, CardItem, ItemAnswer, ItemScore, Scorecard, Scored
from pipeline.scoring.prefill import prefill

_Outcomes = tuple[tuple[str, Outcome], ...]
"""By rule id."""


def complete_all(
    card: Scorecard, facts: Mapping[str, CardFacts], rules: Mapping[str, RuleHeading]
) -> dict[str, Scored]:
    """Complete cards by call. Equal facts are scored once.

    Args:
        card: the scorecard.
        facts: by recording id.
        rules: every rule by id.
    """
    lines = [_line(item) for item in card.items]
    by_rules: dict[tuple[_Outcomes, frozenset[str]], Mapping[str, ItemAnswer]] = {}

    def automatic(outcomes: _Outcomes, active: frozenset[str]) -> Mapping[str, ItemAnswer]:
        """What rules say; many calls have the same outcomes."""
        key = outcomes, active
        if key not in by_rules:
            results = [RuleResult(rule_id, outcome, BilingualText("", "")) for rule_id, outcome in outcomes]
            by_rules[key] = prefill(card, results, evaluated=active)
        return by_rules[key]

    known: dict[CardFacts, Scored | None] = {}
    found: dict[str, Scored] = {}
    for recording_id, given in sorted(facts.items()):
        if given not in known:
            known[given] = _complete(card, lines, given, rules, automatic)
        scored = known[given]
        if scored is not None:
            found[recording_id] = scored
    return found


@dataclass(frozen=True, slots=True)
class _Line:
    """An item with what each answer earns: points, points possible, the class that it fails."""

    id: str
    earned: Mapping[str, tuple[int, int, ErrorClass | None]]


def _line(item: CardItem) -> _Line:
    each = {answer.value: ItemScore(item, human=ItemAnswer(answer, automatic=False)) for answer in item.answers}
    return _Line(item.id, {value: (one.got or 0, one.possible or 0, one.failed_class) for value, one in each.items()})


def _complete(
    card: Scorecard,
    lines: Sequence[_Line],
    facts: CardFacts,
    rules: Mapping[str, RuleHeading],
    prefilled: Callable[[_Outcomes, frozenset[str]], Mapping[str, ItemAnswer]],
) -> Scored | None:
    """What the card comes to; ``None`` while an item is open.

    As `pipeline.scoring.score.score` has it, without what only pages show: a report holds ten thousand cards.
    """
    said = dict(facts.verdicts)
    outcomes = {rule_id: Outcome(outcome) for rule_id, outcome in facts.outcomes}
    for rule_id, verdict in said.items():
        if verdict in (Verdict.REJECTED, Verdict.ABSENT):
            outcomes.pop(rule_id, None)
        elif verdict.truth:
            outcomes[rule_id] = Outcome.HIT
    automatic, human = prefilled(tuple(sorted(outcomes.items())), facts.active), dict(facts.answers)
    failed = {rules[rule].error_class for rule, verdict in said.items() if verdict.truth and rule in rules}
    got = possible = 0
    for line in lines:
        value = human.get(line.id, "")
        if value not in line.earned:
            by_rules = automatic[line.id].value if line.id in automatic else None
            if by_rules is None:
                return None
            value = by_rules.value
        earned, most, fails = line.earned[value]
        got, possible = got + earned, possible + most
        if fails is not None:
            failed.add(fails)
    if not possible:
        return None
    share = got / possible
    return Scored(share >= card.pass_mark and failed.isdisjoint(CRITICAL_CLASSES), share)

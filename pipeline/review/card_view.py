"""The scorecard as the call page shows it: what rules filled in, what a person said, and what it comes to."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipeline.domain.results import BilingualText, ErrorClass, Evidence, Outcome, RuleResult, RuleStatus
from pipeline.domain.reviews import Review, Verdict
from pipeline.domain.scores import Answer, CardScore, ItemAnswer, ItemScore, Scorecard
from pipeline.review.call_view import CallView
from pipeline.scoring.prefill import prefill
from pipeline.scoring.score import score

KEYS: dict[Answer, str] = {
    Answer.YES: "y",
    Answer.NO: "x",
    Answer.EXCELLENT: "y",
    Answer.FAIR: "u",
    Answer.NEEDS_IMPROVEMENT: "x",
    Answer.N_A: "a",
}
"""Which key gives which answer."""
_FOUND = BilingualText("人工标为漏报", "found by a person")


@dataclass(frozen=True, slots=True)
class Option:
    """An answer that can be chosen."""

    answer: Answer
    selected: bool
    overruled: bool
    """The rules' answer, which a person overruled."""

    @property
    def key(self) -> str:
        """The key that chooses it."""
        return KEYS[self.answer]


def name_of(card: Scorecard) -> str:
    """The card and its version, as a review names it."""
    return f"{card.id}@{card.version}"


def options(item: ItemScore) -> tuple[Option, ...]:
    """The answers of the item, best first."""
    automatic = item.automatic.value if item.automatic else None
    return tuple(
        Option(answer, answer is item.value, item.overruled and answer is automatic) for answer in item.item.answers
    )


def card_score(view: CallView, card: Scorecard, *, prefilled: bool = True) -> CardScore:
    """What the call earns on the card, by what rules found and people said; by people alone if not ``prefilled``."""
    headings = view.sources.rules.headings if view.sources.rules else ()
    active = {heading.id for heading in headings if heading.status == RuleStatus.ACTIVE}
    results = tuple(effective(view))
    human = {
        item: ItemAnswer(Answer(review.said.value), automatic=False)
        for (name, item), review in view.standing.scores.items()
        if name == name_of(card) and review.said.value in set(Answer) and _fits(card, item, review)
    }
    automatic = prefill(card, results, evaluated=active) if prefilled else {}
    return score(card, automatic, human, confirmed=_confirmed(view))


def _fits(card: Scorecard, item_id: str, review: Review) -> bool:
    """Whether the card, which somebody may have edited, still has such an item and answer."""
    return any(item.id == item_id and review.said.value in item.answers for item in card.items)


def effective(view: CallView) -> Iterable[RuleResult]:
    """The rules' results as people left them: rejected hits are clear, what was missed is a hit."""
    said = view.standing.verdicts
    known = set()
    for result in view.sources.stored.results:
        known.add(result.rule_id)
        review = said.get(result.rule_id)
        verdict = review.said.verdict if review else None
        if verdict in (Verdict.REJECTED, Verdict.ABSENT):
            continue
        if verdict in (Verdict.CONFIRMED, Verdict.MISSED) and result.outcome != Outcome.HIT:
            assert review is not None
            yield replace(result, outcome=Outcome.HIT, evidence=result.evidence or _heard(review))
        else:
            yield result
    for rule_id, review in said.items():
        if rule_id not in known and review.said.verdict == Verdict.MISSED:
            yield RuleResult(rule_id, Outcome.HIT, _FOUND, _heard(review))


def _heard(review: Review) -> tuple[Evidence, ...]:
    place = review.said.place
    if place.start_s is None or place.end_s is None or place.role is None:
        return ()
    return (Evidence(place.start_s, place.end_s, place.role, place.quote or "", place.turn),)


def _confirmed(view: CallView) -> dict[str, ErrorClass]:
    classes = {
        heading.id: heading.error_class for heading in (view.sources.rules.headings if view.sources.rules else ())
    }
    return {
        rule_id: classes[rule_id]
        for rule_id, review in view.standing.verdicts.items()
        if review.said.verdict in (Verdict.CONFIRMED, Verdict.MISSED) and rule_id in classes
    }

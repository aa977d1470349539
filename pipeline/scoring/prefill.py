"""What rules can say on a scorecard before anybody listens."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from pipeline.domain.results import BilingualText, Outcome, RuleResult
from pipeline.domain.scores import Answer, CardItem, ItemAnswer, Scorecard


def prefill(card: Scorecard, results: Sequence[RuleResult], *, evaluated: Collection[str]) -> dict[str, ItemAnswer]:
    """What the rules say, by item id, for every item that has rules; a value of ``None`` is an open item.

    ``evaluated`` are the ids of the rules whose word counts, as a rule: those that ran and are active. Such a rule
    without a result is clear. Results of other rules, of shadow ones say, are left alone. A hit that a person rejected
    is to be left out of ``results``: it is clear then.

    A hit of any rule gives the lowest grade, with its evidence. An item whose rules are all clear gets what its card
    says of that. Where a rule did not run, cannot judge the call, or is broken, the item stays open; a missing word is
    never read as a good one.
    """
    said = {result.rule_id: result for result in results if result.rule_id in evaluated}
    return {item.id: _answer(item, said, evaluated) for item in card.items if item.rules}


def _answer(item: CardItem, said: Mapping[str, RuleResult], evaluated: Collection[str]) -> ItemAnswer:
    results = [said[rule] for rule in item.rules if rule in said]
    hits = [result for result in results if result.outcome is Outcome.HIT]
    if hits:
        starts = sorted({piece.start_s for hit in hits for piece in hit.evidence})
        explanation = _joined(hit.explanation for hit in hits)
        return ItemAnswer(item.lowest, automatic=True, evidence=tuple(starts), explanation=explanation)
    absent = [rule for rule in item.rules if rule not in evaluated]
    unsure = [result for result in results if result.outcome in (Outcome.NOT_EVALUABLE, Outcome.ERROR)]
    elsewhere = [result for result in results if result.outcome is Outcome.NOT_APPLICABLE]
    blocking = unsure if item.not_applicable_means is Answer.N_A else unsure + elsewhere
    if absent or blocking:
        reasons = [*map(_did_not_run, absent), *(result.explanation for result in blocking)]
        return ItemAnswer(None, automatic=True, explanation=_joined(reasons))
    if len(elsewhere) == len(item.rules):
        explanation = _joined(result.explanation for result in elsewhere)
        return ItemAnswer(Answer.N_A, automatic=True, explanation=explanation)
    return ItemAnswer(item.clear_means, automatic=True, explanation=item.clear_note or _clear(item))


def _joined(texts: Iterable[BilingualText]) -> BilingualText:
    """The texts one after another, each once."""
    different = list(dict.fromkeys(texts))
    return BilingualText("；".join(text.zh for text in different), "; ".join(text.en for text in different))


def _did_not_run(rule: str) -> BilingualText:
    return BilingualText(f"规则 {rule} 没有运行", f"the rule {rule} did not run")


def _clear(item: CardItem) -> BilingualText:
    if item.clear_means is None:
        return BilingualText("规则未命中，不足以判定", "the rules found nothing, which does not settle the item")
    return BilingualText("规则未命中", "the rules found nothing")

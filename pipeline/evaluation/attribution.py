"""Who is to blame for a miss or a false hit: ASR's words, the roles, the segmentation, or the rule.

The definition is in docs/workbench.md.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from pipeline.domain.results import Call, Evidence, Outcome, RuleResult
from pipeline.evaluation.alignment import Alignment, Character, spoken_characters
from pipeline.evaluation.labelled import QUOTES_APART, LabelledCall
from pipeline.evaluation.rule_quality import Case, Evaluate, Kind
from pipeline.evaluation.swapping import Swap, with_reference_roles, with_reference_turns, with_reference_words


class Cause(StrEnum):
    """What makes a case wrong. The order is that in which causes are named where any of several would mend it."""

    WORDS = "asr"
    ROLE = "role"
    SEGMENTATION = "segmentation"
    COMBINED = "combined"
    """No single swap mends it, all together do."""
    RULE = "rule"
    """It is wrong on the reference too: the rule, or the label."""


SWAPS: Mapping[Cause, Swap] = {
    Cause.WORDS: with_reference_words,
    Cause.ROLE: with_reference_roles,
    Cause.SEGMENTATION: with_reference_turns,
}


@dataclass(frozen=True, slots=True)
class Recognised:
    """A labelled call as ASR wrote it, and as it was."""

    call: LabelledCall
    """Its words are ASR's."""
    reference: Call
    alignment: Alignment


@dataclass(frozen=True, slots=True)
class Attributed:
    """A wrong case and its cause."""

    case: Case
    cause: Cause
    also: tuple[Cause, ...]
    """Further single swaps that would mend it."""
    start_s: float | None
    """Where to listen."""
    said: str
    """What was said at the evidence, by the reference; empty without words."""
    written: str
    """What ASR wrote of it."""


def attribute(evaluate: Evaluate, cases: Sequence[Case], calls: Mapping[str, Recognised]) -> list[Attributed]:
    """The cause of each wrong case whose call has a reference, in the order of the cases."""
    wrong = [case for case in cases if case.kind in (Kind.FP, Kind.FN) and case.call.recording in calls]
    results: dict[tuple[str, Cause], dict[str, RuleResult]] = {}
    for recording in dict.fromkeys(case.call.recording for case in wrong):
        pair = calls[recording]
        swapped = {cause: swap(pair.call.call, pair.alignment) for cause, swap in SWAPS.items()}
        for cause, call in {**swapped, Cause.RULE: pair.reference}.items():
            results[recording, cause] = {one.rule_id: one for one in evaluate(call)}
    attributed = []
    for case in wrong:
        by_swap = {cause: results[case.call.recording, cause].get(case.rule) for cause in (*SWAPS, Cause.RULE)}
        attributed.append(_attributed(case, by_swap, calls[case.call.recording]))
    return attributed


def _attributed(case: Case, by_swap: Mapping[Cause, RuleResult | None], pair: Recognised) -> Attributed:
    mends = {cause: _is_right(replace(case, result=result)) for cause, result in by_swap.items()}
    single = [cause for cause in SWAPS if mends[cause]]
    if not mends[Cause.RULE]:
        cause, also = Cause.RULE, []
    elif single:
        cause, *also = single
    else:
        cause, also = Cause.COMBINED, []
    start_s, said, written = _place(case, by_swap[Cause.RULE], pair)
    return Attributed(case, cause, tuple(also), start_s, said, written)


def _is_right(case: Case) -> bool:
    return case.kind in (Kind.TP, Kind.TN)


def _place(case: Case, on_reference: RuleResult | None, pair: Recognised) -> tuple[float | None, str, str]:
    """Where the evidence is, what was said there and what was written, from whichever side hits; else the label's."""
    if case.result is not None and case.result.outcome is Outcome.HIT:
        piece = case.result.evidence[0]
        return piece.start_s, _counterpart(piece, pair, from_reference=False), piece.quote
    if on_reference is not None and on_reference.outcome is Outcome.HIT:
        piece = on_reference.evidence[0]
        return piece.start_s, piece.quote, _counterpart(piece, pair, from_reference=True)
    quote = case.call.evidence.get(case.rule, "").partition(QUOTES_APART)[0]
    return None, quote, quote


def _counterpart(piece: Evidence, pair: Recognised, *, from_reference: bool) -> str:
    """The other transcript's words for a piece of evidence; for one outside of any turn, nothing."""
    if piece.turn is None or piece.char_start is None or piece.char_end is None:
        return ""
    alignment = pair.alignment
    own, other = alignment.written, alignment.reference
    partners = alignment.said_for
    if from_reference:
        own, other, partners = other, own, alignment.written_for
    found: list[Character] = []
    for one in spoken_characters(own.turns[piece.turn]):
        partner = partners.get((piece.turn, one.start))
        if piece.char_start <= one.start < piece.char_end and partner is not None:
            found.append(partner)
    return "".join(other.turns[one.turn].text[one.start : one.end] for one in dict.fromkeys(found))


def count_causes(attributed: Sequence[Attributed]) -> dict[str, Counter[Cause]]:
    """For each rule how many cases each cause has."""
    by_rule: dict[str, Counter[Cause]] = {}
    for one in attributed:
        by_rule.setdefault(one.case.rule, Counter())[one.cause] += 1
    return dict(sorted(by_rule.items()))

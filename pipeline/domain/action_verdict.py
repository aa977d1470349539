"""Whether an action moved its metric: first whether the periods compare at all, then by how much more than nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.domain.actions import Assessment, Baseline, Chosen, Count, Draft, Metric, MetricKind, Verdict
from pipeline.domain.effect import TAIL, Expectation, calls_lacking, expected, halving_seen, noise
from pipeline.domain.effect_means import Expected, expected_mean, welch
from pipeline.domain.intervals import Z_95
from pipeline.domain.results import BilingualText

TIMES = 2.0
"""Flagged calls may be heard at most so many times as often, against others, as in the baseline."""
ALIKE = 0.5
"""Agents of a team that have to be the same in both periods; below that it is told."""


@dataclass(frozen=True, slots=True)
class DuePeriod:
    """What is known of the due period, and of the others of the level."""

    over: bool
    count: Count
    calls: int
    """Calls of the target, heard or not."""
    chosen: Chosen
    flagged_heard: tuple[int, int, int, int]
    rules: tuple[str, ...]
    peers: tuple[tuple[Count, Count], ...] = ()
    """Of every other of the level: before (baseline and earlier periods), and in the due period."""
    gone: BilingualText | None = None
    """Why the metric is there no more."""
    notes: tuple[BilingualText, ...] = ()


def assess(draft: Draft, due: DuePeriod) -> Assessment:
    """What became of the metric that the action was to move."""
    base, metric = draft.baseline, draft.line.metric
    reasons = [] if not due.over else list(incomparable(base, metric, due))
    if not due.over or reasons:
        verdict = Verdict.NOT_COMPARABLE if reasons else Verdict.NOT_OVER
        return Assessment(verdict, due.count, due.calls, notes=(*reasons, *due.notes))
    notes = [*due.notes, *_changed_rules(base, metric, due)]
    found = _assess_mean(base, due, notes) if metric.is_mean else _assess_share(base, due, notes)
    if found.expected is None and due.count.n:
        notes.append(
            BilingualText(
                "没有可比的同级，自己以前的期数也不够：分不出措施的作用与自行回落。",
                "Neither peers nor enough earlier periods to compare with: what the action did cannot be told from"
                " what would have come by itself.",
            )
        )
        return Assessment(Verdict.NOT_ENOUGH, due.count, due.calls, p_noise=found.p_noise, notes=tuple(notes))
    return found


def incomparable(base: Baseline, metric: Metric, due: DuePeriod) -> Sequence[BilingualText]:
    """Why the due period does not measure the same as the baseline; nothing where it does, or has no calls."""
    reasons = [] if due.gone is None else [due.gone]
    if metric.kind in (MetricKind.MEAN, MetricKind.SOLVED) or not due.count.n:
        return reasons
    rules_differ = base.rules != due.rules
    if rules_differ and metric.kind is MetricKind.RULE and due.gone is None:
        zh = "规则在两期之间改过：同样的通话现在可能判得不同。"
        en = "The rule was changed between the periods: calls alike may be judged otherwise."
        reasons.append(BilingualText(zh, en))
    elif rules_differ and not due.peers and due.gone is None:
        zh, en = "两期之间规则改过，又没有同级可比。", "Rules were changed between the periods, and there are no peers."
        reasons.append(BilingualText(zh, en))
    if base.chosen is not due.chosen:
        reasons.append(
            BilingualText(
                f"两期挑选通话的办法不同：基线{CHOSEN_WORDS[base.chosen].zh}，复查期{CHOSEN_WORDS[due.chosen].zh}。",
                f"Calls were chosen otherwise: {CHOSEN_WORDS[base.chosen].en} in the baseline,"
                f" {CHOSEN_WORDS[due.chosen].en} in the due period.",
            )
        )
    elif leaning_changed(base.flagged_heard, due.flagged_heard):
        reasons.append(
            BilingualText(
                "两期挑选通话的办法不同：命中与未命中通话被听到的比例变了一倍以上。",
                "Calls were chosen otherwise: how much more often flagged calls are heard than others has changed more"
                " than twofold.",
            )
        )
    return reasons


CHOSEN_WORDS = {
    Chosen.NONE: BilingualText("没有评估", "none were heard"),
    Chosen.ALL: BilingualText("全部评估", "all calls"),
    Chosen.DRAWN: BilingualText("有抽样", "drawn by a sampling plan"),
    Chosen.FLAGGED: BilingualText("只听命中的", "flagged calls only"),
    Chosen.OTHER: BilingualText("由人挑选", "picked by people"),
}


def leaning_changed(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    """Whether flagged calls are preferred otherwise, by more than chance and more than twofold.

    Each is (flagged and heard, flagged, not flagged and heard, not flagged). The odds of being heard, flagged against
    not, are compared: ratio of odds ratios, half a call added to each count.

    >>> leaning_changed((90, 100, 10, 900), (90, 100, 10, 900))
    False
    >>> leaning_changed((90, 100, 10, 900), (20, 100, 180, 900))  # from nearly all flagged ones to one call in five
    True

    Source: B. Woolf, Annals of Human Genetics 19 (1955) 251–253; J. B. S. Haldane, ibid. 20 (1956) 309–311.
    """
    from math import log

    between, variance = 0.0, 0.0
    for sign, (heard, flagged, others_heard, others) in ((1, one), (-1, other)):
        cells = (heard, flagged - heard, others_heard, others - others_heard)
        a, b, c, d = (cell + 0.5 for cell in cells)
        between += sign * log(a * d / (b * c))
        variance += 1 / a + 1 / b + 1 / c + 1 / d
    return abs(between) > log(TIMES) and abs(between) > Z_95 * variance**0.5


def _changed_rules(base: Baseline, metric: Metric, due: DuePeriod) -> list[BilingualText]:
    counted_by_rules = metric.kind in (MetricKind.CLASS, MetricKind.PASSED)
    if not counted_by_rules or not due.count.n or base.rules == due.rules:
        return []
    zh = "两期之间规则改过；同级同期受同样影响，已扣除。"
    en = "Rules were changed between the periods; peers were judged by the same rules, and their change is taken off."
    return [BilingualText(zh, en)]


def _assess_share(base: Baseline, due: DuePeriod, notes: Sequence[BilingualText]) -> Assessment:
    count = due.count
    told = expected(base.count, base.earlier, due.peers)
    if told is None or not count.n:
        p_noise = noise(base.count, count) if count.n else None
        return Assessment(Verdict.NOT_ENOUGH, count, due.calls, p_noise=p_noise, notes=tuple(notes))
    bad, n, belief = int(count.bad), count.n, told.belief
    low, high = belief.interval(n)
    p_noise = noise(count, base.count)
    better = count.bad * base.count.n < base.count.bad * n
    p = belief.at_most(bad, n) if better else belief.at_least(bad, n)
    power = halving_seen(belief, base.count, n)
    drift = None if told.drift is None else told.drift.after - told.drift.before
    verdict = _verdict(better=better, p=p, p_noise=p_noise)
    more = None
    # Where it did not move, and not even a period without a bad call would have told, nothing was found out.
    if verdict is Verdict.BY_ITSELF and p_noise >= 2 * TAIL and power < 2 * TAIL:
        verdict, more = Verdict.NOT_ENOUGH, calls_lacking(belief, base.count, n)
    return Assessment(
        verdict,
        count,
        due.calls,
        belief.mean,
        low / n,
        high / n,
        p,
        p_noise,
        power,
        more,
        told.peers,
        drift,
        (*notes, *_without_peers(told)),
    )


def _verdict(*, better: bool, p: float, p_noise: float) -> Verdict:
    """Both have to be sure: that it moved at all, and that it would not have moved so by itself."""
    if p > TAIL or p_noise >= 2 * TAIL:
        return Verdict.BY_ITSELF
    return Verdict.IMPROVED if better else Verdict.WORSE


def _without_peers(told: Expectation | Expected) -> list[BilingualText]:
    if told.peers:
        return []
    zh = "没有足够的同级可比，预计来自自己以前的各期：全中心一起变化也会算进来。"
    en = "Too few peers: the expectation is made of its own earlier periods, so a change of the whole centre is in it."
    return [BilingualText(zh, en)]


def _assess_mean(base: Baseline, due: DuePeriod, notes: Sequence[BilingualText]) -> Assessment:
    count = due.count
    told = expected_mean(base.count, base.earlier, due.peers, count)
    p_noise = welch(base.count, count) if count.n else None
    if told is None or count.value is None or base.count.value is None or p_noise is None:
        return Assessment(Verdict.NOT_ENOUGH, count, due.calls, p_noise=p_noise, notes=tuple(notes))
    better = count.value < base.count.value
    p = told.at_most(count.value) if better else 1 - told.at_most(count.value)
    low, high = told.interval
    return Assessment(
        _verdict(better=better, p=p, p_noise=p_noise),
        count,
        due.calls,
        told.value,
        max(0.0, low),
        high,
        p,
        p_noise,
        peers=told.peers,
        drift=told.drift,
        notes=(*notes, *_without_peers(told)),
    )

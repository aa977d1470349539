"""Why an estimate is not given, in words."""

from pipeline.domain.results import BilingualText
from pipeline.domain.sampling import Metric

ZH = {Metric.PRECISION: "命中率", Metric.RECALL: "召回率", Metric.PREVALENCE: "发生率"}
EN = {Metric.PRECISION: "Precision", Metric.RECALL: "Recall", Metric.PREVALENCE: "Prevalence"}
WHAT = {
    Metric.PRECISION: ("复核的命中", "复核", "reviewed hits"),
    Metric.RECALL: ("未命中通话的审核", "审核", "audits"),
    Metric.PREVALENCE: ("未命中通话的审核", "审核", "audits"),
}


def none_true(metric: Metric) -> BilingualText:
    """There is nothing the metric could be a share of."""
    if metric == Metric.PRECISION:
        return BilingualText("本期没有命中，命中率无从谈起", "no hit in the period: there is no precision")
    return BilingualText(
        "本期既没有确认的命中，也没有发现漏检，召回率无从谈起",
        "no violation was confirmed or found missed in the period: there is nothing to recall",
    )


def hits_unjudged(metric: Metric) -> BilingualText:
    """What the audit found means nothing while nobody knows which hits are true."""
    return BilingualText(
        f"本期的命中还没有人复核，{ZH[metric]}未知：先复核命中",
        f"no hit of the period was reviewed yet: {EN[metric].lower()} is not known; review hits first",
    )


def too_few(
    metric: Metric, known: tuple[float, float] | None, more: int | None, half_width: float, available: int
) -> BilingualText:
    """Too few calls were judged, and how many more would do."""
    what, judge, things = WHAT[metric]
    if known is None:
        zh, en = f"还没有{what}，{ZH[metric]}未知。", f"there are no {things} yet: {EN[metric].lower()} is not known. "
    else:
        low, high = (percent(end) for end in known)
        zh = f"{what}太少，{ZH[metric]}只知道在 {low} 到 {high} 之间；"
        en = f"too few calls were judged. {EN[metric]} lies between {low} and {high}; "
    points = f"{100 * half_width:.0f}" if half_width >= 0.095 else f"{100 * half_width:.1f}"
    if more is not None:
        return BilingualText(
            f"{zh}再{judge} {more} 通，约可给出 ±{points} 个百分点",
            f"{en}{more} more {things} give about ± {points} points",
        )
    if available <= 0:
        return BilingualText(
            f"{zh}本期已没有可再{judge}的通话，请取更长的时段", f"{en}none is left in the period: take a longer one"
        )
    return BilingualText(
        f"{zh}把本期其余 {available} 通全部{judge}也只有 ±{points} 个百分点，请取更长的时段",
        f"{en}even all {available} that are left in the period give only ± {points} points: take a longer one",
    )


def percent(share: float) -> str:
    """A share for people: whole per cent, with decimals where it is small.

    >>> percent(0.5), percent(0.0123), percent(0.0004)
    ('50 %', '1.2 %', '0.04 %')
    """
    value = 100 * share
    digits = 0 if value >= 9.95 or value == 0 else 1 if value >= 0.95 else 2
    return f"{value:.{digits}f} %"

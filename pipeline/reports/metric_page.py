"""A metric's trial as a page and as a workbook."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from markupsafe import Markup, escape

from pipeline.domain.results import BilingualText
from pipeline.reports import words
from pipeline.reports.cells import Cell, Sheet, rate
from pipeline.reports.metric import SHOWN, MetricReport, Unit
from pipeline.reports.metric_words import VERDICTS
from pipeline.reports.page import Say, common, saying, template
from pipeline.reports.separating import Agreement, Separation

LABELS: dict[str, BilingualText] = {
    "trial": BilingualText("试用指标", "A metric on trial"),
    "values": BilingualText("{n} 通有数值", "{n} calls with a value"),
    "mean": BilingualText("平均", "mean"),
    "unnamed": BilingualText("{n} 通不知道坐席，只计入平均", "{n} calls of unknown agents count for the mean only"),
    "units_how": BilingualText("线为 95% 区间", "line: 95 % interval"),
    "calls": BilingualText("通数", "Calls"),
    "value": BilingualText("均值", "Mean"),
    "interval": BilingualText("95% 区间", "95 % interval"),
    "few": BilingualText(
        "{n} 名坐席不足 10 通，不列：几通的均值说明不了什么；Excel 和 JSON 有全部。",
        "Agents with fewer than ten calls are left out: {n}. Means of few calls tell nothing.",
    ),
    "more": BilingualText(
        "共 {n} 个，这里列 {shown} 个，其余见 Excel 和 JSON。", "{shown} of {n}; Excel and JSON have all."
    ),
    "no_units": BilingualText("没有一通知道是谁的。", "Of no call it is known whose it is."),
    "how": BilingualText(
        "保留：班组或坐席的差别超出波动，且换一半数据至少一半差别还在（可靠度 ≥ 0.5，区间不含 0）。"
        "去掉：每人有 30 通时，连区间上端也不到 0.5。其余说不清。"
        "评估类的指标（准确率、得分）按听过的通话算，不加权：专挑命中的通话听，坐席之间的差别会变样。",
        "Keep: teams or agents differ by more than noise, and at least half of the differences come back in another"
        " half of the data (reliability 0.5 or more, its interval above 0). Drop: even the upper end is below 0.5, with"
        " 30 calls of each agent too. Else the data cannot tell. Accuracy and score count the calls that were heard,"
        " unweighted: where flagged calls were sought out, agents differ in another way than over all calls.",
    ),
}


class _Axis(NamedTuple):
    low: float
    high: float


def render_metric(report: MetricReport, lang: str, *, whole: bool = True) -> str:
    """The page in Chinese (``zh``) or English (``en``); without ``whole`` what is in its ``<body>``."""
    say, axis = saying(lang), _axis([*report.teams, *report.compared[:SHOWN]])
    return template("metric.html").render(
        report=report,
        title=report.title,
        w=lambda name: say(LABELS[name]),
        told=partial(_told, unit=report.unit),
        axis=axis,
        bar=partial(_bar, axis=axis),
        shown=SHOWN,
        levels=words.LEVELS,
        **common(lang, whole=whole),
    )


def _told(value: float | None, unit: str) -> str:
    if value is None:
        return words.NOT_KNOWN
    if unit == "share":
        return words.percent(value)
    return words.seconds(value) if unit == "s" else f"{value:.2f}"


def _axis(units: Sequence[Unit]) -> _Axis:
    ends = [end for one in units for end in (one.low, one.high, one.value) if end is not None]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    return _Axis(low, high if high > low else low + 1)


def _bar(one: Unit, axis: _Axis) -> Markup:
    def x(value: float) -> str:
        return f"{100 * (value - axis.low) / (axis.high - axis.low):.1f}%"

    parts = ['<line class="ax" x1="0.5" x2="0.5" y1="0" y2="24"/><line class="ax" x1="100%" x2="100%" y1="0" y2="24"/>']
    if one.low is not None and one.high is not None:
        parts.append(f'<line x1="{x(one.low)}" x2="{x(one.high)}" y1="12" y2="12"/>')
    parts.append(f'<circle cx="{x(one.value)}" cy="12" r="4"/>')
    label = escape(f"{one.name}, n = {one.n}")
    return Markup(f'<svg class="ci" width="100%" height="24" role="img" aria-label="{label}">{"".join(parts)}</svg>')


def metric_sheets(report: MetricReport, lang: str) -> Iterator[Sheet]:
    """The workbook: the verdict with its figures, teams, agents."""
    say = saying(lang)
    heads = [say(BilingualText("项目", "item")), say(BilingualText("内容", "content"))]
    rows: list[list[Cell]] = [
        [say(report.title), say(report.lead)],
        [report.period.dates, report.zone],
        ["verdict", say(VERDICTS[report.verdict])],
        [say(LABELS["calls"]), report.n],
        [say(LABELS["mean"]), _cell(report.value, report.unit)],
        ["seed", report.seed],
    ]
    rows += [["", say(one)] for one in report.reasons]
    yield say(BilingualText("摘要", "Summary")), heads, rows
    yield say(BilingualText("检验", "Tests")), ["", *_FIGURES], list(_tests(report, say))
    for level, found in (("team", report.teams), ("agent", report.agents)):
        name = say(words.LEVELS[level])
        cells = [
            [one.name, one.n, *(_cell(end, report.unit) for end in (one.value, one.low, one.high))] for one in found
        ]
        yield name, [name, say(LABELS["calls"]), say(LABELS["value"]), "low", "high"], cells


_FIGURES = ("value", "low", "high", "units", "p")


def _tests(report: MetricReport, say: Say) -> Iterator[list[Cell]]:
    trial = report.trial
    for name, between in (("team", trial.teams), ("agent", trial.agents)):
        yield _separation(f"ICC(1) {say(words.LEVELS[name])}", between)
    named: list[tuple[BilingualText, Agreement | None]] = [
        (BilingualText("两半，Spearman–Brown", "halves, Spearman–Brown"), trial.halves),
        (BilingualText("前半期与后半期", "first half against second"), trial.over_time),
        (BilingualText("满意度，Spearman", "satisfaction, Spearman"), trial.satisfaction),
        (BilingualText("满意度，班组之内", "satisfaction, within teams"), trial.within_teams),
    ]
    for title, found in named:
        figures: list[Cell] = [None] * 4 if found is None else [found.value, found.low, found.high, found.units]
        yield [say(title), *figures, None]


def _separation(name: str, found: Separation | None) -> list[Cell]:
    if found is None:
        return [name, *[None] * 5]
    return [name, found.icc, found.icc_low, found.icc_high, found.units, found.p]


def _cell(value: float | None, unit: str) -> Cell:
    return rate(value) if unit == "share" else value

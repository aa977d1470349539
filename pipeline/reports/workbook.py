"""The report as an Excel workbook: a sheet for each section."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.domain.calibration import TRUST_WORDS
from pipeline.domain.results import BilingualText
from pipeline.domain.sampling import Estimate
from pipeline.reports import words
from pipeline.reports.actions_sheets import action_sheets
from pipeline.reports.cells import Cell, Rate, Sheet, change_cells, rate, share_cells, write_sheets
from pipeline.reports.contact_sheets import contact_sheets
from pipeline.reports.control import ChartPoint
from pipeline.reports.evidence import ERROR_CLASSES, PASSED
from pipeline.reports.labels import LABELS
from pipeline.reports.model import (
    ClassChart,
    Group,
    Measure,
    Pareto,
    Report,
    Row,
    RuleRow,
    Trend,
)
from pipeline.reports.needs_sheets import need_sheets
from pipeline.reports.page import Say, moved, saying
from pipeline.reports.pareto import ParetoItem
from pipeline.reports.shares import Share

KEYS = (*(one.value for one in ERROR_CLASSES), PASSED)


def write(report: Report, path: Path, lang: str) -> None:
    """Writes the workbook.

    Raises:
        ConfigError: the file cannot be written there.
    """
    write_sheets(_sheets(report, saying(lang)), path)


def _sheets(report: Report, say: Say) -> Iterator[Sheet]:
    named = BilingualText("摘要", "Summary"), BilingualText("项目", "item"), BilingualText("内容", "content")
    name, *heads = map(say, named)
    yield name, heads, _summary(report, say)
    yield from _class_sheets(report, say)
    for level, groups in report.levels.items():
        columns = [f"{say(words.TITLES[key])} {head}".strip() for key in KEYS for head in ("", "n", "low", "high")]
        title = say(words.LEVELS[level])
        heads = [title, say(LABELS["team"]), say(LABELS["calls"]), *columns, say(LABELS["differs"])]
        yield title, heads, [_group(group, say) for group in groups]
    if report.pareto is not None:
        heads = [
            say(LABELS["problem"]),
            "id",
            say(LABELS["errors"]),
            say(LABELS["share"]),
            "n",
            "low",
            "high",
            say(BilingualText("加权", "weighted")),
            "Σ",
            "80 %",
        ]
        yield say(LABELS["pareto"]), heads, [_error(one, report.pareto, say) for one in report.pareto.items]
    yield from _time_sheets(report, say)
    yield from need_sheets(report, say)
    yield from contact_sheets(report, say)
    if report.rules:
        heads = [
            say(LABELS["rule"]),
            "id",
            say(LABELS["class"]),
            "status",
            say(LABELS["hit_calls"]),
            say(LABELS["share"]),
        ]
        heads += ["n", "low", "high", *_against("last", say), say(LABELS["confirmed"]), say(LABELS["precision"])]
        yield (
            say(LABELS["rules"]),
            [*heads, "n", "low", "high", say(LABELS["missed"]), say(LABELS["trust"])],
            [_rule(one, say) for one in report.rules],
        )
    yield from action_sheets(report.actions, say)


def _against(name: str, say: Say) -> list[str]:
    return [f"{say(LABELS[name])} {end}".strip() for end in ("", "low", "high", "p")]


def _class_sheets(report: Report, say: Say) -> Iterator[Sheet]:
    name, ends = say(LABELS["class"]), ["n", "low", "high"]
    last, earlier = _against("last", say), _against("earlier", say)
    guess = [f"{say(LABELS['estimate'])} {end}".strip() for end in ("", "low", "high", "n")]
    failed = say(BilingualText("未通过", "failed"))
    heads = [name, say(LABELS["accuracy"]), *ends, failed, *last, say(LABELS["judged"]), *earlier, *guess]
    if report.classes:
        yield say(LABELS["classes"]), heads, [_class_row(row, say) for row in report.classes]
    heads = [name, say(LABELS["share"]), *ends, say(BilingualText("命中", "hit")), *last, *earlier]
    rows = [[*_row(row, say, row.now.calls[0]), *change_cells(row.change_earlier)] for row in report.hits]
    if rows:
        yield say(LABELS["hits"]), heads, rows


def _group(group: Group, say: Say) -> list[Cell]:
    shares = [cell for key in KEYS for cell in share_cells(group.shares[key])]
    differs = [f"{say(words.TITLES[key])} {words.points(one.value)}" for key, one in group.differs.items()]
    return [group.name, "、".join(group.teams), group.calls, *shares, "、".join(differs)]


def _error(one: ParetoItem, found: Pareto, say: Say) -> list[Cell]:
    share = share_cells(Share(one.count, found.evaluated))
    return [
        say(found.titles[one.rule_id]),
        one.rule_id,
        one.count,
        *share,
        round(one.amount, 1),
        Rate(one.cumulative),
        "●" if one.vital else "",
    ]


def _rule(one: RuleRow, say: Say) -> list[Cell]:
    head: list[Cell] = [say(one.title), one.id, say(words.TITLES[one.error_class]), one.status, one.hits.calls[0]]
    judged = [one.precision.calls[0], *share_cells(one.precision), one.missed, say(TRUST_WORDS[one.trust])]
    return [*head, *share_cells(one.hits), *change_cells(one.change), *judged]


def _time_sheets(report: Report, say: Say) -> Iterator[Sheet]:
    name = say(LABELS["class"])
    if report.charts:
        heads = [name, "date", "errors", "n", "worth", "rate", "lower limit", "upper limit", "mean", "signal"]
        points = [_point(one, point, say) for one in report.charts for point in one.chart.points]
        yield say(BilingualText("p 控制图", "Control charts")), heads, points
    if report.trends:
        rows = [row for trend in report.trends for row in _trend(trend, say)]
        yield say(LABELS["trend"]), [name, "period", "rate", "n", "low", "high"], rows
    if report.service:
        heads = [
            say(LABELS["measure"]),
            say(LABELS["value"]),
            "low",
            "high",
            "n",
            say(LABELS["last_value"]),
            "last n",
            "p",
        ]
        yield (
            say(LABELS["service"]),
            [*heads, say(LABELS["judged"]), "unit"],
            [_level(one, say) for one in report.service],
        )


def _point(one: ClassChart, point: ChartPoint, say: Say) -> list[Cell]:
    rates = [rate(point.value), rate(point.low), rate(point.high), rate(one.chart.mean)]
    signal = "3σ" if point.beyond else "8" if point.run else ""
    return [say(one.title), point.label, *point.share.calls, point.n, *rates, signal]


def _trend(trend: Trend, say: Say) -> Iterator[list[Cell]]:
    for at, share in zip(trend.labels, trend.shares, strict=True):
        yield [say(trend.title), at, *share_cells(share)]
    ahead = trend.forecast
    coming: list[Cell] = [None] * 4
    if ahead is not None:
        coming = [Rate(ahead.value), ahead.n, Rate(ahead.low), Rate(ahead.high)]
    yield [say(trend.title), say(BilingualText("预测", "forecast")), *coming]


def _level(one: Measure, say: Say) -> list[Cell]:
    figures = [one.value, one.low, one.high, one.n, one.last, one.last_n, one.p]
    return [say(one.title), *figures, say(moved(one)), one.unit]


def _summary(report: Report, say: Say) -> list[Sequence[Cell]]:
    head = report.heading
    rows: list[Sequence[Cell]] = [
        [say(head.title), say(head.lead)],
        [say(head.scope), f"{head.period.dates} ({head.zone})"],
        ["calls", head.calls],
        ["checked", head.checked],
        ["flagged", head.flagged],
        ["evaluated", head.evaluated],
        ["basis", head.basis.value],
    ]
    rows += [["!", say(one)] for one in head.warnings]
    rows += [[say(chart.title), say(chart.sentence)] for chart in report.charts]
    rows += [[say(trend.title), say(trend.sentence)] for trend in report.trends]
    return rows + ([[say(LABELS["pareto"]), say(report.pareto.sentence)]] if report.pareto else [])


def _row(row: Row, say: Say, count: int) -> list[Cell]:
    return [say(row.title), *share_cells(row.now), count, *change_cells(row.change)]


def _class_row(row: Row, say: Say) -> list[Cell]:
    one = row.estimate
    value = one.value if isinstance(one, Estimate) else None
    guess = [rate(value), *([None] * 3 if one is None else [rate(one.low), rate(one.high), one.n])]
    failed = row.now.calls[1] - row.now.calls[0]
    return [*_row(row, say, failed), say(words.judged(row.change)), *change_cells(row.change_earlier), *guess]

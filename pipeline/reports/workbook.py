"""The report as an Excel workbook: a sheet for each section, numbers as numbers, n/a where nothing is known."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from pipeline.domain.errors import ConfigError
from pipeline.domain.personal import shown
from pipeline.domain.results import BilingualText
from pipeline.domain.sampling import Estimate
from pipeline.reports import words
from pipeline.reports.control import ChartPoint
from pipeline.reports.evidence import ERROR_CLASSES, PASSED
from pipeline.reports.labels import LABELS
from pipeline.reports.model import (
    ClassChart,
    Group,
    Heard,
    Measure,
    Moment,
    Need,
    Pareto,
    Report,
    Row,
    RuleRow,
    Trend,
)
from pipeline.reports.page import Say, moved
from pipeline.reports.pareto import ParetoItem
from pipeline.reports.shares import Change, Share

Cell = str | int | float | None
Sheet = tuple[str, Sequence[str], Iterable[Sequence[Cell]]]
SHARE = "0.0%"
KEYS = (*(one.value for one in ERROR_CLASSES), PASSED)


class _Rate(float):
    """A number that is shown in percent."""


def write(report: Report, path: Path, lang: str) -> None:
    """Writes the workbook.

    Raises:
        ConfigError: the file cannot be written there.
    """

    def say(text: BilingualText) -> str:
        return text.zh if lang == "zh" else text.en

    try:
        # What a metadata column holds stays text, also if it begins with "=".
        with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
            bold, rate = book.add_format({"bold": True}), book.add_format({"num_format": SHARE})
            wrap = book.add_format({"text_wrap": True, "valign": "top"})
            for number, (name, heads, rows) in enumerate(_sheets(report, say)):
                sheet = book.add_worksheet(name)
                sheet.write_row(0, 0, heads, bold)
                sheet.freeze_panes(1, 0)
                sheet.set_landscape()
                sheet.set_paper(9)
                sheet.fit_to_pages(1, 0)
                sheet.repeat_rows(0)
                sheet.set_column(0, 0, 22)
                if number == 0:
                    sheet.set_column(1, 1, 110, wrap)
                for at, row in enumerate(rows, start=1):
                    for column, value in enumerate(row):
                        written = shown(value, english=lang != "zh") if isinstance(value, str) else value
                        written = words.NOT_KNOWN if written is None else written
                        sheet.write(at, column, written, rate if isinstance(value, _Rate) else None)
    except (OSError, FileCreateError) as error:
        raise ConfigError(f"--out {path}: cannot be written: {error}") from error


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
            "Σ",
            "80 %",
        ]
        yield say(LABELS["pareto"]), heads, [_error(one, report.pareto, say) for one in report.pareto.items]
    yield from _time_sheets(report, say)
    yield from _hearing_sheets(report, say)
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
            [*heads, "n", "low", "high", say(LABELS["missed"])],
            [_rule(one, say) for one in report.rules],
        )


def _against(name: str, say: Say) -> list[str]:
    return [f"{say(LABELS[name])} {end}".strip() for end in ("", "low", "high", "p")]


def _class_sheets(report: Report, say: Say) -> Iterator[Sheet]:
    name, ends = say(LABELS["class"]), ["n", "low", "high"]
    last, earlier = _against("last", say), _against("earlier", say)
    guess = [f"{say(LABELS['estimate'])} {end}".strip() for end in ("", "low", "high", "n")]
    failed = say(BilingualText("未通过", "failed"))
    heads = [name, say(LABELS["accuracy"]), *ends, failed, *last, say(LABELS["judged"]), *earlier, *guess]
    yield say(LABELS["classes"]), heads, [_class_row(row, say) for row in report.classes]
    heads = [name, say(LABELS["share"]), *ends, say(BilingualText("命中", "hit")), *last, *earlier]
    rows = [[*_row(row, say, row.now.part), *_change(row.change_earlier)] for row in report.hits]
    yield say(LABELS["hits"]), heads, rows


def _group(group: Group, say: Say) -> list[Cell]:
    shares = [cell for key in KEYS for cell in _share(group.shares[key])]
    differs = [f"{say(words.TITLES[key])} {words.points(one.value)}" for key, one in group.differs.items()]
    return [group.name, "、".join(group.teams), group.calls, *shares, "、".join(differs)]


def _error(one: ParetoItem, found: Pareto, say: Say) -> list[Cell]:
    share = _share(Share(one.count, found.evaluated))
    return [
        say(found.titles[one.rule_id]),
        one.rule_id,
        one.count,
        *share,
        _Rate(one.cumulative),
        "●" if one.vital else "",
    ]


def _rule(one: RuleRow, say: Say) -> list[Cell]:
    head: list[Cell] = [say(one.title), one.id, say(words.TITLES[one.error_class]), one.status, one.hits.part]
    judged = [one.precision.part, *_share(one.precision), one.missed]
    return [*head, *_share(one.hits), *_change(one.change), *judged]


def _time_sheets(report: Report, say: Say) -> Iterator[Sheet]:
    name = say(LABELS["class"])
    if report.charts:
        heads = [name, "date", "errors", "n", "rate", "lower limit", "upper limit", "mean", "signal"]
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
    rates = [_rate(point.value), _rate(point.low), _rate(point.high), _rate(one.chart.mean)]
    signal = "3σ" if point.beyond else "8" if point.run else ""
    return [say(one.title), point.label, point.errors, point.n, *rates, signal]


def _trend(trend: Trend, say: Say) -> Iterator[list[Cell]]:
    for at, share in zip(trend.labels, trend.shares, strict=True):
        yield [say(trend.title), at, *_share(share)]
    ahead = trend.forecast
    coming: list[Cell] = [None] * 4
    if ahead is not None:
        coming = [_Rate(ahead.value), ahead.n, _Rate(ahead.low), _Rate(ahead.high)]
    yield [say(trend.title), say(BilingualText("预测", "forecast")), *coming]


def _level(one: Measure, say: Say) -> list[Cell]:
    figures = [one.value, one.low, one.high, one.n, one.last, one.last_n, one.p]
    return [say(one.title), *figures, say(moved(one)), one.unit]


def _hearing_sheets(report: Report, say: Say) -> Iterator[Sheet]:
    if report.needs:
        heads = [say(LABELS[name]) for name in ("problem", "class", "team", "errors", "share")]
        heads += ["n", "low", "high", say(LABELS["affected"]), say(words.LEVELS["agent"]), say(LABELS["nature"])]
        heads += [
            f"p {say(LABELS['p_common'])}",
            f"p {say(LABELS['p_individual'])}",
            say(LABELS["who"]),
            say(LABELS["hear"]),
        ]
        yield say(LABELS["needs"]), heads, [_need(need, say) for need in report.needs]
    for name, found in (("worst", report.worst), ("best", report.best)):
        if found:
            heads = [say(LABELS["recording"]), "id", say(words.LEVELS["agent"]), say(LABELS["team"]), "s", "link"]
            yield say(LABELS[name]), [*heads, say(LABELS["why"])], [_heard(one, say) for one in found]


def _need(need: Need, say: Say) -> list[Cell]:
    spread = need.spread
    head: list[Cell] = [say(need.title), say(words.TITLES[need.error_class]), spread.team, spread.share.part]
    tests: list[Cell] = [
        spread.affected,
        spread.agents,
        say(words.NATURES[need.nature]),
        spread.p_common,
        spread.p_individual,
    ]
    return [*head, *_share(spread.share), *tests, "、".join(spread.outstanding), "\n".join(map(_place, need.hear))]


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


def _rate(value: float | None) -> Cell:
    return None if value is None else _Rate(value)


def _share(share: Share) -> list[Cell]:
    """Value, n, and the ends of the interval."""
    low, high = share.interval or (None, None)
    return [_rate(share.value), share.n, _rate(low), _rate(high)]


def _change(change: Change | None) -> list[Cell]:
    if change is None:
        return [None] * 4
    return [_Rate(change.value), _Rate(change.low), _Rate(change.high), change.p]


def _row(row: Row, say: Say, count: int) -> list[Cell]:
    return [say(row.title), *_share(row.now), count, *_change(row.change)]


def _class_row(row: Row, say: Say) -> list[Cell]:
    one = row.estimate
    value = one.value if isinstance(one, Estimate) else None
    guess = [_rate(value), *([None] * 3 if one is None else [_rate(one.low), _rate(one.high), one.n])]
    failed = row.now.n - row.now.part
    return [*_row(row, say, failed), say(words.judged(row.change)), *_change(row.change_earlier), *guess]


def _place(moment: Moment) -> str:
    return " ".join(filter(None, [words.clock(moment.start_s), moment.agent, moment.link or moment.name]))


def _heard(one: Heard, say: Say) -> list[Cell]:
    moment = one.moment
    return [moment.name, moment.id, moment.agent, moment.team, moment.start_s, moment.link, say(one.why)]

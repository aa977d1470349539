"""The report as one HTML file: no script, nothing fetched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from pipeline.domain import personal
from pipeline.domain.results import BilingualText
from pipeline.domain.sampling import Estimate, NotEnough
from pipeline.reports import words
from pipeline.reports.charts import axis_low, control_svg, interval_chart, pareto_svg, trend_svg
from pipeline.reports.evidence import ERROR_CLASSES
from pipeline.reports.labels import LABELS
from pipeline.reports.model import Basis, ClassChart, Group, Kind, Measure, Pareto, Report, Trend
from pipeline.reports.periods import buckets
from pipeline.reports.shares import Change

HERE = Path(__file__).parent
CLASS_KEYS = [one.value for one in ERROR_CLASSES]


def shown(kind: Kind) -> int:
    """Rows of one level on the page; whoever differs stands first."""
    return 100 if kind is Kind.AGENT else 15


@dataclass(frozen=True, slots=True)
class _Warnings:
    first: BilingualText | None
    """What nobody may overlook: the sample is not random."""
    rest: Sequence[BilingualText]


@dataclass(frozen=True, slots=True)
class _Estimated:
    title: BilingualText
    value: float | None
    low: float | None
    high: float | None
    n: int
    note: BilingualText | None


def render(report: Report, lang: str) -> str:
    """The page in Chinese (``zh``) or English (``en``)."""

    def say(text: BilingualText) -> str:
        return text.zh if lang == "zh" else text.en

    def label(name: str) -> str:
        return say(LABELS[name])

    head = report.heading
    most = shown(head.kind)
    levels = {level: groups[:most] for level, groups in report.levels.items()}
    inside = {words.day(at) for at in buckets(head.period.since, head.period.until, days=1)}
    return _template().render(
        report=report,
        head=head,
        lang=lang,
        say=say,
        w=label,
        css=Markup((HERE / "style.css").read_text(encoding="utf-8")),  # our own file
        warnings=_warnings(report),
        class_keys=CLASS_KEYS,
        class_low=axis_low([share for row in report.classes for share in (row.now, row.last)]),
        estimates=_estimates(report),
        upper_levels={level: groups for level, groups in levels.items() if level != "agent"},
        agent_level={level: groups for level, groups in levels.items() if level == "agent"},
        level_low={level: axis_low([one.shares[CLASS_KEYS[0]] for one in groups]) for level, groups in levels.items()},
        level_means={level: _level_means(level, groups, most) for level, groups in report.levels.items()},
        level_titles=words.LEVELS,
        titles=words.TITLES,
        short=words.SHORT,
        natures=words.NATURES,
        show_rules=head.kind is Kind.RULES,
        interval_chart=interval_chart,
        control_svg=partial(_control, inside=inside, say=say),
        pareto_svg=partial(_pareto, say=say),
        trend_svg=partial(_trend, say=say),
        more_or_less=more_or_less,
        moved=moved,
        amount=amount,
        amounts=amounts,
        percent=words.percent,
        between=words.between,
        interval_of=words.interval_of,
        points=words.points,
        chance=words.chance,
        clock=words.clock,
        judged=words.judged,
    )


@pass_context
def _placeholders(context: Context, value: object) -> object:
    if isinstance(value, str) and not isinstance(value, Markup):
        return personal.shown(value, english=context.get("lang") == "en")
    return value


def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_placeholders,
    )
    return environment.get_template("report.html")


Say = Callable[[BilingualText], str]


def _control(one: ClassChart, *, inside: set[str], say: Say) -> Markup:
    names = (say(LABELS["upper"]), say(LABELS["mean"]), say(LABELS["this"]))
    return control_svg(one.chart, inside, say(one.sentence), names)


def _pareto(one: Pareto, *, say: Say) -> Markup:
    return pareto_svg(one.items, one.titles, say, say(LABELS["other"]), say(one.sentence))


def _trend(one: Trend, *, say: Say) -> Markup:
    return trend_svg(one, say(one.sentence))


def _warnings(report: Report) -> _Warnings:
    head = report.heading
    first = head.basis in (Basis.FLAGGED, Basis.CHOSEN)
    return _Warnings(head.warnings[0] if first else None, head.warnings[1 if first else 0 :])


def _estimates(report: Report) -> list[_Estimated]:
    found = []
    for row in report.classes:
        one = row.estimate
        if isinstance(one, Estimate):
            found.append(_Estimated(row.title, one.value, one.low, one.high, one.n, None))
        elif isinstance(one, NotEnough):
            found.append(_Estimated(row.title, None, one.low, one.high, one.n, one.reason))
    return found


def _level_means(level: str, groups: Sequence[Group], most: int) -> BilingualText:
    """Whether anybody differs, and how many are not shown."""
    differ = [group for group in groups if group.differs]
    title = words.LEVELS[level]
    if differ:
        zh = f"{len(groups)} 个{title.zh}里 {len(differ)} 个与其余的差别超出波动。"
        en = f"Of {len(groups)} {title.en.lower()} {len(differ)} differ from the others by more than noise."
    else:
        zh = f"{len(groups)} 个{title.zh}之间的差别都在波动之内：排名没有意义。"
        en = f"The differences between {len(groups)} {title.en.lower()} are noise: a ranking would mean nothing."
    if len(groups) > most:
        zh += f"这里列 {most} 个，其余见 Excel 和 JSON。"
        en += f" {most} are shown; Excel and JSON have all."
    return BilingualText(zh + "检验：Fisher 精确检验，按 Holm 校正。", en + " Fisher's exact test, corrected by Holm.")


def more_or_less(change: Change | None) -> BilingualText:
    """Whether hits became more or fewer; neither is good or bad by itself."""
    if change is None or not change.beyond:
        return words.judged(change)
    return BilingualText("增多", "more") if change.value > 0 else BilingualText("减少", "fewer")


def moved(one: Measure) -> BilingualText:
    """Whether a service level moved."""
    if one.p is None:
        return BilingualText("无法比较", "n/a")
    if not one.beyond or one.value is None or one.last is None:
        return BilingualText("波动内", "noise")
    return BilingualText("上升", "up") if one.value > one.last else BilingualText("下降", "down")


def amount(value: float | None, unit: str) -> str:
    """A share or seconds."""
    return words.percent(value) if unit == "share" else words.seconds(value)


def amounts(one: Measure) -> str:
    """The interval of a service level."""
    if one.low is None or one.high is None:
        return words.NOT_KNOWN
    return f"{amount(one.low, one.unit)} – {amount(one.high, one.unit)}"

"""The report as one HTML file: no script, nothing fetched."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from pipeline.domain import personal
from pipeline.domain.action_words import VERDICTS
from pipeline.domain.calibration import TRUST_WORDS
from pipeline.domain.periods import buckets
from pipeline.domain.results import BilingualText
from pipeline.domain.sampling import NotEnough
from pipeline.reports import words
from pipeline.reports.charts import axis_low, control_svg, interval_chart, pareto_svg, trend_svg
from pipeline.reports.evidence import ERROR_CLASSES
from pipeline.reports.labels import LABELS
from pipeline.reports.model import AgentNeed, Basis, ClassChart, Group, Kind, Measure, Pareto, Report, Trend
from pipeline.reports.reasons import HARD
from pipeline.reports.shares import Change
from pipeline.reports.words import Say as Say
from pipeline.text.visible import visible

HERE = Path(__file__).parent
CLASS_KEYS = [one.value for one in ERROR_CLASSES]


AGENTS = 60
"""Agents with their training needs on the page."""


def shown(kind: Kind) -> int:
    """Rows of one level on the page; whoever differs stands first."""
    return 100 if kind is Kind.AGENT else 15


@dataclass(frozen=True, slots=True)
class _Warnings:
    first: BilingualText | None
    """What nobody may overlook: the sample is not random."""
    rest: Sequence[BilingualText]


@dataclass(frozen=True, slots=True)
class _Lacking:
    """A class of which too few calls were heard."""

    title: BilingualText
    note: BilingualText


def render(report: Report, lang: str) -> str:
    """The page in Chinese (``zh``) or English (``en``)."""
    return _rendered(report, lang, whole=True)


def body(report: Report, lang: str) -> str:
    """What `render` has in its ``<body>``, for a page that has a frame of its own, and `style`."""
    return _rendered(report, lang, whole=False)


def style() -> str:
    """The style sheet of a report."""
    return (HERE / "style.css").read_text(encoding="utf-8")


def _rendered(report: Report, lang: str, *, whole: bool) -> str:
    say = saying(lang)

    def label(name: str) -> str:
        return say(LABELS[name])

    head = report.heading
    most = shown(head.kind)
    levels = {level: groups[:most] for level, groups in report.levels.items()}
    inside = {words.day(at) for at in buckets(head.period.since, head.period.until, days=1)}
    return template("report.html").render(
        report=report,
        head=head,
        title=head.title,
        w=label,
        **common(lang, whole=whole),
        warnings=_warnings(report),
        class_keys=CLASS_KEYS,
        class_low=axis_low([share for row in report.classes for share in (row.now, row.last)]),
        weighted=head.basis is Basis.DRAWN,
        not_enough=_not_enough(report),
        agents=_agents(report),
        hard=HARD,
        sourcing=words.SOURCING,
        upper_levels={level: groups for level, groups in levels.items() if level != "agent"},
        agent_level={level: groups for level, groups in levels.items() if level == "agent"},
        level_low={level: axis_low([one.shares[CLASS_KEYS[0]] for one in groups]) for level, groups in levels.items()},
        level_means={level: _level_means(level, groups, most) for level, groups in report.levels.items()},
        level_titles=words.LEVELS,
        titles=words.TITLES,
        trust_words=TRUST_WORDS,
        short=words.SHORT,
        natures=words.NATURES,
        show_rules=head.kind is Kind.RULES,
        show_training=head.kind is Kind.TRAINING,
        interval_chart=interval_chart,
        control_svg=partial(_control, inside=inside, say=say),
        pareto_svg=partial(_pareto, say=say),
        trend_svg=partial(_trend, say=say),
        more_or_less=more_or_less,
        moved=moved,
        amount=amount,
        amounts=amounts,
        judged=words.judged,
        verdicts=VERDICTS,
    )


@pass_context
def _placeholders(context: Context, value: object) -> object:
    if isinstance(value, str) and not isinstance(value, Markup):
        return personal.shown(value, english=context.get("lang") == "en")
    return value


def common(lang: str, *, whole: bool) -> dict[str, object]:
    """What every template needs: the language, how things are written, and the style sheet."""
    return {
        "lang": lang,
        "say": saying(lang),
        "whole": whole,
        "css": Markup(style()),  # our own file
        "percent": words.percent,
        "between": words.between,
        "interval_of": words.interval_of,
        "points": words.points,
        "chance": words.chance,
        "clock": words.clock,
    }


def saying(lang: str) -> Say:
    """Gives a text in Chinese (``zh``) or English (``en``)."""
    return lambda text: text.zh if lang == "zh" else text.en


def template(name: str) -> Template:
    """One of the pages in ``templates``."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_placeholders,
    )
    environment.filters["visible"] = visible
    return environment.get_template(name)


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


def _agents(report: Report) -> tuple[AgentNeed, ...]:
    """Who stands out, or failed more than once: a single error tells nothing of what to train."""
    told = (one for one in report.agents if one.failed.part > 1 or any(each.individual for each in one.problems))
    return tuple(told)[:AGENTS]


def _not_enough(report: Report) -> list[_Lacking]:
    return [_Lacking(row.title, row.estimate.reason) for row in report.classes if isinstance(row.estimate, NotEnough)]


def _level_means(level: str, groups: Sequence[Group], most: int) -> BilingualText:
    """Whether anybody differs, and how many are not shown."""
    differ = [group for group in groups if group.differs]
    title = BilingualText("用工方式", "kinds of staff") if level == "sourcing" else words.LEVELS[level]
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

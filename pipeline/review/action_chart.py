"""The small chart of an action: periods before, the baseline, what was to be expected, and what came."""

from collections.abc import Callable, Sequence

from markupsafe import Markup, escape

from pipeline.domain.action_words import SECONDS, amount
from pipeline.domain.actions import Action, Assessment, Count, Metric
from pipeline.domain.effect_means import error_of
from pipeline.domain.intervals import Z_95, rate_interval
from pipeline.domain.periods import Period

WIDTH, HEIGHT = 620.0, 190.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 600.0, 12.0, 158.0
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
Course = Sequence[tuple[Period, Count]]


def interval_of(metric: Metric, count: Count) -> tuple[float, float] | None:
    """The 95 % interval of a value, as it is counted; ``None`` where there is none."""
    if metric.is_mean:
        error = error_of(count)
        if error is None or count.value is None:
            return None
        return count.value - Z_95 * error**0.5, count.value + Z_95 * error**0.5
    return rate_interval(int(count.bad), count.n)


def action_chart(action: Action, found: Assessment, course: Course, words: tuple[str, str, str], label: str) -> Markup:
    """The chart. ``words``: baseline, expected, due period."""
    draft, metric = action.draft, action.line.metric
    y, marks = _axis(metric, found, course)
    step = (RIGHT - LEFT) / max(1, len(course))
    places = [LEFT + (at + 0.5) * step for at in range(len(course))]
    parts = [_grid(metric, y, marks)]
    due_at = next((at for at, (period, _) in enumerate(course) if period.since == draft.due.since), None)
    if due_at is not None and found.low is not None and found.high is not None:
        parts.append(_band(metric, found, y, places[due_at], min(step, 56.0)))
    values = [(x, metric.shown(count.value)) for x, (_, count) in zip(places, course, strict=True)]
    joined = " ".join(f"{x:.1f},{y(value):.1f}" for x, value in values if value is not None)
    parts.append(f'<polyline class="ln" points="{joined}"/>')
    every = max(1, -(-len(course) // 8))
    for at, (x, (period, count)) in enumerate(zip(places, course, strict=True)):
        base, due = period.since == draft.baseline.period.since, at == due_at
        parts.append(_point(metric, count, x, y, strong=base or due))
        if at % every == 0 or base or due:
            parts.append(_text(x, BOTTOM + 15, f"{period.since:%m-%d}"))
        if base or due:
            parts.append(_text(x, BOTTOM + 28, words[0] if base else words[2], kind="ink2"))
    marks_of = f'class="chart" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{escape(label)}"'
    return Markup(f"<svg {marks_of}>{''.join(parts)}</svg>")


def _axis(metric: Metric, found: Assessment, course: Course) -> tuple[Callable[[float], float], list[float]]:
    """Where a shown value stands, and the values of the five grid lines: round ones around all that is drawn."""
    ends = [end for _, count in course for end in interval_of(metric, count) or ()]
    ends += [count.value for _, count in course if count.value is not None]
    ends += [one for one in (found.low, found.high, found.expected) if one is not None]
    shown = [value for end in ends if (value := metric.shown(end)) is not None] or [0.0, 1.0]
    seconds = metric.name in SECONDS
    low, high = max(0.0, min(shown)), max(shown) if seconds else min(1.0, max(shown))
    unit = next((one for one in STEPS if 4 * one >= high - low + one * 0.5), 5000.0)
    first = int(low / unit) * unit
    if not seconds and first + 4 * unit > 1:
        first = max(0.0, 1 - 4 * unit)
    marks = [first + unit * at for at in range(5)]

    def y(value: float) -> float:
        share = (value - marks[0]) / (marks[-1] - marks[0])
        return BOTTOM - (BOTTOM - TOP) * min(1.0, max(0.0, share))

    return y, marks


def _grid(metric: Metric, y: Callable[[float], float], marks: Sequence[float]) -> str:
    lines = []
    for value in marks:
        words = f"{value:g} s" if metric.name in SECONDS else f"{100 * value:.0f}%"
        lines.append(f'<line class="gr" x1="{LEFT}" x2="{RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>')
        lines.append(_text(LEFT - 6, y(value) + 4, words, anchor="end"))
    return "".join(lines)


def _band(metric: Metric, found: Assessment, y: Callable[[float], float], x: float, width: float) -> str:
    """The stretch that a period without any action would lie in, and its middle."""
    ends = [y(shown) for end in (found.low, found.high) if (shown := metric.shown(end)) is not None]
    high, low = min(ends), max(ends)
    left, tall = f'x="{x - width / 2:.1f}"', max(2.0, low - high)
    box = f'<rect class="expect" {left} y="{high:.1f}" width="{width:.1f}" height="{tall:.1f}"/>'
    middle = metric.shown(found.expected)
    if middle is None:
        return box
    ends_of = f'x1="{x - width / 2:.1f}" x2="{x + width / 2:.1f}"'
    return box + f'<line class="expected" {ends_of} y1="{y(middle):.1f}" y2="{y(middle):.1f}"/>'


def _point(metric: Metric, count: Count, x: float, y: Callable[[float], float], *, strong: bool) -> str:
    value = metric.shown(count.value)
    if value is None:
        return _text(x, BOTTOM - 4, "n/a")
    title = escape(f"{amount(metric, count.value)}, n = {count.n:,}")
    kind, radius = ("strong", 4) if strong else ("pt", 2.5)
    dot = f'<circle class="{kind}" cx="{x:.1f}" cy="{y(value):.1f}" r="{radius}"><title>{title}</title></circle>'
    ends = interval_of(metric, count)
    if ends is None:
        return dot
    a, b = (y(shown) for end in ends if (shown := metric.shown(end)) is not None)
    return f'<line class="bar95" x1="{x:.1f}" x2="{x:.1f}" y1="{a:.1f}" y2="{b:.1f}"/>{dot}'


def _text(x: float, y: float, words: str, *, anchor: str = "middle", kind: str = "") -> str:
    marks = f' class="{kind}"' if kind else ""
    return f'<text{marks} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'

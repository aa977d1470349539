"""Charts as SVG: no script, no inline style; colours and fonts come from the page."""

from collections.abc import Callable, Sequence
from math import ceil, floor

from markupsafe import Markup, escape

from pipeline.domain.results import BilingualText
from pipeline.reports.control import ChartPoint, ControlChart
from pipeline.reports.model import Trend
from pipeline.reports.pareto import ParetoItem
from pipeline.reports.shares import Share
from pipeline.reports.words import interval_of, percent

Say = Callable[[BilingualText], str]
WIDTH, LEFT, RIGHT = 620.0, 40.0, 552.0
BARS = 14


def line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    """A straight line."""
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def text(x: float, y: float, words: str, *, kind: str = "", anchor: str = "") -> str:
    """Words at a place."""
    marks = (f' class="{kind}"' if kind else "") + (f' text-anchor="{anchor}"' if anchor else "")
    return f'<text{marks} x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def _svg(height: float, parts: Sequence[str], label: str) -> Markup:
    marks = f'class="chart" viewBox="0 0 {WIDTH:.0f} {height:.0f}" role="img" aria-label="{escape(label)}"'
    return Markup(f"<svg {marks}>{''.join(parts)}</svg>")


def axis_low(shares: Sequence[Share]) -> float:
    """Where the axis of intervals begins: below all of them, at a tenth.

    >>> axis_low([Share(9, 10), Share(0, 0)])
    0.5
    """
    lows = [share.interval.low for share in shares if share.interval is not None]
    return min(0.9, floor(10 * min(lows, default=0.9)) / 10)


def interval_chart(now: Share, last: Share | None, low: float) -> Markup:
    """A share with its interval on an axis from ``low`` to 1; the last period hollow below it."""

    def x(value: float) -> str:
        return f"{100 * (value - low) / (1 - low):.1f}%"

    parts = ['<line class="ax" x1="0.5" x2="0.5" y1="0" y2="24"/>']
    parts += [f'<line class="ax" x1="{at}" x2="{at}" y1="0" y2="24"/>' for at in ("50%", "100%")]
    marks = [(now, 8.0 if last is not None else 12.0, 4, ""), (last, 18.0, 3, ' class="old"')]
    for share, y, radius, kind in marks:
        if share is not None and share.value is not None and share.interval is not None:
            ends = f'x1="{x(share.interval.low)}" x2="{x(share.interval.high)}"'
            parts.append(f'<line{kind} {ends} y1="{y}" y2="{y}"/>')
            parts.append(f'<circle{kind} cx="{x(share.value)}" cy="{y}" r="{radius}"/>')
    label = escape(f"{percent(now.value)}, 95% {interval_of(now)}, n = {now.n}")
    return Markup(f'<svg class="ci" width="100%" height="24" role="img" aria-label="{label}">{"".join(parts)}</svg>')


def _top_of(values: Sequence[float]) -> float:
    """A round number above all values."""
    highest = max([*values, 0.05])
    for step in (0.05, 0.1, 0.2):
        if highest <= 5 * step:
            return min(1.0, ceil(highest / step) * step)
    return 1.0


def _grid(top: float, y: Callable[[float], float]) -> list[str]:
    parts = []
    for number in range(5):
        value = top * number / 4
        parts.append(line("gr", LEFT, y(value), RIGHT, y(value)))
        parts.append(text(LEFT - 6, y(value) + 4, percent(value, 0 if top >= 0.2 else 1), anchor="end"))
    return parts


def control_svg(chart: ControlChart, inside: set[str], label: str, words: tuple[str, str, str]) -> Markup:
    """The p-chart. ``inside``: labels of the report's own period. ``words``: upper limit, mean, this period."""
    shown = [point.value for point in chart.points if point.value is not None]
    usual = [point.high for point in chart.points if point.n >= 5]
    top = _top_of([*shown, *[min(one, 2.5 * max(shown, default=0.1)) for one in usual]])
    bottom, height = 166.0, 158.0
    step = (RIGHT - LEFT) / max(1, len(chart.points))

    def x(number: float) -> float:
        return LEFT + (number + 0.5) * step

    def y(value: float) -> float:
        return bottom - height * min(value, top) / top

    own = [number for number, point in enumerate(chart.points) if point.label in inside]
    parts = []
    if own:
        left, width = x(own[0] - 0.5), (own[-1] - own[0] + 1) * step
        parts.append(f'<rect class="band" x="{left:.1f}" y="8" width="{width:.1f}" height="{height:.0f}"/>')
        # Where there is room: a day in three weeks has none.
        if width > 50:
            parts.append(text(left + width / 2, bottom - 8, words[2], kind="band-name", anchor="middle"))
    parts += _grid(top, y)
    known = [(number, point) for number, point in enumerate(chart.points) if point.value is not None]
    for limits in ([(n, p.high) for n, p in known], [(n, p.low) for n, p in known]):
        steps = "".join(f"M{x(n - 0.5):.1f},{y(at):.1f}H{x(n + 0.5):.1f}" for n, at in limits if 0 < at <= top)
        parts.append(f'<path class="lim" d="{steps}"/>' if steps else "")
    if chart.mean is not None:
        parts.append(line("cl", LEFT, y(chart.mean), RIGHT, y(chart.mean)))
        parts.append(text(RIGHT + 6, y(chart.mean) + 4, f"{words[1]} {percent(chart.mean)}"))
        highs = [point.high for _, point in known if point.high <= top]
        if highs and abs(y(highs[-1]) - y(chart.mean)) > 14:
            parts.append(text(RIGHT + 6, y(highs[-1]) + 4, words[0]))
    parts += _points(known, x, y)
    every = max(1, ceil(len(chart.points) / 7))
    parts += [text(x(n), 184, point.label, anchor="middle") for n, point in enumerate(chart.points) if n % every == 0]
    return _svg(190, parts, label)


def _points(
    known: Sequence[tuple[int, ChartPoint]], x: Callable[[float], float], y: Callable[[float], float]
) -> list[str]:
    places = [(x(number), y(point.value or 0.0), point) for number, point in known]
    parts = [f'<polyline class="ln" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b, _ in places)}"/>']
    for a, b, point in places:
        if not (point.beyond or point.run):
            parts.append(f'<circle class="pt" cx="{a:.1f}" cy="{b:.1f}" r="2.5"/>')
            continue
        parts.append(f'<circle class="sig" cx="{a:.1f}" cy="{b:.1f}" r="5"/>')
        if point.beyond:
            part, n = point.share.calls
            words = f"{point.label}: {part} / {n} = {percent(point.value)}"
            right = a < (LEFT + RIGHT) / 2
            parts.append(text(a + (9 if right else -9), b + 4, words, kind="sigt", anchor="" if right else "end"))
    return parts


def pareto_svg(
    items: Sequence[ParetoItem], titles: dict[str, BilingualText], say: Say, other: str, label: str
) -> Markup:
    """Bars by frequency, the line of what they add up to, and 80 %. Beyond fourteen bars the rest is one."""
    total = sum(item.amount for item in items)
    head = list(items[: BARS - 1]) if len(items) > BARS else list(items)
    bars = [(say(titles[item.rule_id]), item.amount, item.cumulative, item.vital) for item in head]
    rest = items[len(head) :]
    if rest:
        bars.append((other, sum(item.amount for item in rest), 1.0, False))
    left, right, bottom, height = 40.0, 580.0, 176.0, 160.0
    step = (right - left) / max(1, len(bars))
    parts = []
    for number in range(5):
        y = bottom - height * number / 4
        parts += [line("gr", left, y, right, y), text(right + 6, y + 4, f"{25 * number}%")]
        parts.append(text(left - 6, y + 4, _amount(total * number / 4, of=total), anchor="end"))
    heads = []
    for number, (title, amount, cumulative, vital) in enumerate(bars):
        x, tall = left + (number + 0.11) * step, height * amount / total
        kind = "bar" if vital else "bar rest"
        middle = x + 0.39 * step
        parts.append(
            f'<rect class="{kind}" x="{x:.1f}" y="{bottom - tall:.1f}" width="{0.78 * step:.1f}" height="{tall:.1f}"/>'
        )
        parts.append(text(middle, bottom - tall - 4, f"{amount:,.0f}", kind="v", anchor="middle"))
        for row, words in enumerate(_wrapped(title, step)):
            parts.append(text(middle, bottom + 16 + 14 * row, words, kind="ink2", anchor="middle"))
        heads.append((x + 0.78 * step, bottom - height * cumulative))
    parts.append(line("e80", left, bottom - 0.8 * height, right, bottom - 0.8 * height))
    parts.append(text(left + 6, bottom - 0.8 * height - 5, "80%", kind="ink2"))
    parts.append(f'<polyline class="cum" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in heads)}"/>')
    parts += [f'<circle class="cp" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in heads]
    return _svg(226, parts, label)


def _amount(value: float, *, of: float) -> str:
    """A mark of an axis that reaches to ``of``: with a decimal where whole numbers would come twice."""
    return f"{value:,.0f}" if of >= 20 or value == round(value) else f"{value:,.1f}"


def _wrapped(title: str, step: float) -> list[str]:
    """At most three lines that a bar's width holds; what does not fit ends with an ellipsis."""
    wide = any(ord(letter) > 0x2E7F for letter in title)
    fits = max(2, int(step / (12.5 if wide else 6.5)))
    if wide:
        lines = [title[start : start + fits] for start in range(0, len(title), fits)]
    else:
        lines = [""]
        for word in title.split():
            if lines[-1] and len(lines[-1]) + len(word) >= fits:
                lines.append("")
            lines[-1] = f"{lines[-1]} {word}".strip()
        lines = [one if len(one) <= fits + 1 else one[:fits] + "…" for one in lines]
    return lines if len(lines) <= 3 else [*lines[:2], lines[2][: fits - 1] + "…"]


def trend_svg(trend: Trend, label: str) -> Markup:
    """Rates of the periods with their intervals, and the next one hollow with its prediction interval."""
    coming = trend.forecast
    highs = [share.interval.high for share in trend.shares if share.interval is not None]
    top = _top_of([*highs, coming.high] if coming else highs)
    bottom, height = 118.0, 108.0
    step = (RIGHT - LEFT) / (len(trend.shares) + 1)

    def y(value: float) -> float:
        return bottom - height * min(value, top) / top

    parts = _grid(top, y)
    for number, share in enumerate(trend.shares):
        x = LEFT + (number + 0.5) * step
        parts.append(text(x, bottom + 16, trend.labels[number], anchor="middle"))
        if share.value is not None and share.interval is not None:
            parts.append(line("bars", x, y(share.interval.low), x, y(share.interval.high)))
            parts.append(f'<circle class="pt" cx="{x:.1f}" cy="{y(share.value):.1f}" r="3"/>')
    if coming is not None:
        x = RIGHT - 0.5 * step
        parts.append(line("fut", x, y(coming.low), x, y(coming.high)))
        parts.append(f'<circle class="futp" cx="{x:.1f}" cy="{y(coming.value):.1f}" r="4"/>')
        parts.append(text(RIGHT + 6, y(coming.value) + 4, percent(coming.value)))
    return _svg(138, parts, label)

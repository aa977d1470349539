"""Service levels with their intervals: handling time, silence, response, repeat contact."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from scipy import stats

from pipeline.domain.results import BilingualText
from pipeline.reports.model import Measure
from pipeline.reports.shares import ALPHA, Share, fisher
from pipeline.store.database import Database
from pipeline.store.report_queries import Window
from pipeline.store.report_service import MEASURED, CallSignals, call_signals, contacts, durations


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean of n values. ``spread`` is the standard deviation of the sample; ``None`` below two values."""

    n: int
    value: float | None
    spread: float | None

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 %: mean ± t · s ÷ √n; ``None`` below two values.

        Of 1, 2, 3: s = 1, t with 2 degrees of freedom is 4.303; 2 ± 4.303 ÷ 1.732.

        >>> [round(bound, 3) for bound in mean_of([1.0, 2.0, 3.0]).interval]
        [-0.484, 4.484]

        Source: Student, Biometrika 6 (1908) 1–25.
        """
        if self.value is None or self.spread is None:
            return None
        reach = float(stats.t.ppf(0.975, self.n - 1)) * self.spread / self.n**0.5
        return self.value - reach, self.value + reach


def mean_of(values: Sequence[float]) -> Mean:
    """Mean and spread of the values."""
    return mean_from(len(values), sum(values), sum(value**2 for value in values))


def mean_from(n: int, total: float, squares: float) -> Mean:
    """Mean and spread from sums.

    >>> mean_from(3, 6.0, 14.0)
    Mean(n=3, value=2.0, spread=1.0)
    """
    if not n:
        return Mean(0, None, None)
    spread = (max(0.0, squares - total**2 / n) / (n - 1)) ** 0.5 if n > 1 else None
    return Mean(n, total / n, spread)


def welch(one: Mean, other: Mean) -> float | None:
    """The two-sided p-value that two means are equal, whatever their spreads; ``None`` where that cannot be asked.

    Source: B. L. Welch, Biometrika 34 (1947) 28–35.
    """
    if not one.spread or not other.spread:
        return None
    found = stats.ttest_ind_from_stats(
        one.value, one.spread, one.n, other.value, other.spread, other.n, equal_var=False
    )
    return float(found.pvalue)


def measures(database: Database, now: Window, last: Window, known_until: datetime | None) -> tuple[Measure, ...]:
    """All service levels of the window; those that nothing is known of say so."""
    lengths = [durations(database, window) for window in (now, last)]
    signals = [call_signals(database, window) for window in (now, last)]
    handling = [mean_from(one.n, one.sum_s, one.sum_squares) for one in lengths]
    return (
        _mean("handling", BilingualText("通话时长", "Handling time"), "s", handling),
        _mean("silence", BilingualText("静音占比", "Silence share"), "share", _means(signals, "silence_share")),
        _mean("response", BilingualText("应答时间", "Response time"), "s", _means(signals, "response_s")),
        _repeat(database, now, last, known_until),
    )


def _means(signals: Sequence[Sequence[CallSignals]], name: str) -> list[Mean]:
    return [mean_of([value for one in calls if (value := getattr(one, name)) is not None]) for calls in signals]


def _mean(name: str, title: BilingualText, unit: str, means: Sequence[Mean]) -> Measure:
    now, last = means
    low, high = now.interval or (None, None)
    p = welch(now, last)
    note = None
    if now.n == 0:
        note = BilingualText("没有量过的通话", "no call was measured")
    elif name != "handling":
        note = BilingualText(f"随机取至多 {MEASURED:,} 通", f"at most {MEASURED:,} calls, taken at random")
    bounds = (None if low is None else max(0.0, low), high)
    return Measure(
        name, title, unit, now.value, *bounds, now.n, last.value, last.n, p, p is not None and p < ALPHA, note
    )


def _repeat(database: Database, now: Window, last: Window, known_until: datetime | None) -> Measure:
    found, before = (contacts(database, window, known_until) for window in (now, last))
    share, other = Share(found.repeated, found.known), Share(before.repeated, before.known)
    low, high = share.interval or (None, None)
    p = fisher(share, other) if share.n and other.n else None
    zh = f"{found.open:,} 通未满 7 天、{found.unnamed:,} 通没有客户编号，不计"
    en = f"{found.open:,} calls whose 7 days are not over and {found.unnamed:,} without a customer are not counted"
    title = BilingualText("7 天内重复来电", "Called again within 7 days")
    beyond = p is not None and p < ALPHA
    note = BilingualText(zh, en)
    return Measure("repeat", title, "share", share.value, low, high, share.n, other.value, other.n, p, beyond, note)

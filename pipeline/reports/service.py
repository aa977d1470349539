"""Service levels with their intervals: handling time, silence, hold, response, first-contact resolution, transfers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from scipy import stats

from pipeline.domain.results import BilingualText
from pipeline.reports.model import Measure
from pipeline.reports.shares import ALPHA, Share, fisher
from pipeline.store.database import Database
from pipeline.store.report_contacts import TRANSFER_RULE, transfers
from pipeline.store.report_queries import Window
from pipeline.store.report_service import MEASURED, CallSignals, Durations, call_signals, contacts, totals


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


def measures(
    database: Database, now: Window, last: Window, known_until: datetime | None, checked: tuple[int, int]
) -> tuple[Measure, ...]:
    """All service levels of the window; those that nothing is known of say so.

    Args:
        database: where.
        now: the period.
        last: the period before.
        known_until: start of the last call that is known.
        checked: calls of both periods that rules were run on.
    """
    told = totals(database, (now, last))
    signals = [call_signals(database, window) for window in (now, last)]
    handling, held = [_mean_of(one.handling) for one in told], [_mean_of(one.hold) for one in told]
    sampled = BilingualText(f"随机取至多 {MEASURED:,} 通", f"at most {MEASURED:,} calls, taken at random")
    no_hold = BilingualText("没有 hold_s 一列", "no column hold_s")
    found = [
        _mean("handling", BilingualText("通话时长", "Handling time"), "s", handling, None),
        _mean(
            "silence", BilingualText("静音占比", "Silence share"), "share", _means(signals, "silence_share"), sampled
        ),
        _mean("response", BilingualText("应答时间", "Response time"), "s", _means(signals, "response_s"), sampled),
        _resolved(database, now, last, known_until, told[0].calls),
        _transferred(database, now, last, checked),
    ]
    if held[0].n or held[1].n:
        found.insert(
            2, _mean("hold", BilingualText("保持占比", "Hold share"), "share", held, None if held[0].n else no_hold)
        )
    return tuple(found)


def _mean_of(sums: Durations) -> Mean:
    return mean_from(sums.n, sums.sum_s, sums.sum_squares)


def _means(signals: Sequence[Sequence[CallSignals]], name: str) -> list[Mean]:
    return [mean_of([value for one in calls if (value := getattr(one, name)) is not None]) for calls in signals]


def _mean(name: str, title: BilingualText, unit: str, means: Sequence[Mean], note: BilingualText | None) -> Measure:
    now, last = means
    low, high = now.interval or (None, None)
    p = welch(now, last)
    if now.n == 0:
        note = BilingualText("没有量过的通话", "no call was measured")
    bounds = (None if low is None else max(0.0, low), high)
    return Measure(
        name, title, unit, now.value, *bounds, now.n, last.value, last.n, p, p is not None and p < ALPHA, note
    )


def _share(name: str, title: BilingualText, now: Share, last: Share, note: BilingualText) -> Measure:
    low, high = now.interval or (None, None)
    p = fisher(now, last) if now.n and last.n else None
    beyond = p is not None and p < ALPHA
    return Measure(name, title, "share", now.value, low, high, now.calls[1], last.value, last.calls[1], p, beyond, note)


def _resolved(database: Database, now: Window, last: Window, known_until: datetime | None, calls: int) -> Measure:
    found, before = contacts(database, (now, last), known_until)
    unnamed = calls - found.known - found.open
    now_share, last_share = (Share(one.known - one.repeated, one.known) for one in (found, before))
    zh = f"同一客户 7 天内没有再来电；{found.open:,} 通未满 7 天、{unnamed:,} 通没有客户编号，不计"
    en = "the same customer does not call again within 7 days; "
    en += f"{found.open:,} calls whose 7 days are not over and {unnamed:,} without a customer are not counted"
    return _share(
        "solved", BilingualText("首次解决率", "First-contact resolution"), now_share, last_share, BilingualText(zh, en)
    )


def _transferred(database: Database, now: Window, last: Window, checked: tuple[int, int]) -> Measure:
    found, before = transfers(database, (now, last), checked)
    now_share, last_share = (Share(min(one.transferred, one.known), one.known) for one in (found, before))
    if found.by_rule is not before.by_rule:
        last_share = Share(0, 0)
    if found.by_rule:
        title = BilingualText("未告知的转接", "Transfers without notice")
        note = BilingualText(
            f"没有 transferred 一列：只算规则 {TRANSFER_RULE} 听到的，告知过的转接不在其中",
            f"no column transferred: only what the rule {TRANSFER_RULE} hears, not transfers that were announced",
        )
        return _share("transfers", title, now_share, last_share, note)
    note = BilingualText("按元数据的 transferred 一列", "by the column transferred of the metadata")
    if found.unread:
        note = BilingualText(
            f"{note.zh}；{found.unread:,} 通的内容看不懂，不计", f"{note.en}; {found.unread:,} cells make no sense"
        )
    return _share("transfers", BilingualText("转接率", "Transfers"), now_share, last_share, note)

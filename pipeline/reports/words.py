"""Numbers and names as people read them, in both languages."""

from collections.abc import Callable
from datetime import datetime

from pipeline.domain.results import BilingualText, ErrorClass
from pipeline.reports.evidence import PASSED
from pipeline.reports.nature import Nature
from pipeline.reports.shares import Change, Share

Say = Callable[[BilingualText], str]
"""Gives a text in the language of the page."""
TITLES: dict[str, BilingualText] = {
    ErrorClass.CUSTOMER_CRITICAL: BilingualText("顾客关键", "Customer-critical"),
    ErrorClass.BUSINESS_CRITICAL: BilingualText("业务关键", "Business-critical"),
    ErrorClass.COMPLIANCE_CRITICAL: BilingualText("合规关键", "Compliance-critical"),
    ErrorClass.NON_CRITICAL: BilingualText("非关键", "Non-critical"),
    ErrorClass.ALERT: BilingualText("预警", "Alerts"),
    PASSED: BilingualText("合格率", "Pass rate"),
}
SHORT: dict[str, BilingualText] = {
    ErrorClass.CUSTOMER_CRITICAL: BilingualText("顾客", "Customer"),
    ErrorClass.BUSINESS_CRITICAL: BilingualText("业务", "Business"),
    ErrorClass.COMPLIANCE_CRITICAL: BilingualText("合规", "Compliance"),
    ErrorClass.NON_CRITICAL: BilingualText("非关键", "Non-crit."),
    PASSED: BilingualText("合格率", "Passed"),
}
"""For narrow columns."""
NATURES = {
    Nature.COMMON: BilingualText("共性", "common"),
    Nature.INDIVIDUAL: BilingualText("个性", "individual"),
    Nature.BOTH: BilingualText("共性兼个性", "common, and individual"),
    Nature.UNCLEAR: BilingualText("未超出波动", "no more than noise"),
}
LEVELS = {
    "sourcing": BilingualText("自营与外包", "Own and outsourced"),
    "vendor": BilingualText("外包商", "Contractors"),
    "department": BilingualText("部门", "Departments"),
    "skill": BilingualText("技能组", "Skills"),
    "team": BilingualText("班组", "Teams"),
    "agent": BilingualText("坐席", "Agents"),
}
SOURCING = {"own": BilingualText("自营", "own"), "outsourced": BilingualText("外包", "outsourced")}
"""Names of the groups of two levels."""
NOT_KNOWN = "n/a"


def percent(value: float | None, digits: int = 1) -> str:
    """A rate; n/a for ``None``.

    >>> percent(0.925), percent(None)
    ('92.5%', 'n/a')
    """
    return NOT_KNOWN if value is None else f"{100 * value:.{digits}f}%"


def between(low: float | None, high: float | None) -> str:
    """The ends of an interval.

    >>> between(0.895, 0.946), between(None, None)
    ('89.5–94.6%', 'n/a')
    """
    return NOT_KNOWN if low is None or high is None else f"{100 * low:.1f}–{100 * high:.1f}%"


def interval_of(share: Share) -> str:
    """The share's 95 % interval."""
    return between(*(share.interval or (None, None)))


def of_calls(share: Share) -> BilingualText:
    """Part and n; of a weighted share what was heard, and what that is worth.

    >>> of_calls(Share(11, 64)).zh, of_calls(Share(5.5, 37.2, (11, 64))).en
    ('11 / 64', '11 of 64 heard, worth 37')
    """
    part, n = share.calls
    if share.heard is None:
        return BilingualText(f"{part} / {n}", f"{part} of {n}")
    return BilingualText(f"听到 {part} / {n}，折合 {share.n:.0f}", f"{part} of {n} heard, worth {share.n:.0f}")


def points(value: float | None) -> str:
    """A difference in percentage points.

    >>> points(-0.02), points(0.0104), points(-0.0001), points(None)
    ('−2.0', '+1.0', '0.0', 'n/a')
    """
    if value is None:
        return NOT_KNOWN
    written = f"{100 * value:+.1f}"
    return "0.0" if written in ("+0.0", "-0.0") else written.replace("-", "−")


def chance(p: float) -> str:
    """A p-value: two digits, and no zero.

    >>> chance(0.0314), chance(0.00001)
    ('p = 0.031', 'p < 0.001')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def seconds(value: float | None) -> str:
    """A duration: minutes from two of them on.

    >>> seconds(1.62), seconds(252), seconds(None)
    ('1.6 s', '4:12', 'n/a')
    """
    if value is None:
        return NOT_KNOWN
    return f"{value:.1f} s" if value < 120 else f"{int(value) // 60}:{int(value) % 60:02}"


def clock(start_s: float | None) -> str:
    """A place in a recording."""
    return "" if start_s is None else f"{int(start_s) // 60}:{int(start_s) % 60:02}"


def day(moment: datetime) -> str:
    """Month and day."""
    return f"{moment:%m-%d}"


def judged(change: Change | None, *, more_is_better: bool = True) -> BilingualText:
    """Whether a difference is more than noise."""
    if change is None:
        return BilingualText("无法比较", "n/a")
    if not change.beyond:
        return BilingualText("波动内", "noise")
    return BilingualText("变好", "better") if (change.value > 0) is more_is_better else BilingualText("变差", "worse")

"""The reports on a period, in one table: what each is called, and which period it is of if nobody says.

Light to import: the command line reads it to name its commands.
"""

from dataclasses import dataclass
from enum import StrEnum

from pipeline.domain.periods import Unit
from pipeline.domain.results import BilingualText


class Kind(StrEnum):
    """The reports on a period."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    AGENT = "agent"
    TRAINING = "training"
    RULES = "rules"


@dataclass(frozen=True, slots=True)
class ReportKind:
    """One report."""

    title: BilingualText
    """Behind the period's name."""
    unit: Unit
    help: str
    """Of its command."""


_QUALITY = BilingualText("质量报告", "quality")
KINDS: dict[Kind, ReportKind] = {
    Kind.DAILY: ReportKind(_QUALITY, Unit.DAY, "Report on one day. 日报"),
    Kind.WEEKLY: ReportKind(_QUALITY, Unit.WEEK, "Report on one week, from Monday. 周报"),
    Kind.MONTHLY: ReportKind(_QUALITY, Unit.MONTH, "Report on one month. 月报"),
    Kind.AGENT: ReportKind(
        BilingualText("坐席报告", "agents"),
        Unit.WEEK,
        "Report on agents over one week: up to 100 on the page; with --agent on one. 坐席报告",
    ),
    Kind.TRAINING: ReportKind(
        BilingualText("培训报告", "training"),
        Unit.MONTH,
        "Report on what to train over one month, by team and by agent, with recordings to hear. 培训报告",
    ),
    Kind.RULES: ReportKind(
        BilingualText("规则报告", "rules"),
        Unit.WEEK,
        "Report on rules over one week: hits, precision, what people missed. 规则报告",
    ),
}

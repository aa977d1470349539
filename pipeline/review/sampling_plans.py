"""Sampling plans of the desk: those of its folder, and what somebody writes into a form."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline.domain.sampling import Plan
from pipeline.sampling.plans import PlanError, load_plan, parse_plan

SUFFIXES = (".yaml", ".yml")
WRITTEN = "plan.yaml"
"""What problems of a text from a form call it."""
EXAMPLE = """\
id: weekly
seed: 2026
reviewers: {hours: 40, calls_per_hour: 8}
audit: {n: 120}
parts:
  - {kind: targeted, name: flagged, what: flagged, n: 120}
  - {kind: random, name: everybody, n: 2}
"""
"""A plan to begin with."""


@dataclass(frozen=True, slots=True)
class OfferedPlan:
    """A plan that can be drawn by, or what is wrong with it."""

    name: str
    """Of the file; empty for a text from a form."""
    text: str
    plan: Plan | None
    problems: tuple[str, ...] = ()
    """Each with line and column."""


def plans_in(folder: Path | None) -> list[OfferedPlan]:
    """The plans of the folder by name; none where there is no folder."""
    if folder is None or not folder.is_dir():
        return []
    files = sorted(file for file in folder.iterdir() if file.suffix in SUFFIXES and file.is_file())
    return [_offered(file) for file in files]


def plan_called(folder: Path | None, name: str) -> OfferedPlan | None:
    """The plan with that file name; ``None`` where the folder has none."""
    return next((one for one in plans_in(folder) if one.name == name), None)


def _offered(file: Path) -> OfferedPlan:
    try:
        plan = load_plan(file)
    except PlanError as error:
        return OfferedPlan(file.name, _text(file), None, error.problems)
    return OfferedPlan(file.name, plan.source, plan)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def written_plan(text: str, folder: Path | None) -> OfferedPlan:
    """The plan that somebody wrote."""
    # A browser sends the lines of a form with carriage returns.
    plain = text.replace("\r\n", "\n")
    try:
        plan = parse_plan(plain, label=WRITTEN, folder=folder)
    except PlanError as error:
        return OfferedPlan("", plain, None, error.problems)
    return OfferedPlan("", plain, plan)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days that calls are drawn from; ``None``: no bound."""

    first: date | None
    last: date | None

    @property
    def backwards(self) -> bool:
        """Whether it ends before it begins."""
        return self.first is not None and self.last is not None and self.last < self.first

    def bounds(self, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
        """``[since, until)`` in local time.

        >>> Span(date(2026, 11, 2), date(2026, 11, 8)).bounds(ZoneInfo("Asia/Shanghai"))[1].isoformat()
        '2026-11-09T00:00:00+08:00'
        """
        since = datetime.combine(self.first, time(), zone) if self.first else None
        until = datetime.combine(self.last + timedelta(days=1), time(), zone) if self.last else None
        return since, until


def last_week(today: date) -> Span:
    """Monday to Sunday of the week before.

    >>> last_week(date(2026, 11, 11)).first
    datetime.date(2026, 11, 2)
    """
    monday = today - timedelta(days=today.weekday() + 7)
    return Span(monday, monday + timedelta(days=6))

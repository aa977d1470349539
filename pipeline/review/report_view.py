"""What the desk asks of reports, which are made elsewhere, and what it shows around them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlencode

from pipeline.domain.results import BilingualText


class ReportFile(StrEnum):
    """How a report is taken away."""

    HTML = "html"
    XLSX = "xlsx"
    JSON = "json"


MEDIA_TYPES: Mapping[ReportFile, str] = {
    ReportFile.HTML: "text/html; charset=utf-8",
    ReportFile.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ReportFile.JSON: "application/json",
}


@dataclass(frozen=True, slots=True)
class ReportKind:
    """A report that can be asked for."""

    id: str
    title: BilingualText
    of_agents: bool = False
    """It may be of a single agent."""


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """Which report: its kind, a day that its period holds, and whose calls."""

    kind: str
    day: date | None = None
    """``None``: the last period that is over."""
    team: str | None = None
    agent: str | None = None

    def href(self, path: str = "/reports", **changes: object) -> str:
        """The address of this report, or of one that differs in something."""
        wanted = {"kind": self.kind, "day": self.day, "team": self.team, "agent": self.agent, **changes}
        return f"{path}?{urlencode({name: value for name, value in wanted.items() if value})}"


class MadeReport(Protocol):
    """A report as it was made."""

    @property
    def first_day(self) -> date:
        """Of its period."""

    @property
    def last_day(self) -> date:
        """Of its period, the last that belongs to it."""

    def body(self, language: str, *, opens_actions: bool) -> str:
        """The page without a frame, as HTML that has neither scripts nor styles; its links lead into the desk.

        Args:
            opens_actions: whether the reader may open actions on its lines.
        """

    def file(self, form: ReportFile, language: str) -> bytes:
        """The report to take away; it works without the desk."""


@dataclass(frozen=True, slots=True)
class Reports:
    """Reports as the desk is given them: the layer that makes them stands beside this one."""

    kinds: Sequence[ReportKind]
    """The first is shown where nothing else is asked for."""
    style: str
    """Style sheet of every `MadeReport.body`."""
    make: Callable[[ReportRequest], MadeReport]
    """Makes the report as the database stands."""

    def kind(self, name: str) -> ReportKind | None:
        """The kind with that id."""
        return next((one for one in self.kinds if one.id == name), None)

"""What a report says of the closed loop, before it is a page, a workbook or JSON."""

from dataclasses import dataclass

from pipeline.domain.actions import Assessment, Verdict
from pipeline.domain.results import BilingualText


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A line that an action can be opened on."""

    id: str
    section: str
    """Of the report."""
    key: str
    """Of the line within it."""
    title: BilingualText
    link: str | None
    """To the form in the desk; ``None`` where the settings name no desk."""


@dataclass(frozen=True, slots=True)
class ReportAction:
    """An action as the report tells of it."""

    number: int
    kind: BilingualText
    title: BilingualText
    plan: str
    owner: str
    baseline: BilingualText
    due: str
    state: BilingualText
    overdue: bool
    """Its due period is over, and nobody has closed it."""
    verdict: Verdict | None
    """``None`` while it runs."""
    sentence: BilingualText | None
    notes: tuple[BilingualText, ...]
    found: Assessment | None
    link: str | None


@dataclass(frozen=True, slots=True)
class Loop:
    """The closed loop."""

    lines: tuple[ReportLine, ...] = ()
    due: tuple[ReportAction, ...] = ()
    """Those whose due period is over, and those that were closed in the period, with what became of them."""
    running: tuple[ReportAction, ...] = ()

    def line(self, section: str, key: str) -> ReportLine | None:
        """The line of that place; ``None`` where nothing can be done about it."""
        return next((one for one in self.lines if one.section == section and one.key == key), None)

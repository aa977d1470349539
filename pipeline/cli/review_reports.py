"""Reports for the review desk: what `earmark report` makes, kept a moment, since a page read is then taken away."""

import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline.domain.periods import before, period_of
from pipeline.domain.results import BilingualText
from pipeline.reports import page
from pipeline.reports.build import Wanted, build
from pipeline.reports.data import as_json
from pipeline.reports.kinds import KINDS, Kind
from pipeline.reports.model import Report
from pipeline.reports.workbook import write
from pipeline.review.report_view import ReportFile, ReportKind, ReportRequest, Reports
from pipeline.scoring.cards import load_default_card
from pipeline.store.calibration_results import LEVEL
from pipeline.store.database import Database
from pipeline.store.report_queries import Scope

TITLES = {
    Kind.WEEKLY: BilingualText("周报", "Weekly"),
    Kind.DAILY: BilingualText("日报", "Daily"),
    Kind.MONTHLY: BilingualText("月报", "Monthly"),
    Kind.AGENT: BilingualText("坐席报告", "Agents"),
    Kind.TRAINING: BilingualText("培训报告", "Training"),
    Kind.RULES: BilingualText("规则报告", "Rules"),
}
"""Reports of the desk, the usual one first."""
KEPT, KEPT_S = 8, 60.0
"""Reports that are kept, and how long: a page is turned back, and taken away as a workbook."""
HERE = "/"
"""Where the desk itself is, for links of a page within it."""


@dataclass(frozen=True, slots=True)
class _Made:
    """One report; it answers to `pipeline.review.report_view.MadeReport`."""

    report: Report
    take_away: Callable[[], Report]
    """The same with the desk's full address in its links."""

    @property
    def first_day(self) -> date:
        return self.report.heading.period.since.date()

    @property
    def last_day(self) -> date:
        return (self.report.heading.period.until - timedelta(microseconds=1)).date()

    def body(self, language: str, *, opens_actions: bool) -> str:
        report = self.report
        if not opens_actions:
            lines = tuple(replace(line, link=None) for line in report.actions.lines)
            report = replace(report, actions=replace(report.actions, lines=lines))
        return page.body(report, language)

    def file(self, form: ReportFile, language: str) -> bytes:
        report = self.take_away()
        if form is ReportFile.JSON:
            return as_json(report).encode()
        if form is ReportFile.HTML:
            return page.render(report, language).encode()
        with tempfile.TemporaryDirectory() as folder:
            book = Path(folder) / "report.xlsx"
            write(report, book, language)
            return book.read_bytes()


class _Maker:
    """Makes reports one at a time, and keeps the last few."""

    def __init__(self, database: Database, timezone: str, desk_url: str | None, trust: tuple[float, int]) -> None:
        self._database = database
        self._trust = trust
        self._timezone = timezone
        self._desk_url = desk_url
        self._making = threading.Lock()
        self._kept: OrderedDict[Wanted, tuple[float, Report]] = OrderedDict()

    def make(self, request: ReportRequest) -> _Made:
        kind = Kind(request.kind)
        zone = ZoneInfo(self._timezone)
        unit = KINDS[kind].unit
        today = datetime.now(zone).date()
        period = period_of(unit, request.day, zone) if request.day else before(period_of(unit, today, zone))
        scope = Scope(request.team, request.agent)

        def wanted(desk_url: str | None) -> Report:
            return self._build(Wanted(kind, period, self._timezone, scope, desk_url, *self._trust))

        return _Made(wanted(HERE), lambda: wanted(self._desk_url))

    def _build(self, wanted: Wanted) -> Report:
        with self._making:
            found = self._kept.get(wanted)
            if found is not None and time.monotonic() - found[0] < KEPT_S:
                return found[1]
            report = build(self._database, wanted, load_default_card())
            self._kept[wanted] = time.monotonic(), report
            self._kept.move_to_end(wanted)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return report


def desk_reports(
    database: Database, timezone: str, desk_url: str | None, *, trust: tuple[float, int] = (LEVEL, 180)
) -> Reports:
    """The reports of the desk.

    Args:
        database: where the calls are.
        timezone: of periods.
        desk_url: the desk's address in files that are taken away.
        trust: agreement that a rule's precision needs, and days for which a calibration session counts.
    """
    kinds = [ReportKind(kind.value, title, of_agents=kind is Kind.AGENT) for kind, title in TITLES.items()]
    return Reports(kinds, page.style(), _Maker(database, timezone, desk_url, trust).make)

"""Any report as it leaves: a page, a workbook, or JSON."""

import sys
from pathlib import Path

from pipeline.domain.errors import ConfigError
from pipeline.reports.case_model import CaseReport
from pipeline.reports.case_page import case_sheets, render_case
from pipeline.reports.cells import write_sheets
from pipeline.reports.data import as_json
from pipeline.reports.metric import MetricReport
from pipeline.reports.metric_page import metric_sheets, render_metric
from pipeline.reports.model import Report
from pipeline.reports.page import render
from pipeline.reports.workbook import write

AnyReport = Report | CaseReport | MetricReport
FORMS = (".html", ".xlsx", ".json")


def check_form(out: Path | None) -> str:
    """The ending of a file that a report can be written to; ``.html`` for standard output.

    Raises:
        ConfigError: the ending is another.
    """
    form = ".html" if out is None else out.suffix.lower()
    if form not in FORMS:
        raise ConfigError(f"--out {out}: a report is written to a file that ends in .html, .xlsx or .json")
    return form


def put(report: AnyReport, out: Path | None, lang: str) -> None:
    """Writes the report to the file, in the form that its name asks for; without a file the page to standard output.

    Raises:
        ConfigError: it cannot be written there.
    """
    form = check_form(out)
    if form == ".xlsx" and out is not None:
        _book(report, out, lang)
        return
    text = as_json(report) if form == ".json" else _page(report, lang)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be written: {error}") from error


def _page(report: AnyReport, lang: str) -> str:
    if isinstance(report, CaseReport):
        return render_case(report, lang)
    return render_metric(report, lang) if isinstance(report, MetricReport) else render(report, lang)


def _book(report: AnyReport, out: Path, lang: str) -> None:
    if isinstance(report, CaseReport):
        write_sheets(case_sheets(report, lang), out)
    elif isinstance(report, MetricReport):
        write_sheets(metric_sheets(report, lang), out)
    else:
        write(report, out, lang)

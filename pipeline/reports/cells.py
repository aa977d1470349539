"""A workbook's sheets and cells: numbers as numbers, n/a where nothing is known."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from pipeline.domain.errors import ConfigError
from pipeline.domain.personal import shown
from pipeline.reports.shares import Change, Share
from pipeline.reports.words import NOT_KNOWN
from pipeline.reports.words import Say as Say

Cell = str | int | float | None
Sheet = tuple[str, Sequence[str], Iterable[Sequence[Cell]]]
"""Name, heads, rows."""
SHARE = "0.0%"


class Rate(float):
    """A number that is shown in percent."""


def rate(value: float | None) -> Cell:
    """A share as a cell."""
    return None if value is None else Rate(value)


def share_cells(share: Share) -> list[Cell]:
    """Value, n (calls that were heard), and the ends of the interval."""
    low, high = share.interval or (None, None)
    return [rate(share.value), share.calls[1], rate(low), rate(high)]


def change_cells(change: Change | None) -> list[Cell]:
    """Difference, the ends of its interval, and p."""
    if change is None:
        return [None] * 4
    return [Rate(change.value), Rate(change.low), Rate(change.high), change.p]


def write_sheets(sheets: Iterable[Sheet], path: Path) -> None:
    """Writes a workbook; the second column of the first sheet holds sentences.

    Raises:
        ConfigError: the file cannot be written there.
    """
    try:
        # What a metadata column holds stays text, also if it begins with "=".
        with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
            bold, percent = book.add_format({"bold": True}), book.add_format({"num_format": SHARE})
            wrap = book.add_format({"text_wrap": True, "valign": "top"})
            for number, (name, heads, rows) in enumerate(sheets):
                sheet = book.add_worksheet(name)
                sheet.write_row(0, 0, heads, bold)
                sheet.freeze_panes(1, 0)
                sheet.set_landscape()
                sheet.set_paper(9)
                sheet.fit_to_pages(1, 0)
                sheet.repeat_rows(0)
                sheet.set_column(0, 0, 22)
                if number == 0:
                    sheet.set_column(1, 1, 110, wrap)
                for at, row in enumerate(rows, start=1):
                    for column, value in enumerate(row):
                        written = NOT_KNOWN if value is None else shown(value) if isinstance(value, str) else value
                        sheet.write(at, column, written, percent if isinstance(value, Rate) else None)
    except (OSError, FileCreateError) as error:
        raise ConfigError(f"--out {path}: cannot be written: {error}") from error

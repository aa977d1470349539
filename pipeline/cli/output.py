"""How rows and texts reach the terminal, a file or another program."""

import csv
import io
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.logs import tell, told_as_json

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from rich.console import Console


class Format(StrEnum):
    """How to print rows."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


FormatOption = Annotated[Format, typer.Option("--format", help="How to print: a table for people, or data.")]
DbOption = Annotated[
    str | None,
    typer.Option("--db", metavar="URL", help="Database [default: sqlite:///earmark.db].", show_default=False),
]

SEVERITY_STYLE = {"critical": "bold red", "alert": "yellow", "minor": "dim"}
# Word and shape before colour: filled square, round, hollow.
SEVERITY_SIGN = {"critical": "■", "alert": "●", "minor": "□"}
ROLE_ZH = {"agent": "坐席", "customer": "客户", "unknown": "未知"}
ROLE_STYLE = {"agent": "blue", "customer": "dark_orange3", "unknown": ""}
STATE_ZH = {"pending": "待处理", "leased": "处理中", "done": "已完成", "failed": "待重试", "quarantined": "已隔离"}


def console() -> "Console":
    """The terminal that data is written to; never narrower than a table needs where there is none."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False) if sys.stdout.isatty() else Console(highlight=False, width=160)


def message(text: str) -> None:
    """Tells the operator something, beside the data."""
    if told_as_json():
        tell(text)
    else:
        sys.stderr.write(text + "\n")


def complain(text: str) -> None:
    """Tells why the command could not be carried out."""
    if told_as_json():
        tell(text, level=logging.ERROR)
    else:
        sys.stderr.write(f"earmark: {text}\n")


def print_rows(rows: "Sequence[DataclassInstance]", form: Format) -> None:
    """Prints rows as data: JSON, JSON lines or CSV with the field names as they are."""
    entries = [{name: _plain(value) for name, value in asdict(row).items()} for row in rows]
    if form == Format.JSON:
        sys.stdout.write(json.dumps(entries, ensure_ascii=False, indent=1) + "\n")
    elif form == Format.JSONL:
        sys.stdout.writelines(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
    else:
        written = io.StringIO()
        if entries:
            writer = csv.DictWriter(written, fieldnames=list(entries[0]))
            writer.writeheader()
            writer.writerows({name: _cell(value) for name, value in entry.items()} for entry in entries)
        sys.stdout.write(written.getvalue())


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _cell(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else value


def clock(seconds: float | None) -> str:
    """Seconds as people read them.

    >>> clock(5.2), clock(3671), clock(None)
    ('0:05', '1:01:11', '')
    """
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

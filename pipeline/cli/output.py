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
from typing import IO, TYPE_CHECKING, Annotated, Any, TextIO, cast

import typer

from pipeline.domain.personal import shown
from pipeline.logs import tell, told_as_json
from pipeline.text.written_numbers import masked_line

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

    stream = cast("IO[str]", _Readable(sys.stdout))
    width = None if sys.stdout.isatty() else 160
    return Console(file=stream, highlight=False, soft_wrap=False, width=width)


class _Readable:
    """A stream on which masked words come out as placeholders, whoever wrote them there."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """As the stream's."""
        return self._stream.write(shown(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def message(text: str) -> None:
    """Tells the operator something, beside the data; personal numbers in it, such as those of file names, masked."""
    text = presentable(text)
    if told_as_json():
        tell(text)
    else:
        sys.stderr.write(text + "\n")


def complain(text: str) -> None:
    """Tells why the command could not be carried out, personal numbers masked."""
    text = presentable(text)
    if told_as_json():
        tell(text, level=logging.ERROR)
    else:
        sys.stderr.write(f"earmark: {text}\n")


def presentable(text: str) -> str:
    """``text`` as people may read it: placeholders for what is masked, and for personal numbers that are not."""
    return shown(masked_line(text))


def print_rows(rows: "Sequence[DataclassInstance]", form: Format) -> None:
    """Prints rows as data: JSON, JSON lines or CSV with the field names as they are; what is masked as placeholders."""
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
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, str):
        return shown(value)
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

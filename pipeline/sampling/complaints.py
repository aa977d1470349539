"""Complaint lists (倒查): which recordings or customers a CSV file names."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from pipeline.domain.results import BilingualText

SHOWN = 3


def read_complaints(path: Path, column: str) -> tuple[frozenset[str], str | None, tuple[BilingualText, ...]]:
    """The values of the column, why there are none, and what was passed over.

    UTF-8 with or without a mark, else GB 18030, which Excel writes on a Chinese Windows.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        return frozenset(), f"{path} cannot be read: {error.strerror}", ()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="replace")
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
    try:
        columns = [name.strip() for name in reader.fieldnames or []]
        if column not in columns:
            there = ", ".join(columns) or "none"
            return frozenset(), f"{path.name} has no column {column!r}; it has: {there}", ()
        reader.fieldnames = columns
        cells = [(reader.line_num, (row.get(column) or "").strip()) for row in reader]
    except csv.Error as error:
        return frozenset(), f"{path.name} line {reader.line_num} is no CSV: {error}", ()
    found = frozenset(cell for _, cell in cells if cell)
    if not found:
        return frozenset(), f"{path.name} names nothing in its column {column!r}", ()
    return found, None, tuple(_passed_over(path.name, column, [line for line, cell in cells if not cell]))


def _passed_over(name: str, column: str, empty: list[int]) -> Iterator[BilingualText]:
    if empty:
        lines = ", ".join(map(str, empty[:SHOWN])) + (" …" if len(empty) > SHOWN else "")
        yield BilingualText(
            f"{name} 有 {len(empty)} 行的 {column} 是空的，没有用（第 {lines} 行）",
            f"{name}: rows without {column} were not used: {len(empty)} (line {lines})",
        )

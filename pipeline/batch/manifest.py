"""Reading a manifest: one row a recording, from CSV, JSON lines or Parquet.

Nothing in it stops the night: a row or value that cannot be used is a `Problem` that names the row, and the
recording goes on without that value.
"""

import codecs
import csv
import difflib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline.domain.calls import CallMetadata, Direction, Role
from pipeline.domain.errors import ConfigError
from pipeline.privacy.places import masked_path
from pipeline.text.written_numbers import is_personal, masked_cells, masked_line

PATH_COLUMNS = ("recording", "path")
ROLE_COLUMNS = ("left_channel", "right_channel")
TEXT_COLUMNS = ("agent", "team", "skill", "queue", "customer_id")
KNOWN_COLUMNS = (*PATH_COLUMNS, *ROLE_COLUMNS, *TEXT_COLUMNS, "direction", "started_at", "survey_score")

Cells = Mapping[str, str]
Pseudonym = Callable[[str], str]
"""What stands for a customer's number that is personal itself, the same for the same number."""

KEPT_PROBLEMS = 1000
"""Problems that are told one by one; nobody reads more before mending these."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something an operator should mend or know."""

    where: str
    """File and row, such as ``manifest.csv row 5``; or the path of a recording."""
    message: str
    is_error: bool = True
    """False for a remark that needs nobody to act."""


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """What the manifest says about one recording."""

    where: str
    path: str
    """As written: relative to the manifest's folder or to a folder that is being run, or absolute."""
    metadata: CallMetadata
    channel_roles: tuple[Role, ...]


class Problems:
    """What is wrong, in order; of thousands the first are kept and the rest counted."""

    def __init__(self) -> None:
        self._kept: list[Problem] = []
        self._more: Counter[bool] = Counter()

    def add(self, problem: Problem) -> None:
        """Takes note of one, with what is personal in it masked."""
        problem = replace(problem, where=masked_path(problem.where), message=masked_line(problem.message))
        if len(self._kept) < KEPT_PROBLEMS:
            self._kept.append(problem)
        else:
            self._more[problem.is_error] += 1

    def __iter__(self) -> Iterator[Problem]:
        """Those kept, then one that counts the rest."""
        yield from self._kept
        if self._more:
            count = self._more.total()
            yield Problem("and", f"{count} more: mend these first", is_error=self._more[True] > 0)

    @property
    def errors(self) -> int:
        """How many somebody has to mend."""
        return sum(problem.is_error for problem in self._kept) + self._more[True]


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest, read row by row as often as it is asked for."""

    file: Path
    timezone: str
    pseudonym: Pseudonym | None = None

    def rows(self, problems: Problems) -> Iterator[ManifestRow]:
        """The rows that name a recording; what is wrong goes to ``problems``.

        Raises:
            ConfigError: the file cannot be read at all, or has no column that names the recording.
        """
        remarked: set[str] = set()
        zone = ZoneInfo(self.timezone)
        for where, cells in _read_cells(self.file, problems):
            _remark_columns(self.file, cells, remarked, problems)
            path = _recording_path(cells)
            if self._hides_customer(cells):
                cells = {name: value for name, value in cells.items() if name != "customer_id"}
                if "customer_id" not in remarked:
                    remarked.add("customer_id")
                    problems.add(_no_pseudonyms(where))
            if path is None:
                problems.add(Problem(where, f"no recording named: fill the column {' or '.join(PATH_COLUMNS)}"))
            else:
                yield _row(where, path, self._without_customer(cells), zone, problems)

    def _hides_customer(self, cells: Cells) -> bool:
        return self.pseudonym is None and is_personal(cells.get("customer_id", ""))

    def _without_customer(self, cells: Cells) -> Cells:
        customer = cells.get("customer_id", "")
        if self.pseudonym is None or not is_personal(customer):
            return cells
        return {**cells, "customer_id": self.pseudonym(customer)}


def _no_pseudonyms(where: str) -> Problem:
    """Without a key a pseudonym could be undone by trying all numbers, and one mask for all would make one customer."""
    message = (
        "customer_id is a number or name of a person; without key_file there is no pseudonym for it, so that these are "
        "left out: repeat contacts are not seen (docs/privacy-access.md)"
    )
    return Problem(where, message, is_error=False)


def read_manifest(file: Path, *, timezone: str, pseudonym: Pseudonym | None = None) -> Manifest:
    """The manifest in a file.

    Args:
        file: ``.csv``, ``.jsonl`` or ``.parquet``.
        timezone: IANA name, for start times that are written without an offset.
        pseudonym: makes what stands for a customer's number that is personal itself; else such are left out.

    Raises:
        ConfigError: the file is of another kind, or cannot be opened.
    """
    if file.suffix.lower() not in READERS:
        raise ConfigError(f"manifest {file}: give a file that ends in {', '.join(READERS)}")
    try:
        file.open("rb").close()
    except OSError as error:
        raise ConfigError(f"manifest {file} cannot be read: {error.strerror or error}") from error
    return Manifest(file, timezone, pseudonym)


def _read_cells(file: Path, problems: Problems) -> Iterator[tuple[str, Cells]]:
    try:
        yield from READERS[file.suffix.lower()](file, problems)
    except OSError as error:
        raise ConfigError(f"manifest {file} cannot be read: {error.strerror or error}") from error


def _read_csv(file: Path, problems: Problems) -> Iterator[tuple[str, Cells]]:
    encoding = "utf-8-sig" if _is_utf8(file) else "gb18030"
    if encoding == "gb18030":
        # What Excel writes on a Chinese Windows.
        problems.add(Problem(file.name, "is not UTF-8, so it was read as GB 18030", is_error=False))
    with file.open(encoding=encoding, errors="replace", newline="") as lines:
        reader = csv.DictReader(lines, restkey="", restval="")
        columns = [column.strip() for column in reader.fieldnames or []]
        _require_path_column(file, columns)
        for raw in reader:
            where = f"{file.name} row {reader.line_num}"
            if raw.pop("", None):
                problems.add(Problem(where, f"has more cells than the {len(columns)} columns; the rest is not used"))
            yield where, {name.strip(): value.strip() for name, value in raw.items() if value and value.strip()}


def _is_utf8(file: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with file.open("rb") as opened:
        try:
            while block := opened.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _read_jsonl(file: Path, problems: Problems) -> Iterator[tuple[str, Cells]]:
    with file.open(encoding="utf-8-sig", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            where = f"{file.name} row {number}"
            if not line.strip():
                continue
            try:
                entry = json.loads(line)
            except json.JSONDecodeError as error:
                problems.add(Problem(where, f"is not JSON ({error.msg} at character {error.pos + 1}); left out"))
                continue
            if not isinstance(entry, dict):
                problems.add(Problem(where, "is not a JSON object; left out"))
                continue
            yield where, {name: str(value) for name, value in entry.items() if value not in (None, "")}


def _read_parquet(file: Path, problems: Problems) -> Iterator[tuple[str, Cells]]:
    try:
        from pyarrow import ArrowInvalid, parquet
    except ImportError as error:
        raise ConfigError(f"manifest {file}: Parquet needs `pip install 'earmark[parquet]'`") from error
    try:
        table = parquet.ParquetFile(file)
    except ArrowInvalid as error:
        raise ConfigError(f"manifest {file} is not Parquet: {error}") from error
    _require_path_column(file, table.schema_arrow.names)
    number = 0
    for batch in table.iter_batches():
        for entry in batch.to_pylist():
            number += 1
            cells = {name: _parquet_text(value) for name, value in entry.items() if value not in (None, "")}
            yield f"{file.name} row {number}", cells


READERS: Mapping[str, Callable[[Path, Problems], Iterator[tuple[str, Cells]]]] = {
    ".csv": _read_csv,
    ".jsonl": _read_jsonl,
    ".parquet": _read_parquet,
}
"""How a manifest is read, by the ending of its name."""


def _parquet_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _require_path_column(file: Path, columns: list[str]) -> None:
    if not set(PATH_COLUMNS) & set(columns):
        found = ", ".join(columns) or "none"
        raise ConfigError(
            f"manifest {file}: no column names the recording. Call it {' or '.join(PATH_COLUMNS)}; "
            f"columns found: {found}"
        )


def _recording_path(cells: Cells) -> str | None:
    return next((cells[column] for column in PATH_COLUMNS if column in cells), None)


def _remark_columns(file: Path, cells: Cells, remarked: set[str], problems: Problems) -> None:
    for column in cells:
        if column in KNOWN_COLUMNS or column in remarked:
            continue
        remarked.add(column)
        near = difflib.get_close_matches(column.lower(), KNOWN_COLUMNS, n=1, cutoff=0.75)
        hint = f"; did you mean {near[0]}?" if near else ""
        message = f"column {column!r} is not one earmark knows, kept as metadata{hint}"
        problems.add(Problem(f"{file.name} row 1", message, is_error=False))


def _row(where: str, path: str, cells: Cells, zone: ZoneInfo, problems: Problems) -> ManifestRow:
    metadata = CallMetadata(
        **{column: cells.get(column) for column in TEXT_COLUMNS},
        direction=_direction(where, cells, problems),
        started_at=_started_at(where, cells, zone, problems),
        survey_score=_survey_score(where, cells, problems),
        extra=masked_cells({name: value for name, value in cells.items() if name not in KNOWN_COLUMNS}),
    )
    return ManifestRow(where, path, metadata, _channel_roles(where, cells, problems))


def _direction(where: str, cells: Cells, problems: Problems) -> Direction | None:
    written = cells.get("direction")
    if written is None:
        return None
    try:
        return Direction(written.lower())
    except ValueError:
        problems.add(Problem(where, f"direction {written!r} is neither inbound nor outbound; left unknown"))
        return None


def _started_at(where: str, cells: Cells, zone: ZoneInfo, problems: Problems) -> datetime | None:
    written = cells.get("started_at")
    if written is None:
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        problems.add(
            Problem(where, f"started_at {written!r} is no date; write 2026-11-02T09:00:00+08:00. Left unknown")
        )
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _survey_score(where: str, cells: Cells, problems: Problems) -> float | None:
    written = cells.get("survey_score")
    if written is None:
        return None
    try:
        return float(written)
    except ValueError:
        problems.add(Problem(where, f"survey_score {written!r} is no number; left unknown"))
        return None


def _channel_roles(where: str, cells: Cells, problems: Problems) -> tuple[Role, ...]:
    written = [cells.get(column) for column in ROLE_COLUMNS]
    if not any(written):
        return ()
    try:
        roles = tuple(Role(role.lower()) if role else Role.UNKNOWN for role in written)
    except ValueError:
        known = ", ".join(role.value for role in Role)
        problems.add(Problem(where, f"channel roles {written[0]!r}, {written[1]!r}: use {known}. Left unknown"))
        return ()
    if roles[0] == roles[1] != Role.UNKNOWN:
        problems.add(Problem(where, f"both channels are said to be the {roles[0]}; roles left unknown"))
        return ()
    return roles

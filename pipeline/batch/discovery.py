"""Finding recordings: the files under the given paths, and what the manifest says about each."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.batch.manifest import Manifest, ManifestRow, Problem
from pipeline.domain.errors import ConfigError

RECORDING_SUFFIXES = frozenset(
    [
        ".wav",
        ".wave",
        ".mp3",
        ".opus",
        ".ogg",
        ".oga",
        ".m4a",
        ".mp4",
        ".aac",
        ".flac",
        ".amr",
        ".awb",
        ".gsm",
        ".au",
        ".wma",
        ".webm",
    ]
)
"""Files in folders that are taken for recordings; a file that is named itself is always tried."""


SHOWN_UNDESCRIBED = 10
"""Files without a manifest row that are named one by one."""


@dataclass(frozen=True, slots=True)
class DescribedFile:
    """A file to process, with its manifest row if there is one."""

    path: Path
    """Absolute."""
    row: ManifestRow | None


@dataclass(frozen=True, slots=True)
class Discovery:
    """Everything found before any file is opened."""

    files: tuple[DescribedFile, ...]
    problems: tuple[Problem, ...]


def discover(paths: Sequence[Path], manifest: Manifest | None) -> Discovery:
    """The recordings under ``paths``, by path, joined with the manifest.

    Raises:
        ConfigError: a path does not exist.
    """
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise ConfigError(f"no such file or folder: {', '.join(missing)}")
    problems: list[Problem] = list(manifest.problems) if manifest else []
    skipped: Counter[str] = Counter()
    found = sorted({file for path in paths for file in _recordings_under(path, manifest, skipped, problems)})
    if skipped:
        most = sorted(skipped.items(), key=lambda kind: (-kind[1], kind[0]))[:5]
        kinds = ", ".join(f"{count} {suffix or 'without ending'}" for suffix, count in most)
        problems.append(Problem("folders", f"files that are no recordings were passed over: {kinds}", is_error=False))
    rows = _match_rows(paths, manifest, set(found), problems) if manifest else {}
    if manifest:
        problems += _undescribed([file for file in found if file not in rows], manifest.file.name)
    return Discovery(tuple(DescribedFile(file, rows.get(file)) for file in found), tuple(problems))


def _undescribed(files: Sequence[Path], manifest_name: str) -> Iterator[Problem]:
    """One problem a file, but not thousands where a manifest is of another night."""
    for file in files[:SHOWN_UNDESCRIBED]:
        yield Problem(str(file), f"no row in {manifest_name}: agent, team and time stay unknown")
    if len(files) > SHOWN_UNDESCRIBED:
        yield Problem(manifest_name, f"has no row for {len(files) - SHOWN_UNDESCRIBED} more files either")


def _recordings_under(
    path: Path, manifest: Manifest | None, skipped: Counter[str], problems: list[Problem]
) -> Iterator[Path]:
    if not path.is_dir():
        yield Path(os.path.abspath(path))
        return

    def unreadable(error: OSError) -> None:
        problems.append(Problem(str(error.filename), f"cannot be listed: {error.strerror}; mend its permissions"))

    # realpath, since a link that leads to itself makes Path.resolve raise.
    ignored = {os.path.realpath(manifest.file)} if manifest else set()
    for folder, subfolders, names in os.walk(os.path.abspath(path), onerror=unreadable):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        for name in names:
            file = Path(folder, name)
            if name.startswith(".") or os.path.realpath(file) in ignored:
                continue
            if file.suffix.lower() in RECORDING_SUFFIXES:
                yield file
            else:
                skipped[file.suffix.lower()] += 1


def _match_rows(
    paths: Sequence[Path], manifest: Manifest, found: set[Path], problems: list[Problem]
) -> dict[Path, ManifestRow]:
    bases = [manifest.file.parent, *(path if path.is_dir() else path.parent for path in paths)]
    rows: dict[Path, ManifestRow] = {}
    for row in manifest.rows:
        candidates = [Path(os.path.abspath(base / row.path)) for base in bases]
        match = next((candidate for candidate in candidates if candidate in found), None)
        if match is None:
            there = next((candidate for candidate in candidates if candidate.exists()), None)
            reason = "lies outside the given paths" if there else f"is not there (looked in {_folders(bases)})"
            problems.append(Problem(row.where, f"recording {row.path} {reason}"))
        elif match in rows:
            problems.append(Problem(row.where, f"{row.path} is the file of {rows[match].where}; this row is not used"))
        else:
            rows[match] = row
    return rows


def _folders(bases: Sequence[Path]) -> str:
    return ", ".join(dict.fromkeys(str(base) for base in bases))

"""Finding recordings: what lies under the given paths and URLs, and what the manifest says about each."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.audio import remote
from pipeline.batch.inventory import DescribedFile, Inventory
from pipeline.batch.manifest import Manifest, ManifestRow, Problem, Problems
from pipeline.domain.errors import ConfigError
from pipeline.privacy.places import masked_path

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
class Discovery:
    """Everything found before any file is opened."""

    files: Inventory
    problems: Problems


def discover(paths: Sequence[Path | str], manifest: Manifest | None) -> Discovery:
    """The recordings under ``paths``, by location, joined with the manifest.

    Args:
        paths: files, folders and URLs; where there is none, every recording that the manifest names is taken.
        manifest: what is said about the recordings.

    Raises:
        ConfigError: a path does not exist, the manifest cannot be read, or a URL cannot be listed.
    """
    given = [str(path) for path in paths]
    missing = [path for path in given if not remote.is_url(path) and not Path(path).exists()]
    if missing:
        raise ConfigError(f"no such file or folder: {', '.join(map(masked_path, missing))}")
    problems = Problems()
    skipped: Counter[str] = Counter()
    found = Inventory()
    for path in given:
        found.add(_recordings_under(path, manifest, skipped, problems))
    if skipped:
        most = sorted(skipped.items(), key=lambda kind: (-kind[1], kind[0]))[:5]
        kinds = ", ".join(f"{count} {suffix or 'without ending'}" for suffix, count in most)
        problems.add(Problem("folders", f"files that are no recordings were passed over: {kinds}", is_error=False))
    if manifest:
        _match_rows(given, manifest, found, problems)
        _tell_undescribed(found, manifest.file.name, problems)
    return Discovery(found, problems)


def _tell_undescribed(found: Inventory, manifest_name: str, problems: Problems) -> None:
    """One problem a file, but not thousands where a manifest is of another night."""
    first, count = found.undescribed(SHOWN_UNDESCRIBED)
    for file in first:
        problems.add(Problem(file.uri, f"no row in {manifest_name}: agent, team and time stay unknown"))
    if count > len(first):
        problems.add(Problem(manifest_name, f"has no row for {count - len(first)} more files either"))


def _recordings_under(path: str, manifest: Manifest | None, skipped: Counter[str], problems: Problems) -> Iterator[str]:
    if remote.is_url(path):
        yield from (url for url in remote.files_under(path) if url == path or _is_recording(url, skipped))
    elif not Path(path).is_dir():
        yield os.path.abspath(path)
    else:
        yield from _in_folder(os.path.abspath(path), manifest, skipped, problems)


def _in_folder(folder: str, manifest: Manifest | None, skipped: Counter[str], problems: Problems) -> Iterator[str]:
    try:
        entries = os.scandir(folder)
    except OSError as error:
        problems.add(Problem(folder, f"cannot be listed: {error.strerror}; mend its permissions"))
        return
    with entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if _is_folder(entry):
                if not entry.is_symlink():
                    yield from _in_folder(entry.path, manifest, skipped, problems)
            elif not _is_manifest(entry, manifest) and _is_recording(entry.name, skipped):
                yield entry.path


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A link that leads to itself.
        return False


def _is_manifest(entry: "os.DirEntry[str]", manifest: Manifest | None) -> bool:
    # realpath, since a link that leads to itself makes Path.resolve raise.
    return (
        manifest is not None
        and entry.name == manifest.file.name
        and os.path.realpath(entry.path) == os.path.realpath(manifest.file)
    )


def _is_recording(name: str, skipped: Counter[str]) -> bool:
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 - a million times
    if suffix in RECORDING_SUFFIXES:
        return True
    skipped[suffix] += 1
    return False


def _match_rows(paths: Sequence[str], manifest: Manifest, found: Inventory, problems: Problems) -> None:
    bases = [str(manifest.file.parent), *(_base(path) for path in paths)]
    with found.describing():
        for row in manifest.rows(problems):
            candidates = [_join(base, row.path) for base in bases]
            match = next((candidate for candidate in candidates if candidate in found), None)
            if match is None and not paths:
                match = candidates[0]
                found.add_one(match)
            if match is None:
                problems.add(_unmatched(row, candidates, bases))
                continue
            before = found.describe(match, row)
            if before is not None:
                problems.add(
                    Problem(row.where, f"{masked_path(row.path)} is the file of {before.where}; this row is not used")
                )


def _base(path: str) -> str:
    if remote.is_url(path):
        name = path.rpartition("/")[2]
        return path.rpartition("/")[0] if os.path.splitext(name)[1].lower() in RECORDING_SUFFIXES else path  # noqa: PTH122
    return path if Path(path).is_dir() else str(Path(path).parent)


def _join(base: str, path: str) -> str:
    if remote.is_url(path):
        return path
    return f"{base.rstrip('/')}/{path}" if remote.is_url(base) else os.path.abspath(os.path.join(base, path))  # noqa: PTH118


def _unmatched(row: ManifestRow, candidates: Sequence[str], bases: Sequence[str]) -> Problem:
    there = any(not remote.is_url(candidate) and Path(candidate).exists() for candidate in candidates)
    places = ", ".join(map(masked_path, dict.fromkeys(bases)))
    reason = "lies outside the given paths" if there else f"is not there (looked in {places})"
    return Problem(row.where, f"recording {masked_path(row.path)} {reason}")


__all__ = ["RECORDING_SUFFIXES", "DescribedFile", "Discovery", "discover"]

"""Rule files as they were in another version: a git revision, or a folder that keeps the older ones."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from pipeline.domain.errors import ConfigError

Texts = list[tuple[str, str]]
"""Label and text of rule files."""


def files_at(folders: Sequence[Path], revision: str, *, standard: Path) -> Texts:
    """The rule files that the folders had in a git revision; each folder may be in another repository.

    Args:
        folders: where the packs are now.
        revision: anything that git resolves to a commit.
        standard: the pack that came with the program. Where git knows nothing of it, it has not changed.

    Raises:
        ConfigError: git is not there, or does not know a folder or the revision; a file is not UTF-8.
    """
    texts: Texts = []
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"{folder}: no such folder; name a folder of rule files")
        if folder == standard and not _is_tracked(folder):
            texts += [
                (_label(folder, path), path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.y*ml"))
            ]
        else:
            texts += _files_in_git(folder, revision)
    return texts


def _is_tracked(folder: Path) -> bool:
    try:
        return bool(_git(folder, "ls-files", "--", "."))
    except ConfigError:
        return False


def _label(folder: Path, path: Path) -> str:
    return f"{folder.name}/{path.relative_to(folder).as_posix()}"


def _files_in_git(folder: Path, revision: str) -> Texts:
    if not _is_tracked(folder):
        raise ConfigError(f"{folder} is not in git; name the older version as a folder: --base DIR")
    try:
        commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except ConfigError as error:
        raise ConfigError(f"--base {revision} is neither a folder nor a git revision that {folder} has") from error
    listed = _git(folder, "ls-tree", "-r", "-z", commit.decode().strip(), "--", ".").decode()
    names: list[tuple[str, str]] = []
    for entry in filter(None, listed.split("\0")):
        meta, _, name = entry.partition("\t")
        if name.endswith((".yaml", ".yml")):
            names.append((name, meta.split()[2]))
    contents = _contents(folder, [digest for _, digest in names])
    texts: Texts = []
    for (name, _), content in zip(names, contents, strict=True):
        label = f"{revision}:{folder.name}/{name}"
        try:
            texts.append((label, content.decode("utf-8")))
        except UnicodeDecodeError as error:
            raise ConfigError(f"{label}: not UTF-8 text (byte {error.start})") from error
    return sorted(texts)


def _contents(folder: Path, digests: Sequence[str]) -> list[bytes]:
    output = _git(folder, "cat-file", "--batch", stdin="\n".join(digests).encode()) if digests else b""
    found: list[bytes] = []
    position = 0
    for _ in digests:
        head_end = output.index(b"\n", position)
        size = int(output[position:head_end].split()[2])
        found.append(output[head_end + 1 : head_end + 1 + size])
        position = head_end + size + 2
    return found


def _git(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    command = ["git", "-C", str(folder.resolve()), *arguments]
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise ConfigError("git is not installed; name the older version as a folder: --base DIR") from error
    if done.returncode:
        raise ConfigError(f"git {arguments[0]} in {folder}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout

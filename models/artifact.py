"""Model artifacts: plain arrays in an ``npz`` and a JSON beside it that says what they are. Nothing in them is run.

Loading reads numbers and text. It refuses what was altered (digest), what another scikit-learn trained, and what was
made for features of another version; a file can at worst make wrong predictions, never run code.
"""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from models.call_features import FEATURE_VERSION
from models.linear import Dense, LinearModel, Zone
from models.ngrams import BUCKETS
from models.recipe import Kind, Part
from pipeline.domain.calls import Role
from pipeline.domain.errors import ModelArtifactError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_UNPACKED_BYTES = 64 * 1024 * 1024
"""An artifact unpacks to a few megabytes; more is no model of ours."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What cross-validation measured. ``None`` where undefined."""

    n: int
    positives: int
    auc: float | None
    average_precision: float | None
    precision: float | None
    recall: float | None
    brier: float | None
    ece: float | None


@dataclass(frozen=True, slots=True)
class Card:
    """What a person should know of a model."""

    task: str
    data: tuple[str, ...]
    """One line a file: name, number of examples, SHA-256."""
    licence: str
    trained_on: str
    """Day, ISO 8601."""
    figures: Figures
    threshold_rule: str
    """What the threshold was chosen for, and whether that was reached."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A trained model with all that is needed to use and to judge it."""

    model: LinearModel
    threshold: float
    card: Card
    base: str | None = None
    """Digest of the shipped model whose score is among the features."""
    sentiment: str | None = None
    """Digest of the sentiment model whose moods are among the features."""
    role: Role | None = None
    """Whose turns a learned condition looks at; ``None`` for the three tasks."""
    examples: frozenset[str] = field(default_factory=frozenset)
    """Short digests of the texts it was trained on, to tell when it is judged on them."""
    digest: str = ""
    """SHA-256 of both files' content; empty before it is saved."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Figures(_Strict):
    n: int
    positives: int
    auc: float | None
    average_precision: float | None
    precision: float | None
    recall: float | None
    brier: float | None
    ece: float | None


class _Card(_Strict):
    task: str
    data: tuple[str, ...]
    licence: str
    trained_on: str
    figures: _Figures
    threshold_rule: str


class _Document(_Strict):
    format: int
    digest: str
    scikit_learn: str
    feature_version: int
    classes: tuple[str, ...]
    zones: tuple[tuple[Part, Kind], ...]
    features: tuple[str, ...]
    threshold: float
    base: str | None
    sentiment: str | None
    role: Role | None
    examples: tuple[str, ...]
    card: _Card


FORMAT = 1


def save_artifact(artifact: Artifact, folder: Path) -> Artifact:
    """The artifact with its digest, written as ``TASK.npz`` and ``TASK.json`` into ``folder``."""
    import numpy as np

    folder.mkdir(parents=True, exist_ok=True)
    arrays_file = folder / f"{file_stem(artifact.card.task)}.npz"
    np.savez_compressed(arrays_file, allow_pickle=False, **_packed(artifact.model))
    document: dict[str, object] = {
        "format": FORMAT,
        "scikit_learn": version("scikit-learn"),
        "feature_version": FEATURE_VERSION,
        "classes": artifact.model.classes,
        "zones": [(zone.part, zone.kind) for zone in artifact.model.zones],
        "features": artifact.model.dense.names,
        "threshold": artifact.threshold,
        "base": artifact.base,
        "sentiment": artifact.sentiment,
        "role": artifact.role,
        "card": asdict(artifact.card),
        "examples": sorted(artifact.examples),
    }
    digest = _digest(document, arrays_file.read_bytes())
    text = json.dumps({"digest": digest, **document}, ensure_ascii=False, indent=1)
    arrays_file.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    return load_artifact(folder, artifact.card.task)


def file_stem(task: str) -> str:
    """The name of a task's files; a rule's task is ``rule:ID``, and a colon is no name for a file everywhere."""
    return task.replace(":", "-")


def load_artifact(folder: Path, task: str) -> Artifact:
    """The artifact of a task.

    Raises:
        ModelArtifactError: it is missing, altered, or made for other versions.
    """
    path = folder / f"{file_stem(task)}.json"
    try:
        text = path.read_text(encoding="utf-8")
        packed = path.with_suffix(".npz").read_bytes()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelArtifactError(
            f"model {task}: {path} or its .npz cannot be read ({error}); train it with"
            f" `earmark models train --task {task}`"
        ) from error
    document = _read_document(path, text, task)
    raw = json.loads(text)
    stated = raw.pop("digest")
    if _digest(raw, packed) != stated:
        raise ModelArtifactError(
            f"model {task}: {path} and its .npz do not match their digest: one was altered or copied alone; copy both"
            f" again or train anew with `earmark models train --task {task}`"
        )
    return Artifact(
        model=_unpacked(path, document),
        threshold=document.threshold,
        card=Card(
            document.card.task,
            document.card.data,
            document.card.licence,
            document.card.trained_on,
            Figures(**document.card.figures.model_dump()),
            document.card.threshold_rule,
        ),
        base=document.base,
        sentiment=document.sentiment,
        role=document.role,
        examples=frozenset(document.examples),
        digest=document.digest,
    )


def _read_document(path: Path, text: str, task: str) -> _Document:
    again = f"train it again with `earmark models train --task {task}`"
    try:
        document = _Document.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        problem = f"{place}: {first['msg']}"
        raise ModelArtifactError(f"model {task}: {path} is no model of ours: {problem}; {again}") from error
    made_for = {
        "format": (document.format, FORMAT),
        "features": (document.feature_version, FEATURE_VERSION),
        "scikit-learn": (_minor(document.scikit_learn), _minor(version("scikit-learn"))),
        "task": (document.card.task, task),
    }
    for name, (found, needed) in made_for.items():
        if found != needed:
            raise ModelArtifactError(f"model {task}: {path} is made for {name} {found}, here is {needed}; {again}")
    return document


def _minor(version: str) -> str:
    """Major and minor version: what scikit-learn promises to keep its arithmetic for."""
    return ".".join(version.split(".")[:2])


def _digest(document: Mapping[str, object], packed: bytes) -> str:
    canonical = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode() + hashlib.sha256(packed).digest()).hexdigest()


def _packed(model: LinearModel) -> "dict[str, NDArray[np.generic]]":
    """Buckets that count, as half floats: their rounding moves no probability by more than 0.001."""
    import numpy as np

    arrays: dict[str, NDArray[np.generic]] = {
        "mean": model.dense.mean,
        "scale": model.dense.scale,
        "dense": model.dense.weights,
        "intercept": model.intercept,
        "calibration": model.calibration,
        "offset": model.offset,
    }
    for number, zone in enumerate(model.zones):
        arrays[f"bucket{number}"] = np.diff(zone.bucket, prepend=0).astype(np.uint32)
        arrays[f"table{number}"] = zone.table.astype(np.float16)
    return arrays


def _unpacked(path: Path, document: _Document) -> LinearModel:
    import numpy as np

    classes, features = len(document.classes), len(document.features)
    try:
        with zipfile.ZipFile(path.with_suffix(".npz")) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > MOST_UNPACKED_BYTES:
            raise ValueError(f"unpacks to {size} bytes")
        with np.load(path.with_suffix(".npz"), allow_pickle=False) as arrays:
            _check_zones(document.zones)
            zones = tuple(
                _zone(arrays, number, part, kind, classes) for number, (part, kind) in enumerate(document.zones)
            )
            dense = Dense(
                document.features,
                _shaped(arrays["mean"], (features,)),
                _shaped(arrays["scale"], (features,)),
                _shaped(arrays["dense"], (classes, features)),
            )
            intercept, offset = _shaped(arrays["intercept"], (classes,)), _shaped(arrays["offset"], (classes,))
            calibration = _shaped(arrays["calibration"], (classes, classes))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ModelArtifactError(
            f"model {document.card.task}: {path.with_suffix('.npz')} is no model of ours: {error}; train it again"
        ) from error
    return LinearModel(document.classes, zones, dense, intercept, calibration, offset)


def _check_zones(zones: tuple[tuple[Part, Kind], ...]) -> None:
    """Raises ValueError where zones would be counted in the same place."""
    if not zones or len(set(zones)) < len(zones) or len({part == Part.TURN for part, _ in zones}) > 1:
        raise ValueError("its zones are none, the same twice, or turns beside parts of calls")


def _zone(arrays: "Mapping[str, NDArray[np.generic]]", number: int, part: Part, kind: Kind, classes: int) -> Zone:
    import numpy as np

    used = np.cumsum(arrays[f"bucket{number}"].astype(np.int64))
    if len(used) and not (used[0] >= 0 and (np.diff(used) > 0).all() and used[-1] < BUCKETS):
        raise ValueError(f"bucket{number} names buckets that are not there, or one twice")
    table = _shaped(arrays[f"table{number}"], (len(used), 1 + classes))
    return Zone(part, kind, used, table.astype(np.float32))


def _shaped(array: "NDArray[np.generic]", shape: tuple[int, ...]) -> "NDArray[np.float64]":
    import numpy as np

    if array.shape != shape:
        raise ValueError(f"an array has the shape {array.shape}, not {shape}")
    values = array.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError("an array holds values that are no numbers")
    return values

"""Where models are: those that earmark ships, and a site's own in a folder, which go before them."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from models.artifact import Artifact, file_stem, load_artifact
from models.predict import Models
from models.recipe import RULE_TASK, Task
from pipeline.domain.errors import ModelArtifactError


def shipped_folder() -> Path:
    """Where the models that earmark ships are."""
    return Path(__file__).parent / "shipped"


@cache
def shipped_model(task: Task) -> Artifact:
    """The shipped model of a task, read once. Raises: ModelArtifactError."""
    return load_artifact(shipped_folder(), task)


def load_default_models() -> Models:
    """The models that earmark ships. Raises: ModelArtifactError."""
    return load_models(None)


def load_models(folder: Path | None) -> Models:
    """A site's models from ``folder``, the shipped ones where it has none of its own.

    Raises:
        ModelArtifactError: the folder is missing, a model is altered or made for other versions, or stands on shipped
            models that are no longer the ones it was trained beside.
    """
    if folder is not None and not folder.is_dir():
        raise ModelArtifactError(f"there is no folder {folder} with models; `earmark models train --out DIR` makes one")
    chosen = {task: find_model(task, folder) for task in Task}
    return Models(
        sentiment=chosen[Task.SENTIMENT],
        dissatisfied=chosen[Task.DISSATISFIED],
        escalation=chosen[Task.ESCALATION],
        shipped_sentiment=shipped_model(Task.SENTIMENT),
        learned=tuple(_learned(folder)) if folder else (),
        shipped={str(task): shipped_model(task) for task in (Task.DISSATISFIED, Task.ESCALATION)},
    )


def find_model(task: Task, folder: Path | None) -> Artifact:
    """The site's model of a task where ``folder`` holds one, else the shipped one. Raises: ModelArtifactError."""
    if folder is None or not (folder / f"{file_stem(task)}.json").exists():
        return shipped_model(task)
    artifact = load_artifact(folder, task)
    _check_footing(artifact, task, folder)
    return artifact


def _learned(folder: Path) -> Iterator[Artifact]:
    """The learned conditions in a folder, by rule id."""
    for file in sorted(folder.glob(f"{file_stem(RULE_TASK)}*.json")):
        yield load_artifact(folder, RULE_TASK + file.stem.removeprefix(file_stem(RULE_TASK)))


def _check_footing(artifact: Artifact, task: Task, folder: Path) -> None:
    """Raises ModelArtifactError where the shipped models under a site's model are others than in its training."""
    footing = {Task.SENTIMENT: artifact.sentiment, task: artifact.base}
    for under, digest in footing.items():
        if digest is not None and digest != shipped_model(under).digest:
            raise ModelArtifactError(
                f"model {task}: {folder} holds one that was trained on top of another {under} model than this version"
                f" of earmark ships; train it again with `earmark models train --task {task} --out {folder}`"
            )

"""What is to be learnt, as numbers: calls or turns, their labels, and which of them belong together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models.artifact import Artifact
from models.call_features import NAMES, call_features
from models.call_text import CallText, read_call, read_turns
from models.examples import CallExample, TurnExample, call_digest, digest_of
from models.fitting import BASE, Table, as_arrays, call_table, fit, turn_table
from models.linear import score_call, score_turns
from models.predict import NEGATIVE, SENTIMENT_CLASSES, moods
from models.recipe import Recipe, Task, recipe_of
from pipeline.domain.errors import ConfigError
from pipeline.text.normalise import normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Fold = tuple["NDArray[np.int64]", "NDArray[np.int64]"]
"""Rows to learn from, rows to judge by."""
FOLDS = 5
LEAST_OF_A_CLASS = 10
"""Fewer positives (or negatives) than two a fold tell nothing about the rest."""
TELLING_CHARACTERS = 8
"""A turn so long that is known from training shows that its call is; shorter ones everybody says."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A learning problem: numbered classes, and documents as numbers."""

    task: str
    classes: tuple[str, ...]
    """Of scores: a single one for yes against no."""
    positive: int
    """Number of the class that thresholds and figures are about."""
    labels: "NDArray[np.int64]"
    groups: tuple[str, ...]
    """Documents of one group are never both learnt from and judged."""
    judged: "NDArray[np.bool_]"
    """Documents that figures, calibration and threshold come from. The others are of another kind (chats beside
    calls): they are learnt from, and always by every model."""
    table: Table
    recipe: Recipe
    digests: frozenset[str]
    base: Artifact | None = None
    """The shipped model whose scores are the last features."""
    sentiment: Artifact | None = None
    """The model whose moods are among the features."""


def call_problem(
    task: Task,
    examples: Sequence[CallExample],
    *,
    sentiment: Artifact,
    base: Artifact | None = None,
    turns: Sequence[TurnExample] = (),
    recipe: Recipe | None = None,
) -> Problem:
    """The problem of a call task.

    ``turns`` are needed where the sentiment model has learnt from these very calls: their moods then come from models
    that have not.
    """
    import numpy as np

    chosen = recipe or recipe_of(task)
    calls = [read_call(example.transcript, example.signals) for example in examples]
    courses = _moods(calls, sentiment, turns)
    features = np.array([call_features(call, course) for call, course in zip(calls, courses, strict=True)])
    names: tuple[str, ...] = NAMES
    if base is not None:
        scores = [score_call(base.model, call, row).scores[0] for call, row in zip(calls, features, strict=True)]
        features, names = np.column_stack([features, scores]), (*names, BASE + task)
    digests = tuple(call_digest(example) for example in examples)
    return Problem(
        task=task,
        classes=("yes",),
        positive=1,
        labels=np.array([example.label for example in examples], dtype=np.int64),
        groups=digests,
        judged=np.array([example.judged for example in examples], dtype=bool),
        table=call_table(calls, features, names, chosen),
        recipe=chosen,
        digests=frozenset(digests),
        base=base,
        sentiment=sentiment,
    )


def turn_problem(
    task: str,
    examples: Sequence[TurnExample],
    *,
    base: Artifact | None = None,
    recipe: Recipe | None = None,
) -> Problem:
    """The problem of a turn task: of three sentiments, or of yes and no where the task is another."""
    import numpy as np

    chosen = recipe or recipe_of(task)
    turns = read_turns([example.text for example in examples])
    kept = [examples[index] for index in turns.turns]
    names: tuple[str, ...] = ()
    features = np.zeros((len(kept), 0))
    classes: tuple[str, ...] = ("yes",)
    numbers = {"no": 0, "yes": 1}
    if task == Task.SENTIMENT:
        classes = SENTIMENT_CLASSES
        numbers = {name: at for at, name in enumerate(classes)}
    if base is not None:
        features, names = score_turns(base.model, turns).scores, tuple(BASE + name for name in base.model.classes)
    return Problem(
        task=task,
        classes=classes,
        positive=positive_class(task),
        labels=np.array([numbers[example.label] for example in kept], dtype=np.int64),
        groups=tuple(example.call for example in kept),
        judged=np.array([example.judged for example in kept], dtype=bool),
        table=turn_table(turns, features, names, chosen),
        recipe=chosen,
        digests=frozenset(digest_of([line]) for line in turns.lines),
        base=base,
    )


def _moods(calls: Sequence[CallText], sentiment: Artifact, turns: Sequence[TurnExample]) -> "list[NDArray[np.float64]]":
    """The moods of each call's turns, by models that have not learnt from that call."""
    said = [frozenset(digest_of([line]) for line in call.lines if len(line) >= TELLING_CHARACTERS) for call in calls]
    seen = [number for number, digests in enumerate(said) if turns and digests & sentiment.examples]
    models = [sentiment.model] * len(calls)
    for fold in range(FOLDS if seen else 0):
        apart = seen[fold::FOLDS]
        hidden = frozenset(digest for number in apart for digest in said[number])
        others = [turn for turn in turns if digest_of([normalise(turn.text).text]) not in hidden]
        problem = turn_problem(Task.SENTIMENT, others)
        fitted = as_arrays(fit(problem.table, problem.labels, problem.recipe), problem.table, problem.classes)
        calibrated = replace(fitted, calibration=sentiment.model.calibration, offset=sentiment.model.offset)
        for number in apart:
            models[number] = calibrated
    return [
        moods(model.probabilities(score_turns(model, call).scores))[call.spoken_by_customer]
        for model, call in zip(models, calls, strict=True)
    ]


def positive_class(task: str) -> int:
    """The number of the class that thresholds and figures of a task are about."""
    return NEGATIVE if task == Task.SENTIMENT else 1


def check_classes(problem: Problem) -> None:
    """Raises ConfigError where a class has too few examples to learn from and to judge by."""
    import numpy as np

    classes = problem.classes if len(problem.classes) > 1 else ("no", "yes")
    labels = problem.labels[problem.judged]
    counts = np.bincount(labels, minlength=len(classes))
    few = [f"{count} {name}" for name, count in zip(classes, counts, strict=True) if count < LEAST_OF_A_CLASS]
    if few:
        raise ConfigError(
            f"task {problem.task}: only {' and '.join(few)} among {len(labels)} examples; it takes at least"
            f" {LEAST_OF_A_CLASS} of each to learn and to judge; label more"
        )


def split(problem: Problem) -> "list[Fold]":
    """Rows to learn from and rows to judge by, five times; each row that counts is judged once.

    Raises:
        ConfigError: the examples are of so few calls that a class is missing from a fold.
    """
    import numpy as np
    from sklearn.model_selection import StratifiedGroupKFold

    judged, others = np.flatnonzero(problem.judged), np.flatnonzero(~problem.judged)
    labels, groups = problem.labels[judged], [problem.groups[row] for row in judged]
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    chosen = list(splitter.split(np.zeros(len(judged)), labels, groups))
    every = frozenset(labels.tolist())
    if any(frozenset(labels[learn].tolist()) != every for learn, _ in chosen):
        raise ConfigError(f"task {problem.task}: some labels stand in one call only; label more calls")
    return [(np.concatenate([judged[learn], others]), judged[judge]) for learn, judge in chosen]

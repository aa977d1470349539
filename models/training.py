"""Training: cross-validated by call, calibrated, on top of the shipped model, with a learning curve."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models.artifact import Artifact, Card, Figures
from models.calibration import (
    Aim,
    auc,
    average_precision,
    brier_score,
    calibrate,
    choose_threshold,
    expected_calibration_error,
)
from models.fitting import as_arrays, fit
from models.linear import calibrated
from models.problems import Fold, Problem, check_classes, split
from models.recipe import Recipe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CURVE = (20, 40, 80, 160, 320, 640, 1280, 2560, 5120)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Predictions for examples that the model which made them has not seen."""

    labels: tuple[int, ...]
    """Number of the class."""
    probabilities: "NDArray[np.float64]"
    """Calibrated on other folds; examples by classes."""
    groups: tuple[str, ...]
    """The call of each."""

    def of_class(self, number: int) -> tuple[list[float], list[bool]]:
        """Probabilities of a class, and which examples are of it."""
        column = self.probabilities[:, min(number, self.probabilities.shape[1] - 1)]
        return column.tolist(), [label == number for label in self.labels]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What so many labelled examples give, judged on examples kept apart."""

    examples: int
    alone: float
    """AUC of a model trained on them alone."""
    on_shipped: float | None
    """AUC of one that starts from the shipped model; ``None`` where there is none."""


@dataclass(frozen=True, slots=True)
class Training:
    """A trained model and what is known of it."""

    artifact: Artifact
    held_out: HeldOut
    shipped_auc: float | None
    """AUC of the shipped model on the same examples, which it has not seen; ``None`` without one."""
    curve: tuple[CurvePoint, ...]


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a model card says of where a model comes from."""

    data: tuple[str, ...]
    licence: str
    trained_on: str


def train(
    problem: Problem, *, aim: Aim, provenance: Provenance, progress: Callable[[str], None] = lambda _: None
) -> Training:
    """A model for the problem: cross-validated, calibrated on what was held out, then fitted to everything.

    Raises:
        ConfigError: there are too few examples of a class.
    """
    check_classes(problem)
    folds = split(problem)
    progress(f"{problem.task}: {int(problem.judged.sum())} examples, {len(folds)} folds")
    scores = held_out_scores(problem, problem.recipe, folds)
    held_out = calibrated_apart(problem, scores, folds)
    matrix, offset = calibrate(scores[problem.judged], problem.labels[problem.judged])
    model = as_arrays(fit(problem.table, problem.labels, problem.recipe), problem.table, problem.classes)
    model = replace(model, calibration=matrix, offset=offset)
    probabilities, labels = held_out.of_class(problem.positive)
    threshold = choose_threshold(probabilities, labels, aim)
    artifact = Artifact(
        model=model,
        threshold=threshold.value,
        card=Card(
            task=problem.task,
            data=provenance.data,
            licence=provenance.licence,
            trained_on=provenance.trained_on,
            figures=figures(probabilities, labels, threshold.value),
            threshold_rule=threshold.rule,
        ),
        base=problem.base.digest if problem.base else None,
        sentiment=problem.sentiment.digest if problem.sentiment else None,
        examples=problem.digests,
    )
    progress(f"{problem.task}: learning curve")
    return Training(artifact, held_out, _auc_of_base(problem), learning_curve(problem, folds))


def held_out_scores(problem: Problem, recipe: Recipe, folds: "list[Fold]") -> "NDArray[np.float64]":
    """Scores for every row that counts, by models that have not learnt from its group; 0 for the others."""
    import numpy as np

    scores = np.zeros((len(problem.labels), len(problem.classes)))
    for learn, judge in folds:
        scores[judge] = fit(problem.table.rows(learn), problem.labels[learn], recipe).scores(problem.table.rows(judge))
    return scores


def figures(probabilities: Sequence[float], labels: Sequence[bool], threshold: float) -> Figures:
    """What predictions are worth; rates are ``None`` where there is nothing to divide by."""
    flagged = [probability >= threshold for probability in probabilities]
    right = sum(label for label, flag in zip(labels, flagged, strict=True) if flag)
    positives = sum(labels)
    return Figures(
        n=len(labels),
        positives=positives,
        auc=auc(probabilities, labels),
        average_precision=average_precision(probabilities, labels),
        precision=right / sum(flagged) if any(flagged) else None,
        recall=right / positives if positives else None,
        brier=brier_score(probabilities, labels),
        ece=expected_calibration_error(probabilities, labels),
    )


def learning_curve(problem: Problem, folds: "list[Fold]") -> tuple[CurvePoint, ...]:
    """AUC by number of examples learnt from, mean over the folds; the last point is all that a fold leaves."""
    import numpy as np

    most = min(int(problem.judged[learn].sum()) for learn, _ in folds)
    sizes = [*(size for size in CURVE if size < most), most]
    alone = replace(problem.recipe, base_examples=0.0)
    points = []
    for size in sizes:
        drawn = [(_draw(problem, learn, size, fold), judge) for fold, (learn, judge) in enumerate(folds)]
        usable = [(learn, judge) for learn, judge in drawn if len(np.unique(problem.labels[learn])) > 1]
        if len(usable) == len(folds):
            on_shipped = _mean_auc(problem, problem.recipe, usable) if problem.base else None
            points.append(CurvePoint(size, _mean_auc(problem, alone, usable), on_shipped))
    return tuple(points)


def _draw(problem: Problem, rows: "NDArray[np.int64]", size: int, seed: int) -> "NDArray[np.int64]":
    """Some of the rows that count, the classes in their proportion but each at least twice, and all others."""
    import numpy as np

    counting = np.random.default_rng(seed).permutation(rows[problem.judged[rows]])
    labels = problem.labels[counting]
    kept = [rows[~problem.judged[rows]]]
    for number in np.unique(labels):
        of_class = counting[labels == number]
        kept.append(of_class[: max(2, round(size * len(of_class) / len(counting)))])
    return np.concatenate(kept)


def _mean_auc(problem: Problem, recipe: Recipe, folds: "list[Fold]") -> float:
    column = min(problem.positive, len(problem.classes) - 1)
    found = []
    for learn, judge in folds:
        scores = fit(problem.table.rows(learn), problem.labels[learn], recipe).scores(problem.table.rows(judge))
        found.append(auc(scores[:, column].tolist(), (problem.labels[judge] == problem.positive).tolist()))
    known = [one for one in found if one is not None]
    return sum(known) / len(known)


def _auc_of_base(problem: Problem) -> float | None:
    if problem.base is None:
        return None
    scores = problem.table.values[problem.judged.nonzero()[0], -len(problem.base.model.classes) :].toarray()
    column = min(problem.positive, len(problem.classes) - 1)
    return auc(scores[:, column].tolist(), (problem.labels[problem.judged] == problem.positive).tolist())


def calibrated_apart(problem: Problem, scores: "NDArray[np.float64]", folds: "list[Fold]") -> HeldOut:
    """Held-out probabilities; those of a fold are calibrated on the other folds, so that they flatter nobody."""
    import numpy as np

    probabilities = np.zeros_like(scores)
    for learn, judge in folds:
        others = learn[problem.judged[learn]]
        matrix, offset = calibrate(scores[others], problem.labels[others])
        probabilities[judge] = calibrated(scores[judge], matrix, offset)
    rows = problem.judged.nonzero()[0]
    groups = tuple(problem.groups[row] for row in rows)
    return HeldOut(tuple(problem.labels[rows].tolist()), probabilities[rows], groups)

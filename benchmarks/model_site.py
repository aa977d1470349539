"""What training on a site's own labels gives: learning curves, and probabilities before and after."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.model_features import HELPDESK, SHOP
from benchmarks.model_tables import DIALOGUES, Section, missing, rank
from models.calibration import Aim, choose_threshold
from models.problems import Fold, Problem, call_problem, split, turn_problem
from models.recipe import Task
from models.registry import load_default_models, shipped_model
from models.training import HeldOut, calibrated_apart, held_out_scores, learning_curve
from pipeline.domain.predictions import Sentiment
from pipeline.evaluation.model_labels import call_examples, read_texts, turn_examples
from pipeline.evaluation.model_quality import Judgement, ModelFigures, curve, measure
from pipeline.evaluation.model_work import judge_calls, judge_turns

JUDGE = DIALOGUES / "judge.jsonl"
AIM = Aim(precision=0.8)


def learning_curves() -> list[Section]:
    """AUC by number of labels, from nothing and on the shipped model."""
    sections = []
    for title, task, file in (
        ("Learning curve: helpdesk dialogues, dissatisfied", Task.DISSATISFIED, HELPDESK),
        ("Learning curve: shop chats, sentiment (negative)", Task.SENTIMENT, SHOP),
    ):
        if file.exists():
            sections.append(_curve(title, task, file))
        else:
            sections.append(missing(title, file))
    return sections


@dataclass(frozen=True)
class Trained:
    """A site's labels, and held-out predictions of models that start from the shipped one."""

    problem: Problem
    folds: tuple[Fold, ...]
    held_out: HeldOut


@cache
def trained(task: Task, file: Path) -> Trained:
    """What ``earmark models train`` cross-validates."""
    texts, base = read_texts([file]), shipped_model(task)
    if task == Task.SENTIMENT:
        problem = turn_problem(task, turn_examples(texts), base=base)
    else:
        sentiment = shipped_model(Task.SENTIMENT)
        problem = call_problem(task, call_examples(texts, task)[1], sentiment=sentiment, base=base)
    folds = split(problem)
    scores = held_out_scores(problem, problem.recipe, folds)
    return Trained(problem, tuple(folds), calibrated_apart(problem, scores, folds))


def _curve(title: str, task: Task, file: Path) -> Section:
    site = trained(task, file)
    rows = [("0", "", _ranked(site, shipped=True))]
    for point in learning_curve(site.problem, list(site.folds)):
        on_shipped = "" if point.on_shipped is None else f"{point.on_shipped:.3f}"
        rows.append((str(point.examples), f"{point.alone:.3f}", on_shipped))
    rows.append((f"{rows[-1][0]}, pooled", "", _ranked(site, shipped=False)))
    note = f"n {len(site.problem.labels)}; five folds, points are their mean; the last row is calibrated and pooled"
    headings = ("labels learnt from", "AUC alone", "AUC on the shipped model")
    return Section(title, headings, tuple(rows), (note,))


def _ranked(site: Trained, *, shipped: bool) -> str:
    """AUC of the shipped model on these labels, or of what is trained on them, with its interval."""
    import numpy as np

    problem = site.problem
    positive = problem.labels == problem.positive
    if shipped:
        classes = len(problem.classes)
        scores = problem.table.values[:, -classes:].toarray()[:, min(problem.positive, classes - 1)]
    else:
        scores = np.array(site.held_out.of_class(problem.positive)[0])
    return rank(scores, positive, problem.groups).text()


def reliabilities() -> list[Section]:
    """Brier score, calibration error and reliability curve of the shipped models, and after training."""
    models = load_default_models()
    judge = read_texts([JUDGE])
    found: dict[str, list[Judgement]] = {
        "dissatisfied, judge.jsonl, shipped": judge_calls(models, Task.DISSATISFIED, judge),
        "escalation, judge.jsonl, shipped": judge_calls(models, Task.ESCALATION, judge),
        "sentiment (negative), judge.jsonl, shipped": judge_turns(models, Sentiment.NEGATIVE, judge),
    }
    notes: list[str] = []
    for file, task, name in (
        (HELPDESK, Task.DISSATISFIED, "dissatisfied, helpdesk"),
        (SHOP, Task.SENTIMENT, "sentiment (negative), shop chats"),
    ):
        if not file.exists():
            notes.extend(missing(name, file).notes)
            continue
        texts = read_texts([file])
        is_turns = task == Task.SENTIMENT
        found[f"{name}, shipped"] = (
            judge_turns(models, Sentiment.NEGATIVE, texts) if is_turns else judge_calls(models, task, texts)
        )
        found[f"{name}, after training"] = _after(task, file)
    thresholds = {name: _threshold(name) for name in found}
    figures = {name: measure(judged, thresholds[name]) for name, judged in found.items()}
    return [_summary(figures, notes), *(_bins(name, judged) for name, judged in found.items())]


def _threshold(name: str) -> float:
    task = Task(name.split(",")[0].split(" ")[0])
    return shipped_model(task).threshold


def _after(task: Task, file: Path) -> list[Judgement]:
    """Held-out judgements of a model that starts from the shipped one, at a threshold chosen for ``AIM``."""
    site = trained(task, file)
    probabilities, labels = site.held_out.of_class(site.problem.positive)
    threshold = choose_threshold(probabilities, labels, AIM).value
    return [
        Judgement(call, label, probability, probability >= threshold)
        for call, label, probability in zip(site.held_out.groups, labels, probabilities, strict=True)
    ]


def _summary(figures: dict[str, ModelFigures], notes: Sequence[str]) -> Section:
    rows = []
    for name, one in figures.items():
        cells = (
            (one.auc, one.auc_ci),
            (one.precision, one.precision_ci),
            (one.recall, one.recall_ci),
            (one.brier, one.brier_ci),
            (one.ece, one.ece_ci),
        )
        rows.append((name, str(one.n), str(one.positives), str(one.abstained), *(_cell(*cell) for cell in cells)))
    headings = ("model and labels", "n", "positive", "abstained", "AUC", "precision", "recall", "Brier", "ECE")
    return Section("Figures and calibration, 95 % intervals", headings, tuple(rows), tuple(notes))


def _cell(value: float | None, interval: tuple[float, float] | None) -> str:
    if value is None or interval is None:
        return "n/a"
    return f"{value:.2f} [{interval[0]:.2f}–{interval[1]:.2f}]"


def _bins(name: str, judged: Sequence[Judgement]) -> Section:
    """The reliability curve: what was said, what came true."""
    rows = tuple(
        (f"{one.low:.1f}–{one.high:.1f}", str(one.n), f"{one.predicted:.2f}", f"{one.observed:.2f}")
        for one in curve(judged)
        if one.predicted is not None and one.observed is not None
    )
    return Section(f"Reliability: {name}", ("probability", "n", "mean said", "came true"), rows)

"""`earmark models …`: classifiers, trained on a site's own labels, judged, and described."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.apply import RulesOption
from pipeline.cli.output import console, message
from pipeline.cli.rule_choice import LabelsOption, load_pack, site_predictions, wanted_rules

if TYPE_CHECKING:
    from models.calibration import Aim
    from models.recipe import Task
    from models.training import Training
    from pipeline.evaluation.learned_gain import Gain
    from pipeline.evaluation.model_quality import Judgement, ModelFigures
    from rules.rule import RulePack

app = typer.Typer(help="Train, judge and describe classifiers. 分类模型", no_args_is_help=True)

TASKS = ("sentiment", "dissatisfied", "escalation")
SITE_FOLDER = Path("earmark-models")


class DataFormat(StrEnum):
    """How to print what is one object, not rows."""

    TABLE = "table"
    JSON = "json"


TaskOption = Annotated[
    str, typer.Option("--task", metavar="TASK", help="sentiment (of turns), dissatisfied or escalation (of calls).")
]
TrainTaskOption = Annotated[
    str,
    typer.Option("--task", metavar="TASK", help="sentiment, dissatisfied, escalation, or rule:ID for a rule's own."),
]
ModelsOption = Annotated[
    Path | None, typer.Option("--models", metavar="DIR", help="The site's own models [default: the shipped ones].")
]
DataFormatOption = Annotated[DataFormat, typer.Option("--format", help="How to print: for people, or data.")]


@app.command("train")
def train(
    task: TrainTaskOption,
    labels: LabelsOption,
    also: Annotated[
        list[Path] | None,
        typer.Option("--also", metavar="FILE", help="Labels of another kind: learnt from, never judged by."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the artifact is written.")] = SITE_FOLDER,
    precision: Annotated[
        float | None, typer.Option("--precision", help="Choose the threshold for this precision [default: 0.8].")
    ] = None,
    recall: Annotated[
        float | None, typer.Option("--recall", help="Choose the threshold for this recall instead.")
    ] = None,
    from_scratch: Annotated[bool, typer.Option("--from-scratch", help="Do not start from the shipped model.")] = False,
    licence: Annotated[
        str, typer.Option("--licence", help="Of the labels, for the model card.")
    ] = "the site's own data, not for distribution",
    rules: RulesOption = None,
    form: DataFormatOption = DataFormat.TABLE,
) -> None:
    """Train on labelled calls or turns: cross-validated figures, learning curve, artifact. 训练"""
    from models.artifact import save_artifact
    from models.recipe import RULE_TASK, rule_of
    from pipeline.evaluation.model_work import TrainingOptions, train_task

    if task.startswith(RULE_TASK):
        _train_condition(rule_of(task), labels, also or (), out, licence, load_pack(rules), form)
        return
    chosen = _task(task)
    options = TrainingOptions(_aim(precision, recall), licence, from_scratch)
    training = train_task(chosen, labels, also or (), options, tell=message)
    saved = save_artifact(training.artifact, out)
    _print_training(training, form)
    message(f"{chosen}: model {saved.digest[:12]} written to {out}; use it with --models {out}")


@app.command("eval")
def evaluate(
    task: TaskOption,
    labels: LabelsOption,
    models: ModelsOption = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", metavar="COLUMN", help="Also by this metadata column; may be repeated.")
    ] = None,
    form: DataFormatOption = DataFormat.TABLE,
) -> None:
    """How good a model is on labelled calls or turns it has not seen. 评估"""
    from models.registry import find_model, load_models
    from pipeline.domain.predictions import Sentiment
    from pipeline.evaluation.model_labels import read_texts
    from pipeline.evaluation.model_quality import by_column, curve, measure
    from pipeline.evaluation.model_work import judge_calls, judge_turns, seen_in_training

    chosen = _task(task)
    loaded = load_models(models)
    artifact = find_model(chosen, models)
    texts = read_texts(labels)
    is_turns = chosen == "sentiment"
    judged = judge_turns(loaded, Sentiment.NEGATIVE, texts) if is_turns else judge_calls(loaded, chosen, texts)
    seen = seen_in_training(artifact, chosen, texts)
    if seen:
        message(
            f"note: {seen} of {len(judged)} examples were in the training of this model; figures on them flatter it"
        )
    slices: dict[str, dict[str, ModelFigures]] = {
        column: by_column(judged, column, artifact.threshold) for column in by or _columns(judged)
    }
    if is_turns:
        slices["sentiment"] = {
            str(one): measure(judge_turns(loaded, one, texts), artifact.threshold) for one in Sentiment
        }
    figures = measure(judged, artifact.threshold)
    if form == DataFormat.JSON:
        data = {
            "task": task,
            "model": artifact.digest,
            **asdict(figures),
            "reliability": [asdict(one) for one in curve(judged)],
            "slices": {
                column: {value: asdict(found) for value, found in of_column.items()}
                for column, of_column in slices.items()
            },
        }
        sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=1) + "\n")
    else:
        _print_figures({task: figures}, slices)


@app.command("card")
def card(
    task: Annotated[str, typer.Argument(help="sentiment, dissatisfied or escalation.")],
    models: ModelsOption = None,
) -> None:
    """What a person should know of a model: data, licence, figures, limits. 模型说明"""
    from models.card import card_text
    from models.registry import find_model, shipped_model

    chosen = _task(task)
    artifact = find_model(chosen, models)
    sys.stdout.write(card_text(artifact, shipped=artifact.digest == shipped_model(chosen).digest))


def _train_condition(
    rule: str, labels: Sequence[Path], also: Sequence[Path], out: Path, licence: str, pack: "RulePack", form: DataFormat
) -> None:
    from models.artifact import save_artifact
    from pipeline.evaluation.learned_gain import learn_condition
    from pipeline.evaluation.model_labels import read_texts
    from pipeline.evaluation.model_work import provenance_of
    from rules.engine import Engine

    wanted_rules(pack, [rule])
    engine = Engine(pack, predict=site_predictions())
    provenance = provenance_of([*labels, *also], licence)
    learned = learn_condition(rule, read_texts(labels), read_texts(also), engine.evaluate, provenance, tell=message)
    gain = learned.gain
    _print_training(learned.training, form)
    _print_gain(gain, form)
    if not gain.pays:
        message(
            f"{rule}: refused, as the condition adds nothing that is not chance: F1 {gain.f1:+.3f}, 95 % interval"
            f" {gain.f1_ci.low:+.3f} to {gain.f1_ci.high:+.3f}; confirm and reject more hits, or write words instead"
        )
        raise typer.Exit(1)
    saved = save_artifact(learned.artifact, out)
    message(f"{rule}: condition {saved.digest[:12]} written to {out}; add `learned: {rule}` to the rule")


def _print_gain(gain: "Gain", form: DataFormat) -> None:
    from rich.table import Table

    if form == DataFormat.JSON:
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", "tp", "fp", "fn", "precision", "recall", "F1"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, counts in (("规则 words only", gain.words_only), ("加学习条件 with learned", gain.with_learned)):
        rates = (_rate(value, None) for value in (counts.precision, counts.recall, counts.f1))
        table.add_row(name, str(counts.tp), str(counts.fp), str(counts.fn), *rates)
    console().print(table)
    console().print(f"F1 {gain.f1:+.3f} [{gain.f1_ci.low:+.3f} – {gain.f1_ci.high:+.3f}]", markup=False)


def _task(name: str) -> "Task":
    import difflib

    from models.recipe import Task
    from pipeline.domain.errors import ConfigError

    if name in TASKS:
        return Task(name)
    near = difflib.get_close_matches(name, TASKS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(TASKS)}"
    raise ConfigError(f"there is no task {name!r}; {hint}")


def _aim(precision: float | None, recall: float | None) -> "Aim":
    from models.calibration import Aim
    from pipeline.domain.errors import ConfigError

    try:
        return Aim(precision=0.8 if precision is None and recall is None else precision, recall=recall)
    except ValueError as error:
        raise ConfigError(f"--precision or --recall: {error}") from error


def _columns(judged: "list[Judgement]") -> list[str]:
    """Metadata columns worth a slice by default: few values, most examples have one."""
    names = {name for one in judged for name in one.metadata}
    few = []
    for name in sorted(names):
        values = [one.metadata[name] for one in judged if name in one.metadata]
        if 1 < len(set(values)) <= MOST_VALUES and len(values) * 2 > len(judged):
            few.append(name)
    return few


MOST_VALUES = 12


def _print_training(training: "Training", form: DataFormat) -> None:
    from models.problems import positive_class
    from pipeline.evaluation.model_quality import Judgement, measure

    artifact, held_out = training.artifact, training.held_out
    probabilities, labels = held_out.of_class(positive_class(artifact.card.task))
    figures = measure(
        [
            Judgement(call, label, probability, probability >= artifact.threshold)
            for call, label, probability in zip(held_out.groups, labels, probabilities, strict=True)
        ],
        artifact.threshold,
    )
    if form == DataFormat.JSON:
        data = {
            "task": artifact.card.task,
            "cross_validated": asdict(figures),
            "threshold_rule": artifact.card.threshold_rule,
            "shipped_auc": training.shipped_auc,
            "learning_curve": [asdict(point) for point in training.curve],
        }
        sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=1) + "\n")
        return
    _print_figures({f"{artifact.card.task} 交叉验证 cross-validated": figures}, {})
    _print_curve(training)
    message(f"threshold {artifact.threshold:.3f}, chosen for {artifact.card.threshold_rule}")


def _print_curve(training: "Training") -> None:
    from rich.table import Table

    table = Table(title="学习曲线 learning curve (AUC)", box=None, pad_edge=False, header_style="dim")
    for heading in ("样本 examples", "单独 alone", "以内置模型为起点 on the shipped model"):
        table.add_column(heading, justify="right")
    if training.shipped_auc is not None:
        table.add_row("0", "", f"{training.shipped_auc:.3f}")
    for point in training.curve:
        on_shipped = "" if point.on_shipped is None else f"{point.on_shipped:.3f}"
        table.add_row(str(point.examples), f"{point.alone:.3f}", on_shipped)
    console().print(table)


def _print_figures(totals: "dict[str, ModelFigures]", slices: "dict[str, dict[str, ModelFigures]]") -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    for heading in ("n", "+", "弃权 abst.", "AUC", "AP", "精确率 precision", "召回率 recall", "F1", "Brier", "ECE"):
        table.add_column(heading, justify="right", no_wrap=True)
    rows = {**totals}
    for column, of_column in slices.items():
        rows |= {f"{column} {value or '(none)'}": figures for value, figures in of_column.items()}
    for name, one in rows.items():
        table.add_row(
            name,
            str(one.n),
            str(one.positives),
            str(one.abstained),
            _rate(one.auc, one.auc_ci),
            _rate(one.average_precision, one.average_precision_ci),
            _rate(one.precision, one.precision_ci),
            _rate(one.recall, one.recall_ci),
            _rate(one.f1, None),
            _rate(one.brier, None),
            _rate(one.ece, None),
        )
    console().print(table)


def _rate(value: float | None, interval: tuple[float, float] | None) -> str:
    if value is None:
        return "n/a"
    return f"{value:.2f}" if interval is None else f"{value:.2f} [{interval[0]:.2f}–{interval[1]:.2f}]"

"""Training and judging classifiers on files of labels: what `earmark models` does, without the printing."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from models.artifact import Artifact
from models.calibration import Aim
from models.examples import call_digest, digest_of
from models.predict import NEGATIVE, POSITIVE, Models, predict_call, probability_of_turns
from models.problems import Problem, call_problem, turn_problem
from models.recipe import Task
from models.registry import shipped_model
from models.training import Provenance, Training, train
from pipeline.domain.errors import ConfigError, ModelArtifactError
from pipeline.domain.predictions import Sentiment
from pipeline.evaluation.model_labels import LabelledText, call_examples, read_texts, turn_examples
from pipeline.evaluation.model_quality import Judgement

CALL_TASKS = (Task.DISSATISFIED, Task.ESCALATION)


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How to train."""

    aim: Aim
    licence: str
    from_scratch: bool = False
    """Without the shipped model as a starting point."""


def train_task(
    task: Task,
    labels: Sequence[Path],
    also: Sequence[Path],
    options: TrainingOptions,
    *,
    tell: Callable[[str], None] = lambda _: None,
) -> Training:
    """A model for a task from files of labels.

    ``also`` are labels of another kind (chats beside calls): learnt from, but figures, calibration and threshold come
    from ``labels`` alone.

    Raises:
        ConfigError: labels cannot be read, or are too few.
    """
    counted, others = read_texts(labels), read_texts(also)
    named = {text.recording for text in counted} & {text.recording for text in others}
    if named:
        raise ConfigError(f"{min(named)} is both among the labels that count and among those that are only learnt from")
    provenance = provenance_of([*labels, *also], options.licence)
    base = None if options.from_scratch else _base(task, counted, tell)
    problem = _problem(task, counted, others, base)
    return train(problem, aim=options.aim, provenance=provenance, progress=tell)


def provenance_of(files: Sequence[Path], licence: str) -> Provenance:
    """Where a model trained today from these files comes from."""
    data = tuple(describe_file(file) for file in files)
    return Provenance(data, licence, datetime.now(UTC).date().isoformat())


def judge_calls(models: Models, task: Task, texts: Sequence[LabelledText]) -> list[Judgement]:
    """What the models say of each call that is labelled for the task. Raises: ConfigError where none is."""
    judged = []
    for text in call_examples(texts, task)[0]:
        predictions = predict_call(models, text.transcript, text.signals)
        found = predictions.dissatisfied if task == Task.DISSATISFIED else predictions.escalation
        label = text.labels[task]
        judged.append(Judgement(text.recording, label, found.probability, found.flagged, text.metadata))
    return judged


def judge_turns(models: Models, sentiment: Sentiment, texts: Sequence[LabelledText]) -> list[Judgement]:
    """What the models say of each labelled turn: is it of this sentiment? Raises: ConfigError without a label."""
    examples = turn_examples(texts)
    metadata = {text.recording: text.metadata for text in texts}
    base = models.shipped_sentiment if models.sentiment.base else None
    found = probability_of_turns(models.sentiment, base, [example.text for example in examples])
    column = list(Sentiment).index(sentiment)
    judged = []
    for example, likely in zip(examples, found, strict=True):
        called = None
        if likely is not None:
            other = Sentiment.POSITIVE if likely[POSITIVE] > likely[1] else Sentiment.NEUTRAL
            called = Sentiment.NEGATIVE if likely[NEGATIVE] >= models.sentiment.threshold else other
        judged.append(
            Judgement(
                call=example.call,
                label=example.label == sentiment,
                probability=None if likely is None else float(likely[column]),
                flagged=called == sentiment,
                metadata=metadata[example.call],
            )
        )
    return judged


def seen_in_training(artifact: Artifact, task: Task, texts: Sequence[LabelledText]) -> int:
    """How many of the labelled examples the model was trained on."""
    if task == Task.SENTIMENT:
        from pipeline.text.normalise import normalise

        return sum(digest_of([normalise(one.text).text]) in artifact.examples for one in turn_examples(texts))
    return sum(call_digest(example) in artifact.examples for example in call_examples(texts, task)[1])


def _base(task: Task, texts: Sequence[LabelledText], tell: Callable[[str], None]) -> Artifact | None:
    """The shipped model as a starting point; not where it knows the very examples and would flatter itself."""
    base = shipped_model(task)
    if task == Task.SENTIMENT:
        return base
    seen = seen_in_training(base, task, texts)
    if seen:
        tell(f"{task}: {seen} of the calls were in the training of the shipped model: it is no starting point here")
    return None if seen else base


def _problem(
    task: Task, counted: Sequence[LabelledText], others: Sequence[LabelledText], base: Artifact | None
) -> Problem:
    if task == Task.SENTIMENT:
        judged_apart = any(text.sentiments for text in others)
        extra = [replace(turn, judged=False) for turn in turn_examples(others)] if judged_apart else []
        return turn_problem(task, [*turn_examples(counted), *extra], base=base)
    calls = call_examples(counted, task)[1]
    if any(task in text.labels for text in others):
        calls += [replace(call, judged=False) for call in call_examples(others, task)[1]]
    every = [*counted, *others]
    turns = turn_examples(every) if any(text.sentiments for text in every) else []
    return call_problem(task, calls, sentiment=_sentiment(task), base=base, turns=turns)


def _sentiment(task: Task) -> Artifact:
    try:
        return shipped_model(Task.SENTIMENT)
    except ModelArtifactError as error:
        raise ModelArtifactError(f"{task} looks at the sentiment of turns, train that first: {error}") from error


def describe_file(file: Path) -> str:
    """A file for a model card: name, lines, SHA-256."""
    content = file.read_bytes()
    lines = sum(bool(line.strip()) for line in content.splitlines())
    return f"{file.name}: {lines} lines, SHA-256 {hashlib.sha256(content).hexdigest()}"

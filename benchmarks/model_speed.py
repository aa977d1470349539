"""How long a call takes the models, and how long the same takes plain scikit-learn over jieba's words."""

import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.model_tables import DIALOGUES, ROOT, Section
from models.predict import Models, predict_call
from models.registry import load_default_models, shipped_folder
from pipeline.domain.calls import Role, Transcript, Turn
from pipeline.domain.signals import Signals
from pipeline.evaluation.model_labels import LabelledText, read_texts

if TYPE_CHECKING:
    import jieba

CHARACTERS = 1_700
ROUNDS = 15
LOADS = 5
LONG_CHAT = 10_000
"""Turns."""
_LOAD = """
import time
start, processor = time.perf_counter(), time.process_time()
from models.registry import load_default_models
models = load_default_models()
loaded, processor = time.perf_counter(), time.process_time() - processor
from models.predict import predict_call
from pipeline.domain.calls import Role, Transcript, Turn
from pipeline.domain.signals import Signals
turn = Turn(0, Role.CUSTOMER, 0.0, 2.0, "你们怎么还不处理")
predict_call(models, Transcript((turn,), 2.0), Signals())
print(loaded - start, processor, time.perf_counter() - loaded)
"""


@dataclass(frozen=True)
class Contender:
    """A way to predict a call."""

    name: str
    run: Callable[[Transcript], object]


@dataclass(frozen=True)
class Round:
    """Mean milliseconds a call in one round."""

    wall_ms: float
    processor_ms: float
    """Without the time in which other processes had the core."""


def joined_calls(texts: Sequence[LabelledText]) -> list[Transcript]:
    """Calls of about 1,700 characters: dialogues put one behind the other."""
    calls: list[Transcript] = []
    turns: list[Turn] = []
    for turn in (turn for text in texts for turn in text.transcript.turns):
        turns.append(Turn(len(turns), turn.role, 3.0 * len(turns), 3.0 * len(turns) + 2.8, turn.text))
        if sum(len(one.text) for one in turns) >= CHARACTERS:
            calls.append(Transcript(tuple(turns), 3.0 * len(turns)))
            turns = []
    return calls


def measure_speed() -> list[Section]:
    """The tables of time, loading and size."""
    texts = read_texts([DIALOGUES / "train.jsonl", DIALOGUES / "heldout.jsonl"])
    calls = joined_calls(texts)
    models = load_default_models()
    contenders = [
        Contender("earmark: features, three predictions, their words", lambda call: _predict(models, call)),
        *_plain(texts),
    ]
    with one_core():
        times = measure(contenders, calls)
        long_s = _long_chat_s(models)
    best = {name: min(one.wall_ms for one in rounds) for name, rounds in times.items()}
    rows = tuple(
        (
            name,
            f"{best[name]:.2f}",
            f"{statistics.median(one.wall_ms for one in rounds):.2f}",
            f"{statistics.median(one.processor_ms for one in rounds):.2f}",
            f"{best[name] / best[contenders[0].name]:.1f}×",
        )
        for name, rounds in times.items()
    )
    characters = statistics.mean(sum(len(turn.text) for turn in call.turns) for call in calls)
    turns = statistics.mean(len(call.turns) for call in calls)
    speed = Section(
        f"Speed: {len(calls)} calls of {characters:.0f} characters and {turns:.0f} turns, one core, ms a call",
        ("what", "best", "median", "median of processor time", "ratio of best"),
        rows,
        (
            f"mean of all calls; {ROUNDS} rounds, the contenders in turn",
            f"a chat of {LONG_CHAT:,} turns: {long_s:.2f} s",
        ),
        {"best_ms": best[contenders[0].name], "long_chat_s": long_s},
    )
    return [speed, _loading()]


def measure(contenders: Sequence[Contender], calls: Sequence[Transcript]) -> dict[str, list[Round]]:
    """The rounds of each contender; they meet the same machine in turn. The first round is not counted."""
    times: dict[str, list[Round]] = {one.name: [] for one in contenders}
    for number in range(ROUNDS + 1):
        for one in contenders:
            wall, processor = time.perf_counter(), time.process_time()
            for call in calls:
                one.run(call)
            wall, processor = time.perf_counter() - wall, time.process_time() - processor
            if number:
                times[one.name].append(Round(wall / len(calls) * 1_000, processor / len(calls) * 1_000))
    return times


@contextlib.contextmanager
def one_core() -> Any:
    """Keeps this process on one core where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _predict(models: Models, call: Transcript) -> object:
    return predict_call(models, call, Signals())


def _plain(texts: Sequence[LabelledText]) -> list[Contender]:
    """``TfidfVectorizer`` over jieba's words with logistic regression, as a tutorial does it."""
    from sklearn.linear_model import LogisticRegression

    labels = [text.labels["dissatisfied"] for text in texts]
    documents = [_said(text.transcript, role=None) for text in texts]
    turns = [turn.text for text in texts for turn in text.transcript.turns if turn.role == Role.CUSTOMER]
    tokenizer = _own_jieba()
    vectorizer, by_turn = _vectorizer(tokenizer.lcut), _vectorizer(tokenizer.lcut)
    model = LogisticRegression().fit(vectorizer.fit_transform(documents), labels)
    of_turns = LogisticRegression().fit(by_turn.fit_transform(turns), [number % 3 for number in range(len(turns))])

    def one_prediction(call: Transcript) -> object:
        return model.predict_proba(vectorizer.transform([_said(call, role=None)]))

    def three_predictions(call: Transcript) -> object:
        seen = vectorizer.transform([_said(call, role=None)])
        said = [turn.text for turn in call.turns if turn.role == Role.CUSTOMER]
        return model.predict_proba(seen), model.predict_proba(seen), of_turns.predict_proba(by_turn.transform(said))

    return [
        Contender("TfidfVectorizer + jieba, one label of the call", one_prediction),
        Contender("TfidfVectorizer + jieba, two of the call and one of each customer turn", three_predictions),
    ]


def _own_jieba() -> "jieba.Tokenizer":
    import logging

    import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    return tokenizer


def _vectorizer(tokenizer: Callable[[str], list[str]]) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(tokenizer=tokenizer, token_pattern=None, lowercase=False)


def _said(call: Transcript, role: Role | None) -> str:
    return "\n".join(turn.text for turn in call.turns if role is None or turn.role == role)


def _long_chat_s(models: Models) -> float:
    turns = tuple(
        Turn(number, (Role.CUSTOMER, Role.AGENT)[number % 2], 1.0 * number, number + 0.9, f"等了这么久，第{number}次了")
        for number in range(LONG_CHAT)
    )
    start = time.perf_counter()
    _predict(models, Transcript(turns, 1.0 * LONG_CHAT))
    return time.perf_counter() - start


def _loading() -> Section:
    """Seconds in a fresh process, numpy and pydantic included; the first is left out, whose files may not be cached."""
    runs = []
    for _ in range(LOADS + 1):
        command = [sys.executable, "-c", _LOAD]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        runs.append([float(value) for value in done.stdout.split()])
    load_s, processor_s, first_s = (statistics.median(values) for values in zip(*runs[1:], strict=True))
    size = sum(file.stat().st_size for file in shipped_folder().iterdir())
    rows = (
        ("loading all three in a fresh process, imports included", f"{load_s:.2f} s"),
        ("of that, processor time", f"{processor_s:.2f} s"),
        ("the first call after that (word dictionary, tables of characters)", f"{first_s:.2f} s"),
        ("artifacts", f"{size / 1e6:.2f} MB"),
    )
    numbers = {"load_s": load_s, "first_call_s": first_s, "bytes": float(size)}
    return Section(f"Loading and size, median of {LOADS}", ("what", "cost"), rows, numbers=numbers)

"""Labels that classifiers learn from: the form of docs/labels.md, where times may be missing (chats have none).

Besides, two published forms are read as they are: a dialogue with the `satisfaction` of several judges (−2 … 2), which
is dissatisfied from a mean of −0.5 down, and turns with `satisfaction` (dissatisfied, neutral, satisfied).
"""

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from models.examples import CallExample, TurnExample
from models.recipe import Task
from pipeline.audio.signals import measure_signals
from pipeline.domain.calls import Role, Transcript, Turn
from pipeline.domain.errors import ConfigError
from pipeline.domain.predictions import Sentiment
from pipeline.domain.signals import Signals
from pipeline.evaluation.labelled import LabelLine, LabelQuote, read_lines

DISSATISFIED_FROM = -0.5
"""Mean of the judges' satisfaction. Source: issue 4, "the figure to reach"."""
SATISFACTIONS = {
    "dissatisfied": Sentiment.NEGATIVE,
    "neutral": Sentiment.NEUTRAL,
    "satisfied": Sentiment.POSITIVE,
}


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A call or chat with its labels."""

    recording: str
    transcript: Transcript
    signals: Signals
    """Empty where no times are given."""
    labels: Mapping[str, bool]
    sentiments: Mapping[int, Sentiment]
    """Index of the turn → what the customer feels in it; turns that nobody judged are absent."""
    quotes: Mapping[str, tuple[str, ...]]
    """Rule id → quotes that show it."""
    metadata: Mapping[str, str]
    where: str
    """File and line, for messages."""


class _Turn(LabelLine):
    role: Role
    text: str
    start_s: float | None = Field(default=None, ge=0)
    end_s: float | None = None
    sentiment: Sentiment | None = None
    satisfaction: Literal["dissatisfied", "neutral", "satisfied"] | None = None


class _Call(LabelLine):
    recording: str | None = None
    id: str | None = None
    duration_s: float | None = Field(default=None, gt=0)
    turns: list[_Turn]
    labels: dict[str, bool] = Field(default_factory=dict)
    metadata: dict[str, str | float | None] = Field(default_factory=dict)
    evidence: dict[str, str | list[str | LabelQuote]] = Field(default_factory=dict)
    satisfaction: list[float] | None = None
    satisfaction_mean: float | None = None


def read_texts(files: Sequence[Path]) -> list[LabelledText]:
    """The labelled calls and chats of all files. Raises: ConfigError with every line that is not in order."""
    problems: list[str] = []
    texts: list[LabelledText] = []
    seen: dict[str, str] = {}
    for file in files:
        for where, parsed in read_lines(file, _Call, problems):
            text = _labelled(parsed, where)
            if text.recording in seen:
                problems.append(f"{text.where}: {text.recording} is labelled before, in {seen[text.recording]}")
            seen[text.recording] = text.where
            texts.append(text)
    if problems:
        raise ConfigError("\n".join(problems))
    return texts


def call_examples(texts: Sequence[LabelledText], task: Task) -> tuple[list[LabelledText], list[CallExample]]:
    """The texts that the task is judged on, and the examples they make. Raises: ConfigError where there is none."""
    judged = [text for text in texts if task in text.labels]
    if not judged:
        raise ConfigError(_nothing_labelled(texts, task))
    return judged, [CallExample(text.transcript, text.signals, text.labels[task]) for text in judged]


def turn_examples(texts: Sequence[LabelledText]) -> list[TurnExample]:
    """Every customer turn with a sentiment. Raises: ConfigError where there is none."""
    found = [
        TurnExample(text.transcript.turns[index].text, str(sentiment), text.recording)
        for text in texts
        for index, sentiment in text.sentiments.items()
        if text.transcript.turns[index].text.strip()
    ]
    if not found:
        raise ConfigError(
            f"none of the {len(texts)} labelled texts has a sentiment on a turn: put"
            ' "sentiment": "negative", "neutral" or "positive" on customer turns (docs/labels.md)'
        )
    return found


def _nothing_labelled(texts: Sequence[LabelledText], task: Task) -> str:
    found = Counter(name for text in texts for name in text.labels)
    if not texts:
        return f"task {task}: the files hold no labelled calls"
    near = difflib.get_close_matches(task, found, n=1)
    hint = f'; did you mean "{task}" by "{near[0]}"?' if near else f'; put "labels": {{"{task}": true}} on calls'
    names = ", ".join(f"{name} ({count})" for name, count in found.most_common(5)) or "no labels at all"
    return f"task {task}: none of the {len(texts)} calls is labelled for it, found {names}{hint}"


def _labelled(line: _Call, where: str) -> LabelledText:
    timed = bool(line.turns) and all(turn.start_s is not None and turn.end_s is not None for turn in line.turns)
    ordered = sorted(line.turns, key=lambda turn: turn.start_s or 0.0) if timed else line.turns
    turns = tuple(
        Turn(
            index=index,
            role=turn.role,
            start_s=float(index) if turn.start_s is None or not timed else turn.start_s,
            end_s=float(index + 1) if turn.end_s is None or not timed else turn.end_s,
            text=turn.text,
            channel=int(turn.role == Role.CUSTOMER),
        )
        for index, turn in enumerate(ordered)
    )
    transcript = Transcript(turns, line.duration_s or max((turn.end_s for turn in turns), default=0.0))
    return LabelledText(
        recording=line.recording or line.id or where,
        transcript=transcript,
        signals=measure_signals(transcript) if timed else Signals(),
        labels=_labels(line),
        sentiments=dict(_sentiments(ordered)),
        quotes={rule: _quotes(given) for rule, given in line.evidence.items()},
        metadata={name: str(value) for name, value in line.metadata.items() if value is not None},
        where=where,
    )


def _labels(line: _Call) -> dict[str, bool]:
    mean = line.satisfaction_mean
    if mean is None and line.satisfaction:
        mean = sum(line.satisfaction) / len(line.satisfaction)
    if mean is None or Task.DISSATISFIED in line.labels:
        return line.labels
    return {**line.labels, Task.DISSATISFIED: mean <= DISSATISFIED_FROM}


def _sentiments(turns: Sequence[_Turn]) -> Iterator[tuple[int, Sentiment]]:
    for index, turn in enumerate(turns):
        if turn.sentiment is not None:
            yield index, turn.sentiment
        elif turn.satisfaction is not None:
            yield index, SATISFACTIONS[turn.satisfaction]


def _quotes(given: str | Sequence[str | LabelQuote]) -> tuple[str, ...]:
    found = [given] if isinstance(given, str) else [one if isinstance(one, str) else one.quote for one in given]
    return tuple(quote for quote in found if quote)

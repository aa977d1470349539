"""Labelled calls: JSON lines with turns and what people said of them.

The form is in docs/labels.md; reviews are exported to it, `earmark rules eval` and model training read it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.audio.signals import measure_signals
from pipeline.domain.calls import METADATA_FIELDS, CallMetadata, Direction, Role, Transcript, Turn
from pipeline.domain.errors import ConfigError
from pipeline.domain.results import Call

MODEL_TASKS = ("dissatisfied", "escalation")
"""Labels of calls that are no rule's: what the classifiers learn."""

QUOTES_APART = " … "
"""Between several quotes of one label."""


@dataclass(frozen=True, slots=True)
class LabelledCall:
    """A call with what people said of it."""

    recording: str
    call: Call
    labels: Mapping[str, bool]
    """Rule id → whether the call has it; an absent id was not judged."""
    hard: frozenset[str] = frozenset()
    """Rules for which this call is a hard case, whichever its label."""
    where: str = ""
    """File and line, for messages."""
    evidence: Mapping[str, str] = field(default_factory=dict)
    """Rule id → quote, as the labeller gave it."""


def read_labelled(files: Sequence[Path], *, difficulty: Path | None = None) -> list[LabelledCall]:
    """The labelled calls of all files.

    Args:
        files: JSON lines.
        difficulty: JSON ``{recording: {"hard_positive": [rule…], "hard_negative": [rule…]}}``, for calls that do not
            carry it themselves.

    Raises:
        ConfigError: every line that is not in order, with what is wrong.
    """
    hard = _read_difficulty(difficulty) if difficulty else {}
    problems: list[str] = []
    calls: list[LabelledCall] = []
    seen: dict[str, str] = {}
    for file in files:
        for call in _read_file(file, hard, problems):
            if call.recording in seen:
                problems.append(f"{call.where}: {call.recording} is labelled before, in {seen[call.recording]}")
            seen[call.recording] = call.where
            calls.append(call)
    if problems:
        raise ConfigError("\n".join(problems))
    return calls


class LabelLine(BaseModel):
    """A line of labels, or a part of one. Other tools' fields are theirs to read."""

    model_config = ConfigDict(extra="ignore")


Line = TypeVar("Line", bound=LabelLine)


class _Turn(LabelLine):
    role: Role
    text: str
    start_s: float = Field(ge=0)
    end_s: float


class LabelQuote(LabelLine):
    """A quote, where evidence says more than its text."""

    quote: str


class _Difficulty(LabelLine):
    hard_positive: list[str] = []
    hard_negative: list[str] = []


class _Call(LabelLine):
    recording: str
    duration_s: float = Field(gt=0)
    turns: list[_Turn]
    labels: dict[str, bool]
    metadata: dict[str, str | float | None] = {}
    evidence: dict[str, str | list[str | LabelQuote]] = {}
    difficulty: _Difficulty | str | None = None


def _read_difficulty(file: Path) -> dict[str, frozenset[str]]:
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
        parsed = {recording: _Difficulty.model_validate(entry) for recording, entry in entries.items()}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file}: cannot be read as difficulties: {error}") from error
    return {recording: _hard(entry) for recording, entry in parsed.items()}


def _hard(difficulty: _Difficulty) -> frozenset[str]:
    return frozenset(difficulty.hard_positive) | frozenset(difficulty.hard_negative)


def _read_file(file: Path, hard: Mapping[str, frozenset[str]], problems: list[str]) -> Iterator[LabelledCall]:
    for where, parsed in read_lines(file, _Call, problems):
        yield _labelled_call(parsed, hard.get(parsed.recording, frozenset()), where)


def read_lines(file: Path, form: type[Line], problems: list[str]) -> Iterator[tuple[str, Line]]:
    """Each line that is in order, with its file and number; what is wrong with the others is added to ``problems``.

    Raises:
        ConfigError: the file cannot be read.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"labels {file} cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{file.name}:{number}"
        try:
            parsed = form.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            problems.append(f"{where}: {place + ': ' if place else ''}{first['msg']}")
            continue
        yield where, parsed


def _labelled_call(line: _Call, hard: frozenset[str], where: str) -> LabelledCall:
    ordered = sorted(line.turns, key=lambda turn: turn.start_s)
    turns = tuple(
        Turn(index, turn.role, turn.start_s, turn.end_s, turn.text, channel=int(turn.role == Role.CUSTOMER))
        for index, turn in enumerate(ordered)
    )
    transcript = Transcript(turns, line.duration_s)
    call = Call(transcript, _metadata(line.metadata), measure_signals(transcript))
    quotes = {rule: _quotes(given) for rule, given in line.evidence.items()}
    if isinstance(line.difficulty, _Difficulty):
        hard = _hard(line.difficulty)
    return LabelledCall(line.recording, call, line.labels, hard, where, quotes)


def _quotes(given: str | Sequence[str | LabelQuote]) -> str:
    if isinstance(given, str):
        return given
    return QUOTES_APART.join(one if isinstance(one, str) else one.quote for one in given)


def _metadata(cells: Mapping[str, str | float | None]) -> CallMetadata:
    from datetime import datetime

    text = {name: str(value) for name, value in cells.items() if value is not None}
    return CallMetadata(
        agent=text.get("agent"),
        team=text.get("team"),
        skill=text.get("skill"),
        queue=text.get("queue"),
        direction=Direction(text["direction"]) if text.get("direction") in list(Direction) else None,
        started_at=datetime.fromisoformat(text["started_at"]) if "started_at" in text else None,
        customer_id=text.get("customer_id"),
        survey_score=float(text["survey_score"]) if "survey_score" in text else None,
        extra={name: value for name, value in text.items() if name not in METADATA_FIELDS},
    )

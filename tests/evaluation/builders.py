"""Labelled calls for tests of the workbench."""

from collections.abc import Mapping

from pipeline.audio.signals import measure_signals
from pipeline.domain.calls import CallMetadata, Role, Transcript, Turn, Word
from pipeline.domain.results import Call
from pipeline.evaluation.labelled import LabelledCall

A, C = Role.AGENT, Role.CUSTOMER


def turn(role: Role, start_s: float, end_s: float, text: str, *, probability: float | None = None) -> Turn:
    """A turn; with a word for each character where a probability is given."""
    step_s = (end_s - start_s) / max(1, len(text))
    words = (
        tuple(
            Word(character, start_s + i * step_s, start_s + (i + 1) * step_s, probability)
            for i, character in enumerate(text)
        )
        if probability is not None
        else ()
    )
    return Turn(0, role, start_s, end_s, text, int(role is C), words)


def transcript(*turns: Turn, duration_s: float = 60.0) -> Transcript:
    """The turns by start, numbered."""
    ordered = sorted(turns, key=lambda one: one.start_s)
    numbered = (
        Turn(index, one.role, one.start_s, one.end_s, one.text, one.channel, one.words)
        for index, one in enumerate(ordered)
    )
    return Transcript(tuple(numbered), duration_s)


def call(*turns: Turn, duration_s: float = 60.0) -> Call:
    """A call measured from its turns."""
    made = transcript(*turns, duration_s=duration_s)
    return Call(made, CallMetadata(), measure_signals(made))


def said(*lines: str) -> Call:
    """A call of lines such as ``A: 您好``, four characters a second, half a second apart."""
    turns, now_s = [], 0.0
    for line in lines:
        who, text = line.split(": ", 1)
        end_s = now_s + len(text) / 4
        turns.append(turn({"A": A, "C": C}[who], now_s, end_s, text))
        now_s = end_s + 0.5
    return call(*turns, duration_s=now_s)


def labelled(name: str, made: Call, labels: Mapping[str, bool] | None = None) -> LabelledCall:
    """A labelled call."""
    return LabelledCall(name, made, labels or {}, where=f"test:{name}")

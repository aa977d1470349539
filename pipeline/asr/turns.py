"""Words of all channels → turns: parted at pauses and where the other party takes over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.domain.calls import Role, Span, Turn, Word


@dataclass(frozen=True, slots=True)
class TurnOptions:
    """Where a turn ends. All in seconds. Source: docs/asr.md, turns."""

    pause_s: float = 1.0
    """Silence of one party, from which on a new turn begins though nobody else spoke.

    On the sample calls no pause within a turn is longer than 0.64, none between two turns of a party shorter than 1.53.
    """
    take_over_s: float = 0.7
    """Shorter pauses never part a turn: what the other party says in them (嗯, 好的) is a back-channel."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Words of one channel with no pause that could part them."""

    channel: int
    words: tuple[Word, ...]

    @property
    def span(self) -> Span:
        return Span(self.words[0].start_s, self.words[-1].end_s)


def build_turns(
    words_by_channel: Sequence[Sequence[Word]], roles: Sequence[Role], *, options: TurnOptions | None = None
) -> tuple[Turn, ...]:
    """All turns of a call by start, numbered from 0; ``roles`` gives the role of each channel.

    A party's words are one turn until it pauses for ``pause_s``, or for ``take_over_s`` in which the other
    party speaks. What the other says *over* it without such a pause (嗯, 好的, an interruption) is a
    turn of its own and cuts nothing in two.

    Raises:
        ValueError: where there are not as many roles as channels.
    """
    if len(words_by_channel) != len(roles):
        raise ValueError(f"{len(words_by_channel)} channels, but {len(roles)} roles")
    options = options or TurnOptions()
    runs = [_runs(channel, words, options) for channel, words in enumerate(words_by_channel)]
    merged: list[_Run] = []
    for channel, own in enumerate(runs):
        others = [run.span for number, other in enumerate(runs) if number != channel for run in other]
        merged.extend(_merge(own, others, options))
    merged.sort(key=lambda run: (run.span.start_s, run.span.end_s, run.channel))
    return tuple(_turn(index, run, roles[run.channel]) for index, run in enumerate(merged))


def _turn(index: int, run: _Run, role: Role) -> Turn:
    """The turn of a run; the blank before its first word, in scripts that use blanks, is no part of it."""
    words = (replace(run.words[0], text=run.words[0].text.lstrip()), *run.words[1:])
    text = "".join(word.text for word in words)
    return Turn(index, role, run.span.start_s, run.span.end_s, text, run.channel, words)


def _runs(channel: int, words: Sequence[Word], options: TurnOptions) -> list[_Run]:
    """``words`` parted at every pause in which somebody else could take over."""
    parts: list[list[Word]] = []
    for word in words:
        if not parts or word.start_s - parts[-1][-1].end_s >= options.take_over_s:
            parts.append([])
        parts[-1].append(word)
    return [_Run(channel, tuple(part)) for part in parts]


def _merge(runs: Sequence[_Run], others: Sequence[Span], options: TurnOptions) -> list[_Run]:
    """``runs`` of one channel, joined over pauses that are short and in which nobody else speaks."""
    merged: list[_Run] = []
    for run in runs:
        pause = Span(merged[-1].span.end_s, run.span.start_s) if merged else None
        if pause and pause.duration_s < options.pause_s and not any(pause.overlap_s(o) > 0 for o in others):
            merged[-1] = _Run(run.channel, merged[-1].words + run.words)
        else:
            merged.append(run)
    return merged

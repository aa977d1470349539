"""What can be measured in a call: silences, overlaps, response times, rates, loudness, and speech not written down.

From the turns alone where there is nothing else (written dialogues, chats), sharper where there is sound.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from pipeline.audio.spans import common, gaps, total_s, union, within
from pipeline.domain.calls import Role, Span, Transcript, Turn
from pipeline.domain.signals import (
    Coverage,
    Loudness,
    Overlap,
    Response,
    Signals,
    Silence,
    SpeechRate,
    TalkShare,
)

if TYPE_CHECKING:
    from pipeline.audio.decode import CallAudio

Party = tuple[Role, int]
"""A role in a channel: mono recordings have one party, whoever speaks."""

MIN_SILENCE_S = 1.0
"""Shorter pauses are breath, not silence; no rule of the standard asks for less."""
BREATH_S = 1.0
"""A party that goes on within this, while the other still speaks, has not stopped speaking."""
MIN_OVERLAP_S = 0.2
"""Shorter overlaps are within the error of word times (docs/asr.md)."""
WORD_TOLERANCE_S = 0.4
"""How far from a word speech counts as written: word times are that far off at times (docs/asr.md)."""
MIN_UNWRITTEN_S = 1.0
"""Shorter stretches without words are breath, laughter or a word that was timed badly."""


@dataclass(frozen=True, slots=True)
class _Utterance:
    """Turns of one party that it speaks without stopping, though the other may speak over it."""

    party: Party
    turns: tuple[Turn, ...]
    start_s: float
    end_s: float

    def turn_at(self, time_s: float) -> Turn:
        """The turn being spoken at a time, or the last before it."""
        return max((turn for turn in self.turns if turn.start_s <= time_s), key=_start, default=self.turns[0])


def measure_signals(
    transcript: Transcript,
    *,
    audio: "CallAudio | None" = None,
    speech: Sequence[Sequence[Span]] | None = None,
) -> Signals:
    """Everything that can be measured in a call.

    Args:
        transcript: who said what when.
        audio: the sound, for loudness; channels as the turns number them.
        speech: for each channel where its party was heard, for coverage and silences.
    """
    turns = transcript.turns
    return Signals(
        silences=_silences(transcript, speech or ()),
        overlaps=_overlaps(turns),
        responses=_responses(turns),
        speech_rates=_speech_rates(turns),
        talk_shares=_talk_shares(turns),
        loudness=_loudness(turns, audio, speech) if audio is not None else (),
        coverage=_coverage(turns, speech) if speech is not None else (),
        last_speaker=max(turns, key=lambda turn: turn.end_s).role if turns else None,
    )


def _start(turn: Turn) -> float:
    return turn.start_s


def _party(turn: Turn) -> Party:
    return turn.role, turn.channel


def _spoken(turn: Turn) -> Iterable[Span]:
    """When the turn's words are spoken, so that a pause within it is none of it."""
    if not turn.words:
        return (turn.span,)
    return union((Span(word.start_s, word.end_s) for word in turn.words), max_gap_s=MIN_SILENCE_S / 2)


def _silences(transcript: Transcript, speech: Sequence[Sequence[Span]]) -> tuple[Silence, ...]:
    roles = {turn.channel: turn.role for turn in transcript.turns}
    heard = [(span, turn.role) for turn in transcript.turns for span in _spoken(turn)]
    heard += [(span, roles.get(number, Role.UNKNOWN)) for number, spans in enumerate(speech) for span in spans]
    talk = union(span for span, _ in heard)
    silences = [gap for gap in gaps(talk, Span(0.0, transcript.duration_s)) if gap.duration_s >= MIN_SILENCE_S]
    ends = {span.end_s: role for span, role in heard}
    starts = {span.start_s: role for span, role in heard}
    return tuple(
        Silence(_ms(gap.start_s), _ms(gap.end_s), ends.get(gap.start_s), starts.get(gap.end_s)) for gap in silences
    )


def _utterances(turns: Sequence[Turn]) -> list[_Utterance]:
    parties: dict[Party, list[Turn]] = {}
    for turn in turns:
        parties.setdefault(_party(turn), []).append(turn)
    found: list[_Utterance] = []
    for party, own in parties.items():
        others = union(turn.span for turn in turns if _party(turn) != party)
        run: list[Turn] = []
        for turn in sorted(own, key=_start):
            if run and not _goes_on(run[-1].end_s, turn.start_s, others):
                found.append(_utterance(party, run))
                run = []
            run.append(turn)
        found.append(_utterance(party, run))
    return sorted(found, key=lambda utterance: utterance.start_s)


def _goes_on(end_s: float, start_s: float, others: Sequence[Span]) -> bool:
    """Whether a party that stops and starts again has gone on speaking while the other spoke over it."""
    if start_s - end_s >= BREATH_S:
        return False
    over = within(others, Span(end_s, start_s + 1e-3))
    return bool(over) and over[-1].end_s > start_s


def _utterance(party: Party, run: Sequence[Turn]) -> _Utterance:
    return _Utterance(party, tuple(run), run[0].start_s, max(turn.end_s for turn in run))


def _overlaps(turns: Sequence[Turn]) -> tuple[Overlap, ...]:
    found: list[Overlap] = []
    speaking: list[_Utterance] = []
    for utterance in _utterances(turns):
        speaking = [one for one in speaking if one.end_s > utterance.start_s]
        for holder in speaking:
            end_s = min(holder.end_s, utterance.end_s)
            if holder.party == utterance.party or end_s - utterance.start_s < MIN_OVERLAP_S:
                continue
            found.append(
                Overlap(
                    start_s=_ms(utterance.start_s),
                    end_s=_ms(end_s),
                    by=utterance.party[0],
                    on=holder.party[0],
                    by_turn=utterance.turns[0].index,
                    on_turn=holder.turn_at(utterance.start_s).index,
                    held_s=_ms(utterance.start_s - holder.start_s),
                )
            )
        speaking.append(utterance)
    return tuple(found)


def _responses(turns: Sequence[Turn]) -> tuple[Response, ...]:
    return tuple(
        Response(turn.role, turn.index, _ms(turn.start_s - before.end_s))
        for before, turn in pairwise(turns)
        if _party(before) != _party(turn)
    )


def _speech_rates(turns: Sequence[Turn]) -> tuple[SpeechRate, ...]:
    return tuple(
        SpeechRate(
            role,
            sum(character.isalnum() for turn in own for character in turn.text),
            _ms(sum(turn.span.duration_s for turn in own)),
        )
        for role, own in _by_role(turns).items()
    )


def _talk_shares(turns: Sequence[Turn]) -> tuple[TalkShare, ...]:
    spoken = {role: sum(turn.span.duration_s for turn in own) for role, own in _by_role(turns).items()}
    whole = sum(spoken.values())
    return tuple(TalkShare(role, _ms(own), round(own / whole, 4)) for role, own in spoken.items()) if whole else ()


def _by_role(turns: Sequence[Turn]) -> dict[Role, list[Turn]]:
    roles: dict[Role, list[Turn]] = {}
    for turn in turns:
        roles.setdefault(turn.role, []).append(turn)
    return roles


def _loudness(
    turns: Sequence[Turn], audio: "CallAudio", speech: Sequence[Sequence[Span]] | None
) -> tuple[Loudness, ...]:
    levels = [_level_dbfs(turn, audio, speech) for turn in turns]
    parties: dict[Party, list[float]] = {}
    for turn, level in zip(turns, levels, strict=True):
        parties.setdefault(_party(turn), []).append(level)
    middle = {party: median(own) for party, own in parties.items()}
    return tuple(
        Loudness(turn.index, round(level, 1), round(level - middle[_party(turn)], 1))
        for turn, level in zip(turns, levels, strict=True)
    )


def _level_dbfs(turn: Turn, audio: "CallAudio", speech: Sequence[Sequence[Span]] | None) -> float:
    """RMS level of what was heard of the turn's party while it spoke."""
    import numpy as np

    from pipeline.audio.decode import SAMPLE_RATE_HZ
    from pipeline.audio.levels import dbfs

    spans = within(speech[turn.channel], turn.span) if speech is not None else ()
    pieces = [
        audio.channels[turn.channel][int(span.start_s * SAMPLE_RATE_HZ) : int(span.end_s * SAMPLE_RATE_HZ)]
        for span in spans or (turn.span,)
    ]
    samples = np.concatenate(pieces)
    power = np.square(samples).mean(keepdims=True) if len(samples) else np.zeros(1, np.float32)
    return float(dbfs(power)[0])


def _coverage(turns: Sequence[Turn], speech: Sequence[Sequence[Span]]) -> tuple[Coverage, ...]:
    roles = {turn.channel: turn.role for turn in turns}
    found = []
    for channel, heard in enumerate(speech):
        near = union(
            Span(max(0.0, span.start_s - WORD_TOLERANCE_S), span.end_s + WORD_TOLERANCE_S)
            for turn in turns
            if turn.channel == channel
            for span in _spoken(turn)
        )
        lost = [gap for span in heard for gap in gaps(near, span) if gap.duration_s >= MIN_UNWRITTEN_S]
        found.append(
            Coverage(
                channel=channel,
                role=roles.get(channel, Role.UNKNOWN),
                heard_s=_ms(total_s(heard)),
                written_s=_ms(total_s(common(heard, near))),
                unwritten=tuple(Span(_ms(gap.start_s), _ms(gap.end_s)) for gap in lost),
            )
        )
    return tuple(found)


def _ms(seconds: float) -> float:
    """Rounded to the millisecond, as a plain float."""
    return round(float(seconds), 3)

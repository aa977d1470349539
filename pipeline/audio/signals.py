"""What can be measured in a call: silences, overlaps, response times, rates, loudness, and speech not written down.

From the turns alone where there is nothing else (written dialogues, chats), sharper where there is sound.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from pipeline.audio.spans import common, gaps, total_s, union, within, without
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
    import numpy as np
    from numpy.typing import NDArray

    from pipeline.audio.decode import CallAudio

Party = tuple[Role, int]
"""A role in a channel: mono recordings have one party, whoever speaks."""
Spoken = Mapping[int, Sequence[Span]]
"""When each turn, by its index, is really spoken."""

MIN_SILENCE_S = 1.0
"""Shorter pauses are breath, not silence; no rule of the standard asks for less."""
BREATH_S = 1.0
"""A party that goes on within this, while the other still speaks, has not stopped speaking."""
MIN_OVERLAP_S = 0.2
"""Shorter overlaps are within the error of word times (docs/asr.md)."""
MIN_PAUSE_S = 0.5
"""Shorter pauses between words belong to the speaking, as they do in speech activity."""
MAX_WORD_S = 2.0
"""A word that lasts longer was stretched by its model over sound that it did not write."""
WORD_TOLERANCE_S = 0.4
"""How far from a word speech counts as written: word times are that far off at times (docs/asr.md)."""
MIN_UNWRITTEN_S = 1.0
"""Shorter stretches without words are breath, laughter or a word that was timed badly."""


@dataclass(frozen=True, slots=True)
class _Utterance:
    """Turns of one party that it speaks without stopping, though the other may speak over it."""

    party: Party
    turns: tuple[Turn, ...]
    spoken: tuple[Span, ...]
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
    roles: Sequence[Role] = (),
) -> Signals:
    """Everything that can be measured in a call.

    Args:
        transcript: who said what when.
        audio: the sound, for loudness; channels as the turns number them.
        speech: for each channel where its party was heard, for coverage; all else that has to do with time
            follows it rather than the times of words.
        roles: of each channel, needed where nothing was written; else as the channel's turns have it.
    """
    turns = transcript.turns
    known = {turn.channel: turn.role for turn in turns} | dict(enumerate(roles))
    spoken = {turn.index: _spoken(turn, speech) for turn in turns}
    return Signals(
        silences=_silences(transcript, spoken, speech or (), known),
        overlaps=_overlaps(turns, spoken),
        responses=_responses(turns, spoken),
        speech_rates=_speech_rates(turns, spoken),
        talk_shares=_talk_shares(turns, spoken),
        loudness=_loudness(turns, spoken, audio) if audio is not None else (),
        coverage=_coverage(turns, speech, known) if speech is not None else (),
        last_speaker=max(turns, key=lambda turn: spoken[turn.index][-1].end_s).role if turns else None,
    )


def _start(turn: Turn) -> float:
    return turn.start_s


def _party(turn: Turn) -> Party:
    return turn.role, turn.channel


def _written(turn: Turn) -> tuple[Span, ...]:
    """When the turn's words are spoken, as far as their times can be believed."""
    words = [Span(word.start_s, min(word.end_s, word.start_s + MAX_WORD_S)) for word in turn.words]
    return union(words, max_gap_s=MIN_PAUSE_S) or (turn.span,)


def _spoken(turn: Turn, speech: Sequence[Sequence[Span]] | None) -> tuple[Span, ...]:
    """When the turn's party speaks during the turn: as heard, else as written. Never empty."""
    heard = within(speech[turn.channel], turn.span) if speech and turn.channel < len(speech) else ()
    return heard or _written(turn)


def _silences(
    transcript: Transcript, spoken: Spoken, speech: Sequence[Sequence[Span]], roles: Mapping[int, Role]
) -> tuple[Silence, ...]:
    talking = [(span, turn.role) for turn in transcript.turns for span in spoken[turn.index]]
    talking += [(span, roles.get(channel, Role.UNKNOWN)) for channel, spans in enumerate(speech) for span in spans]
    call = Span(0.0, transcript.duration_s)
    silences = [gap for gap in gaps(union(span for span, _ in talking), call) if gap.duration_s >= MIN_SILENCE_S]
    ends = {span.end_s: role for span, role in talking}
    starts = {span.start_s: role for span, role in talking}
    return tuple(
        Silence(_ms(gap.start_s), _ms(gap.end_s), ends.get(gap.start_s), starts.get(gap.end_s)) for gap in silences
    )


def _utterances(turns: Sequence[Turn], spoken: Spoken) -> list[_Utterance]:
    parties: dict[Party, list[Turn]] = {}
    for turn in turns:
        parties.setdefault(_party(turn), []).append(turn)
    found: list[_Utterance] = []
    for party, own in parties.items():
        others = union(turn.span for turn in turns if _party(turn) != party)
        run: list[Turn] = []
        for turn in sorted(own, key=_start):
            if run and not _goes_on(run[-1].end_s, turn.start_s, others):
                found.append(_utterance(party, run, spoken))
                run = []
            run.append(turn)
        found.append(_utterance(party, run, spoken))
    return sorted(found, key=lambda utterance: utterance.start_s)


def _goes_on(end_s: float, start_s: float, others: Sequence[Span]) -> bool:
    """Whether a party that stops and starts again has gone on speaking while the other spoke over it."""
    if start_s - end_s >= BREATH_S:
        return False
    over = within(others, Span(end_s, start_s + 1e-3))
    return bool(over) and over[-1].end_s > start_s


def _utterance(party: Party, run: Sequence[Turn], spoken: Spoken) -> _Utterance:
    parts = union(span for turn in run for span in spoken[turn.index])
    return _Utterance(party, tuple(run), parts, run[0].start_s, max(turn.end_s for turn in run))


def _overlaps(turns: Sequence[Turn], spoken: Spoken) -> tuple[Overlap, ...]:
    """Who began later came in. Parts that a short pause separates are one overlap."""
    found: list[Overlap] = []
    speaking: list[_Utterance] = []
    for utterance in _utterances(turns, spoken):
        speaking = [one for one in speaking if one.end_s > utterance.start_s]
        for holder in speaking:
            if holder.party != utterance.party:
                both = common(holder.spoken, utterance.spoken)
                parts = union(both, max_gap_s=MIN_PAUSE_S)
                found.extend(_overlap(utterance, holder, part) for part in parts if part.duration_s >= MIN_OVERLAP_S)
        speaking.append(utterance)
    return tuple(sorted(found, key=lambda overlap: overlap.start_s))


def _overlap(by: _Utterance, on: _Utterance, part: Span) -> Overlap:
    return Overlap(
        start_s=_ms(part.start_s),
        end_s=_ms(part.end_s),
        by=by.party[0],
        on=on.party[0],
        by_turn=by.turn_at(part.start_s).index,
        on_turn=on.turn_at(part.start_s).index,
        held_s=_ms(part.start_s - on.spoken[0].start_s),
    )


def _responses(turns: Sequence[Turn], spoken: Spoken) -> tuple[Response, ...]:
    """A turn that ends before the other's does is no answer: it leaves the other the floor."""
    found: list[Response] = []
    floor: Turn | None = None
    floor_end_s = 0.0
    for turn in turns:
        start_s, end_s = spoken[turn.index][0].start_s, spoken[turn.index][-1].end_s
        if floor is not None and end_s <= floor_end_s:
            continue
        if floor is not None and _party(floor) != _party(turn):
            found.append(Response(turn.role, turn.index, _ms(start_s - floor_end_s)))
        floor, floor_end_s = turn, end_s
    return tuple(found)


def _speech_rates(turns: Sequence[Turn], spoken: Spoken) -> tuple[SpeechRate, ...]:
    return tuple(
        SpeechRate(
            role,
            sum(character.isalnum() for turn in own for character in turn.text),
            _ms(sum(total_s(spoken[turn.index]) for turn in own)),
        )
        for role, own in _by_role(turns).items()
    )


def _talk_shares(turns: Sequence[Turn], spoken: Spoken) -> tuple[TalkShare, ...]:
    seconds = {role: sum(total_s(spoken[turn.index]) for turn in own) for role, own in _by_role(turns).items()}
    whole = sum(seconds.values())
    return (
        tuple(TalkShare(role, _ms(own), round(float(own / whole), 4)) for role, own in seconds.items()) if whole else ()
    )


def _by_role(turns: Sequence[Turn]) -> dict[Role, list[Turn]]:
    roles: dict[Role, list[Turn]] = {}
    for turn in turns:
        roles.setdefault(turn.role, []).append(turn)
    return roles


def _loudness(turns: Sequence[Turn], spoken: Spoken, audio: "CallAudio") -> tuple[Loudness, ...]:
    levels = [_level_dbfs(spoken[turn.index], audio.channels[turn.channel]) for turn in turns]
    parties: dict[Party, list[float]] = {}
    for turn, level in zip(turns, levels, strict=True):
        parties.setdefault(_party(turn), []).append(level)
    middle = {party: median(own) for party, own in parties.items()}
    return tuple(
        Loudness(turn.index, round(level, 1), round(level - middle[_party(turn)], 1) + 0.0)
        for turn, level in zip(turns, levels, strict=True)
    )


def _level_dbfs(spans: Sequence[Span], channel: "NDArray[np.float32]") -> float:
    """RMS level of the channel over all spans together."""
    import numpy as np

    from pipeline.audio.decode import SAMPLE_RATE_HZ
    from pipeline.audio.levels import dbfs

    pieces = [channel[int(span.start_s * SAMPLE_RATE_HZ) : int(span.end_s * SAMPLE_RATE_HZ)] for span in spans]
    samples = np.concatenate(pieces)
    power = np.square(samples).mean(keepdims=True) if len(samples) else np.zeros(1, np.float32)
    return float(dbfs(power)[0])


def _coverage(
    turns: Sequence[Turn], speech: Sequence[Sequence[Span]], roles: Mapping[int, Role]
) -> tuple[Coverage, ...]:
    found = []
    for channel, heard in enumerate(speech):
        near = union(
            Span(span.start_s - WORD_TOLERANCE_S, span.end_s + WORD_TOLERANCE_S)
            for turn in turns
            if turn.channel == channel
            for span in _written(turn)
        )
        lost = [gap for gap in without(heard, near) if gap.duration_s >= MIN_UNWRITTEN_S]
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

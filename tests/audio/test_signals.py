"""Measurements against tables that were worked out by hand."""

import json
import time
from dataclasses import asdict

import numpy as np
import pytest

from pipeline.audio.decode import SAMPLE_RATE_HZ, CallAudio, decode_recording
from pipeline.audio.signals import measure_signals
from pipeline.domain.calls import AudioFormat, Role, Span, Transcript, Turn, Word
from pipeline.domain.signals import Overlap, Response, Signals, Silence
from tests.audio.recordings import SAMPLES

AGENT, CUSTOMER, UNKNOWN = Role.AGENT, Role.CUSTOMER, Role.UNKNOWN
A, C = AGENT, CUSTOMER


def call(*turns, duration_s=60.0, channels=(AGENT, CUSTOMER)) -> Transcript:
    """A transcript from ``(role, start_s, end_s)`` or ``(role, start_s, end_s, text)``; a channel for each role."""
    built = [
        Turn(index, turn[0], turn[1], turn[2], turn[3] if len(turn) > 3 else "好的", channel=channels.index(turn[0]))
        for index, turn in enumerate(turns)
    ]
    return Transcript(tuple(built), duration_s)


def words(*times, text="字") -> tuple[Word, ...]:
    return tuple(Word(text, start_s, end_s, 0.9) for start_s, end_s in times)


def sound(duration_s: float, *levels) -> CallAudio:
    """Square waves: for each channel ``(start_s, end_s, amplitude)``."""
    channels = np.zeros((len(levels), int(duration_s * SAMPLE_RATE_HZ)), np.float32)
    for channel, parts in zip(channels, levels, strict=True):
        for start_s, end_s, amplitude in parts:
            channel[int(start_s * SAMPLE_RATE_HZ) : int(end_s * SAMPLE_RATE_HZ)] = amplitude
    return CallAudio(channels, AudioFormat(duration_s, 8000, len(levels), "pcm_s16le", "wav"))


def test_call_without_turns_is_one_silence():
    signals = measure_signals(Transcript((), 12.0))
    assert signals == Signals(silences=(Silence(0.0, 12.0, None, None),))


def test_call_without_length_has_no_silence():
    assert measure_signals(Transcript((), 0.0)) == Signals()


SILENCES = {
    "between and at both ends": (
        [(A, 2.0, 5.0), (C, 8.5, 20.0)],
        [Silence(0.0, 2.0, None, A), Silence(5.0, 8.5, A, C), Silence(20.0, 60.0, C, None)],
    ),
    "shorter than a second": ([(A, 0.5, 30.0), (C, 30.9, 59.5)], []),
    "exactly a second": ([(A, 0.0, 30.0), (C, 31.0, 60.0)], [Silence(30.0, 31.0, A, C)]),
    "after the longer of two that overlap": (
        [(A, 0.0, 50.0), (C, 20.0, 21.0), (C, 55.0, 60.0)],
        [Silence(50.0, 55.0, A, C)],
    ),
    "within one party": ([(A, 0.0, 20.0), (A, 40.0, 60.0)], [Silence(20.0, 40.0, A, A)]),
}


@pytest.mark.parametrize(("turns", "silences"), SILENCES.values(), ids=SILENCES.keys())
def test_silences_from_turns(turns, silences):
    assert measure_signals(call(*turns)).silences == tuple(silences)


def test_silence_ends_where_somebody_is_heard():
    """12–14 s: the customer says something that is not written down."""
    transcript = call((A, 1.0, 10.0), (C, 30.0, 59.5), duration_s=60.0)
    speech = [(Span(0.9, 10.2),), (Span(12.0, 14.0), Span(30.1, 59.5))]
    silences = measure_signals(transcript, speech=speech).silences
    assert silences == (Silence(10.2, 12.0, A, C), Silence(14.0, 30.1, C, C))


def test_pause_within_a_turn_is_silence_where_nothing_is_heard_or_written():
    turn = Turn(0, A, 0.0, 20.0, "字字", words=words((0.0, 5.0), (18.0, 20.0)))
    silences = measure_signals(Transcript((turn,), 20.0)).silences
    assert silences == (Silence(2.0, 18.0, A, A),)  # a word of five seconds was stretched: two count


def overlap(start_s, end_s, by, on, by_turn, on_turn, held_s) -> Overlap:
    return Overlap(start_s, end_s, by, on, by_turn, on_turn, held_s)


OVERLAPS = {
    "nobody": ([(A, 0, 5), (C, 5, 9)], []),
    "less than can be measured": ([(A, 0, 5), (C, 4.9, 9)], []),
    "agent comes in and takes over": ([(C, 2, 10), (A, 8.5, 14)], [overlap(8.5, 10, A, C, 1, 0, 6.5)]),
    "customer's back-channel": ([(A, 0, 10), (C, 4, 4.5)], [overlap(4, 4.5, C, A, 1, 0, 4)]),
    "agent comes in twice": (
        [(C, 0, 20), (A, 5, 7), (A, 12, 13)],
        [overlap(5, 7, A, C, 1, 0, 5), overlap(12, 13, A, C, 2, 0, 12)],
    ),
    "both come in on each other": (
        [(A, 0, 6), (C, 5, 12), (A, 10, 15)],
        [overlap(5, 6, C, A, 1, 0, 5), overlap(10, 12, A, C, 2, 1, 5)],
    ),
    "customer, cut in two by the agent, was never interrupted by itself": (
        # The customer goes on 0.3 s after the agent came in: one utterance of 0–9 s.
        [(C, 0, 5), (A, 4.9, 8), (C, 5.3, 9)],
        [overlap(4.9, 8, A, C, 1, 0, 4.9)],
    ),
}


@pytest.mark.parametrize(("turns", "overlaps"), OVERLAPS.values(), ids=OVERLAPS.keys())
def test_overlaps_from_turns(turns, overlaps):
    assert measure_signals(call(*turns)).overlaps == tuple(overlaps)


def test_overlap_is_what_both_are_heard_to_say():
    """The agent speaks at 4–6 s, while the customer draws breath from 3.9 to 5.5 s."""
    transcript = call((C, 0.0, 10.0), (A, 4.0, 6.0), duration_s=10.0)
    speech = [(Span(4.0, 6.0),), (Span(0.0, 3.9), Span(5.5, 10.0))]
    assert measure_signals(transcript, speech=speech).overlaps == (overlap(5.5, 6.0, A, C, 1, 0, 5.5),)


def test_two_unknown_parties_in_two_channels_overlap():
    turns = (Turn(0, UNKNOWN, 0.0, 5.0, "好", channel=0), Turn(1, UNKNOWN, 3.0, 8.0, "好", channel=1))
    found = measure_signals(Transcript(turns, 8.0))
    assert found.overlaps == (overlap(3.0, 5.0, UNKNOWN, UNKNOWN, 1, 0, 3.0),)
    assert measure_signals(Transcript(tuple(Turn(t.index, UNKNOWN, t.start_s, t.end_s, "好") for t in turns), 8.0)) == (
        Signals(
            speech_rates=(type(found.speech_rates[0])(UNKNOWN, 2, 10.0),),
            talk_shares=(type(found.talk_shares[0])(UNKNOWN, 10.0, 1.0),),
            last_speaker=UNKNOWN,
        )
    )


RESPONSES = {
    "at each change of speaker": (
        [(A, 0, 5), (C, 6.5, 9), (A, 9.2, 12)],
        [Response(C, 1, 1.5), Response(A, 2, 0.2)],
    ),
    "none where the same party goes on": ([(A, 0, 5), (A, 8, 9)], []),
    "negative where the answer began before the end": ([(A, 0, 5), (C, 4, 9)], [Response(C, 1, -1.0)]),
    "a back-channel is no answer, nor what follows it": ([(A, 0, 10), (C, 4, 4.5), (A, 10.5, 12)], []),
    "after a back-channel the other answers the turn": (
        [(A, 0, 10), (C, 4, 4.5), (C, 11, 12)],
        [Response(C, 2, 1.0)],
    ),
}


@pytest.mark.parametrize(("turns", "responses"), RESPONSES.values(), ids=RESPONSES.keys())
def test_responses(turns, responses):
    assert measure_signals(call(*turns)).responses == tuple(responses)


def test_rates_count_what_is_spoken():
    """Agent: 6 + 4 characters in 2 + 1 s; customer: VIP 3 characters, 138 3, 号 1 in 2 s."""
    transcript = call((A, 0, 2, "您好，请问是？吗！"), (C, 3, 5, "VIP 138 号。"), (A, 6, 7, "好的，谢谢"))
    rates = {rate.role: rate for rate in measure_signals(transcript).speech_rates}
    assert (rates[A].characters, rates[A].speaking_s) == (10, 3.0)
    assert rates[A].characters_per_minute == pytest.approx(200.0)
    assert (rates[C].characters, rates[C].speaking_s) == (7, 2.0)


def test_pauses_are_not_speaking_time():
    """Ten seconds of turn, of which 0–2 and 8–10 s are spoken; 2.0–2.4 s is too short for a pause."""
    turn = Turn(0, A, 0.0, 10.0, "字" * 4, words=words((0, 1), (1, 2), (2.4, 3), (8, 10)))
    assert measure_signals(Transcript((turn,), 10.0)).speech_rates[0].speaking_s == 5.0
    heard = measure_signals(Transcript((turn,), 10.0), speech=[(Span(0.5, 2.5), Span(8.0, 9.0))])
    assert heard.speech_rates[0].speaking_s == 3.0


def test_talk_shares_add_up():
    shares = measure_signals(call((A, 0, 30), (C, 31, 41), (A, 42, 47))).talk_shares
    assert [(share.role, share.speaking_s, share.share) for share in shares] == [(A, 35.0, 0.7778), (C, 10.0, 0.2222)]


@pytest.mark.parametrize(
    ("turns", "last"),
    [
        ([(A, 0, 5), (C, 6, 7)], C),
        ([(A, 0, 9), (C, 6, 7)], A),
        ([(C, 0, 5)], C),
    ],
    ids=["last turn", "longer turn", "only turn"],
)
def test_last_speaker_is_who_stops_last(turns, last):
    assert measure_signals(call(*turns)).last_speaker is last


def test_loudness_is_against_the_own_median():
    """Square waves of amplitude a have a level of 20·log10(a): 0.1 → -20, 0.4 → -8.0, 0.02 → -34.0 dBFS."""
    transcript = call((A, 0, 2), (C, 2, 4), (A, 4, 6), (A, 6, 8), duration_s=8.0)
    audio = sound(8.0, [(0, 2, 0.1), (4, 6, 0.1), (6, 8, 0.4)], [(2, 4, 0.02)])
    loudness = measure_signals(transcript, audio=audio).loudness
    assert [(one.turn, one.level_dbfs, one.over_median_db) for one in loudness] == [
        (0, -20.0, 0.0),
        (1, -34.0, 0.0),
        (2, -20.0, 0.0),
        (3, -8.0, 12.0),
    ]


def test_loudness_is_of_the_speech_in_a_turn():
    """A turn of 10 s of which 2 s are spoken at -20 dBFS: over all of it the level would be -27."""
    transcript = call((A, 0, 10), duration_s=10.0, channels=(A,))
    audio = sound(10.0, [(4, 6, 0.1)])
    assert measure_signals(transcript, audio=audio, speech=[(Span(4, 6),)]).loudness[0].level_dbfs == -20.0
    assert measure_signals(transcript, audio=audio).loudness[0].level_dbfs == -27.0


def test_turn_without_sound_has_the_lowest_level():
    transcript = call((A, 0, 2), (A, 2, 2), duration_s=4.0, channels=(A,))
    assert [one.level_dbfs for one in measure_signals(transcript, audio=sound(4.0, [])).loudness] == [-100.0, -100.0]


def test_coverage_says_what_was_heard_but_not_written():
    """Heard 0–10 and 20–24 s; words at 0–4 s: with 0.4 s of tolerance 4.4–10 and 20–24 s are unwritten."""
    turn = Turn(0, A, 0.0, 4.0, "字字字", words=words((0, 1), (1.3, 2), (2.4, 4)))
    coverage = measure_signals(
        Transcript((turn,), 30.0), speech=[(Span(0, 10), Span(20, 24)), (Span(5, 6),)], roles=(A, C)
    ).coverage
    assert [(one.channel, one.role, one.heard_s, one.written_s) for one in coverage] == [
        (0, A, 14.0, 4.4),
        (1, C, 1.0, 0),
    ]
    assert coverage[0].unwritten == (Span(4.4, 10.0), Span(20.0, 24.0))
    assert coverage[0].share == pytest.approx(4.4 / 14)
    assert coverage[1].unwritten == (Span(5.0, 6.0),)


@pytest.mark.parametrize(
    ("heard_to_s", "unwritten"),
    [(5.3, ()), (5.4, (Span(4.4, 5.4),))],
    ids=["under a second", "a second"],
)
def test_short_stretches_without_words_are_not_reported(heard_to_s, unwritten):
    turn = Turn(0, A, 0.0, 4.0, "字字", words=words((0, 2), (2, 4)))
    assert measure_signals(Transcript((turn,), 9.0), speech=[(Span(0, heard_to_s),)]).coverage[0].unwritten == unwritten


def test_word_stretched_over_sound_does_not_cover_it():
    turn = Turn(0, A, 0.0, 12.0, "字字", words=words((0, 1), (1, 12)))
    coverage = measure_signals(Transcript((turn,), 12.0), speech=[(Span(0, 12),)]).coverage[0]
    assert coverage.unwritten == (Span(3.4, 12.0),)  # the second word counts until 3 s


def test_channel_without_turns_has_an_unknown_role_unless_told():
    speech = [(Span(1, 2),), (Span(3, 9),)]
    transcript = call((A, 1, 2), duration_s=10.0)
    assert [one.role for one in measure_signals(transcript, speech=speech).coverage] == [A, UNKNOWN]
    assert [one.role for one in measure_signals(transcript, speech=speech, roles=(A, C)).coverage] == [A, C]
    assert measure_signals(transcript, speech=speech, roles=(A, C)).silences[-1].before is C


def test_numbers_are_plain():
    transcript = call((A, 0, 2), (C, 1, 4), duration_s=8.0)
    speech = [(Span(np.float64(0.0), np.float64(2.0)),), (Span(np.float64(1.0), np.float64(4.0)),)]
    signals = measure_signals(transcript, audio=sound(8.0, [(0, 2, 0.1)], [(1, 4, 0.1)]), speech=speech)

    def leaves(value):
        if isinstance(value, dict):
            value = list(value.values())
        return [leaf for part in value for leaf in leaves(part)] if isinstance(value, (list, tuple)) else [value]

    assert {type(leaf) for leaf in leaves(asdict(signals))} <= {float, int, Role, type(None)}
    assert signals.silences and signals.overlaps and signals.loudness and signals.coverage


def reference(recording: str) -> Transcript:
    lines = (SAMPLES / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    labelled = next(one for one in map(json.loads, lines) if one["recording"] == recording)
    turns = [(Role(turn["role"]), turn["start_s"], turn["end_s"], turn["text"]) for turn in labelled["turns"]]
    return call(*turns, duration_s=labelled["duration_s"])


def test_reference_turns_of_the_samples():
    signals = measure_signals(reference("s06.wav"))
    assert Silence(22.48, 38.48, C, A) in signals.silences
    signals = measure_signals(reference("s10.opus"))
    assert signals.overlaps == (overlap(13.76, 15.36, A, C, 2, 1, 5.95), overlap(24.58, 25.98, A, C, 4, 3, 6.38))
    assert signals.last_speaker is A


@pytest.mark.slow
def test_sound_of_the_samples_agrees_with_their_turns():
    from pipeline.audio.crosstalk import find_speech

    for recording, longest in (("s06.wav", (22.48, 38.48)), ("s10.opus", (0.0, 1.35))):
        audio = decode_recording(SAMPLES / recording)
        speech = find_speech(audio)
        signals = measure_signals(reference(recording), audio=audio, speech=speech)
        silence = max(signals.silences, key=lambda one: one.duration_s)
        assert (silence.start_s, silence.end_s) == pytest.approx(longest, abs=0.2)
        assert all(one.share == pytest.approx(1.0, abs=0.03) for one in signals.coverage)
        assert all(abs(one.over_median_db) < 4 for one in signals.loudness)
    assert [round(one.duration_s, 1) for one in signals.overlaps] == [1.6, 1.4]


def test_cost_grows_like_the_call():
    """Ten times the turns take about ten times as long; a quadratic measure would take a hundred."""

    def cost_s(count: int) -> float:
        turns = [((A, C)[i % 2], i * 4.0, i * 4.0 + 4.5) for i in range(count)]
        transcript = call(*turns, duration_s=count * 4.0 + 1)
        speech = [[Span(i * 4.0, i * 4.0 + 4.4) for i in range(side, count, 2)] for side in (0, 1)]
        begin = time.process_time()
        measure_signals(transcript, speech=speech)
        return time.process_time() - begin

    cost_s(300)
    assert min(cost_s(3000) for _ in range(2)) < 40 * max(min(cost_s(300) for _ in range(3)), 1e-3)

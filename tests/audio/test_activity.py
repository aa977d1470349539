"""Speech activity on real speech models: what is no speech, where speech begins and ends, at any level."""

import json

import numpy as np
import pytest

from pipeline.audio.activity import FRAME_S, SpeechOptions, _stretches, detect_speech, speech_probabilities
from pipeline.audio.decode import SAMPLE_RATE_HZ, decode_recording
from pipeline.audio.spans import total_s, union, within, without
from pipeline.domain.calls import Span
from tests.audio.recordings import SAMPLES

pytestmark = pytest.mark.slow


def reference(recording: str, role: str) -> tuple[Span, ...]:
    """The reference turns of one party."""
    calls = map(json.loads, (SAMPLES / "labels.jsonl").read_text(encoding="utf-8").splitlines())
    call = next(call for call in calls if call["recording"] == recording)
    return union(Span(turn["start_s"], turn["end_s"]) for turn in call["turns"] if turn["role"] == role)


@pytest.fixture(scope="module")
def agent():
    """The agent's channel of s02.wav: µ-law, line noise at -50 dBFS."""
    return decode_recording(SAMPLES / "s02.wav").channels[0]


def noise(seconds: float, level_dbfs: float):
    count = int(seconds * SAMPLE_RATE_HZ)
    return np.random.default_rng(0).normal(0, 10 ** (level_dbfs / 20), count).astype(np.float32)


NO_SPEECH = {
    "nothing": np.zeros(0, np.float32),
    "less than a frame": np.full(100, 0.1, np.float32),
    "digital silence": np.zeros(5 * SAMPLE_RATE_HZ, np.float32),
    "line noise": noise(10, -50),
    "loud noise": noise(10, -20),
    "a tone": 0.3 * np.sin(np.arange(5 * SAMPLE_RATE_HZ) * 2 * np.pi * 450 / SAMPLE_RATE_HZ).astype(np.float32),
}


@pytest.mark.parametrize("channel", NO_SPEECH.values(), ids=NO_SPEECH.keys())
def test_no_speech_is_found_where_there_is_none(channel):
    assert detect_speech(channel) == ()


def test_every_turn_is_found_with_its_boundaries(agent):
    heard = detect_speech(agent)
    turns = reference("s02.wav", "agent")
    assert [len(within(heard, turn)) for turn in turns] == [1] * len(turns)
    assert [span.start_s for span in heard] == pytest.approx([turn.start_s for turn in turns], abs=0.15)
    assert [span.end_s for span in heard] == pytest.approx([turn.end_s for turn in turns], abs=0.15)


@pytest.mark.parametrize("recording", ["s01.wav", "s03.mp3", "s06.wav"])
@pytest.mark.parametrize(("channel", "role"), [(0, "agent"), (1, "customer")])
def test_little_is_missed_and_little_more_is_heard(recording, channel, role):
    audio = decode_recording(SAMPLES / recording)
    heard, turns = detect_speech(audio.channels[channel]), reference(recording, role)
    assert total_s(without(turns, heard)) < 0.03 * total_s(turns)
    assert total_s(without(heard, turns)) < 0.05 * (audio.format.duration_s - total_s(turns))


@pytest.mark.parametrize("gain_db", [-30, -15, 3])
def test_level_of_a_channel_does_not_matter(agent, gain_db):
    louder = np.clip(agent * np.float32(10 ** (gain_db / 20)), -1, 1)
    expected, heard = detect_speech(agent), detect_speech(louder)
    assert len(heard) == len(expected)
    assert total_s(without(expected, heard)) + total_s(without(heard, expected)) < 0.3


def test_a_minute_of_silence_changes_nothing_after_it(agent):
    silence = noise(60, -50)
    later = detect_speech(np.concatenate((silence, agent)))
    expected = detect_speech(agent)
    assert [span.start_s - 60 for span in later] == pytest.approx([span.start_s for span in expected], abs=0.1)


def test_model_starts_afresh_after_silence_and_in_long_stretches():
    """Frames of 32 ms: loud from 100 to 1400 (41.6 s) with a quiet one at 700, and from 2000 to 2010."""
    level = np.full(3000, -60, np.float32)
    level[100:1400] = level[2000:2010] = -20
    level[700] = -30
    stretches = _stretches(level, SpeechOptions(loud_margin_s=0.32, max_stretch_s=25.6))
    (first, cut), (again, last), after = stretches
    assert (first, last, after) == (90, 1410, (1990, 2020))
    assert cut == again == pytest.approx(700, abs=4)


def test_there_is_a_probability_for_each_started_frame(agent):
    piece = agent[: 10 * 512 + 1]
    probabilities = speech_probabilities(piece)
    assert len(probabilities) == 11
    assert all(0.0 <= probability <= 1.0 for probability in probabilities)


def test_pauses_shorter_than_the_option_belong_to_speech(agent):
    found = {pause: len(detect_speech(agent, SpeechOptions(min_silence_s=pause))) for pause in (2 * FRAME_S, 0.5, 30.0)}
    assert found[30.0] == 1 < found[0.5] < found[2 * FRAME_S]

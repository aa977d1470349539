"""Leaks are taken out, double talk stays: on the joint-stereo samples and on echoes mixed here."""

import numpy as np
import pytest

from pipeline.audio.activity import detect_speech
from pipeline.audio.crosstalk import find_speech, remove_leaks
from pipeline.audio.decode import SAMPLE_RATE_HZ, decode_recording
from pipeline.audio.spans import common, total_s, union, without
from pipeline.domain.calls import Span
from tests.audio.recordings import SAMPLES
from tests.audio.test_activity import reference

pytestmark = pytest.mark.slow


def widened(spans, by_s: float = 0.15):
    return union(Span(span.start_s - by_s, span.end_s + by_s) for span in spans)


def echo(sound, gain_db: float, delay_s: float, *, room: bool = False):
    """What comes back of ``sound``; from a room with 0.3 s of reverberation, as much of it as direct sound."""
    delayed = np.concatenate((np.zeros(round(delay_s * SAMPLE_RATE_HZ), np.float32), sound))[: len(sound)]
    if room:
        count = int(0.3 * SAMPLE_RATE_HZ)
        answer = np.random.default_rng(0).standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
        answer[0] = np.sqrt(np.square(answer[1:]).sum())
        size = 1 << (len(sound) + count).bit_length()
        delayed = np.fft.irfft(np.fft.rfft(delayed, size) * np.fft.rfft(answer, size), size)[: len(sound)]
    level = np.sqrt(np.square(sound).mean() / np.square(delayed).mean())
    return (delayed * level * 10 ** (gain_db / 20)).astype(np.float32)


@pytest.fixture(scope="module")
def clean():
    """Two parties without leaks that talk over each other: the agent of s03.mp3, the customer of s02.wav."""
    agent, customer = (decode_recording(SAMPLES / name).channels[n] for n, name in enumerate(("s03.mp3", "s02.wav")))
    count = min(len(agent), len(customer))
    return np.stack((agent[:count], customer[:count]))


@pytest.fixture(scope="module")
def spoken(clean):
    """Where they speak."""
    return [detect_speech(channel) for channel in clean]


@pytest.mark.parametrize("recording", ["s05.opus", "s10.opus"])
def test_joint_stereo_leaks_no_speech(recording):
    audio = decode_recording(SAMPLES / recording)
    turns = [reference(recording, role) for role in ("agent", "customer")]
    heard = [detect_speech(channel) for channel in audio.channels]
    found = find_speech(audio)
    leaks = [total_s(without(spans, widened(own))) for spans, own in zip(heard, turns, strict=True)]
    kept = [total_s(without(spans, widened(own))) for spans, own in zip(found, turns, strict=True)]
    lost = [total_s(without(own, spans)) for spans, own in zip(found, turns, strict=True)]
    assert sum(leaks) > 25  # there is something to do
    assert sum(kept) < 0.5
    assert sum(lost) < 0.05 * sum(map(total_s, turns))


def test_both_interruptions_of_the_sample_stay():
    agent, customer = find_speech(decode_recording(SAMPLES / "s10.opus"))
    together = [span for span in common(agent, customer) if span.duration_s >= 1.0]
    assert [span.start_s for span in together] == pytest.approx([13.76, 24.58], abs=0.2)
    assert [span.end_s for span in together] == pytest.approx([15.36, 25.98], abs=0.2)


def test_double_talk_without_leaks_stays(clean, spoken):
    found = remove_leaks(clean, spoken)
    assert total_s(common(*spoken)) > 4  # they do talk over each other
    assert sum(total_s(without(own, one)) for own, one in zip(spoken, found, strict=True)) < 0.3


@pytest.mark.parametrize(
    ("gain_db", "delay_s", "room", "keep_s"),
    [
        pytest.param(-12, 0.0, False, 0.6, id="-12 dB at once"),
        pytest.param(-12, 0.3, False, 0.6, id="-12 dB after 300 ms"),
        pytest.param(-20, 0.02, False, 0.6, id="-20 dB after 20 ms"),
        pytest.param(-30, 0.1, False, 0.6, id="-30 dB after 100 ms"),
        pytest.param(-12, 0.02, True, 1.2, id="-12 dB from a room"),
        pytest.param(-20, 0.02, True, 0.6, id="-20 dB from a room"),
    ],
)
def test_echo_both_ways_is_taken_out(clean, spoken, gain_db, delay_s, room, keep_s):
    back = [echo(channel, gain_db, delay_s, room=room) for channel in clean]
    mixed = np.stack((clean[0] + back[1], clean[1] + back[0]))
    heard = [detect_speech(channel) for channel in mixed]
    found = remove_leaks(mixed, heard)
    leak_s = sum(total_s(without(spans, widened(own))) for spans, own in zip(heard, spoken, strict=True))
    kept_s = sum(total_s(without(spans, widened(own))) for spans, own in zip(found, spoken, strict=True))
    lost_s = sum(total_s(without(own, spans)) for spans, own in zip(found, spoken, strict=True))
    assert leak_s > 4 * keep_s  # there is something to do
    assert kept_s < keep_s
    assert lost_s < 0.03 * sum(map(total_s, spoken))


@pytest.mark.parametrize("channel", [0, 1])
def test_channel_recorded_fainter_is_no_leak(clean, spoken, channel):
    quieter = clean.copy()
    quieter[channel] *= 0.1
    back = [echo(sound, -26, 0.05) for sound in quieter]
    mixed = np.stack((quieter[0] + back[1], quieter[1] + back[0]))
    found = remove_leaks(mixed, [detect_speech(sound) for sound in mixed])
    assert total_s(without(spoken[channel], found[channel])) < 0.06 * total_s(spoken[channel])


def test_party_that_never_speaks_has_no_speech(clean):
    mixed = np.stack((clean[0], echo(clean[0], -15, 0.04) + 1e-3 * clean[1][::-1]))
    found = remove_leaks(mixed, [detect_speech(sound) for sound in mixed])
    assert found[1] == ()


def test_one_channel_stays_as_it_is(clean):
    spans = (Span(1.0, 2.0), Span(3.0, 4.0))
    assert remove_leaks(clean[:1], [spans]) == (spans,)


@pytest.mark.parametrize("seconds", [0.05, 0.3, 1.0])
def test_short_recordings_do_not_fail(clean, seconds):
    piece = clean[:, 3 * SAMPLE_RATE_HZ :][:, : int(seconds * SAMPLE_RATE_HZ)]
    whole = (Span(0.0, seconds),)
    assert len(remove_leaks(piece, [whole, whole])) == 2

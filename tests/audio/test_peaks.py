"""Outlines of recordings, and what of a recording a browser plays as it is."""

import wave

import av
import numpy as np
import pytest

from pipeline.audio.peaks import PEAKS_PER_S, peaks_of
from pipeline.audio.transcode import playable_type, write_wav
from pipeline.domain.errors import AudioError

RATE = 8000


def tone(seconds=2.0, channels=2, loud=(0.5, 0.25)):
    """Samples of a tone, shape (channel, sample), silent in the first half of the last channel."""
    times = np.arange(int(seconds * RATE)) / RATE
    rows = np.stack([loud[index] * np.sin(2 * np.pi * 440 * times) for index in range(channels)])
    rows[-1, : rows.shape[1] // 2] = 0.0
    return (rows * 32767).astype(np.int16)


def write(path, *, codec, container, rate=RATE, samples=None, bit_rate=None, options=None):
    """Encodes the samples into a file of that kind."""
    samples = tone() if samples is None else samples
    with av.open(str(path), "w", format=container) as out:
        layout = "stereo" if len(samples) == 2 else "mono"
        stream = out.add_stream(codec, rate=rate, layout=layout, options=options or {})
        if bit_rate:
            stream.bit_rate = bit_rate
        resampler = av.AudioResampler(format=stream.format, layout=layout, rate=rate, frame_size=stream.frame_size)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T).reshape(1, -1), format="s16", layout=layout)
        frame.rate = RATE
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("content", "named"),
    [(b"", "empty"), (b"#!/bin/sh\n" * 50, "no sound"), (b"RIFF\x00\x00\x00\x00WAVE", "a header alone")],
    ids=["empty", "text", "header"],
)
def test_a_file_without_sound_has_no_outline(tmp_path, content, named):
    file = tmp_path / f"{named}.wav"
    file.write_bytes(content)
    with pytest.raises(AudioError):
        peaks_of(file)


def test_a_file_that_is_not_there_has_no_outline(tmp_path):
    with pytest.raises(AudioError):
        peaks_of(tmp_path / "gone.wav")


@pytest.mark.parametrize(
    ("codec", "container", "rate"),
    [("pcm_s16le", "wav", RATE), ("pcm_mulaw", "wav", RATE), ("libmp3lame", "mp3", 16000), ("libopus", "ogg", 48000)],
    ids=["pcm", "mulaw", "mp3", "opus"],
)
def test_the_outline_says_how_loud_each_channel_is(tmp_path, codec, container, rate):
    outline = peaks_of(write(tmp_path / f"录音 '1'.{container}", codec=codec, container=container, rate=rate))
    assert outline.duration_s == pytest.approx(2.0, abs=0.15)  # encoders pad
    left, right = (np.frombuffer(channel, np.uint8) for channel in outline.channels)
    assert len(left) == len(right) == pytest.approx(2 * PEAKS_PER_S, abs=8)
    # 0.5 of full scale is 63 of 127, 0.25 is 31; lossy codecs are a little off.
    assert np.median(left) == pytest.approx(63, abs=6)
    assert right[:35].max() <= 4
    assert np.median(right[60:95]) == pytest.approx(31, abs=5)


def test_the_lowest_sample_of_all_is_as_loud_as_can_be(tmp_path):
    samples = np.full((1, RATE), -32768, np.int16)
    outline = peaks_of(write(tmp_path / "a.wav", codec="pcm_s16le", container="wav", samples=samples))
    assert len(outline.channels) == 1
    assert set(outline.channels[0]) == {127}


@pytest.mark.parametrize(
    ("codec", "container", "rate", "options", "expected"),
    [
        ("pcm_s16le", "wav", RATE, None, "audio/wav"),
        ("pcm_mulaw", "wav", RATE, None, "audio/wav"),
        ("pcm_alaw", "wav", RATE, None, "audio/wav"),
        ("adpcm_ima_wav", "wav", RATE, None, None),
        ("flac", "flac", RATE, None, "audio/flac"),
        ("libopus", "ogg", 48000, None, "audio/ogg"),
        ("aac", "mp4", 16000, None, "audio/mp4"),
        ("aac", "adts", 16000, None, None),
        ("libmp3lame", "mp3", 16000, {"b": "32k"}, "audio/mpeg"),
        ("libmp3lame", "mp3", 16000, {"b": "48k", "abr": "1"}, None),
    ],
    ids=["pcm", "mulaw", "alaw", "adpcm", "flac", "opus", "m4a", "raw-aac", "mp3-constant", "mp3-changing"],
)
def test_what_browsers_play_as_it_is(tmp_path, codec, container, rate, options, expected):
    # Half a tone and half silence: at a changing bit rate the two take different room.
    samples = np.concatenate((tone(3.0), np.zeros((2, 3 * RATE), np.int16)), axis=1)
    file = write(tmp_path / "a", codec=codec, container=container, rate=rate, samples=samples, options=options)
    assert playable_type(file) == expected


def test_a_wav_whose_recorder_never_wrote_its_length_is_not_played_as_it_is(tmp_path):
    file = write(tmp_path / "a.wav", codec="pcm_s16le", container="wav")
    head = bytearray(file.read_bytes())
    at = head.index(b"data") + 4
    head[at : at + 4] = b"\xff\xff\xff\xff"
    file.write_bytes(head)
    assert playable_type(file) is None


def test_a_folder_and_a_missing_file_are_not_played(tmp_path):
    for path in (tmp_path, tmp_path / "gone.wav"):
        with pytest.raises(AudioError):
            playable_type(path)


def test_the_wav_has_the_rate_and_channels_of_the_recording(tmp_path):
    file = write(tmp_path / "a.wav", codec="adpcm_ima_wav", container="wav")
    write_wav(file, tmp_path / "b.wav")
    with wave.open(str(tmp_path / "b.wav")) as made:
        assert (made.getnchannels(), made.getsampwidth(), made.getframerate()) == (2, 2, RATE)
        samples = np.frombuffer(made.readframes(made.getnframes()), "<i2").reshape(-1, 2)
    assert len(samples) == pytest.approx(2 * RATE, abs=2048)
    assert np.abs(samples[:, 0]).max() == pytest.approx(16383, rel=0.1)
    assert np.abs(samples[: RATE // 2, 1]).max() < 500

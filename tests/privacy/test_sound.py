"""The tone over masked words: where it lies, and that nothing is left beneath it."""

import wave

import numpy as np
import pytest

from pipeline.audio.masking import BRIDGE_S, MARGIN_S, NOTHING, SoundMask, masked_pieces, sound_mask
from pipeline.audio.peaks import PEAKS_PER_S, peaks_of
from pipeline.audio.transcode import write_wav
from pipeline.domain.calls import Role, Span, Transcript, Turn, Word
from pipeline.domain.personal import PersonalKind, mask_of
from tests.audio.test_peaks import RATE, tone, write

HIDDEN = mask_of(PersonalKind.MOBILE)


def spoken(text, *, start_s=10.0, per_character_s=0.5, channel=0, index=0):
    """A turn with a word a character."""
    times = [start_s + per_character_s * at for at in range(len(text) + 1)]
    words = tuple(Word(one, times[at], times[at + 1], 0.9) for at, one in enumerate(text))
    return Turn(index, Role.AGENT, times[0], times[-1], text, channel, words)


def untimed(text, start_s, end_s, channel=0):
    return Turn(0, Role.AGENT, start_s, end_s, text, channel)


def spans_of(*turns, unwritten=()):
    mask = sound_mask(Transcript(turns, 60.0), unwritten=unwritten)
    return None if mask is None else [(span.start_s, span.end_s) for span in mask.spans]


def test_masked_text_without_any_time_leaves_nothing_to_be_heard():
    assert spans_of(untimed(HIDDEN, 0.0, 0.0)) is None
    assert spans_of(untimed(HIDDEN, 5.0, 4.0)) is None
    assert spans_of(untimed(HIDDEN, float("nan"), 4.0)) is None
    # Where nothing is hidden, no time is needed.
    assert spans_of(untimed("您好", 0.0, 0.0)) == []


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        pytest.param([], [], id="nothing said"),
        pytest.param([spoken("您好")], [], id="nothing hidden"),
        pytest.param([untimed(f"我是{HIDDEN}", 4.0, 9.0)], [(4 - MARGIN_S, 9 + MARGIN_S)], id="no word times"),
        pytest.param([untimed(HIDDEN, 0.1, 2.0)], [(0.0, 2 + MARGIN_S)], id="not before the start"),
        pytest.param([spoken(f"电话{HIDDEN * 2}对吗")], [(11 - MARGIN_S, 12 + MARGIN_S)], id="from word times"),
        pytest.param(
            [Turn(0, Role.AGENT, 10.0, 20.0, f"我姓{HIDDEN}", 0, spoken("我姓张先生").words)],
            [(10 - MARGIN_S, 20 + MARGIN_S)],
            id="words that are not those of the text",
        ),
        pytest.param(
            [spoken(HIDDEN), spoken(HIDDEN, start_s=10.5 + 2 * MARGIN_S + BRIDGE_S, channel=1)],
            [(10 - MARGIN_S, 11 + 3 * MARGIN_S + BRIDGE_S)],
            id="a pause between groups, over both channels",
        ),
        pytest.param(
            [spoken(HIDDEN), spoken(HIDDEN, start_s=30.0)],
            [(10 - MARGIN_S, 10.5 + MARGIN_S), (30 - MARGIN_S, 30.5 + MARGIN_S)],
            id="far apart",
        ),
    ],
)
def test_where_the_mask_lies(turns, expected):
    assert spans_of(*turns) == [pytest.approx(span) for span in expected]


def test_speech_beside_that_was_not_written_is_masked_too():
    # A digit that the model left out, 0.4 s behind the others; other speech far away stays.
    beside, away = Span(10.9, 11.6), Span(40.0, 42.0)
    assert spans_of(spoken(HIDDEN), unwritten=[away, beside]) == [pytest.approx((10 - MARGIN_S, 11.6 + MARGIN_S))]
    assert spans_of(spoken("您好"), unwritten=[away, beside]) == []


def test_a_mask_over_the_end_is_clipped_and_one_beyond_it_is_none():
    mask = SoundMask((Span(0.5, 1.0), Span(1.5, 99.0), Span(200.0, 300.0)))
    assert mask.within(2.0) == (Span(0.5, 1.0), Span(1.5, 2.0))
    assert mask.masked_s(2.0) == 1.0
    samples = tone(2.0)
    (masked,) = masked_pieces([samples], mask, RATE)
    assert masked.shape == samples.shape
    assert (masked[:, RATE // 2 : RATE] != samples[:, RATE // 2 : RATE]).any()


@pytest.mark.parametrize("cut", [1, 7, 160, 8000, 100_000])
def test_the_tone_does_not_depend_on_how_the_sound_is_cut(cut):
    samples = tone(2.0)
    mask = SoundMask((Span(0.1, 0.30004), Span(0.30005, 0.4), Span(1.2, 9.0)))
    (whole,) = masked_pieces([samples.copy()], mask, RATE)
    pieces = [samples[:, at : at + cut] for at in range(0, samples.shape[1], cut)]
    assert np.array_equal(np.concatenate(list(masked_pieces(pieces, mask, RATE)), axis=1), whole)
    # What came in is as it was: somebody else may hold it.
    assert np.array_equal(np.concatenate(pieces, axis=1), tone(2.0))
    for start, end in ((0.0, 0.1), (0.4, 1.2)):
        kept = slice(round(start * RATE) + 1, round(end * RATE) - 1)
        assert np.array_equal(whole[:, kept], samples[:, kept])


def test_the_digest_changes_with_the_mask():
    digests = {SoundMask(spans).digest for spans in ((), (Span(0, 1),), (Span(0, 1.001),), (Span(0, 1), Span(2, 3)))}
    assert len(digests) == 4


FORMATS = [
    pytest.param("pcm_s16le", "wav", RATE, id="pcm"),
    pytest.param("pcm_mulaw", "wav", RATE, id="mulaw"),
    pytest.param("pcm_alaw", "wav", RATE, id="alaw"),
    pytest.param("adpcm_ima_wav", "wav", RATE, id="adpcm"),
    pytest.param("libmp3lame", "mp3", 16000, id="mp3"),
    pytest.param("libopus", "ogg", 48000, id="opus"),
    pytest.param("flac", "flac", RATE, id="flac"),
    pytest.param("aac", "mp4", 16000, id="m4a"),
]


@pytest.mark.parametrize(("codec", "container", "rate"), FORMATS)
def test_beneath_the_tone_nothing_is_left_on_any_channel(tmp_path, codec, container, rate):
    file = write(tmp_path / "call", codec=codec, container=container, rate=rate)
    mask = SoundMask((Span(0.6, 1.4),))
    write_wav(file, tmp_path / "clear.wav")
    write_wav(file, tmp_path / "masked.wav", mask)
    (clear, found_rate), (masked, _) = read(tmp_path / "clear.wav"), read(tmp_path / "masked.wav")
    assert masked.shape == clear.shape
    inside = slice(int(0.6 * found_rate), int(1.4 * found_rate))
    (silent,) = masked_pieces([np.zeros_like(clear)], mask, found_rate)
    assert np.array_equal(masked[:, inside], silent[:, inside])
    outside = np.r_[0 : inside.start, inside.stop + 1 : clear.shape[1]]
    assert np.array_equal(masked[:, outside], clear[:, outside])


def read(path):
    """Samples, shape (channel, sample), and the rate."""
    with wave.open(str(path)) as opened:
        samples = np.frombuffer(opened.readframes(opened.getnframes()), "<i2")
        return samples.reshape(-1, opened.getnchannels()).T, opened.getframerate()


def test_the_outline_shows_no_shape_of_what_is_masked(tmp_path):
    loud = tone(2.0)
    loud[:, RATE // 2 :] = (loud[:, RATE // 2 :] * np.linspace(0, 1, loud.shape[1] - RATE // 2)).astype(np.int16)
    file = write(tmp_path / "a.wav", codec="pcm_s16le", container="wav", samples=loud)
    clear, masked = peaks_of(file), peaks_of(file, SoundMask((Span(0.5, 1.5),)))
    assert peaks_of(file, NOTHING) == clear
    inside = slice(PEAKS_PER_S // 2 + 1, PEAKS_PER_S * 3 // 2 - 1)
    assert [len(set(channel[inside])) for channel in masked.channels] == [1, 1]
    assert len({channel[inside] for channel in masked.channels}) == 1
    assert len(set(clear.channels[0][inside])) > 5
    assert [channel[: PEAKS_PER_S // 2 - 1] for channel in masked.channels] == [
        channel[: PEAKS_PER_S // 2 - 1] for channel in clear.channels
    ]


def test_nothing_but_sound_is_copied(tmp_path):
    # A recorder's chunk with a telephone number, as some write it.
    file = write(tmp_path / "a.wav", codec="pcm_s16le", container="wav")
    chunk = b"LIST" + (4 + 8 + 12).to_bytes(4, "little") + b"INFOICMT" + (12).to_bytes(4, "little") + b"13812345678\0"
    file.write_bytes(file.read_bytes() + chunk)
    write_wav(file, tmp_path / "copy.wav", SoundMask((Span(0.0, 0.1),)))
    assert b"13812345678" not in (tmp_path / "copy.wav").read_bytes()

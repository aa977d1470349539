"""What every ASR backend must do, shown by each of them: a quick one made for tests, and Whisper itself."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from faster_whisper.audio import decode_audio

from pipeline.asr.base import (
    BACKENDS,
    SAMPLE_RATE_HZ,
    AsrDescription,
    AsrOptions,
    CallWords,
    ChannelSpeech,
    ChannelWords,
    Language,
    open_backend,
)
from pipeline.asr.transcribe import transcribe_call
from pipeline.domain.calls import Role, Span, Word
from pipeline.domain.errors import AsrError
from pipeline.evaluation.cer import character_errors
from tests.asr.sounds import channel

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
TEXT = "您好请讲"


class FakeBackend:
    """Hears 您好请讲 in every span, a character every fifth of it."""

    def __init__(self, options):
        self._options = options

    @property
    def digest(self):
        """Of the language alone: it has no weights."""
        return ("0" if self._options.language is Language.ZH else "1") * 64

    def describe(self):
        """A fake."""
        return AsrDescription("fake", "none", "0" * 64, self._options, "fake 1")

    def transcribe(self, channels):
        """The same words for all."""
        return CallWords(tuple(ChannelWords(tuple(self._words(one))) for one in channels), Language.ZH)

    def _words(self, one):
        for span in one.spans:
            each_s = span.duration_s / 5
            for at, char in enumerate(TEXT):
                yield Word(char, span.start_s + at * each_s, span.start_s + (at + 1) * each_s, 0.9)


@pytest.fixture(scope="module")
def whisper():
    """The real model, loaded once."""
    return open_backend(AsrOptions())


@pytest.fixture(params=["fake", pytest.param("faster-whisper", marks=pytest.mark.slow)])
def backend(request):
    """Each backend in turn."""
    return FakeBackend(AsrOptions()) if request.param == "fake" else request.getfixturevalue("whisper")


@pytest.fixture(scope="module")
def call():
    """Both channels of a sample call, with the reference turns as speech."""
    return sample("s01.wav")


def sample(name):
    """(channels, what each party said) of a sample call."""
    calls = (json.loads(line) for line in (SAMPLES / "labels.jsonl").read_text(encoding="utf-8").splitlines())
    call = next(one for one in calls if one["recording"] == name)
    sound = decode_audio(str(SAMPLES / name), split_stereo=True)
    channels, said = [], []
    for role, samples in zip(("agent", "customer"), sound, strict=True):
        turns = [turn for turn in call["turns"] if turn["role"] == role]
        channels.append(ChannelSpeech(samples, tuple(Span(turn["start_s"], turn["end_s"]) for turn in turns)))
        said.append("".join(turn["text"] for turn in turns))
    return channels, said


def test_every_backend_is_tested():
    assert set(BACKENDS) == {"faster-whisper"}


def test_an_unknown_backend_lists_the_known():
    with pytest.raises(AsrError, match="unknown ASR backend 'whsper': choose one of faster-whisper"):
        open_backend(AsrOptions(backend="whsper"))


def test_a_channel_for_a_channel(backend):
    channels = [channel((1, 3)), channel(), channel((5, 6), (8, 9))]
    assert len(backend.transcribe(channels).channels) == 3


def test_no_speech_no_words(backend):
    said = backend.transcribe([channel(), channel()])
    assert [one.words for one in said.channels] == [(), ()]
    assert said.language is Language.ZH


def test_no_channels_no_words(backend):
    assert backend.transcribe([]).channels == ()


def test_words_are_in_order_and_near_speech(backend, call):
    channels, _ = call
    said = backend.transcribe(channels)
    for one, words in zip(channels, (heard.words for heard in said.channels), strict=True):
        assert words
        assert all(before.end_s <= after.start_s for before, after in pairwise(words))
        for word in words:
            assert word.text and word.start_s < word.end_s and 0 <= word.probability <= 1
            assert any(span.start_s - 0.2 <= word.start_s and word.end_s <= span.end_s + 0.2 for span in one.spans)


def test_the_same_sound_gives_the_same_words(backend, call):
    channels, _ = call
    assert backend.transcribe(channels) == backend.transcribe(channels)


def test_identity(backend):
    assert len(backend.digest) == 64 and set(backend.digest) <= set("0123456789abcdef")
    description = backend.describe()
    assert len(description.weights_sha256) == 64
    assert description.versions


def test_a_transcript_has_all_words_once(backend, call):
    channels, _ = call
    transcript = transcribe_call(backend, channels, (Role.AGENT, Role.CUSTOMER), duration_s=56.08)
    assert transcript.duration_s == 56.08
    assert transcript.language == "zh"
    by_channel = [[word for turn in transcript.turns if turn.channel == at for word in turn.words] for at in (0, 1)]
    assert by_channel == [list(one.words) for one in backend.transcribe(channels).channels]


@pytest.mark.slow
class TestWhisper:
    """The real model on real sound."""

    @pytest.mark.parametrize("name", ["s01.wav", "s03.mp3", "s10.opus"])
    def test_it_hears_what_was_said(self, whisper, name):
        channels, said = sample(name)
        heard = whisper.transcribe(channels)
        for text, one in zip(said, heard.channels, strict=True):
            errors = character_errors(text, "".join(word.text for word in one.words))
            assert errors.rate < 0.2

    def test_text_is_simplified(self, whisper, call):
        from pipeline.asr.script import simplify

        channels, _ = call
        text = "".join(word.text for one in whisper.transcribe(channels).channels for word in one.words)
        assert text == simplify(text)

    @pytest.mark.parametrize(
        "sound",
        [
            pytest.param(lambda time_s, noise: 0.01 * noise, id="noise"),
            pytest.param(lambda time_s, noise: 0 * noise, id="digital silence"),
            pytest.param(lambda time_s, noise: 0.1 * np.sin(2 * np.pi * 450 * time_s), id="a tone"),
            pytest.param(lambda time_s, noise: 0.5 * noise * (np.abs(noise) > 3.5), id="clicks"),
        ],
    )
    def test_sound_that_is_taken_for_speech_gives_next_to_nothing(self, whisper, sound):
        """Speech activity may be wrong; what the model then invents must stay short."""
        time_s = np.arange(20 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
        noise = np.random.default_rng(1).standard_normal(len(time_s))
        one = ChannelSpeech(sound(time_s, noise).astype(np.float32), (Span(1, 5), Span(8, 19)))
        (heard,) = whisper.transcribe([one]).channels
        assert len("".join(word.text for word in heard.words)) <= 4

    def test_a_long_monologue_is_heard_to_its_end(self, whisper, call):
        channels, said = call
        samples = np.concatenate([np.concatenate([_spoken(one) for one in channels])] * 2)
        (heard,) = whisper.transcribe([ChannelSpeech(samples, (Span(0, len(samples) / SAMPLE_RATE_HZ),))]).channels
        errors = character_errors("".join(said) * 2, "".join(word.text for word in heard.words))
        assert errors.rate < 0.25

    def test_a_beam_works_too(self, call):
        channels, said = call
        heard = open_backend(AsrOptions(beam_size=2)).transcribe(channels)
        errors = character_errors(said[0], "".join(word.text for word in heard.channels[0].words))
        assert errors.rate < 0.2

    def test_auto_finds_the_language(self, call):
        channels, _ = call
        backend = open_backend(AsrOptions(language=Language.AUTO))
        assert backend.transcribe(channels).language is Language.ZH

    def test_a_prompt_is_not_echoed(self):
        backend = open_backend(AsrOptions(prompt="客服电话录音。"))
        (heard,) = backend.transcribe([channel((1, 10), level=0.01)]).channels
        assert "录音" not in "".join(word.text for word in heard.words)

    def test_what_changes_the_text_changes_the_digest(self, whisper):
        same = replace(AsrOptions(), cpu_threads=2)
        assert open_backend(same).digest == whisper.digest
        for other in (replace(same, beam_size=2), replace(same, language=Language.EN), replace(same, spelling=False)):
            assert open_backend(other).digest != whisper.digest

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            pytest.param({"compute_type": "int3"}, "int3", id="compute type"),
            pytest.param({"device": "tpu"}, "tpu", id="device"),
        ],
    )
    def test_what_cannot_be_loaded(self, options, message):
        with pytest.raises(AsrError, match=message):
            open_backend(replace(AsrOptions(), **options))


def _spoken(one):
    parts = [one.samples[round(s.start_s * SAMPLE_RATE_HZ) : round(s.end_s * SAMPLE_RATE_HZ)] for s in one.spans]
    return np.concatenate(parts)

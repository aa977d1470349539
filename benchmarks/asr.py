"""Character error rate, speed and invented text of named ways to transcribe the sample calls.

    python benchmarks/asr.py [--format table|json] [--config NAME ...] [--calls DIR] [--rounds N]

Every round runs each configuration once, so that all meet the same machine; times are medians over rounds, with the
models loaded and warm. Time counts from the file to turns, speech activity included. ``docs/asr.md`` has the table and
says what the columns are. With ``--whisper-ctranslate2 PATH`` that command is run as well, if it is installed.
"""

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

from asr_measures import (
    Reference,
    TurnErrors,
    bootstrap_interval,
    call_errors,
    chosen_elsewhere,
    invented_characters,
    read_references,
    spoken_length,
    turn_errors,
    write_empty_calls,
)
from asr_systems import CONFIGURATIONS, Configuration, Heard, Piece, start_worker, transcribe_in_worker
from rich.console import Console
from rich.table import Table

from pipeline.asr.weights import find_weights
from pipeline.evaluation.cer import CharacterErrors, total_errors

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
LIBRARIES = ("faster-whisper", "ctranslate2", "onnxruntime", "opencc", "numpy", "av")


@dataclass(frozen=True)
class Run:
    """One configuration over all calls, once."""

    heard: tuple[Heard, ...]
    empty: tuple[Heard, ...]
    """Of recordings in which nobody speaks; only of the first round."""
    wall_s: float
    cpu_s: float


@dataclass(frozen=True)
class Result:
    """What is known of a configuration after all rounds."""

    name: str
    title: str
    processes: int
    threads: int
    errors: CharacterErrors
    cer: float
    interval: tuple[float, float]
    """95 %, by bootstrap over calls."""
    times_real_time: float
    """Seconds of calls, both channels written, for one second of wall time."""
    times_real_time_per_core: float
    """… for one second of processor time."""
    invented: int
    """Characters written where the reference is silent."""
    invented_on_nothing: int
    """Characters written for recordings without speech."""
    removed: int
    """Characters that guards took out of the sample calls."""
    turns: TurnErrors
    cer_by_call: dict[str, float]


def run_once(configuration: Configuration, calls: Sequence[Path], empty: Sequence[Path]) -> Run:
    """All ``calls``, longest first, then the ``empty`` ones, by fresh processes with warm models."""
    context = multiprocessing.get_context("spawn")
    by_size = sorted(calls, key=lambda path: -path.stat().st_size)
    with ProcessPoolExecutor(
        configuration.processes, context, initializer=start_worker, initargs=(configuration, calls[0])
    ) as pool:
        # One task a process, so that every one has loaded its model before the clock starts.
        list(pool.map(time.sleep, [0.5] * configuration.processes))
        began_s = time.perf_counter()
        heard = list(pool.map(transcribe_in_worker, by_size))
        wall_s = time.perf_counter() - began_s
        nothing = tuple(pool.map(transcribe_in_worker, empty))
    by_name = {one.name: one for one in heard}
    return Run(tuple(by_name[path.name] for path in calls), nothing, wall_s, sum(one.cpu_s for one in heard))


def run_whisper_ctranslate2(command: str, calls: Sequence[Path], empty: Sequence[Path], folder: Path) -> Run:
    """The command line of that name, batched, over the channels of all files as WAV; its start is in the time."""
    import wave

    import numpy as np

    from pipeline.audio.decode import decode_recording

    files: dict[Path, tuple[str, int]] = {}
    for path in (*calls, *empty):
        for channel, samples in enumerate(decode_recording(path).channels):
            target = folder / f"{path.name}.{channel}.wav"
            with wave.open(str(target), "wb") as file:
                file.setparams((1, 2, 16_000, 0, "NONE", "NONE"))
                file.writeframes((np.asarray(samples) * 32767).astype("<i2").tobytes())
            files[target] = (path.name, channel)
    arguments = (
        f"--model_directory {find_weights('base').folder} --device cpu --compute_type int8 --threads 2 --language zh "
        f"--batched True --output_format json --output_dir {folder} --verbose False"
    )
    spent: dict[bool, float] = {}
    for for_calls in (True, False):
        names = {path.name for path in (calls if for_calls else empty)}
        began_s = time.perf_counter()
        subprocess.run(
            [command, *(str(file) for file, (name, _) in files.items() if name in names), *arguments.split()],
            check=True,
            capture_output=True,
        )
        spent[for_calls] = time.perf_counter() - began_s
    pieces: dict[str, list[Piece]] = {}
    for file, (name, channel) in files.items():
        for segment in json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))["segments"]:
            pieces.setdefault(name, []).append(Piece(channel, segment["start"], segment["end"], segment["text"]))
    heard = [Heard(path.name, tuple(pieces.get(path.name, ())), (), (), 0.0) for path in (*calls, *empty)]
    return Run(tuple(heard[: len(calls)]), tuple(heard[len(calls) :]), spent[True], 2 * spent[True])


def summarise(configuration: Configuration, references: Sequence[Reference], runs: Sequence[Run]) -> Result:
    """The figures of ``configuration``: text of the first run, median times of all."""
    heard = runs[0].heard
    by_call = [call_errors(reference, one) for reference, one in zip(references, heard, strict=True)]
    errors = total_errors(by_call)
    seconds = sum(reference.duration_s for reference in references)
    return Result(
        name=configuration.name,
        title=configuration.title,
        processes=configuration.processes,
        threads=configuration.threads,
        errors=errors,
        cer=errors.rate or 0.0,
        interval=bootstrap_interval(by_call),
        times_real_time=seconds / statistics.median(run.wall_s for run in runs),
        times_real_time_per_core=seconds / statistics.median(run.cpu_s for run in runs),
        invented=sum(invented_characters(reference, one) for reference, one in zip(references, heard, strict=True)),
        invented_on_nothing=sum(spoken_length(piece.text) for one in runs[0].empty for piece in one.turns),
        removed=sum(spoken_length(text) for one in heard for text in one.removed),
        turns=turn_errors(references, heard),
        cer_by_call={reference.name: one.rate or 0.0 for reference, one in zip(references, by_call, strict=True)},
    )


def print_table(results: Sequence[Result], notes: Sequence[str]) -> None:
    """The results for people."""
    table = Table(title="Recognition of the sample calls")
    for column in ("configuration", "p × t", "CER", "95 %", "S", "D", "I", "homophones", "× real time", "per core"):
        table.add_column(column, justify="left" if column == "configuration" else "right")
    for column in ("invented", "on nothing", "removed", "turns", "start s (p90)", "end s (p90)"):
        table.add_column(column, justify="right")
    for one in results:
        errors, turns = one.errors, one.turns
        table.add_row(
            one.name,
            f"{one.processes} × {one.threads}",
            f"{one.cer:.3f}",
            f"{one.interval[0]:.3f}–{one.interval[1]:.3f}",
            str(errors.substituted),
            str(errors.deleted),
            str(errors.inserted),
            f"{errors.homophones / max(1, errors.wrong):.0%}",
            f"{one.times_real_time:.1f}",
            f"{one.times_real_time_per_core:.1f}",
            str(one.invented),
            str(one.invented_on_nothing),
            str(one.removed),
            f"{turns.found_turns}/{turns.reference_turns}",
            f"{turns.start_s:.2f} ({turns.start_p90_s:.2f})",
            f"{turns.end_s:.2f} ({turns.end_p90_s:.2f})",
        )
    console = Console(width=None if sys.stdout.isatty() else 190)
    console.print(table)
    for note in notes:
        console.print(note, soft_wrap=True, highlight=False)


def read_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--format", choices=("table", "json"), default="table")
    names = [one.name for one in CONFIGURATIONS]
    parser.add_argument("--config", nargs="+", metavar="NAME", choices=names, default=names, help=", ".join(names))
    parser.add_argument("--calls", type=Path, default=SAMPLES, metavar="DIR", help="recordings and labels.jsonl")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--whisper-ctranslate2", metavar="PATH", help="the command, to be compared as well")
    return parser.parse_args()


def main() -> None:
    """Run, measure, print."""
    arguments = read_arguments()
    references = read_references(arguments.calls / "labels.jsonl")
    calls = [arguments.calls / reference.name for reference in references]
    chosen = [one for one in CONFIGURATIONS if one.name in arguments.config]
    runs: dict[str, list[Run]] = {one.name: [] for one in chosen}
    with tempfile.TemporaryDirectory() as folder:
        empty = write_empty_calls(Path(folder))
        for _ in range(arguments.rounds):
            for one in chosen:
                print(f"running {one.name}", file=sys.stderr)
                runs[one.name].append(run_once(one, calls, () if runs[one.name] else empty))
        if arguments.whisper_ctranslate2:
            other = replace(CONFIGURATIONS[0], name="whisper-ctranslate2", title="that command line, batched")
            chosen.append(other)
            runs[other.name] = [run_whisper_ctranslate2(arguments.whisper_ctranslate2, calls, empty, Path(folder))]
    results = [summarise(one, references, runs[one.name]) for one in chosen]
    by_call = {
        one.name: [call_errors(*both) for both in zip(references, runs[one.name][0].heard, strict=True)]
        for one in chosen
        if one.candidate
    }
    left_out = chosen_elsewhere(by_call).rate if len(by_call) > 1 else None
    about = {
        "calls": len(references),
        "seconds": round(sum(reference.duration_s for reference in references), 1),
        "characters": results[0].errors.said,
        "rounds": arguments.rounds,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
        "leave_one_call_out_cer": left_out,
    }
    if arguments.format == "json":
        print(json.dumps({"about": about, "results": [asdict(one) for one in results]}, ensure_ascii=False, indent=2))
        return
    notes = [", ".join(f"{name} {value}" for name, value in about.items() if value is not None)]
    if not arguments.whisper_ctranslate2:
        notes.append("whisper-ctranslate2: skipped, give its command with --whisper-ctranslate2 PATH")
    print_table(results, notes)


if __name__ == "__main__":
    main()

"""The whole pipeline against other programs on the same calls, model and cores; where its time goes; what it stores.

    python benchmarks/speed.py [--rounds N] [--copies N] [--only race stages disk] [--format table|json]
                               [--whisper-ctranslate2 PATH] [--whisperx PATH]

`race`: every round runs each program once, as a fresh process over all files, so that all meet the same machine.
"start" is what it takes for two recordings of a second in which nobody speaks: loading. Programs that know no channels
get them as WAV files, for nothing. `earmark run` does everything: 1,000 generated rules besides the standard ones,
classifiers, signals, a fresh SQLite. `stages`: the same inside one process. `disk`: bytes for each minute of call.
docs/capacity.md turns the figures into machines.
"""

import argparse
import json
import math
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import wave
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

# benchmarks/rules.py and models.py are named as packages; the folder must come last.
HERE = Path(__file__).resolve().parent
sys.path = [str(HERE.parent), *(entry for entry in sys.path if Path(entry or ".").resolve() != HERE), str(HERE)]

# ruff: noqa: E402
import numpy as np
from asr_measures import Reference, bootstrap_interval, read_references
from asr_systems import joined
from speed_contenders import Contender, Spent, Task, Texts, contenders, run
from speed_stages import HEARING, Shares, measure_stages, stored_bytes

from benchmarks.rules import HITTING, make_rules, write_pack
from pipeline.asr.weights import find_weights
from pipeline.audio.decode import decode_recording
from pipeline.evaluation.cer import CharacterErrors, character_errors, total_errors

SAMPLES = HERE.parent / "data" / "samples"
RULES = 1_000
CORES = 2
RATE_HZ = 16_000
SHIFT_S = 0.007
"""By so much each further copy of a call is cut at its beginning: another recording, the same words."""
LIBRARIES = ("faster-whisper", "ctranslate2", "onnxruntime", "numpy", "av", "sqlalchemy")


def write_wav(file: Path, channels: np.ndarray) -> Path:
    """``file``, 16 bit; ``channels`` has one row a channel, at 16 kHz."""
    with wave.open(str(file), "wb") as target:
        target.setparams((len(channels), 2, RATE_HZ, 0, "NONE", "NONE"))
        target.writeframes((channels.T.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return file


def make_task(folder: Path, calls: Sequence[Path], rules: Path, *, copies: int) -> Task:
    """``calls`` and further copies of them, and the same as mono files."""
    folder.mkdir()
    stereo, mono = [], []
    for path in calls:
        sound = np.asarray(decode_recording(path).channels)
        for copy in range(copies):
            moved = sound[:, round(copy * SHIFT_S * RATE_HZ) :]
            name = f"{copy}-{path.name}"
            # The first copy is the file as it is, codec and all.
            made = folder / name if copy == 0 else folder / f"{name}.wav"
            stereo.append(write_wav(made, moved) if copy else _copied(path, made))
            mono += [write_wav(folder / f"{made.name}.{at}.wav", one[np.newaxis]) for at, one in enumerate(moved)]
    return Task(tuple(stereo), tuple(mono), folder / "out", rules, find_weights("base").folder)


def _copied(source: Path, target: Path) -> Path:
    target.write_bytes(source.read_bytes())
    return target


def silent_task(folder: Path, rules: Path) -> Task:
    """Two recordings of a second of faint noise: what is left is loading."""
    folder.mkdir()
    chance = np.random.default_rng(1)
    calls = [write_wav(folder / f"{at}.wav", 0.0005 * chance.standard_normal((2, RATE_HZ))) for at in range(2)]
    mono = [write_wav(folder / f"{at}.0.wav", 0.0005 * chance.standard_normal((1, RATE_HZ))) for at in range(2)]
    return Task(tuple(calls), tuple(mono), folder / "out", rules, find_weights("base").folder)


def errors_by_call(task: Task, references: Sequence[Reference], texts: Texts) -> list[CharacterErrors]:
    """Of every copy of every call, both channels against what was said there."""
    found = []
    for path in task.calls:
        spoken = next(one for one in references if one.name in path.name)
        found.append(
            total_errors(
                character_errors(joined(spoken.turns, channel), texts.get((path.name, channel), ""))
                for channel in (0, 1)
            )
        )
    return found


def race(folder: Path, chosen: Sequence[Contender], task: Task, silent: Task, rounds: int) -> dict[str, list[Spent]]:
    """What each contender took, by name; starts under ``start NAME``. One that fails is left out, with its reason.

    Ctrl-C ends it after the rounds that are whole.
    """
    spent: dict[str, list[Spent]] = {}
    failed: set[str] = set()
    try:
        for number in range(rounds):
            spent = _one_round(
                folder / str(number), [one for one in chosen if one.name not in failed], task, silent, spent
            )
            failed = {one.name for one in chosen if one.name not in spent}
    except KeyboardInterrupt:
        print(f"interrupted in round {number + 1}", file=sys.stderr)
    return {name: runs for name, runs in spent.items() if name.removeprefix("start ") in spent}


def _one_round(
    folder: Path, chosen: Sequence[Contender], task: Task, silent: Task, before: dict[str, list[Spent]]
) -> dict[str, list[Spent]]:
    """``before`` and a further round, without those that failed in it."""
    after: dict[str, list[Spent]] = {}
    for one in chosen:
        for name, what in ((f"start {one.name}", silent), (one.name, task)):
            target = Task(what.calls, what.channels, folder / name, what.rules, what.model)
            try:
                spent = run(one, target, must=what is task)
            except (RuntimeError, OSError) as error:
                print(f"left out: {error}")
                continue
            load = os.getloadavg()[0]
            print(f"{name}: {spent.wall_s:.1f} s, CPU {spent.cpu_s:.1f} s, load {load:.1f}", file=sys.stderr)
            after[name] = [*before.get(name, ()), spent]
    return after


def race_rows(
    chosen: Sequence[Contender], spent: dict[str, list[Spent]], task: Task, references: Sequence[Reference]
) -> list[dict[str, object]]:
    """A row a contender: medians over rounds, and how many times earmark's two workers are faster."""
    names = {one.name: one.title for one in chosen if one.name in spent}
    audio_s = sum(one.duration_s for one in references) * len(task.calls) / len(references)

    def median(name: str, kind: str, *, loaded: bool) -> float:
        pairs = zip(spent[name], spent[f"start {name}"], strict=True)
        return statistics.median(getattr(one, kind) - loaded * getattr(start, kind) for one, start in pairs)

    rows: list[dict[str, object]] = []
    for name, title in names.items():
        errors = errors_by_call(task, references, spent[name][0].texts)
        low, high = bootstrap_interval(errors)
        row: dict[str, object] = {"program": name, "what": title, "cer": total_errors(errors).rate}
        row |= {"cer_low": low, "cer_high": high}
        for kind in ("wall_s", "cpu_s"):
            for loaded, when in ((False, "all"), (True, "loaded")):
                row[f"{when}_{kind}"] = median(name, kind, loaded=loaded)
                ours = median("earmark", kind, loaded=loaded) if "earmark" in names else math.nan
                row[f"{when}_{kind}_ratio"] = float(str(row[f"{when}_{kind}"])) / ours
        row["times_real_time"] = audio_s / float(str(row["loaded_wall_s"]))
        row["per_core"] = audio_s / float(str(row["loaded_cpu_s"]))
        rows.append(row)
    return rows


def print_race(rows: Sequence[dict[str, object]], task: Task, references: Sequence[Reference], rounds: int) -> None:
    """The table of the race, and how two workers compare with one."""
    audio_s = sum(one.duration_s for one in references) * len(task.calls) / len(references)
    print(f"\nWhole runs over {len(task.calls)} calls, {audio_s:.0f} s, {CORES} cores, medians of {rounds} rounds\n")
    heads = ("program", "CER", "95 %", "wall s", "CPU s", "× longer, wall", "CPU")
    heads += ("without start: wall s", "CPU s", "× longer, wall", "CPU", "× real time", "per core second")
    table = []
    for row in rows:
        cells = [
            f"`{row['program']}`: {row['what']}",
            f"{row['cer']:.3f}",
            f"{row['cer_low']:.3f}–{row['cer_high']:.3f}",
        ]
        for when in ("all", "loaded"):
            cells += [f"{row[f'{when}_{kind}']:.1f}" for kind in ("wall_s", "cpu_s")]
            cells += [f"{row[f'{when}_{kind}_ratio']:.2f}" for kind in ("wall_s", "cpu_s")]
        table.append([*cells, f"{row['times_real_time']:.1f}", f"{row['per_core']:.1f}"])
    print_table(heads, table)
    by_name = {row["program"]: row for row in rows}
    if {"earmark", "earmark-1"} <= set(by_name):
        one = by_name["earmark-1"]
        clock, processor = one["loaded_wall_s_ratio"], CORES * float(str(one["loaded_cpu_s_ratio"]))
        print(f"\nOne worker → two: {clock:.2f}× by the clock (aim: 1.8)")
        print(f"{processor:.2f}× by processor time: 2 × that of one ÷ that of two, what a free second core would give")


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Markdown."""
    for cells in (heads, ["---"] * len(heads), *rows):
        print("| " + " | ".join(cells) + " |")


def print_stages(shares: Shares) -> None:
    """Where the time of a call goes."""
    print(f"\nStages in one process, {shares.rules} rules, {shares.hits_per_call:.1f} hits a call, one thread\n")
    rows = [
        (stage, f"{1000 * took.cpu_s / shares.audio_s:.3f}", f"{1000 * took.wall_s / shares.audio_s:.3f}",
         f"{shares.share(stage):.2%}")
        for stage, took in shares.stages.items()
    ]  # fmt: skip
    print_table(("stage", "CPU ms a second of call", "wall ms", "of transcription, CPU"), rows)
    print(f"\nEverything but {' and '.join(HEARING)}: {shares.everything_else:.2%} of transcription (aim: under 3 %).")


def print_disk(shares: Shares, folder: Path) -> dict[str, float]:
    """Bytes a minute of call on both databases; PostgreSQL where there is one for the tests."""
    sizes = {"SQLite": stored_bytes(shares, f"sqlite:///{folder / 'disk.db'}")}
    try:
        from tests.postgres import PostgresServer

        server = PostgresServer()
    except (ImportError, AssertionError, OSError) as error:
        print(f"not installed: PostgreSQL ({error})")
    else:
        try:
            sizes["PostgreSQL"] = stored_bytes(shares, server.create_database("disk"))
        finally:
            server.close()
    # The synthetic rules hit more often than real ones; so the figure is on the safe side.
    print("\nRoom in the database, transcript with word times, results, search index\n")
    print_table(("", "bytes a minute of call"), [(name, f"{size:.0f}") for name, size in sizes.items()])
    return sizes


def versions(chosen: Sequence[Contender]) -> str:
    """What the figures depend on besides the code."""
    found = [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in LIBRARIES)]
    for one in chosen:
        if one.package and one.installed:
            asked = subprocess.run([one.program, "--version"], capture_output=True, text=True, check=False)
            found.append((asked.stdout.strip().splitlines() or [f"{one.package} does not start"])[-1])
    processor = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return ", ".join([*found, *(line.split(":")[1].strip() for line in processor[:1])])


def read_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=("race", "stages", "disk"), default=["race", "stages", "disk"])
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--copies", type=int, default=1, help="how often each of the ten calls is taken")
    parser.add_argument("--programs", nargs="+", metavar="NAME", help="of the race; all that are installed")
    parser.add_argument("--whisper-ctranslate2", metavar="PATH", default="whisper-ctranslate2")
    parser.add_argument("--whisperx", metavar="PATH", default="whisperx")
    return parser.parse_args()


def main() -> None:
    """Race, measure, print."""
    arguments = read_arguments()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    references = read_references(SAMPLES / "labels.jsonl")
    calls = [SAMPLES / one.name for one in references]
    known = contenders(arguments.whisper_ctranslate2, arguments.whisperx)
    chosen = [one for one in known if not arguments.programs or one.name in arguments.programs]
    report: dict[str, object] = {"versions": versions(chosen), "load_before": os.getloadavg()}
    if arguments.format == "json":
        tables, sys.stdout = sys.stdout, sys.stderr
    print(report["versions"])
    print(f"load average before: {', '.join(f'{one:.1f}' for one in os.getloadavg())}; {os.cpu_count()} cores")
    for one in chosen:
        if not one.installed:
            print(f"not installed: {one.name} (give its command with --{one.name} PATH)")
    with tempfile.TemporaryDirectory(prefix="earmark-speed-") as name:
        folder = Path(name)
        rules = folder / "rules"
        rules.mkdir()
        write_pack(rules, make_rules(random.Random(1), RULES, hitting=HITTING))
        if "race" in arguments.only:
            task = make_task(folder / "calls", calls, rules, copies=arguments.copies)
            silent = silent_task(folder / "silent", rules)
            spent = race(folder, [one for one in chosen if one.installed], task, silent, arguments.rounds)
            report["race"] = race_rows(chosen, spent, task, references)
            print_race(report["race"], task, references, len(next(iter(spent.values()))))  # type: ignore[arg-type]
        if {"stages", "disk"} & set(arguments.only):
            shares = measure_stages(calls, rules, find_weights("base").folder, folder, rounds=arguments.rounds)
            report["stages"] = {stage: vars(took) for stage, took in shares.stages.items()}
            report["everything_else"] = shares.everything_else
            print_stages(shares)
            if "disk" in arguments.only:
                report["bytes_a_minute"] = print_disk(shares, folder)
    print(f"\nload average after: {', '.join(f'{one:.1f}' for one in os.getloadavg())}")
    if arguments.format == "json":
        sys.stdout = tables
        print(json.dumps(report, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()

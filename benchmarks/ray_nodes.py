"""A night of short calls through Ray on two nodes of this machine, one of them killed in the middle.

    python -m benchmarks.ray_nodes --calls 2000

Cuts the sample calls into pieces of a few seconds in which somebody speaks, starts a cluster of two nodes of one core
each, runs the real pipeline on it, and kills one node with all its processes when half the calls are stored. Then
counts whether every call is stored exactly once.
"""

import argparse
import os
import random
import secrets
import signal
import sys
import tempfile
import time
import uuid
import wave
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "data" / "samples"


def main() -> None:
    """Runs, prints the figures as a Markdown table, and ends with 1 where a call is missing or double."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--length", type=float, default=2.5, help="seconds of each call")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    os.environ["RAY_AUTH_MODE"] = "token"
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    with tempfile.TemporaryDirectory(prefix="earmark-ray-") as folder:
        calls = Path(folder, "calls")
        calls.mkdir()
        cut_samples(calls, chosen.calls, chosen.length, random.Random(chosen.seed))
        sys.exit(0 if run(calls, Path(folder, "calls.db"), chosen.calls) else 1)


def cut_samples(into: Path, count: int, length_s: float, chance: random.Random) -> None:
    """Writes pieces of the samples, each from where somebody begins to speak, shifted so that no two are the same."""
    from pipeline.audio.crosstalk import find_speech
    from pipeline.audio.decode import SAMPLE_RATE_HZ, decode_recording

    sources = []
    for file in sorted(SAMPLES.iterdir()):
        if file.suffix in (".wav", ".mp3", ".opus", ".m4a", ".flac"):
            audio = decode_recording(file, max_duration_s=3600)
            begins = [span.start_s for spans in find_speech(audio) for span in spans if span.end_s - span.start_s > 1]
            sources.append((audio.channels, begins))
    seen: set[tuple[int, int]] = set()
    while len(seen) < count:
        number = chance.randrange(len(sources))
        channels, begins = sources[number]
        start = int((chance.choice(begins) - chance.uniform(0.0, 0.5)) * SAMPLE_RATE_HZ)
        piece = channels[:, max(0, start) : max(0, start) + int(length_s * SAMPLE_RATE_HZ)]
        if piece.shape[1] == int(length_s * SAMPLE_RATE_HZ) and (number, max(0, start)) not in seen:
            seen.add((number, max(0, start)))
            write_wav(into / f"call-{len(seen):05}.wav", piece)


def write_wav(file: Path, channels: "NDArray[Any]") -> None:
    """Writes 16-bit samples at 16 kHz."""
    import numpy as np

    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(channels.shape[0])
        opened.setsampwidth(2)
        opened.setframerate(16_000)
        opened.writeframes((np.clip(channels.T, -1, 1) * 32767).astype("<i2").tobytes())


@dataclass
class Watcher:
    """Hears the run, and kills the node in the middle."""

    total: int
    node: Any
    began_s: float = 0.0
    ready_s: float = 0.0
    killed_s: float = 0.0
    stored: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    tried_again: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    set_aside: int = 0

    def found(self, total: int) -> None:
        """All calls."""
        self.began_s = time.monotonic()

    def skipped(self, file: Any, registered: Any) -> None:
        """Does not happen."""

    def processed(self, recording: Any, call: Any, *, hits: int, took_s: float) -> None:
        """Kills the node when half is done."""
        self.ready_s = self.ready_s or time.monotonic()
        self.stored[recording.id] += 1
        if not self.killed_s and len(self.stored) >= self.total // 2:
            kill_node(self.node)
            self.killed_s = time.monotonic()
        if len(self.stored) % 200 == 0:
            print(f"{len(self.stored)} of {self.total}", file=sys.stderr, flush=True)

    def failed(self, recording: Any, message: str, *, reason: str, final: bool) -> None:
        """Remembers."""
        self.set_aside += final
        self.tried_again.append(reason)
        self.messages.append(message)

    def worker_lost(self, what: str, *, reason: str) -> None:
        """Counts."""
        self.lost[reason] += 1


def kill_node(node: Any) -> None:
    """Kills everything that runs on a node, as when its machine loses power."""
    import psutil

    raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
    for process in [raylet, *raylet.children(recursive=True)]:
        process.send_signal(signal.SIGKILL)


def run(calls: Path, file: Path, total: int) -> bool:
    """Runs the pipeline on two nodes; returns whether every call is stored exactly once."""
    from ray.cluster_utils import Cluster

    from pipeline.batch.discovery import discover
    from pipeline.batch.executors.ray import RayExecutor
    from pipeline.batch.process import Loader
    from pipeline.batch.runner import Runner, RunOptions
    from pipeline.cli.run import describe_run, process_options
    from pipeline.settings import Settings
    from pipeline.store.database import open_database

    options = process_options(Settings(db=f"sqlite:///{file}"))
    described = describe_run(options, f"bench-{uuid.uuid4().hex[:8]}")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        watcher = Watcher(total, cluster.add_node(num_cpus=1))
        executor = RayExecutor(Loader(options), address=cluster.address, cpus=1, gpus=0)
        database = open_database(f"sqlite:///{file}", create=True)
        runner = Runner(database, described, executor, options=RunOptions(workers=2), progress=watcher)
        summary = runner.run(discover([calls], None).files)
        ended_s = time.monotonic()
    finally:
        cluster.shutdown()
    return report(watcher, summary, database, ended_s)


def report(watcher: Watcher, summary: Any, database: Any, ended_s: float) -> bool:
    """Prints the figures; returns whether every call is stored exactly once."""
    from sqlalchemy import func, select

    from pipeline.store.tables import evaluations, ledger, transcripts

    with database.reading() as connection:
        by_state = connection.execute(select(ledger.c.state, func.count()).group_by(ledger.c.state))
        states = {row[0]: row[1] for row in by_state}
        tables = [
            connection.execute(select(func.count()).select_from(each)).scalar() for each in (transcripts, evaluations)
        ]
        tries = connection.execute(select(func.count()).where(ledger.c.attempts > 1)).scalar()
    half = watcher.total // 2
    rows = {
        "calls found": summary.found,
        "ledger": ", ".join(f"{state} {count}" for state, count in sorted(states.items())),
        "transcripts, evaluations": ", ".join(map(str, tables)),
        "stored more than once": sum(count > 1 for count in watcher.stored.values()),
        "workers lost": ", ".join(f"{reason} {count}" for reason, count in watcher.lost.items()) or "0",
        "calls tried again": tries,
        "message of a call that was on the lost node": next(iter(watcher.messages), "none was"),
        "sound": f"{summary.audio_s / 3600:.2f} h",
        "wall time": f"{summary.wall_s:.0f} s, {watcher.ready_s - watcher.began_s:.0f} s of it to the first result",
        "calls an hour on two nodes": f"{half / (watcher.killed_s - watcher.ready_s) * 3600:.0f}",
        "calls an hour on the one left": f"{(watcher.total - half) / (ended_s - watcher.killed_s) * 3600:.0f}",
    }
    print("| | |\n| --- | --- |")
    for name, value in rows.items():
        print(f"| {name} | {value} |")
    whole = states.get("done") == watcher.total and tables == [watcher.total] * 2
    return whole and set(watcher.stored.values()) == {1}


if __name__ == "__main__":
    main()

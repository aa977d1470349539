"""Where the time of a call goes, stage by stage, inside one process; and how much room a stored call takes."""

import importlib
import statistics
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

STAGES = {
    "decode": ("pipeline.audio.decode", "decode_recording"),
    "speech activity, cross-talk": ("pipeline.audio.crosstalk", "find_speech"),
    "transcription": ("pipeline.asr.transcribe", "transcribe_call"),
    "signals": ("pipeline.audio.signals", "measure_signals"),
    "classifiers": ("models.predict", "predict_call"),
    "rules": ("rules.engine", "Engine.evaluate"),
}
"""The functions that ``CallProcessor.process`` calls, by what they are for. Nothing is in two of them."""
REST = "rounding, glue"
STORE = ("enter (SHA-256, ledger)", "store (SQLite)")
HEARING = ("transcription", "speech activity, cross-talk")
"""What hearing costs: without speech activity there is no transcription."""
COPIES = 2_000


@dataclass(frozen=True)
class Took:
    """Seconds of a stage over all calls."""

    wall_s: float
    cpu_s: float


class Clock:
    """Adds up what stages take."""

    def __init__(self) -> None:
        self.wall_s: dict[str, float] = defaultdict(float)
        self.cpu_s: dict[str, float] = defaultdict(float)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Counts what is done inside for ``stage``; processor time of all threads."""
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.wall_s[stage] += time.perf_counter() - wall_s
            self.cpu_s[stage] += time.process_time() - cpu_s

    def wrapped(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """``function``, timed."""

        def timed(*given: Any, **named: Any) -> Any:
            with self.timed(stage):
                return function(*given, **named)

        return timed


@dataclass(frozen=True)
class Shares:
    """Medians over rounds, and what is needed to store the calls again."""

    stages: dict[str, Took]
    audio_s: float
    rules: int
    hits_per_call: float
    calls: tuple[Any, ...]
    """``ProcessedCall`` of each recording."""
    run: Any

    def share(self, stage: str) -> float:
        """Processor time of ``stage`` as a part of that of transcription."""
        return self.stages[stage].cpu_s / self.stages["transcription"].cpu_s

    @property
    def everything_else(self) -> float:
        """All but hearing, as a part of transcription."""
        return sum(self.share(stage) for stage in self.stages if stage not in HEARING)


def measure_stages(calls: Sequence[Path], rules: Path, model: Path, folder: Path, *, rounds: int) -> Shares:
    """The real functions over ``calls`` in this process, one thread; the first round only warms up."""
    from pipeline.batch.process import Loader
    from pipeline.cli.run import describe_run, process_options
    from pipeline.domain.results import Outcome
    from pipeline.settings import Settings

    settings = Settings(asr_model=str(model), rules=(rules,), channel_roles=("agent", "customer"), cpu_threads=1)
    options = process_options(settings)
    processor = Loader(options)()
    run = replace(describe_run(options), id=uuid.uuid4().hex, asr_digest=processor.identity.asr_digest)
    clocks, processed = [], []
    for number in range(rounds + 1):
        clock = Clock()
        with _wrapped(clock):
            processed = _one_round(clock, processor, calls, run, folder / f"stages-{number}.db")
        clocks.append(clock)
    stages = {
        stage: Took(
            statistics.median(one.wall_s[stage] for one in clocks[1:]),
            statistics.median(one.cpu_s[stage] for one in clocks[1:]),
        )
        for stage in (*STAGES, REST, *STORE)
    }
    hits = sum(result.outcome == Outcome.HIT for call in processed for result in call.findings.results)
    audio_s = sum(call.audio.duration_s for call in processed)
    return Shares(stages, audio_s, len(options.pack.rules), hits / len(processed), tuple(processed), run)


@contextmanager
def _wrapped(clock: Clock) -> Iterator[None]:
    """Times every stage where it is called."""
    with ExitStack() as stack:
        for stage, (module, path) in STAGES.items():
            owner: Any = importlib.import_module(module)
            *within, name = path.split(".")
            for part in within:
                owner = getattr(owner, part)
            stack.enter_context(mock.patch.object(owner, name, clock.wrapped(stage, getattr(owner, name))))
        yield


def _one_round(clock: Clock, processor: Any, calls: Sequence[Path], run: Any, file: Path) -> list[Any]:
    from pipeline.batch.discovery import discover
    from pipeline.batch.intake import take_in
    from pipeline.store.database import open_database
    from pipeline.store.ledger import claim
    from pipeline.store.results import save_call, start_run

    database = open_database(f"sqlite:///{file}", create=True)
    start_run(database, run)
    with clock.timed(STORE[0]):
        list(take_in(database, discover(calls, None).files))
    processed = []
    for _ in calls:
        with clock.timed(STORE[1]):
            (lease,) = claim(database, "bench", limit=1, ttl_s=3600)
        with clock.timed("all"):
            processed.append(processor.process(lease.recording, lambda duration_s: None))
        with clock.timed(STORE[1]):
            assert save_call(database, lease, processed[-1], run)
    for spent in (clock.wall_s, clock.cpu_s):
        spent[REST] = max(0.0, spent["all"] - sum(spent[stage] for stage in STAGES))
    return processed


def stored_bytes(shares: Shares, url: str) -> float:
    """Bytes that the database at ``url``, which is new, grows by for a minute of call.

    The calls of ``shares`` are stored over and over under other names, so that pages and indexes are filled.
    """
    from pipeline.domain.calls import CallMetadata, Recording
    from pipeline.store.database import open_database
    from pipeline.store.ledger import claim
    from pipeline.store.recordings import FoundFile, register
    from pipeline.store.results import save_call, start_run

    database = open_database(url, create=True)
    start_run(database, shares.run)
    before = _size_bytes(database, url)
    audio_s = 0.0
    for start in range(0, COPIES, 50):
        made = [
            Recording(
                uuid.uuid4().hex * 2, f"call-{number:07}.wav", f"/recordings/2026-11-22/call-{number:07}.wav", 1,
                CallMetadata(agent=f"A{number % 300}", queue="售后", customer_id=f"C{number}"),
            )
            for number in range(start, start + 50)
        ]  # fmt: skip
        register(database, [FoundFile(one, mtime_ns=1, described=True) for one in made])
        for at, lease in enumerate(claim(database, "bench", limit=50, ttl_s=3600)):
            call = shares.calls[at % len(shares.calls)]
            audio_s += call.audio.duration_s
            assert save_call(database, lease, call, shares.run)
    return (_size_bytes(database, url) - before) / audio_s * 60


def _size_bytes(database: Any, url: str) -> int:
    from sqlalchemy import text

    with database.reading() as connection:
        if url.startswith("postgresql"):
            return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        return int(pages * connection.execute(text("PRAGMA page_size")).scalar_one())

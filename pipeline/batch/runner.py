"""The runner: takes recordings from the ledger, hands them to an executor's workers, stores what comes back.

Only the runner writes to the database. Whatever happens to a worker, its recording is either stored whole and done,
or back in the ledger with what went wrong.
"""

import logging
import signal
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from types import FrameType
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from pipeline.batch.executors.base import (
    Decoded,
    Died,
    Done,
    Executor,
    Failed,
    Ready,
    Report,
    Slot,
    StartFailed,
    is_idle,
)
from pipeline.batch.intake import Chunk, take_in
from pipeline.batch.inventory import DescribedFile
from pipeline.batch.owner import is_dead, this_process
from pipeline.batch.summary import RunSummary
from pipeline.domain.calls import Recording, Role
from pipeline.domain.errors import AsrError, StoreError
from pipeline.domain.results import Outcome, ProcessedCall, RuleStatus
from pipeline.privacy.keys import KeyRing
from pipeline.store import ledger
from pipeline.store.database import Database, insist
from pipeline.store.erased import ERASED
from pipeline.store.ledger import Failure, Lease
from pipeline.store.recordings import Registered, State
from pipeline.store.results import Run, finish_run, name_asr, save_call, start_run
from pipeline.text.written_numbers import masked_line

Given = ParamSpec("Given")
Result = TypeVar("Result")
logger = logging.getLogger(__name__)

LEASE_TTL_S = 90.0
WAKE_S = 1.0
"""How often the runner looks at leases and deadlines when nothing else happens."""
PAUSE_GROWTH = 4.0
"""Each pause between attempts is so many times the one before."""
MAX_FAILED_STARTS = 5
"""Workers in a row that may die while they load, where others have loaded before."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run deals with its workers, whatever executor they live in."""

    workers: int
    """Workers; each loads the models once."""
    decode_limit_s: float = 300.0
    """How long decoding one recording may take before its worker is taken for hung."""
    time_limit_per_second: float = 10.0
    """How long a decoded recording may take, for each second of it, on top of ``decode_limit_s``."""
    store_patience_s: float = 600.0
    """How long to wait for a database that is away before the run gives up."""
    retry_pause_s: float = 15.0
    """The first pause before what may pass is tried again; the next is four times as long."""
    worker_memory_mb: float | None = None
    """A worker that holds more after a call (10^6 bytes) is replaced by a fresh one."""
    start_limit_s: float = 900.0
    """How long to wait until any worker has room and its models loaded."""


class Progress(Protocol):
    """Hears what happens during a run."""

    def found(self, total: int) -> None:
        """So many recordings are to be looked at."""

    def skipped(self, file: DescribedFile, registered: Registered) -> None:
        """The file needs no work: done before, in quarantine, or the bytes of another file."""

    def processed(self, recording: Recording, call: ProcessedCall, *, hits: int, took_s: float) -> None:
        """A recording is transcribed, checked and stored; so many active rules hit, so long it took its worker."""

    def failed(self, recording: Recording, message: str, *, reason: str, final: bool) -> None:
        """A recording could not be processed; unless final it will be tried again."""

    def worker_lost(self, what: str, *, reason: str) -> None:
        """A worker died, hung or held too much memory, and is replaced."""


class Runner:
    """One run over the ledger with a fixed number of workers."""

    def __init__(
        self, database: Database, run: Run, executor: Executor, *, options: RunOptions, progress: Progress
    ) -> None:
        self._database = database
        self._run = run
        self._active_rules = frozenset(rule.id for rule in run.headings if rule.status == RuleStatus.ACTIVE)
        self._executor = executor
        self._options = options
        self._progress = progress
        self._owner = this_process()
        self._slots: list[Slot] = []
        self._waiting: deque[Lease] = deque()
        self._in_hand: dict[str, Lease] = {}
        self._renewed_s = 0.0
        self._last_ready_s = 0.0
        self._failed_starts = 0
        self._nothing_yet = False
        self._stop_requests = 0
        self._summary = RunSummary()

    def run(self, files: Collection[DescribedFile], *, redo: bool = False, keys: KeyRing | None = None) -> RunSummary:
        """Enters ``files`` into the ledger and works until nothing there is left to do.

        What an earlier run that was cut off left pending is done as well. With ``keys`` paths are stored closed.

        Raises:
            AsrError: the models cannot be loaded.
            ConfigError: the executor cannot be used.
            StoreError: the database cannot be written; what was stored stays.
        """
        self._summary.found = len(files)
        self._progress.found(len(files))
        patience_s = self._options.store_patience_s
        return self.run_intake(take_in(self._database, files, redo=redo, patience_s=patience_s, keys=keys))

    def run_intake(self, intake: Iterator[Chunk]) -> RunSummary:
        """Works until the intake has ended and nothing is left to do.

        It is asked for the next chunk whenever workers may run out of work; an empty one says that nothing is there
        yet. Raises: as ``run``.
        """
        started_s = time.monotonic()
        self._insist(ledger.release_dead, is_dead)
        self._insist(start_run, self._run)
        with self._stopping_on_signals():
            try:
                self._work(intake)
            finally:
                self._executor.close()
                # Should this fail as well, the next run takes the leases of a dead process.
                with suppress(StoreError):
                    ledger.release(self._database, [*self._waiting, *self._in_hand.values()])
        self._insist(finish_run, self._run.id)
        self._summary.leased_elsewhere = self._insist(ledger.leased_elsewhere, self._owner)
        self._summary.interrupted = self._stop_requests > 0
        self._summary.wall_s = time.monotonic() - started_s
        return self._summary

    def _work(self, intake: Iterator[Chunk]) -> None:
        exhausted = False
        while self._stop_requests < 2:
            self._renew()
            if self._stop_requests:
                self._insist(ledger.release, self._waiting)
                self._waiting.clear()
            elif len(self._waiting) < self._options.workers:
                exhausted = exhausted or self._enter_next(intake)
                self._claim()
            self._dispatch()
            if self._in_hand or self._waiting:  # What waits, waits for workers that load their models.
                self._executor.wait(self._slots, WAKE_S)
                self._hear_slots()
            elif self._stop_requests or not self._rest(exhausted):
                return

    def _rest(self, exhausted: bool) -> bool:
        """Waits a moment where something may come; False where nothing will."""
        if not exhausted and not self._nothing_yet:
            return True
        pause_s = self._insist(ledger.seconds_to_retry) if exhausted else WAKE_S
        if pause_s is None:
            return False
        time.sleep(max(0.05, min(pause_s, WAKE_S)))
        self._hear_slots()
        return True

    def _enter_next(self, intake: Iterator[Chunk]) -> bool:
        chunk = next(intake, None)
        if chunk is None:
            return True
        self._nothing_yet = not chunk
        for file, registered in chunk:
            if registered.duplicate_of:
                self._summary.duplicates += 1
            elif registered.state == ERASED:
                self._summary.erased += 1
            elif registered.state == State.DONE:
                self._summary.done_before += 1
            elif registered.state == State.QUARANTINED:
                self._summary.add_failure(file.name, registered.reason or "", registered.message or "")
            else:
                continue
            self._progress.skipped(file, registered)
        return False

    def _claim(self) -> None:
        wanted = 2 * self._options.workers - len(self._waiting)
        self._waiting.extend(self._insist(ledger.claim, self._owner, limit=wanted, ttl_s=LEASE_TTL_S))
        if self._waiting and not self._slots:
            self._last_ready_s = time.monotonic()
        busy = sum(slot.recording is not None for slot in self._slots)
        while len(self._slots) < min(self._options.workers, busy + len(self._waiting)):
            self._slots.append(self._executor.open_slot())

    def _dispatch(self) -> None:
        for slot in self._slots:
            if is_idle(slot) and self._waiting:
                lease = self._waiting.popleft()
                self._in_hand[lease.recording.id] = lease
                slot.give(lease.recording, within_s=self._options.decode_limit_s)
        if any(slot.started for slot in self._slots):
            self._last_ready_s = time.monotonic()
        elif self._slots and time.monotonic() - self._last_ready_s > self._options.start_limit_s:
            raise AsrError(
                f"no worker was ready within {self._options.start_limit_s:.0f} s: is there room for one, and can its "
                "machine load the models?"
            )

    def _hear_slots(self) -> None:
        for slot in self._slots:
            recording = slot.recording
            report = slot.report()
            if report is not None:
                self._hear(slot, recording, report)
            elif recording is not None and time.monotonic() > slot.deadline_s:
                late_s = self._options.decode_limit_s
                what = f"its worker hung (no result in the time for its length, {late_s:.0f} s and more)"
                self._lost(slot, recording, "timeout", what)

    def _hear(self, slot: Slot, recording: Recording | None, report: Report) -> None:
        if isinstance(report, StartFailed):
            self._start_again(slot, report.message)
        elif isinstance(report, Ready):
            self._failed_starts = 0
            self._name_asr(report)
        elif isinstance(report, Died):
            self._lost(slot, recording, "machine_lost" if report.with_its_node else "crash", f"its {report.what}")
        elif recording is None:
            return
        elif isinstance(report, Decoded):
            slot.deadline_s += self._options.time_limit_per_second * report.duration_s
        elif isinstance(report, Done):
            self._store(self._in_hand.pop(recording.id), report)
            self._replace_if_large(slot, report.memory_mb)
        elif isinstance(report, Failed):
            failure = Failure(report.reason, report.message, permanent=report.permanent)
            self._fail(self._in_hand.pop(recording.id), failure)
            self._replace_if_large(slot, report.memory_mb)

    def _name_asr(self, report: Ready) -> None:
        if self._run.asr_digest is None:
            identity = report.identity
            self._run = replace(self._run, asr_digest=identity.asr_digest)
            self._insist(name_asr, self._run.id, identity.asr_digest, identity.asr_options)

    def _lost(self, slot: Slot, recording: Recording | None, reason: str, what: str) -> None:
        logger.warning("worker lost: %s", what)
        self._progress.worker_lost(what, reason=reason)
        if not slot.started and reason == "crash":
            self._start_again(slot, f"a worker ended while it loaded its models: {what}. Is there enough memory?")
            return
        slot.start()
        if recording is None:
            return
        blamed = reason != "machine_lost"
        times = f"{ledger.MAX_WORKERS_LOST} lost workers" if blamed else f"{ledger.MAX_ATTEMPTS} attempts"
        message = f"{what}; after {times} it is set aside: listen to it, or `earmark retry` it alone"
        self._fail(self._in_hand.pop(recording.id), Failure(reason, message, lost_worker=blamed))

    def _start_again(self, slot: Slot, message: str) -> None:
        """A fresh worker where one could not load; where none ever could, the run cannot go on."""
        self._failed_starts += 1
        if self._run.asr_digest is None or self._failed_starts > MAX_FAILED_STARTS:
            raise AsrError(message)
        logger.warning("worker not started: %s", message)
        slot.start()

    def _replace_if_large(self, slot: Slot, memory_mb: float) -> None:
        limit_mb = self._options.worker_memory_mb
        if limit_mb is not None and memory_mb > limit_mb:
            what = f"worker held {memory_mb:.0f} MB after a call, over worker_memory_mb = {limit_mb:.0f}"
            logger.warning("worker replaced: %s", what)
            slot.start()
            self._progress.worker_lost(what, reason="memory")

    def _store(self, lease: Lease, report: Done) -> None:
        call = report.call
        if not self._insist(save_call, lease, call, self._run):
            logger.warning(
                "result not stored, another run has taken the lease", extra={"recording_id": lease.recording.id}
            )
            return
        hit = {result.rule_id for result in call.findings.results if result.outcome == Outcome.HIT}
        hits = len(hit & self._active_rules)
        self._summary.processed += 1
        self._summary.audio_s += call.audio.duration_s
        self._summary.flagged += hits > 0
        self._summary.roles_unknown += not call.transcript.has_role((Role.AGENT, Role.CUSTOMER))
        self._progress.processed(lease.recording, call, hits=hits, took_s=report.took_s)

    def _fail(self, lease: Lease, failure: Failure) -> None:
        # A decoder's error may name the file by a caller's number.
        failure = replace(failure, message=masked_line(failure.message))
        pause_s = 0.0 if failure.lost_worker else self._options.retry_pause_s * PAUSE_GROWTH ** (lease.attempt - 1)
        state = self._insist(ledger.fail, lease, failure, run_id=self._run.id, pause_s=pause_s)
        if state is None:
            return
        final = state == State.QUARANTINED
        if final:
            self._summary.add_failure(lease.recording.name, failure.reason, failure.message)
        self._progress.failed(lease.recording, failure.message, reason=failure.reason, final=final)

    def _insist(
        self, operation: Callable[Concatenate[Database, Given], Result], *given: Given.args, **named: Given.kwargs
    ) -> Result:
        """The result of an operation of the store, waited for while the database is away."""
        done = partial(operation, self._database, *given, **named)
        return insist(done, patience_s=self._options.store_patience_s)

    def _renew(self) -> None:
        if time.monotonic() - self._renewed_s > LEASE_TTL_S / 3:
            self._insist(ledger.renew, self._owner, ttl_s=LEASE_TTL_S)
            self._renewed_s = time.monotonic()

    @contextmanager
    def _stopping_on_signals(self) -> Iterator[None]:
        """The first Ctrl-C or SIGTERM finishes what is in hand, the second stops at once."""

        def request(_number: int, _frame: FrameType | None) -> None:
            self._stop_requests += 1

        before = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

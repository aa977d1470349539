"""The local executor: takes recordings from the ledger, hands them to worker processes, stores what comes back.

Only the runner writes to the database. Whatever happens to a worker, its recording is either stored whole and done,
or back in the ledger with what went wrong.
"""

import logging
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from types import FrameType
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from pipeline.batch.discovery import DescribedFile
from pipeline.batch.intake import take_in
from pipeline.batch.owner import is_dead, this_process
from pipeline.batch.slots import Decoded, Died, Done, Failed, Load, Ready, Report, Slot, StartFailed, wait_for_reports
from pipeline.domain.calls import Recording, Role
from pipeline.domain.errors import AsrError, StoreError
from pipeline.domain.results import Outcome, ProcessedCall, RuleStatus
from pipeline.store import ledger
from pipeline.store.database import Database, insist
from pipeline.store.ledger import Lease
from pipeline.store.recordings import Registered, State
from pipeline.store.results import Run, finish_run, name_asr, save_call, start_run

Given = ParamSpec("Given")
Result = TypeVar("Result")
logger = logging.getLogger(__name__)

LEASE_TTL_S = 90.0
WAKE_S = 1.0
"""How often the runner looks at leases and deadlines when nothing else happens."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How the local executor works."""

    workers: int
    """Worker processes; each loads the models once."""
    decode_limit_s: float = 300.0
    """How long decoding one recording may take before its worker is taken for hung."""
    time_limit_per_second: float = 10.0
    """How long a decoded recording may take, for each second of it, on top of ``decode_limit_s``."""
    store_patience_s: float = 600.0
    """How long to wait for a database that is away before the run gives up."""


class Progress(Protocol):
    """Hears what happens during a run."""

    def found(self, total: int) -> None:
        """So many recordings are to be looked at."""

    def skipped(self, file: DescribedFile, registered: Registered) -> None:
        """The file needs no work: done before, in quarantine, or the bytes of another file."""

    def processed(self, recording: Recording, call: ProcessedCall, *, hits: int) -> None:
        """A recording is transcribed, checked and stored; so many active rules hit."""

    def failed(self, recording: Recording, message: str, *, final: bool) -> None:
        """A recording could not be processed; unless final it will be tried again."""


@dataclass(slots=True)
class RunSummary:
    """What a run did; counts are recordings."""

    found: int = 0
    processed: int = 0
    done_before: int = 0
    duplicates: int = 0
    leased_elsewhere: int = 0
    flagged: int = 0
    """Of those processed, how many have a hit of an active rule."""
    roles_unknown: int = 0
    """Of those processed, how many do not tell who is the agent."""
    audio_s: float = 0.0
    """Length of the recordings processed."""
    wall_s: float = 0.0
    failures: list[tuple[str, str, str]] = field(default_factory=list)
    """File name, reason and message of each recording that is not done."""
    interrupted: bool = False

    @property
    def complete(self) -> bool:
        """Whether every recording found is done."""
        return not (self.failures or self.leased_elsewhere or self.interrupted)


class Runner:
    """One run over the ledger with a fixed number of worker processes."""

    def __init__(self, database: Database, run: Run, load: Load, *, options: RunOptions, progress: Progress) -> None:
        self._database = database
        self._run = run
        self._active_rules = frozenset(rule.id for rule in run.headings if rule.status == RuleStatus.ACTIVE)
        self._load = load
        self._options = options
        self._progress = progress
        self._owner = this_process()
        self._slots: list[Slot] = []
        self._waiting: deque[Lease] = deque()
        self._in_hand: dict[str, Lease] = {}
        self._renewed_s = 0.0
        self._stop_requests = 0
        self._summary = RunSummary()

    def run(self, files: Sequence[DescribedFile], *, redo: bool = False) -> RunSummary:
        """Enters ``files`` into the ledger and works until nothing there is left to do.

        What an earlier run that was cut off left pending is done as well.

        Raises:
            AsrError: the models cannot be loaded.
            StoreError: the database cannot be written; what was stored stays.
        """
        started_s = time.monotonic()
        self._summary.found = len(files)
        self._progress.found(len(files))
        self._insist(ledger.release_dead, is_dead)
        self._insist(start_run, self._run)
        with self._stopping_on_signals():
            try:
                self._work(take_in(self._database, files, redo=redo, patience_s=self._options.store_patience_s))
            finally:
                for slot in self._slots:
                    slot.stop()
                # Should this fail as well, the next run takes the leases of a dead process.
                with suppress(StoreError):
                    ledger.release(self._database, [*self._waiting, *self._in_hand.values()])
        self._insist(finish_run, self._run.id)
        self._summary.leased_elsewhere = self._insist(ledger.leased_elsewhere, self._owner)
        self._summary.interrupted = self._stop_requests > 0
        self._summary.wall_s = time.monotonic() - started_s
        return self._summary

    def _work(self, intake: Iterator[list[tuple[DescribedFile, Registered]]]) -> None:
        exhausted = False
        while self._stop_requests < 2:
            self._renew()
            if not self._stop_requests and len(self._waiting) < self._options.workers:
                if not exhausted:
                    exhausted = self._enter_next(intake)
                self._claim()
            elif self._stop_requests:
                self._insist(ledger.release, self._waiting)
                self._waiting.clear()
            self._dispatch()
            if self._in_hand:
                wait_for_reports(self._slots, WAKE_S)
                self._hear_slots()
            elif self._waiting:
                wait_for_reports(self._slots, WAKE_S)  # Workers are still loading their models.
                self._hear_slots()
            elif exhausted or self._stop_requests:
                return

    def _enter_next(self, intake: Iterator[list[tuple[DescribedFile, Registered]]]) -> bool:
        chunk = next(intake, None)
        if chunk is None:
            return True
        for file, registered in chunk:
            if registered.duplicate_of:
                self._summary.duplicates += 1
            elif registered.state == State.DONE:
                self._summary.done_before += 1
            elif registered.state == State.QUARANTINED:
                failure = (file.path.name, registered.reason or "", registered.message or "")
                self._summary.failures.append(failure)
            else:
                continue
            self._progress.skipped(file, registered)
        return False

    def _claim(self) -> None:
        wanted = 2 * self._options.workers - len(self._waiting)
        leases = self._insist(ledger.claim, self._owner, limit=wanted, ttl_s=LEASE_TTL_S, now_s=time.time())
        self._waiting.extend(leases)
        while self._waiting and len(self._slots) < min(self._options.workers, len(self._waiting)):
            self._slots.append(Slot(self._load))

    def _dispatch(self) -> None:
        for slot in self._slots:
            if slot.idle and self._waiting:
                lease = self._waiting.popleft()
                self._in_hand[lease.recording.id] = lease
                slot.give(lease.recording, within_s=self._options.decode_limit_s)

    def _hear_slots(self) -> None:
        for slot in self._slots:
            recording = slot.recording
            report = slot.report()
            if report is not None:
                self._hear(slot, recording, report)
            elif recording is not None and time.monotonic() > slot.deadline_s:
                slot.stop()
                limit_s = self._options.decode_limit_s
                self._lost(slot, recording, "timeout", f"its worker hung (no result in time, over {limit_s:.0f} s)")

    def _hear(self, slot: Slot, recording: Recording | None, report: Report) -> None:
        if isinstance(report, StartFailed):
            raise AsrError(report.message)
        if isinstance(report, Ready) and self._run.asr_digest is None:
            identity = report.identity
            self._run = replace(self._run, asr_digest=identity.asr_digest)
            self._insist(name_asr, self._run.id, identity.asr_digest, identity.asr_options)
        elif isinstance(report, Died):
            self._lost(slot, recording, "crash", f"its worker died ({_exit_text(report.exit_code)})")
        elif recording is None:
            return
        elif isinstance(report, Decoded):
            slot.deadline_s += self._options.time_limit_per_second * report.duration_s
        elif isinstance(report, Done):
            self._store(self._in_hand.pop(recording.id), report.call)
        elif isinstance(report, Failed):
            self._fail(self._in_hand.pop(recording.id), report.reason, report.message, permanent=report.permanent)

    def _lost(self, slot: Slot, recording: Recording | None, reason: str, what: str) -> None:
        logger.warning("worker lost: %s", what)
        if recording is None and not slot.started:
            raise AsrError(f"a worker ended while it loaded its models: {what}. Is there enough memory?")
        slot.start()
        if recording is not None:
            message = (
                f"{what}; after {ledger.MAX_ATTEMPTS} attempts it is set aside: listen to it, or `--redo` it alone"
            )
            self._fail(self._in_hand.pop(recording.id), reason, message, permanent=False)

    def _store(self, lease: Lease, call: ProcessedCall) -> None:
        if not self._insist(save_call, lease, call, self._run):
            return
        hit = {result.rule_id for result in call.findings.results if result.outcome == Outcome.HIT}
        hits = len(hit & self._active_rules)
        self._summary.processed += 1
        self._summary.audio_s += call.audio.duration_s
        self._summary.flagged += hits > 0
        self._summary.roles_unknown += not call.transcript.has_role((Role.AGENT, Role.CUSTOMER))
        self._progress.processed(lease.recording, call, hits=hits)

    def _fail(self, lease: Lease, reason: str, message: str, *, permanent: bool) -> None:
        state = self._insist(
            ledger.fail, lease, reason=reason, message=message, permanent=permanent, run_id=self._run.id
        )
        if state is None:
            return
        final = state == State.QUARANTINED
        if final:
            self._summary.failures.append((lease.recording.name, reason, message))
        self._progress.failed(lease.recording, message, final=final)

    def _insist(
        self, operation: Callable[Concatenate[Database, Given], Result], *given: Given.args, **named: Given.kwargs
    ) -> Result:
        """The result of an operation of the store, waited for while the database is away."""
        done = partial(operation, self._database, *given, **named)
        return insist(done, patience_s=self._options.store_patience_s)

    def _renew(self) -> None:
        if time.monotonic() - self._renewed_s > LEASE_TTL_S / 3:
            self._insist(ledger.renew, self._owner, ttl_s=LEASE_TTL_S, now_s=time.time())
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


def _exit_text(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        try:
            return f"signal {signal.Signals(-exit_code).name}"
        except ValueError:
            return f"signal {-exit_code}"
    return f"exit code {exit_code}"

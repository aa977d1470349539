"""One worker process to a slot, one pipe to a process: a process that dies takes nothing with it but its recording.

A slot starts a fresh process for each loss. The worker watches its parent and ends when the parent does, so that
nothing of a killed run goes on.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Protocol

from pipeline.domain.calls import Recording
from pipeline.domain.errors import AudioError, EarmarkError
from pipeline.domain.results import ProcessedCall


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes a worker's transcripts."""

    asr_digest: str
    """64 hex digits: model weights and every option that changes the text."""
    asr_options: Mapping[str, str]


class Worker(Protocol):
    """Processes recordings in a worker process, with its models loaded."""

    identity: Identity

    def process(self, recording: Recording, decoded: Callable[[float], None], /) -> ProcessedCall:
        """Processes one recording; calls ``decoded`` with its length in seconds once that is known."""


Load = Callable[[], Worker]
"""Loads the models, once a worker process; must be picklable."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker has loaded its models."""

    identity: Identity


@dataclass(frozen=True, slots=True)
class StartFailed:
    """The worker cannot work at all; nor would another."""

    message: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """The recording in hand turned out to be this long."""

    duration_s: float


@dataclass(frozen=True, slots=True)
class Done:
    """The recording in hand is processed."""

    call: ProcessedCall


@dataclass(frozen=True, slots=True)
class Failed:
    """The recording in hand could not be processed; the worker lives on."""

    reason: str
    message: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Died:
    """The worker process has ended by itself."""

    exit_code: int | None


Report = Ready | StartFailed | Decoded | Done | Failed | Died


class Slot:
    """A place for one worker process."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self.started = False
        self.recording: Recording | None = None
        """The recording in hand."""
        self.deadline_s = float("inf")
        """When, on the monotonic clock, the recording in hand has taken too long."""
        self.start()

    def start(self) -> None:
        """Starts a fresh process, which reports `Ready` when it has loaded its models."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_work, args=(theirs, self._load), daemon=True)
        self.process.start()
        theirs.close()
        self.started = False
        self.recording = None

    @property
    def idle(self) -> bool:
        """Whether it waits for a recording."""
        return self.started and self.recording is None

    @property
    def waitables(self) -> tuple[Connection, int]:
        """What becomes ready when `report` has something to say."""
        return self._pipe, self.process.sentinel

    def give(self, recording: Recording, *, within_s: float) -> None:
        """Hands a recording to the idle worker, to be decoded within that time."""
        self.recording = recording
        self.deadline_s = time.monotonic() + within_s
        with suppress(BrokenPipeError, ConnectionResetError):  # It has just died: `report` will say so.
            self._pipe.send(recording)

    def report(self) -> Report | None:
        """What the worker has to say; ``None`` if nothing yet."""
        with suppress(EOFError, ConnectionResetError):
            if self._pipe.poll():
                report: Report = self._pipe.recv()
                self.started = self.started or isinstance(report, Ready)
                if isinstance(report, Done | Failed):
                    self.recording = None
                return report
        if self.process.is_alive():
            return None
        self.process.join()
        return Died(self.process.exitcode)

    def stop(self) -> None:
        """Ends the process at once."""
        self.process.kill()
        self.process.join()
        self._pipe.close()


def wait_for_reports(slots: list[Slot], timeout_s: float) -> None:
    """Returns when a slot has something to report, or after the timeout."""
    wait([waitable for slot in slots for waitable in slot.waitables], timeout=timeout_s)


def _work(pipe: Connection, load: Load) -> None:
    # A terminal's Ctrl-C goes to the whole group; the runner decides what happens to the work in hand.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        worker = load()
    except EarmarkError as error:
        pipe.send(StartFailed(str(error)))
        return
    pipe.send(Ready(worker.identity))
    while True:
        try:
            recording = pipe.recv()
        except EOFError:
            return
        pipe.send(_attempt(worker, recording, pipe))


def _attempt(worker: Worker, recording: Recording, pipe: Connection) -> Report:
    try:
        return Done(worker.process(recording, lambda duration_s: pipe.send(Decoded(duration_s))))
    except AudioError as error:
        return Failed(error.fault.value if error.fault else "audio", str(error), permanent=True)
    except EarmarkError as error:
        return Failed(type(error).__name__, str(error), permanent=False)
    except MemoryError:
        return Failed("memory", "the machine ran out of memory: use fewer --workers", permanent=False)
    except Exception as error:  # noqa: BLE001 - whatever a recording does to the code, the night goes on
        kind = type(error).__name__
        return Failed("internal", f"{kind}: {error}. This is a fault of earmark: please report it", permanent=False)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)

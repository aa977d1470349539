"""Workers on this machine: one process to a slot, one pipe to a process.

A process that dies takes nothing with it but its recording, and the slot starts a fresh one. The worker watches its
parent and ends when the parent does, so that nothing of a killed run goes on.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pickle import UnpicklingError

from pipeline.batch.executors.base import Died, Done, Executor, Failed, Load, Ready, Report, Slot, StartFailed, attempt
from pipeline.domain.calls import Recording
from pipeline.domain.errors import EarmarkError


class LocalExecutor(Executor):
    """Worker processes of this machine."""

    def __init__(self, load: Load, *, cores: int) -> None:
        self._load = load
        self._cores = cores
        self._slots: list[ProcessSlot] = []

    def room(self) -> int:
        """One worker a core."""
        return self._cores

    def open_slot(self) -> "ProcessSlot":
        """A new process."""
        slot = ProcessSlot(self._load)
        self._slots.append(slot)
        return slot

    def wait(self, slots: Sequence[Slot], timeout_s: float) -> None:
        """Waits for the pipe or the end of any process."""
        wait([waitable for slot in self._slots if slot in slots for waitable in slot.waitables], timeout=timeout_s)

    def close(self) -> None:
        """Ends all processes."""
        for slot in self._slots:
            slot.stop()
        self._slots.clear()


class ProcessSlot(Slot):
    """A place for one worker process."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self.started = False
        self.recording: Recording | None = None
        self.deadline_s = float("inf")
        self._begin()

    def start(self) -> None:
        """Ends the process that is there, if it lives, and starts a fresh one."""
        self.stop()
        self._begin()

    def _begin(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_work, args=(theirs, self._load), daemon=True)
        self.process.start()
        theirs.close()
        self.started = False
        self.recording = None

    @property
    def waitables(self) -> tuple[Connection, int]:
        """What becomes ready when `report` has something to say."""
        return self._pipe, self.process.sentinel

    def give(self, recording: Recording, *, within_s: float) -> None:
        """Hands a recording to the idle worker."""
        self.recording = recording
        self.deadline_s = time.monotonic() + within_s
        with suppress(BrokenPipeError, ConnectionResetError):  # It has just died: `report` will say so.
            self._pipe.send(recording)

    def report(self) -> Report | None:
        """What the worker has to say; what it had no time to say to the end was not said."""
        # OSError as well as EOFError: the end may come in the middle of a report.
        with suppress(EOFError, OSError, UnpicklingError):
            if self._pipe.poll():
                report: Report = self._pipe.recv()
                self.started = self.started or isinstance(report, Ready)
                if isinstance(report, Done | Failed):
                    self.recording = None
                return report
        if self.process.is_alive():
            return None
        self.process.join()
        return Died(f"worker died ({_exit_text(self.process.exitcode)})")

    def stop(self) -> None:
        """Ends the process at once."""
        self.process.kill()
        self.process.join()
        self._pipe.close()


def _exit_text(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        try:
            return f"signal {signal.Signals(-exit_code).name}"
        except ValueError:
            return f"signal {-exit_code}"
    return f"exit code {exit_code}"


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
        pipe.send(attempt(worker, recording, pipe.send))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)

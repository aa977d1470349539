"""What an executor is: places for workers, each with its models loaded, each processing one recording at a time.

The runner gives recordings and hears reports; where and how a worker lives is the executor's matter. Nothing of the
ledger is known here: what a lost worker means for its recording is decided by the runner.
"""

import os
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.domain.calls import Recording
from pipeline.domain.errors import AudioError, AudioFault, EarmarkError
from pipeline.domain.results import ProcessedCall


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes a worker's transcripts."""

    asr_digest: str
    """64 hex digits: model weights and every option that changes the text."""
    asr_options: Mapping[str, str]


class Worker(Protocol):
    """Processes recordings, with its models loaded."""

    identity: Identity

    def process(self, recording: Recording, decoded: Callable[[float], None], /) -> ProcessedCall:
        """Processes one recording; calls ``decoded`` with its length in seconds once that is known."""


Load = Callable[[], Worker]
"""Loads the models, once a worker; must be picklable."""


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
    took_s: float
    """Wall time in the worker."""
    memory_mb: float
    """What the worker holds afterwards (resident, 10^6 bytes)."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The recording in hand could not be processed; the worker lives on."""

    reason: str
    message: str
    permanent: bool
    memory_mb: float
    """As in `Done`."""


@dataclass(frozen=True, slots=True)
class Died:
    """The worker has ended by itself."""

    what: str
    """What is known, to be read after "its": ``worker died (signal SIGKILL)``."""
    with_its_node: bool = False
    """Whether the whole machine was lost: then the recording is hardly to blame."""


Report = Ready | StartFailed | Decoded | Done | Failed | Died


class Slot(Protocol):
    """A place for one worker."""

    started: bool
    """Whether the worker that is there has loaded its models."""
    recording: Recording | None
    """The recording in hand."""
    deadline_s: float
    """When, on the monotonic clock, the recording in hand has taken too long."""

    def start(self) -> None:
        """Puts a fresh worker there, which reports `Ready` when it has loaded its models."""

    def give(self, recording: Recording, *, within_s: float) -> None:
        """Hands a recording to the idle worker, to be decoded within that time."""

    def report(self) -> Report | None:
        """What the worker has to say; ``None`` if nothing yet. After `Died` it says nothing until `start`."""

    def stop(self) -> None:
        """Ends the worker at once; harmless where there is none."""


class Executor(Protocol):
    """Where workers live."""

    def room(self) -> int:
        """How many workers there is room for, where the operator names no number.

        Raises:
            ConfigError: what the executor works with cannot be reached.
        """

    def open_slot(self) -> Slot:
        """A new slot whose worker is loading its models. Raises: ConfigError, as ``room``."""

    def wait(self, slots: Sequence[Slot], timeout_s: float) -> None:
        """Returns when one of its slots has something to report, or after the timeout."""

    def close(self) -> None:
        """Gives back what the executor holds, slots included; harmless where nothing was opened."""


def is_idle(slot: Slot) -> bool:
    """Whether its worker waits for a recording."""
    return slot.started and slot.recording is None


def attempt(worker: Worker, recording: Recording, tell: Callable[[Report], None]) -> Report:
    """What becomes of one recording in a worker: this is the same wherever the worker lives.

    Args:
        worker: with its models loaded.
        recording: what to process.
        tell: hears `Decoded` on the way.
    """
    started_s = time.monotonic()
    try:
        call = worker.process(recording, lambda duration_s: tell(Decoded(duration_s)))
        return Done(call, time.monotonic() - started_s, memory_mb())
    except AudioError as error:
        # A file that cannot be read just now (locked, its share away) may be read later; bytes do not get better.
        passing = error.fault == AudioFault.UNREADABLE
        return _failed(error.fault.value if error.fault else "audio", str(error), permanent=not passing)
    except EarmarkError as error:
        return _failed(type(error).__name__, str(error))
    except MemoryError:
        return _failed("memory", "the machine ran out of memory: use fewer --workers")
    except Exception as error:  # noqa: BLE001 - whatever a recording does to the code, the night goes on
        return _failed("internal", f"{type(error).__name__}: {error}. This is a fault of earmark: please report it")


def _failed(reason: str, message: str, *, permanent: bool = False) -> Failed:
    return Failed(reason, message, permanent, memory_mb())


def memory_mb() -> float:
    """What this process holds in memory now, in 10^6 bytes; at its peak where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except FileNotFoundError:
        # Source: getrusage(2): kilobytes, but bytes on macOS.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

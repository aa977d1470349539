"""Workers on many machines: one Ray actor to a slot, each with its models loaded.

Ray only finds room and carries messages. It restarts and retries nothing: after a loss the runner asks for a fresh
actor, and the ledger alone decides what becomes of the recording. Every machine needs the same earmark, and sees the
recordings under the same paths or URLs.

An actor is asked for one report after the other. It answers each question when it has something to say, so that the
length of a recording is known, and its deadline set, while the recording is still being processed.
"""

import os
import queue
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from pipeline.batch.executors.base import Died, Done, Executor, Failed, Load, Ready, Report, Slot, StartFailed, attempt
from pipeline.batch.version import code_version
from pipeline.domain.calls import Recording
from pipeline.domain.errors import ConfigError, EarmarkError

if TYPE_CHECKING:
    from types import ModuleType

    from pipeline.batch.executors.base import Worker

ENVIRONMENT = {
    # Nothing about this site is sent anywhere.
    "RAY_USAGE_STATS_ENABLED": "0",
    # Only who has the cluster's token may run code on it. `RAY_AUTH_MODE=disabled` for a cluster without.
    "RAY_AUTH_MODE": "token",
    # Else Ray deals with GPUs of actors that ask for none by a rule that is about to change, and warns each time.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""What is set where the operator has not."""
CONNECT_S = 10.0
LOST_NODE = re.compile(r"\bnode (has )?(died|was terminated)|node died|owner.*has exited", re.IGNORECASE)
EXIT_DETAIL = re.compile(r"Worker exit type: \w+ Worker exit detail: ([^.]+(?:\. End of file)?)")
"""What Ray writes of the end of a worker or its machine."""


class RayExecutor(Executor):
    """Actors in a Ray cluster."""

    def __init__(self, load: Load, *, address: str, cpus: float, gpus: float) -> None:
        """An executor that connects when the first slot is opened.

        Args:
            load: makes the worker on its machine.
            address: ``local``, or ``HOST:PORT`` of a running cluster.
            cpus: cores that each actor takes.
            gpus: GPUs, or the part of one, that each actor takes.

        Raises:
            ConfigError: Ray is not installed.
        """
        for name, value in ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        try:
            import ray
        except ImportError as error:
            raise ConfigError("--executor ray needs `pip install 'earmark[ray]'`, on every machine") from error
        self._ray: ModuleType = ray
        self._load = load
        self._address = address
        self._cpus = cpus
        self._gpus = gpus
        self._slots: list[ActorSlot] = []
        self._connected_here = False

    def room(self) -> int:
        """As many as the cluster's cores and GPUs allow now."""
        self._connect()
        there = self._ray.cluster_resources()
        room = there.get("CPU", 0.0) // self._cpus
        if self._gpus:
            room = min(room, there.get("GPU", 0.0) // self._gpus)
        return max(1, int(room))

    def open_slot(self) -> "ActorSlot":
        """A new actor, on whichever machine has room; it waits where none has."""
        self._connect()
        actor = self._ray.remote(_Actor).options(
            num_cpus=self._cpus,
            num_gpus=self._gpus,
            max_restarts=0,
            max_task_retries=0,
            max_concurrency=2,  # One thread works while the other waits for something to report.
        )
        slot = ActorSlot(self._ray, actor, self._load)
        self._slots.append(slot)
        return slot

    def wait(self, slots: Sequence[Slot], timeout_s: float) -> None:
        """Waits for the next report of any actor."""
        asked = [slot.asked for slot in self._slots if slot in slots]
        self._ray.wait(asked, num_returns=1, timeout=timeout_s)

    def close(self) -> None:
        """Ends all actors, and the cluster where it was started for this run."""
        for slot in self._slots:
            slot.stop()
        self._slots.clear()
        if self._connected_here:
            self._ray.shutdown()
            self._connected_here = False

    def _connect(self) -> None:
        if self._ray.is_initialized():
            return
        try:
            _check_reachable(self._address)
            with _handlers_kept():
                self._ray.init(address=self._address, log_to_driver=False, logging_level="ERROR", **self._local())
        except (ConnectionError, ValueError, RuntimeError, OSError, self._ray.exceptions.RayError) as error:
            raise ConfigError(
                f"--ray-address {self._address}: no Ray cluster can be used there ({_first_line(error)}). "
                "Start one with `ray start --head`, see docs/batch.md"
            ) from error
        self._connected_here = True

    def _local(self) -> dict[str, Any]:
        return {"include_dashboard": False} if self._address == "local" else {}


class ActorSlot(Slot):
    """A place for one actor."""

    def __init__(self, ray: "ModuleType", actor: Any, load: Load) -> None:
        self._ray = ray
        self._class = actor
        self._load = load
        self._actor: Any = None
        self._node: str | None = None
        self.asked: Any = None
        """The question that is open: the reference of the actor's next report."""
        self.started = False
        self.recording: Recording | None = None
        self.deadline_s = float("inf")
        self.start()

    def start(self) -> None:
        """Ends the actor that is there and asks the cluster for another."""
        self.stop()
        self._node = None
        self.started = False
        self.recording = None
        self._actor = self._class.remote(self._load, code_version())
        self._ask()

    def give(self, recording: Recording, *, within_s: float) -> None:
        """Sends a recording to the idle actor."""
        self.recording = recording
        self.deadline_s = time.monotonic() + within_s
        self._actor.process.remote(recording)

    def report(self) -> Report | None:
        """What the actor has to say."""
        ready, _ = self._ray.wait([self.asked], timeout=0)
        if not ready:
            return None
        try:
            node, report = self._ray.get(self.asked)
        except self._ray.exceptions.RayError as error:
            return self._death(error)
        self._ask()
        self._node = node
        self.started = self.started or isinstance(report, Ready)
        if isinstance(report, Done | Failed):
            self.recording = None
        known: Report = report
        return known

    def stop(self) -> None:
        """Ends the actor at once, wherever it is."""
        if self._actor is not None:
            with suppress(self._ray.exceptions.RayError):
                self._ray.kill(self._actor, no_restart=True)
            self._actor = None

    def _ask(self) -> None:
        self.asked = self._actor.next_report.remote()

    def _death(self, error: Exception) -> Died:
        # Ray needs some ten seconds to declare a machine dead. An actor that is out of reach is given up at once:
        # should it still live, nothing asks for what it has to say.
        if isinstance(error, self._ray.exceptions.ActorUnavailableError) or LOST_NODE.search(str(error)):
            return Died(f"machine was lost, or the way to it (Ray node {(self._node or 'unknown')[:12]})", True)
        found = EXIT_DETAIL.search(str(error))
        return Died(f"worker died ({found[1] if found else _first_line(error)})")


class _Actor:
    """Lives in a process of its own on some machine."""

    def __init__(self, load: Load, expected_version: str) -> None:
        self._reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
        self._worker: Worker | None = None
        if code_version() != expected_version:
            message = f"a machine of the cluster has another earmark ({code_version()}, here {expected_version})"
            self._reports.put(StartFailed(f"{message}: install the same on every machine"))
            return
        try:
            self._worker = load()
        except EarmarkError as error:
            self._reports.put(StartFailed(str(error)))
            return
        self._reports.put(Ready(self._worker.identity))

    def process(self, recording: Recording) -> None:
        """Processes one recording; what becomes of it is reported."""
        assert self._worker is not None
        self._reports.put(attempt(self._worker, recording, self._reports.put))

    def next_report(self) -> tuple[str, Report]:
        """The node, and what there is to say, once there is."""
        import ray

        return ray.get_runtime_context().get_node_id(), self._reports.get()


def _check_reachable(address: str) -> None:
    """Raises: OSError, nothing listens at ``HOST:PORT``. Ray itself would try for many minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdigit() and "/" not in host:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_S).close()


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Ray's own handling of SIGTERM would end the run without finishing what is in hand."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)

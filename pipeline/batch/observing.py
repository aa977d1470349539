"""What stands around a run: lines in the log, metrics, alerts. The work itself knows of none of them."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from pipeline.batch.alerts import AlertSender
from pipeline.batch.executors.base import Load, Worker
from pipeline.batch.inventory import DescribedFile
from pipeline.batch.metrics import LedgerCollector, MetricsServer, RunMetrics
from pipeline.batch.runner import Progress
from pipeline.batch.webhook import Webhook
from pipeline.domain.calls import Recording
from pipeline.domain.results import ProcessedCall
from pipeline.logs import LogOptions, bind, bound, set_up_logs
from pipeline.store.database import Database
from pipeline.store.recordings import Registered
from pipeline.store.results import Run

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ObservingOptions:
    """What an operator wants to hear of a run besides its progress."""

    logs: LogOptions
    metrics: tuple[str, int] | None = None
    """Host and port to serve metrics on."""
    webhook: Webhook | None = None
    """Where alerts are posted."""


class Observed(Progress):
    """Passes on what happens, and logs and counts it."""

    def __init__(self, inner: Progress, metrics: RunMetrics, *, stored: Callable[[], None]) -> None:
        self._inner = inner
        self._metrics = metrics
        self._stored = stored

    def found(self, total: int) -> None:
        """So many recordings are to be looked at."""
        logger.info("recordings found", extra={"count": total})
        self._inner.found(total)

    def skipped(self, file: DescribedFile, registered: Registered) -> None:
        """Nothing to do for this one."""
        noted = {"recording_id": registered.recording_id, "state": registered.state}
        if registered.reason is not None:
            logger.info("passed over", extra={**noted, "reason": registered.reason})
        else:
            logger.debug("passed over", extra=noted)
        self._inner.skipped(file, registered)

    def processed(self, recording: Recording, call: ProcessedCall, *, hits: int, took_s: float) -> None:
        """A call is stored."""
        noted = {"audio_s": round(call.audio.duration_s, 1), "took_s": round(took_s, 2), "hits": hits}
        logger.info("processed", extra={"recording_id": recording.id, **noted})
        self._metrics.processed(call, took_s)
        self._stored()
        self._inner.processed(recording, call, hits=hits, took_s=took_s)

    def failed(self, recording: Recording, message: str, *, reason: str, final: bool) -> None:
        """An attempt failed. What is told to people may name them: the log has the reason alone."""
        logger.warning(
            "set aside" if final else "will be tried again", extra={"recording_id": recording.id, "reason": reason}
        )
        self._metrics.failed(reason, final=final)
        self._inner.failed(recording, message, reason=reason, final=final)

    def worker_lost(self, what: str, *, reason: str) -> None:
        """A worker is replaced; the runner has logged what happened."""
        self._metrics.worker_lost(reason)
        self._inner.worker_lost(what, reason=reason)


@contextmanager
def observed(run: Run, database: Database, progress: Progress, options: ObservingOptions) -> Iterator[Progress]:
    """Logs, counts and tells what happens, for as long as it is entered.

    Raises:
        ConfigError: the port for metrics is taken.
    """
    with ExitStack() as stack:
        stack.enter_context(bound(run_id=run.id))
        metrics = RunMetrics(run.id, run.code_version, run.headings)
        metrics.registry.register(LedgerCollector(database))
        if options.metrics is not None:
            host, port = options.metrics
            server = MetricsServer(metrics.registry, host=host, port=port)
            stack.callback(server.close)
            logger.info("metrics served", extra={"host": host, "port": server.port})
        stored: Callable[[], None] = lambda: None  # noqa: E731
        if options.webhook is not None:
            sender = AlertSender(database, options.webhook, heard=metrics.alert)
            sender.start()
            stack.callback(sender.close)
            stored = sender.wake
        logger.info("run begins", extra={"command": run.command, "version": run.code_version})
        started_s = time.monotonic()
        yield Observed(progress, metrics, stored=stored)
        logger.info("run ends", extra={"wall_s": round(time.monotonic() - started_s, 1)})


@dataclass(frozen=True, slots=True)
class LoggedLoad:
    """Loads a worker whose lines name the run and the recording in hand; picklable if ``load`` is."""

    load: Load
    logs: LogOptions
    run_id: str

    def __call__(self) -> Worker:
        """The worker. Raises: as ``load``."""
        set_up_logs(self.logs)
        bind(run_id=self.run_id)
        started_s = time.monotonic()
        worker = self.load()
        logger.info("worker ready", extra={"took_s": round(time.monotonic() - started_s, 1)})
        return _LoggedWorker(worker)


class _LoggedWorker(Worker):
    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.identity = worker.identity

    def process(self, recording: Recording, decoded: Callable[[float], None]) -> ProcessedCall:
        with bound(recording_id=recording.id):
            logger.debug("begins")
            return self._worker.process(recording, decoded)

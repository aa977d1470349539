"""Metrics for Prometheus: what the ledger holds, and what this process has done."""

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextvars import copy_context
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Info, disable_created_metrics, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pipeline.domain.errors import ConfigError, StoreError
from pipeline.domain.results import Outcome, ProcessedCall, RuleHeading, RuleStatus
from pipeline.store.alerts import count_alerts
from pipeline.store.database import Database
from pipeline.store.status import read_status

logger = logging.getLogger(__name__)

FRESH_S = 10.0
"""How long what was read from the ledger is served again: scrapes must not load the database."""
WINDOW_S = 600.0
"""Stretch over which the real-time factor is measured."""


class RunMetrics:
    """What one run has done, counted as it happens. Safe to be used from several threads."""

    def __init__(self, run_id: str, version: str, headings: Iterable[RuleHeading]) -> None:
        # When each counter began is said by the run's own metrics; a series more for each is noise.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._severities = {one.id: one.severity.value for one in headings if one.status == RuleStatus.ACTIVE}
        known = self.registry
        Info("earmark_run", "The run and the code that does it.", registry=known).info(
            {"run_id": run_id, "version": version}
        )
        self._processed = Counter("earmark_processed", "Recordings transcribed, checked and stored.", registry=known)
        self._failed = Counter(
            "earmark_failed",
            "Attempts that failed; final ones set the recording aside.",
            ["reason", "final"],
            registry=known,
        )
        self._audio = Counter("earmark_audio_seconds", "Length of the recordings processed.", registry=known)
        self._processing = Counter("earmark_processing_seconds", "Time that workers spent on them.", registry=known)
        self._hits = Counter("earmark_hits", "Calls that an active rule hit.", ["rule", "severity"], registry=known)
        self._losses = Counter(
            "earmark_worker_restarts", "Workers that died or hung and were replaced.", ["reason"], registry=known
        )
        self._alerts = Counter("earmark_alerts", "Attempts to post an alert.", ["outcome"], registry=known)
        self._last = Gauge(
            "earmark_last_processed_timestamp_seconds",
            "When a recording was last stored, or the run began.",
            registry=known,
        )
        self._last.set_to_current_time()
        speed = Gauge(
            "earmark_realtime_factor", "Seconds of sound processed in a second, over ten minutes.", registry=known
        )
        self._window = _Window()
        speed.set_function(self._window.factor)

    def processed(self, call: ProcessedCall, took_s: float | None) -> None:
        """A call is stored; ``took_s`` is the time of its worker, ``None`` where it is not known."""
        self._processed.inc()
        self._audio.inc(call.audio.duration_s)
        self._processing.inc(took_s or 0.0)
        self._last.set_to_current_time()
        self._window.add(call.audio.duration_s)
        for result in call.findings.results:
            if result.outcome == Outcome.HIT and result.rule_id in self._severities:
                self._hits.labels(result.rule_id, self._severities[result.rule_id]).inc()

    def failed(self, reason: str, *, final: bool) -> None:
        """An attempt failed."""
        self._failed.labels(reason, str(final).lower()).inc()

    def worker_lost(self, reason: str) -> None:
        """A worker was replaced."""
        self._losses.labels(reason).inc()

    def alert(self, outcome: str) -> None:
        """An alert was posted, or not."""
        self._alerts.labels(outcome).inc()


class _Window:
    """Seconds of sound processed of late."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began_s = time.monotonic()
        self._done: deque[tuple[float, float]] = deque()

    def add(self, audio_s: float) -> None:
        with self._lock:
            self._done.append((time.monotonic(), audio_s))
            self._forget()

    def factor(self) -> float:
        with self._lock:
            self._forget()
            over_s = max(1.0, min(WINDOW_S, time.monotonic() - self._began_s))
            return sum(audio_s for _, audio_s in self._done) / over_s

    def _forget(self) -> None:
        while self._done and self._done[0][0] < time.monotonic() - WINDOW_S:
            self._done.popleft()


@dataclass(frozen=True, slots=True)
class _Ledger:
    states: Mapping[str, int]
    reasons: Mapping[str, int]
    alerts: Mapping[str, int]


class LedgerCollector(Collector):
    """What the database holds, for all runs that share it; read when it is asked for, at most every ten seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        # It is asked in threads of the server; what it logs names the run all the same.
        self._context = copy_context()
        self._read_s = float("-inf")
        self._read: _Ledger | None = None

    def collect(self) -> Iterator[Metric]:
        """Gauges; only ``earmark_database_up`` where the database is away."""
        with self._lock:
            if time.monotonic() - self._read_s > FRESH_S:
                self._read, self._read_s = self._context.run(self._look), time.monotonic()
            now = self._read
        yield GaugeMetricFamily("earmark_database_up", "Whether the database could be read.", float(now is not None))
        if now is None:
            return
        waiting = sum(now.states.get(state, 0) for state in ("pending", "failed"))
        yield GaugeMetricFamily("earmark_queue_depth", "Recordings that wait for a worker.", waiting)
        yield _by("earmark_recordings", "Recordings in the ledger.", "state", now.states)
        yield _by("earmark_set_aside", "Recordings that failed or were set aside.", "reason", now.reasons)
        yield _by("earmark_alerts_queued", "Alerts in the database.", "state", now.alerts)

    def _look(self) -> _Ledger | None:
        try:
            status = read_status(self._database)
            alerts = count_alerts(self._database)
        except StoreError as error:
            logger.warning("metrics without the ledger: %s", error)
            return None
        states = {name: getattr(status, name) for name in ("pending", "leased", "done", "failed", "quarantined")}
        return _Ledger(states, status.reasons, {"pending": 0, **alerts})


def _by(name: str, meaning: str, label: str, counts: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


class MetricsServer:
    """Serves a registry over HTTP until it is closed."""

    def __init__(self, registry: CollectorRegistry, *, host: str, port: int) -> None:
        """Begins to serve.

        Raises:
            ConfigError: the port cannot be listened on.
        """
        try:
            self._server, self._thread = start_http_server(port, addr=host, registry=registry)
        except (OSError, OverflowError) as error:
            raise ConfigError(
                f"metrics cannot be served on {host}:{port} ({error}): choose another --metrics-port, one for each run "
                "on a machine"
            ) from error

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_port)

    def close(self) -> None:
        """Ends."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

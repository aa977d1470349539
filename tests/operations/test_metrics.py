"""Metrics: what is counted, and what a scrape gets when the database is away."""

import re
import socket
import urllib.request
from pathlib import Path

import pytest

from pipeline.batch import metrics as module
from pipeline.batch.metrics import LedgerCollector, MetricsServer, RunMetrics
from pipeline.domain.errors import ConfigError, StoreError
from pipeline.domain.results import Outcome
from pipeline.store.recordings import register
from tests.operations.test_alert_queue import store_call
from tests.store.builders import HEADINGS, found, processed, recording, result

SAMPLE = re.compile(r"^(\w+)(\{[^}]*\})? (\S+)$", re.M)


def scrape(url):
    """Each series with its value."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as answer:
        text = answer.read().decode()
    return {name + (labels or ""): float(value) for name, labels, value in SAMPLE.findall(text)}


@pytest.fixture
def served():
    servers = []

    def serve(metrics):
        servers.append(MetricsServer(metrics.registry, host="127.0.0.1", port=0))
        return scrape(f"http://127.0.0.1:{servers[-1].port}/metrics")

    yield serve
    for server in servers:
        server.close()


@pytest.fixture
def metrics():
    return RunMetrics("run1", "0.1+src.x", HEADINGS)


def test_what_a_run_has_done(metrics, served):
    # builders' recordings are 30 s long.
    metrics.processed(processed(result("insult"), result("trial"), result("gone")), 2.5)
    metrics.processed(processed(result("insult"), result("escalation-risk", Outcome.NOT_EVALUABLE)), 1.5)
    metrics.failed("not_audio", final=True)
    metrics.failed("crash", final=False)
    metrics.worker_lost("crash")
    metrics.alert("sent")
    series = served(metrics)
    last_s = series.pop("earmark_last_processed_timestamp_seconds")
    factor = series.pop("earmark_realtime_factor")
    assert series == {
        'earmark_run_info{run_id="run1",version="0.1+src.x"}': 1,
        "earmark_processed_total": 2,
        "earmark_audio_seconds_total": 60,
        "earmark_processing_seconds_total": 4,
        # Neither shadow rules nor what is no hit; "gone" is no rule of the run.
        'earmark_hits_total{rule="insult",severity="critical"}': 2,
        'earmark_failed_total{final="true",reason="not_audio"}': 1,
        'earmark_failed_total{final="false",reason="crash"}': 1,
        'earmark_worker_restarts_total{reason="crash"}': 1,
        'earmark_alerts_total{outcome="sent"}': 1,
    }
    assert last_s > 1.7e9
    # 60 s of sound within the first second, which counts as a whole one.
    assert factor == pytest.approx(60, rel=0.5)


def test_real_time_factor_forgets(monkeypatch):
    now_s = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now_s[0])
    window = module._Window()
    window.add(300.0)
    factors = []
    for now in (1100.0, 1500.0, 1600.0, 1601.0):
        now_s[0] = now
        factors.append(window.factor())
    # 300 s of sound over 100 s, 500 s, 600 s; then it is more than ten minutes ago.
    assert factors == [3.0, 0.6, 0.5, 0.0]


def test_what_the_database_holds(empty_store, metrics, served):
    store_call(empty_store, result("insult"))
    register(empty_store, [found(recording(2)), found(recording(3), failure=("empty", "is empty"))])
    metrics.registry.register(LedgerCollector(empty_store))
    series = served(metrics)
    assert {name: value for name, value in series.items() if "_total" not in name and "{" in name and value} == {
        'earmark_run_info{run_id="run1",version="0.1+src.x"}': 1,
        'earmark_recordings{state="pending"}': 1,
        'earmark_recordings{state="done"}': 1,
        'earmark_recordings{state="quarantined"}': 1,
        'earmark_set_aside{reason="empty"}': 1,
        'earmark_alerts_queued{state="pending"}': 1,
    }
    assert (series["earmark_queue_depth"], series["earmark_database_up"]) == (1, 1)


def test_scrapes_do_not_load_the_database(empty_store, monkeypatch):
    reads = []
    real = module.read_status
    monkeypatch.setattr(module, "read_status", lambda database: reads.append(1) or real(database))
    now_s = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now_s[0])
    collector = LedgerCollector(empty_store)
    for now in (1000.0, 1001.0, 1009.0, 1011.0):
        now_s[0] = now
        list(collector.collect())
    assert len(reads) == 2


def test_database_that_is_away(empty_store, metrics, served, monkeypatch):
    def away(_database):
        raise StoreError("away", passing=True)

    monkeypatch.setattr(module, "read_status", away)
    metrics.registry.register(LedgerCollector(empty_store))
    series = served(metrics)
    assert series["earmark_database_up"] == 0
    assert not {name for name in series if name.startswith(("earmark_recordings", "earmark_queue"))}
    assert series["earmark_processed_total"] == 0


def test_port_that_is_taken(metrics):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ConfigError, match="another --metrics-port"):
            MetricsServer(metrics.registry, host="127.0.0.1", port=other.getsockname()[1])


def test_address_that_is_not_ours(metrics):
    with pytest.raises(ConfigError, match=r"192\.0\.2\.1"):
        MetricsServer(metrics.registry, host="192.0.2.1", port=1)


def test_every_metric_is_documented():
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    metrics = RunMetrics("run1", "x", HEADINGS)
    names = {family.name for family in metrics.registry.collect()}
    assert len(names) > 8
    for name in names:
        assert f"`{name}" in page

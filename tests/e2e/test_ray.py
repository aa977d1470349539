"""The Ray executor on a real cluster of two nodes: accidents, a node that is lost, and the command."""

import os
import secrets
import signal
import sys
import time

import pytest

from pipeline.batch.executors import EXECUTORS, ExecutorOptions, open_executor
from pipeline.batch.executors.ray import RayExecutor
from pipeline.domain.errors import AsrError, ConfigError
from pipeline.store.listings import Filter, list_calls
from tests.batch.nights import assert_each_once, diary, run, write
from tests.batch.workers import Reader, no_model
from tests.e2e.commands import copy_samples, earmark, rows
from tests.faults.accidents import Accidents


def test_an_unknown_executor_names_the_known():
    with pytest.raises(ConfigError, match="--executor dask: known are local, ray"):
        open_executor("dask", no_model, ExecutorOptions())


def test_opening_starts_nothing():
    for name in EXECUTORS:
        open_executor(name, no_model, ExecutorOptions()).close()


def test_without_ray_its_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"earmark\[ray\]"):
        RayExecutor(no_model, address="local", cpus=1, gpus=0)


@pytest.fixture(scope="module")
def cluster():
    """Two nodes of one core each; only who knows the token may use them."""
    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    os.environ["RAY_AUTH_MODE"] = "token"
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    started = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    started.add_node(num_cpus=1)
    yield started
    started.shutdown()
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_MODE"):
        del os.environ[name]


@pytest.fixture
def calls(tmp_path):
    folder = tmp_path / "calls"
    folder.mkdir()
    return folder


def actors(cluster):
    return lambda load: RayExecutor(load, address=cluster.address, cpus=1, gpus=0)


@pytest.mark.slow
def test_accidents_cost_only_their_own_recording(cluster, calls, tmp_path):
    night = {"well": "none - 0", "killed": "kill transcribe 1", "poison": "segfault decode 9", "tar": "hang decode 9"}
    write(calls, **night)
    load = Accidents(str(tmp_path / "diary"))
    summary, heard, database = run(calls, tmp_path, load=load, executor=actors(cluster))
    assert {row.recording: (row.state, row.reason) for row in list_calls(database, Filter())} == {
        "well.wav": ("done", None),
        "killed.wav": ("done", None),
        "poison.wav": ("quarantined", "crash"),
        "tar.wav": ("quarantined", "timeout"),
    }
    assert {name: diary(tmp_path)[f"{name}.wav"] for name in night} == {"well": 1, "killed": 2, "poison": 2, "tar": 2}
    messages = {name: message for name, _, message in summary.failures}
    assert "its worker died" in messages["poison.wav"]
    assert "its worker hung" in messages["tar.wav"]
    assert heard.events.count(("lost", "crash")) == 3
    assert_each_once(database, 2)


@pytest.mark.slow
def test_models_that_cannot_be_loaded_end_the_run(cluster, calls, tmp_path):
    write(calls, a="ok")
    with pytest.raises(AsrError, match="there is no model here"):
        run(calls, tmp_path, load=no_model, executor=actors(cluster))


@pytest.mark.slow
def test_another_earmark_on_a_machine_is_refused(cluster, calls, tmp_path, monkeypatch):
    write(calls, a="ok")
    monkeypatch.setattr("pipeline.batch.executors.ray.code_version", lambda: "0.0+other")
    with pytest.raises(AsrError, match="install the same on every machine"):
        run(calls, tmp_path, executor=actors(cluster))


@pytest.mark.slow
def test_the_command_on_two_nodes(cluster, tmp_path):
    folder = copy_samples(tmp_path / "calls", "s02.wav", "s07.wav")
    address = ("--executor", "ray", "--ray-address", cluster.address)
    code, out, err = earmark(tmp_path, "run", folder, "--manifest", folder / "manifest.csv", *address)
    assert code == 0, err
    assert "2 found · 2 processed" in out
    (worst,) = [row for row in rows(tmp_path, "calls") if row["recording"] == "s07.wav"]
    assert "insult" in worst["rules"]


@pytest.mark.slow
def test_a_node_that_is_lost(cluster, calls, tmp_path):
    import psutil

    write(calls, **{f"c{number:02}": "ok" for number in range(16)})
    node = cluster.add_node(num_cpus=1)
    raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)

    def lose(recording, *_, **__):
        living = raylet.status() != psutil.STATUS_ZOMBIE
        ours = {process.pid for process in raylet.children(recursive=True)} if living else set()
        begun = {int(line.split()[0]) for line in (tmp_path / "diary").read_text().splitlines()}
        if ours & begun:
            for process in [raylet, *raylet.children(recursive=True)]:
                process.send_signal(signal.SIGKILL)
            time.sleep(0.1)

    load = Reader(str(tmp_path / "diary"), pause_s=0.3)
    summary, heard, database = run(calls, tmp_path, load=load, executor=actors(cluster), workers=3, on_processed=lose)
    assert summary.complete
    assert ("lost", "machine_lost") in heard.events
    assert any("its machine was lost" in message for message in heard.messages)
    assert_each_once(database, 16)


@pytest.mark.slow
def test_no_cluster_at_the_address(tmp_path):
    folder = copy_samples(tmp_path / "calls", "s02.wav")
    code, _, err = earmark(tmp_path, "run", folder, "--executor", "ray", "--ray-address", "127.0.0.1:1")
    assert code == 2
    assert "no Ray cluster can be used there" in err
    assert "Traceback" not in err

"""The main job as its users run it: real recordings, the real model, real processes."""

import csv
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from rules.loader import standard_pack_dir
from tests.e2e.commands import copy_samples, earmark, results, rows, start

pytestmark = pytest.mark.slow
NAMES = ("s02.wav", "s05.opus", "s07.wav")


class Night(NamedTuple):
    """An undisturbed run."""

    folder: Path
    out: str
    err: str
    cpu_s: float
    """What the command and its worker took of the processor."""


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """A folder after an undisturbed run over three calls."""
    folder = tmp_path_factory.mktemp("night")
    calls = copy_samples(folder / "calls", *NAMES)
    before_s = children_s()
    code, out, err = earmark(folder, "run", calls, "--manifest", calls / "manifest.csv", "--workers", 1)
    assert code == 0, err
    return Night(folder, out, err, children_s() - before_s)


def children_s():
    """Processor time of all processes that this one has started and that have ended."""
    spent = os.times()
    return spent.children_user + spent.children_system


def spent_s(process):
    """Processor time of a process that runs, and of all that it has started."""
    total_s = 0.0
    with suppress(psutil.NoSuchProcess):
        running = psutil.Process(process.pid)
        for one in (running, *running.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total_s += sum(one.cpu_times()[:4])
    return total_s


def test_summary(night):
    folder, out, err, _ = night
    assert "3 found · 3 processed" in out
    assert "flagged" in out
    assert f"sqlite:///{folder / 'calls.db'}" in out
    for name in NAMES:
        assert f"] {name}  0:" in err


def test_calls_are_transcribed_with_roles(night):
    folder = night.folder
    code, out, _ = earmark(folder, "show", "s07.wav")
    assert code == 0
    assert "A1070" in out
    assert "神经病" in out
    customer = [line for line in out.splitlines() if "客户" in line]
    assert any("消费者" in line for line in customer)


def test_calls_to_hear_come_with_the_second(night):
    folder = night.folder
    listed = rows(folder, "calls", "--flagged")
    worst = next(row for row in listed if row["recording"] == "s07.wav")
    risks = [row["risk"] for row in listed]
    assert risks == sorted(risks, reverse=True)
    assert risks[-1] > 0
    assert "insult" in worst["rules"]
    assert 0 < worst["start_s"] < worst["duration_s"]


def test_hits_as_the_design_says(night):
    folder = night.folder
    code, out, _ = earmark(folder, "hits", "--format", "jsonl")
    hits = [json.loads(line) for line in out.splitlines()]
    required = {"recording", "rule", "outcome", "role", "start_s", "end_s", "quote", "confidence", "explanation"}
    assert code == 0
    assert all(required <= hit.keys() for hit in hits)
    (insult,) = [hit for hit in hits if hit["rule"] == "insult" and hit["recording"] == "s07.wav"]
    assert (insult["outcome"], insult["role"]) == ("hit", "agent")
    assert "神经病" in insult["quote"]
    # The reference puts the turn at 20.35–23.77 s.
    assert 19.5 < insult["start_s"] < insult["end_s"] < 23.8
    assert {hit["recording"] for hit in hits if hit["rule"] == "sensitive-request"} == {"s05.opus"}


def test_csv(night):
    folder = night.folder
    _, out, _ = earmark(folder, "calls", "--format", "csv")
    assert {row["recording"]: row["agent"] for row in csv.DictReader(io.StringIO(out))} == {
        "s02.wav": "A1031",
        "s05.opus": "A1052",
        "s07.wav": "A1070",
    }


def test_running_again_does_nothing(night):
    folder = night.folder
    before = results(folder)
    calls = folder / "calls"
    code, out, _ = earmark(folder, "run", calls, "--manifest", calls / "manifest.csv")
    assert code == 0
    assert "0 processed · 3 done before" in out
    assert results(folder) == before


def test_applying_the_same_rules_changes_nothing(night):
    folder = night.folder
    before = results(folder)
    code, out, err = earmark(folder, "apply", "--format", "json")
    assert (code, json.loads(out)) == (0, [])
    assert "3 calls" in err
    assert results(folder) == before


def test_other_rules_are_hinted_at_and_applied(night, tmp_path):
    shutil.copy(night.folder / "calls.db", tmp_path / "calls.db")
    site = tmp_path / "site"
    site.mkdir()
    standard = standard_pack_dir() / "insult.yaml"
    (site / "insult.yaml").write_text(standard.read_text().replace("status: active", "status: shadow"))
    calls = night.folder / "calls"
    code, out, _ = earmark(tmp_path, "run", calls, "--manifest", calls / "manifest.csv", "--rules", site)
    assert code == 0
    assert "3 calls were checked against other rules: earmark apply" in out
    before = {row["recording"]: row["critical"] for row in rows(tmp_path, "calls")}
    earmark(tmp_path, "apply", "--rules", site)
    after = {row["recording"]: row["critical"] for row in rows(tmp_path, "calls")}
    assert after["s07.wav"] == before["s07.wav"] - 1


def test_unknown_rule(night):
    code, out, err = earmark(night.folder, "hits", "--rule", "insul")
    assert (code, out) == (2, "")
    assert "did you mean insult?" in err


def test_unknown_call(night):
    folder = night.folder
    code, out, err = earmark(folder, "show", "nothing.wav")
    assert (code, out) == (1, "")
    assert "there is no call 'nothing.wav'" in err


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_random_points_the_rows_are_those_of_an_undisturbed_run(night, tmp_path, seed):
    chance = random.Random(seed)
    calls = copy_samples(tmp_path / "calls", *NAMES)
    arguments = ("run", calls, "--manifest", calls / "manifest.csv", "--workers", 1)
    kills = 0
    for _ in range(4):
        process = start(tmp_path, *arguments)
        # By processor time: how long it takes depends on what else the machine does.
        until_s = chance.uniform(0.1, 0.7) * night.cpu_s
        while process.poll() is None and spent_s(process) < until_s:
            time.sleep(0.02)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    assert kills >= 2
    code, _, err = earmark(tmp_path, *arguments)
    assert code == 0, err
    assert results(tmp_path) == results(night.folder)


@pytest.mark.timing
def test_help_is_quick_and_loads_nothing_heavy(tmp_path):
    code = "import sys, pipeline.cli; print(sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in (
        "numpy",
        "ctranslate2",
        "faster_whisper",
        "av",
        "sklearn",
        "sqlalchemy",
        "pydantic",
        "jieba",
        "opencc",
    ):
        assert f"'{heavy}'" not in loaded
    started = time.monotonic()
    assert earmark(tmp_path, "--help")[0] == 0
    assert time.monotonic() - started < 3

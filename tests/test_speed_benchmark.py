"""The race against other programs: commands that fail are told apart from slow ones, stages are real functions."""

import importlib
import sys
from pathlib import Path

import pytest

from benchmarks.speed_contenders import Contender, Task, contenders, run
from benchmarks.speed_stages import HEARING, STAGES, Clock


def program(code):
    return Contender("made", "made", lambda task: [sys.executable, "-c", code], lambda task: {("a.wav", 0): "好"})


@pytest.fixture
def task(tmp_path):
    return Task((), (), tmp_path / "out", tmp_path, tmp_path)


def test_a_run_takes_time_of_its_children_too(task):
    burn = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'sum(range(3_000_000))'])"
    spent = run(program(burn), task)
    assert 0 < spent.cpu_s < 10 * max(spent.wall_s, 0.1)
    assert spent.texts == {("a.wav", 0): "好"}


def test_a_program_that_fails_is_named_with_its_last_words(task):
    with pytest.raises(RuntimeError, match="made ended with 1: ValueError: no model here"):
        run(program("raise ValueError('no model here')"), task)


def test_a_start_may_end_badly_and_leaves_no_texts(task):
    assert run(program("raise SystemExit(1)"), task, must=False).texts == {}


def test_a_program_that_is_not_installed_is_known():
    absent = {one.name for one in contenders("no-such-program", "/no/such/whisperx") if not one.installed}
    assert absent == {"whisper-ctranslate2", "whisperx"}


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_is_a_function_that_exists(stage):
    module, path = STAGES[stage]
    owner = importlib.import_module(module)
    for part in path.split("."):
        owner = getattr(owner, part)
    assert callable(owner)
    assert set(HEARING) <= set(STAGES)


def test_the_clock_adds_up():
    clock = Clock()
    slow = clock.wrapped("rules", lambda number: sum(range(number)))
    assert slow(10) + slow(3) == 48
    assert clock.wall_s.keys() == clock.cpu_s.keys() == {"rules"}


def test_the_page_names_the_commands():
    page = (Path(__file__).parents[1] / "docs" / "capacity.md").read_text(encoding="utf-8")
    assert "make bench-speed" in page
    assert "benchmarks/speed.py --only stages disk" in page

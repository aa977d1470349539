"""Telling whether the holder of a lease still lives."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.batch.owner import is_dead, this_process

NAME = "from pipeline.batch.owner import this_process; print(this_process())"


def test_this_process_lives():
    assert not is_dead(this_process())


def test_an_ended_process_is_dead():
    ended = subprocess.run([sys.executable, "-c", NAME], capture_output=True, text=True, check=True)
    assert is_dead(ended.stdout.strip())


def test_a_process_that_nobody_reaped_is_dead():
    zombie = subprocess.Popen([sys.executable, "-c", NAME], stdout=subprocess.PIPE, text=True)
    owner = zombie.stdout.read().strip()
    until = time.monotonic() + 10
    while ") Z " not in Path(f"/proc/{zombie.pid}/stat").read_text():
        assert time.monotonic() < until
        time.sleep(0.02)
    assert is_dead(owner)
    zombie.wait()


def test_a_pid_that_was_given_again_is_another_process():
    host, pid, _ = this_process().rsplit(":", 2)
    assert is_dead(f"{host}:{pid}:0/1")


@pytest.mark.parametrize("owner", ["elsewhere:1:x/1", "other-host:999999:x/2"])
def test_other_machines_are_never_called_dead(owner):
    assert not is_dead(owner)

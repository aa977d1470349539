"""What worker processes of the tests do instead of listening: it is the runner that is tested with them."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from pipeline.batch.executors.base import Identity
from pipeline.domain.errors import AsrError, AudioError, AudioFault
from tests.store.builders import processed, result


@dataclass(frozen=True)
class Reader:
    """Reads a recording's bytes as an order: what the worker shall do with it."""

    diary: str
    """Every recording begun is written here, by process."""
    pause_s: float = 0.0

    identity = Identity("a" * 64, {"model": "none"})

    def __call__(self):
        return self

    def process(self, recording, decoded):
        with Path(self.diary).open("a") as diary:
            diary.write(f"{os.getpid()} {recording.name}\n")
        decoded(0.01)
        time.sleep(self.pause_s)
        order = Path(recording.uri).read_bytes()
        if order.startswith(b"kill"):
            os.kill(os.getpid(), signal.SIGKILL)
        if order.startswith(b"hang"):
            time.sleep(600)
        if order.startswith(b"exit"):
            os._exit(7)
        if order.startswith(b"raise"):
            raise ZeroDivisionError("oh")
        if order.startswith(b"bad"):
            raise AudioError("is not audio: ask for the file again", fault=AudioFault.NOT_AUDIO)
        return processed(result("insult"))


def no_model():
    raise AsrError("there is no model here: give --asr-model DIR")


def dies_while_loading():
    os._exit(3)

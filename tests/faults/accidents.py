"""Workers to which a recording does something at a stage of its processing."""

import ctypes
import os
import signal
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from pipeline.batch.executors.base import Identity
from pipeline.domain.errors import AudioError, AudioFault
from tests.store.builders import processed, result


@dataclass(frozen=True)
class Accidents:
    """A recording holds an order, ``WHAT STAGE TIMES``; after so many times it is like any other."""

    diary: str
    """Every recording begun is written here."""

    identity = Identity("a" * 64, {"model": "none"})

    def __call__(self):
        return self

    def process(self, recording, decoded):
        with Path(self.diary).open("a") as diary:
            diary.write(f"{os.getpid()} {recording.name}\n")
        what, stage, times, *_ = Path(recording.uri).read_text().split()
        begun = sum(line.split()[1] == recording.name for line in Path(self.diary).read_text().splitlines())
        due = begun <= int(times)
        if due and stage == "decode":
            ACCIDENTS[what](recording)
        decoded(0.5)
        if due and stage == "transcribe":
            ACCIDENTS[what](recording)
        if due and stage == "send":
            Connection._send = half_of_it_then_die
        return processed(result("insult"))


def kill(_recording=None):
    os.kill(os.getpid(), signal.SIGKILL)


def crash_in_foreign_code(_recording):
    ctypes.string_at(0)


def hang(_recording):
    # A signal handler would not be heard either: this is what code stuck in a library looks like.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    time.sleep(600)


def be_locked(recording):
    raise AudioError(f"{recording.name} is locked by another program", fault=AudioFault.UNREADABLE)


def half_of_it_then_die(connection, buffer, write=os.write):
    write(connection.fileno(), bytes(buffer)[: len(buffer) // 2])
    kill()


ACCIDENTS = {"kill": kill, "segfault": crash_in_foreign_code, "hang": hang, "locked": be_locked, "none": lambda _: None}

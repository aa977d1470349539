"""The real pipeline, its worker killed in the middle of decoding and of transcribing."""

import os
import signal
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.batch.process import Loader, ProcessOptions
from tests.batch.nights import run
from tests.e2e.commands import RESULTS, copy_samples

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class KilledOnce:
    """Loads the real worker; the first one is killed at the stage."""

    options: ProcessOptions
    stage: str
    mark: str
    """A file that says that it has happened."""

    def __call__(self):
        worker = Loader(self.options)()
        if not Path(self.mark).exists():
            {"decode": self._in_decode, "transcribe": self._in_transcription, "never": lambda _: None}[self.stage](
                worker
            )
        return worker

    def _kill(self):
        Path(self.mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)

    def _in_decode(self, _worker):
        from pipeline.audio import decode

        made = decode.AudioResampler

        class Deadly:
            def __init__(self, *arguments, **options):
                self._inner, self._left = made(*arguments, **options), 50

            def resample(self, frame):
                self._left -= 1
                if not self._left:
                    killer._kill()
                return self._inner.resample(frame)

        killer = self
        decode.AudioResampler = Deadly

    def _in_transcription(self, worker):
        real = worker._backend.transcribe

        def transcribe(*arguments, **options):
            threading.Timer(0.05, self._kill).start()
            return real(*arguments, **options)

        worker._backend.transcribe = transcribe


def found(folder):
    connection = sqlite3.connect(folder / "x.db")
    try:
        return {name: sorted(connection.execute(f"SELECT {columns} FROM {name}")) for name, columns in RESULTS.items()}
    finally:
        connection.close()


def options():
    from pipeline.cli.run import process_options
    from pipeline.settings import Settings

    return process_options(Settings())


def test_killed_in_the_middle_the_rows_are_those_of_an_undisturbed_run(tmp_path):
    from pipeline.batch.rule_set import headings
    from tests.store import builders

    chosen = options()
    described = builders.run("r1", headings=headings(chosen.pack))
    calls = copy_samples(tmp_path / "calls", "s05.opus")
    results = {}
    for stage in ("never", "decode", "transcribe"):
        folder = tmp_path / stage
        folder.mkdir()
        load = KilledOnce(chosen, stage, str(folder / "mark"))
        summary, heard, _ = run(calls, folder, load=load, described=described, options=None)
        assert summary.complete
        assert (folder / "mark").exists() == (stage != "never")
        assert [event for event in heard.events if event[0] == "lost"] == [("lost", "crash")] * (stage != "never")
        results[stage] = found(folder)
    assert results["decode"] == results["never"]
    assert results["transcribe"] == results["never"]

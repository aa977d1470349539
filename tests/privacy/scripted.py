"""A speech recogniser that speaks a script, and a night that runs with it in a process of its own.

All but the recogniser is what `earmark run` uses.
"""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from pipeline.asr.base import AsrDescription, AsrOptions, CallWords, ChannelWords, Language
from pipeline.batch.discovery import discover
from pipeline.batch.judging import Judge
from pipeline.batch.manifest import read_manifest
from pipeline.batch.observing import LoggedLoad, observed
from pipeline.batch.process import CallProcessor, ProcessOptions
from pipeline.batch.runner import Runner
from pipeline.cli.observing import alerting, observing_options
from pipeline.cli.originals import keys_of, pseudonyms_of, say_what_is_kept
from pipeline.cli.progress import Lines
from pipeline.cli.run import describe_run, executor_of, process_options, run_options
from pipeline.domain.calls import Word
from pipeline.logs import set_up_logs
from pipeline.privacy.keys import read_keys
from pipeline.settings import load_settings
from pipeline.store.database import open_database

BASE_S = 12.0
STEP_S = 0.1
"""Recordings are so much longer, each than the one before: by its length the recogniser knows which it hears."""


class Scripted:
    """Says in the call that it hears what the script has for it, which takes longer than the sound of it."""

    digest = "c" * 64

    def __init__(self, script):
        self._calls = json.loads(Path(script).read_text())

    def describe(self):
        return AsrDescription("scripted", "script", "c" * 64, AsrOptions(), "none 1")

    def transcribe(self, channels):
        length_s = len(channels[0].samples) / 16_000
        turns = self._calls[round((length_s - BASE_S) / STEP_S)]
        words, now_s = ([], []), 0.5
        for number, text in enumerate(turns):
            for at in range(0, len(text), 2):
                end_s = now_s + 0.2 * len(text[at : at + 2])
                words[number % 2].append(Word(text[at : at + 2], now_s, end_s, 0.9))
                now_s = end_s
            now_s += 1.0
        return CallWords(tuple(ChannelWords(tuple(spoken)) for spoken in words), Language.ZH)


class Unmasked(CallProcessor):
    """As the processor, with masking left out: what the search must find."""

    def _masked(self, recording_id, call):
        return call


@dataclass(frozen=True)
class Load:
    """Loads a worker that listens to the script."""

    options: ProcessOptions
    script: str
    masked: bool

    def __call__(self):
        keys = read_keys(self.options.key_file) if self.options.key_file else None
        kind = CallProcessor if self.masked else Unmasked
        return kind(Scripted(self.script), Judge(self.options.pack), self.options, keys)


def night(folder, script, metrics, *, masked):
    """Runs over the folder with the settings of the environment, and writes what a scrape says at its end."""
    settings = load_settings()
    set_up_logs(settings.log_options)
    say_what_is_kept(settings)
    options = process_options(settings)
    run = describe_run(options)
    observing = observing_options(settings, alerts=True)
    run = type(run)(
        **{name: getattr(run, name) for name in run.__slots__} | {"alerting": alerting(settings, run.headings)}
    )
    load = LoggedLoad(Load(options, script, masked), settings.log_options, run.id)
    manifest = read_manifest(folder / "manifest.csv", timezone=settings.timezone, pseudonym=pseudonyms_of(settings))
    found = discover([str(folder)], manifest)
    executor = executor_of(settings, load)
    database = open_database(settings.db, create=True)
    with observed(run, database, Lines(), observing) as progress:
        summary = Runner(database, run, executor, options=run_options(settings, executor), progress=progress).run(
            found.files, keys=keys_of(settings)
        )
        with urlopen(f"http://127.0.0.1:{settings.metrics_port}/metrics") as answer:
            metrics.write_bytes(answer.read())
    return summary


if __name__ == "__main__":
    done = night(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), masked=os.environ.pop("MASKED") == "yes")
    sys.stdout.write(f"{done.processed} processed, {dict(done.failed)} failed\n")

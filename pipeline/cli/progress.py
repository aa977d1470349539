"""What an operator sees during a run: a bar with the time left on a terminal, plain lines elsewhere."""

import sys
import time

from pipeline.batch.inventory import DescribedFile
from pipeline.cli.output import clock, message, presentable
from pipeline.domain.calls import Recording
from pipeline.domain.results import ProcessedCall
from pipeline.privacy.places import masked_path
from pipeline.store.recordings import Registered
from pipeline.text.visible import visible


class Lines:
    """One line a recording, for logs."""

    def __init__(self) -> None:
        self._total = 0
        self._count = 0
        self._started_s = time.monotonic()

    def found(self, total: int) -> None:
        """Remembers how many recordings there are to look at."""
        self._total = total

    def skipped(self, file: DescribedFile, registered: Registered) -> None:
        """A line only where something is amiss: hundreds of recordings done before are no news."""
        self._count += 1
        if registered.duplicate_of:
            self._line(file.name, f"same bytes as {masked_path(registered.duplicate_of)}: counted once")
        elif registered.message:
            self._line(file.name, f"in quarantine: {registered.message}")

    def processed(self, recording: Recording, call: ProcessedCall, *, hits: int, took_s: float) -> None:
        """A line with length and hits."""
        self._count += 1
        self._line(recording.name, f"{clock(call.audio.duration_s)}, {hits} {'hit' if hits == 1 else 'hits'}")
        for warning in call.warnings:
            self._line(recording.name, f"note: {warning}")

    def failed(self, recording: Recording, text: str, *, reason: str, final: bool) -> None:
        """A line with what went wrong."""
        self._count += final
        self._line(recording.name, text if final else f"will be tried again: {text}")

    def worker_lost(self, what: str, *, reason: str) -> None:
        """Said with its recording, and in the log."""

    def close(self) -> None:
        """Nothing to tidy up."""

    def _line(self, name: str, text: str) -> None:
        message(f"[{self._count:>{len(str(self._total))}}/{self._total}] {visible(name)}  {text}")


class Bar:
    """A progress bar on the terminal; what is amiss is printed above it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("转写与质检 transcribing"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("剩余 left"),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=Console(stderr=True, highlight=False),
            transient=True,
        )
        self._task = self._bar.add_task("")
        self._flagged = 0
        self._bar.start()

    def found(self, total: int) -> None:
        """Sets the length of the bar."""
        self._bar.update(self._task, total=total)

    def skipped(self, file: DescribedFile, registered: Registered) -> None:
        """Moves on; says why where something is amiss."""
        self._bar.advance(self._task)
        if registered.duplicate_of:
            self._print(f"{visible(file.name)}  same bytes as {masked_path(registered.duplicate_of)}")
        elif registered.message:
            self._print(f"{visible(file.name)}  in quarantine: {registered.message}")

    def processed(self, recording: Recording, call: ProcessedCall, *, hits: int, took_s: float) -> None:
        """Moves on and counts flagged calls."""
        self._flagged += hits > 0
        self._bar.update(self._task, advance=1, description=f"有命中 flagged {self._flagged}")
        for warning in call.warnings:
            self._print(f"{visible(recording.name)}  note: {warning}")

    def failed(self, recording: Recording, text: str, *, reason: str, final: bool) -> None:
        """Says what went wrong."""
        self._bar.advance(self._task, final)
        self._print(f"{visible(recording.name)}  {'' if final else 'will be tried again: '}{text}")

    def worker_lost(self, what: str, *, reason: str) -> None:
        """Said with its recording, and in the log."""

    def _print(self, line: str) -> None:
        self._bar.console.print(presentable(line), markup=False)

    def close(self) -> None:
        """Takes the bar away."""
        self._bar.stop()


def choose_progress() -> Bar | Lines:
    """A bar where someone watches, lines where a log is written."""
    return Bar() if sys.stderr.isatty() else Lines()

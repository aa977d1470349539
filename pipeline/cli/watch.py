"""`earmark watch`: recordings as they arrive, and alerts."""

import signal
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.apply import RulesOption, SiteModelsOption
from pipeline.cli.observing import MetricsPortOption, Quiet, alerting, is_told_by_the_log, observing_options
from pipeline.cli.originals import check_key, keys_of, pseudonyms_of, say_what_is_kept
from pipeline.cli.output import DbOption, clock, message
from pipeline.domain.errors import ConfigError, StoreError
from pipeline.privacy.places import masked_path

if TYPE_CHECKING:
    from pipeline.batch.inventory import DescribedFile
    from pipeline.batch.observing import ObservingOptions
    from pipeline.batch.process import ProcessOptions
    from pipeline.batch.runner import Progress
    from pipeline.batch.watching import WatchedManifest
    from pipeline.domain.calls import Recording
    from pipeline.domain.results import ProcessedCall
    from pipeline.settings import Settings
    from pipeline.store.recordings import Registered
    from pipeline.store.results import Run

RETRY_S = 5.0
"""How long to wait before a database that is away is tried again."""
PATIENCE_S = 60.0
"""How long a watch waits for the database before it begins anew; no signal ends it meanwhile."""


def watch(
    folders: Annotated[list[Path], typer.Argument(help="Where recordings arrive, at any depth.", metavar="FOLDER…")],
    manifest: Annotated[
        Path | None, typer.Option("--manifest", help="CSV, JSONL or Parquet; read again when it changes.")
    ] = None,
    settle: Annotated[
        float | None,
        typer.Option("--settle", min=0, metavar="SECONDS", help="Finished when unchanged for so long [default: 10]."),
    ] = None,
    webhook: Annotated[
        str | None, typer.Option("--webhook", metavar="URL", help="Where alerts are posted, signed.")
    ] = None,
    alert: Annotated[
        list[str] | None,
        typer.Option(
            "--alert", metavar="RULE", help="Tell hits of a rule, or of a severity [default: critical, alert]."
        ),
    ] = None,
    alert_quotes: Annotated[
        bool | None, typer.Option("--alert-quotes/--no-alert-quotes", help="Quote what was said [default: no].")
    ] = None,
    db: DbOption = None,
    rules: RulesOption = None,
    models: SiteModelsOption = None,
    asr_model: Annotated[
        str | None, typer.Option("--asr-model", metavar="NAME|DIR", help="Speech model [default: base].")
    ] = None,
    language: Annotated[str | None, typer.Option("--language", help="zh, en or auto [default: zh].")] = None,
    channel_roles: Annotated[
        str | None,
        typer.Option("--channel-roles", metavar="LEFT,RIGHT", help="Roles where no manifest says: agent,customer."),
    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Worker processes [default: cores].")] = None,
    metrics_port: MetricsPortOption = None,
) -> None:
    """Process recordings as they are finished, and tell of chosen hits at once; SIGTERM ends it. 随到随检"""
    from pipeline.logs import set_up_logs
    from pipeline.settings import load_settings

    settings = load_settings(
        db=db,
        rules=tuple(rules) if rules else None,
        models=models,
        asr_model=asr_model,
        language=language,
        workers=workers,
        channel_roles=channel_roles,
        settle_s=settle,
        webhook=webhook,
        alert_rules=tuple(alert) if alert else None,
        alert_quotes=alert_quotes,
        metrics_port=metrics_port,
    )
    set_up_logs(settings.log_options)
    watch_folders(folders, manifest, settings)


def watch_folders(folders: list[Path], manifest: Path | None, settings: "Settings") -> None:
    """Watches until it is told to stop; a database that is away is waited for."""
    from pipeline.cli.run import describe_run, process_options

    missing = [str(folder) for folder in folders if not folder.is_dir()]
    if missing:
        raise ConfigError(f"no such folder: {', '.join(missing)}")
    options = process_options(settings)
    observing = observing_options(settings, alerts=True)
    run = describe_run(options, "watch")
    if observing.webhook is not None:
        run = replace(run, alerting=alerting(settings, run.headings))
    say_what_is_kept(settings)
    watcher = _Watcher(folders, manifest, settings, options, observing)
    message(watcher.describe())
    with _told_to_stop() as stop:
        while not stop.is_set():
            try:
                if watcher.work(replace(run, id=uuid.uuid4().hex), stop):
                    return
            except StoreError as error:
                if not error.passing:
                    raise
                message(f"{error} Watching goes on when it is back.")
                stop.wait(RETRY_S)


@dataclass(frozen=True, slots=True)
class _Watcher:
    folders: list[Path]
    manifest: Path | None
    settings: "Settings"
    options: "ProcessOptions"
    observing: "ObservingOptions"

    def describe(self) -> str:
        """What is watched, and who is told."""
        where = ", ".join(map(str, self.folders))
        hook = self.observing.webhook
        told = f"; alerts ({', '.join(self.settings.alert_rules)}) go to {hook.host}" if hook is not None else ""
        return f"正在监听 watching {where}{told}; Ctrl-C ends it"

    def _manifest(self) -> "WatchedManifest | None":
        from pipeline.batch.watching import WatchedManifest

        if self.manifest is None:
            return None
        pseudonym = pseudonyms_of(self.settings)
        return WatchedManifest(self.manifest, self.folders, timezone=self.settings.timezone, pseudonym=pseudonym)

    def work(self, run: "Run", stop: threading.Event) -> bool:
        """Works until it is told to stop; returns whether it was.

        Raises:
            StoreError: the database was away for longer than a run waits.
        """
        from pipeline.batch.arrivals import Arrivals
        from pipeline.batch.observing import LoggedLoad, observed
        from pipeline.batch.process import Loader
        from pipeline.batch.runner import Runner
        from pipeline.batch.watching import arriving
        from pipeline.cli.run import executor_of, run_options
        from pipeline.store.database import open_database

        settings = self.settings
        arrivals = Arrivals(self.folders, settle_s=settings.settle_s)
        manifest = self._manifest()
        load = LoggedLoad(Loader(self.options), settings.log_options, run.id)
        with (
            closing(open_database(settings.db, create=True)) as database,
            closing(executor_of(settings, load)) as executor,
            observed(run, database, _progress(settings), self.observing) as progress,
        ):
            check_key(settings, database)
            limits = run_options(settings, executor)
            limits = replace(limits, store_patience_s=min(limits.store_patience_s, PATIENCE_S))
            runner = Runner(database, run, executor, options=limits, progress=progress)
            if stop.is_set():
                return True
            intake = arriving(database, arrivals, manifest, patience_s=limits.store_patience_s, keys=keys_of(settings))
            return runner.run_intake(intake).interrupted


def _progress(settings: "Settings") -> "Progress":
    return Quiet() if is_told_by_the_log(settings.log_options) else WatchLines()


class WatchLines:
    """One line a recording, with the time of day."""

    def found(self, total: int) -> None:
        """Nobody knows how many there will be."""

    def skipped(self, file: "DescribedFile", registered: "Registered") -> None:
        """A line only where something is amiss."""
        if registered.duplicate_of:
            self._line(file.name, f"same bytes as {masked_path(registered.duplicate_of)}: counted once")
        elif registered.message:
            self._line(file.name, f"in quarantine: {registered.message}")

    def processed(self, recording: "Recording", call: "ProcessedCall", *, hits: int, took_s: float) -> None:
        """A line with length and hits."""
        self._line(recording.name, f"{clock(call.audio.duration_s)}, {hits} {'hit' if hits == 1 else 'hits'}")

    def failed(self, recording: "Recording", text: str, *, reason: str, final: bool) -> None:
        """A line with what went wrong."""
        self._line(recording.name, text if final else f"will be tried again: {text}")

    def worker_lost(self, what: str, *, reason: str) -> None:
        """Said with its recording, and in the log."""

    def _line(self, name: str, text: str) -> None:
        message(f"{datetime.now():%H:%M:%S}  {name}  {text}")


@contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set while no run listens to them itself."""
    stop = threading.Event()

    def request(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

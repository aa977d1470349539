"""What commands that process recordings have in common: how they log, what they count, whom they tell."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.domain.alerts import Alerting
from pipeline.domain.errors import ConfigError
from pipeline.domain.results import Severity

if TYPE_CHECKING:
    from pipeline.batch.inventory import DescribedFile
    from pipeline.batch.observing import ObservingOptions
    from pipeline.cli.progress import Bar, Lines
    from pipeline.domain.calls import Recording
    from pipeline.domain.results import ProcessedCall, RuleHeading
    from pipeline.logs import LogOptions
    from pipeline.settings import Settings
    from pipeline.store.recordings import Registered

MetricsPortOption = Annotated[
    int | None,
    typer.Option("--metrics-port", min=1, max=65535, metavar="PORT", help="Serve metrics for Prometheus there."),
]


def observing_options(settings: "Settings", *, alerts: bool = False) -> "ObservingOptions":
    """What the settings say is to be logged, counted and, with ``alerts``, told. Raises: ConfigError."""
    from pipeline.batch.observing import ObservingOptions
    from pipeline.batch.webhook import open_webhook

    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else None
    return ObservingOptions(
        settings.log_options,
        metrics=(settings.metrics_host, settings.metrics_port) if settings.metrics_port else None,
        webhook=open_webhook(settings.webhook, secret) if alerts and settings.webhook else None,
    )


def alerting(settings: "Settings", headings: "Sequence[RuleHeading]") -> Alerting:
    """Whose hits are told. Raises: ConfigError, a rule that is chosen is not there."""
    import difflib

    known = [*Severity, *(heading.id for heading in headings)]
    for chosen in settings.alert_rules:
        if chosen not in known:
            near = difflib.get_close_matches(chosen, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "`earmark rules list` shows all"
            raise ConfigError(f"--alert {chosen}: there is no such rule or severity; {hint}")
    return Alerting(frozenset(settings.alert_rules), quotes=settings.alert_quotes, desk_url=settings.desk_url)


def progress_beside(logs: "LogOptions") -> "Bar | Lines | Quiet":
    """A bar where someone watches, lines where a log is kept, nothing where the log has it all."""
    from pipeline.cli.progress import choose_progress

    return Quiet() if is_told_by_the_log(logs) else choose_progress()


def is_told_by_the_log(logs: "LogOptions") -> bool:
    """Whether each recording is a line of the log already; a bar on a terminal stands beside it."""
    return logs.form == "json" or (logs.level in ("debug", "info") and not sys.stderr.isatty())


class Quiet:
    """Progress that says nothing."""

    def found(self, total: int) -> None:
        """Nothing."""

    def skipped(self, file: "DescribedFile", registered: "Registered") -> None:
        """Nothing."""

    def processed(self, recording: "Recording", call: "ProcessedCall", *, hits: int, took_s: float) -> None:
        """Nothing."""

    def failed(self, recording: "Recording", text: str, *, reason: str, final: bool) -> None:
        """Nothing."""

    def worker_lost(self, what: str, *, reason: str) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing to tidy up."""

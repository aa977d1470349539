"""The command line: thin commands over plain functions.

Data goes to stdout, messages and progress to stderr. Exit code 0 is fine, 1 means that some items failed or a check
found something, 2 that the command could not be carried out as it was given.
"""

import sys

import typer

from pipeline.cli import (
    action,
    apply,
    calibrate,
    doctor,
    export,
    ledger,
    lists,
    models,
    privacy,
    report,
    retention,
    review,
    rules,
    run,
    sample,
    subject,
    users,
    watch,
)
from pipeline.cli.output import complain
from pipeline.domain.errors import ConfigError, EarmarkError, StoreError
from pipeline.logs import LogOptions, start_logs

app = typer.Typer(
    help="Listens to every recorded call, marks the ones a person should hear, and says why. 通话质检",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("watch")(watch.watch)
app.command("apply")(apply.apply)
app.command("calls")(lists.calls)
app.command("hits")(lists.hits)
app.command("show")(lists.show)
app.command("status")(ledger.status)
app.command("retry")(ledger.retry)
app.command("doctor")(doctor.doctor)
app.add_typer(export.app, name="export")
app.add_typer(review.app, name="review")
app.add_typer(users.app, name="users")
app.add_typer(rules.app, name="rules")
app.add_typer(models.app, name="models")
app.add_typer(sample.app, name="sample")
app.add_typer(calibrate.app, name="calibrate")
app.add_typer(report.app, name="report")
app.add_typer(privacy.app, name="privacy")
app.add_typer(retention.app, name="retention")
app.add_typer(subject.app, name="subject")
app.add_typer(action.app, name="action")


def _log_options() -> LogOptions:
    from pipeline.settings import load_settings

    try:
        return load_settings().log_options
    except ConfigError:
        # That is told, in text, by whoever needs the settings.
        return LogOptions()


def main() -> None:
    """Entry point of the ``earmark`` command."""
    start_logs(_log_options)
    try:
        app()
    except EarmarkError as error:
        complain(str(error))
        sys.exit(1 if isinstance(error, StoreError) else 2)
    except BrokenPipeError:
        # The reader of our output (head, less) has gone.
        sys.stderr.close()
        sys.exit(0)

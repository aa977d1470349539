"""The command line: thin commands over plain functions.

Data goes to stdout, messages and progress to stderr. Exit code 0 is fine, 1 means that some items failed or a check
found something, 2 that the command could not be carried out as it was given.
"""

import logging
import sys

import typer

from pipeline.cli import apply, export, ledger, lists, models, review, rules, run, users
from pipeline.domain.errors import EarmarkError, StoreError

app = typer.Typer(
    help="Listens to every recorded call, marks the ones a person should hear, and says why. 通话质检",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("apply")(apply.apply)
app.command("calls")(lists.calls)
app.command("hits")(lists.hits)
app.command("show")(lists.show)
app.command("status")(ledger.status)
app.command("retry")(ledger.retry)
app.add_typer(export.app, name="export")
app.add_typer(review.app, name="review")
app.add_typer(users.app, name="users")
app.add_typer(rules.app, name="rules")
app.add_typer(models.app, name="models")


def main() -> None:
    """Entry point of the ``earmark`` command."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        app()
    except EarmarkError as error:
        sys.stderr.write(f"earmark: {error}\n")
        sys.exit(1 if isinstance(error, StoreError) else 2)
    except BrokenPipeError:
        # The reader of our output (head, less) has gone.
        sys.stderr.close()
        sys.exit(0)

"""`earmark export labels`: what reviewers said, as labelled calls; `earmark export audio` beside it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from pipeline.cli.export_audio import audio
from pipeline.cli.lists import RuleOption, check_rules, in_zone, open_stored
from pipeline.cli.output import DbOption, message

if TYPE_CHECKING:
    from pipeline.store.label_export import ExportedCall

app = typer.Typer(help="Write what people said of calls, or masked recordings, to files. 导出", no_args_is_help=True)
app.command("audio")(audio)

STDOUT = "-"


@app.command("labels")
def labels(
    db: DbOption = None,
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="Where to write; - is standard output.")] = STDOUT,
    since: Annotated[datetime | None, typer.Option("--since", help="Only verdicts given then or later.")] = None,
    rule: RuleOption = None,
    reviewer: Annotated[
        str | None, typer.Option("--reviewer", metavar="LOGIN", help="Only verdicts of this person.")
    ] = None,
    pseudonyms: Annotated[
        bool, typer.Option("--pseudonyms", help="Name reviewers by a number, not by their login.")
    ] = False,
) -> None:
    """Write the judged calls as labelled calls, for `rules eval` and `models train`. 导出标注"""
    from pipeline.store.label_export import WantedLabels, labelled_calls
    from pipeline.store.listings import Filter, rule_titles

    database = open_stored(db)
    check_rules(Filter(rules=rule or ()), rule_titles(database))
    wanted = WantedLabels(in_zone(since), rule or (), reviewer, pseudonyms)
    exported = labelled_calls(database, wanted)
    with _opened(out) as file:
        message(_write(exported, file))


def _write(exported: "Iterator[ExportedCall]", file: TextIO) -> str:
    """Writes the lines and says how many of what there were."""
    calls = positive = negative = unsure = without_transcript = 0
    for call in exported:
        unsure += call.unsure
        if call.line is None:
            without_transcript += bool(call.labels)
            continue
        calls += 1
        positive += sum(call.labels.values())
        negative += sum(not label for label in call.labels.values())
        file.write(call.line + "\n")
    told = f"{calls} calls, {positive + negative} labels: {positive} true, {negative} false"
    if unsure:
        told += f"; {unsure} verdicts are unsure and give none"
    if without_transcript:
        told += f"; left out {without_transcript} calls that have no transcript any more"
    return told


@contextmanager
def _opened(out: str) -> Iterator[TextIO]:
    """The file to write. It takes its name only when it is whole, so that no reader ever sees half of it."""
    from pipeline.domain.errors import ConfigError

    if out == STDOUT:
        yield sys.stdout
        return
    path = Path(out)
    half = path.with_name(f".{path.name}.part")
    try:
        with half.open("w", encoding="utf-8") as file:
            yield file
        half.replace(path)
    except OSError as error:
        raise ConfigError(f"--out {out} cannot be written: {error.strerror}") from error
    finally:
        half.unlink(missing_ok=True)

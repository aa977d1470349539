"""Options of `earmark rules eval` that lay calls by ASR beside what was really said."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.output import message

if TYPE_CHECKING:
    from pipeline.evaluation.labelled import LabelledCall
    from pipeline.evaluation.recognition import Comparison
    from pipeline.evaluation.rule_quality import Case
    from rules.engine import Engine

PERTURBATIONS = 20
"""Times each call is perturbed: calls differ more than perturbations do, so that more hardly narrow the interval."""

ReferenceOption = Annotated[
    list[Path] | None,
    typer.Option("--reference", metavar="FILE", help="What was really said, as labelled calls: who is to blame."),
]
WordsOption = Annotated[
    str | None,
    typer.Option(
        "--db", metavar="URL", help="Take words and times from the stored calls of the same name.", show_default=False
    ),
]
PerturbationsOption = Annotated[
    int, typer.Option("--perturbations", min=0, metavar="N", help="With --reference: of each call, for fragility.")
]


def labelled_words(labelled: "list[LabelledCall]", db: str | None) -> "list[LabelledCall]":
    """The labelled calls; with ``db`` those that are stored there, in ASR's words."""
    if db is None:
        return labelled
    from pipeline.evaluation.recognition import with_stored_words
    from pipeline.store.database import open_database
    from pipeline.store.results import stored_calls

    stored = ((one.recording.name, one.call) for one in stored_calls(open_database(db)))
    found = with_stored_words(labelled, stored)
    if len(found) < len(labelled):
        names = {call.recording for call in found}
        left = [call.recording for call in labelled if call.recording not in names]
        message(f"note: {len(left)} labelled calls are not in the database and left out, such as {left[0]}")
    return found


def compare_words(
    engine: "Engine",
    judged: "Sequence[Case]",
    labelled: "Sequence[LabelledCall]",
    reference: Sequence[Path],
    perturbations: int,
) -> "Comparison":
    """Who is to blame for the wrong cases, and how fragile the rules are."""
    from pipeline.evaluation.labelled import read_labelled
    from pipeline.evaluation.recognition import compare_with_reference, pair_up

    pairs = pair_up(labelled, read_labelled(reference))
    if len(pairs) < len(labelled):
        message(f"note: {len(labelled) - len(pairs)} of {len(labelled)} calls have no reference; they say nothing here")
    return compare_with_reference(engine.evaluate, judged, pairs, perturbations=perturbations)

"""`earmark rules sounds`: what matching by sound costs, phrase by phrase."""

from typing import Annotated

import typer

from pipeline.cli.apply import RulesOption
from pipeline.cli.output import DbOption, Format, FormatOption, console, message, print_rows
from pipeline.cli.rule_choice import SomeLabelsOption, load_pack


def sounds(
    phrases: Annotated[
        list[str] | None, typer.Argument(help="Phrases to try; those that the rules match by sound if none is given.")
    ] = None,
    labels: SomeLabelsOption = None,
    db: DbOption = None,
    rules: RulesOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Finds that matching by sound adds for each phrase, on stored or labelled calls. 按读音多出的命中"""
    from pipeline.cli.lists import open_stored
    from pipeline.evaluation.labelled import read_labelled
    from pipeline.store.results import stored_calls
    from rules.sound_cost import phrases_by_sound, sound_costs

    if labels:
        transcripts = [one.call.transcript for one in read_labelled(labels)]
    else:
        transcripts = [stored.call.transcript for stored in stored_calls(open_stored(db))]
    costs = sound_costs(phrases or phrases_by_sound(load_pack(rules)), transcripts)
    if form != Format.TABLE:
        print_rows(costs, form)
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("词 phrase", no_wrap=True)
    table.add_column("说到 said", justify="right")
    table.add_column("只是音近 only heard", justify="right")
    table.add_column("写成了 written as")
    for cost in sorted(costs, key=lambda cost: (-cost.only_heard, cost.phrase)):
        table.add_row(cost.phrase, str(cost.said), str(cost.only_heard), "、".join(cost.examples))
    console().print(table)
    message(f"{len(transcripts)} calls, {len(costs)} phrases of two syllables and more")

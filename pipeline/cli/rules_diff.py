"""`earmark rules diff`: what a change of rules does before it goes live."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.apply import RulesOption
from pipeline.cli.output import DbOption, Format, FormatOption, message
from pipeline.cli.rule_choice import SomeLabelsOption, load_pack, pack_folders, site_predictions

if TYPE_CHECKING:
    from pipeline.domain.results import Call
    from rules.rule import RulePack

DEFAULT_BASE = "HEAD"


def diff(
    base: Annotated[
        str,
        typer.Option("--base", metavar="REV|DIR", help="What to compare with: a git revision, or a folder of rules."),
    ] = DEFAULT_BASE,
    rules: RulesOption = None,
    labels: SomeLabelsOption = None,
    db: DbOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Hits gained and lost by a change of rules, and the review work it makes. 规则改动的影响"""
    from pipeline.cli.diff_view import print_diff, print_diff_data
    from pipeline.evaluation.labelled import read_labelled
    from pipeline.evaluation.rule_diff import compare

    before, after = _base_pack(base, rules), load_pack(rules)
    calls = read_labelled(labels) if labels else []
    stored = _stored(db, frozenset(call.recording for call in calls)) if db is not None or not labels else iter(())
    compared = compare(before, after, calls, stored, predict=site_predictions())
    if form == Format.TABLE:
        print_diff(compared)
    else:
        print_diff_data(compared, base, form)
    edited = f"{len(compared.rules)} of {len(after.rules)} rules edited"
    message(f"{base} → now: {edited}, on {compared.labelled.calls} labelled and {compared.stored.calls} stored calls")


def _base_pack(base: str, rules: list[Path] | None) -> "RulePack":
    """The older version. A folder stands in place of ``--rules``, without those in place of the standard pack."""
    from pipeline.evaluation.revisions import files_at
    from rules.loader import load_packs, load_sources, standard_pack_dir

    standard = standard_pack_dir()
    if Path(base).is_dir():
        return load_packs((standard, Path(base)) if rules else (Path(base), *pack_folders(None)[1:]))
    return load_sources(files_at(pack_folders(rules), base, standard=standard))


def _stored(db: str | None, labelled: frozenset[str]) -> "Iterator[tuple[str, Call]]":
    from pipeline.settings import load_settings
    from pipeline.store.database import open_database
    from pipeline.store.results import stored_calls

    for stored in stored_calls(open_database(load_settings(db=db).db)):
        if stored.recording.name not in labelled:
            yield stored.recording.name, stored.call

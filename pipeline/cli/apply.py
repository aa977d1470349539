"""`earmark apply`: rules again over stored transcripts."""

import uuid
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.originals import keys_of, say_what_is_unmasked
from pipeline.cli.output import DbOption, Format, FormatOption, clock, console, message, print_rows

if TYPE_CHECKING:
    from pipeline.batch.reapply import ChangedOutcome

RulesOption = Annotated[
    list[Path] | None,
    typer.Option("--rules", metavar="DIR", help="Folder of rule packs besides the standard pack; may be repeated."),
]
SiteModelsOption = Annotated[
    Path | None,
    typer.Option("--models", metavar="DIR", help="The site's own classifiers [default: those that earmark ships]."),
]


def apply(
    db: DbOption = None,
    rules: RulesOption = None,
    models: SiteModelsOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, store nothing.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Run classifiers and rules again over stored transcripts and say what changed. 重新应用规则"""
    from pipeline.batch.judging import Judge
    from pipeline.batch.reapply import reapply
    from pipeline.batch.rule_set import headings, load_rules
    from pipeline.batch.version import code_version
    from pipeline.settings import load_settings
    from pipeline.store.database import open_database
    from pipeline.store.results import Run

    settings = load_settings(db=db, rules=tuple(rules) if rules else None, models=models)
    pack = load_rules(settings.rules)
    database = open_database(settings.db)
    run = Run(uuid.uuid4().hex, "apply", code_version(), pack.digest, headings(pack))
    done = reapply(
        database,
        Judge(pack, settings.models),
        run,
        dry_run=dry_run,
        keys=keys_of(settings),
        own_numbers=settings.own_numbers,
    )
    if form == Format.TABLE:
        _changes_table(done.changes)
    else:
        print_rows(done.changes, form)
    verb = "would change" if dry_run else "changed"
    message(f"{done.calls} calls, {len(pack.rules)} rules: {len(done.changes)} outcomes {verb}")
    if done.masked:
        message(
            f"warning: {done.masked} calls were judged as they are masked: rules about numbers said in them may have "
            "lost hits (docs/privacy-access.md)"
        )
    say_what_is_unmasked(database)


def _changes_table(changes: "tuple[ChangedOutcome, ...]") -> None:
    from rich.table import Table

    if not changes:
        return
    counts = Counter((change.rule, change.before.value, change.after.value) for change in changes)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("规则 rule", "从 from", "到 to", "通话 calls", "例如 such as"):
        table.add_column(heading)
    for (rule, before, after), count in sorted(counts.items()):
        examples = [
            f"{change.recording} {clock(change.start_s)}".strip()
            for change in changes
            if (change.rule, change.before.value, change.after.value) == (rule, before, after)
        ]
        table.add_row(rule, before, after, str(count), ", ".join(examples[:3]))
    console().print(table)

"""`earmark retention …`: how long what is kept is kept, legal holds, and deleting what is due."""

import getpass
import os
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.lists import open_stored
from pipeline.cli.originals import usable_keys
from pipeline.cli.output import DbOption, Format, FormatOption, console, message, print_rows

if TYPE_CHECKING:
    from pipeline.batch.retention import Swept
    from pipeline.domain.retention import RetentionRules
    from pipeline.settings import Settings
    from pipeline.store.holds import Hold
    from pipeline.store.retention import DuePlan

app = typer.Typer(
    help="Delete what is older than the rules allow, and keep what the law wants. 保存期限", no_args_is_help=True
)
hold_app = typer.Typer(help="Legal holds: what nobody may delete for now. 法律保留", no_args_is_help=True)
app.add_typer(hold_app, name="hold")

ByOption = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who does it, for the record [default: the system's user].")
]
NAMED = 20
"""Recordings and files that a message names."""


@dataclass(frozen=True, slots=True)
class DueRow:
    """What one rule would delete, or has deleted."""

    data_class: str
    rule: str
    """The rule; after deleting, the table."""
    calls: int
    """Calls; entries of the audit log; after deleting, rows."""


@app.command("run")
def run(
    db: DbOption = None,
    rules: Annotated[
        Path | None, typer.Option("--retention", metavar="FILE", help="Rules, YAML [default: the setting].")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Delete. Without this nothing is.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted: the default.")] = False,
    plan: Annotated[
        str | None, typer.Option("--plan", metavar="DIGEST", help="With --apply: only what the dry run has shown.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="With --apply: do not ask.")] = False,
    at_most: Annotated[
        int | None, typer.Option("--at-most", min=0, metavar="CALLS", help="Refuse where more calls are due.")
    ] = None,
    trust_clock: Annotated[
        bool, typer.Option("--trust-clock", help="Delete though the clock seems to have jumped.")
    ] = False,
    by: ByOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Say what is older than the rules allow, or delete it. 按期限删除"""
    from pipeline.domain.errors import ConfigError
    from pipeline.settings import load_settings
    from pipeline.store.retention import plan_due

    if apply and dry_run:
        raise ConfigError("--apply deletes and --dry-run does not: give one of them")
    settings = load_settings(db=db, retention=rules)
    wanted = _rules(settings)
    database = open_stored(db)
    due = plan_due(database, wanted, trust_clock=trust_clock)
    if not apply:
        _print(_plan_rows(due), form)
        _tell_plan(due)
        return
    if at_most is not None and due.calls > at_most:
        raise ConfigError(
            f"{due.calls} calls are due, more than --at-most {at_most}: nothing was deleted; see --dry-run"
        )
    _confirm(due, plan, yes=yes)
    from pipeline.batch.retention import sweep

    playback = playback_folder(settings)
    swept = sweep(database, wanted, due, by=who(by), playback=playback, keys=usable_keys(settings))
    _print(_swept_rows(swept), form)
    _tell_swept(due, swept)
    if swept.left:
        raise typer.Exit(1)


def _rules(settings: "Settings") -> "RetentionRules":
    from pipeline.domain.errors import ConfigError
    from pipeline.privacy.retention import load_retention

    if settings.retention is None:
        raise ConfigError("no rules: set retention in earmark.toml, or give --retention FILE (docs/retention.md)")
    return load_retention(settings.retention)


def who(by: str | None) -> str:
    """The name that records give: what was said, or the system's user."""
    try:
        return (by or getpass.getuser())[:200]
    except (KeyError, OSError):
        # A container runs as a number that nobody named.
        return f"uid {os.getuid()}"


def playback_folder(settings: "Settings") -> Path:
    """Where the review desk keeps what was made of recordings to be played."""
    from pipeline.review.playback import default_folder

    return settings.review_cache or default_folder()


def _confirm(due: "DuePlan", plan: str | None, *, yes: bool) -> None:
    """Returns where the operator knows what will be deleted. Raises: ConfigError."""
    from pipeline.domain.errors import ConfigError

    if plan is not None:
        if plan != due.digest:
            raise ConfigError(
                f"the plan is {due.digest} by now, not {plan}: more or other calls are due than the dry run has shown."
                " Nothing was deleted; look at `earmark retention run --dry-run` again"
            )
        return
    if yes or not due.counts:
        return
    if not sys.stdin.isatty():
        raise ConfigError(f"nobody to ask: confirm with --plan {due.digest}, or with --yes")
    _print(_plan_rows(due), Format.TABLE)
    if not typer.confirm(f"删除以上内容，不能恢复？ Delete this for good ({due.calls} calls)?", err=True):
        raise ConfigError("nothing was deleted")


def _plan_rows(due: "DuePlan") -> list[DueRow]:
    return [DueRow(data_class.value, rule, count) for (data_class, rule), count in sorted(due.counts.items())]


def _swept_rows(swept: "Swept") -> list[DueRow]:
    from pipeline.domain.retention import DataClass

    rows = [DueRow(data_class.value, table, count) for (data_class, table), count in sorted(swept.counts.items())]
    if swept.audit_entries:
        rows.append(DueRow(DataClass.AUDIT.value, "audit", swept.audit_entries))
    return rows


def _print(rows: list[DueRow], form: Format) -> None:
    from rich.table import Table

    from pipeline.domain.retention import DataClass

    if form != Format.TABLE:
        print_rows(rows, form)
        return
    table = Table(box=None, pad_edge=False)
    for name in ("类别 class", "规则 rule", "数量 count"):
        table.add_column(name, justify="right" if "count" in name else "left")
    for row in rows:
        table.add_row(f"{DataClass(row.data_class).zh} {row.data_class}", row.rule, str(row.calls))
    if rows:
        console().print(table)


def _tell_plan(due: "DuePlan") -> None:
    if not due.counts:
        message("没有到期的内容。nothing is due")
    else:
        message(
            f"{due.calls} 通到期，还没有删除。{due.calls} calls are due; nothing was deleted. To delete just this:\n"
            f"  earmark retention run --apply --plan {due.digest}"
        )
    _tell_left(due)


def _tell_left(due: "DuePlan") -> None:
    if due.held:
        message(f"{due.held} 通到期但在法律保留中。{due.held} calls are due and under a legal hold: they stay")
    if due.busy:
        named = ", ".join(one[:12] for one in due.busy[:NAMED])
        more = " …" if len(due.busy) > NAMED else ""
        message(f"{len(due.busy)} 通还没处理完，下次再删。not processed yet, left for the next time: {named}{more}")


def _tell_swept(due: "DuePlan", swept: "Swept") -> None:
    message(f"已删除 {swept.calls} 通的到期内容。deleted what was due of {swept.calls} calls, and recorded it")
    _tell_left(due)
    if swept.passed_over:
        named = ", ".join(one[:12] for one in swept.passed_over[:NAMED])
        message(f"passed over, since a hold or a run came first: {named}")
    for recording_id, place, why in swept.left[:NAMED]:
        message(f"{recording_id[:12]} 文件没有删 file stays: {place}: {why}")
    if len(swept.left) > NAMED:
        message(f"… and {len(swept.left) - NAMED} files more")


@dataclass(frozen=True, slots=True)
class RecordRow:
    """An entry of the record of deletions."""

    at: datetime
    by: str
    rule: str
    data_class: str
    recording_id: str | None
    counts: dict[str, int]


@app.command("log")
def log(
    db: DbOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many rows.")] = 50,
    form: FormatOption = Format.TABLE,
) -> None:
    """List what was deleted, when, by whom and under which rule, the newest first. 删除记录"""
    from rich.table import Table

    from pipeline.store.keeping import recorded

    rows = [RecordRow(**row) for row in recorded(open_stored(db), limit=limit)]
    if form != Format.TABLE:
        print_rows(rows, form)
        return
    table = Table(box=None, pad_edge=False)
    for name in ("时间 at (UTC)", "谁 by", "规则 rule", "类别 class", "通话 call", "数量 counts"):
        table.add_column(name)
    for row in rows:
        counts = ", ".join(f"{name} {count}" for name, count in row.counts.items())
        at = f"{row.at:%Y-%m-%d %H:%M:%S}"
        table.add_row(at, row.by, row.rule, row.data_class, (row.recording_id or "")[:12], counts)
    console().print(table)


@hold_app.command("add")
def hold_add(
    reason: Annotated[str, typer.Option("--reason", help="Why it has to be kept, such as a case's number.")],
    call: Annotated[str | None, typer.Argument(help="File name, path, or the start of an id.", metavar="CALL")] = None,
    customer: Annotated[
        str | None, typer.Option("--customer", metavar="ID", help="All calls of this customer, later ones too.")
    ] = None,
    db: DbOption = None,
    by: ByOption = None,
) -> None:
    """Keep a call, or all calls of a customer, from being deleted. 加保留"""
    from pipeline.cli.originals import find_call
    from pipeline.domain.errors import ConfigError
    from pipeline.store.holds import place_hold

    if (call is None) == (customer is None):
        raise ConfigError("give either a CALL or --customer ID")
    if not reason.strip():
        raise ConfigError("--reason is empty: say why it has to be kept")
    database = open_stored(db)
    recording_id = find_call(database, call) if call is not None else None
    number = place_hold(
        database,
        by=who(by),
        reason=reason.strip(),
        recording_id=recording_id,
        customer_id=_as_stored(customer, db) if customer is not None else None,
    )
    message(f"保留 {number} 已生效。hold {number} is in force; earmark retention hold release {number} ends it")


def _as_stored(customer: str, db: str | None) -> str:
    from pipeline.batch.subject import customer_as_stored
    from pipeline.cli.originals import keys_of
    from pipeline.settings import load_settings

    return customer_as_stored(customer, keys_of(load_settings(db=db)))


@hold_app.command("release")
def hold_release(
    number: Annotated[int, typer.Argument(metavar="N", help="Number of the hold.")],
    db: DbOption = None,
    by: ByOption = None,
) -> None:
    """End a hold: rules and requests may delete again what it kept. 解除保留"""
    from pipeline.store.holds import release_hold

    release_hold(open_stored(db), number, by=who(by))
    message(f"保留 {number} 已解除。hold {number} is released")


@hold_app.command("list")
def hold_list(
    db: DbOption = None,
    all_: Annotated[bool, typer.Option("--all", help="Released ones too.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the holds in force. 保留清单"""
    from pipeline.store.holds import all_holds

    found = all_holds(open_stored(db), released=all_)
    if form != Format.TABLE:
        print_rows(found, form)
        return
    if not found:
        message("没有保留。no hold is in force")
        return
    _print_holds(found)


def _print_holds(found: "list[Hold]") -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("保留 hold", "对象 of", "原因 reason", "自 since", "由 by", "解除 released"):
        table.add_column(name)
    for one in found:
        of = f"通话 call {one.recording_id[:12]}" if one.recording_id else f"客户 customer {one.customer_id or '—'}"
        released = f"{one.released_at:%Y-%m-%d} {one.released_by}" if one.released_at else ""
        table.add_row(str(one.id), of, one.reason, f"{one.placed_at:%Y-%m-%d}", one.placed_by, released)
    console().print(table)

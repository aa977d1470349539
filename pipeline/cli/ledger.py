"""`earmark status`, `earmark retry`: the ledger of recordings."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.lists import open_stored
from pipeline.cli.output import STATE_ZH, DbOption, Format, FormatOption, clock, console, message, print_rows

if TYPE_CHECKING:
    from pipeline.store.status import Status


def status(db: DbOption = None, form: FormatOption = Format.TABLE) -> None:
    """Show how far a night has come: states, speed, time left, failures by reason. 进度"""
    from pipeline.store.status import read_status

    now = read_status(open_stored(db))
    if form == Format.TABLE:
        _print_status(now)
    else:
        print_rows([now], form)


def retry(
    calls: Annotated[
        list[str] | None, typer.Argument(help="File names or starts of ids; all where none is given.")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Only what was set aside for this reason.")] = None,
    db: DbOption = None,
) -> None:
    """Put recordings that were set aside back to pending, for the next run. 重试"""
    from pipeline.cli.originals import find_call
    from pipeline.store.status import retry as put_back

    database = open_stored(db)
    chosen = [find_call(database, call) for call in calls or ()]
    count, left = put_back(database, recording_ids=chosen, reason=reason)
    message(f"{count} recordings are pending again: the next `earmark run` takes them")
    if left:
        message(f"{left} empty or unreadable files stay where they are until a run finds them mended")


def _print_status(now: "Status") -> None:
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    counts = (
        ("pending", now.pending),
        ("leased", now.leased),
        ("done", now.done),
        ("failed", now.failed),
        ("quarantined", now.quarantined),
    )
    table.add_row(
        "录音 recordings", " · ".join(f"{count} {STATE_ZH[state]} {state}" for state, count in counts if count)
    )
    table.add_row("时长 audio", f"{now.audio_h:.2f} h done")
    table.add_row("速度 speed", f"{now.done_per_h:.0f} calls and {now.audio_h_per_h:.1f} h of sound an hour, of late")
    if now.left_s is not None and now.ends_at is not None:
        ends = now.ends_at.astimezone()
        table.add_row("剩余 left", f"{clock(now.left_s)}, until {ends:%Y-%m-%d %H:%M %Z} at that speed")
    if now.reasons:
        table.add_row("失败 failed", ", ".join(f"{reason} {count}" for reason, count in now.reasons.items()))
    console().print(table)

"""What an operator reads when a run has ended."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.cli.output import Format, clock, console, print_rows
from pipeline.text.visible import visible

if TYPE_CHECKING:
    from pipeline.batch.summary import RunSummary
    from pipeline.store.database import Database

FIRST_CALLS = 5
"""Calls that the summary names."""


@dataclass(frozen=True, slots=True)
class BatchRun:
    """A run that has ended."""

    run_id: str
    problems: int
    """What discovery found that somebody has to mend."""
    summary: "RunSummary"
    checked_otherwise: int
    """Calls in the database that were last checked against other rules."""
    database: "Database"


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """The summary of a run as data."""

    found: int
    processed: int
    done_before: int
    duplicates: int
    erased: int
    failed: int
    leased_elsewhere: int
    audio_s: float
    wall_s: float
    flagged: int
    database: str


def print_summary(done: "BatchRun", form: Format) -> None:
    """Prints what a run did and which calls to hear first."""
    summary = done.summary
    if form != Format.TABLE:
        row = SummaryRow(
            found=summary.found,
            processed=summary.processed,
            done_before=summary.done_before,
            duplicates=summary.duplicates,
            erased=summary.erased,
            failed=summary.failed.total(),
            leased_elsewhere=summary.leased_elsewhere,
            audio_s=round(summary.audio_s, 3),
            wall_s=round(summary.wall_s, 3),
            flagged=summary.flagged,
            database=done.database.url,
        )
        print_rows([row], form)
        return
    _print_counts(done)
    _print_first_calls(done)


def _print_counts(done: "BatchRun") -> None:
    from rich.table import Table

    summary = done.summary
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    also = ((summary.done_before, "done before"), (summary.duplicates, "copies"), (summary.failed.total(), "failed"))
    counts = "".join(f" · {count} {what}" for count, what in also if count)
    table.add_row("通话 calls", f"{summary.found} found · {summary.processed} processed{counts}")
    if summary.processed:
        speed = f"{summary.audio_s / summary.wall_s:.1f}× real time"
        audio = f"{summary.audio_s / 3600:.2f} h audio in {clock(summary.wall_s)} · {speed}"
        table.add_row("时长 audio", audio)
        table.add_row("命中 flagged", f"{summary.flagged} of {summary.processed} calls")
    if summary.failed:
        text = ", ".join(f"{reason} {count}" for reason, count in summary.failed.most_common())
        table.add_row("失败 failed", f"{text}. Each with its remedy: earmark calls --state quarantined")
    if summary.erased:
        table.add_row(
            "已抹去 erased", f"{summary.erased} were erased for a customer and are left alone; delete the files"
        )
    if summary.leased_elsewhere:
        table.add_row("处理中 busy", f"{summary.leased_elsewhere} are being processed by another run")
    if summary.interrupted:
        table.add_row("中断 stopped", "before the end: run the same command again, what is done stays done")
    if summary.roles_unknown:
        count = f"unknown in {summary.roles_unknown} calls, so rules about a role do not apply to them. "
        remedy = "Mono cannot tell. For stereo name the channels in the manifest or give --channel-roles agent,customer"
        table.add_row("角色 roles", count + remedy)
    if done.checked_otherwise:
        table.add_row("规则 rules", f"{done.checked_otherwise} calls were checked against other rules: earmark apply")
    table.add_row("数据库 database", done.database.url)
    console().print(table)


def _print_first_calls(done: "BatchRun") -> None:
    from rich.table import Table

    from pipeline.store.listings import Filter, list_calls, rule_titles

    rows = list_calls(done.database, Filter(run_id=done.run_id, limit=FIRST_CALLS), flagged=True)
    if not rows:
        return
    titles = rule_titles(done.database)
    table = Table(box=None, show_header=False, pad_edge=False, title="先听 hear first", title_justify="left")
    for row in rows:
        why = "、".join(titles[rule].zh for rule in row.rules)
        table.add_row(visible(row.recording), clock(row.start_s), why)
    out = console()
    out.print()
    out.print(table)
    if done.summary.flagged > len(rows):
        out.print(f"… {done.summary.flagged - len(rows)} more: earmark calls --flagged", style="dim")

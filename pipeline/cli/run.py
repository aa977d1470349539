"""`earmark run`: the main job."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.apply import RulesOption
from pipeline.cli.output import DbOption, Format, FormatOption

if TYPE_CHECKING:
    from pipeline.batch.runner import RunSummary
    from pipeline.settings import Settings
    from pipeline.store.database import Database


FIRST_CALLS = 5
"""Calls that the summary names."""


class ExecutorChoice(StrEnum):
    """Where the work is done."""

    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class BatchRun:
    """A run that has ended."""

    run_id: str
    problems: int
    """What discovery found that somebody has to mend."""
    summary: "RunSummary"
    database: "Database"


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """The summary of a run as data."""

    found: int
    processed: int
    done_before: int
    duplicates: int
    failed: int
    leased_elsewhere: int
    audio_s: float
    wall_s: float
    flagged: int
    database: str


def run(
    paths: Annotated[list[Path], typer.Argument(help="Recordings, or folders of them.", metavar="PATH…")],
    manifest: Annotated[
        Path | None, typer.Option("--manifest", help="CSV, JSONL or Parquet: one row a recording.")
    ] = None,
    db: DbOption = None,
    rules: RulesOption = None,
    asr_model: Annotated[
        str | None, typer.Option("--asr-model", metavar="NAME|DIR", help="Speech model [default: base].")
    ] = None,
    language: Annotated[str | None, typer.Option("--language", help="zh, en or auto [default: zh].")] = None,
    channel_roles: Annotated[
        str | None,
        typer.Option("--channel-roles", metavar="LEFT,RIGHT", help="Roles where no manifest says: agent,customer."),
    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Worker processes [default: cores].")] = None,
    executor: Annotated[ExecutorChoice, typer.Option("--executor", help="Where the work is done.")] = (
        ExecutorChoice.LOCAL
    ),
    redo: Annotated[bool, typer.Option("--redo", help="Do again what is done or set aside.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Transcribe recordings, check them against the rules, store what is found. 批量质检"""
    from pipeline.settings import load_settings

    settings = load_settings(
        db=db,
        rules=tuple(rules) if rules else None,
        asr_model=asr_model,
        language=language,
        workers=workers,
        channel_roles=tuple(channel_roles.split(",")) if channel_roles else None,
    )
    done = run_batch(paths, manifest, settings, redo=redo)
    _print_summary(done, form)
    if done.problems or not done.summary.complete:
        raise typer.Exit(1)


def run_batch(paths: list[Path], manifest: Path | None, settings: "Settings", *, redo: bool) -> BatchRun:
    """Runs the main job."""
    from pipeline.batch.discovery import discover
    from pipeline.batch.manifest import read_manifest
    from pipeline.batch.process import Loader
    from pipeline.batch.runner import Runner, RunOptions
    from pipeline.cli.progress import choose_progress
    from pipeline.store.database import open_database

    described = read_manifest(manifest, timezone=settings.timezone) if manifest else None
    discovery = discover(paths, described)
    problems = _report_problems(discovery)
    options = _process_options(settings)
    run = _describe_run(options)
    database = open_database(settings.db, create=True)
    run_options = RunOptions(settings.worker_count, settings.decode_limit_s, settings.time_limit_per_second)
    progress = choose_progress()
    try:
        runner = Runner(database, run, Loader(options), options=run_options, progress=progress)
        summary = runner.run(discovery.files, redo=redo)
    finally:
        progress.close()
    return BatchRun(run.id, problems, summary, database)


def _report_problems(discovery: "Discovery") -> int:
    """Tells every problem; returns how many of them somebody has to mend."""
    for problem in discovery.problems:
        message(f"{'' if problem.is_error else 'note: '}{problem.where}: {problem.message}")
    return sum(problem.is_error for problem in discovery.problems)


def _process_options(settings: "Settings") -> "ProcessOptions":
    from pipeline.asr.base import AsrOptions, Language
    from pipeline.batch.process import ProcessOptions

    asr = AsrOptions(
        model=settings.asr_model,
        language=Language(settings.language),
        device=settings.device,
        compute_type=settings.compute_type,
        cpu_threads=settings.cpu_threads,
    )
    return ProcessOptions(asr, settings.rules, settings.channel_roles or (), settings.max_duration_h * 3600)


def _describe_run(options: "ProcessOptions") -> "Run":
    from rules.loader import load_site_packs

    from pipeline.batch.version import code_version
    from pipeline.store.results import Run

    pack = load_site_packs(options.rule_dirs)
    return Run(uuid.uuid4().hex, "run", code_version(), pack.digest, pack.headings)


def _print_summary(done: "BatchRun", form: Format) -> None:
    summary = done.summary
    if form != Format.TABLE:
        row = SummaryRow(
            found=summary.found,
            processed=summary.processed,
            done_before=summary.done_before,
            duplicates=summary.duplicates,
            failed=len(summary.failures),
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
    also = ((summary.done_before, "done before"), (summary.duplicates, "copies"), (len(summary.failures), "failed"))
    counts = "".join(f" · {count} {what}" for count, what in also if count)
    table.add_row("通话 calls", f"{summary.found} found · {summary.processed} processed{counts}")
    if summary.processed:
        speed = f"{summary.audio_s / summary.wall_s:.1f}× real time"
        audio = f"{summary.audio_s / 3600:.2f} h audio in {clock(summary.wall_s)} · {speed}"
        table.add_row("时长 audio", audio)
        table.add_row("命中 flagged", f"{summary.flagged} of {summary.processed} calls")
    reasons = Counter(reason for _, reason, _ in summary.failures)
    if reasons:
        text = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
        table.add_row("失败 failed", f"{text}. Each with its remedy: earmark calls --state quarantined")
    if summary.leased_elsewhere:
        table.add_row("处理中 busy", f"{summary.leased_elsewhere} are being processed by another run")
    if summary.interrupted:
        table.add_row("中断 stopped", "before the end: run the same command again, what is done stays done")
    if summary.roles_unknown:
        text = "Name left_channel and right_channel in the manifest, or give --channel-roles agent,customer"
        table.add_row(
            "角色 roles", f"unknown in {summary.roles_unknown} calls: rules about a role do not apply. {text}"
        )
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
        table.add_row(row.recording, clock(row.start_s), why)
    out = console()
    out.print()
    out.print(table)
    if done.summary.flagged > len(rows):
        out.print(f"… {done.summary.flagged - len(rows)} more: earmark calls --flagged", style="dim")

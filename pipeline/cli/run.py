"""`earmark run`: the main job."""

import uuid
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.apply import RulesOption, SiteModelsOption
from pipeline.cli.output import DbOption, Format, FormatOption, message
from pipeline.cli.summary import BatchRun, print_summary

if TYPE_CHECKING:
    from pipeline.batch.discovery import Discovery
    from pipeline.batch.process import ProcessOptions
    from pipeline.settings import Settings
    from pipeline.store.results import Run


class ExecutorChoice(StrEnum):
    """Where the work is done."""

    LOCAL = "local"


def run(
    paths: Annotated[list[Path], typer.Argument(help="Recordings, or folders of them.", metavar="PATH…")],
    manifest: Annotated[
        Path | None, typer.Option("--manifest", help="CSV, JSONL or Parquet: one row a recording.")
    ] = None,
    db: DbOption = None,
    rules: RulesOption = None,
    models: SiteModelsOption = None,
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
        models=models,
        asr_model=asr_model,
        language=language,
        workers=workers,
        channel_roles=channel_roles,
    )
    done = run_batch(paths, manifest, settings, redo=redo)
    print_summary(done, form)
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
    from pipeline.store.results import count_checked_otherwise

    described = read_manifest(manifest, timezone=settings.timezone) if manifest else None
    discovery = discover(paths, described)
    problems = _report_problems(discovery)
    options = _process_options(settings)
    run = _describe_run(options)
    database = open_database(settings.db, create=True)
    run_options = RunOptions(
        workers=settings.worker_count,
        decode_limit_s=settings.decode_limit_s,
        time_limit_per_second=settings.time_limit_per_second,
        store_patience_s=settings.store_patience_s,
    )
    progress = choose_progress()
    try:
        runner = Runner(database, run, Loader(options), options=run_options, progress=progress)
        summary = runner.run(discovery.files, redo=redo)
    finally:
        progress.close()
    return BatchRun(run.id, problems, summary, count_checked_otherwise(database, run.pack_digest), database)


def _report_problems(discovery: "Discovery") -> int:
    """Tells every problem; returns how many of them somebody has to mend."""
    for problem in discovery.problems:
        message(f"{'' if problem.is_error else 'note: '}{problem.where}: {problem.message}")
    return sum(problem.is_error for problem in discovery.problems)


def _process_options(settings: "Settings") -> "ProcessOptions":
    from pipeline.asr.base import AsrOptions, Language
    from pipeline.batch.process import ProcessOptions
    from pipeline.batch.rule_set import load_rules

    asr = AsrOptions(
        model=settings.asr_model,
        language=Language(settings.language),
        device=settings.device,
        compute_type=settings.compute_type,
        cpu_threads=settings.cpu_threads,
        spelling=settings.spelling,
        site_words=settings.site_words,
    )
    pack = load_rules(settings.rules)
    return ProcessOptions(
        asr, pack, settings.channel_roles or (), settings.max_duration_h * 3600, models=settings.models
    )


def _describe_run(options: "ProcessOptions") -> "Run":
    from pipeline.batch.rule_set import headings
    from pipeline.batch.version import code_version
    from pipeline.store.results import Run

    return Run(uuid.uuid4().hex, "run", code_version(), options.pack.digest, headings(options.pack))

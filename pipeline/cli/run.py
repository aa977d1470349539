"""`earmark run`: the main job."""

import uuid
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.apply import RulesOption, SiteModelsOption
from pipeline.cli.observing import MetricsPortOption, observing_options, progress_beside
from pipeline.cli.originals import check_key, keys_of, pseudonyms_of, say_what_is_kept, say_what_is_unmasked
from pipeline.cli.output import DbOption, Format, FormatOption, message
from pipeline.cli.summary import BatchRun, print_summary

if TYPE_CHECKING:
    from pipeline.batch.discovery import Discovery
    from pipeline.batch.executors.base import Executor, Load
    from pipeline.batch.process import ProcessOptions
    from pipeline.batch.runner import RunOptions
    from pipeline.settings import Settings
    from pipeline.store.results import Run


def run(
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="Recordings or folders, paths or URLs; else all that the manifest names.", metavar="PATH…"),
    ] = None,
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
    executor: Annotated[
        str | None, typer.Option("--executor", help="Where the work is done: local or ray [default: local].")
    ] = None,
    ray_address: Annotated[
        str | None, typer.Option("--ray-address", metavar="HOST:PORT", help="A running Ray cluster [default: local].")
    ] = None,
    ray_gpus: Annotated[
        float | None, typer.Option("--ray-gpus", min=0, help="GPUs of each Ray worker [default: 1 on cuda, else 0].")
    ] = None,
    metrics_port: MetricsPortOption = None,
    redo: Annotated[bool, typer.Option("--redo", help="Do again what is done or set aside.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Transcribe recordings, check them against the rules, store what is found. 批量质检"""
    from pipeline.logs import set_up_logs
    from pipeline.settings import load_settings

    settings = load_settings(
        db=db,
        rules=tuple(rules) if rules else None,
        models=models,
        asr_model=asr_model,
        language=language,
        workers=workers,
        channel_roles=channel_roles,
        executor=executor,
        ray_address=ray_address,
        ray_gpus=ray_gpus,
        metrics_port=metrics_port,
    )
    set_up_logs(settings.log_options)
    done = run_batch(paths or [], manifest, settings, redo=redo)
    print_summary(done, form)
    if done.problems or not done.summary.complete:
        raise typer.Exit(1)


def run_batch(paths: list[str], manifest: Path | None, settings: "Settings", *, redo: bool) -> BatchRun:
    """Runs the main job.

    Raises:
        EarmarkError: it cannot be begun as it was given, or could not go on.
    """
    from pipeline.batch.discovery import discover
    from pipeline.batch.manifest import read_manifest
    from pipeline.batch.observing import LoggedLoad, observed
    from pipeline.batch.process import Loader
    from pipeline.batch.runner import Runner
    from pipeline.domain.errors import ConfigError
    from pipeline.store.database import open_database
    from pipeline.store.results import count_checked_otherwise

    if not paths and manifest is None:
        raise ConfigError("nothing to do: give a PATH or a URL, or --manifest FILE for all that it names")
    say_what_is_kept(settings)
    keys, pseudonym = keys_of(settings), pseudonyms_of(settings)
    described = read_manifest(manifest, timezone=settings.timezone, pseudonym=pseudonym) if manifest else None
    discovery = discover(paths, described)
    problems = _report_problems(discovery)
    options = process_options(settings)
    run = describe_run(options)
    load = LoggedLoad(Loader(options), settings.log_options, run.id)
    with closing(executor_of(settings, load)) as executor:
        database = open_database(settings.db, create=True)
        check_key(settings, database)
        say_what_is_unmasked(database, keys)
        limits = run_options(settings, executor)
        with (
            closing(progress_beside(settings.log_options)) as shown,
            observed(run, database, shown, observing_options(settings)) as progress,
        ):
            runner = Runner(database, run, executor, options=limits, progress=progress)
            summary = runner.run(discovery.files, redo=redo, keys=keys)
    return BatchRun(run.id, problems, summary, count_checked_otherwise(database, run.pack_digest), database)


def executor_of(settings: "Settings", load: "Load") -> "Executor":
    """The executor that the settings name. Raises: ConfigError, it is unknown or not installed."""
    from pipeline.batch.executors import ExecutorOptions, open_executor

    options = ExecutorOptions(
        cores=settings.worker_count,
        cpu_threads=settings.cpu_threads,
        ray_address=settings.ray_address,
        ray_gpus=settings.gpus_per_worker,
    )
    return open_executor(settings.executor, load, options)


def run_options(settings: "Settings", executor: "Executor") -> "RunOptions":
    """What the settings say of a run; as many workers as the executor has room for where they name no number."""
    from pipeline.batch.runner import RunOptions

    return RunOptions(
        workers=settings.workers or executor.room(),
        decode_limit_s=settings.decode_limit_s,
        time_limit_per_second=settings.time_limit_per_second,
        store_patience_s=settings.store_patience_s,
        retry_pause_s=settings.retry_pause_s,
        worker_memory_mb=settings.worker_memory_mb,
    )


def _report_problems(discovery: "Discovery") -> int:
    """Tells every problem; returns how many of them somebody has to mend."""
    for problem in discovery.problems:
        message(f"{'' if problem.is_error else 'note: '}{problem.where}: {problem.message}")
    return discovery.problems.errors


def process_options(settings: "Settings") -> "ProcessOptions":
    """What the settings say of processing a call. Raises: RulePackError."""
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
        asr,
        pack,
        settings.channel_roles or (),
        settings.max_duration_h * 3600,
        models=settings.models,
        own_numbers=settings.own_numbers,
        key_file=settings.sealing_keys,
    )


def describe_run(options: "ProcessOptions", command: str = "run") -> "Run":
    """What makes the results of a run that begins now."""
    from pipeline.batch.rule_set import headings
    from pipeline.batch.version import code_version
    from pipeline.store.results import Run

    return Run(uuid.uuid4().hex, command, code_version(), options.pack.digest, headings(options.pack))

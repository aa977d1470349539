"""`earmark report …`: what the reviewed calls say, as a page, a workbook or data."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.output import DbOption, message

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from pipeline.reports.model import Report
    from pipeline.reports.periods import Period

app = typer.Typer(help="Reports that open with what a manager would say. 质量报告", no_args_is_help=True)


class Language(StrEnum):
    """Languages of a report."""

    ZH = "zh"
    EN = "en"


DateOption = Annotated[
    datetime | None,
    typer.Option(
        "--date",
        formats=["%Y-%m-%d"],
        help="The day, week or month that holds this day [default: the last one that is over].",
        show_default=False,
    ),
]
SinceOption = Annotated[
    datetime | None, typer.Option("--since", help="Only calls that began then or later; with --until.")
]
UntilOption = Annotated[datetime | None, typer.Option("--until", help="Only calls that began before.")]
TeamOption = Annotated[str | None, typer.Option("--team", help="Only calls of this team.")]
AgentOption = Annotated[str | None, typer.Option("--agent", help="Only calls of this agent.")]
QueueOption = Annotated[str | None, typer.Option("--queue", help="Only calls of this queue.")]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help="File to write: .html, .xlsx or .json [default: the page to standard output].",
        show_default=False,
    ),
]
LangOption = Annotated[Language, typer.Option("--lang", help="Language of the page and the workbook.")]


@dataclass(frozen=True, slots=True)
class _Choice:
    db: str | None
    date: datetime | None
    since: datetime | None
    until: datetime | None
    team: str | None
    agent: str | None
    queue: str | None
    out: Path | None
    lang: Language


@app.command("daily")
def daily(
    db: DbOption = None,
    date: DateOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    team: TeamOption = None,
    agent: AgentOption = None,
    queue: QueueOption = None,
    out: OutOption = None,
    lang: LangOption = Language.ZH,
) -> None:
    """Report on one day. 日报"""
    _report("daily", _Choice(db, date, since, until, team, agent, queue, out, lang))


@app.command("weekly")
def weekly(
    db: DbOption = None,
    date: DateOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    team: TeamOption = None,
    agent: AgentOption = None,
    queue: QueueOption = None,
    out: OutOption = None,
    lang: LangOption = Language.ZH,
) -> None:
    """Report on one week, from Monday. 周报"""
    _report("weekly", _Choice(db, date, since, until, team, agent, queue, out, lang))


@app.command("monthly")
def monthly(
    db: DbOption = None,
    date: DateOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    team: TeamOption = None,
    agent: AgentOption = None,
    queue: QueueOption = None,
    out: OutOption = None,
    lang: LangOption = Language.ZH,
) -> None:
    """Report on one month. 月报"""
    _report("monthly", _Choice(db, date, since, until, team, agent, queue, out, lang))


@app.command("agent")
def agents(
    db: DbOption = None,
    date: DateOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    team: TeamOption = None,
    agent: AgentOption = None,
    queue: QueueOption = None,
    out: OutOption = None,
    lang: LangOption = Language.ZH,
) -> None:
    """Report on agents over one week: up to 100 on the page; with --agent on one. 坐席报告"""
    _report("agent", _Choice(db, date, since, until, team, agent, queue, out, lang))


@app.command("rules")
def rules(
    db: DbOption = None,
    date: DateOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    team: TeamOption = None,
    agent: AgentOption = None,
    queue: QueueOption = None,
    out: OutOption = None,
    lang: LangOption = Language.ZH,
) -> None:
    """Report on rules over one week: hits, precision, what people missed. 规则报告"""
    _report("rules", _Choice(db, date, since, until, team, agent, queue, out, lang))


def _report(kind: str, choice: _Choice) -> None:
    from zoneinfo import ZoneInfo

    from pipeline.reports.build import Wanted, build
    from pipeline.reports.model import Kind
    from pipeline.scoring.cards import load_default_card
    from pipeline.settings import load_settings
    from pipeline.store.database import open_database
    from pipeline.store.report_queries import Scope

    settings = load_settings(db=choice.db)
    zone = ZoneInfo(settings.timezone)
    write = _writer(choice)
    period = _period(Kind(kind), choice, zone)
    scope = Scope(choice.team, choice.agent, choice.queue)
    database = open_database(settings.db)
    wanted = Wanted(Kind(kind), period, settings.timezone, scope, settings.desk_url)
    try:
        write(build(database, wanted, load_default_card()))
    finally:
        database.close()
    if choice.out is not None:
        message(f"已写入 wrote {choice.out}")


def _period(kind: object, choice: _Choice, zone: "ZoneInfo") -> "Period":
    """What ``--date`` or ``--since`` and ``--until`` name, else the last period that is over.

    Raises:
        ConfigError: they contradict each other.
    """
    from pipeline.domain.errors import ConfigError
    from pipeline.reports.model import Kind
    from pipeline.reports.periods import Period, Unit, before, period_of

    if choice.since is not None or choice.until is not None:
        if choice.date is not None:
            raise ConfigError("give --date, or --since and --until, not both")
        if choice.since is None or choice.until is None:
            raise ConfigError("--since and --until go together: a period that is compared needs both ends")
        if choice.since >= choice.until:
            raise ConfigError(f"--since {choice.since} is not before --until {choice.until}")
        return Period(Unit.SPAN, choice.since.replace(tzinfo=zone), choice.until.replace(tzinfo=zone))
    unit = {Kind.DAILY: Unit.DAY, Kind.MONTHLY: Unit.MONTH}.get(Kind(str(kind)), Unit.WEEK)
    if choice.date is not None:
        return period_of(unit, choice.date.date(), zone)
    return before(period_of(unit, datetime.now(zone).date(), zone))


def _writer(choice: _Choice) -> "Callable[[Report], None]":
    """How the report leaves. Raises: ConfigError for a file of another kind."""
    from pipeline.domain.errors import ConfigError

    out, lang = choice.out, choice.lang.value
    kind = ".html" if out is None else out.suffix.lower()
    if kind == ".xlsx" and out is not None:
        from pipeline.reports.workbook import write

        return lambda report: write(report, out, lang)
    if kind == ".html":
        from pipeline.reports.page import render

        return lambda report: _put(out, render(report, lang))
    if kind == ".json":
        from pipeline.reports.data import as_json

        return lambda report: _put(out, as_json(report))
    raise ConfigError(f"--out {out}: a report is written to a file that ends in .html, .xlsx or .json")


def _put(out: Path | None, text: str) -> None:
    from pipeline.domain.errors import ConfigError

    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be written: {error}") from error

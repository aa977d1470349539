"""`earmark report …`: what the reviewed calls say, as a page, a workbook or data."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.output import DbOption, message
from pipeline.domain.periods import Unit
from pipeline.reports.kinds import KINDS, Kind

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from pipeline.domain.periods import Period
    from pipeline.reports.output import AnyReport

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
    """Which calls a report is about."""

    date: datetime | None
    since: datetime | None
    until: datetime | None
    team: str | None
    agent: str | None
    queue: str | None


def _add(kind: Kind) -> None:
    """Makes the command of a report on a period; all of them have the same options."""

    def command(
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
        _report(kind, _Choice(date, since, until, team, agent, queue), db, out, lang)

    app.command(kind.value, help=KINDS[kind].help)(command)


for _kind in Kind:
    _add(_kind)


@app.command("case")
def case(
    call: Annotated[str, typer.Argument(help="File name, path, or the start of an id.")],
    db: DbOption = None,
    out: OutOption = None,
    lang: LangOption = Language.ZH,
) -> None:
    """Report on one call: what was found, said and judged, its score and service figures. 通话个案"""
    from pipeline.cli.originals import find_call
    from pipeline.reports.case import build_case
    from pipeline.reports.output import check_form
    from pipeline.scoring.cards import load_default_card
    from pipeline.settings import load_settings
    from pipeline.store.database import open_database

    check_form(out)
    settings = load_settings(db=db)
    database = open_database(settings.db)
    try:
        found = find_call(database, call)
        card = load_default_card()
        _put(build_case(database, found, card, zone=settings.timezone, desk_url=settings.desk_url), out, lang)
    finally:
        database.close()


@app.command("metric")
def metric(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A rule's id, an error class, score, handling_s, silence_share, response_s, repeat, survey, or a"
            " numeric metadata column.",
        ),
    ],
    db: DbOption = None,
    date: DateOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    team: TeamOption = None,
    agent: AgentOption = None,
    queue: QueueOption = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the halves that are drawn at random.")] = 1,
    out: OutOption = None,
    lang: LangOption = Language.ZH,
) -> None:
    """Put a metric on trial over one month: does it tell teams or agents apart, is it stable? 试用指标"""
    from zoneinfo import ZoneInfo

    from pipeline.reports.metric import MetricWanted, build_metric
    from pipeline.reports.output import check_form
    from pipeline.scoring.cards import load_default_card
    from pipeline.settings import load_settings
    from pipeline.store.database import open_database
    from pipeline.store.report_queries import Scope

    check_form(out)
    settings = load_settings(db=db)
    period = _period(Unit.MONTH, _Choice(date, since, until, team, agent, queue), ZoneInfo(settings.timezone))
    wanted = MetricWanted(name, period, settings.timezone, Scope(team, agent, queue), seed)
    database = open_database(settings.db)
    try:
        _put(build_metric(database, wanted, load_default_card()), out, lang)
    finally:
        database.close()


def _report(kind: Kind, choice: _Choice, db: str | None, out: Path | None, lang: Language) -> None:
    from zoneinfo import ZoneInfo

    from pipeline.reports.build import Wanted, build
    from pipeline.reports.output import check_form
    from pipeline.scoring.cards import load_default_card
    from pipeline.settings import load_settings
    from pipeline.store.database import open_database
    from pipeline.store.report_queries import Scope

    check_form(out)
    settings = load_settings(db=db)
    period = _period(KINDS[kind].unit, choice, ZoneInfo(settings.timezone))
    scope = Scope(choice.team, choice.agent, choice.queue)
    trust = settings.calibration_level, settings.calibration_days
    wanted = Wanted(kind, period, settings.timezone, scope, settings.desk_url, *trust)
    database = open_database(settings.db)
    try:
        _put(build(database, wanted, load_default_card()), out, lang)
    finally:
        database.close()


def _put(report: "AnyReport", out: Path | None, lang: Language) -> None:
    from pipeline.reports.output import put

    put(report, out, lang.value)
    if out is not None:
        message(f"已写入 wrote {out}")


def _period(unit: Unit, choice: _Choice, zone: "ZoneInfo") -> "Period":
    """What ``--date`` or ``--since`` and ``--until`` name, else the last period that is over.

    Raises:
        ConfigError: they contradict each other.
    """
    from pipeline.domain.errors import ConfigError
    from pipeline.domain.periods import Period, before, period_of

    if choice.since is not None or choice.until is not None:
        if choice.date is not None:
            raise ConfigError("give --date, or --since and --until, not both")
        if choice.since is None or choice.until is None:
            raise ConfigError("--since and --until go together: a period that is compared needs both ends")
        if choice.since >= choice.until:
            raise ConfigError(f"--since {choice.since} is not before --until {choice.until}")
        return Period(Unit.SPAN, choice.since.replace(tzinfo=zone), choice.until.replace(tzinfo=zone))
    if choice.date is not None:
        return period_of(unit, choice.date.date(), zone)
    return before(period_of(unit, datetime.now(zone).date(), zone))

"""`earmark action …`: what is done about a line of a report, and whether it helped."""

import json
import sys
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.lists import open_stored
from pipeline.cli.models import DataFormat, DataFormatOption
from pipeline.cli.output import DbOption, Format, FormatOption, message, print_rows

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from pipeline.domain.actions import Action, Line
    from pipeline.domain.periods import Period
    from pipeline.store.actions import By
    from pipeline.store.database import Database

app = typer.Typer(help="Act on a line of a report, and see whether it helped. 闭环", no_args_is_help=True)

NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="Number of the action.")]
TextArgument = Annotated[str, typer.Argument(metavar="TEXT", help="What to write down.")]


class UnitChoice(StrEnum):
    """Lengths of a baseline."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class StateChoice(StrEnum):
    """States of an action, to filter by."""

    OPEN = "open"
    DONE = "done"
    CLOSED = "closed"
    DROPPED = "dropped"


@dataclass(frozen=True)
class ListedAction:
    """An action in a list."""

    number: int
    kind: str
    line: str
    title: str
    owner: str
    baseline: str
    due: str
    state: str
    verdict: str | None


@app.command("open")
def open_(
    line_id: Annotated[str, typer.Argument(metavar="LINE", help="Id of a line, as reports show it: #agent:A1031:…")],
    owner: Annotated[str, typer.Option("--owner", metavar="WHO", help="Login of an account, or a name.")],
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE.json", help="The report that the line stands in.")
    ] = None,
    date: Annotated[
        datetime | None,
        typer.Option(
            "--date", formats=["%Y-%m-%d"], help="Instead of --report: a day of the baseline.", show_default=False
        ),
    ] = None,
    unit: Annotated[UnitChoice, typer.Option("--unit", help="With --date: length of the baseline.")] = UnitChoice.WEEK,
    due: Annotated[
        str | None,
        typer.Option(
            "--due",
            metavar="PERIOD",
            help="When to look again: 2026-12, 2026-W50 or a day [default: the next one as long as the baseline].",
            show_default=False,
        ),
    ] = None,
    plan: Annotated[str, typer.Option("--plan", metavar="TEXT", help="What is to be done.")] = "",
    db: DbOption = None,
) -> None:
    """Open an action on a line of a report. 开立措施"""
    from pipeline.cli.action_view import told_baseline
    from pipeline.domain.action_periods import due_period, next_due
    from pipeline.domain.actions import Draft, line_of
    from pipeline.review.action_view import scoring
    from pipeline.store.action_assess import baseline_of, team_of
    from pipeline.store.actions import open_action

    line, zone = line_of(line_id), _zone()
    period = _baseline_period(line, report, date, unit, zone)
    database = open_stored(db)
    base = baseline_of(database, scoring(), line, period)
    then = due_period(due, zone) if due is not None else next_due(period, datetime.now(zone))
    name, account_id = _owner(database, owner)
    draft = Draft(line, base, then, name, account_id, plan, team_of(database, line, period))
    action = open_action(database, draft, _console())
    sys.stdout.write(f"#{action.id}\n")
    message(told_baseline(action))


@app.command("list")
def list_(
    state: Annotated[
        list[StateChoice] | None,
        typer.Option("--state", help="Only these; may be repeated [default: open and done].", show_default=False),
    ] = None,
    due: Annotated[bool, typer.Option("--due", help="Only those whose due period is over.")] = False,
    team: Annotated[str | None, typer.Option("--team", help="Only of this team and its agents.")] = None,
    agent: Annotated[str | None, typer.Option("--agent", help="Only of this agent.")] = None,
    db: DbOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List actions, those that are due first. 措施列表"""
    from datetime import UTC

    from pipeline.cli.action_view import print_actions
    from pipeline.domain.actions import LIVE, ActionState
    from pipeline.store.actions import Whose, list_actions

    states = [ActionState(one.value) for one in state] if state else list(LIVE)
    found = list_actions(open_stored(db), Whose(agent, team), states=states)
    now = datetime.now(UTC)
    found = [one for one in found if one.due(now)] if due else found
    if form == Format.TABLE:
        print_actions(found, now)
    else:
        print_rows([_listed(one) for one in found], form)


@app.command("show")
def show(number: NumberArgument, db: DbOption = None, form: DataFormatOption = DataFormat.TABLE) -> None:
    """Show an action, what became of its metric, and its history. 查看措施"""
    from pipeline.cli.action_view import print_action
    from pipeline.domain.action_words import sentence
    from pipeline.review.action_view import scoring
    from pipeline.store.action_assess import assess_action
    from pipeline.store.action_documents import baseline_document, outcome_document
    from pipeline.store.actions import history

    database = open_stored(db)
    action = _found(database, number)
    found = assess_action(database, scoring(), action)
    events = history(database, number)
    if form == DataFormat.TABLE:
        print_action(action, found, events)
        return
    told = asdict(_listed(action)) | {
        "plan": action.draft.plan,
        "baseline": baseline_document(action.draft.baseline),
        "outcome": outcome_document(found),
        "sentence": asdict(sentence(action, found)),
        "history": [asdict(one) | {"at": one.at.isoformat()} for one in events],
    }
    sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")


@app.command("note")
def note(number: NumberArgument, text: TextArgument, db: DbOption = None) -> None:
    """Add a note to an action. 备注"""
    from pipeline.store.actions import note as add

    add(open_stored(db), number, _console(), text)
    message(f"措施 #{number} 已备注。noted on action {number}")


@app.command("done")
def done(
    number: NumberArgument,
    text: Annotated[str, typer.Option("--note", metavar="TEXT", help="What was done.")] = "",
    db: DbOption = None,
) -> None:
    """Say that an action was carried out; whether it helped shows in the due period. 已执行"""
    from pipeline.store.actions import done as set_done

    set_done(open_stored(db), number, _console(), text)
    message(f"措施 #{number} 已执行，效果看复查期。action {number} was carried out; its due period will tell")


@app.command("close")
def close(
    number: NumberArgument,
    text: Annotated[str, typer.Option("--note", metavar="TEXT", help="What is concluded from it.")] = "",
    db: DbOption = None,
) -> None:
    """Close an action with what became of its metric. 关闭措施"""
    from pipeline.domain.action_words import sentence
    from pipeline.review.action_view import scoring
    from pipeline.store.action_assess import assess_action
    from pipeline.store.actions import close as end

    database = open_stored(db)
    action = _found(database, number)
    found = assess_action(database, scoring(), action)
    end(database, number, _console(), found, text)
    told = sentence(action, found)
    message(f"措施 #{number} 已关闭。{told.zh}\naction {number} is closed. {told.en}")


@app.command("drop")
def drop(
    number: NumberArgument,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it is given up.")],
    db: DbOption = None,
) -> None:
    """Give an action up, with a reason. 放弃措施"""
    from pipeline.store.actions import drop as give_up

    give_up(open_stored(db), number, _console(), reason)
    message(f"措施 #{number} 已放弃。action {number} was dropped")


def _zone() -> "ZoneInfo":
    from zoneinfo import ZoneInfo

    from pipeline.settings import load_settings

    return ZoneInfo(load_settings().timezone)


def _console() -> "By":
    import getpass

    from pipeline.store.actions import By

    return By(f"{getpass.getuser()} (console)")


def _found(database: "Database", number: int) -> "Action":
    """Raises: ActionRefusedError where there is none."""
    from pipeline.domain.actions import ActionFault, ActionRefusedError
    from pipeline.store.actions import find_action

    action = find_action(database, number)
    if action is None:
        raise ActionRefusedError(ActionFault.UNKNOWN)
    return action


def _owner(database: "Database", owner: str) -> tuple[str, int | None]:
    """The name of an account and its id, or a name as it was given."""
    from pipeline.store.accounts import find_account

    found = find_account(database, owner)
    return (owner, None) if found is None else (found[0].name, found[0].id)


def _baseline_period(
    line: "Line", report: Path | None, date: datetime | None, unit: UnitChoice, zone: "ZoneInfo"
) -> "Period":
    """Raises: ConfigError where neither or both are given, or the file is no report with that line."""
    from pipeline.domain.errors import ConfigError
    from pipeline.domain.periods import Unit, period_of

    if (report is None) == (date is None):
        raise ConfigError("give --report FILE.json or --date DAY: the baseline is the period that the line was seen in")
    if date is not None:
        return period_of(Unit(unit.value), date.date(), zone)
    assert report is not None
    return _period_of_report(line, report)


def _period_of_report(line: "Line", report: Path) -> "Period":
    from zoneinfo import ZoneInfo

    from pipeline.domain.actions import line_of
    from pipeline.domain.errors import ConfigError
    from pipeline.domain.periods import Period, Unit

    try:
        document = json.loads(report.read_text(encoding="utf-8"))
        heading = document["heading"]
        period, zone = heading["period"], ZoneInfo(heading["zone"])
        since, until = (datetime.fromisoformat(period[end]).astimezone(zone) for end in ("since", "until"))
        lines = [line_of(one["id"]) for one in document["actions"]["lines"]]
        unit = Unit(period["unit"])
    except (OSError, ValueError, KeyError, TypeError, ConfigError) as error:
        raise ConfigError(
            f"--report {report}: this is no report in JSON ({error}): `earmark report weekly --out FILE.json` makes one"
        ) from error
    # Any metric of somebody whom the report speaks of: a row names one, and shows several.
    if (line.level, line.name) not in {(one.level, one.name) for one in lines}:
        raise ConfigError(f"--report {report} has no line {line.id}; its lines are under actions.lines")
    return Period(unit, since, until)


def _listed(action: "Action") -> ListedAction:
    from pipeline.domain.action_words import named

    draft = action.draft
    verdict = None if action.outcome is None else action.outcome.verdict.value
    return ListedAction(
        action.id,
        action.kind.value,
        draft.line.id,
        named(draft).zh,
        draft.owner,
        draft.baseline.period.dates,
        draft.due.dates,
        action.state.value,
        verdict,
    )

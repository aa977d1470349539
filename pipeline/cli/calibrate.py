"""`earmark calibrate …`: sessions in which several people judge the same calls blind, and what comes of them."""

import getpass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.lists import RuleOption, check_rules, open_stored
from pipeline.cli.output import DbOption, Format, FormatOption, message, print_rows
from pipeline.domain.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.domain.accounts import Account
    from pipeline.domain.calibration import Calibration
    from pipeline.store.calibration_results import TrustTable
    from pipeline.store.database import Database

app = typer.Typer(help="See whether people judge alike, and decide what is right. 校准", no_args_is_help=True)

NumberArgument = Annotated[int, typer.Argument(metavar="N", min=1, help="Number of the session.")]
ReviewerOption = Annotated[
    list[str], typer.Option("--reviewer", metavar="LOGIN", help="Who judges; repeat for each.", show_default=False)
]
ByOption = Annotated[str, typer.Option("--by", metavar="LOGIN", help="Who decides: a manager.", show_default=False)]


class What(StrEnum):
    """What is judged in a session."""

    ALL = "all"
    RULES = "rules"
    CARD = "card"


@app.command("start")
def start(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the session is called.")],
    reviewer: ReviewerOption,
    call: Annotated[list[str] | None, typer.Option("--call", help="A call by name or id; repeat for each.")] = None,
    draw: Annotated[int | None, typer.Option("--draw", metavar="N", min=1, help="The calls of this draw.")] = None,
    part: Annotated[str | None, typer.Option("--part", help="With --draw: of this part of the plan.")] = None,
    random: Annotated[int | None, typer.Option("--random", metavar="N", min=1, help="So many at random.")] = None,
    doubtful: Annotated[
        int | None, typer.Option("--doubtful", metavar="N", min=1, help="So many that rules are least sure of.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="With --random: the same seed chooses the same.")] = 1,
    what: Annotated[What, typer.Option("--what", help="Judge rules, the scorecard, or both.")] = What.ALL,
    rule: RuleOption = None,
    db: DbOption = None,
) -> None:
    """Begin a session: calls, and people who judge them blind. 开始校准"""
    from pipeline.cli.originals import find_call
    from pipeline.review.card_view import name_of
    from pipeline.scoring.cards import load_default_card
    from pipeline.store.calibration import NewCalibration, begin
    from pipeline.store.calibration_choice import Choice, chosen
    from pipeline.store.listings import Filter, rule_titles

    if not 0 < len(name.strip()) <= 200:
        raise ConfigError("NAME has 1 to 200 characters")
    ways = [way for way in (call, draw, random, doubtful) if way]
    if len(ways) != 1:
        raise ConfigError("choose calls in one way: --call, --draw, --random or --doubtful")
    if part is not None and draw is None:
        raise ConfigError("--part is for --draw: it names a part of its plan")
    if what == What.CARD and rule:
        raise ConfigError("--what card judges no rules: leave --rule out")
    database = open_stored(db)
    check_rules(Filter(rules=rule or ()), rule_titles(database))
    judges = [_judging(database, login).id for login in dict.fromkeys(reviewer)]
    ids = [find_call(database, one) for one in call or ()]
    wanted = [] if what == What.CARD else rule
    calls, words = chosen(database, Choice(ids, draw, part, random, doubtful, seed), wanted)
    card = None if what == What.RULES else name_of(load_default_card())
    number = begin(database, NewCalibration(name, words, calls, judges, wanted, card))
    _note(database, number, "begun")
    message(
        f"第 {number} 次校准：{len(calls)} 通，{len(judges)} 人。"
        f"session {number}: {len(calls)} calls, {len(judges)} people"
    )
    if len(judges) < 2:
        message("只有一个人，谈不上一致：earmark calibrate invite。one person alone: there is nothing to agree on")


@app.command("invite")
def invite(number: NumberArgument, reviewer: ReviewerOption, db: DbOption = None) -> None:
    """Let more people judge in an open session. 增加质检员"""
    from pipeline.store import calibration

    database = open_stored(db)
    added = calibration.invite(database, number, [_judging(database, login).id for login in reviewer])
    _note(database, number, "invited")
    message(f"增加 {added} 人。{added} people were added")


@app.command("close")
def close(number: NumberArgument, db: DbOption = None) -> None:
    """End the judging: everybody then sees what the others said. 结束评判"""
    from pipeline.store import calibration

    database = open_stored(db)
    session = _session(database, number)
    calibration.close(database, number)
    _note(database, number, "closed")
    message(f"第 {number} 次校准已结束。session {number} is closed")
    behind = [judge for judge in session.judges if judge.finished < len(session.calls)]
    if behind:
        names = "、".join(judge.name for judge in behind)
        message(f"没有判完的当作空缺：{names}。what they did not judge is missing")


@app.command("list")
def list_sessions(db: DbOption = None, form: FormatOption = Format.TABLE) -> None:
    """List the sessions, the newest first. 校准列表"""
    from pipeline.cli.calibrate_rows import session_rows
    from pipeline.cli.calibrate_view import print_sessions
    from pipeline.store.calibration import list_calibrations

    rows = session_rows(list_calibrations(open_stored(db)))
    if form == Format.TABLE:
        print_sessions(rows)
    else:
        print_rows(rows, form)
    if not rows:
        message("还没有校准：earmark calibrate start。there is no session yet")


@app.command("show")
def show(number: NumberArgument, db: DbOption = None, form: FormatOption = Format.TABLE) -> None:
    """Show who is how far, and the calls on which people differ most once the session is closed. 查看校准"""
    from pipeline.cli.calibrate_rows import call_rows
    from pipeline.cli.calibrate_view import print_calls, print_progress

    database = open_stored(db)
    session = _session(database, number)
    rows = call_rows(database, session)
    if form != Format.TABLE:
        print_rows(rows, form)
        return
    print_progress(session)
    if session.open:
        message("结束之后才有结果：earmark calibrate close。results are shown once it is closed")
    else:
        print_calls(rows)


@app.command("agreement")
def agreement(number: NumberArgument, db: DbOption = None, form: FormatOption = Format.TABLE) -> None:
    """Say how far people agree on each rule and item of a closed session. 一致性"""
    from pipeline.cli.calibrate_rows import agreement_rows
    from pipeline.cli.calibrate_view import print_agreement
    from pipeline.settings import load_settings

    database = open_stored(db)
    session = _closed(database, number)
    level = load_settings().calibration_level
    rows = agreement_rows(database, session, level)
    if form == Format.TABLE:
        print_agreement(rows, level)
    else:
        print_rows(rows, form)


@app.command("compare")
def compare(
    number: NumberArgument,
    call: Annotated[str, typer.Argument(metavar="CALL", help="File name, path, or the start of an id.")],
    db: DbOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show one call of a closed session side by side: who said what, where. 对比"""
    from pipeline.cli.calibrate_rows import opinion_rows
    from pipeline.cli.calibrate_view import print_opinions
    from pipeline.cli.originals import find_call

    database = open_stored(db)
    session = _closed(database, number)
    rows = opinion_rows(database, session, find_call(database, call))
    if form == Format.TABLE:
        print_opinions(rows)
    else:
        print_rows(rows, form)


@app.command("gold")
def gold(
    number: NumberArgument,
    by: ByOption,
    call: Annotated[str | None, typer.Option("--call", help="The call.")] = None,
    decide: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="WHAT=VALUE", help="insult=yes, or an item: default@1:rapport=fair."),
    ] = None,
    agreed: Annotated[bool, typer.Option("--agreed", help="Take what all agree on, on every call.")] = False,
    note: Annotated[str, typer.Option("--note", help="Why, in words.")] = "",
    db: DbOption = None,
) -> None:
    """Decide what is right after a session: it becomes the label. 定标准答案"""
    from pipeline.cli.originals import find_call
    from pipeline.domain.calibration import subject_of
    from pipeline.store.calibration_gold import decide_agreed, decide_gold

    if agreed == bool(call or decide) or bool(call) != bool(decide):
        raise ConfigError("give --agreed, or a call with what is right on it: --call NAME --set insult=yes")
    database = open_stored(db)
    account = _leading(database, by)
    if agreed:
        added, waiting = decide_agreed(database, number, account)
        if waiting:
            message(f"{waiting} 通有申诉未裁定，没有定。nothing was decided on {waiting} calls: an appeal waits")
    else:
        values = {}
        for one in decide or ():
            what, equals, value = one.rpartition("=")
            if not equals:
                raise ConfigError(f"--set {one}: write it as insult=yes, or default@1:rapport=fair")
            values[subject_of(what)] = value
        added = decide_gold(database, number, find_call(database, call or ""), values, account, note=note)
    message(f"定了 {len(added)} 项。gold on {len(added)}")


@app.command("drift")
def drift(
    db: DbOption = None,
    weekly: Annotated[bool, typer.Option("--weekly", help="By week instead of by session.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Say who keeps to gold, and whether that changed by more than noise. 漂移"""
    from zoneinfo import ZoneInfo

    from pipeline.cli.calibrate_rows import drift_rows
    from pipeline.cli.calibrate_view import print_drift
    from pipeline.settings import load_settings
    from pipeline.store.calibration_drift import drifts

    rows = drift_rows(drifts(open_stored(db), weekly=weekly, zone=ZoneInfo(load_settings().timezone)))
    if form == Format.TABLE:
        print_drift(rows)
    else:
        print_rows(rows, form)
    if not rows:
        message("还没有定过标准答案：earmark calibrate gold。no gold was decided yet")


@app.command("trust")
def trust_list(db: DbOption = None, form: FormatOption = Format.TABLE) -> None:
    """Say of which rules and items the precision can be trusted. 可信度"""
    from pipeline.cli.calibrate_rows import trust_rows
    from pipeline.cli.calibrate_view import print_trust
    from pipeline.settings import load_settings

    settings = load_settings()
    database = open_stored(db)
    rows = trust_rows(database, trusted(database))
    if form == Format.TABLE:
        print_trust(rows, settings.calibration_level, settings.calibration_days)
    else:
        print_rows(rows, form)


@app.command("external")
def external(
    file: Annotated[Path, typer.Argument(metavar="SCORES.csv", help="The client's scores.")],
    db: DbOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Compare a client's scores with ours: agreement, and who is stricter. 外部校准"""
    from pipeline.cli.calibrate_external import read_scores
    from pipeline.cli.calibrate_rows import compared_rows
    from pipeline.cli.calibrate_view import print_compared
    from pipeline.store.calibration_external import Unmatched, compare
    from pipeline.store.listings import rule_titles

    database = open_stored(db)
    scores, bad = read_scores(file, set(rule_titles(database)))
    compared, unmatched = compare(database, scores)
    rows = compared_rows(database, compared)
    if form == Format.TABLE:
        print_compared(rows)
    else:
        print_rows(rows, form)
    strange: list[Unmatched] = sorted([*bad, *unmatched], key=lambda one: one.line)
    for one in strange:
        message(f"{file}:{one.line}: {one.call} {one.subject}: {one.why.zh}。{one.why.en}")
    if strange:
        message(f"{len(strange)} 行对不上。{len(strange)} lines could not be compared")
    if not rows:
        raise typer.Exit(1)


def trusted(database: "Database") -> "TrustTable":
    """What can be relied on, by the sessions that the settings count."""
    from pipeline.settings import load_settings
    from pipeline.store.calibration_results import trust

    settings = load_settings()
    since = datetime.now(UTC) - timedelta(days=settings.calibration_days)
    return trust(database, level=settings.calibration_level, since=since)


def _session(database: "Database", number: int) -> "Calibration":
    """Raises: ConfigError where there is no such session."""
    from pipeline.store.calibration import find_calibration

    found = find_calibration(database, number)
    if found is None:
        raise ConfigError(f"there is no calibration session {number}: `earmark calibrate list` names them")
    return found


def _closed(database: "Database", number: int) -> "Calibration":
    """Raises: ConfigError where it is still open, since whoever sees results must not judge any more."""
    session = _session(database, number)
    if session.open:
        raise ConfigError(f"session {number} is open and judged blind: `earmark calibrate close {number}` first")
    return session


def _account(database: "Database", login: str) -> "Account":
    from pipeline.store.accounts import find_account

    found = find_account(database, login)
    if found is None:
        raise ConfigError(f"there is no account {login!r}: `earmark users list` shows all")
    return found[0]


def _judging(database: "Database", login: str) -> "Account":
    from pipeline.review.access import Permission, may

    account = _account(database, login)
    if not account.active or not may(account, Permission.JUDGE):
        raise ConfigError(
            f"{login} is {account.role}{'' if account.active else ', disabled'}, and does not judge calls"
        )
    return account


def _leading(database: "Database", login: str) -> "Account":
    from pipeline.review.access import Permission, may

    account = _account(database, login)
    if not account.active or not may(account, Permission.CALIBRATE):
        raise ConfigError(f"{login} is {account.role}{'' if account.active else ', disabled'}: a manager decides")
    return account


def _note(database: "Database", number: int, what: str) -> None:
    from pipeline.store.accounts import audit

    login = f"{getpass.getuser()} (console)"
    audit(database, account=None, login=login, action="calibrate", detail={"calibration": number, "what": what})

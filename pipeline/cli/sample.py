"""`earmark sample …`: plans, draws, the calculator, and what the judged calls say of the rules."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.lists import RuleOption, SinceOption, UntilOption, check_rules, in_zone, open_stored
from pipeline.cli.models import DataFormat, DataFormatOption
from pipeline.cli.output import DbOption, Format, FormatOption, message, print_rows

if TYPE_CHECKING:
    from pipeline.store.sampling_store import StoredDraw

app = typer.Typer(help="Choose the calls that people hear, and say what those tell. 抽样", no_args_is_help=True)
plan_app = typer.Typer(help="Check and read sampling plans. 抽样计划", no_args_is_help=True)
app.add_typer(plan_app, name="plan")

PlanArgument = Annotated[Path, typer.Argument(metavar="PLAN.yaml", help="A sampling plan.")]


@plan_app.command("check")
def check(plans: Annotated[list[Path], typer.Argument(metavar="PLAN.yaml…", help="Sampling plans.")]) -> None:
    """Say whether plans can be used, with every problem at once. 检查计划"""
    from pipeline.sampling.plans import PlanError, load_plan

    bad = 0
    for path in plans:
        try:
            plan = load_plan(path)
        except PlanError as error:
            bad += 1
            sys.stdout.write(f"{error}\n")
        else:
            sys.stdout.write(f"{path}: 可用 fine — {plan.id}, {len(plan.parts)} 项 parts\n")
    if bad:
        raise typer.Exit(1)


@plan_app.command("show")
def show_plan(path: PlanArgument) -> None:
    """Read a plan in words: its parts in the order in which they get hours. 读计划"""
    from pipeline.cli.sample_view import print_plan
    from pipeline.sampling.plans import load_plan

    print_plan(load_plan(path))


@app.command("draw")
def draw(
    path: PlanArgument,
    db: DbOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, max=2**31 - 1, help="In place of the plan's seed.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be drawn, and store nothing.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Draw calls by a plan and put them into the review queue. 抽样"""
    from pipeline.cli.sample_view import print_draw
    from pipeline.sampling.draw import draw as draw_by
    from pipeline.sampling.plans import load_plan
    from pipeline.sampling.strata import needs
    from pipeline.store.sampling_frame import load_frame
    from pipeline.store.sampling_store import save_draw, stored_picks

    plan = load_plan(path)
    database = open_stored(db)
    begins, ends = _period(since, until)
    drawn = draw_by(plan, load_frame(database, needs(plan), since=begins, until=ends), seed=seed)
    number, new = (None, False) if dry_run or not drawn.frame_size else save_draw(database, drawn)
    if form == Format.TABLE:
        print_draw(drawn, number)
    elif number is None:
        print_rows(drawn.picks, form)
    else:
        print_rows(stored_picks(database, number), form)
    if dry_run:
        message("没有保存：只是试抽。dry run: nothing was stored")
    elif number is None:
        raise typer.Exit(1)
    elif new:
        message(f"第 {number} 次抽样已入复核队列。draw {number}: {drawn.calls} calls are in the review queue")
    else:
        message(f"与第 {number} 次抽样完全相同，没有重复保存。the same as draw {number}: nothing was stored twice")


@app.command("show")
def show(
    db: DbOption = None,
    number: Annotated[
        int | None, typer.Option("--draw", metavar="N", help="Which draw [default: the newest].", show_default=False)
    ] = None,
    part: Annotated[str | None, typer.Option("--part", help="Only picks of this part of the plan.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the draws instead.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """List what was drawn, why, and with what probability. 查看抽样"""
    from pipeline.cli.sample_view import print_draws, print_picks
    from pipeline.store.sampling_store import stored_draw, stored_draws, stored_picks

    database = open_stored(db)
    if list_:
        found = stored_draws(database)
        if form == Format.TABLE:
            print_draws(found)
        else:
            print_rows(found, form)
        return
    one = stored_draw(database, number)
    if one is None:
        message("还没有抽过样：earmark sample draw PLAN.yaml。nothing was drawn yet")
        if form != Format.TABLE:
            print_rows([], form)
        return
    _check_part(one, part)
    rows = stored_picks(database, one.id, part=part)
    if form == Format.TABLE:
        print_picks(one, rows)
    else:
        print_rows(rows, form)


@app.command("size")
def size(
    half_width: Annotated[
        float | None, typer.Option("--half-width", metavar="E", help="Wanted ±, such as 0.05 for 5 points.")
    ] = None,
    confidence: Annotated[float, typer.Option("--confidence", metavar="C", help="Of the interval.")] = 0.95,
    rate: Annotated[float, typer.Option("--rate", metavar="P", help="What the rate may be; 0.5 asks for most.")] = 0.5,
    calls: Annotated[int | None, typer.Option("--calls", min=1, metavar="N", help="Calls in the period.")] = None,
    weekly: Annotated[
        int | None, typer.Option("--weekly", min=1, metavar="N", help="What so many calls a week can tell.")
    ] = None,
    agents: Annotated[int | None, typer.Option("--agents", min=1, metavar="N", help="Agents they are of.")] = None,
    form: DataFormatOption = DataFormat.TABLE,
) -> None:
    """Calculate how many calls a question takes, or what a number of calls can answer. 样本量"""
    from pipeline.cli.sample_view import print_reach, print_size
    from pipeline.domain.errors import ConfigError
    from pipeline.sampling.size import HALF_WIDTHS, over_weeks, sample_size

    for name, value in (("--half-width", half_width), ("--confidence", confidence), ("--rate", rate)):
        if value is not None and not 0 < value < 1:
            raise ConfigError(f"{name} {value:g} does not lie between 0 and 1; write 5 % as 0.05")
    if weekly is not None:
        periods = over_weeks(weekly, confidence=confidence, rate=rate, calls=calls, agents=agents)
        data: list[dict[str, object]] = [{"weeks": weeks, **asdict(one)} for weeks, one in periods.items()]
        _print_data(form, data, lambda: print_reach(weekly, periods, confidence, rate))
        return
    wanted = [half_width] if half_width is not None else HALF_WIDTHS
    sizes = {one: sample_size(one, confidence=confidence, rate=rate, calls=calls) for one in wanted}
    data = [{"half_width": one, "calls": n} for one, n in sizes.items()]
    _print_data(form, data, lambda: print_size(sizes, confidence, rate, calls))


@app.command("estimate")
def estimate(
    db: DbOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    rule: RuleOption = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="COLUMN", help="For each value of a metadata column, or each week.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Precision, recall and prevalence of each error class and rule, or how many calls are lacking. 估计"""
    from pipeline.cli.calibrate import trusted
    from pipeline.cli.sample_estimates import estimate_rows, marked, print_estimates
    from pipeline.store.listings import Filter, rule_titles
    from pipeline.store.sampling_evidence import load_evidence

    database = open_stored(db)
    check_rules(Filter(rules=rule or ()), rule_titles(database))
    begins, ends = _period(since, until)
    evidence = load_evidence(database, since=begins, until=ends, rules=rule or (), by=by)
    rows = marked(estimate_rows(evidence, by), trusted(database))
    if form == Format.TABLE:
        print_estimates(rows, by)
    else:
        print_rows(rows, form)
    if not evidence.calls:
        message("这段时间没有评过的通话。no call of this period was evaluated")
    if evidence.changed:
        message(
            f"{evidence.changed} 个判定所依据的命中后来变了，按判定时计。"
            f"{evidence.changed} verdicts are on what rules say no more; they count as the rule was then"
        )


def _period(since: datetime | None, until: datetime | None) -> tuple[datetime | None, datetime | None]:
    """Raises: ConfigError for a period that ends before it begins."""
    from pipeline.domain.errors import ConfigError

    begins, ends = in_zone(since), in_zone(until)
    if begins is not None and ends is not None and ends <= begins:
        raise ConfigError(f"--until {ends:%Y-%m-%d %H:%M} is not after --since {begins:%Y-%m-%d %H:%M}")
    return begins, ends


def _check_part(one: "StoredDraw", part: str | None) -> None:
    """Raises: ConfigError for a part that the plan does not have."""
    from pipeline.domain.errors import ConfigError

    names = [str(entry["name"]) for entry in one.parts]
    if part is not None and part not in names:
        raise ConfigError(f"draw {one.id} has no part {part!r}; there are {', '.join(names)}")


def _print_data(form: DataFormat, data: list[dict[str, object]], table: Callable[[], None]) -> None:
    """Prints the data as JSON, or the table for people."""
    if form == DataFormat.JSON:
        sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=1) + "\n")
    else:
        table()

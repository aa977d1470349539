"""How plans, draws, picks and the calculator look in the terminal."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from pipeline.cli.output import console
from pipeline.sampling.in_words import KINDS, amount, origin
from pipeline.sampling.shortage import percent
from pipeline.text.visible import visible

if TYPE_CHECKING:
    from rich.table import Table

    from pipeline.domain.results import BilingualText
    from pipeline.domain.sampling import Draw, Plan
    from pipeline.sampling.size import Reach
    from pipeline.store.sampling_store import StoredDraw, StoredPick


def print_plan(plan: "Plan") -> None:
    """The plan in words."""
    out = console()
    out.print(f"{plan.id}  种子 seed {plan.seed}  {plan.digest[:12]}", style="bold", markup=False)
    if plan.capacity is not None:
        zh = f"工时 {plan.hours:g} 小时 × 每小时 {plan.calls_per_hour:g} 通 = {plan.capacity} 通"
        out.print(f"{zh}  hours suffice for {plan.capacity} calls", markup=False)
    else:
        out.print("工时不限  no limit of hours")
    if plan.no_audit_because is not None:
        out.print(f"✗ 不审核未命中的通话 no audit: {plan.no_audit_because}", style="bold red", markup=False)
    table = _table(("次序\norder", "right"), ("项\npart", "left"), ("方式\nkind", "left"), ("抽多少\ncalls", "left"))
    table.add_column("从哪些里抽\nfrom")
    for position, part in enumerate(plan.parts, start=1):
        table.add_row(str(position), part.name, KINDS[part.kind].zh, amount(part).zh, _both(origin(part)))
    out.print(table)


def _both(text: "BilingualText") -> str:
    return text.zh if text.zh == text.en else f"{text.zh} {text.en}"


def print_draw(drawn: "Draw", number: int | None) -> None:
    """What was drawn, by part, with what a manager must know."""
    out = console()
    head = f"第 {number} 次抽样 draw {number}" if number is not None else "试抽 dry run"
    window = _window(drawn.since, drawn.until)
    out.print(f"{head} · {drawn.plan.id} · 种子 seed {drawn.seed} · {window}", style="bold", markup=False)
    limit = "" if drawn.plan.capacity is None else f" / 工时够 capacity {drawn.plan.capacity}"
    out.print(
        f"可抽 frame {drawn.frame_size} 通（未命中 unflagged {drawn.unflagged}），抽中 drawn {drawn.calls} 通{limit}",
        markup=False,
    )
    table = _table(
        ("项\npart", "left"),
        ("方式\nkind", "left"),
        ("符合\nqualify", "right"),
        ("要\nwanted", "right"),
        ("抽中\ndrawn", "right"),
        ("每通的机会\nchance", "right"),
    )
    for one in drawn.parts:
        chance = _chance(one.lowest_chance, one.highest_chance) if one.drawn else ""
        numbers = (str(one.eligible), str(one.wanted), str(one.drawn))
        style = "yellow" if one.drawn < one.wanted else None
        table.add_row(one.part.name, KINDS[one.part.kind].zh, *numbers, chance, style=style)
    out.print(table)
    for note in drawn.notes:
        out.print(f"• {note.zh}", markup=False)
        out.print(f"  {note.en}", style="dim", markup=False)


def print_draws(found: "Sequence[StoredDraw]") -> None:
    """One line for each draw."""
    table = _table(
        ("次\ndraw", "right"),
        ("计划\nplan", "left"),
        ("时段\nperiod", "left"),
        ("可抽\nframe", "right"),
        ("抽中\ndrawn", "right"),
        ("种子\nseed", "right"),
        ("抽样时间\ndrawn at", "left"),
    )
    for one in found:
        numbers = (str(one.frame_size), str(one.calls), str(one.seed))
        table.add_row(str(one.id), one.plan, _window(one.since, one.until), *numbers, _local(one.drawn_at))
    console().print(table)


def print_picks(one: "StoredDraw", rows: "Sequence[StoredPick]") -> None:
    """One line for each call, with every reason for which it was picked."""
    out = console()
    by_call = [list(group) for _, group in groupby(rows, key=lambda row: row.id)]
    done = sum(group[0].done for group in by_call)
    head = f"第 {one.id} 次抽样 draw {one.id} · {one.plan} · {_window(one.since, one.until)}"
    out.print(f"{head} · {len(by_call)} 通，已复核 done {done}", style="bold", markup=False)
    table = _table(
        ("", "left"),
        ("录音\nrecording", "left"),
        ("开始时间\nstarted", "left"),
        ("坐席\nagent", "left"),
        ("班组\nteam", "left"),
        ("抽中机会\nchance", "right"),
    )
    table.add_column("为什么抽\nwhy")
    for group in by_call:
        first = group[0]
        table.add_row(
            "✓" if first.done else "",
            visible(first.recording),
            first.started_at.strftime("%m-%d %H:%M") if first.started_at else "",
            first.agent or "",
            first.team or "",
            percent(first.inclusion),
            "；".join(f"{row.reason_zh}（{row.part} {percent(row.chance)}）" for row in group),
        )
    out.print(table)


def print_size(sizes: Mapping[float, int], confidence: float, rate: float, calls: int | None) -> None:
    """Calls needed for each ±."""
    out = console()
    whole = "通话很多 any number of calls" if calls is None else f"共 {calls} 通 calls"
    out.print(
        f"比率约 rate {percent(rate)}，置信 confidence {percent(confidence)}，{whole}", style="bold", markup=False
    )
    table = _table(("误差 ±\npoints", "right"), ("要听\ncalls", "right"))
    for wanted, n in sizes.items():
        table.add_row(f"{100 * wanted:g}", str(n))
    out.print(table)


def print_reach(weekly: int, periods: "Mapping[int, Reach]", confidence: float, rate: float) -> None:
    """What a weekly number of calls can tell, over longer and longer periods."""
    out = console()
    out.print(
        f"每周 {weekly} 通 calls a week；比率约 rate {percent(rate)}，置信 confidence {percent(confidence)}",
        style="bold",
        markup=False,
    )
    table = _table(
        ("周\nweeks", "right"),
        ("通\ncalls", "right"),
        ("比率 ±\nof a rate", "right"),
        ("每人 ±\nof an agent", "right"),
        ("一通没有则至多\nat most if none", "right"),
        ("看得出的差别\nvisible difference", "right"),
    )
    for weeks, one in periods.items():
        agent = "" if one.per_agent is None else _points(one.per_agent)
        most = percent(one.most_if_none)
        table.add_row(str(weeks), str(one.calls), _points(one.half_width), agent, most, _points(one.visible_difference))
    out.print(table)
    out.print("差别：与上一个同样长的时段比，五次里有四次看得出。", style="dim")
    out.print("difference: against the period of the same length before, found four times in five", style="dim")


def _points(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.0995 else f"{100 * share:.1f}"


def _chance(low: float, high: float) -> str:
    return percent(low) if high - low < 5e-4 else f"{percent(low)} – {percent(high)}"


def _window(since: datetime | None, until: datetime | None) -> str:
    if since is None and until is None:
        return "全部时间 all time"
    return " → ".join("…" if one is None else _local(one) for one in (since, until))


def _local(moment: datetime) -> str:
    """A moment in the site's zone."""
    from zoneinfo import ZoneInfo

    from pipeline.settings import load_settings

    return moment.astimezone(ZoneInfo(load_settings().timezone)).strftime("%Y-%m-%d %H:%M")


def _table(*columns: tuple[str, str]) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim", collapse_padding=True)
    for heading, justify in columns:
        table.add_column(heading, justify="right" if justify == "right" else "left", no_wrap=True)
    return table

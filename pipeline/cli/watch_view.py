"""How saves look on a terminal."""

from datetime import datetime
from typing import TYPE_CHECKING

from pipeline.cli.author_view import print_failure, print_finding, print_problem
from pipeline.cli.diff_view import EDIT_ZH
from pipeline.cli.output import clock, console

if TYPE_CHECKING:
    from rich.text import Text

    from pipeline.evaluation.rule_quality import Counts
    from pipeline.evaluation.watching import RuleUpdate, Turned, Update

SHOWN = 6
"""Cases shown of each rule after a save."""
KIND_WORDS = {
    "tp": ("命中了", "found"),
    "fp": ("误报了", "false hit"),
    "fn": ("漏报了", "missed"),
    "tn": ("不再误报", "no false hit"),
    "abstained": ("无法判定", "cannot be judged"),
}


def print_start(update: "Update") -> None:
    """Where things stand before the first save."""
    from rich.text import Text

    out = console()
    for problem in update.problems:
        print_problem(problem)
    failing = [ran for ran in update.examples if not ran.holds]
    for ran in failing:
        print_failure(ran)
    line = Text("起点 start  ", "bold").append(
        f"{len(update.rules)} 条规则 rules · {len(update.findings)} 提醒 warnings · "
    )
    line.append(_tests(update)).append(f" · {_pooled(update.pooled)} · {update.seconds:.2f} s")
    out.print(line)


def print_update(update: "Update", now: datetime) -> None:
    """What a save has changed."""
    from rich.text import Text

    out = console()
    files = ", ".join(update.files[:3]) + (" …" if len(update.files) > 3 else "")
    out.print(Text(f"\n{now:%H:%M:%S} ", "dim").append(files, "bold").append(f"  {update.seconds:.2f} s", "dim"))
    for problem in update.problems:
        print_problem(problem)
    for finding in update.findings:
        print_finding(finding)
    for ran in update.examples:
        if not ran.holds:
            print_failure(ran)
    if update.problems:
        out.print("  规则仍是上次保存的样子 the rules are still those of the save before", style="dim")
        return
    for one in update.rules:
        _print_rule(one)
    if not update.rules:
        out.print("  判定没有变化 nothing that decides results has changed", style="dim")
    out.print(Text("  ").append(_tests(update)).append(f" · {_pooled(update.pooled)}"))


def _tests(update: "Update") -> "Text":
    from rich.text import Text

    failing = sum(not ran.holds for ran in update.examples)
    total = len(update.examples)
    style = "red" if failing else "green"
    return Text(f"{'✗' if failing else '✓'} 自测 tests {total - failing}/{total}", style)


def _pooled(counts: "Counts") -> str:
    return f"合计 pooled {_rates(counts)}"


def _rates(counts: "Counts") -> str:
    return f"P {_number(counts.precision)} R {_number(counts.recall)} F1 {_number(counts.f1)}"


def _number(rate: float | None) -> str:
    return "n/a" if rate is None else f"{rate:.2f}"


def _print_rule(one: "RuleUpdate") -> None:
    from rich.text import Text

    out = console()
    line = (
        Text(f"  {one.title.zh} ")
        .append(one.rule, "bold")
        .append(f"  {EDIT_ZH[one.edit.value]} {one.edit.value}  ", "dim")
    )
    for name, before, after in (
        ("精确率 precision", one.before.precision, one.after.precision),
        ("召回率 recall", one.before.recall, one.after.recall),
        ("F1", one.before.f1, one.after.f1),
    ):
        line.append(f"{name} {_number(before)} → ").append(_number(after), _style(before, after)).append("  ")
    out.print(line)
    for turned in one.turned[:SHOWN]:
        out.print(_turned_line(turned))
    if len(one.turned) > SHOWN:
        out.print(f"      … 另有 {len(one.turned) - SHOWN} 通 more", style="dim")


def _style(before: float | None, after: float | None) -> str:
    if before is None or after is None or before == after:
        return ""
    return "green" if after > before else "red"


def _turned_line(turned: "Turned") -> "Text":
    from rich.text import Text

    case = turned.case
    zh, en = KIND_WORDS[case.kind.value]
    line = Text(f"    {'−' if turned.is_worse else '+'} {zh} {en}", "red" if turned.is_worse else "green")
    line.append(f"  {case.call.recording}", "bold")
    evidence = case.result.evidence if case.result is not None else ()
    if evidence:
        line.append(f" {clock(evidence[0].start_s)}", "dim").append(
            f" 「{evidence[0].quote}」" if evidence[0].quote else ""
        )
    elif case.call.evidence.get(case.rule):
        line.append(f" 「{case.call.evidence[case.rule]}」")
    return line

"""How checks and failed examples look on a terminal."""

from typing import TYPE_CHECKING

from pipeline.cli.evaluation_view import trace_tree, turn_line
from pipeline.cli.output import console

if TYPE_CHECKING:
    from pipeline.evaluation.rule_check import Checked
    from pipeline.evaluation.rule_tests import RanExample
    from rules.lint import Finding, Problem


def print_check(checked: "Checked") -> None:
    """Every error with its place, then every warning with what to do."""
    for problem in checked.problems:
        print_problem(problem)
    for finding in checked.findings:
        print_finding(finding)


def print_problem(problem: "Problem") -> None:
    """An error in a rule file."""
    from rich.text import Text

    line = Text("✗ 错误 error", "bold red").append(f"  {problem.place}", "bold")
    console().print(line)
    console().print(f"    {problem.message}", markup=False)


def print_finding(finding: "Finding") -> None:
    """A warning, and its remedy."""
    from rich.text import Text

    out = console()
    line = Text("! 提醒 warning", "yellow").append(f"  {finding.place}", "bold")
    out.print(line.append(f"  {finding.kind.value}", "dim"))
    out.print(f"    {finding.what.zh}", markup=False)
    out.print(f"    {finding.what.en}", style="dim", markup=False)
    out.print(f"    → {finding.remedy.zh}", style="green", markup=False)
    out.print(f"      {finding.remedy.en}", style="dim", markup=False)


def print_failure(one: "RanExample") -> None:
    """An example that does not hold: the dialogue, what came of it, and why."""
    from rich.text import Text

    from pipeline.domain.results import Outcome, RuleStatus
    from rules.engine import Engine
    from rules.rule import RulePack

    out = console()
    heading = Text("✗ 未通过 fails", "bold red").append(f"  {one.rule.id} {one.result.name}", "bold")
    out.print(heading.append(f"  {one.place}", "dim"))
    if one.example.note:
        out.print(f"    {one.example.note}", style="italic", markup=False)
    quotes = [piece.quote for piece in one.result.result.evidence] if one.result.result else []
    for turn in one.call.transcript.turns:
        out.print(turn_line(turn, next((quote for quote in quotes if quote and quote in turn.text), "")))
    out.print(f"    {one.result.problem}", style="red", markup=False)
    if one.result.result is None or one.result.result.outcome is not Outcome.HIT:
        engine = Engine(RulePack((one.rule,), ""), statuses=frozenset(RuleStatus))
        out.print(trace_tree(engine.explain(one.call, one.rule.id)))

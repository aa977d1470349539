"""How evaluations look on a terminal: the table of rates, and each wrong case in its context."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.cli.output import ROLE_STYLE, ROLE_ZH, clock, console

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text
    from rich.tree import Tree

    from pipeline.domain.calls import Turn
    from pipeline.domain.intervals import Interval
    from pipeline.domain.results import BilingualText, Call, Evidence
    from pipeline.evaluation.fragility import Fragility
    from pipeline.evaluation.rule_quality import Case, Counts
    from rules.engine import Engine, RuleTrace
    from rules.explain import Trace

CONTEXT_TURNS = 1
"""Turns shown before and after the one that matters."""


def rate_text(rate: float | None, interval: "Interval | None") -> str:
    """A rate with its interval: ``0.75 [0.41–0.93]``, or n/a."""
    if rate is None or interval is None:
        return "n/a"
    return f"{rate:.2f} [{interval.low:.2f}–{interval.high:.2f}]"


def print_rates(
    groups: "Mapping[str, Mapping[str, Counts]]",
    titles: "Mapping[str, BilingualText]",
    fragility: "Mapping[str, Fragility] | None" = None,
) -> None:
    """The table of rates: a row for each rule, and one for each other group of cases."""
    from rich.table import Table

    from pipeline.cli.attribution_view import fragility_text

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("规则 rule", no_wrap=True)
    for heading in ("有 true", "命中 tp", "误报 fp", "漏报 fn", "无法判定 n/e"):
        table.add_column(heading, justify="right")
    for heading in ("精确率 precision [95 %]", "召回率 recall [95 %]", "F1"):
        table.add_column(heading, no_wrap=True)
    if fragility:
        table.add_column("易变 fragility [95 %]", no_wrap=True)
    for number, (_, rows) in enumerate(groups.items()):
        if number:
            table.add_section()
        for name, counts in rows.items():
            label = f"{titles[name].zh} [dim]{name}[/dim]" if name in titles else name
            shaken = [fragility_text(fragility.get(name)) if name in titles else ""] if fragility else []
            table.add_row(label, *_cells(counts), *shaken)
    console().print(table)


def _cells(counts: "Counts") -> tuple[str, ...]:
    return (
        str(counts.tp + counts.fn),
        str(counts.tp),
        str(counts.fp),
        str(counts.fn),
        str(counts.not_evaluable + counts.errors or ""),
        rate_text(counts.precision, counts.precision_ci),
        rate_text(counts.recall, counts.recall_ci),
        "n/a" if counts.f1 is None else f"{counts.f1:.2f}",
    )


def print_case(case: "Case", engine: "Engine") -> None:
    """A false hit or a miss: what was said around it, and why the rule says what it says."""
    from rich.text import Text

    from pipeline.evaluation.labelled import QUOTES_APART
    from pipeline.evaluation.rule_quality import Kind

    out = console()
    word, style = ("误报 false hit", "red") if case.kind == Kind.FP else ("漏报 miss", "magenta")
    hard = "  难例 hard" if case.hard else ""
    out.print(Text(f"\n{word}", style).append(f"  {case.rule}  {case.call.recording}{hard}", "bold"))
    call = case.call.call
    if case.kind == Kind.FP and case.result is not None:
        out.print(f"  {case.result.explanation.zh}", markup=False)
        for piece in case.result.evidence[:3]:
            _print_around(call, piece)
        return
    quote = case.call.evidence.get(case.rule, "").partition(QUOTES_APART)[0]
    turn = _turn_with(call, quote)
    if turn is not None:
        _print_turns(call, turn.index, quote)
    explained = engine.explain(call, case.rule)
    out.print(trace_tree(explained))


def _turn_with(call: "Call", quote: str) -> "Turn | None":
    return next((turn for turn in call.transcript.turns if quote and quote in turn.text), None)


def _print_around(call: "Call", piece: "Evidence") -> None:
    if piece.turn is not None:
        _print_turns(call, piece.turn, piece.quote)
    else:
        console().print(f"    {clock(piece.start_s)}–{clock(piece.end_s)} {piece.quote}", markup=False)


def _print_turns(call: "Call", index: int, quote: str) -> None:
    out = console()
    for turn in call.transcript.turns[max(0, index - CONTEXT_TURNS) : index + CONTEXT_TURNS + 1]:
        out.print(turn_line(turn, quote if turn.index == index else ""))


def turn_line(turn: "Turn", quote: str = "") -> "Text":
    """A turn with its time and speaker, the quote marked."""
    from rich.text import Text

    text = Text(turn.text)
    start = turn.text.find(quote) if quote else -1
    if start >= 0:
        text.stylize("bold underline", start, start + len(quote))
    line = Text(f"    {clock(turn.start_s):>6} ", "dim")
    return line.append(f"{ROLE_ZH[turn.role.value]} ", ROLE_STYLE[turn.role.value]).append_text(text)


SIGNS = {"true": ("✓", "green"), "false": ("✗", "red"), "unknown": ("?", "magenta")}


def trace_tree(explained: "RuleTrace") -> "RenderableType":
    """Why a rule says what it says: its conditions as a tree, each with what it means and what came of it."""
    from rich.text import Text

    if explained.root is None:
        return Text(f"  {explained.result.explanation.zh}")
    return _branch(explained.root)


def _branch(trace: "Trace") -> "Tree":
    from rich.tree import Tree

    tree = Tree(_trace_line(trace), guide_style="dim")
    for child in trace.children:
        tree.add(_branch(child))
    return tree


def _trace_line(trace: "Trace") -> "Text":
    from rich.text import Text

    sign, style = SIGNS[trace.truth.value]
    line = Text(f"{sign} ", style).append(trace.sentence.zh)
    if trace.name:
        line.append(f"  {trace.name}", "dim")
    return line.append(f"  —  {trace.note.zh}", "dim") if trace.note.zh else line


def print_problems(problems: "Sequence[tuple[str, str]]") -> None:
    """What to know before the numbers, to the terminal's message side."""
    from pipeline.cli.output import message

    for rule, text in problems:
        message(f"{rule}: {text}")

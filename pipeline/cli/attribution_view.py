"""How causes of wrong cases and the fragility of rules look on a terminal, and as data."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.cli.output import clock, console

if TYPE_CHECKING:
    from pipeline.domain.results import BilingualText
    from pipeline.evaluation.attribution import Attributed, Cause
    from pipeline.evaluation.fragility import Fragility
    from pipeline.evaluation.recognition import Comparison

CAUSE_NAMES = {
    "asr": ("识别", "ASR"),
    "role": ("角色", "role"),
    "segmentation": ("切分", "segmentation"),
    "combined": ("多因", "combined"),
    "rule": ("规则", "rule"),
}


def fragility_text(fragility: "Fragility | None") -> str:
    """A rate with its interval, in per cent: ``4 % [2–9]``; n/a where it was not measured."""
    if fragility is None or fragility.rate is None or fragility.interval is None:
        return "n/a"
    low, high = fragility.interval
    return f"{fragility.rate:.1%} [{low:.0%}–{high:.0%}]"


def print_comparison(comparison: "Comparison", titles: "Mapping[str, BilingualText]") -> None:
    """Who is to blame: a row for each rule, then each case with what was said and what was written."""
    from rich.table import Table

    from pipeline.evaluation.attribution import count_causes

    out = console()
    errors = comparison.errors
    rate = "n/a" if errors.rate is None else f"{errors.rate:.3f}"
    out.print(f"\n识别字错率 character error rate {rate}", style="bold", markup=False)
    for zh, en, number in (
        ("通话", "calls", comparison.calls),
        ("字", "characters", errors.said),
        ("替换", "substituted", errors.substituted),
        ("其中同音", "of these homophones", errors.homophones),
        ("漏字", "deleted", errors.deleted),
        ("多字", "inserted", errors.inserted),
    ):
        out.print(f"  {zh} {en} {number}", end="", markup=False)
    out.print("\n")
    if not comparison.attributed:
        return
    table = Table(
        box=None,
        pad_edge=False,
        header_style="dim",
        title="错在哪里 who is to blame",
        title_justify="left",
        title_style="bold",
    )
    table.add_column("规则 rule", no_wrap=True)
    for zh, en in CAUSE_NAMES.values():
        table.add_column(f"{zh} {en}", justify="right", no_wrap=True)
    rows = count_causes(comparison.attributed)
    for rule, causes in rows.items():
        label = f"{titles[rule].zh} [dim]{rule}[/dim]" if rule in titles else rule
        table.add_row(label, *_cells(causes))
    table.add_section()
    table.add_row("合计 pooled", *_cells(sum(rows.values(), Counter())))
    out.print(table)
    for one in comparison.attributed:
        _print_attributed(one)


def _cells(causes: "Counter[Cause]") -> list[str]:
    by_name = {str(cause): count for cause, count in causes.items()}
    return [str(by_name.get(name, "")) for name in CAUSE_NAMES]


def _print_attributed(one: "Attributed") -> None:
    from rich.text import Text

    is_false_hit = one.case.kind.value == "fp"
    line = Text(" ".join(CAUSE_NAMES[one.cause.value]), "bold").append(" · ")
    line.append("误报 false hit" if is_false_hit else "漏报 miss", "red" if is_false_hit else "magenta")
    line.append(f"  {one.case.rule}  {one.case.call.recording} ", "bold").append(clock(one.start_s), "dim")
    out = console()
    out.print(line)
    if one.said != one.written:
        out.print(f"    说的 said     「{one.said}」", markup=False)
        out.print(f"    写成 written  「{one.written}」", markup=False)
    elif one.said:
        out.print(f"    「{one.said}」", markup=False)
    if one.also:
        others = "、".join(" ".join(CAUSE_NAMES[cause.value]) for cause in one.also)
        out.print(f"    单换这个也对 this alone would mend it too: {others}", style="dim", markup=False)


def comparison_data(comparison: "Comparison") -> dict[str, object]:
    """The causes as data; fragility stands beside each rule's rates."""
    from pipeline.evaluation.attribution import count_causes

    rows = count_causes(comparison.attributed)
    errors = comparison.errors
    return {
        "calls": comparison.calls,
        "asr": {
            "characters": errors.said,
            "substituted": errors.substituted,
            "homophones": errors.homophones,
            "deleted": errors.deleted,
            "inserted": errors.inserted,
            "character_error_rate": errors.rate,
        },
        "causes": {rule: _named(causes) for rule, causes in rows.items()},
        "pooled": _named(sum(rows.values(), Counter())),
        "cases": [
            {
                "rule": one.case.rule,
                "recording": one.case.call.recording,
                "kind": one.case.kind.value,
                "cause": one.cause.value,
                "also": [cause.value for cause in one.also],
                "start_s": one.start_s,
                "said": one.said,
                "written": one.written,
            }
            for one in comparison.attributed
        ],
    }


def _named(causes: "Counter[Cause]") -> dict[str, int]:
    by_name = {str(cause): count for cause, count in causes.items()}
    return {name: by_name.get(name, 0) for name in CAUSE_NAMES}


def fragility_data(fragility: "Fragility | None") -> dict[str, object] | None:
    """One rule's fragility as data; ``None`` where it was not measured."""
    if fragility is None:
        return None
    return {
        "rate": fragility.rate,
        "ci": fragility.interval,
        "lost": fragility.lost,
        "gained": fragility.gained,
        "calls": len(fragility.flips),
        "perturbations": fragility.perturbations,
    }

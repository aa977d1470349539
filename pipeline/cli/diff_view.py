"""How a change of rules looks on a terminal, and as data."""

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.cli.output import Format, clock, console, print_rows
from pipeline.domain.personal import shown

if TYPE_CHECKING:
    from pipeline.evaluation.rule_diff import Change, PackDiff, ReviewLoad, RuleDiff
    from pipeline.evaluation.rule_quality import Counts

EDIT_ZH = {"added": "新增", "removed": "删除", "changed": "修改"}
SHOWN = 5
"""Changes shown of each rule and kind; JSON has all."""


def print_diff(diff: "PackDiff") -> None:
    """The table of edited rules, the review load, and examples of each change."""
    if any(one.changes or one.undecided for one in diff.rules):
        _print_rules(diff)
    _print_without_effect([one for one in diff.rules if not one.changes and not one.undecided])
    for zh, en, load in (("标注通话", "labelled calls", diff.labelled), ("库存通话", "stored calls", diff.stored)):
        if load.calls:
            _print_load(zh, en, load)
    for rule in diff.rules:
        _print_changes(rule)


def _print_rules(diff: "PackDiff") -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("规则 rule", "改动 edit"):
        table.add_column(heading, no_wrap=True)
    for heading in ("多命中 gained\n✓ / ✗ / ?", "少命中 lost\n✓ / ✗ / ?"):
        table.add_column(heading, justify="right")
    for heading in ("精确率 precision", "召回率 recall", "对→错 / 错→对\nworse / better"):
        table.add_column(heading, no_wrap=True, justify="right")
    table.add_column("p", justify="right")
    table.add_column("难判 n/e", justify="right")
    shown = [one for one in diff.rules if one.changes or one.undecided]
    for one in shown:
        table.add_row(
            f"{one.title.zh} [dim]{one.rule}[/dim]",
            _edit(one),
            _tallies(one, gained=True),
            _tallies(one, gained=False),
            _before_after(one, "precision"),
            _before_after(one, "recall"),
            f"{one.only_before_right} / {one.only_after_right}",
            f"{one.p_value:.3f}",
            str(one.undecided or ""),
        )
    if len(shown) > 1:
        worse = sum(one.only_before_right for one in diff.rules)
        better = sum(one.only_after_right for one in diff.rules)
        table.add_section()
        table.add_row("合计 pooled", "", "", "", "", "", f"{worse} / {better}", f"{diff.p_value:.3f}", "")
    console().print(table)


def _print_without_effect(rules: "list[RuleDiff]") -> None:
    if rules:
        names = ", ".join(f"{one.rule} ({EDIT_ZH[one.edit.value]} {one.edit.value})" for one in rules)
        text = f"改了但这些通话没有变化 edited, with no effect on these calls: {names}"
        console().print(text, style="dim", markup=False)


def _edit(one: "RuleDiff") -> str:
    before, after = one.status
    text = f"{EDIT_ZH[one.edit.value]} {one.edit.value}"
    if before is not None and after is not None and before != after:
        return f"{text} {before}→{after}"
    return f"{text} {after}" if after == "draft" else text


def _tallies(one: "RuleDiff", *, gained: bool) -> str:
    counts = [one.tally(gained=gained, label=label) for label in (True, False, None)]
    good, bad = ("green", "red") if gained else ("red", "green")
    styles = (good, bad, "default")
    return " / ".join(
        f"[{style}]{count}[/{style}]" if count else "0" for count, style in zip(counts, styles, strict=True)
    )


def _before_after(one: "RuleDiff", rate: str) -> str:
    return " → ".join("n/a" if value is None else f"{value:.2f}" for value in _rates(one, rate))


def _rates(one: "RuleDiff", rate: str) -> "tuple[float | None, float | None]":
    def of(counts: "Counts") -> float | None:
        return counts.precision if rate == "precision" else counts.recall

    return of(one.before), of(one.after)


def _print_load(zh: str, en: str, load: "ReviewLoad") -> None:
    from rich.text import Text

    before, after = load.per_hundred(load.before) or 0.0, load.per_hundred(load.after) or 0.0
    line = Text(f"复听量 review load · {zh} {load.calls} {en}: ", "bold")
    line.append(f"每百通 per 100: {before:.1f} → {after:.1f}，")
    line.append(f"要多听 {load.more} 通、少听 {load.fewer} 通  ")
    line.append(f"{load.more} more to hear, {load.fewer} fewer", "dim")
    console().print(line)


def _print_changes(one: "RuleDiff") -> None:
    from rich.text import Text

    shown: dict[tuple[bool, bool | None], int] = {}
    for change in one.changes:
        kind = (change.gained, change.label)
        shown[kind] = shown.get(kind, 0) + 1
        if shown[kind] <= SHOWN:
            console().print(_change_line(change))
        if shown[kind] == SHOWN + 1:
            more = one.tally(gained=change.gained, label=change.label) - SHOWN
            console().print(Text(f"    … 另有 {more} 通 more, see --format json", "dim"))


def _change_line(change: "Change") -> "object":
    from rich.text import Text

    word = "+ 多 gained" if change.gained else "- 少 lost"
    judged = {True: "✓ 真 true", False: "✗ 误 false", None: "? 未标 not judged"}[change.label]
    good = change.label is not None and change.gained is change.label
    style = "" if change.label is None else "green" if good else "red"
    line = Text(f"{word} {judged}", style).append(f"  {change.rule}  {change.recording} ", "bold")
    return line.append(f"{clock(change.start_s)} ", "dim").append(f"「{change.quote}」" if change.quote else "")


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A gained or lost hit as data."""

    rule: str
    recording: str
    change: str
    label: bool | None
    start_s: float
    quote: str
    explanation: str
    explanation_en: str


def print_diff_data(diff: "PackDiff", base: str, form: Format) -> None:
    """The whole comparison as JSON; the changes alone as lines or CSV."""
    rows = [
        ChangeRow(
            rule=change.rule,
            recording=change.recording,
            change="gained" if change.gained else "lost",
            label=change.label,
            start_s=change.start_s,
            quote=change.quote,
            explanation=change.explanation.zh,
            explanation_en=change.explanation.en,
        )
        for one in diff.rules
        for change in one.changes
    ]
    if form != Format.JSON:
        print_rows(rows, form)
        return
    from dataclasses import asdict

    data = {
        "base": base,
        "rules": {one.rule: _rule_data(one) for one in diff.rules},
        "p_value": diff.p_value,
        "review_load": {"labelled": _load_data(diff.labelled), "stored": _load_data(diff.stored)},
        "changes": [asdict(row) for row in rows],
    }
    sys.stdout.write(shown(json.dumps(data, ensure_ascii=False, indent=1)) + "\n")


def _rule_data(one: "RuleDiff") -> dict[str, object]:
    labels = {"true": True, "false": False, "unknown": None}
    sides = (("before", one.status[0], one.before), ("after", one.status[1], one.after))
    return {
        "edit": one.edit.value,
        **{
            side: {"status": status, "precision": c.precision, "recall": c.recall, "f1": c.f1}
            for side, status, c in sides
        },
        "gained": {name: one.tally(gained=True, label=label) for name, label in labels.items()},
        "lost": {name: one.tally(gained=False, label=label) for name, label in labels.items()},
        "only_before_right": one.only_before_right,
        "only_after_right": one.only_after_right,
        "p_value": one.p_value,
        "undecided": one.undecided,
    }


def _load_data(load: "ReviewLoad") -> dict[str, object]:
    return {
        "calls": load.calls,
        "flagged_before": load.before,
        "flagged_after": load.after,
        "per_100_before": load.per_hundred(load.before),
        "per_100_after": load.per_hundred(load.after),
        "more_to_hear": load.more,
        "fewer_to_hear": load.fewer,
    }

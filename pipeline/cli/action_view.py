"""How actions are printed for people."""

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table

from pipeline.cli.output import console
from pipeline.domain.action_words import EVENTS, KINDS, STATES, VERDICTS, amount, named, of_n, sentence
from pipeline.domain.actions import Action, Assessment, Event


def told_baseline(action: Action) -> str:
    """What was opened, in both languages."""
    draft, base = action.draft, action.draft.baseline
    head, value, count = named(draft), amount(draft.line.metric, base.count.value), of_n(draft.line.metric, base.count)
    zh = f"已开立 #{action.id} {head.zh}：基线 {base.period.dates} {value}（{count.zh}），复查期 {draft.due.dates}"
    en = f"opened {action.id} {head.en}: {value} ({count.en}) in {base.period.dates}; due {draft.due.dates}"
    if base.rank is not None:
        zh += f"；{base.peers} 个里倒数第 {base.rank}"
        en += f"; {base.rank} of {base.peers} from the worst"
    return f"{zh}\n{en}"


def print_actions(found: Sequence[Action], now: datetime) -> None:
    """A table, one line an action."""
    if not found:
        console().print("没有措施：earmark action open。there is no action to list")
        return
    table = Table(
        "#", "措施 kind", "对象与指标 line", "负责人 owner", "基线 baseline", "复查期 due", "状态 state", box=None
    )
    for one in found:
        draft = one.draft
        value = amount(draft.line.metric, draft.baseline.count.value)
        state = STATES[one.state].zh if one.outcome is None else VERDICTS[one.outcome.verdict].zh
        table.add_row(
            str(one.id),
            KINDS[one.kind].zh,
            named(draft).zh,
            draft.owner,
            f"{value} {draft.baseline.period.title.zh}",
            draft.due.title.zh + (" 到期" if one.due(now) else ""),
            state,
        )
    console().print(table)


def print_action(action: Action, found: Assessment, events: Sequence[Event]) -> None:
    """The whole of one action."""
    draft, said = action.draft, sentence(action, found)
    out = console()
    out.print(f"#{action.id} {KINDS[action.kind].zh} · {named(draft).zh} · {STATES[action.state].zh}")
    out.print(
        f"{draft.line.id} · 负责人 owner {draft.owner} · 基线 {draft.baseline.period.dates} · 复查 {draft.due.dates}"
    )
    if draft.plan:
        out.print(draft.plan, markup=False)
    out.print(f"\n{VERDICTS[found.verdict].zh} {VERDICTS[found.verdict].en}", style="bold")
    out.print(said.zh, markup=False)
    out.print(said.en, style="dim", markup=False)
    for one in found.notes:
        out.print(f"· {one.zh} {one.en}", markup=False)
    out.print()
    zone = draft.baseline.period.since.tzinfo
    for event in events:
        at = event.at.astimezone(zone)
        out.print(f"{at:%Y-%m-%d %H:%M} {EVENTS[event.kind].zh} {event.name} {event.text}".rstrip(), markup=False)

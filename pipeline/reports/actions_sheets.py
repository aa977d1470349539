"""The closed loop in the workbook: what became of actions, which run, and the ids of all lines."""

from collections.abc import Iterator

from pipeline.domain.action_words import VERDICTS
from pipeline.reports.actions_model import Loop, ReportAction
from pipeline.reports.cells import Cell, Sheet
from pipeline.reports.labels import LABELS
from pipeline.reports.page import Say


def action_sheets(loop: Loop, say: Say) -> Iterator[Sheet]:
    """Two sheets; none where there is nothing to say."""
    if loop.due or loop.running:
        names = ("loop_action", "loop_line", "loop_owner", "loop_base", "loop_due", "loop_state", "judged", "loop_told")
        heads = ["#", *(say(LABELS[name]) for name in names), "link"]
        yield say(LABELS["loop"]), heads, [_action(one, say) for one in (*loop.due, *loop.running)]
    if loop.lines:
        heads = ["id", say(LABELS["loop_line"]), "link"]
        yield say(LABELS["loop_lines"]), heads, [[one.id, say(one.title), one.link] for one in loop.lines]


def _action(one: ReportAction, say: Say) -> list[Cell]:
    verdict = None if one.verdict is None else say(VERDICTS[one.verdict])
    told = None if one.sentence is None else " ".join(map(say, (one.sentence, *one.notes)))
    head: list[Cell] = [one.number, say(one.kind), say(one.title), one.owner, say(one.baseline), one.due]
    return [*head, say(one.state), verdict, told, one.link]

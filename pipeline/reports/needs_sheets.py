"""The sheets of what to train and what to hear."""

from collections.abc import Iterator, Sequence

from pipeline.reports import words
from pipeline.reports.cells import Cell, Sheet, share_cells
from pipeline.reports.labels import LABELS
from pipeline.reports.model import AgentNeed, AgentProblem, Heard, Moment, Need, Report
from pipeline.reports.page import Say


def need_sheets(report: Report, say: Say) -> Iterator[Sheet]:
    """Training needs of teams and of agents, and recordings to hear."""
    if report.needs:
        heads = [say(LABELS[name]) for name in ("problem", "class", "team", "errors", "share")]
        heads += ["n", "low", "high", say(LABELS["affected"]), say(words.LEVELS["agent"]), say(LABELS["nature"])]
        heads += [
            f"p {say(LABELS['p_common'])}",
            f"p {say(LABELS['p_individual'])}",
            say(LABELS["who"]),
            say(LABELS["hear"]),
            say(LABELS["model"]),
        ]
        yield say(LABELS["needs"]), heads, [_need(need, say) for need in report.needs]
    if report.agents:
        heads = [say(LABELS[name]) for name in ("agent", "team", "failed_calls", "calls", "problem")]
        heads += ["id", *(say(LABELS[name]) for name in ("class", "errors", "share")), "n", "low", "high"]
        heads += [say(LABELS["of_team"]), "n", "low", "high", say(LABELS["nature"]), say(LABELS["hear"])]
        rows = [_problem(one, each, say) for one in report.agents for each in one.problems]
        yield say(LABELS["agents"]), heads, rows
    for name, found in (("worst", report.worst), ("best", report.best)):
        if found:
            heads = [say(LABELS["recording"]), "id", say(words.LEVELS["agent"]), say(LABELS["team"]), "s", "link"]
            yield say(LABELS[name]), [*heads, say(LABELS["why"])], [_heard(one, say) for one in found]


def _need(need: Need, say: Say) -> list[Cell]:
    spread = need.spread
    head: list[Cell] = [say(need.title), say(words.TITLES[need.error_class]), spread.team, spread.share.calls[0]]
    tests: list[Cell] = [
        spread.affected,
        spread.agents,
        say(words.NATURES[need.nature]),
        spread.p_common,
        spread.p_individual,
    ]
    return [
        *head,
        *share_cells(spread.share),
        *tests,
        "、".join(spread.outstanding),
        places(need.hear),
        places(need.model),
    ]


def _problem(one: AgentNeed, each: AgentProblem, say: Say) -> list[Cell]:
    head: list[Cell] = [one.agent, "、".join(one.teams), one.failed.calls[0], one.evaluated, say(each.title)]
    head += [each.rule_id, say(words.TITLES[each.error_class]), each.share.calls[0]]
    nature = say(LABELS["individual"]) if each.individual else say(LABELS["within"])
    return [*head, *share_cells(each.share), *share_cells(each.team), nature, places(each.hear)]


def places(moments: Sequence[Moment]) -> str:
    """Recordings to hear, a line each."""
    return "\n".join(map(_place, moments))


def _place(moment: Moment) -> str:
    return " ".join(filter(None, [words.clock(moment.start_s), moment.agent, moment.link or moment.name]))


def _heard(one: Heard, say: Say) -> list[Cell]:
    moment = one.moment
    return [moment.name, moment.id, moment.agent, moment.team, moment.start_s, moment.link, say(one.why)]

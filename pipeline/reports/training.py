"""What to train: problems of teams with recordings that show how it is done well, and problems of agents."""

from collections import Counter
from collections.abc import Callable, Sequence

from pipeline.domain.scores import CRITICAL_CLASSES
from pipeline.reports.evidence import Evidence
from pipeline.reports.levels import UNKNOWN
from pipeline.reports.model import AgentNeed, AgentProblem, Heard, Moment
from pipeline.reports.nature import Spread
from pipeline.reports.recordings import HEAR, Place
from pipeline.reports.shares import Share
from pipeline.store.report_queries import EvaluatedCall

MODELS = 2
NEEDS = 40
BEST = 10


def models_for(found: Sequence[Heard]) -> Callable[[str, str], tuple[Moment, ...]]:
    """Recordings to learn from, for a team: its own best ones, else the best of all. ``found``: the best first."""

    def of(rule_id: str, team: str) -> tuple[Moment, ...]:
        own = [one.moment for one in found if one.moment.team == team]
        return tuple((own or [one.moment for one in found])[:MODELS])

    return of


def agent_needs(
    evidence: Evidence, calls: Sequence[EvaluatedCall], found: Sequence[Spread], place: Place
) -> tuple[AgentNeed, ...]:
    """Every agent with an error: those who stand out first, then by critical errors, then by errors."""
    outstanding = {(spread.rule_id, spread.team, agent) for spread in found for agent in spread.outstanding}
    of_team: Counter[str] = Counter(call.team or UNKNOWN for call in calls)
    errors_of_team: Counter[tuple[str, str]] = Counter(
        (rule_id, call.team or UNKNOWN) for call in calls for rule_id in evidence.errors.get(call.id, ())
    )
    told = []
    for agent, mine in evidence.grouped(calls, lambda call: call.agent).items():
        wrong = [call for call in mine if evidence.errors.get(call.id)]
        if agent is None or not wrong:
            continue
        teams = tuple(sorted({call.team or UNKNOWN for call in mine}))
        n = sum(of_team[team] for team in teams) - len(mine)
        problems = []
        for rule_id, count in evidence.counts(mine).items():
            rule = evidence.rules[rule_id]
            others = sum(errors_of_team[rule_id, team] for team in teams) - count
            stands_out = any((rule_id, team, agent) in outstanding for team in teams)
            there = [call for call in wrong if rule_id in evidence.errors[call.id]]
            hear = tuple(place(call, rule_id) for call in there[:HEAR])
            shares = Share(count, len(mine)), Share(others, n)
            problems.append(AgentProblem(rule_id, rule.title, rule.error_class.value, *shares, stands_out, hear))
        problems.sort(key=_urgency)
        told.append(AgentNeed(agent, teams, len(mine), Share(len(wrong), len(mine)), tuple(problems)))
    return tuple(sorted(told, key=_gravity))


def _urgency(one: AgentProblem) -> tuple[bool, bool, float, str]:
    return not one.individual, one.error_class not in CRITICAL_CLASSES, -one.share.part, one.rule_id


def _gravity(one: AgentNeed) -> tuple[int, float, float, str]:
    critical = sum(each.share.part for each in one.problems if each.error_class in CRITICAL_CLASSES)
    return -sum(each.individual for each in one.problems), -critical, -one.failed.part, one.agent

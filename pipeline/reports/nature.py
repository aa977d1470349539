"""Common problem or individual one (共性、个性): does an error recur over agents, or is it one person's?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import stats

from pipeline.reports.shares import ALPHA, Share, holm

FEWEST = 3
"""Errors below which nothing is asked: no test could tell."""


class Nature(StrEnum):
    """What kind of problem an error is in a team."""

    COMMON = "common"
    INDIVIDUAL = "individual"
    BOTH = "both"
    UNCLEAR = "unclear"
    """Neither is more than noise."""


@dataclass(frozen=True, slots=True)
class Spread:
    """One error in one team."""

    team: str
    rule_id: str
    share: Share
    """Calls with the error ÷ evaluated calls of the team."""
    agents: int
    affected: int
    """Agents with at least one such call."""
    nature: Nature
    p_common: float | None
    """``None`` where there is no other team to compare with."""
    p_individual: float
    """The lowest of the agents'."""
    outstanding: tuple[str, ...]
    """Agents with more of it than their team explains."""


def affected_chance(affected: int, calls: Sequence[int], base: float) -> float:
    """The probability that at least so many agents have the error, where each call has it with probability ``base``.

    Two agents with one call each, base 0.5: both with 0.25, at least one with 0.75.

    >>> affected_chance(2, [1, 1], 0.5), affected_chance(1, [1, 1], 0.5), affected_chance(0, [1, 1], 0.5)
    (0.25, 0.75, 1.0)

    Source: the Poisson binomial distribution, exact by convolution; an agent with n calls is affected with probability
    1 − (1 − base)ⁿ. S. D. Poisson (1837); Y. Hong, Computational Statistics & Data Analysis 59 (2013) 41–51.
    """
    distribution = np.ones(1)
    for n in calls:
        chance = 1 - (1 - base) ** n
        distribution = np.convolve(distribution, [1 - chance, chance])
    return float(min(1.0, distribution[affected:].sum())) if affected else 1.0


def outstanding_chance(errors: int, calls: int, team_errors: int, team_calls: int) -> float:
    """The probability that so many or more of the team's errors fall on one agent's calls.

    All 2 errors among 4 calls on the agent's 2 calls: 1 of 6 pairs.

    >>> round(outstanding_chance(2, 2, 2, 4), 4)
    0.1667

    Source: the hypergeometric tail, R. A. Fisher (1935), one-sided.
    """
    return float(stats.hypergeom.sf(errors - 1, team_calls, team_errors, calls))


def spreads(
    teams: Mapping[str, Mapping[str, int]], errors: Mapping[str, Mapping[tuple[str, str], int]]
) -> list[Spread]:
    """Every error in every team that had it three times or more, tested together (Holm).

    Args:
        teams: team → agent → evaluated calls.
        errors: rule → (team, agent) → calls with the error.
    """
    every = sum(sum(agents.values()) for agents in teams.values())
    drafts = []
    for rule_id, by_agent in errors.items():
        base = sum(by_agent.values()) / every
        for team, agents in teams.items():
            mine = {agent: by_agent.get((team, agent), 0) for agent in agents}
            if sum(mine.values()) >= FEWEST:
                drafts.append(_draft(team, rule_id, agents, mine, base if len(teams) > 1 else None))
    return _tested_together(drafts)


@dataclass(frozen=True, slots=True)
class _Draft:
    team: str
    rule_id: str
    share: Share
    agents: int
    affected: int
    p_common: float | None
    p_of: Mapping[str, float]


def _draft(team: str, rule_id: str, agents: Mapping[str, int], mine: Mapping[str, int], base: float | None) -> _Draft:
    total, calls = sum(mine.values()), sum(agents.values())
    affected = sum(number > 0 for number in mine.values())
    several = base is not None and len(agents) > 1
    p_common = affected_chance(affected, list(agents.values()), base) if several and base is not None else None
    # Who has no error cannot have too many: testing him would only weaken the others' tests.
    p_of = {
        agent: outstanding_chance(number, agents[agent], total, calls)
        for agent, number in mine.items()
        if number > 1 and len(agents) > 1
    }
    return _Draft(team, rule_id, Share(total, calls), len(agents), affected, p_common, p_of)


def _tested_together(drafts: Sequence[_Draft]) -> list[Spread]:
    commons = iter(holm([draft.p_common for draft in drafts if draft.p_common is not None]))
    individuals = iter(holm([p for draft in drafts for p in draft.p_of.values()]))
    found = []
    for draft in drafts:
        p_common = next(commons) if draft.p_common is not None else None
        p_of = {agent: next(individuals) for agent in draft.p_of}
        named = tuple(sorted((agent for agent, p in p_of.items() if p < ALPHA), key=lambda agent: p_of[agent]))
        common = p_common is not None and p_common < ALPHA
        nature = {
            (True, True): Nature.BOTH,
            (True, False): Nature.COMMON,
            (False, True): Nature.INDIVIDUAL,
            (False, False): Nature.UNCLEAR,
        }[common, bool(named)]
        lowest = min(p_of.values(), default=1.0)
        head = (draft.team, draft.rule_id, draft.share, draft.agents, draft.affected)
        found.append(Spread(*head, nature, p_common, lowest, named))
    return found

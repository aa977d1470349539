"""Keep a metric, drop it, or wait: what separation, stability and satisfaction come to."""

from dataclasses import dataclass
from enum import StrEnum

from pipeline.reports.separating import Agreement, Separation, stepped_up
from pipeline.reports.shares import ALPHA, holm

RELIABLE = 0.5
"""Half of the differences between agents' means are real, half are chance: with less, ranking them means little.

Source: D. V. Cicchetti, Psychological Assessment 6 (1994) 284–290, calls less than 0.40 poor and 0.60 on good.
"""


ENOUGH = 30
"""Calls of an agent with which a metric should tell him apart from others."""


class Verdict(StrEnum):
    """What to do with a metric."""

    KEEP = "keep"
    UNCLEAR = "unclear"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Trial:
    """What was asked of a metric; ``None`` where too little is known to answer."""

    teams: Separation | None
    agents: Separation | None
    halves: Agreement | None
    """Reliability of agents' means, from halvings at random."""
    over_time: Agreement | None
    """First half of the period against the second."""
    satisfaction: Agreement | None
    """Agents' means against their mean survey score."""
    within_teams: Agreement | None
    """The same within teams."""
    surveyed: int
    """Agents with enough values and enough scores."""
    about_survey: bool = False
    """The metric is the survey score itself."""

    @property
    def separates(self) -> tuple[bool, bool]:
        """Whether teams and agents differ by more than noise, both tests together."""
        tested = [one.p if one is not None else 1.0 for one in (self.teams, self.agents)]
        known = sum(one is not None for one in (self.teams, self.agents))
        raised = holm(tested) if known > 1 else tested
        return raised[0] < ALPHA, raised[1] < ALPHA


def verdict_of(trial: Trial) -> Verdict:
    """The verdict.

    Keep: teams or agents differ by more than noise, and at least half of the differences between agents come back in
    another half of the data, surely some. Drop: even the upper end of what the data allow is less than half, and would
    be with `ENOUGH` calls of each agent, for no metric tells agents with two calls apart. Else the data cannot tell.
    """
    halves, agents = trial.halves, trial.agents
    if any(trial.separates) and halves is not None and halves.value >= RELIABLE and halves.low > 0:
        return Verdict.KEEP
    if agents is None or (halves is not None and halves.high >= RELIABLE):
        return Verdict.UNCLEAR
    best = stepped_up(agents.icc_high, max(agents.typical_n, ENOUGH))
    return Verdict.DROP if best < RELIABLE else Verdict.UNCLEAR

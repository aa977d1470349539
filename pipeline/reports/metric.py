"""A metric on trial: does it tell teams or agents apart, is it stable, and does it move with satisfaction?"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from pipeline.domain.errors import ConfigError
from pipeline.domain.periods import Period
from pipeline.domain.results import BilingualText
from pipeline.domain.scores import Scorecard
from pipeline.reports.evidence import ERROR_CLASSES, Evidence, load
from pipeline.reports.metric_words import lead, reasons, title_of
from pipeline.reports.separating import (
    Agreement,
    Sums,
    correlation,
    rank_correlation,
    separation,
    stability,
)
from pipeline.reports.service import Mean, mean_from
from pipeline.reports.shares import Share
from pipeline.reports.verdict import Trial, Verdict, verdict_of
from pipeline.store.database import Database
from pipeline.store.report_metric import (
    CallValue,
    Cell,
    cells_of,
    column_cells,
    handling_cells,
    metadata_columns,
    repeat_cells,
    rule_cells,
    signal_values,
    survey_cells,
)
from pipeline.store.report_queries import Scope, Window, known_calls, known_rules

HALVINGS = 200
FEWEST_VALUES, FEWEST_SURVEYS = 10, 5
"""Values and survey scores below which an agent's means are not compared."""
SHOWN = 40
BUILT_IN = ("score", "handling_s", "silence_share", "response_s", "repeat", "survey")
SHARES = ("repeat",)
"""Those that are 0 or 1; rules and error classes are so too."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A team or an agent."""

    name: str
    n: int
    value: float
    low: float | None
    """95 % interval; ``None`` with a single value that is no share."""
    high: float | None


@dataclass(frozen=True, slots=True)
class MetricReport:
    """What the period says of a metric."""

    name: str
    title: BilingualText
    unit: str
    """``share``, ``s`` or ``number``."""
    period: Period
    zone: str
    n: int
    """Calls with a value."""
    value: float | None
    unnamed: int
    """Calls with a value of which nobody knows the agent."""
    trial: Trial
    verdict: Verdict
    lead: BilingualText
    reasons: tuple[BilingualText, ...]
    teams: tuple[Unit, ...]
    """Highest first."""
    agents: tuple[Unit, ...]
    seed: int

    @property
    def compared(self) -> tuple[Unit, ...]:
        """Agents with enough values to be worth looking at."""
        return tuple(unit for unit in self.agents if unit.n >= FEWEST_VALUES)


@dataclass(frozen=True, slots=True)
class MetricWanted:
    """Which metric is on trial, on which calls."""

    name: str
    period: Period
    zone: str
    scope: Scope
    seed: int = 1


def build_metric(database: Database, wanted: MetricWanted, card: Scorecard) -> MetricReport:
    """The trial of a metric.

    Raises:
        ConfigError: there is no such metric.
    """
    name, period = wanted.name, wanted.period
    window = Window(period.since, period.until, wanted.scope)
    middle = period.since + (period.until - period.since) / 2
    rules = known_rules(database)
    cells = _cells(database, wanted, window, middle, card, is_rule=name in rules)
    share = name in SHARES or name in rules or name in tuple(ERROR_CLASSES)
    surveys = [] if name == "survey" else survey_cells(database, window, middle)
    trial = _trial(cells, surveys, share=share, seed=wanted.seed, about_survey=name == "survey")
    total = _total(cells)
    unit = (
        "s"
        if name in ("handling_s", "response_s")
        else "share"
        if share or name in ("score", "silence_share")
        else "number"
    )
    title = title_of(name, rules[name].title if name in rules else None)
    verdict = verdict_of(trial)
    return MetricReport(
        name=name,
        title=title,
        unit=unit,
        period=period,
        zone=wanted.zone,
        n=total.n,
        value=total.mean if total.n else None,
        unnamed=sum(cell.n for cell in cells if cell.agent is None),
        trial=trial,
        verdict=verdict,
        lead=lead(title, verdict, trial),
        reasons=reasons(trial),
        teams=_units(_sums(cells, "team"), share=share, positive=unit != "number"),
        agents=_units(_sums(cells, "agent"), share=share, positive=unit != "number"),
        seed=wanted.seed,
    )


def _cells(
    database: Database, wanted: MetricWanted, window: Window, middle: datetime, card: Scorecard, *, is_rule: bool
) -> list[Cell]:
    name = wanted.name
    if is_rule:
        return rule_cells(database, window, middle, name)
    if name in tuple(ERROR_CLASSES) or name == "score":
        evidence = load(database, window, card=card, scored_since=window.since)
        return cells_of(_evaluated(evidence, name, middle))
    if name in ("silence_share", "response_s"):
        return cells_of(signal_values(database, window, middle, name))
    if name == "handling_s":
        return handling_cells(database, window, middle)
    if name == "survey":
        return survey_cells(database, window, middle)
    if name == "repeat":
        return repeat_cells(database, window, middle, known_calls(database, wanted.scope).last)
    columns = metadata_columns(database, window)
    found = column_cells(database, window, middle, name)
    if not found and name not in columns:
        classes = ", ".join(one.value for one in ERROR_CLASSES)
        seen = ", ".join(columns) or "none"
        raise ConfigError(
            f"there is no metric {name!r}. Known: {', '.join(BUILT_IN)}; the error classes {classes}; ids of rules that"
            f" were run (`earmark rules list`); and numeric metadata columns of the period's calls: {seen}"
        )
    return found


def _evaluated(evidence: Evidence, name: str, middle: datetime) -> Iterable[CallValue]:
    for call in evidence.calls:
        value: float
        if name == "score":
            if call.id not in evidence.scored:
                continue
            value = evidence.scored[call.id].share
        else:
            value = float(name not in evidence.failed(call))
        yield CallValue(call.id, call.agent, call.team, call.started_at >= middle, value)


def _trial(cells: Sequence[Cell], surveys: Sequence[Cell], *, share: bool, seed: int, about_survey: bool) -> Trial:
    agents, scores = _sums(cells, "agent"), _sums(surveys, "agent")
    both = [
        one for one in sorted(agents)
        if agents[one].n >= FEWEST_VALUES and one in scores and scores[one].n >= FEWEST_SURVEYS
    ]  # fmt: skip
    means, said = [agents[one].mean for one in both], [scores[one].mean for one in both]
    teams = _main_team(cells)
    return Trial(
        teams=separation(list(_sums(cells, "team").values()), share=share),
        agents=separation(list(agents.values()), share=share),
        halves=_halves(cells, seed),
        over_time=_over_time(cells),
        satisfaction=rank_correlation(means, said),
        within_teams=rank_correlation(means, said, [teams.get(one, "") for one in both]),
        surveyed=len(both),
        about_survey=about_survey,
    )


def _total(cells: Iterable[Cell]) -> Sums:
    return sum((Sums(cell.n, cell.total, cell.squares) for cell in cells), start=Sums(0, 0.0, 0.0))


def _sums(cells: Iterable[Cell], by: str) -> dict[str, Sums]:
    """By team or agent; calls without one are left out."""
    found: dict[str, Sums] = {}
    for cell in cells:
        name = cell.team if by == "team" else cell.agent
        if name is not None:
            found[name] = found.get(name, Sums(0, 0.0, 0.0)) + Sums(cell.n, cell.total, cell.squares)
    return found


def _main_team(cells: Iterable[Cell]) -> Mapping[str, str]:
    """The team that most calls of each agent are of."""
    calls: Counter[tuple[str, str]] = Counter()
    for cell in cells:
        if cell.agent is not None:
            calls[cell.agent, cell.team or ""] += cell.n
    return {agent: team for (agent, team), _ in sorted(calls.items(), key=lambda pair: (pair[1], pair[0]))}


def _halves(cells: Sequence[Cell], seed: int) -> Agreement | None:
    """Split-half reliability of agents' means: lots are halved at random, again and again."""
    agents = sorted(agent for agent, sums in _sums(cells, "agent").items() if sums.n >= FEWEST_VALUES)
    lots = sorted({cell.lot for cell in cells})
    if len(lots) < 2 or not agents:
        return None
    row, column = {one: place for place, one in enumerate(agents)}, {one: place for place, one in enumerate(lots)}
    n, total = np.zeros((len(agents), len(lots))), np.zeros((len(agents), len(lots)))
    for cell in cells:
        if cell.agent in row:
            n[row[cell.agent], column[cell.lot]] += cell.n
            total[row[cell.agent], column[cell.lot]] += cell.total
    rng = np.random.default_rng(seed)
    ones, others = [], []
    for _ in range(HALVINGS):
        half = np.isin(np.arange(len(lots)), rng.permutation(len(lots))[: len(lots) // 2])
        counts = n[:, half].sum(axis=1), n[:, ~half].sum(axis=1)
        known = (counts[0] > 0) & (counts[1] > 0)
        ones.append(list(total[known][:, half].sum(axis=1) / counts[0][known]))
        others.append(list(total[known][:, ~half].sum(axis=1) / counts[1][known]))
    return stability(ones, others)


def _over_time(cells: Sequence[Cell]) -> Agreement | None:
    """Agents' means in the first half of the period against those in the second."""
    first, second = (_sums([cell for cell in cells if cell.late is late], "agent") for late in (False, True))
    both = [
        one for one in sorted(first)
        if one in second and min(first[one].n, second[one].n) >= FEWEST_VALUES / 2
    ]  # fmt: skip
    return correlation([first[one].mean for one in both], [second[one].mean for one in both])


def _units(sums: Mapping[str, Sums], *, share: bool, positive: bool) -> tuple[Unit, ...]:
    found = []
    for name, one in sums.items():
        ends: tuple[float, float] | None
        if share:
            ends = Share(round(one.total), one.n).interval
        else:
            mean: Mean = mean_from(one.n, one.total, one.squares)
            ends = mean.interval
        low, high = ends or (None, None)
        if low is not None and positive:
            low = max(0.0, low)
        found.append(Unit(name, one.n, one.mean, low, high))
    return tuple(sorted(found, key=lambda unit: (-unit.value, unit.name)))

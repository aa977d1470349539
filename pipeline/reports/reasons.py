"""Contact reasons: which few make up 80 % of the calls, which are hard, and which team to learn from."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.domain.results import BilingualText
from pipeline.reports.model import Moment, Reason, Reasons
from pipeline.reports.pareto import VITAL
from pipeline.reports.recordings import HEAR, moment_of
from pipeline.reports.service import Mean, mean_from, welch
from pipeline.reports.shares import ALPHA, Share, fisher, holm
from pipeline.reports.words import percent
from pipeline.store.database import Database
from pipeline.store.report_contacts import ReasonCounts, calls_of_reason, reason_counts
from pipeline.store.report_queries import Window
from pipeline.store.report_service import Durations

FEWEST, FEWEST_OF_TEAM = 30, 10
"""Calls below which a reason, or a team's calls of it, is not compared."""
MEASURES = ("solved", "survey", "handling")
"""What makes a reason hard; the first that does decides which team is best."""
SHOWN = 12
HARD = {
    "solved": BilingualText("解决率低", "solved less often"),
    "survey": BilingualText("满意度低", "less satisfied"),
    "handling": BilingualText("时长长", "takes longer"),
}


@dataclass(frozen=True, slots=True)
class _Sums:
    """Calls of some reasons or teams, together."""

    calls: int
    handling: Durations
    survey: Durations
    known: int
    repeated: int

    @property
    def solved(self) -> Share:
        """No call of the same customer within 7 days."""
        return Share(self.known - self.repeated, self.known)

    def mean(self, measure: str) -> Mean:
        """Handling time or survey score."""
        found = self.handling if measure == "handling" else self.survey
        return mean_from(found.n, found.sum_s, found.sum_squares)


def _sum(parts: Iterable[ReasonCounts]) -> _Sums:
    rows = list(parts)

    def add(of: Callable[[ReasonCounts], Durations]) -> Durations:
        found = [of(row) for row in rows]
        return Durations(
            sum(one.n for one in found), sum(one.sum_s for one in found), sum(o.sum_squares for o in found)
        )

    calls, known, repeated = (sum(getattr(row, name) for row in rows) for name in ("calls", "known", "repeated"))
    return _Sums(calls, add(lambda row: row.handling), add(lambda row: row.survey), known, repeated)


def reasons(
    database: Database, window: Window, known_until: datetime | None, calls: int, desk_url: str | None
) -> Reasons | None:
    """The contact reasons of the window; ``None`` where no call has a column for them."""
    counts = reason_counts(database, window, known_until)
    if not counts:
        return None
    names = sorted({row.reason for row in counts})
    of = {name: _sum(row for row in counts if row.reason == name) for name in names}
    names.sort(key=lambda name: (-of[name].calls, name))
    total = sum(one.calls for one in of.values())
    hard = _hard({name: (of[name], _sum(row for row in counts if row.reason != name)) for name in names[:SHOWN]})
    rows, so_far = [], 0
    for name in names[:SHOWN]:
        vital = so_far < VITAL * total
        so_far += of[name].calls
        best = _best_team([row for row in counts if row.reason == name], hard[name])
        hear: tuple[Moment, ...] = ()
        if best is not None:
            found = calls_of_reason(database, window, name, best, HEAR)
            hear = tuple(moment_of(one, file, agent, best, None, desk_url) for one, file, agent in found)
        mine = of[name]
        share, survey = Share(mine.calls, total), mine.mean("survey")
        means = (mine.mean("handling").value, survey.value, survey.n, mine.solved)
        rows.append(Reason(name, share, so_far / total, vital, *means, hard[name], best, hear))
    sentence = _sentence(rows, [of[name].calls for name in names], total)
    return Reasons(tuple(rows), total, max(0, calls - total), sentence)


def _worse(mine: _Sums, others: _Sums, measure: str) -> tuple[float, bool] | None:
    """p-value of a difference, and whether it is for the worse; ``None`` where it cannot be asked."""
    if measure == "solved":
        one, other = mine.solved, others.solved
        if one.value is None or other.value is None:
            return None
        return fisher(one, other), one.value < other.value
    means = mine.mean(measure), others.mean(measure)
    p = welch(*means)
    if p is None or means[0].value is None or means[1].value is None:
        return None
    longer = means[0].value > means[1].value
    return p, longer if measure == "handling" else not longer


def _hard(pairs: dict[str, tuple[_Sums, _Sums]]) -> dict[str, tuple[str, ...]]:
    """What is worse of each reason than of all others, tested together."""
    asked = [
        (name, measure, found)
        for name, (mine, others) in pairs.items()
        if mine.calls >= FEWEST and others.calls
        for measure in MEASURES
        if (found := _worse(mine, others, measure)) is not None
    ]
    raised = holm([p for _, _, (p, _) in asked])
    sure = [
        (name, measure) for (name, measure, (_, worse)), p in zip(asked, raised, strict=True) if worse and p < ALPHA
    ]
    return {name: tuple(measure for one, measure in sure if one == name) for name in pairs}


def _best_team(rows: Sequence[ReasonCounts], hard: Sequence[str]) -> str | None:
    """The team that does better in what is hard than all others, by more than noise."""
    if not hard:
        return None
    asked = []
    for team in sorted({row.team for row in rows if row.team is not None}):
        mine, others = _sum(r for r in rows if r.team == team), _sum(r for r in rows if r.team != team)
        if mine.calls >= FEWEST_OF_TEAM and others.calls and (found := _worse(mine, others, hard[0])) is not None:
            asked.append((team, found))
    raised = holm([p for _, (p, _) in asked])
    better = [(p, team) for (team, (_, worse)), p in zip(asked, raised, strict=True) if not worse and p < ALPHA]
    return min(better)[1] if better else None


def _sentence(rows: Sequence[Reason], calls: Sequence[int], total: int) -> BilingualText:
    vital = sum(row.vital for row in rows)
    five = percent(sum(calls[:5]) / total)
    zh = f"{len(calls)} 种来电原因，前 {min(5, len(calls))} 种占 {five}，前 {vital} 种合占 80%。"
    en = f"{len(calls)} contact reasons: the first {min(5, len(calls))} make up {five}, the first {vital} 80 %."
    hard = [row for row in rows if row.hard]
    if not hard:
        return BilingualText(
            f"{zh}没有哪一种比其余的难处理，差别都在波动内。",
            f"{en} None is harder than the others by more than noise.",
        )
    told_zh = "、".join(f"{row.name}（{'，'.join(HARD[one].zh for one in row.hard)}）" for row in hard)
    told_en = ", ".join(f"{row.name} ({', '.join(HARD[one].en for one in row.hard)})" for row in hard)
    return BilingualText(f"{zh}难处理的：{told_zh}。", f"{en} Hard: {told_en}.")

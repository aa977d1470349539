"""What a report is asked for, and what all its sections share."""

from collections.abc import Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.domain.periods import Period, before
from pipeline.domain.sampling import Estimate, NotEnough
from pipeline.reports.evidence import Evidence
from pipeline.reports.kinds import Kind
from pipeline.reports.model import Basis
from pipeline.reports.weights import call_weights
from pipeline.store.calibration_results import LEVEL
from pipeline.store.database import Database
from pipeline.store.report_queries import EvaluatedCall, HitCalls, Known, Scope, Volume, Window
from pipeline.store.report_weights import checked_calls, design_weights

EVERYTHING = Scope()
SHORTEST = timedelta(days=7)
"""A stretch in which drawn calls stand for the others: in a day too few are heard."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be reported."""

    kind: Kind
    period: Period
    zone: str
    scope: Scope = EVERYTHING
    desk_url: str | None = None
    trust_level: float = LEVEL
    """Agreement that a rule needs before its precision is trusted."""
    trust_days: int = 180
    """How long before the period's end a calibration session may have been closed, to count."""


@dataclass(frozen=True, slots=True)
class Work:
    """What all sections share."""

    database: Database
    wanted: Wanted
    periods: tuple[Period, ...]
    """The last is the report's."""
    volumes: tuple[Volume, ...]
    """Of the last three periods, the report's last."""
    evidence: Evidence
    known: Known
    sites: Mapping[str, str]
    """Recording id → who employs the agent, where metadata tell."""
    hits: Future[list[HitCalls]]
    """Of the last three periods, the report's last."""
    estimates: Future[dict[str, Estimate | NotEnough]]
    """Accuracy over all calls, by class, where a plan drew the evaluated ones."""
    beside: Executor
    """Where what the database counts is waited for."""

    @property
    def calls(self) -> list[EvaluatedCall]:
        """Evaluated calls of the period."""
        return self.evidence.of(self.wanted.period)

    def window(self, back: int) -> Window:
        """The period, or one before it."""
        period = self.periods[-1 - back]
        return Window(period.since, period.until, self.wanted.scope)


def basis(found: Volume) -> Basis:
    """Why the evaluated calls can stand for all, or cannot."""
    if not found.evaluated:
        return Basis.NONE
    if found.evaluated == found.calls:
        return Basis.ALL
    quiet = found.checked - found.flagged
    if quiet and not found.evaluated_unflagged:
        return Basis.FLAGGED
    return Basis.DRAWN if found.drawn else Basis.CHOSEN


def weighted(database: Database, evidence: Evidence, history: Window, period: Period) -> Evidence:
    """The evidence with what each call of the window stands for."""
    starts = _stretches(history.since, period)
    placed = [(call, _place(starts, call.started_at)) for call in evidence.calls]
    drawn = design_weights(database, [call.id for call in evidence.calls], history.since, history.until)
    return replace(evidence, weights=call_weights(placed, drawn, checked_calls(database, history, starts)))


def _stretches(since: datetime, period: Period) -> list[datetime]:
    """Where periods such as this one begin, back to the one that holds ``since``; at least a week each."""
    one = period
    if period.until - period.since < SHORTEST:
        one = replace(period, since=period.until - SHORTEST)
    starts = [one.since]
    while starts[-1] > since:
        one = before(one)
        starts.append(one.since)
    return starts[::-1]


def _place(starts: list[datetime], moment: datetime) -> int:
    return sum(start <= moment for start in starts) - 1

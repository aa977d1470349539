"""Precision, recall and prevalence of every rule over a period, kept for a while.

They come from all calls of the period at once, which takes seconds where there are a hundred thousand: so a page is
sent without them and asks for them when it is there, all rules are estimated in one go, and whoever asks next gets the
same for a while.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from fastapi import Request

from pipeline.domain.sampling import Estimate, Metric, NotEnough
from pipeline.review.visitor import desk_of
from pipeline.review.wording import Words
from pipeline.sampling.estimates import Figures, figures
from pipeline.store.database import Database
from pipeline.store.sampling_evidence import load_evidence
from pipeline.store.sampling_state import State, evidence_state

PeriodName = Literal["7", "30", "90", "all"]
PERIODS: Mapping[PeriodName, tuple[int | None, Words]] = {
    "7": (7, ("近 7 天", "7 days")),
    "30": (30, ("近 30 天", "30 days")),
    "90": (90, ("近 90 天", "90 days")),
    "all": (None, ("全部", "All")),
}
"""What a visitor may choose: days that end with today, and their name."""
USUAL: PeriodName = "90"
"""Recall of what is rare needs a quarter's audits."""
FRESH_S = 60.0
"""So long the same is shown whatever happens: reviewers judge all day, and each verdict changes some estimate."""
KEPT_S = 600.0
"""So long it is shown where nobody judged or drew: a run may have added calls."""


@dataclass(frozen=True, slots=True)
class RuleEstimates:
    """What is known of the rules in a period."""

    period: PeriodName
    by_rule: Mapping[str, Figures]
    made_at: datetime
    calls: int

    def of(self, rule_id: str) -> Figures | None:
        """The rule's figures; ``None`` where it ran on no call of the period."""
        return self.by_rule.get(rule_id)


@dataclass(frozen=True, slots=True)
class _Kept:
    estimates: RuleEstimates
    state: State
    made_s: float


class EstimateShelf:
    """Estimates by period. One is made at a time: whoever asks meanwhile waits for it, and gets it."""

    def __init__(self, database: Database, zone: ZoneInfo, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._zone = zone
        self._clock = clock
        self._making = threading.Lock()
        self._kept: dict[PeriodName, _Kept] = {}

    def ready(self, period: PeriodName) -> RuleEstimates | None:
        """Those that can still be shown; ``None`` where they have to be made."""
        kept = self._kept.get(period)
        if kept is None:
            return None
        age_s = self._clock() - kept.made_s
        if age_s <= FRESH_S or (age_s <= KEPT_S and evidence_state(self._database) == kept.state):
            return kept.estimates
        return None

    def get(self, period: PeriodName) -> RuleEstimates:
        """Those that can still be shown, or new ones."""
        with self._making:
            found = self.ready(period)
            if found is None:
                # Looked at before: what is said meanwhile makes it old, rather than being passed over.
                state = evidence_state(self._database)
                found = estimate(self._database, period, datetime.now(self._zone))
                self._kept[period] = _Kept(found, state, self._clock())
        return found


def estimates_of(request: Request) -> EstimateShelf:
    """The estimates of the desk."""
    app_state = request.app.state
    if not hasattr(app_state, "estimates"):
        desk = desk_of(request)
        app_state.estimates = EstimateShelf(desk.database, ZoneInfo(desk.settings.timezone))
    shelf: EstimateShelf = app_state.estimates
    return shelf


def since_of(period: PeriodName, now: datetime) -> datetime | None:
    """When a period of `PERIODS` begins: days by the calendar, today counted; ``None`` for all that there is.

    >>> since_of("7", datetime(2026, 11, 9, 15, 30, tzinfo=ZoneInfo("Asia/Shanghai"))).isoformat()
    '2026-11-03T00:00:00+08:00'
    """
    days, _ = PERIODS[period]
    if days is None:
        return None
    return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days - 1)


def estimate(database: Database, period: PeriodName, now: datetime) -> RuleEstimates:
    """The estimates of every rule that ran in the period."""
    evidence = load_evidence(database, since=since_of(period, now))
    samples = {one.id: evidence.sample(one) for one in evidence.subjects if not one.is_class}
    found = {
        rule_id: figures(one.hit, one.flagged, one.truth, one.weight, one.others) for rule_id, one in samples.items()
    }
    return RuleEstimates(period, found, now, evidence.calls)


def lacking(one: Estimate | NotEnough) -> Words:
    """What it takes to know more, in short; empty words for an estimate.

    >>> from pipeline.domain.results import BilingualText
    >>> lacking(NotEnough(Metric.RECALL, BilingualText("", ""), 12, 0.5, 0.94, 629, 0.15))
    ('再审核 629 通，约 ±15 点', '629 more audits give ± 15 points')
    """
    if isinstance(one, Estimate):
        return "", ""
    if one.half_width is None:
        # No number of calls would help.
        return one.reason.zh, one.reason.en
    if one.more is None:
        return "本期全听完也不够，请取更长的时段", "all calls of the period would not do: take a longer one"
    points = f"{100 * one.half_width:.0f}" if one.half_width >= 0.095 else f"{100 * one.half_width:.1f}"
    judge, things = ("复核", "reviewed hits") if one.metric == Metric.PRECISION else ("审核", "audits")
    return f"再{judge} {one.more} 通，约 ±{points} 点", f"{one.more} more {things} give ± {points} points"

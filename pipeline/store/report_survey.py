"""Survey scores beside what the classifiers heard: good scores on angry calls, bad ones on calm calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from pipeline.store.database import Database
from pipeline.store.report_queries import Window, Windows
from pipeline.store.tables import predictions, recordings

ANGRY = or_(predictions.c.dissatisfied_flagged, predictions.c.escalation_flagged)
JUDGED = or_(predictions.c.dissatisfied.is_not(None), predictions.c.escalation.is_not(None))


@dataclass(frozen=True, slots=True)
class Scale:
    """The scores that customers can give, as far as any did."""

    lowest: float
    highest: float

    @property
    def good(self) -> float:
        """The upper quarter begins here.

        >>> Scale(1, 5).good, Scale(1, 5).bad
        (4.0, 2.0)
        """
        return self.highest - (self.highest - self.lowest) / 4

    @property
    def bad(self) -> float:
        """The lower quarter ends here."""
        return self.lowest + (self.highest - self.lowest) / 4


@dataclass(frozen=True, slots=True)
class SurveyCounts:
    """Calls with a survey score, by score and by what the classifiers say of them."""

    good_angry: int
    good: int
    """Good scores on calls that the classifiers judged."""
    bad_calm: int
    bad: int
    judged: int
    """Calls with any score that the classifiers judged."""
    unjudged: int
    """Calls with a score on which the classifiers abstained, or were not run."""


@dataclass(frozen=True, slots=True)
class SurveyedCall:
    """A call whose score does not fit what was heard."""

    id: str
    name: str
    agent: str | None
    team: str | None
    started_at: datetime
    score: float


def survey_scale(database: Database) -> Scale | None:
    """Lowest and highest score of the whole database; ``None`` where all are the same, or there are none."""
    with database.reading() as connection:
        score = recordings.c.survey_score
        low, high = connection.execute(select(func.min(score), func.max(score)).where(score.is_not(None))).one()
    return None if low is None or low == high else Scale(float(low), float(high))


def survey_counts(database: Database, windows: Sequence[Window], scale: Scale) -> list[SurveyCounts]:
    """Counts over the calls of each window that have a score. ``windows``: as in `Windows`."""
    every = Windows(windows)
    number = every.place(recordings.c.started_at).label("number")
    score = recordings.c.survey_score
    place = case((score >= scale.good, 1), (score <= scale.bad, -1), else_=0).label("place")
    angry = func.coalesce(ANGRY, False).label("angry")
    judged = func.coalesce(JUDGED, False).label("judged")
    query = (
        select(number, place, angry, judged, func.count())
        .select_from(recordings.outerjoin(predictions, predictions.c.recording_id == recordings.c.id))
        .where(score.is_not(None), *every.whole.tests)
        .group_by("number", "place", "angry", "judged")
    )
    found: list[list[_Scored]] = [[] for _ in windows]
    with database.reading() as connection:
        for index, one, mad, known, n in connection.execute(query):
            if index >= 0:
                found[index].append((int(one), bool(mad), bool(known), n))
    return [_survey_counts(rows) for rows in found]


_Scored = tuple[int, bool, bool, int]
"""1 where the score is good, -1 where bad; anger; whether the classifiers judged; calls."""


def _survey_counts(rows: Sequence[_Scored]) -> SurveyCounts:

    def total(where: int | None, anger: bool | None = None, *, known: bool = True) -> int:
        return sum(
            n for one, mad, is_known, n in rows
            if is_known is known and where in (None, one) and anger in (None, mad)
        )  # fmt: skip

    return SurveyCounts(total(1, True), total(1), total(-1, False), total(-1), total(None), total(None, known=False))


def surveyed_calls(database: Database, window: Window, scale: Scale, *, fake: bool, limit: int) -> list[SurveyedCall]:
    """Good scores on the angriest calls (``fake``), or bad scores on the calmest."""
    score = recordings.c.survey_score
    wanted: ColumnElement[bool] = and_(score >= scale.good, ANGRY) if fake else and_(score <= scale.bad, JUDGED, ~ANGRY)
    anger = func.coalesce(predictions.c.dissatisfied, predictions.c.escalation)
    query = (
        select(recordings)
        .join(predictions, predictions.c.recording_id == recordings.c.id)
        .where(wanted, *window.tests)
        .order_by(anger.desc() if fake else anger, recordings.c.id)
        .limit(limit)
    )
    with database.reading() as connection:
        return [
            SurveyedCall(row.id, row.name, row.agent or None, row.team or None, row.started_at, row.survey_score)
            for row in connection.execute(query)
        ]

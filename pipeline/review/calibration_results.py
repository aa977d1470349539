"""Reading what came of a session for its pages."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import HTTPException

from pipeline.domain.calibration import AgainstGold, Calibration
from pipeline.domain.results import BilingualText
from pipeline.review.calibration_view import (
    AgreementRow,
    DifferingCall,
    SideBySide,
    agreement_rows,
    differing_calls,
    side_by_side,
)
from pipeline.review.call_page import scorecard
from pipeline.review.playback import is_there
from pipeline.store.calibration_drift import against_gold
from pipeline.store.calibration_gold import agreed_values, gold_of
from pipeline.store.calibration_results import comments_of, opinions_of
from pipeline.store.call_recording import names_of
from pipeline.store.listings import rule_titles
from pipeline.store.results import StoredCall, stored_call

if TYPE_CHECKING:
    from pipeline.review.app import Desk


@dataclass(frozen=True, slots=True)
class Results:
    """What came of a session."""

    rows: tuple[AgreementRow, ...]
    calls: tuple[DifferingCall, ...]
    against_gold: tuple[AgainstGold, ...]
    judged: int
    """Things on calls that two or more people judged."""
    differ: int
    gold: int
    evaluated_anew: int
    """Calls whose rules people judged as they were in different runs."""
    level: float
    agreed_open: bool
    """Whether there is something that all agree on and that was not decided."""


def results(desk: "Desk", session: Calibration) -> Results:
    """What came of the session so far."""
    opinions = opinions_of(desk.database, session.id)
    golds = gold_of(desk.database, session.id)
    level = desk.settings.calibration_level
    runs: dict[str, set[str | None]] = {}
    for one in opinions:
        if one.entry is not None and one.entry.said.rule_id is not None:
            runs.setdefault(one.recording_id, set()).add(one.entry.run_id)
    calls = differing_calls(session, opinions, golds, names_of(desk.database, session.calls))
    return Results(
        rows=tuple(agreement_rows(opinions, rule_titles(desk.database), scorecard(), level)),
        calls=tuple(calls),
        against_gold=tuple(against_gold(session, opinions, golds)),
        judged=sum(call.judged for call in calls),
        differ=sum(call.differ for call in calls),
        gold=len(golds),
        evaluated_anew=sum(len(found) > 1 for found in runs.values()),
        level=level,
        agreed_open=bool(agreed_values(opinions, golds)),
    )


@dataclass(frozen=True, slots=True)
class Comparison:
    """One call of a session as each judged it."""

    call: StoredCall
    rows: tuple[SideBySide, ...]
    comments: tuple[tuple[str, tuple[str, ...]], ...]
    """Name and remarks, of those who made any."""
    audible: bool
    following: str | None
    """The next call on which people differ."""

    @property
    def differ(self) -> int:
        """Things on which people do not say the same."""
        return sum(row.differ for row in self.rows)


def comparison(desk: "Desk", session: Calibration, recording_id: str) -> Comparison:
    """Who said what of the call. Raises: HTTPException 404, it is not transcribed any more."""
    stored = stored_call(desk.database, recording_id)
    if stored is None:
        raise HTTPException(404)
    opinions = opinions_of(desk.database, session.id)
    golds = gold_of(desk.database, session.id)
    titles: dict[str, BilingualText] = rule_titles(desk.database)
    evidence = {one.rule_id: [piece.start_s for piece in one.evidence] for one in stored.results}
    here = [one for one in opinions if one.recording_id == recording_id]
    decided = [one for one in golds if one.recording_id == recording_id]
    remarks = comments_of(desk.database, session.id, recording_id)
    order = [one for one in differing_calls(session, opinions, golds, {}) if one.differ]
    at = next((place for place, one in enumerate(order) if one.recording_id == recording_id), -1)
    return Comparison(
        call=stored,
        rows=tuple(side_by_side(session, here, decided, titles, scorecard(), evidence)),
        comments=tuple(
            (judge.name, tuple(remarks[judge.account_id])) for judge in session.judges if remarks.get(judge.account_id)
        ),
        audible=is_there(stored.recording, desk.keys),
        following=order[at + 1].recording_id if at + 1 < len(order) else None,
    )

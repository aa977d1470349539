"""A call as somebody judges it in a calibration session: blind, and no more of it than the session judges."""

from dataclasses import replace
from typing import Any

from fastapi import HTTPException, Request

from pipeline.domain.calibration import FAULTS, Calibration, CalibrationFault
from pipeline.domain.results import RuleStatus
from pipeline.domain.reviews import ReviewKind
from pipeline.review.access import Permission, may
from pipeline.review.call_page import changed_rows, panel_context, scorecard, touched_turns, view_with
from pipeline.review.call_view import CallView, call_view
from pipeline.review.card_view import card_score, name_of
from pipeline.review.judgement import Refused, ReviewBody
from pipeline.review.pages import render
from pipeline.review.visitor import Visitor, desk_of
from pipeline.store.calibration import entries_of, find_calibration, finished_calls

KINDS = frozenset(
    {ReviewKind.VERDICT, ReviewKind.SCORE, ReviewKind.COMMENT, ReviewKind.FINISHED, ReviewKind.UNDO},
)
"""What can be said in a session. Corrections and examples are for everybody, and everybody would see them."""


def session_for(request: Request, visitor: Visitor, calibration_id: int) -> Calibration:
    """The session, for whoever leads sessions or judges in it. Raises: HTTPException 404 for everybody else."""
    session = find_calibration(desk_of(request).database, calibration_id)
    if session is None or not (may(visitor.account, Permission.CALIBRATE) or session.judge(visitor.account.id)):
        raise HTTPException(404)
    return session


def sees_results(session: Calibration, visitor: Visitor) -> bool:
    """Whether the visitor may see what others said: everybody of it once it is closed, before that a manager who does
    not judge in it.
    """
    return not session.open or (
        may(visitor.account, Permission.CALIBRATE) and session.judge(visitor.account.id) is None
    )


def blind_view(request: Request, visitor: Visitor, session: Calibration, recording_id: str) -> CallView:
    """The call with the visitor's own words in the session, and the rules that it judges.

    Raises:
        HTTPException: 404, the session does not have the call or the visitor does not judge in it.
    """
    if recording_id not in session.calls or session.judge(visitor.account.id) is None:
        raise HTTPException(404)
    own = entries_of(desk_of(request).database, session.id, recording_id, visitor.account.id)
    return narrowed(view_with(request, visitor, recording_id, own), session)


def narrowed(view: CallView, session: Calibration) -> CallView:
    """The view without rules that the session does not judge."""
    sources = view.sources
    if sources.rules is None:
        return view
    headings = tuple(
        heading
        for heading in sources.rules.headings
        if (heading.status == RuleStatus.ACTIVE if session.rules is None else heading.id in session.rules)
    )
    kept = {heading.id for heading in headings}
    results = tuple(result for result in sources.stored.results if result.rule_id in kept)
    return call_view(
        replace(
            sources,
            stored=replace(sources.stored, results=results),
            rules=replace(sources.rules, headings=headings),
        )
    )


def blind_context(request: Request, visitor: Visitor, session: Calibration, view: CallView) -> dict[str, Any]:
    """What the templates of the call page are given: nothing is filled in beforehand."""
    calls = list(session.calls)
    at = calls.index(view.sources.stored.recording.id)
    done = finished_calls(desk_of(request).database, session.id, visitor.account.id)
    following = next((one for one in calls[at + 1 :] + calls[:at] if one not in done), None)
    return {
        **panel_context(visitor, view, None),
        "score": card_score(view, scorecard(), prefilled=False),
        "session": session,
        "position": at + 1,
        "following": following and f"/calibrations/{session.id}/calls/{following}",
    }


def blind_panel(request: Request, visitor: Visitor, session: Calibration, view: CallView, *, since: int) -> str:
    """The side panel, and the turns that look otherwise since that entry."""
    panel = render(request, visitor, "call_panel.html", **blind_context(request, visitor, session, view))
    return panel + changed_rows(request, visitor, view, touched_turns(view, since=since))


def check_kind(body: ReviewBody, session: Calibration) -> None:
    """Returns if the session takes such an entry. Raises: Refused."""
    if body.kind not in KINDS:
        raise Refused(
            "校准中不改转写，也不设范例", "nothing is corrected or kept as an example in a calibration session"
        )
    if body.kind == ReviewKind.SCORE and (session.card is None or session.card != name_of(scorecard())):
        text = FAULTS[CalibrationFault.NOT_JUDGED]
        raise Refused(text.zh, text.en)

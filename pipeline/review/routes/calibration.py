"""Calibration sessions: judged blind, then compared, then decided."""

from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi import Path as InPath
from fastapi.responses import RedirectResponse, Response

from pipeline.domain.accounts import Account
from pipeline.domain.calibration import Calibration, CalibrationFault, CalibrationRefusedError, subject_of
from pipeline.domain.errors import StoreError
from pipeline.review.access import Permission, may
from pipeline.review.calibration_page import (
    blind_context,
    blind_panel,
    blind_view,
    check_kind,
    sees_results,
    session_for,
)
from pipeline.review.calibration_results import comparison, results
from pipeline.review.call_page import WORDING, call_data, scorecard
from pipeline.review.card_view import name_of
from pipeline.review.fields import Line, storable
from pipeline.review.judgement import Refused, ReviewBody, understood
from pipeline.review.pages import page
from pipeline.review.playback import is_there
from pipeline.review.transcript_view import transcript_rows
from pipeline.review.typed import masked_as_call
from pipeline.review.visitor import AskedBy, Visitor, address_of, check_asked_by, desk_of, requires
from pipeline.store.accounts import all_accounts, audit
from pipeline.store.calibration import NewCalibration, add_entry, begin, close, finished_calls, list_calibrations
from pipeline.store.calibration_choice import Choice, chosen
from pipeline.store.calibration_drift import drifts
from pipeline.store.calibration_gold import decide_agreed, decide_gold
from pipeline.store.listings import rule_titles

if TYPE_CHECKING:
    from pipeline.review.app import Desk

router = APIRouter()
Judging = Annotated[Visitor, Depends(requires(Permission.JUDGE))]
Leading = Annotated[Visitor, Depends(requires(Permission.CALIBRATE))]
Number = Annotated[int, InPath(ge=1, le=2**31 - 1)]
RecordingId = Annotated[Line, InPath()]
How = Literal["random", "doubtful", "draw"]
Entry = Annotated[int, Query(ge=0, le=2**31 - 1)]
"""Of the newest entry that a page has."""


@router.get("/calibrations")
def calibrations_page(request: Request, visitor: Judging, weekly: bool = False) -> Response:
    """The sessions: all for whoever leads them, the own ones for everybody else; and who keeps to gold."""
    desk = desk_of(request)
    leading = may(visitor.account, Permission.CALIBRATE)
    sessions = list_calibrations(desk.database, account_id=None if leading else visitor.account.id)
    found = drifts(desk.database, weekly=weekly, zone=ZoneInfo(desk.settings.timezone))
    return page(
        request,
        visitor,
        "calibrations.html",
        sessions=sessions,
        leading=leading,
        weekly=weekly,
        drifts=[one for one in found if leading or one.account_id == visitor.account.id],
        people=_judging_accounts(desk) if leading else [],
        titles=rule_titles(desk.database) if leading else {},
    )


@router.post("/calibrations")
def begin_session(
    request: Request,
    visitor: Leading,
    name: Annotated[Line, Form(min_length=1)],
    how: Annotated[How, Form()],
    n: Annotated[int, Form(ge=1, le=2**31 - 1)],
    judges: Annotated[list[int], Form()],
    what: Annotated[Literal["all", "rules", "card"], Form()] = "all",
    seed: Annotated[int, Form(ge=0, le=2**31 - 1)] = 1,
    rules: Annotated[list[Line] | None, Form()] = None,
) -> Response:
    """Begins a session; ``n`` is how many calls, or which draw."""
    desk = desk_of(request)
    known = {account.id for account in _judging_accounts(desk)}
    wanted = None if what != "card" and not rules else [] if what == "card" else rules
    if not set(judges) <= known or not set(wanted or ()) <= set(rule_titles(desk.database)):
        raise HTTPException(422, "没有这个人或这条规则 / There is no such person or rule")
    try:
        calls, words = chosen(desk.database, _choice(how, n, seed), wanted)
    except StoreError as error:
        raise HTTPException(422, str(error)) from error
    card = None if what == "rules" else name_of(scorecard())
    number = begin(desk.database, NewCalibration(name, words, calls, set(judges), wanted, card))
    _note(request, visitor, number, "begun")
    return RedirectResponse(f"/calibrations/{number}", 303)


def _choice(how: How, n: int, seed: int) -> Choice:
    match how:
        case "random":
            return Choice(random=n, seed=seed)
        case "doubtful":
            return Choice(doubtful=n)
        case "draw":
            return Choice(draw=n)


def _judging_accounts(desk: "Desk") -> list[Account]:
    return [one for one in all_accounts(desk.database) if one.active and may(one, Permission.JUDGE)]


@router.get("/calibrations/{calibration_id}")
def calibration_page(request: Request, visitor: Judging, calibration_id: Number) -> Response:
    """One session: for who judges the calls to judge; for who may see them the results."""
    desk = desk_of(request)
    session = session_for(request, visitor, calibration_id)
    own = session.judge(visitor.account.id)
    shown = results(desk, session) if sees_results(session, visitor) else None
    return page(
        request,
        visitor,
        "calibration.html",
        session=session,
        own=own,
        done=finished_calls(desk.database, session.id, visitor.account.id) if own else set(),
        results=shown,
        leading=may(visitor.account, Permission.CALIBRATE),
    )


@router.post("/calibrations/{calibration_id}/close")
def close_session(request: Request, visitor: Leading, calibration_id: Number) -> Response:
    """Ends the judging."""
    desk = desk_of(request)
    try:
        close(desk.database, calibration_id)
    except CalibrationRefusedError as refused:
        raise _http(refused) from refused
    _note(request, visitor, calibration_id, "closed")
    return RedirectResponse(f"/calibrations/{calibration_id}", 303)


@router.get("/calibrations/{calibration_id}/calls/{recording_id}")
def blind_page(request: Request, visitor: Judging, calibration_id: Number, recording_id: RecordingId) -> Response:
    """A call to judge; once the session is closed, what everybody said of it."""
    desk = desk_of(request)
    session = session_for(request, visitor, calibration_id)
    if not session.open:
        return RedirectResponse(f"/calibrations/{calibration_id}/compare/{recording_id}", 303)
    view = blind_view(request, visitor, session, recording_id)
    audit(
        desk.database,
        account=visitor.account,
        action="open",
        recording_id=recording_id,
        detail={"calibration": calibration_id},
        address=address_of(request),
    )
    return page(
        request,
        visitor,
        "call.html",
        **blind_context(request, visitor, session, view),
        rows=transcript_rows(view),
        data=call_data(view),
        status=None,
        left=None,
        audible=is_there(view.sources.stored.recording, desk_of(request).keys),
        query="",
    )


@router.get("/calibrations/{calibration_id}/calls/{recording_id}/panel")
def panel_of_session(
    request: Request,
    visitor: Judging,
    calibration_id: Number,
    recording_id: RecordingId,
    newest: Entry = 0,
    asked_by: AskedBy = None,
) -> Response:
    """The panel, if the visitor added entries after ``newest`` on another page; else 204."""
    check_asked_by(visitor, asked_by)
    session = session_for(request, visitor, calibration_id)
    view = blind_view(request, visitor, session, recording_id)
    if view.newest == newest:
        return Response(status_code=204)
    return _html(blind_panel(request, visitor, session, view, since=newest))


@router.post("/calibrations/{calibration_id}/calls/{recording_id}/reviews")
def add_blind(
    request: Request, visitor: Judging, calibration_id: Number, recording_id: RecordingId, body: ReviewBody
) -> Response:
    """Adds what the visitor says in the session, once however often it is sent."""
    session = session_for(request, visitor, calibration_id)
    view = blind_view(request, visitor, session, recording_id)
    since = next((one.id - 1 for one in view.sources.reviews if one.said.key == body.key), None)
    if since is None:
        since = view.newest
        try:
            check_kind(body, session)
            body = body.model_copy(update={"text": masked_as_call(desk_of(request), view.sources.stored, body.text)})
            new = understood(body, view, scorecard(), visitor.account.id)
            database = desk_of(request).database
            stored = add_entry(database, calibration_id, new, visitor.account, address=address_of(request))
        except Refused as refused:
            raise HTTPException(refused.status_code, str(refused)) from refused
        except CalibrationRefusedError as refused:
            raise _http(refused) from refused
        if stored.said.recording_id != recording_id:
            raise HTTPException(409, "这个键已用于另一通 / This key was used for another call")
    view = blind_view(request, visitor, session, recording_id)
    return _html(blind_panel(request, visitor, session, view, since=since))


@router.get("/calibrations/{calibration_id}/compare/{recording_id}")
def compare_page(request: Request, visitor: Judging, calibration_id: Number, recording_id: RecordingId) -> Response:
    """Who said what of a call, and what was decided."""
    session = session_for(request, visitor, calibration_id)
    return _compared(request, visitor, session, recording_id)


@router.post("/calibrations/{calibration_id}/compare/{recording_id}")
async def decide_on_call(
    request: Request, visitor: Leading, calibration_id: Number, recording_id: RecordingId
) -> Response:
    """Stores what was chosen as gold; fields are named by rule, or by card and item."""
    form = await request.form()
    chosen = {
        subject_of(name.removeprefix("gold.")): value
        for name, value in form.items()
        if name.startswith("gold.") and isinstance(value, str) and value
    }
    note = form.get("note")
    try:
        words = storable(note) if isinstance(note, str) else ""
    except ValueError as error:
        raise HTTPException(422, f"说明{error} / The note {error}") from error
    desk = desk_of(request)
    session = session_for(request, visitor, calibration_id)
    try:
        decide_gold(
            desk.database,
            calibration_id,
            recording_id,
            chosen,
            visitor.account,
            note=words,
            address=address_of(request),
        )
    except CalibrationRefusedError as refused:
        if refused.fault in (CalibrationFault.UNKNOWN, CalibrationFault.NOT_IN_IT, CalibrationFault.DELETED):
            raise _http(refused) from refused
        return _compared(request, visitor, session, recording_id, refused=refused)
    return RedirectResponse(f"/calibrations/{calibration_id}/compare/{recording_id}?decided={len(chosen)}", 303)


def _compared(
    request: Request,
    visitor: Visitor,
    session: Calibration,
    recording_id: str,
    *,
    refused: CalibrationRefusedError | None = None,
) -> Response:
    desk = desk_of(request)
    if recording_id not in session.calls or not sees_results(session, visitor):
        raise HTTPException(404)
    shown = comparison(desk, session, recording_id)
    audit(
        desk.database,
        account=visitor.account,
        action="open",
        recording_id=recording_id,
        detail={"calibration": session.id},
        address=address_of(request),
    )
    return page(
        request,
        visitor,
        "calibration_call.html",
        status_code=409 if refused else 200,
        session=session,
        shown=shown,
        refused=refused,
        deciding=may(visitor.account, Permission.CALIBRATE) and not session.open,
        **WORDING,
    )


@router.post("/calibrations/{calibration_id}/agreed")
def decide_on_agreed(request: Request, visitor: Leading, calibration_id: Number) -> Response:
    """Makes gold of everything that all agree on who judged it."""
    try:
        added, waiting = decide_agreed(
            desk_of(request).database, calibration_id, visitor.account, address=address_of(request)
        )
    except CalibrationRefusedError as refused:
        raise _http(refused) from refused
    return RedirectResponse(f"/calibrations/{calibration_id}?decided={len(added)}&waiting={waiting}", 303)


def _http(refused: CalibrationRefusedError) -> HTTPException:
    status = 404 if refused.fault in (CalibrationFault.UNKNOWN, CalibrationFault.NOT_IN_IT) else 409
    return HTTPException(status, f"{refused.text.zh} / {refused.text.en}")


def _note(request: Request, visitor: Visitor, calibration_id: int, what: str) -> None:
    audit(
        desk_of(request).database,
        account=visitor.account,
        action="calibrate",
        detail={"calibration": calibration_id, "what": what},
        address=address_of(request),
    )


def _html(content: str) -> Response:
    return Response(content, media_type="text/html; charset=utf-8")

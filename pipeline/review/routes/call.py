"""The page of a call: sound, words, hits, and what people say of them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.review.access import Permission, may
from pipeline.review.call_page import (
    call_data,
    changed_rows,
    hold,
    load_view,
    panel,
    panel_context,
    touched_turns,
)
from pipeline.review.pages import page
from pipeline.review.playback import is_there
from pipeline.review.queue_query import START, parsed
from pipeline.review.queue_view import local_now
from pipeline.review.transcript_view import transcript_rows
from pipeline.review.visitor import AskedBy, Visitor, address_of, check_asked_by, desk_of, requires, visible_call
from pipeline.store.accounts import audit
from pipeline.store.calibration import blind_session
from pipeline.store.call_status import call_status
from pipeline.store.queue_listing import queue_counts
from pipeline.store.review_queue import leave, take

router = APIRouter()
Seeing = Annotated[Visitor, Depends(requires(Permission.SEE_CALL))]
Judging = Annotated[Visitor, Depends(requires(Permission.JUDGE))]
Entry = Annotated[int, Query(ge=0, le=2**31 - 1)]


@router.get("/calls/{recording_id}")
def call_page(request: Request, visitor: Seeing, recording_id: str) -> Response:
    """The page. Opening it takes the call in hand if nobody else has it; who judges it blind is sent there."""
    desk = desk_of(request)
    visible_call(desk, visitor, recording_id)
    session = blind_session(desk.database, recording_id, visitor.account.id)
    if session is not None and may(visitor.account, Permission.JUDGE):
        return RedirectResponse(f"/calibrations/{session}/calls/{recording_id}", 303)
    view = load_view(request, visitor, recording_id)
    holder = hold(request, visitor, recording_id)
    audit(
        desk.database,
        account=visitor.account,
        action="open",
        recording_id=recording_id,
        address=address_of(request),
    )
    return page(
        request,
        visitor,
        "call.html",
        **panel_context(visitor, view, holder),
        rows=transcript_rows(view),
        data=call_data(view),
        status=call_status(desk.database, recording_id),
        left=_left(request, visitor),
        audible=is_there(view.sources.stored.recording, desk.keys),
        query=request.url.query,
    )


def _left(request: Request, visitor: Visitor) -> int | None:
    """How many calls are left in the list that the visitor came from; ``None`` for those who have no list."""
    if not may(visitor.account, Permission.SEE_QUEUE):
        return None
    desk = desk_of(request)
    query = parsed(request.url.query) or START
    return queue_counts(desk.database, {"left": query.wanted(visitor.account.id, local_now(desk))})["left"]


@router.get("/calls/{recording_id}/panel")
def call_panel(
    request: Request,
    visitor: Seeing,
    recording_id: str,
    newest: Entry = 0,
    holder: Annotated[str, Query()] = "",
    asked_by: AskedBy = None,
) -> Response:
    """The panel, if entries were added after ``newest`` or somebody else has the call now; else 204.

    The page asks once a minute, which renews that the visitor has the call in hand.
    """
    check_asked_by(visitor, asked_by)
    view = load_view(request, visitor, recording_id)
    held_by = hold(request, visitor, recording_id)
    if view.newest == newest and (held_by.name if held_by else "") == holder:
        return Response(status_code=204)
    return panel_response(request, visitor, recording_id, since=newest)


@router.post("/calls/{recording_id}/take")
def take_over(request: Request, visitor: Judging, recording_id: str) -> Response:
    """Takes the call from whoever has it in hand; their page shows that within a minute."""
    desk = desk_of(request)
    visible_call(desk, visitor, recording_id)
    holder = take(desk.database, recording_id, visitor.account.id)
    if holder is not None:
        leave(desk.database, recording_id, holder.account_id)
    return panel_response(request, visitor, recording_id, since=0)


@router.post("/calls/{recording_id}/leave", status_code=204)
def leave_call(request: Request, visitor: Judging, recording_id: str) -> None:
    """Gives the call back: its page was closed."""
    desk = desk_of(request)
    visible_call(desk, visitor, recording_id)
    leave(desk.database, recording_id, visitor.account.id)


def panel_response(request: Request, visitor: Visitor, recording_id: str, *, since: int) -> Response:
    """The panel as it is now, and the turns that look otherwise since that entry."""
    view = load_view(request, visitor, recording_id)
    held_by = hold(request, visitor, recording_id)
    rows = changed_rows(request, visitor, view, touched_turns(view, since=since))
    return Response(panel(request, visitor, view, held_by) + rows, media_type="text/html; charset=utf-8")

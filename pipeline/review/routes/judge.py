"""What a person says of a call, added to what was said before."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from pipeline.review.access import Permission
from pipeline.review.call_page import load_view, scorecard
from pipeline.review.judgement import Refused, ReviewBody, understood
from pipeline.review.routes.call import panel_response
from pipeline.review.typed import masked_as_call
from pipeline.review.visitor import Visitor, address_of, desk_of, requires
from pipeline.store.judging import judge

router = APIRouter()
Judging = Annotated[Visitor, Depends(requires(Permission.JUDGE))]


@router.post("/calls/{recording_id}/reviews")
def add_judgement(request: Request, visitor: Judging, recording_id: str, body: ReviewBody) -> Response:
    """Adds the entry, once however often it is sent, and answers with the panel as it is then.

    Whoever may judge may do so while another has the call in hand: entries are only ever added, the newest counts, and
    one that waited for a connection must not be lost. The page itself lets only one work at a time.
    """
    desk = desk_of(request)
    view = load_view(request, visitor, recording_id)
    sent_before = next(
        (
            review
            for review in view.sources.reviews
            if review.said.account_id == visitor.account.id and review.said.key == body.key
        ),
        None,
    )
    if sent_before is None:
        try:
            body = body.model_copy(update={"text": masked_as_call(desk, view.sources.stored, body.text)})
            new = understood(body, view, scorecard(), visitor.account.id)
        except Refused as refused:
            raise HTTPException(refused.status_code, str(refused)) from refused
        judged = judge(desk.database, new, visitor.account, address=address_of(request))
        if judged.review.said.recording_id != recording_id:
            raise HTTPException(409, "这个键已用于另一通 / This key was used for another call")
    since = view.newest if sent_before is None else sent_before.id - 1
    return panel_response(request, visitor, recording_id, since=since)

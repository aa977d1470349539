"""What a transcript hides, for those who may see it and say why."""

import logging
from collections import Counter
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict

from pipeline.domain.calls import Transcript
from pipeline.domain.personal import kinds_in
from pipeline.privacy.masking import hidden_parts
from pipeline.privacy.sealing import SealError, open_transcript
from pipeline.review.access import Permission, may_unmask
from pipeline.review.fields import Reason
from pipeline.review.visitor import Visitor, address_of, desk_of, requires, visible_call
from pipeline.store.accounts import audit
from pipeline.store.originals import originals_of
from pipeline.store.results import stored_call

if TYPE_CHECKING:
    from pipeline.review.app import Desk

logger = logging.getLogger(__name__)
router = APIRouter()


class Wish(BaseModel):
    """Why somebody wants to see a call unmasked."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


@router.post("/calls/{recording_id}/clear")
def unmask(
    request: Request,
    visitor: Annotated[Visitor, Depends(requires(Permission.UNMASK))],
    recording_id: str,
    wish: Wish,
) -> Response:
    """What each turn hides, character by character, and for how many seconds the page may show it. Goes into the audit
    log before it is sent."""
    desk = desk_of(request)
    if not may_unmask(visitor.account, reviewers=desk.settings.clear_reviewers):
        raise HTTPException(403)
    visible_call(desk, visitor, recording_id)
    stored = stored_call(desk.database, recording_id)
    if stored is None:
        raise HTTPException(404)
    masked = stored.call.transcript
    original = _original(desk, recording_id, masked)
    kinds: Counter[str] = Counter()
    for turn in masked.turns:
        kinds.update(kind.zh for kind in kinds_in(turn.text))
    audit(
        desk.database,
        account=visitor.account,
        action="unmask",
        recording_id=recording_id,
        detail={"reason": wish.reason, "kinds": dict(kinds), "minutes": desk.settings.clear_minutes},
        address=address_of(request),
    )
    turns = {str(index): hidden for index, hidden in hidden_parts(original, masked)}
    return JSONResponse({"seconds": 60 * desk.settings.clear_minutes, "turns": turns})


def _original(desk: "Desk", recording_id: str, masked: Transcript) -> Transcript:
    sealed = originals_of(desk.database, [recording_id]).get(recording_id)
    if sealed is None:
        raise HTTPException(409, "这通没有保留原文。 / What this call hides was not kept.")
    if desk.keys is None:
        raise HTTPException(
            409, "复核台没有密钥，打不开原文。 / The desk has no key file, so the original stays closed."
        )
    try:
        return open_transcript(desk.keys, recording_id, sealed, masked)
    except SealError as error:
        logger.error("an original stays closed: %s", error)
        raise HTTPException(
            409, "密钥打不开这通的原文，请联系管理员。 / The key does not open this call's original: tell the operator."
        ) from error

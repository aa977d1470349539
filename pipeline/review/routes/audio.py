"""The sound of a call, and its outline."""

import base64
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import FileResponse, JSONResponse, Response

from pipeline.audio.masking import SoundMask
from pipeline.domain.calls import Recording
from pipeline.domain.errors import AudioError
from pipeline.review.access import Permission, may_unmask
from pipeline.review.listening import listening_of, mask_of
from pipeline.review.playback import FileGone, NoRoom
from pipeline.review.routes.clear import Wish
from pipeline.review.visitor import Visitor, address_of, desk_of, requires, visible_call
from pipeline.store.accounts import audit
from pipeline.store.call_recording import find_by_id
from pipeline.store.erased import has_been_erased

router = APIRouter()
log = logging.getLogger(__name__)
Hearing = Annotated[Visitor, Depends(requires(Permission.HEAR))]
GONE = "录音文件已不在 / The file of the recording is gone"
UNPLAYABLE = "录音无法播放 / The recording cannot be played"
UNKNOWN = "不知道这通录音里哪里有个人信息，不能播放 / Nobody knows where this recording holds personal data: not played"
NOT_CLEAR = "听原声要先说明原因，过时再说一次 / Say why before you hear it unmasked, and again when the time is over"
FULL = "服务器磁盘已满，请告诉管理员 / The server's disk is full: tell whoever runs it"


@router.api_route("/calls/{recording_id}/audio", methods=["GET", "HEAD"])
def call_audio(request: Request, visitor: Hearing, recording_id: str, clear: Literal["0", "1"] = "0") -> Response:
    """The recording with a tone over what is masked, or the part of it that a Range header names.

    With ``clear=1`` the file itself, for who has said why within the last minutes.
    """
    recording = _recording(request, visitor, recording_id)
    listening = listening_of(request)
    if clear == "1" and not listening.may_hear_clear(visitor.csrf, recording_id):
        raise HTTPException(403, NOT_CLEAR)
    with _or_why_not():
        if clear == "1":
            sound = listening.playback.clear_sound_of(recording)
        else:
            sound = listening.playback.masked_sound_of(recording, _mask(request, recording_id))
    if has_been_erased(desk_of(request).database, recording_id):
        # Meanwhile: what was just made of it has to go as well.
        listening.playback.forget(recording_id)
        raise HTTPException(410, GONE)
    if request.method == "GET" and listening.begins_to_hear(visitor.csrf, recording_id):
        audit(
            desk_of(request).database,
            account=visitor.account,
            action="hear",
            recording_id=recording_id,
            address=address_of(request),
        )
    # The path comes from the database alone, and no file name goes out.
    return FileResponse(
        sound.path,
        media_type=sound.media_type,
        stat_result=sound.status,
        headers={"Cache-Control": "private, no-store"},
    )


@router.post("/calls/{recording_id}/clear-sound")
def unmask_sound(
    request: Request,
    visitor: Annotated[Visitor, Depends(requires(Permission.UNMASK))],
    recording_id: str,
    wish: Wish,
) -> Response:
    """For how many seconds the session may hear the call unmasked from now on. Goes into the audit log first."""
    desk = desk_of(request)
    if not may_unmask(visitor.account, reviewers=desk.settings.clear_reviewers):
        raise HTTPException(403)
    _recording(request, visitor, recording_id)
    audit(
        desk.database,
        account=visitor.account,
        action="unmask",
        recording_id=recording_id,
        detail={"reason": wish.reason, "sound": True, "minutes": desk.settings.clear_minutes},
        address=address_of(request),
    )
    seconds = 60 * desk.settings.clear_minutes
    listening_of(request).let_hear_clear(visitor.csrf, recording_id, seconds=seconds)
    return JSONResponse({"seconds": seconds})


@router.get("/calls/{recording_id}/peaks")
def call_peaks(request: Request, visitor: Hearing, recording_id: str) -> Response:
    """The outline: for each channel one byte a peak, base64."""
    recording = _recording(request, visitor, recording_id)
    with _or_why_not():
        mask = _mask(request, recording_id)
        outline = listening_of(request).outline(desk_of(request).database, recording, mask)
    return JSONResponse(
        {
            "duration_s": outline.duration_s,
            "per_s": outline.per_s,
            "channels": [base64.b64encode(channel).decode() for channel in outline.channels],
        }
    )


@contextmanager
def _or_why_not() -> Iterator[None]:
    """Raises: HTTPException 410, 415 or 503 in place of what keeps a recording from being heard."""
    try:
        yield
    except FileGone as error:
        raise HTTPException(410, GONE) from error
    except AudioError as error:
        raise HTTPException(415, UNPLAYABLE) from error
    except NoRoom as error:
        log.error("%s", error)
        raise HTTPException(503, FULL) from error


def _mask(request: Request, recording_id: str) -> SoundMask:
    """What is masked of the call. Raises: HTTPException 403, nobody can say what would have to be."""
    mask = mask_of(desk_of(request).database, recording_id)
    if mask is None:
        raise HTTPException(403, UNKNOWN)
    return mask


def _recording(request: Request, visitor: Visitor, recording_id: str) -> Recording:
    desk = desk_of(request)
    visible_call(desk, visitor, recording_id)
    recording = find_by_id(desk.database, recording_id)
    if recording is None:
        raise HTTPException(404)
    return recording

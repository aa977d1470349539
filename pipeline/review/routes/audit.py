"""Who did what: for those who answer for the desk."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from pipeline.review.access import Permission
from pipeline.review.fields import Line
from pipeline.review.pages import page
from pipeline.review.visitor import Visitor, desk_of, requires
from pipeline.review.wording import ACTION_NAMES
from pipeline.store.audit_log import AuditFilter, audit_entries

router = APIRouter()
PAGE = 100
Asking = Annotated[Visitor, Depends(requires(Permission.SEE_AUDIT))]


@router.get("/audit")
def audit_page(
    request: Request,
    visitor: Asking,
    login: Annotated[Line, Query()] = "",
    action: Annotated[Line, Query()] = "",
    call: Annotated[Line, Query()] = "",
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> Response:
    """The record, newest first, a hundred a page."""
    wanted = AuditFilter(login, action, call, before)
    entries = audit_entries(desk_of(request).database, wanted, limit=PAGE + 1)
    older = entries[PAGE - 1].id if len(entries) > PAGE else None
    return page(
        request, visitor, "audit.html", entries=entries[:PAGE], wanted=wanted, older=older, actions=ACTION_NAMES
    )

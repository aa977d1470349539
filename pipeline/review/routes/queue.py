"""The queue: what there is to hear, found, given out and taken."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from pipeline.domain.errors import StoreError
from pipeline.privacy.masking import mask_text
from pipeline.review.access import Permission
from pipeline.review.fields import Line
from pipeline.review.pages import is_fragment, page
from pipeline.review.queue_menus import menu, reviewers
from pipeline.review.queue_page import list_context, page_context, peek_context, rows_context
from pipeline.review.queue_query import QueuePlace, QueueQuery, parsed
from pipeline.review.queue_view import local_now, sidebar
from pipeline.review.queue_words import ME, NOBODY
from pipeline.review.visitor import Visitor, address_of, desk_of, requires
from pipeline.review.wording import pick
from pipeline.store.accounts import audit
from pipeline.store.queue_listing import first_calls, held_by_others, next_call, open_counts
from pipeline.store.queue_rows import queue_row
from pipeline.store.review_queue import assign
from pipeline.store.saved_views import last_batch, remove_view, save_view

router = APIRouter()
Seeing = Annotated[Visitor, Depends(requires(Permission.SEE_QUEUE))]
Judging = Annotated[Visitor, Depends(requires(Permission.JUDGE))]
Assigning = Annotated[Visitor, Depends(requires(Permission.ASSIGN))]
Asked = Annotated[QueueQuery, Query()]
CallId = Annotated[str, Path(pattern="^[0-9a-z-]{1,80}$")]
FormCallId = Annotated[str, Form(pattern="^[0-9a-z-]{1,80}$")]
MOST_GIVEN = 500


@router.get("/queue")
def queue_page(request: Request, visitor: Seeing, place: Annotated[QueuePlace, Query()]) -> Response:
    """The page; for htmx the list alone, or the rows behind ``after``."""
    desk = desk_of(request)
    now = local_now(desk)
    try:
        if not is_fragment(request):
            answer = page(request, visitor, "queue.html", **page_context(desk, visitor, place, now))
        elif place.after is not None:
            return page(request, visitor, "queue_rows.html", **rows_context(desk, visitor, place, now))
        else:
            answer = page(request, visitor, "queue_part.html", **list_context(desk, visitor, place, now))
            # The address is kept as the desk would write it, without empty fields.
            answer.headers["HX-Push-Url"] = place.query.href
    except StoreError as error:
        if place.after is None or error.passing:
            raise
        raise HTTPException(422) from error
    if place.q:
        detail = {"characters": len(place.q)}
        audit(desk.database, account=visitor.account, action="search", detail=detail, address=address_of(request))
    return answer


@router.get("/queue/menu/{name}")
def queue_menu(
    request: Request,
    visitor: Seeing,
    name: Literal["date", "status", "rule", "class", "team", "agent", "who"],
    query: Asked,
) -> Response:
    """The choices of one filter."""
    desk = desk_of(request)
    made = menu(desk, visitor.account, query, name, local_now(desk))
    return page(request, visitor, "queue_menu.html", menu=made)


@router.get("/queue/peek/{recording_id}")
def queue_peek(request: Request, visitor: Seeing, recording_id: CallId) -> Response:
    """What wide screens show of the row in hand."""
    row = queue_row(desk_of(request).database, recording_id, datetime.now(UTC))
    if row is None:
        raise HTTPException(404)
    return page(request, visitor, "queue_peek.html", **peek_context(row, visitor))


@router.get("/queue/held")
def queue_held(request: Request, visitor: Seeing) -> Response:
    """Which calls others have in hand right now, and who: recording id → name."""
    held = held_by_others(desk_of(request).database, visitor.account.id, datetime.now(UTC))
    return JSONResponse(held)


@router.get("/queue/views")
def queue_views(request: Request, visitor: Seeing, query: Asked) -> Response:
    """The views with their counts as they are now."""
    return _views(request, visitor, query)


@router.get("/queue/batch")
def queue_batch(request: Request, visitor: Seeing) -> Response:
    """What the last batch did. Counted after the page is there: nobody waits for it."""
    return page(request, visitor, "queue_batch.html", batch=last_batch(desk_of(request).database))


@router.post("/queue/next")
def queue_next(
    request: Request, visitor: Judging, query: Asked, leaving: Annotated[FormCallId | None, Form()] = None
) -> Response:
    """Leads to the call to hear next, taken in hand; where nothing is left, back to the list."""
    desk = desk_of(request)
    wanted = query.wanted(visitor.account.id, local_now(desk))
    found = next_call(desk.database, visitor.account.id, wanted, query.order, leaving=leaving)
    if found is not None:
        target = f"/calls/{found}{'?' if query.search else ''}{query.search}"
    else:
        target = f"/queue?{query.search}{'&' if query.search else ''}nothing=1"
    if is_fragment(request):
        return Response(status_code=204, headers={"HX-Redirect": target})
    return RedirectResponse(target, 303)


@router.get("/queue/reviewers")
def queue_reviewers(request: Request, visitor: Assigning) -> Response:
    """Whom calls can be given to, with how many open ones they have: for the sheet that gives calls out."""
    desk = desk_of(request)
    counts = open_counts(desk.database)
    return page(request, visitor, "queue_reviewers.html", people=reviewers(desk), counts=counts)


@router.post("/queue/assign")
def queue_assign(
    request: Request,
    visitor: Assigning,
    query: Asked,
    account: Annotated[str, Form(pattern="^([1-9][0-9]{0,8})?$")] = "",
    calls: Annotated[list[FormCallId] | None, Form(max_length=MOST_GIVEN)] = None,
    count: Annotated[int | None, Form(ge=1, le=MOST_GIVEN)] = None,
) -> Response:
    """Gives calls to a reviewer, or to nobody: those that were named, else the first ``count`` of the list.

    Of a list only calls are given that nobody has, unless it lists somebody's. The answer names the calls.
    """
    desk = desk_of(request)
    person = next((each for each in reviewers(desk) if str(each.id) == account), None)
    if account and person is None:
        raise HTTPException(422, "没有这位复核人，或账号已停用 / There is no such reviewer")
    if calls is None:
        listed = query if query.who is not None or person is None else query.changed(who="none")
        wanted = listed.wanted(visitor.account.id, local_now(desk))
        calls = first_calls(desk.database, wanted, query.order, count or 0)
    given = assign(desk.database, calls, person.id if person else None)
    detail = {"calls": given, "to": person.login if person else None}
    audit(desk.database, account=visitor.account, action="assign", detail=detail, address=address_of(request))
    words = NOBODY if person is None else ME if person.id == visitor.account.id else (person.name, person.name)
    return JSONResponse({"calls": calls, "given": given, "name": pick(words, visitor.language)})


@router.post("/queue/views")
def queue_save_view(
    request: Request, visitor: Seeing, query: Asked, name: Annotated[Line, Form(min_length=1)]
) -> Response:
    """Keeps the list under a name; answers with the views."""
    try:
        # A list for a caller's number finds nothing; the number is not kept either.
        kept = query.changed(q=mask_text(query.q)) if query.q else query
        save_view(desk_of(request).database, visitor.account.id, mask_text(name), kept.search)
    except StoreError as error:
        if error.passing:
            raise
        raise HTTPException(409, "保存的视图太多，先删除一个 / Too many views: remove one first") from error
    return _views(request, visitor, query)


@router.post("/queue/views/{view_id}/remove")
def queue_remove_view(
    request: Request, visitor: Seeing, query: Asked, view_id: Annotated[int, Path(ge=1, le=2**31 - 1)]
) -> Response:
    """Removes a view; answers with the rest."""
    if not remove_view(desk_of(request).database, visitor.account.id, view_id):
        raise HTTPException(404)
    return _views(request, visitor, query)


def _views(request: Request, visitor: Visitor, query: QueueQuery) -> Response:
    desk = desk_of(request)
    views = sidebar(desk, visitor.account, parsed(query.search) or query, local_now(desk))
    return page(request, visitor, "queue_views.html", views=views, query=query)

"""Appeals for those who decide them, without the name of whoever judged first."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi import Path as InPath
from fastapi.responses import RedirectResponse, Response

from pipeline.domain.appeals import AppealFault, AppealOutcome, AppealRefusedError
from pipeline.domain.results import BilingualText
from pipeline.review.access import Permission, may
from pipeline.review.appeal_view import appeal_view
from pipeline.review.faults import wants_json
from pipeline.review.fields import Text
from pipeline.review.pages import page
from pipeline.review.playback import is_there
from pipeline.review.rule_view import Rate
from pipeline.review.rule_words import PAGE_WORDS
from pipeline.review.visitor import Anybody, Visitor, address_of, desk_of, requires
from pipeline.store.accounts import audit
from pipeline.store.appeals import (
    count_undecided,
    counts_by_reviewer,
    counts_by_rule,
    decide,
    find_appeal,
    undecided,
)
from pipeline.store.listings import rule_titles
from pipeline.store.rule_cases import rule_cases

router = APIRouter()
PAGE = 50
Deciding = Annotated[Visitor, Depends(requires(Permission.DECIDE_APPEAL))]
AppealId = Annotated[int, InPath(ge=1, le=2**31 - 1)]


@router.get("/appeals")
def appeals_page(
    request: Request, visitor: Anybody, number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1
) -> Response:
    """Appeals that wait, the oldest first; for managers what became of those before."""
    if may(visitor.account, Permission.APPEAL):
        # Whose calls are judged finds the appeals beside the calls.
        return RedirectResponse("/mine", 303)
    if not may(visitor.account, Permission.DECIDE_APPEAL):
        raise HTTPException(403)
    desk = desk_of(request)
    count = count_undecided(desk.database)
    listed = undecided(desk.database, visitor.account.id, limit=PAGE, offset=(number - 1) * PAGE)
    counting = may(visitor.account, Permission.ASSIGN)
    return page(
        request,
        visitor,
        "appeals.html",
        listed=listed,
        count=count,
        number=number,
        more=number + 1 if number * PAGE < count else None,
        within=timedelta(days=desk.settings.appeal_days),
        titles=rule_titles(desk.database),
        by_rule=[(one, Rate(one.overturned, one.decided)) for one in counts_by_rule(desk.database)] if counting else [],
        by_reviewer=[(one, Rate(one.overturned, one.decided)) for one in counts_by_reviewer(desk.database)]
        if counting
        else [],
        counting=counting,
        **PAGE_WORDS,
    )


@router.get("/appeals/{appeal_id}")
def appeal_page(request: Request, visitor: Deciding, appeal_id: AppealId) -> Response:
    """One appeal with its evidence."""
    return _appeal(request, visitor, appeal_id)


@router.post("/appeals/{appeal_id}")
def decide_appeal(
    request: Request,
    visitor: Deciding,
    appeal_id: AppealId,
    outcome: Annotated[AppealOutcome, Form()],
    answer: Annotated[Text, Form()] = "",
) -> Response:
    """Decides; the page again, with why, where that is refused."""
    try:
        decide(desk_of(request).database, appeal_id, visitor.account, outcome, answer, address=address_of(request))
    except AppealRefusedError as refused:
        if refused.fault == AppealFault.UNKNOWN:
            raise HTTPException(404) from refused
        if wants_json(request):
            raise HTTPException(409, f"{refused.text.zh} / {refused.text.en}") from refused
        return _appeal(request, visitor, appeal_id, refused=refused, answer=answer)
    return RedirectResponse(f"/appeals?decided={appeal_id}", 303)


def _appeal(
    request: Request,
    visitor: Visitor,
    appeal_id: int,
    *,
    refused: AppealRefusedError | None = None,
    answer: str = "",
) -> Response:
    desk = desk_of(request)
    listed = find_appeal(desk.database, appeal_id, visitor.account.id)
    if listed is None:
        raise HTTPException(404)
    appeal = listed.appeal
    (found,) = rule_cases(desk.database, appeal.rule_id, [appeal.recording_id])
    audit(
        desk.database,
        account=visitor.account,
        action="open",
        recording_id=appeal.recording_id,
        detail={"appeal": appeal_id},
        address=address_of(request),
    )
    rule = desk.pack.rule(appeal.rule_id)
    title = rule_titles(desk.database).get(appeal.rule_id, BilingualText(appeal.rule_id, appeal.rule_id))
    return page(
        request,
        visitor,
        "appeal.html",
        status_code=409 if refused else 200,
        listed=listed,
        appeal=appeal,
        view=appeal_view(appeal, found),
        rule=rule,
        title=rule.title if rule else title,
        within=timedelta(days=desk.settings.appeal_days),
        audible=is_there(found.recording, desk.keys),
        refused=refused,
        answer=answer,
        **PAGE_WORDS,
    )

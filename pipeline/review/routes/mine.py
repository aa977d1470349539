"""The pages of agents and leads: reviewed calls of their own, and appeals against verdicts."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.domain.accounts import AccountRole
from pipeline.domain.appeals import AppealRefusedError
from pipeline.review.access import Permission
from pipeline.review.call_page import load_view, scorecard
from pipeline.review.card_view import card_score
from pipeline.review.faults import wants_json
from pipeline.review.fields import Line, Text
from pipeline.review.own_view import findings, numbered_rows, only_findings, overturned, view_without_words
from pipeline.review.pages import page
from pipeline.review.playback import is_there
from pipeline.review.rule_words import PAGE_WORDS
from pipeline.review.transcript_view import transcript_rows
from pipeline.review.typed import masked_as_call
from pipeline.review.visitor import Visitor, address_of, desk_of, requires, visible_call
from pipeline.store.accounts import audit
from pipeline.store.appeals import appeals_of, open_appeal
from pipeline.store.call_rules import rules_run_on
from pipeline.store.own_calls import own_calls
from pipeline.store.results import stored_call
from pipeline.store.reviews import reviews_of, without_names

router = APIRouter()
PAGE = 20
Owner = Annotated[Visitor, Depends(requires(Permission.SEE_OWN))]
Appealing = Annotated[Visitor, Depends(requires(Permission.APPEAL))]


@router.get("/mine")
def mine_page(
    request: Request, visitor: Owner, number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1
) -> Response:
    """Reviewed calls of the agent, or of the lead's team, with what each earned."""
    desk = desk_of(request)
    account = visitor.account
    by_team = account.role == AccountRole.LEAD
    found_calls = own_calls(
        desk.database,
        agent=None if by_team else account.agent,
        team=account.team if by_team else None,
        limit=PAGE + 1,
        offset=(number - 1) * PAGE,
    )
    calls = found_calls[:PAGE]
    ids = [call.id for call in calls]
    appeals, reviews = appeals_of(desk.database, ids), reviews_of(desk.database, ids)
    # Calls of one run were checked against the same rules.
    of_run = {call.run_id: call.id for call in calls}
    rules = {run_id: rules_run_on(desk.database, recording_id) for run_id, recording_id in of_run.items()}
    why = {rule.id: rule.why for rule in desk.pack.rules}
    rows = []
    for call in calls:
        view = view_without_words(call, rules[call.run_id], without_names(reviews.get(call.id, ())), why)
        found = findings(view, appeals.get(call.id, ()), within=timedelta(days=desk.settings.appeal_days))
        rows.append((call, card_score(view, scorecard()), found, appeals.get(call.id, ())))
    more = number + 1 if len(found_calls) > PAGE else None
    return page(request, visitor, "mine.html", rows=rows, number=number, more=more, by_team=by_team, **PAGE_WORDS)


@router.get("/mine/{recording_id}")
def mine_call(request: Request, visitor: Owner, recording_id: Line) -> Response:
    """A reviewed call: its words with what stands against it, its score, and the way to appeal."""
    return _call(request, visitor, recording_id)


@router.post("/mine/{recording_id}/appeals")
def appeal(
    request: Request,
    visitor: Appealing,
    recording_id: Line,
    rule_id: Annotated[Line, Form()],
    reason: Annotated[Text, Form()] = "",
) -> Response:
    """Opens an appeal against the verdict on a rule; the page again, with why, where it is refused."""
    desk = desk_of(request)
    _reviewed(request, visitor, recording_id)
    reason = masked_as_call(desk, stored_call(desk.database, recording_id), reason) or ""
    try:
        open_appeal(
            desk.database,
            recording_id,
            rule_id,
            visitor.account,
            reason,
            within=timedelta(days=desk.settings.appeal_days),
            address=address_of(request),
        )
    except AppealRefusedError as refused:
        if wants_json(request):
            raise HTTPException(409, f"{refused.text.zh} / {refused.text.en}") from refused
        return _call(request, visitor, recording_id, refused=refused, rule_id=rule_id, reason=reason)
    return RedirectResponse(f"/mine/{recording_id}#appeals", 303)


def _reviewed(request: Request, visitor: Visitor, recording_id: str) -> None:
    """Raises: HTTPException 404, not theirs, or its review is not finished: half of a judgement is none."""
    if not visible_call(desk_of(request), visitor, recording_id).done:
        raise HTTPException(404)


def _call(
    request: Request,
    visitor: Visitor,
    recording_id: str,
    *,
    refused: AppealRefusedError | None = None,
    rule_id: str = "",
    reason: str = "",
) -> Response:
    desk = desk_of(request)
    _reviewed(request, visitor, recording_id)
    view = load_view(request, visitor, recording_id)
    appeals = appeals_of(desk.database, [recording_id]).get(recording_id, [])
    found = findings(view, appeals, within=timedelta(days=desk.settings.appeal_days))
    audit(desk.database, account=visitor.account, action="open", recording_id=recording_id, address=address_of(request))
    return page(
        request,
        visitor,
        "mine_call.html",
        status_code=409 if refused else 200,
        call=view.sources.stored,
        rows=numbered_rows(transcript_rows(only_findings(view, found)), found),
        findings=found,
        overturned=overturned(view, appeals),
        score=card_score(view, scorecard()),
        audible=is_there(view.sources.stored.recording, desk.keys),
        refused=refused,
        refused_rule=rule_id,
        reason=reason,
        **PAGE_WORDS,
    )

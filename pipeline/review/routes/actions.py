"""Actions: opened by managers, noted on by those whom they concern, closed with what became of the metric."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi import Path as InPath
from fastapi.responses import RedirectResponse, Response

from pipeline.domain import action_words
from pipeline.domain.accounts import Account
from pipeline.domain.action_periods import due_period, named, next_due
from pipeline.domain.actions import LIVE, Action, ActionRefusedError, ActionState, Draft, line_of
from pipeline.domain.errors import ConfigError
from pipeline.domain.periods import Period, Unit, midnight, period_of
from pipeline.domain.results import BilingualText
from pipeline.review.access import Permission, may
from pipeline.review.action_chart import action_chart
from pipeline.review.action_view import OWNING, action_view, by, proposed_owner, scoring, whose
from pipeline.review.faults import wants_json
from pipeline.review.fields import Line, Text
from pipeline.review.pages import page
from pipeline.review.visitor import Visitor, address_of, desk_of, requires
from pipeline.store.accounts import all_accounts, audit
from pipeline.store.action_assess import assess_action, baseline_of, course, population_of, team_of
from pipeline.store.actions import close, done, drop, find_action, history, list_actions, note, open_action
from pipeline.store.database import Database

router = APIRouter()
Seeing = Annotated[Visitor, Depends(requires(Permission.SEE_ACTIONS))]
Noting = Annotated[Visitor, Depends(requires(Permission.NOTE_ACTIONS))]
Doing = Annotated[Visitor, Depends(requires(Permission.DO_ACTIONS))]
Managing = Annotated[Visitor, Depends(requires(Permission.MANAGE_ACTIONS))]
ActionId = Annotated[int, InPath(ge=1, le=2**31 - 1)]
ENDED = (ActionState.CLOSED, ActionState.DROPPED)


@router.get("/actions")
def actions_page(
    request: Request,
    visitor: Seeing,
    ended: Annotated[bool, Query()] = False,
    own: Annotated[bool, Query()] = False,
) -> Response:
    """Live actions, those that are due first; or those that have ended."""
    desk = desk_of(request)
    found = list_actions(desk.database, whose(visitor.account), states=ENDED if ended else LIVE)
    mine = [one for one in found if one.draft.owner_id == visitor.account.id]
    now = datetime.now(UTC)
    return page(
        request,
        visitor,
        "actions.html",
        listed=mine if own else found,
        due=sum(one.due(now) for one in found),
        owned=len(mine),
        ended=ended,
        own=own,
        words=action_words,
    )


@router.get("/actions/new")
def new_page(
    request: Request,
    visitor: Managing,
    line: Annotated[Line, Query()] = "",
    unit: Annotated[Unit, Query()] = Unit.WEEK,
    since: Annotated[Line, Query()] = "",
    until: Annotated[Line, Query()] = "",
) -> Response:
    """The form, filled in from the line of a report that led here."""
    return _form(request, visitor, line, unit, since, until)


@router.post("/actions")
def open_page(
    request: Request,
    visitor: Managing,
    line: Annotated[Line, Form()],
    unit: Annotated[Unit, Form()],
    since: Annotated[Line, Form()],
    owner: Annotated[Line, Form()] = "",
    until: Annotated[Line, Form()] = "",
    due: Annotated[Line, Form()] = "",
    plan: Annotated[Text, Form()] = "",
) -> Response:
    """Opens the action; the form again, with why, where that is refused."""
    desk = desk_of(request)
    zone = ZoneInfo(desk.settings.timezone)
    try:
        wanted, period = line_of(line), _period(unit, since, until, zone)
        base = baseline_of(desk.database, scoring(), wanted, period)
        then = due_period(due, zone) if due else next_due(period, datetime.now(zone))
        account = next((one for one in _owners(desk.database) if one.login == owner), None)
        name, owner_id = (owner, None) if account is None else (account.name, account.id)
        draft = Draft(wanted, base, then, name, owner_id, plan, team_of(desk.database, wanted, period))
        action = open_action(desk.database, draft, by(visitor.account, address_of(request)))
    except (ActionRefusedError, ConfigError) as refused:
        if wants_json(request):
            raise HTTPException(409, f"（{refused}）") from refused
        entered = {"owner": owner, "due": due, "plan": plan}
        return _form(request, visitor, line, unit, since, until, refused=_told(refused), entered=entered)
    return RedirectResponse(f"/actions/{action.id}", 303)


@router.get("/actions/{action_id}")
def action_page(request: Request, visitor: Seeing, action_id: ActionId) -> Response:
    """One action: what was to be expected, what came, and what happened to it."""
    return _action(request, visitor, action_id)


@router.post("/actions/{action_id}/notes")
def note_action(request: Request, visitor: Noting, action_id: ActionId, text: Annotated[Text, Form()] = "") -> Response:
    """Adds a note."""
    return _changed(request, visitor, action_id, "note", text)


@router.post("/actions/{action_id}/done")
def done_action(request: Request, visitor: Doing, action_id: ActionId, text: Annotated[Text, Form()] = "") -> Response:
    """Says that it was carried out."""
    return _changed(request, visitor, action_id, "done", text)


@router.post("/actions/{action_id}/close")
def close_action(
    request: Request, visitor: Managing, action_id: ActionId, text: Annotated[Text, Form()] = ""
) -> Response:
    """Closes it with what became of its metric."""
    return _changed(request, visitor, action_id, "close", text)


@router.post("/actions/{action_id}/drop")
def drop_action(
    request: Request, visitor: Managing, action_id: ActionId, text: Annotated[Text, Form()] = ""
) -> Response:
    """Gives it up, with a reason."""
    return _changed(request, visitor, action_id, "drop", text)


def _changed(request: Request, visitor: Visitor, action_id: int, what: str, text: str) -> Response:
    database, who = desk_of(request).database, by(visitor.account, address_of(request))
    action = _visible(request, visitor, action_id)
    try:
        if what == "close":
            close(database, action_id, who, assess_action(database, scoring(), action), text)
        else:
            {"note": note, "done": done, "drop": drop}[what](database, action_id, who, text)
    except ActionRefusedError as refused:
        if wants_json(request):
            raise HTTPException(409, f"{refused.text.zh} / {refused.text.en}") from refused
        return _action(request, visitor, action_id, refused=refused.text, text=text)
    return RedirectResponse(f"/actions/{action_id}", 303)


def _visible(request: Request, visitor: Visitor, action_id: int) -> Action:
    """Raises: HTTPException 404, not there or not theirs to see: the two look the same."""
    found = find_action(desk_of(request).database, action_id, whose(visitor.account))
    if found is None:
        raise HTTPException(404)
    return found


def _action(
    request: Request, visitor: Visitor, action_id: int, *, refused: BilingualText | None = None, text: str = ""
) -> Response:
    desk, account = desk_of(request), visitor.account
    action = _visible(request, visitor, action_id)
    now = datetime.now(UTC)
    population = population_of(desk.database, scoring(), [action.draft], until=now)
    found = assess_action(desk.database, scoring(), action, population=population, now=now)
    view = action_view(action, found, history(desk.database, action_id), account)
    detail = {"action": action_id, "what": "open"}
    audit(desk.database, account=account, action="action", detail=detail, address=address_of(request))
    english = visitor.language == "en"
    words = ("baseline", "expected", "due") if english else ("基线", "预计", "复查")
    label = view.told.en if english else view.told.zh
    line = course(population, action.draft, now=now)
    return page(
        request,
        visitor,
        "action.html",
        status_code=409 if refused else 200,
        view=view,
        action=view.action,
        draft=view.action.draft,
        metric=action.line.metric,
        found=view.found,
        chart=action_chart(view.action, view.found, line, words, label),
        words=action_words,
        live=action.live,
        over=action.draft.due.until <= now,
        may_end=may(account, Permission.MANAGE_ACTIONS),
        may_do=may(account, Permission.DO_ACTIONS),
        refused=refused,
        text=text,
    )


def _owners(database: Database) -> list[Account]:
    return [one for one in all_accounts(database) if one.active and one.role in OWNING]


def _told(refused: ActionRefusedError | ConfigError) -> BilingualText:
    return refused.text if isinstance(refused, ActionRefusedError) else BilingualText(str(refused), str(refused))


def _period(unit: Unit, since: str, until: str, zone: ZoneInfo) -> Period:
    """The baseline. Raises: ConfigError, the days are none."""
    try:
        first = datetime.fromisoformat(since).date()
        if unit is not Unit.SPAN:
            return period_of(unit, first, zone)
        return Period(unit, midnight(first, zone), midnight(datetime.fromisoformat(until).date(), zone))
    except (ValueError, OverflowError) as error:
        zh, en = "基线的日期须写作 2026-11-09。", "The baseline's days are written 2026-11-09"
        raise ConfigError(f"{zh}{en}, not {since!r}") from error


def _form(
    request: Request,
    visitor: Visitor,
    line: str,
    unit: Unit,
    since: str,
    until: str,
    *,
    refused: BilingualText | None = None,
    entered: dict[str, str] | None = None,
) -> Response:
    """The form with what is known of the line: its baseline, how it ranks, who might do it."""
    desk = desk_of(request)
    zone = ZoneInfo(desk.settings.timezone)
    owners, draft = _owners(desk.database), None
    if line:
        try:
            wanted, period = line_of(line), _period(unit, since, until, zone)
            base, team = baseline_of(desk.database, scoring(), wanted, period), team_of(desk.database, wanted, period)
            draft = Draft(wanted, base, next_due(period, datetime.now(zone)), "", None, "", team)
        except ConfigError as error:
            refused = refused or _told(error)
    lead = None if draft is None else proposed_owner(draft.line, draft.team, owners)
    known = {"owner": lead.login if lead else "", "due": named(draft.due) if draft else "", "plan": ""}
    return page(
        request,
        visitor,
        "action_new.html",
        status_code=409 if refused else 200,
        line=line,
        unit=unit,
        since=since,
        until=until,
        draft=draft,
        owners=owners,
        entered=entered or known,
        refused=refused,
        words=action_words,
        units={"day": ("日", "day"), "week": ("周", "week"), "month": ("月", "month")},
    )

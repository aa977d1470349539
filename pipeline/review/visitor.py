"""Who asks: the session behind a request, what it may do, and which calls it may see."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, HTTPException, Query, Request

from pipeline.domain.accounts import Account
from pipeline.review.access import Permission, may, may_see
from pipeline.review.security import SAFE_METHODS, hashed, same
from pipeline.review.wording import LANGUAGES
from pipeline.store.progress import CallOwner, call_owner
from pipeline.store.sessions import find_session

if TYPE_CHECKING:
    from pipeline.review.app import Desk

SESSION_COOKIE = "earmark_session"
LANGUAGE_COOKIE = "earmark_language"
THEME_COOKIE = "earmark_theme"
THEMES = ("light", "dark")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True)
class Visitor:
    """Somebody who is logged in, and how they want their pages."""

    account: Account
    csrf: str
    language: str
    theme: str
    """``light``, ``dark``, or empty: as the system has it."""


def desk_of(request: Request) -> "Desk":
    """What the routes work on."""
    desk: Desk = request.app.state.desk
    return desk


def address_of(request: Request) -> str:
    """The network address that asks."""
    return request.client.host if request.client else ""


def language_of(request: Request) -> str:
    """The language chosen before logging in: the cookie's, Chinese where there is none."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "zh")
    return chosen if chosen in LANGUAGES else "zh"


def theme_of(request: Request) -> str:
    """The chosen theme, empty where the system's is wanted."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def visitor_of(request: Request) -> Visitor | None:
    """Who asks; ``None`` where there is no session, or it has ended."""
    token = request.cookies.get(SESSION_COOKIE)
    if not token or len(token) > 200:
        return None
    desk = desk_of(request)
    session = find_session(desk.database, hashed(desk.settings.secret, token))
    if session is None:
        return None
    language = session.account.language if session.account.language in LANGUAGES else "zh"
    visitor = Visitor(session.account, session.csrf, language, theme_of(request))
    # Where the page is an error, it is shown in the frame of who asked.
    request.state.visitor = visitor
    return visitor


async def sent_csrf(request: Request) -> str:
    """The CSRF token that came with a request, in its header or in a field ``csrf`` of a form."""
    if request.method in SAFE_METHODS:
        return ""
    header = request.headers.get("x-csrf-token")
    if header is not None:
        return header
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() in _FORMS:
        field = (await request.form()).get("csrf")
        return field if isinstance(field, str) else ""
    return ""


def requires(permission: Permission | None) -> Callable[..., Visitor]:
    """The dependency that gives a route its visitor, and refuses everyone without the permission.

    ``None`` lets in everybody who is logged in. Without a session a page view is sent to the login page, anything
    else gets 401; the page asks for the password and sends it again. A changing request without the session's CSRF
    token gets 403.
    """

    def visitor(request: Request, csrf: Annotated[str, Depends(sent_csrf)]) -> Visitor:
        found = visitor_of(request)
        if found is None:
            raise HTTPException(401)
        if request.method not in SAFE_METHODS and not same(csrf, found.csrf):
            raise HTTPException(403, "csrf")
        if permission is not None and not may(found.account, permission):
            raise HTTPException(403)
        return found

    return visitor


Anybody = Annotated[Visitor, Depends(requires(None))]
"""Whoever is logged in."""

AskedBy = Annotated[int | None, Query(alias="account", ge=1, le=2**31 - 1)]
"""The account whose page asks, where the page says it."""


def check_asked_by(visitor: Visitor, asked_by: int | None) -> None:
    """Refuses, with 403, the page of another account: somebody else has logged in since in the same browser."""
    if asked_by not in {None, visitor.account.id}:
        raise HTTPException(403)


def visible_call(desk: "Desk", visitor: Visitor, recording_id: str) -> CallOwner:
    """Whose call it is. A call that is not there and one that the visitor may not see are both 404."""
    owner = call_owner(desk.database, recording_id)
    if owner is None or not may_see(visitor.account, agent=owner.agent, team=owner.team, done=owner.done):
        raise HTTPException(404)
    return owner

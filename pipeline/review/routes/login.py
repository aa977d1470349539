"""Coming in and going out, and the language of the pages."""

import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from pipeline.domain.accounts import Account
from pipeline.review.access import home
from pipeline.review.faults import wants_json
from pipeline.review.fields import Line
from pipeline.review.pages import page
from pipeline.review.passwords import check_password, hash_password, is_outdated
from pipeline.review.security import hashed, local_target, same
from pipeline.review.visitor import (
    LANGUAGE_COOKIE,
    SESSION_COOKIE,
    Anybody,
    address_of,
    desk_of,
    language_of,
    visitor_of,
)
from pipeline.review.wording import LANGUAGES
from pipeline.store.accounts import audit, count_active, find_account, renew_hash, set_language
from pipeline.store.sessions import attempt_succeeded, begin_attempt, close_session, open_session

router = APIRouter()
LOGIN_COOKIE = "earmark_login"
"""Ties the login form to the browser it was shown in, as there is no session yet that could."""
_YEAR_S = 365 * 24 * 3600


@dataclass(frozen=True)
class _Refused(Exception):
    zh: str
    en: str
    status_code: int
    retry_after_s: int | None = None


@router.get("/")
def start(request: Request) -> Response:
    """To the page where the account begins."""
    visitor = visitor_of(request)
    return RedirectResponse(home(visitor.account) if visitor else "/login", 303)


@router.get("/login")
def login_page(request: Request, next: str = "", language: str = "") -> Response:
    """The form; for a page that asks for JSON, only the token that the form would hold."""
    visitor = visitor_of(request)
    if visitor is not None and not wants_json(request):
        return RedirectResponse(local_target(next, home(visitor.account)), 303)
    token = request.cookies.get(LOGIN_COOKIE) or secrets.token_urlsafe(32)
    if wants_json(request):
        answer: Response = JSONResponse({"csrf": _form_token(request, token)})
    else:
        if language in LANGUAGES:
            request.cookies[LANGUAGE_COOKIE] = language
        answer = _form(request, token, next, chosen=language if language in LANGUAGES else "")
    _set_cookie(request, answer, LOGIN_COOKIE, token)
    if language in LANGUAGES:
        _set_cookie(request, answer, LANGUAGE_COOKIE, language, max_age=_YEAR_S)
    return answer


@router.post("/login")
def log_in(
    request: Request,
    login: Annotated[Line, Form()] = "",
    password: Annotated[str, Form(max_length=4000)] = "",
    csrf: Annotated[str, Form(max_length=200)] = "",
    next: Annotated[str, Form(max_length=2000)] = "",
    language: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    """A session, or the form again with what is wrong. Every login begins a new session.

    ``language`` is set where somebody has just chosen it on the form: it is theirs from then on.
    """
    token = request.cookies.get(LOGIN_COOKIE, "")
    if not token or not same(csrf, _form_token(request, token)):
        raise HTTPException(403, "页面已过期，请刷新后重新登录。 / This page has expired: reload it, then log in.")
    try:
        account = _checked(request, login, password)
    except _Refused as refused:
        return _again(request, token, refused, login=login, target=next, chosen=language)
    if language in LANGUAGES:
        set_language(desk_of(request).database, account.id, language)
    return _welcome(request, account, next)


@router.post("/logout")
def log_out(request: Request, visitor: Anybody) -> Response:
    """Ends the session."""
    desk = desk_of(request)
    close_session(desk.database, hashed(desk.settings.secret, request.cookies[SESSION_COOKIE]))
    audit(desk.database, account=visitor.account, action="logout", address=address_of(request))
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="lax", secure=_secure(request))
    return answer


@router.post("/language")
def choose_language(request: Request, visitor: Anybody, language: Annotated[Line, Form()]) -> Response:
    """Stores the language; htmx then shows the same page in it."""
    if language not in LANGUAGES:
        raise HTTPException(422)
    set_language(desk_of(request).database, visitor.account.id, language)
    answer = Response(status_code=204, headers={"HX-Refresh": "true"})
    _set_cookie(request, answer, LANGUAGE_COOKIE, language, max_age=_YEAR_S)
    return answer


def _checked(request: Request, login: str, password: str) -> Account:
    """The account, if login and password belong together and nobody tried too often."""
    desk, address = desk_of(request), address_of(request)
    attempt = begin_attempt(desk.database, login=login, address=address)
    if attempt.id is None:
        minutes = max(1, -int(-attempt.wait_s // 60))
        raise _Refused(
            f"尝试次数过多，请 {minutes} 分钟后再试。",
            f"Too many tries: wait {minutes} min, then try again.",
            429,
            int(attempt.wait_s) + 1,
        )
    found = find_account(desk.database, login)
    fits = check_password(found[1] if found else None, password)
    if found is None or not fits or not found[0].active:
        audit(desk.database, account=None, login=login, action="login_failed", address=address)
        # The same words for all three: which logins there are is nobody's business.
        raise _Refused("用户名或密码不正确。", "Login or password is wrong.", 401)
    attempt_succeeded(desk.database, attempt)
    if is_outdated(found[1]):
        renew_hash(desk.database, found[0].id, hash_password(password))
    return found[0]


def _welcome(request: Request, account: Account, target: str) -> Response:
    desk, address = desk_of(request), address_of(request)
    before = request.cookies.get(SESSION_COOKIE)
    if before:
        close_session(desk.database, hashed(desk.settings.secret, before))
    token, csrf = secrets.token_urlsafe(32), secrets.token_hex(32)
    open_session(
        desk.database,
        token_hash=hashed(desk.settings.secret, token),
        csrf=csrf,
        account_id=account.id,
        address=address,
    )
    audit(desk.database, account=account, action="login", address=address)
    answer: Response
    if wants_json(request):
        answer = JSONResponse({"csrf": csrf})
    else:
        answer = RedirectResponse(local_target(target, home(account)), 303)
    _set_cookie(request, answer, SESSION_COOKIE, token)
    answer.delete_cookie(LOGIN_COOKIE, path="/", httponly=True, samesite="lax", secure=_secure(request))
    return answer


def _again(request: Request, token: str, refused: _Refused, *, login: str, target: str, chosen: str) -> Response:
    headers = {"Retry-After": str(refused.retry_after_s)} if refused.retry_after_s else {}
    if wants_json(request):
        said = refused.en if language_of(request) == "en" else refused.zh
        return JSONResponse({"status": refused.status_code, "detail": said}, refused.status_code, headers)
    answer = _form(request, token, target, refused=refused, login=login, chosen=chosen)
    answer.headers.update(headers)
    return answer


def _form(
    request: Request, token: str, target: str, *, refused: _Refused | None = None, login: str = "", chosen: str = ""
) -> Response:
    desk = desk_of(request)
    return page(
        request,
        None,
        "login.html",
        status_code=refused.status_code if refused else 200,
        csrf=_form_token(request, token),
        target=local_target(target, ""),
        refused=refused,
        login=login,
        chosen=chosen,
        nobody=count_active(desk.database) == 0,
        unencrypted=desk.settings.secure_cookies and request.url.scheme != "https",
    )


def _form_token(request: Request, token: str) -> str:
    return hashed(desk_of(request).settings.secret, f"login form {token}")


def _secure(request: Request) -> bool:
    return desk_of(request).settings.secure_cookies or request.url.scheme == "https"


def _set_cookie(request: Request, answer: Response, name: str, value: str, *, max_age: int | None = None) -> None:
    answer.set_cookie(name, value, max_age=max_age, path="/", httponly=True, samesite="lax", secure=_secure(request))

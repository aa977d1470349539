"""What is shown when a request cannot be answered: a page, a line for htmx, or JSON."""

import logging
import traceback
from urllib.parse import quote

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.domain.errors import StoreError
from pipeline.review.pages import is_fragment, page
from pipeline.review.visitor import Visitor, language_of, visitor_of
from pipeline.review.wording import FAULTS, pick

logger = logging.getLogger(__name__)
RETRY_AFTER_S = 5


def install(app: FastAPI) -> None:
    """Makes the app answer errors in this way."""
    app.add_exception_handler(StarletteHTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(StoreError, _on_store)


def fault(
    request: Request, status_code: int, *, detail: str | None = None, headers: dict[str, str] | None = None
) -> Response:
    """The answer to a request that failed; ``detail`` is shown below the general words."""
    known = status_code if status_code in FAULTS else 400 if status_code < 500 else 500
    visitor = _visitor(request)
    language = visitor.language if visitor else language_of(request)
    title, remedy = (pick(words, language) for words in FAULTS[known])
    if wants_json(request):
        said = {"status": status_code, "title": title, "detail": detail or remedy}
        return JSONResponse(said, status_code, headers)
    template = "fault.html" if is_fragment(request) else "error.html"
    answer = page(
        request, visitor, template, status_code=status_code, code=status_code, title=title, remedy=remedy, detail=detail
    )
    answer.headers.update(headers or {})
    return answer


def _visitor(request: Request) -> Visitor | None:
    """Who asks, also where the request failed before a route asked for that."""
    try:
        return getattr(request.state, "visitor", None) or visitor_of(request)
    except StoreError:
        return None


def wants_json(request: Request) -> bool:
    """Whether the request asks for JSON rather than a page."""
    accepted = request.headers.get("accept", "")
    return "application/json" in accepted and "text/html" not in accepted


def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)
    if error.status_code == 401 and request.method == "GET" and not is_fragment(request) and not wants_json(request):
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse("/login" if target == "/" else f"/login?next={quote(target, safe='/')}", 303)
    detail = error.detail if isinstance(error, HTTPException) and isinstance(error.detail, str) else None
    # Starlette's own detail is the name of the status in English.
    shown = detail if detail and not detail.isascii() else None
    return fault(request, error.status_code, detail=shown, headers=dict(error.headers or {}))


def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Names of fields and what is wrong with them; not what was sent, which may be text of a call.
    problems = "; ".join(f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors())
    return fault(request, 422, detail=problems)


def _on_store(request: Request, error: Exception) -> Response:
    assert isinstance(error, StoreError)
    if error.passing:
        logger.warning("%s %s: the database is busy", request.method, request.url.path)
        return fault(request, 503, headers={"Retry-After": str(RETRY_AFTER_S)})
    _log(request, error)
    return fault(request, 500)


class Catcher:
    """ASGI middleware: an error that nobody expected becomes a page, and a log line without what was sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets the request through, and answers in its place if that fails."""
        begun = False

        async def answer(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception as error:
            if scope["type"] != "http" or begun:
                raise
            request = Request(scope)
            _log(request, error)
            instead = await run_in_threadpool(fault, request, 500)
            await instead(scope, receive, send)


def _log(request: Request, error: Exception) -> None:
    """Where it went wrong, without the error's own words: they may hold text of a call or a name."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    logger.error("%s %s: %s\n%s", request.method, request.url.path, type(error).__name__, frames)

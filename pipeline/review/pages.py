"""Rendering: what every template can use, and the frame around each page."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline.domain.accounts import Account
from pipeline.review.access import Permission, home, may, may_unmask
from pipeline.review.day import Day, day_of
from pipeline.review.masked import finalize, spoken
from pipeline.review.visitor import Visitor, desk_of, language_of, theme_of
from pipeline.review.wording import ROLE_NAMES, pick
from pipeline.text.visible import visible

STATIC = Path(__file__).parent / "static"


def make_environment(static_prefix: str) -> Environment:
    """The templates. Everything that is not marked as safe is escaped; an unknown name is an error."""
    environment = Environment(
        loader=PackageLoader("pipeline.review"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
    )
    environment.filters["spoken"] = spoken
    environment.filters["clock"] = clock
    # For names of files: whoever recorded chose them.
    environment.filters["visible"] = visible
    environment.globals["static"] = lambda path: f"{static_prefix}/{path}"
    environment.globals["ROLE_NAMES"] = ROLE_NAMES
    return environment


def clock(seconds: float | None) -> str:
    """Seconds as people read them: ``m:ss``, ``h:mm:ss`` from an hour on; a dash where there are none.

    >>> clock(161.4), clock(3605), clock(None)
    ('2:41', '1:00:05', '–')
    """
    if seconds is None:
        return "–"
    whole = int(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def page(
    request: Request, visitor: Visitor | None, template: str, *, status_code: int = 200, **context: Any
) -> HTMLResponse:
    """The template, rendered for who asks; ``visitor`` is ``None`` for pages without a login."""
    response = HTMLResponse(render(request, visitor, template, **context), status_code)
    # The same address gives a whole page or a part of it.
    response.headers["Vary"] = "HX-Request, Cookie"
    return response


def render(request: Request, visitor: Visitor | None, template: str, **context: Any) -> Markup:
    """As `page`, the text alone."""
    language = visitor.language if visitor else language_of(request)
    environment: Environment = request.app.state.templates
    given = {
        "request": request,
        "visitor": visitor,
        "language": language,
        "theme": visitor.theme if visitor else theme_of(request),
        "t": partial(_choose, language),
        "pick": lambda words: pick(words, language),
        "may": lambda permission: visitor is not None and may(visitor.account, Permission(permission)),
        "unmasking": visitor is not None
        and may_unmask(visitor.account, reviewers=desk_of(request).settings.clear_reviewers),
        "csrf": visitor.csrf if visitor else "",
        "nonce": request.state.nonce,
        "now": datetime.now(UTC),
        "zone": ZoneInfo(desk_of(request).settings.timezone),
        "home": home(visitor.account) if visitor else "/login",
        # Asked for by the frame alone, so that a part of a page costs no query.
        "day": partial(_day, request, visitor.account if visitor else None),
        **context,
    }
    return Markup(environment.get_template(template).render(given))


def is_fragment(request: Request) -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("hx-request") == "true" and request.headers.get("hx-history-restore-request") != "true"


def _choose(language: str, zh: str, en: str) -> str:
    return en if language == "en" else zh


def _day(request: Request, account: Account | None) -> Day | None:
    if account is None or not may(account, Permission.JUDGE):
        return None
    return day_of(desk_of(request), account)

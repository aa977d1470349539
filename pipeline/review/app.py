"""The review desk as a web application."""

import hashlib
import os
from dataclasses import dataclass
from datetime import time
from pathlib import Path

from fastapi import FastAPI, HTTPException
from fastapi.responses import RedirectResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from pipeline.privacy.keys import KeyRing
from pipeline.review import faults
from pipeline.review.pages import STATIC, make_environment
from pipeline.review.report_view import Reports
from pipeline.review.request_metrics import Measured, RequestMetrics
from pipeline.review.routes import (
    actions,
    appeals,
    audio,
    audit,
    calibration,
    call,
    clear,
    export,
    health,
    judge,
    login,
    mine,
    queue,
    reports,
    rules,
    sampling,
)
from pipeline.review.security import LOOPBACK, Guard
from pipeline.store.database import Database
from rules.rule import RulePack

ROUTERS = (
    health.router,
    login.router,
    queue.router,
    rules.router,
    reports.router,
    sampling.router,
    actions.router,
    appeals.router,
    mine.router,
    export.router,
    call.router,
    clear.router,
    calibration.router,
    judge.router,
    audio.router,
    audit.router,
)
"""The pages of the desk: each file in ``routes`` has one router, and a line here."""


@dataclass(frozen=True)
class ReviewSettings:
    """What an operator chose for the desk."""

    secret: str
    """Key under which session tokens are stored; at least 32 characters."""
    secure_cookies: bool = False
    """Cookies are sent over HTTPS only: wherever others than this machine may come in."""
    appeal_days: int = 7
    calibration_level: float = 0.67
    """Agreement that a rule needs before its precision is trusted."""
    calibration_days: int = 180
    """How long a closed calibration session counts."""
    daily_goal: int = 100
    timezone: str = "Asia/Shanghai"
    hours: tuple[time, time] = (time(9), time(18))
    """When a working day begins and ends."""
    cache: Path | None = None
    """Folder for recordings that are decoded for browsers; one under the system's temporary folder if ``None``."""
    hosts: tuple[str, ...] = LOOPBACK
    """Names under which the desk is reached."""
    clear_minutes: int = 5
    """How long a page shows a call unmasked."""
    clear_reviewers: bool = False
    """Whether reviewers may see a call unmasked."""
    plans: Path | None = None
    """Folder of sampling plans that are offered, and of the lists that they name."""


@dataclass(frozen=True)
class Desk:
    """What every route works on."""

    database: Database
    pack: RulePack
    settings: ReviewSettings
    models: Path | None = None
    reports: Reports | None = None
    """``None``: the desk has none."""
    keys: KeyRing | None = None
    """Open what transcripts hide; ``None`` where that is not kept."""


class _Versioned(StaticFiles):
    """Files under a prefix that names their content: a browser may keep them for good."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or 404."""
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


def create_app(desk: Desk, *, metrics: RequestMetrics | None = None) -> FastAPI:
    """The application. It serves no description of itself: ``app.openapi()`` is for tests.

    Args:
        metrics: where requests are counted.
    """
    app = FastAPI(title="earmark review desk", openapi_url=None, docs_url=None, redoc_url=None)
    files = static_files()
    prefix = f"/static/{_digest(files)}"
    app.state.desk = desk
    app.state.templates = make_environment(prefix)
    for router in ROUTERS:
        app.include_router(router)
    app.mount(prefix, _Versioned(directory=STATIC), name="static")

    @app.get("/static/{path:path}", include_in_schema=False)
    def unversioned(path: str) -> Response:
        if path not in files:
            raise HTTPException(404)
        return RedirectResponse(f"{prefix}/{path}", 307)

    faults.install(app)
    # The last one added stands outermost.
    app.add_middleware(faults.Catcher)
    app.add_middleware(Guard, hosts=desk.settings.hosts)
    if metrics is not None:
        app.add_middleware(Measured, metrics=metrics)
    return app


def static_files() -> dict[str, Path]:
    """The files that are served, by their path below ``/static``."""
    found = (Path(folder) / name for folder, _, names in os.walk(STATIC) for name in names)
    return {path.relative_to(STATIC).as_posix(): path for path in sorted(found)}


def _digest(files: dict[str, Path]) -> str:
    content = hashlib.sha256()
    for name, path in files.items():
        content.update(name.encode())
        content.update(path.read_bytes())
    return content.hexdigest()[:12]

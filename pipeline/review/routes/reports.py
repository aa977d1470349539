"""Reports in the desk: read, and taken away as Excel, JSON or a page that works offline."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import Response
from markupsafe import Markup

from pipeline.domain.accounts import AccountRole
from pipeline.review.access import Permission, may
from pipeline.review.fields import Line, day_in
from pipeline.review.pages import page
from pipeline.review.report_view import MEDIA_TYPES, MadeReport, ReportFile, ReportRequest, Reports
from pipeline.review.visitor import Visitor, address_of, desk_of, requires
from pipeline.store.accounts import audit
from pipeline.store.database import Database
from pipeline.store.queue_filter import QueueFilter, QueueStatus
from pipeline.store.queue_listing import choices

router = APIRouter()
Reading = Annotated[Visitor, Depends(requires(Permission.SEE_REPORTS))]


def wanted_report(
    request: Request,
    visitor: Reading,
    kind: Annotated[Line, Query()] = "",
    day: Annotated[str, Query(max_length=10)] = "",
    team: Annotated[Line, Query()] = "",
    agent: Annotated[Line, Query()] = "",
) -> ReportRequest:
    """What is asked for, within what the visitor may see: without a kind the first, without a day the last period that
    is over.

    Raises:
        HTTPException: no such kind or day, or a lead who asks for others.
    """
    reports = _reports(request)
    chosen = reports.kind(kind) if kind else reports.kinds[0]
    if chosen is None:
        raise HTTPException(404, f"没有这种报告：{kind} / There is no such report")
    if _own_team(visitor):
        own = visitor.account.team
        if own is None or team not in ("", own):
            raise HTTPException(403, "班组长只能看本组的报告。 / A lead sees the own team's reports.")
        team = own
    return ReportRequest(chosen.id, day_in(day), team or None, agent or None if chosen.of_agents else None)


Wanted = Annotated[ReportRequest, Depends(wanted_report)]


@router.get("/reports")
def report_page(request: Request, visitor: Reading, wanted: Wanted) -> Response:
    """A report within the desk."""
    reports = _reports(request)
    made = reports.make(wanted)
    _noted(request, visitor, "report", wanted, made)
    shown = replace(wanted, day=made.first_day)
    return page(
        request,
        visitor,
        "reports.html",
        reports=reports,
        wanted=shown,
        chosen=reports.kind(wanted.kind),
        before=shown.href(day=made.first_day - timedelta(days=1)),
        after=shown.href(day=made.last_day + timedelta(days=1)),
        teams=[wanted.team] if _own_team(visitor) else _teams(desk_of(request).database),
        # Made by templates that escape what calls hold.
        body=Markup(made.body(visitor.language, opens_actions=may(visitor.account, Permission.MANAGE_ACTIONS))),
        style=Markup(reports.style),
    )


@router.get("/reports/file.{form}")
def report_file(request: Request, visitor: Reading, form: ReportFile, wanted: Wanted) -> Response:
    """The same report as a file."""
    made = _reports(request).make(wanted)
    _noted(request, visitor, "export", wanted, made, form=form.value)
    name = f"{wanted.kind}-{made.first_day:%Y-%m-%d}.{form.value}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(made.file(form, visitor.language), headers=headers, media_type=MEDIA_TYPES[form])


def _reports(request: Request) -> Reports:
    reports = desk_of(request).reports
    if reports is None:
        raise HTTPException(404, "此复核台未启用报告。 / This desk has no reports.")
    return reports


def _own_team(visitor: Visitor) -> bool:
    """Whether the visitor sees the own team alone."""
    return visitor.account.role == AccountRole.LEAD


def _teams(database: Database) -> list[str]:
    return sorted(str(one.value) for one in choices(database, QueueFilter(status=QueueStatus.ALL), "team"))


def _noted(
    request: Request, visitor: Visitor, action: str, wanted: ReportRequest, made: MadeReport, **more: str
) -> None:
    """Whose figures somebody read is on record."""
    detail = {"report": wanted.kind, "from": made.first_day.isoformat(), "to": made.last_day.isoformat(), **more}
    detail |= {name: value for name, value in (("team", wanted.team), ("agent", wanted.agent)) if value}
    audit(desk_of(request).database, account=visitor.account, action=action, detail=detail, address=address_of(request))

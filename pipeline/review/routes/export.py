"""Labels as a download."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import Response, StreamingResponse

from pipeline.domain.errors import ConfigError
from pipeline.review.access import Permission
from pipeline.review.fields import Line
from pipeline.review.visitor import Visitor, address_of, desk_of, requires
from pipeline.store.accounts import audit
from pipeline.store.label_export import ExportedCall, WantedLabels, labelled_calls
from pipeline.store.listings import rule_titles

router = APIRouter()
Exporting = Annotated[Visitor, Depends(requires(Permission.EXPORT))]


@router.get("/export/labels.jsonl")
def export_labels(
    request: Request,
    visitor: Exporting,
    rule: Annotated[list[Line] | None, Query()] = None,
    since: Annotated[datetime | None, Query()] = None,
    reviewer: Annotated[Line | None, Query()] = None,
    pseudonyms: Annotated[bool, Query()] = False,
) -> Response:
    """The judged calls as labelled calls, the same as `earmark export labels` writes; sent as they are read."""
    desk = desk_of(request)
    titles = rule_titles(desk.database)
    strange = [rule_id for rule_id in rule or () if rule_id not in titles and desk.pack.rule(rule_id) is None]
    if strange:
        raise HTTPException(404, f"没有规则 {strange[0]} / There is no rule {strange[0]}")
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=ZoneInfo(desk.settings.timezone))
    try:
        calls = labelled_calls(desk.database, WantedLabels(since, rule or (), reviewer, pseudonyms))
    except ConfigError as error:
        raise HTTPException(404, f"没有用户 {reviewer} / Nobody has the login {reviewer}") from error
    chosen = {
        "rules": list(rule or ()),
        "since": since.isoformat() if since else None,
        "reviewer": reviewer,
        "pseudonyms": pseudonyms,
    }
    # Noted before the first line leaves: who breaks off a download has seen what came until then.
    audit(
        desk.database, account=visitor.account, action="export", detail={"labels": chosen}, address=address_of(request)
    )
    headers = {"Content-Disposition": 'attachment; filename="labels.jsonl"'}
    return StreamingResponse(_lines(calls), media_type="application/x-ndjson", headers=headers)


def _lines(calls: Iterator[ExportedCall]) -> Iterator[str]:
    for call in calls:
        if call.line is not None:
            yield call.line + "\n"

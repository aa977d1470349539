"""Sampling: plans, what they would draw, draws with their picks, and the calculator. For who may know why a call is
in the queue; the queue itself does not tell."""

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi import Path as InPath
from fastapi.responses import RedirectResponse, Response
from pydantic import AfterValidator, StringConstraints

from pipeline.domain.sampling import Draw, Plan
from pipeline.review.access import Permission
from pipeline.review.fields import Line, day_in, storable
from pipeline.review.pages import page
from pipeline.review.rule_view import source_lines
from pipeline.review.sampling_plans import (
    EXAMPLE,
    OfferedPlan,
    Span,
    last_week,
    plan_called,
    plans_in,
    written_plan,
)
from pipeline.review.sampling_view import (
    SAMPLING_WORDS,
    Question,
    draw_rows,
    picked_calls,
    plan_rows,
    stored_parts,
    tried_parts,
)
from pipeline.review.visitor import Visitor, address_of, desk_of, requires
from pipeline.sampling.draw import draw
from pipeline.sampling.strata import needs
from pipeline.store.accounts import audit
from pipeline.store.sampling_frame import load_frame
from pipeline.store.sampling_state import draw_progress
from pipeline.store.sampling_store import save_draw, stored_draws, stored_picks

router = APIRouter()
Sampling = Annotated[Visitor, Depends(requires(Permission.SAMPLE))]
PlanText = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(storable)]
DrawId = Annotated[int, InPath(ge=1, le=2**31 - 1)]
NumberText = Annotated[Line, Query(max_length=12)]
PAGE = 100
MOST = 1_000_000_000
_drawing = threading.Lock()
"""A draw reads every call of its period: two at once would take twice the memory, and no less time."""


@router.get("/sampling")
def sampling_page(request: Request, visitor: Sampling) -> Response:
    """Plans, and the draws so far with how far each is judged."""
    desk = desk_of(request)
    rows = draw_rows(stored_draws(desk.database), draw_progress(desk.database))
    return page(request, visitor, "sampling.html", rows=rows, **_frame(request))


@router.get("/sampling/new")
def new_plan_page(request: Request, visitor: Sampling) -> Response:
    """A form for a plan that lies in no folder."""
    return page(request, visitor, "sampling_new.html", text=EXAMPLE, **_frame(request))


@router.post("/sampling/check")
def check_plan(request: Request, visitor: Sampling, text: Annotated[PlanText, Form()]) -> Response:
    """The plan of the form in words, or every problem with its place."""
    offered = written_plan(text, desk_of(request).settings.plans)
    return page(request, visitor, "sampling_chosen.html", **_chosen(request, offered))


@router.get("/sampling/plans/{name}")
def plan_page(request: Request, visitor: Sampling, name: Annotated[Line, InPath()]) -> Response:
    """A plan of the folder: its text, and what it says in words."""
    offered = _of_folder(request, name)
    context: dict[str, Any] = {**_frame(request), **_chosen(request, offered)}
    return page(request, visitor, "sampling_plan.html", **context)


@router.get("/sampling/size")
def size_page(
    request: Request,
    visitor: Sampling,
    half_width: NumberText = "",
    confidence: NumberText = "",
    rate: NumberText = "",
    calls: NumberText = "",
    weekly: NumberText = "",
    agents: NumberText = "",
) -> Response:
    """The calculator, both ways round; shares in per cent, empty fields for what is usual."""
    question = Question(
        half_width=_share(half_width),
        confidence=_share(confidence) or 0.95,
        rate=_share(rate) or 0.5,
        calls=_count(calls),
        weekly=_count(weekly),
        agents=_count(agents),
    )
    return page(request, visitor, "sampling_size.html", question=question, **_frame(request))


def _share(text: str) -> float | None:
    """A part of 1 from per cent; ``None`` where nothing is given. Raises: HTTPException 422."""
    try:
        found = float(text) if text else None
    except ValueError:
        found = -1.0
    # Also where it is no number at all: that is less than nothing.
    if found is not None and not 0 < found < 100:
        raise HTTPException(422, f"{text}：百分数在 0 和 100 之间。 / A share lies between 0 and 100 per cent.")
    return None if found is None else found / 100


def _count(text: str) -> int | None:
    """A number of calls or agents; ``None`` where none is given. Raises: HTTPException 422."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST):
        raise HTTPException(422, f"{text}：应为 1 到 {MOST:,} 的整数。 / A whole number up to {MOST:,} is wanted.")
    return int(text)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form of a draw asks for."""

    offered: OfferedPlan
    plan: Plan
    span: Span
    seed: int | None


def asked_for(
    request: Request,
    visitor: Sampling,
    name: Annotated[Line, Form()] = "",
    text: Annotated[PlanText, Form()] = "",
    first: Annotated[str, Form(max_length=10)] = "",
    last: Annotated[str, Form(max_length=10)] = "",
    seed: Annotated[str, Form(max_length=10)] = "",
) -> Asked:
    """The plan, a file's or what somebody wrote, with the period and the seed.

    Raises:
        HTTPException: it is no plan, no period, or no seed.
    """
    offered = _of_folder(request, name) if name else written_plan(text, desk_of(request).settings.plans)
    if offered.plan is None:
        raise HTTPException(422, "计划不可用：" + "; ".join(offered.problems))
    span = Span(day_in(first), day_in(last))
    if span.backwards:
        raise HTTPException(422, "结束日早于开始日。 / The period ends before it begins.")
    if seed and not (seed.isascii() and seed.isdigit() and int(seed) < 2**31):
        raise HTTPException(422, "种子是 0 到 2147483647 的整数。 / A seed is a whole number up to 2147483647.")
    return Asked(offered, offered.plan, span, int(seed) if seed else None)


Asking = Annotated[Asked, Depends(asked_for)]


@router.post("/sampling/try")
def try_draw(request: Request, visitor: Sampling, asked: Asking) -> Response:
    """What the plan would draw, and what it gives up; nothing is stored."""
    drawn = _drawn(request, asked)
    context: dict[str, Any] = {"asked": asked, "drawn": drawn, "parts": tried_parts(drawn), **SAMPLING_WORDS}
    return page(request, visitor, "sampling_tried.html", **context)


@router.post("/sampling/draw")
def save(request: Request, visitor: Sampling, asked: Asking, digest: Annotated[Line, Form()]) -> Response:
    """Draws, and puts the picks into the queue; drawn once more it is the same draw."""
    if asked.plan.digest != digest:
        raise HTTPException(409, "计划在试抽之后改过，请再试抽一次。 / The plan was changed since: try it again.")
    drawn = _drawn(request, asked)
    if not drawn.frame_size:
        raise HTTPException(409, drawn.notes[0].zh + " / " + drawn.notes[0].en)
    desk = desk_of(request)
    number, new = save_draw(desk.database, drawn)
    if new:
        detail = {"draw": number, "plan": drawn.plan.id, "seed": drawn.seed, "calls": drawn.calls}
        audit(desk.database, account=visitor.account, action="draw", detail=detail, address=address_of(request))
    return RedirectResponse(f"/sampling/draws/{number}" + ("" if new else "?again=true"), 303)


@router.get("/sampling/draws/{draw_id}")
def draw_page(
    request: Request,
    visitor: Sampling,
    draw_id: DrawId,
    part: Annotated[Line, Query()] = "",
    state: Annotated[Literal["", "open", "done"], Query()] = "",
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
    again: Annotated[bool, Query()] = False,
) -> Response:
    """A draw: its parts, what it gave up, and its picks with why and how probable each was."""
    database = desk_of(request).database
    found = next((one for one in stored_draws(database) if one.id == draw_id), None)
    if found is None or (part and part not in [str(one["name"]) for one in found.parts]):
        raise HTTPException(404)
    (row,) = draw_rows([found], draw_progress(database))
    calls = picked_calls(stored_picks(database, draw_id, part=part or None), state=state)
    begin = (number - 1) * PAGE
    return page(
        request,
        visitor,
        "sampling_draw.html",
        row=row,
        parts=stored_parts(found),
        calls=calls[begin : begin + PAGE],
        count=len(calls),
        more=number + 1 if begin + PAGE < len(calls) else None,
        number=number,
        part=part,
        state=state,
        again=again,
        **_frame(request),
    )


def _frame(request: Request) -> dict[str, Any]:
    """What every page of sampling shows beside its own."""
    folder = desk_of(request).settings.plans
    return {"plans": plans_in(folder), "folder": folder, **SAMPLING_WORDS}


def _of_folder(request: Request, name: str) -> OfferedPlan:
    """Raises: HTTPException 404, the folder has no such plan."""
    found = plan_called(desk_of(request).settings.plans, name)
    if found is None:
        raise HTTPException(404, f"没有计划 {name} / There is no plan {name}")
    return found


def _chosen(request: Request, offered: OfferedPlan) -> dict[str, Any]:
    zone = ZoneInfo(desk_of(request).settings.timezone)
    return {
        "offered": offered,
        "plan_rows": plan_rows(offered.plan) if offered.plan else [],
        "span": last_week(datetime.now(zone).date()),
        "source": source_lines(offered.text),
        **SAMPLING_WORDS,
    }


def _drawn(request: Request, asked: Asked) -> Draw:
    desk = desk_of(request)
    since, until = asked.span.bounds(ZoneInfo(desk.settings.timezone))
    with _drawing:
        return draw(asked.plan, load_frame(desk.database, needs(asked.plan), since=since, until=until), seed=asked.seed)

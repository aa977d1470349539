"""How rules do: the list of all, and one rule with what it gets wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi import Path as InPath
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from pipeline.domain.results import BilingualText
from pipeline.domain.reviews import NewReview, Place, Review, ReviewKind
from pipeline.review.access import Permission
from pipeline.review.calibration_trust import rules_trusted
from pipeline.review.estimate_view import PERIODS, USUAL, PeriodName, RuleEstimates, estimates_of, lacking
from pipeline.review.fields import Key, Line
from pipeline.review.pages import is_fragment, page
from pipeline.review.rule_view import (
    SORTS,
    Case,
    Rate,
    RuleRow,
    example_lines,
    is_false_hit,
    is_missed,
    make_cases,
    sorted_rows,
    source_lines,
)
from pipeline.review.rule_words import PAGE_WORDS
from pipeline.review.visitor import Visitor, address_of, desk_of, requires, visible_call
from pipeline.sampling.estimates import Figures
from pipeline.sampling.remarks import remarks
from pipeline.sampling.shortage import percent
from pipeline.store.calibration import blind_calls
from pipeline.store.database import Database
from pipeline.store.judging import judge
from pipeline.store.listings import rule_titles
from pipeline.store.results import stored_call
from pipeline.store.reviews import rule_verdicts
from pipeline.store.rule_cases import RuleTally, kept_examples, rule_cases, rule_tallies, still_hit, unjudged_hits
from rules.rule import Rule, RulePack

router = APIRouter()
SHOWN = 10
"""Cases of each kind on the page of a rule."""
PAGE = 20
"""Cases on a page with one kind alone."""
Asking = Annotated[Visitor, Depends(requires(Permission.SEE_RULES))]
Kind = Literal["false", "missed", "unjudged"]
KINDS: tuple[Kind, ...] = ("false", "missed", "unjudged")
RuleId = Annotated[Line, InPath()]
AskedPeriod = Annotated[PeriodName, Query()]


@router.get("/rules")
def rules_page(
    request: Request, visitor: Asking, sort: Annotated[Line, Query()] = "", period: AskedPeriod = USUAL
) -> Response:
    """Every rule with its figures, by one column; estimates come with the part that the page asks for."""
    desk = desk_of(request)
    chosen = sort if sort in SORTS else "severity"
    part = is_fragment(request)
    shelf = estimates_of(request)
    estimates = shelf.get(period) if part else shelf.ready(period)
    rows = _rows(desk.pack, rule_tallies(desk.database), rule_titles(desk.database), estimates)
    template = "rules_table.html" if part else "rules.html"
    context = _estimated(period, estimates, list(estimates.by_rule.values()) if estimates else [])
    context |= {"rows": sorted_rows(rows, chosen), "sort": chosen, "trust": rules_trusted(desk)}
    return page(request, visitor, template, **context, **PAGE_WORDS)


def _estimated(period: str, estimates: RuleEstimates | None, told: Sequence[Figures]) -> dict[str, Any]:
    """What templates with estimates are given."""
    return {
        "period": period,
        "periods": PERIODS,
        "estimates": estimates,
        "remarks": remarks(told),
        "lacking": lacking,
        "share": percent,
    }


def _rows(
    pack: RulePack,
    tallies: dict[str, RuleTally],
    titles: dict[str, BilingualText],
    estimates: RuleEstimates | None,
) -> list[RuleRow]:
    known = [(rule.id, rule.title, rule) for rule in pack.rules]
    gone = [(one, titles.get(one, BilingualText(one, one)), None) for one in tallies if pack.rule(one) is None]
    return [
        _row(rule_id, title, rule, tallies.get(rule_id, RuleTally()), estimates.of(rule_id) if estimates else None)
        for rule_id, title, rule in [*known, *gone]
    ]


def _row(rule_id: str, title: BilingualText, rule: Rule | None, tally: RuleTally, found: Figures | None) -> RuleRow:
    return RuleRow(
        id=rule_id,
        title=(title.zh, title.en),
        severity=rule.severity if rule else None,
        error_class=rule.error_class if rule else None,
        status=rule.status if rule else None,
        hits=tally.hits,
        precision=Rate(tally.true_hits, tally.judged_hits),
        false_hits=tally.false_hits,
        missed=tally.missed,
        unsure=tally.unsure,
        figures=found,
    )


@dataclass(frozen=True, slots=True)
class CaseList:
    """One kind of case on the page of a rule."""

    kind: Kind
    count: int
    cases: Sequence[Case]
    more: int | None
    """The next page of this kind; ``None`` where there is none."""
    gone: int = 0
    """Of the false hits, those that the rule no longer makes."""


@router.get("/rules/{rule_id}")
def rule_page(
    request: Request,
    visitor: Asking,
    rule_id: RuleId,
    only: Annotated[Kind | None, Query()] = None,
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
    period: AskedPeriod = USUAL,
) -> Response:
    """A rule's file, its rates, and the calls that it gets wrong; ``only`` pages through one kind of them."""
    desk = desk_of(request)
    rule = desk.pack.rule(rule_id)
    verdicts = rule_verdicts(desk.database, rule_id)
    title = rule.title if rule else rule_titles(desk.database).get(rule_id)
    if title is None:
        raise HTTPException(404)
    # What is judged blind in a calibration session is not to be looked up here.
    blind = blind_calls(desk.database, visitor.account.id)
    seen = {call: verdict for call, verdict in verdicts.items() if call not in blind}
    lists = _numbered([_cases(desk.database, rule_id, seen, kind, only, number) for kind in KINDS])
    estimates = estimates_of(request).ready(period)
    return page(
        request,
        visitor,
        "rule.html",
        rule=rule,
        rule_id=rule_id,
        title=(title.zh, title.en),
        precision=_so_far(verdicts),
        trust=rules_trusted(desk).rule(rule_id),
        lists=[one for one in lists if only in (None, one.kind)],
        only=only,
        number=number,
        source=source_lines(rule.text) if rule else [],
        examples=_written_examples(desk.database, rule_id),
        **_rates(rule_id, period, estimates),
        **PAGE_WORDS,
    )


@router.get("/rules/{rule_id}/estimates")
def rule_estimates(request: Request, visitor: Asking, rule_id: RuleId, period: AskedPeriod = USUAL) -> Response:
    """The part of a rule's page that takes long: precision, recall, prevalence over a period."""
    desk = desk_of(request)
    if desk.pack.rule(rule_id) is None and rule_id not in rule_titles(desk.database):
        raise HTTPException(404)
    verdicts = rule_verdicts(desk.database, rule_id)
    context = _rates(rule_id, period, estimates_of(request).get(period))
    return page(request, visitor, "rule_rates.html", rule_id=rule_id, precision=_so_far(verdicts), **context)


def _rates(rule_id: str, period: str, estimates: RuleEstimates | None) -> dict[str, Any]:
    figures = estimates.of(rule_id) if estimates else None
    return {"figures": figures, **_estimated(period, estimates, [figures] if figures else [])}


def _so_far(verdicts: dict[str, Review]) -> Rate:
    """Precision by all verdicts that stand, drawn or not."""
    false_hits = sum(is_false_hit(verdict) for verdict in verdicts.values())
    true_hits = sum(verdict.outcome == "hit" and _truth(verdict) is True for verdict in verdicts.values())
    return Rate(true_hits, true_hits + false_hits)


def _truth(verdict: Review) -> bool | None:
    return verdict.said.verdict.truth if verdict.said.verdict else None


def _cases(
    database: Database, rule_id: str, verdicts: dict[str, Review], kind: Kind, only: Kind | None, number: int
) -> CaseList:
    size, at = (PAGE, (number - 1) * PAGE) if only == kind else (SHOWN, 0)
    gone = 0
    if only not in (None, kind):
        return CaseList(kind, 0, (), None)
    if kind == "unjudged":
        count, ids = unjudged_hits(database, rule_id, verdicts, limit=size, offset=at)
    else:
        wanted = is_false_hit if kind == "false" else is_missed
        judged = [recording_id for recording_id, verdict in verdicts.items() if wanted(verdict)]
        hitting = still_hit(database, rule_id, judged)
        # What is still to be mended comes first, then the newest word.
        judged.sort(key=lambda one: ((one in hitting) != (kind == "false"), -verdicts[one].id))
        count, ids = len(judged), judged[at : at + size]
        gone = sum(one not in hitting for one in judged) if kind == "false" else len(hitting)
    cases = make_cases(rule_id, rule_cases(database, rule_id, ids), missed=kind == "missed")
    more = None if at + size >= count else (number + 1 if only else 1)
    return CaseList(kind, count, cases, more, gone)


def _numbered(lists: Sequence[CaseList]) -> list[CaseList]:
    """The lists with their cases counted through, so that a digit means one case on the page."""
    numbered, number = [], 0
    for one in lists:
        cases = [replace(case, number=number + position) for position, case in enumerate(one.cases, start=1)]
        number += len(cases)
        numbered.append(replace(one, cases=cases))
    return numbered


def _written_examples(database: Database, rule_id: str) -> dict[str, list[str]]:
    """The kept examples as lines for the rule's file, under the key they belong to."""
    written: dict[str, list[str]] = {"hits": [], "clear": []}
    turns = {}
    for example in kept_examples(database, rule_id):
        recording_id = example.said.recording_id
        if recording_id not in turns:
            stored = stored_call(database, recording_id)
            turns[recording_id] = stored.call.transcript.turns if stored else ()
        lines = example_lines(example, turns[recording_id])
        if lines:
            written["hits" if example.said.value == "good" else "clear"].append(lines)
    return written


class NewExample(BaseModel):
    """A place that the author keeps."""

    model_config = ConfigDict(extra="forbid")

    key: Key
    recording_id: Line
    value: Literal["good", "bad"]
    turn: Annotated[int, Field(ge=0, le=100_000)]
    char_start: Annotated[int | None, Field(ge=0, le=1_000_000)] = None
    char_end: Annotated[int | None, Field(ge=0, le=1_000_000)] = None


@router.post("/rules/{rule_id}/examples")
def keep_example(
    request: Request,
    visitor: Annotated[Visitor, Depends(requires(Permission.EDIT_EXAMPLES))],
    rule_id: RuleId,
    new: NewExample,
) -> Response:
    """Keeps a place as an example that the rule should hit, or should not."""
    desk = desk_of(request)
    if desk.pack.rule(rule_id) is None:
        raise HTTPException(404)
    visible_call(desk, visitor, new.recording_id)
    stored = stored_call(desk.database, new.recording_id)
    turns = stored.call.transcript.turns if stored else ()
    if new.turn >= len(turns):
        raise HTTPException(422, "通话中没有这一轮。 / The call has no such turn.")
    turn = turns[new.turn]
    start, end = new.char_start or 0, len(turn.text) if new.char_end is None else new.char_end
    if not start < end <= len(turn.text):
        raise HTTPException(422, "这一轮中没有这段文字。 / The turn has no such text.")
    span = turn.span_of(start, end)
    place = Place(turn.index, start, end, span.start_s, span.end_s, turn.role, turn.text[start:end])
    example = NewReview(
        recording_id=new.recording_id,
        kind=ReviewKind.EXAMPLE,
        account_id=visitor.account.id,
        key=new.key,
        rule_id=rule_id,
        place=place,
        value=new.value,
    )
    stored_example = judge(desk.database, example, visitor.account, address=address_of(request)).review.said
    if stored_example != example:
        raise HTTPException(409, "这个键已用于另一条 / This key was used for another entry")
    return JSONResponse({"kept": new.value})

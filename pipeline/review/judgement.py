"""What a page may say of a call: the fields that are sent, and whether they make sense for this call."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from pipeline.domain.calls import Role, Turn
from pipeline.domain.results import Outcome
from pipeline.domain.reviews import NOWHERE, NewReview, Place, RejectReason, ReviewKind, Verdict, in_force, spot_of
from pipeline.domain.scores import Scorecard
from pipeline.review.call_view import CallView, Hit, place_of
from pipeline.review.card_view import name_of
from pipeline.review.fields import Key, Line, Quote, Text

Second = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
Index = Annotated[int, Field(ge=0, le=2**31 - 1)]
Said = Annotated[Text, StringConstraints(max_length=2000)]

SETTLES = {
    Outcome.HIT: (Verdict.CONFIRMED, Verdict.REJECTED, Verdict.UNSURE),
    Outcome.NOT_EVALUABLE: (Verdict.CONFIRMED, Verdict.REJECTED, Verdict.UNSURE),
    Outcome.CLEAR: (Verdict.ABSENT, Verdict.MISSED, Verdict.UNSURE),
    Outcome.NOT_APPLICABLE: (Verdict.MISSED,),
    Outcome.ERROR: (),
}
"""What can be said of a rule on a call, by what the rule itself says of it."""
FIELDS = {
    ReviewKind.VERDICT: frozenset(
        {"rule_id", "verdict", "reason", "turn", "char_start", "char_end", "start_s", "end_s", "role", "quote", "text"}
    ),
    ReviewKind.CORRECTION: frozenset({"turn", "role", "text", "quote"}),
    ReviewKind.COMMENT: frozenset({"text", "rule_id", "turn"}),
    ReviewKind.EXAMPLE: frozenset({"value", "rule_id", "turn", "char_start", "char_end", "quote", "text"}),
    ReviewKind.SCORE: frozenset({"card", "item", "value", "text"}),
    ReviewKind.FINISHED: frozenset(),
    ReviewKind.UNDO: frozenset({"undoes"}),
}
"""What belongs to which kind of entry; anything else with it is a mistake of the sender."""


class ReviewBody(BaseModel):
    """An entry as a page sends it."""

    model_config = ConfigDict(extra="forbid")

    key: Key
    kind: ReviewKind
    rule_id: Line | None = None
    verdict: Verdict | None = None
    reason: RejectReason | None = None
    turn: Index | None = None
    char_start: Index | None = None
    char_end: Index | None = None
    start_s: Second | None = None
    end_s: Second | None = None
    role: Role | None = None
    quote: Annotated[Quote, StringConstraints(max_length=2000)] | None = None
    text: Said | None = None
    card: Annotated[Line, StringConstraints(max_length=80)] | None = None
    item: Line | None = None
    value: Annotated[Line, StringConstraints(max_length=40)] | None = None
    undoes: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class Refused(Exception):
    """An entry that makes no sense for this call. ``status_code`` is 422, 403 or 409."""

    def __init__(self, zh: str, en: str, status_code: int = 422) -> None:
        self.status_code = status_code
        super().__init__(f"{zh} / {en}")


def understood(body: ReviewBody, view: CallView, card: Scorecard, account_id: int) -> NewReview:
    """The entry that is to be stored. Times, role and quote of a place are those of the transcript, not the sender's.

    Raises:
        Refused: it makes no sense for this call.
    """
    given = {name for name, value in body if value is not None} - {"key", "kind"}
    strange = given - FIELDS[body.kind]
    if strange:
        raise Refused(f"{body.kind} 不带 {', '.join(sorted(strange))}", f"not part of {body.kind}")
    _check_kind(body, view, card, account_id)
    return NewReview(
        recording_id=view.sources.stored.recording.id,
        kind=body.kind,
        account_id=account_id,
        key=body.key,
        rule_id=body.rule_id,
        verdict=body.verdict,
        reason=body.reason,
        place=_place(body, view),
        text=body.text.strip() if body.text else None,
        card=body.card,
        item=body.item,
        value=body.value,
        undoes=body.undoes,
    )


def _check_kind(body: ReviewBody, view: CallView, card: Scorecard, account_id: int) -> None:
    match body.kind:
        case ReviewKind.VERDICT:
            _check_verdict(body, view)
        case ReviewKind.CORRECTION:
            if body.turn is None or not ((body.text or "").strip() or body.role):
                raise Refused("改正要有一句话和新的文字或角色", "a correction needs a turn and a text or role")
        case ReviewKind.COMMENT:
            if not (body.text or "").strip():
                raise Refused("备注是空的", "the comment is empty")
            _check_rule(body, view)
        case ReviewKind.EXAMPLE:
            if body.value not in ("good", "bad"):
                raise Refused("范例只有 good 和 bad", "an example is good or bad")
            _check_rule(body, view)
        case ReviewKind.SCORE:
            _check_score(body, card)
        case ReviewKind.UNDO:
            _check_undo(body, view, account_id)
        case ReviewKind.FINISHED:
            pass


def _check_rule(body: ReviewBody, view: CallView) -> None:
    if body.rule_id is not None and _outcome(view, body.rule_id) is None:
        raise Refused(f"这通没有运行规则 {body.rule_id}", "no such rule was run on this call")


def _outcome(view: CallView, rule_id: str) -> Outcome | None:
    hit = _hit(view, rule_id)
    if hit is not None:
        return hit.outcome
    clear = next((rule for rule in view.clear if rule.heading.id == rule_id), None)
    if clear is None:
        return None
    return Outcome.CLEAR if clear.applicable else Outcome.NOT_APPLICABLE


def _hit(view: CallView, rule_id: str) -> Hit | None:
    return next((hit for hit in view.hits if hit.rule_id == rule_id), None)


def _check_verdict(body: ReviewBody, view: CallView) -> None:
    if body.rule_id is None or body.verdict is None:
        raise Refused("判定要有规则和结论", "a verdict needs a rule and what is said of it")
    _check_rule(body, view)
    outcome = _outcome(view, body.rule_id)
    assert outcome is not None
    if body.verdict not in SETTLES[outcome]:
        raise Refused(
            f"规则在这通的结果是 {outcome}，不能判为 {body.verdict}",
            f"the rule says {outcome}, which cannot be called {body.verdict}",
        )
    if body.reason is not None and body.verdict != Verdict.REJECTED:
        raise Refused("只有驳回带原因", "only a rejection has a reason")


def _check_score(body: ReviewBody, card: Scorecard) -> None:
    if body.card != name_of(card):
        raise Refused(f"评分表现在是 {name_of(card)}，请刷新页面", "the scorecard has changed: reload the page", 409)
    item = next((item for item in card.items if item.id == body.item), None)
    if item is None or body.value not in item.answers:
        raise Refused("评分表没有这一项或这个答案", "the card has no such item or answer")


def _check_undo(body: ReviewBody, view: CallView, account_id: int) -> None:
    review = next((review for review in view.sources.reviews if review.id == body.undoes), None)
    if review is None:
        raise Refused("没有这条记录可撤销", "there is no such entry to undo")
    if review.said.account_id != account_id:
        raise Refused("只能撤销自己的判定；不同意就另作判定", "you can undo only your own: judge it anew instead", 403)
    if review not in in_force(view.sources.reviews):
        raise Refused("这条已经撤销过了", "that was undone already", 409)


def _place(body: ReviewBody, view: CallView) -> Place:
    if body.kind == ReviewKind.VERDICT and body.verdict not in (Verdict.MISSED, Verdict.ABSENT):
        return _piece(body, view)
    if body.turn is None:
        if body.char_start is not None or body.char_end is not None or body.start_s is not None:
            raise Refused("位置缺少第几句", "a place needs its turn")
        return NOWHERE
    turns = view.sources.stored.call.transcript.turns
    if body.turn >= len(turns):
        raise Refused(f"这通没有第 {body.turn} 句", "the call has no such turn")
    turn = turns[body.turn]
    if body.kind == ReviewKind.CORRECTION:
        _check_quote(body.quote, turn.text)
        return Place(turn.index, start_s=turn.start_s, end_s=turn.end_s, role=body.role, quote=turn.text)
    return _stretch(body, turn)


def _stretch(body: ReviewBody, turn: Turn) -> Place:
    """The characters named, or the whole turn."""
    start, end = body.char_start, body.char_end
    if (start is None) != (end is None):
        raise Refused("选中的文字缺头或缺尾", "the selection lacks its start or end")
    if start is None or end is None:
        return Place(turn.index, start_s=turn.start_s, end_s=turn.end_s, role=turn.role, quote=turn.text)
    if not start < end <= len(turn.text):
        raise Refused("选中的文字不在这句话里", "the selection is not inside the turn")
    _check_quote(body.quote, turn.text[start:end])
    span = turn.span_of(start, end)
    return Place(turn.index, start, end, span.start_s, span.end_s, turn.role, turn.text[start:end])


def _check_quote(sent: str | None, there: str) -> None:
    """A page that is older than the transcript would put its mark on other words."""
    if sent is not None and sent != there:
        raise Refused("转写已更新，请刷新页面再判", "the transcript has changed: reload the page", 409)


def _piece(body: ReviewBody, view: CallView) -> Place:
    """The piece of evidence that is meant; nowhere where the whole result is."""
    assert body.rule_id is not None
    named = Place(body.turn, body.char_start, body.char_end, body.start_s)
    if named == NOWHERE:
        return NOWHERE
    hit = _hit(view, body.rule_id)
    for piece in hit.pieces if hit else ():
        place = place_of(piece.found)
        if spot_of(body.rule_id, place) == spot_of(body.rule_id, named):
            return place
    raise Refused("这里没有该规则的证据，请刷新页面", "the rule has no evidence there: reload the page", 409)

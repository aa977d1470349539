"""Everything that the templates of the call page are given."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from fastapi import HTTPException, Request

from pipeline.domain.accounts import AccountRole
from pipeline.domain.personal import is_masked
from pipeline.domain.results import BilingualText, ErrorClass
from pipeline.domain.reviews import RejectReason, Review, ReviewKind, Verdict
from pipeline.domain.scores import Answer, Scorecard
from pipeline.review.access import Permission, may
from pipeline.review.call_view import CallView, Piece, Sources, call_view
from pipeline.review.card_view import card_score, name_of, options
from pipeline.review.pages import render
from pipeline.review.transcript_view import SKIPPED_S, transcript_rows, word_times
from pipeline.review.visitor import Visitor, desk_of, visible_call
from pipeline.review.wording import SEVERITY_MARKS, Words
from pipeline.scoring.cards import load_default_card
from pipeline.store.appeals import is_appealed
from pipeline.store.calibration import blind_session
from pipeline.store.call_rules import rules_run_on
from pipeline.store.results import stored_call
from pipeline.store.review_queue import Taken, take
from pipeline.store.reviews import reviews_of, without_names

CLASSES: Mapping[ErrorClass, Words] = {
    ErrorClass.CUSTOMER_CRITICAL: ("顾客关键错误", "customer critical"),
    ErrorClass.BUSINESS_CRITICAL: ("业务关键错误", "business critical"),
    ErrorClass.COMPLIANCE_CRITICAL: ("合规关键错误", "compliance critical"),
    ErrorClass.NON_CRITICAL: ("非关键错误", "non-critical"),
    ErrorClass.ALERT: ("预警", "alert"),
}
VERDICTS: Mapping[Verdict, Words] = {
    Verdict.CONFIRMED: ("已确认", "confirmed"),
    Verdict.REJECTED: ("驳回", "rejected"),
    Verdict.UNSURE: ("存疑", "unsure"),
    Verdict.MISSED: ("漏报", "missed"),
    Verdict.ABSENT: ("已确认未命中", "confirmed clear"),
}
REASONS: Mapping[RejectReason, Words] = {
    RejectReason.ASR_ERROR: ("识别错字", "misheard"),
    RejectReason.QUOTED: ("引用转述", "quoted"),
    RejectReason.CONTEXT: ("语境不符", "context"),
    RejectReason.ROLE: ("角色错", "wrong party"),
    RejectReason.OTHER: ("其他", "other"),
}
"""In the order of their digits."""
KINDS: Mapping[ReviewKind, Words] = {
    ReviewKind.VERDICT: ("判定", "verdict"),
    ReviewKind.CORRECTION: ("改转写", "correction"),
    ReviewKind.COMMENT: ("备注", "comment"),
    ReviewKind.EXAMPLE: ("范例", "example"),
    ReviewKind.SCORE: ("评分", "score"),
    ReviewKind.FINISHED: ("完成", "finished"),
    ReviewKind.UNDO: ("撤销", "undone"),
}
ANSWERS: Mapping[Answer, Words] = {
    Answer.YES: ("是", "Yes"),
    Answer.NO: ("否", "No"),
    Answer.EXCELLENT: ("优", "Excellent"),
    Answer.FAIR: ("中", "Fair"),
    Answer.NEEDS_IMPROVEMENT: ("待改进", "Needs work"),
    Answer.N_A: ("不适用", "N/A"),
}
TASKS: Mapping[str, Words] = {"dissatisfied": ("不满", "dissatisfied"), "escalation": ("升级投诉", "escalation")}
NOT_FOR_AGENTS = frozenset({ReviewKind.COMMENT, ReviewKind.EXAMPLE})
"""Said to the team lead and to the rule author."""
WORDING = {
    "SEVERITY_MARKS": SEVERITY_MARKS,
    "CLASSES": CLASSES,
    "VERDICTS": VERDICTS,
    "REASONS": REASONS,
    "KINDS": KINDS,
    "ANSWERS": ANSWERS,
    "TASKS": TASKS,
}


@cache
def scorecard() -> Scorecard:
    """The card that calls are scored on."""
    return load_default_card()


def load_view(request: Request, visitor: Visitor, recording_id: str) -> CallView:
    """The call as the visitor may see it.

    Raises:
        HTTPException: 404, unknown, not transcribed, or not theirs; 409, they judge it in an open calibration session
            and are not to see what others say of it.
    """
    desk = desk_of(request)
    visible_call(desk, visitor, recording_id)
    session = blind_session(desk.database, recording_id, visitor.account.id)
    if session is not None:
        zh, en = f"这通在你的第 {session} 次校准里，", f"This call is in your calibration session {session}"
        if may(visitor.account, Permission.JUDGE):
            raise HTTPException(409, f"{zh}请在校准页判 / {en}: judge it there")
        raise HTTPException(409, f"{zh}校准结束后才能看 / {en}: you see it when that is closed")
    reviews = reviews_of(desk.database, [recording_id]).get(recording_id, ())
    if not may(visitor.account, Permission.SEE_QUEUE):
        reviews = without_names(reviews)
    elif is_appealed(desk.database, recording_id):
        # Whoever decides is not to know who judged, and who will decide is not known yet.
        reviews = without_names(reviews, but=visitor.account.id)
    if visitor.account.role == AccountRole.AGENT:
        reviews = tuple(review for review in reviews if review.said.kind not in NOT_FOR_AGENTS)
    return view_with(request, visitor, recording_id, reviews)


def view_with(request: Request, visitor: Visitor, recording_id: str, reviews: Sequence[Review]) -> CallView:
    """The call with those entries. Raises: HTTPException 404, it is not transcribed."""
    desk = desk_of(request)
    stored = stored_call(desk.database, recording_id)
    if stored is None:
        raise HTTPException(404, "这通录音还没有转写 / This recording has not been transcribed yet")
    why: dict[str, BilingualText] = {rule.id: rule.why for rule in desk.pack.rules}
    rules = rules_run_on(desk.database, recording_id)
    at_desk = may(visitor.account, Permission.SEE_QUEUE)
    return call_view(Sources(stored, rules, tuple(reviews), why, with_trials=at_desk))


def hold(request: Request, visitor: Visitor, recording_id: str) -> Taken | None:
    """Who else has the call in hand; takes it, or renews that, if nobody has."""
    if not may(visitor.account, Permission.JUDGE):
        return None
    return take(desk_of(request).database, recording_id, visitor.account.id)


def panel(request: Request, visitor: Visitor, view: CallView, holder: Taken | None, **context: object) -> str:
    """The side panel: hits, scorecard, clear rules, log; and what the page's script needs of them."""
    return render(request, visitor, "call_panel.html", **panel_context(visitor, view, holder), **context)


def panel_context(visitor: Visitor, view: CallView, holder: Taken | None) -> dict[str, Any]:
    """What the panel's template is given."""
    card = scorecard()
    judging = may(visitor.account, Permission.JUDGE)
    return {
        **WORDING,
        "view": view,
        "call": view.sources.stored,
        "score": card_score(view, card),
        "card_name": name_of(card),
        "options_of": options,
        "item_titles": {item.id: item.title for item in card.items},
        "judging": judging,
        "hides": any(is_masked(turn.text) for turn in view.sources.stored.call.transcript.turns),
        "holder": holder,
        "panel_data": panel_data(visitor, view, holder),
        # The page of an agent or lead names nobody and shows only what the call was marked for.
        "at_desk": may(visitor.account, Permission.SEE_QUEUE),
        # A calibration session, on the pages of one.
        "session": None,
    }


def panel_data(visitor: Visitor, view: CallView, holder: Taken | None) -> dict[str, object]:
    """What changes with every judgement, for the page's script."""
    last = view.last_of(visitor.account.id)
    own = [review for review in view.sources.reviews if review.said.account_id == visitor.account.id]
    return {
        "newest": view.newest,
        "holder": holder.name if holder else None,
        "card": name_of(scorecard()),
        "finished": view.standing.finished is not None,
        "last": last.id if last else None,
        "own": {review.said.key: review.id for review in own[-100:]},
        "hits": [
            {
                "n": hit.number,
                "rule": hit.rule_id,
                "mark": hit.mark,
                "verdict": hit.verdict,
                "judgeable": hit.judgeable,
                "pieces": [_piece(piece) for piece in hit.pieces],
            }
            for hit in view.hits
        ],
    }


def _piece(piece: Piece) -> dict[str, object]:
    found = piece.found
    return {
        "turn": found.turn,
        "from": found.char_start,
        "to": found.char_end,
        "start": found.start_s,
        "end": found.end_s,
        "channel": piece.channel,
        "sound": found.by_sound,
        "said": piece.review.said.verdict if piece.review else None,
    }


def call_data(view: CallView) -> dict[str, object]:
    """What stays as it is while the page is open, for the page's script: times of turns and words, silences."""
    stored = view.sources.stored
    return {
        "id": stored.recording.id,
        "duration": stored.duration_s,
        "channels": view.channels,
        "turns": [
            [round(turn.start_s, 2), round(turn.end_s, 2), turn.channel, turn.role, word_times(turn)]
            for turn in stored.call.transcript.turns
        ],
        "silences": [
            [round(found.start_s, 2), round(found.end_s, 2)]
            for found in stored.call.signals.silences
            if found.duration_s > SKIPPED_S
        ],
    }


def changed_rows(request: Request, visitor: Visitor, view: CallView, turns: Collection[int]) -> str:
    """The rows of those turns, in templates that the page's script puts in place."""
    rows = transcript_rows(view, only=frozenset(turns)) if turns else ()
    return render(request, visitor, "call_rows.html", rows=rows)


def touched_turns(view: CallView, *, since: int) -> frozenset[int]:
    """Turns that look otherwise because of entries after ``since``."""
    by_id = {review.id: review for review in view.sources.reviews}
    turns = set()
    for review in view.sources.reviews:
        if review.id <= since:
            continue
        said = review.said
        while said.undoes is not None and said.undoes in by_id:
            said = by_id[said.undoes].said
        if said.place.turn is not None:
            turns.add(said.place.turn)
        # A verdict strikes out, or restores, every mark of its hit.
        turns.update(
            piece.found.turn
            for hit in view.hits
            if hit.rule_id == said.rule_id
            for piece in hit.pieces
            if piece.found.turn is not None
        )
    return frozenset(turns)

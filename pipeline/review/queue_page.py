"""Everything that the templates of the queue are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipeline.domain.calls import Role
from pipeline.domain.results import BilingualText
from pipeline.review.queue_query import QueuePlace, QueueQuery, next_page
from pipeline.review.queue_view import filter_buttons, sidebar
from pipeline.review.queue_words import DIRECTION_WORDS, ORDER_WORDS
from pipeline.review.visitor import Visitor
from pipeline.review.wording import SEVERITY_MARKS, SPEAKER_MARKS, SPEAKER_WORDS
from pipeline.store.queue_filter import QueueOrder, QueueStatus
from pipeline.store.queue_listing import QueuePage, list_and_sum, list_queue
from pipeline.store.queue_rows import QueueRow, RowHit, by_time

if TYPE_CHECKING:
    from pipeline.review.app import Desk

RULES_WIDTH = 17.0
"""What the titles of the rules in a row may measure, in Chinese characters; the column is made for it."""
_MARK_WIDTH = 1.9
BEFORE_S = 1.0
"""The key sentence is heard from so long before its words."""
AFTER_S = 0.6
"""And for so long behind them."""


@dataclass(frozen=True, slots=True)
class ShownHits:
    """The rules that a row has room for, and how many more there are."""

    hits: tuple[RowHit, ...]
    more: int


def list_context(desk: "Desk", visitor: Visitor, place: QueuePlace, now: datetime) -> dict[str, Any]:
    """For ``queue_part.html``: the list with its sums, and the filters."""
    query = place.query
    page, sums = list_and_sum(desk.database, query.wanted(visitor.account.id, now), query.order)
    return {
        **_page_context(page, visitor, query, now),
        "sums": sums,
        "buttons": filter_buttons(desk, query, now.date()),
        "next_order": _next_order(query),
        "ORDER_WORDS": ORDER_WORDS,
        "nothing": place.nothing is not None,
    }


def page_context(desk: "Desk", visitor: Visitor, place: QueuePlace, now: datetime) -> dict[str, Any]:
    """For ``queue.html``: the list, and the views with their counts."""
    views = sidebar(desk, visitor.account, place.query, now)
    return {**list_context(desk, visitor, place, now), "views": views}


def rows_context(desk: "Desk", visitor: Visitor, place: QueuePlace, now: datetime) -> dict[str, Any]:
    """For ``queue_rows.html``: one page of rows."""
    query = place.query
    wanted = query.wanted(visitor.account.id, now)
    return _page_context(list_queue(desk.database, wanted, query.order, after=place.cursor), visitor, query, now)


def _page_context(page: QueuePage, visitor: Visitor, query: QueueQuery, now: datetime) -> dict[str, Any]:
    return {
        "query": query,
        "rows": page.rows,
        "more": next_page(query, page.after) if page.after else None,
        "one_day": query.first_day is not None and query.first_day == query.last_day,
        "today": now.date(),
        **marks(visitor.language),
        "ranked": _doubts_first if query.status is QueueStatus.DOUBTFUL else tuple,
    }


def _doubts_first(hits: Sequence[RowHit]) -> tuple[RowHit, ...]:
    """What the list is about comes first: the rules that could not be judged."""
    return tuple(sorted(hits, key=lambda hit: hit.evaluable))


def peek_context(row: QueueRow, visitor: Visitor) -> dict[str, Any]:
    """For ``queue_peek.html``."""
    return {"row": row, "hits": by_time(row.hits), "DIRECTION_WORDS": DIRECTION_WORDS, **marks(visitor.language)}


def marks(language: str) -> Mapping[str, Any]:
    """What the templates ask of a row."""

    def words(text: BilingualText) -> str:
        return text.en if language == "en" else text.zh

    return {
        "QueueStatus": QueueStatus,
        "mark_of": lambda hit: SEVERITY_MARKS[hit.severity] if hit.evaluable else "na",
        "speaker_mark": lambda hit: SPEAKER_MARKS[hit.role],
        "speaker": lambda hit: SPEAKER_WORDS[hit.role] if hit.role is not Role.UNKNOWN else ("", ""),
        "words_of": words,
        "shown": lambda hits: shown_hits(hits, language),
        "in_short": lambda hit: in_short(words(hit.explanation)),
        "heard": lambda hit: (max(0.0, hit.start_s - BEFORE_S), hit.end_s + AFTER_S),
    }


def shown_hits(hits: Sequence[RowHit], language: str) -> ShownHits:
    """The first rules, as many as fit beside each other and at least one.

    A Latin letter is half as wide as a Chinese character.
    """
    left = RULES_WIDTH
    for number, hit in enumerate(hits):
        title = hit.title.en if language == "en" else hit.title.zh
        left -= sum(1.0 if ord(character) > 0x2E7F else 0.53 for character in title) + _MARK_WIDTH
        room_for_rest = 3.5 if number + 1 < len(hits) else 0.0
        if number and left < room_for_rest:
            return ShownHits(tuple(hits[:number]), len(hits) - number)
    return ShownHits(tuple(hits), 0)


def in_short(explanation: str) -> str:
    """The first clause of an explanation, without the limits in brackets.

    >>> in_short("冷场：0:16–0:30 无人说话 14.0 秒（限 10 秒），没有事先请客户等待")
    '0:16–0:30 无人说话 14.0 秒'
    """
    _, colon, rest = explanation.partition("：")
    clause = rest if colon else explanation
    for end in ("（", "，", "；", " (", ", ", "; "):
        clause = clause.partition(end)[0]
    return clause


def _next_order(query: QueueQuery) -> str:
    orders = list(QueueOrder)
    return query.changed(order=orders[(orders.index(query.order) + 1) % len(orders)]).href

"""What the queue's page is made of besides its rows: views, filters as they stand, sums."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pipeline.domain.accounts import Account
from pipeline.domain.results import BilingualText, ErrorClass
from pipeline.review.access import Permission, may
from pipeline.review.queue_query import START, QueueQuery, parsed
from pipeline.review.queue_words import (
    CLASS_WORDS,
    FILTER_KEYS,
    FILTER_WORDS,
    FINISHED_TODAY,
    ME,
    NOBODY,
    SEVERITY_WORDS,
    STATUS_WORDS,
)
from pipeline.review.wording import Words
from pipeline.store.accounts import all_accounts
from pipeline.store.listings import rule_titles
from pipeline.store.queue_filter import QueueStatus
from pipeline.store.queue_listing import queue_counts
from pipeline.store.saved_views import undecided_appeals, views_of

if TYPE_CHECKING:
    from pipeline.review.app import Desk

KEYS = 9
"""Views that a digit opens."""
ESCALATION = "escalation-risk"
"""The rule of the standard pack behind the view of calls that may escalate."""


@dataclass(frozen=True, slots=True)
class View:
    """An entry of the sidebar."""

    name: Words
    href: str
    count: int | None = None
    """Calls in it; ``None`` where they are not counted."""
    current: bool = False
    key: int | None = None
    saved: int | None = None
    """Id of a view that the account saved."""


@dataclass(frozen=True, slots=True)
class Sidebar:
    """The views: before judging, after it, and the account's own."""

    before: tuple[View, ...]
    after: tuple[View, ...]
    own: tuple[View, ...]


@dataclass(frozen=True, slots=True)
class FilterButton:
    """A filter as it stands."""

    name: str
    words: Words
    key: str
    value: Words | None
    """What it is set to; ``None`` where it restricts nothing."""


def local_now(desk: "Desk") -> datetime:
    """The present, in the zone of the desk."""
    return datetime.now(ZoneInfo(desk.settings.timezone))


def sidebar(desk: "Desk", account: Account, query: QueueQuery, now: datetime) -> Sidebar:
    """The views with how many calls are in them."""
    judging = may(account, Permission.JUDGE)
    mine = [(("分给我的", "Assigned to me"), START.changed(who="me"))] if judging else []
    before: list[tuple[Words, QueueQuery]] = [
        (("待复核（全部）", "To review (all)"), START),
        *mine,
        (("合规关键", "Compliance"), START.changed(error_class=ErrorClass.COMPLIANCE_CRITICAL)),
        (("升级风险", "May escalate"), START.changed(rule=ESCALATION)),
        (("无法判定", "Cannot judge"), START.changed(status=QueueStatus.DOUBTFUL)),
    ]
    done = START.changed(status=QueueStatus.DONE, who="me" if judging else None, finished="today")
    after: list[tuple[Words, QueueQuery]] = [(("今日已完成", "Done today"), done)]
    filters = {listed.search: listed.wanted(account.id, now) for _, listed in (*before, *after)}
    counts = queue_counts(desk.database, filters)
    keys = iter(range(1, KEYS + 1))

    def made(name: Words, listed: QueueQuery) -> View:
        return View(name, listed.href, counts[listed.search], _same(listed, query), next(keys))

    first = tuple(made(name, listed) for name, listed in before)
    second = [made(name, listed) for name, listed in after]
    if may(account, Permission.DECIDE_APPEAL):
        waiting = undecided_appeals(desk.database)
        second.append(View(("申诉待裁定", "Appeals to decide"), "/appeals", waiting, key=next(keys)))
    own = []
    for saved in views_of(desk.database, account.id):
        listed = parsed(saved.query)
        href = f"/queue?{saved.query}" if saved.query else "/queue"
        current = listed is not None and listed.search != "" and _same(listed, query)
        own.append(View((saved.name, saved.name), href, None, current, next(keys, None), saved.id))
    return Sidebar(first, tuple(second), tuple(own))


def _same(listed: QueueQuery, query: QueueQuery) -> bool:
    """Whether a view is the list that is shown; in which order it is shown does not matter."""
    return listed.changed(order=query.order) == query


def filter_buttons(desk: "Desk", query: QueueQuery, today: date) -> tuple[FilterButton, ...]:
    """The filters in the order in which they stand."""
    error_class, severity = query.error_class, query.severity
    kinds = [CLASS_WORDS[error_class]] if error_class else []
    kinds += [SEVERITY_WORDS[severity]] if severity else []
    both = (" ".join(zh for zh, _ in kinds), " ".join(en for _, en in kinds)) if kinds else None
    values: dict[str, Words | None] = {
        "date": date_words(query, today),
        "status": FINISHED_TODAY if query.finished else STATUS_WORDS[query.status],
        "rule": rule_words(desk, query.rule) if query.rule else None,
        "class": both,
        "team": _as_is(query.team),
        "agent": _as_is(query.agent),
        "who": who_words(desk, query),
    }
    return tuple(FilterButton(name, words, FILTER_KEYS[name], values[name]) for name, words in FILTER_WORDS.items())


def _as_is(name: str | None) -> Words | None:
    return (name, name) if name else None


def rule_words(desk: "Desk", rule_id: str) -> Words:
    """The rule's title: of the pack in use, else of the newest run that had it, else its id."""
    found = desk.pack.rule(rule_id)
    title = found.title if found else rule_titles(desk.database).get(rule_id, BilingualText(rule_id, rule_id))
    return title.zh, title.en


def who_words(desk: "Desk", query: QueueQuery) -> Words | None:
    """Whose calls are listed; ``None`` for everybody's."""
    if query.who is None:
        return None
    if query.who == "none":
        return NOBODY
    if query.who == "me":
        return ME
    names: Mapping[int, str] = {account.id: account.name for account in all_accounts(desk.database)}
    name = names.get(int(query.who), str(query.who))
    return name, name


def date_words(query: QueueQuery, today: date) -> Words | None:
    """The days that are listed, without what is the same for all; ``None`` for all days."""
    first, last = query.first_day, query.last_day
    if first is None and last is None:
        return None
    if first == last and first is not None:
        return day_words(first, today)
    begin, end = (short(day, today) if day else "" for day in (first, last))
    if not begin:
        return f"至 {end}", f"to {end}"
    return (f"{begin} 至 {end}", f"{begin} to {end}") if end else (f"{begin} 起", f"from {begin}")


def day_words(day: date, today: date) -> Words:
    """A day as people call it."""
    known: dict[date, Words] = {today: ("今天", "today"), today - timedelta(days=1): ("昨天", "yesterday")}
    return known.get(day, (short(day, today), short(day, today)))


def short(day: date, today: date) -> str:
    """Month and day; the year where it is another one."""
    return f"{day:%m-%d}" if day.year == today.year else f"{day:%Y-%m-%d}"

"""The choices that a filter of the queue offers, each with the address of the list it leads to."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from pipeline.domain.accounts import Account
from pipeline.domain.results import Severity
from pipeline.review.access import Permission, may
from pipeline.review.queue_query import QueueQuery
from pipeline.review.queue_view import day_words, rule_words
from pipeline.review.queue_words import CLASS_WORDS, FILTER_WORDS, ME, NOBODY, SEVERITY_WORDS, STATUS_WORDS
from pipeline.review.wording import Words
from pipeline.store.accounts import all_accounts
from pipeline.store.listings import rule_titles
from pipeline.store.queue_filter import QueueOrder, QueueStatus
from pipeline.store.queue_listing import choices, list_queue, open_counts, queue_counts

if TYPE_CHECKING:
    from pipeline.review.app import Desk

DAYS = 7
ANY: Words = ("不限", "Any")


@dataclass(frozen=True, slots=True)
class Option:
    """Something to choose."""

    words: Words
    href: str
    count: int | None = None
    current: bool = False
    also: str = ""
    """What else finds it when typed, such as an id."""


@dataclass(frozen=True, slots=True)
class Menu:
    """The choices of one filter."""

    name: str
    words: Words
    groups: tuple[tuple[Option, ...], ...]
    query: QueueQuery
    """The list as it stands."""


def menu(desk: "Desk", account: Account, query: QueueQuery, name: str, now: datetime) -> Menu:
    """The choices of the filter ``name``, a key of ``FILTER_WORDS``; any of them keeps the other filters."""
    makers = {
        "date": _dates,
        "status": _statuses,
        "rule": _rules,
        "class": _classes,
        "team": _names,
        "agent": _names,
        "who": _people,
    }
    return Menu(name, FILTER_WORDS[name], makers[name](desk, account, query, name, now), query)


Groups = tuple[tuple[Option, ...], ...]


def _dates(desk: "Desk", account: Account, query: QueueQuery, name: str, now: datetime) -> Groups:
    """The newest days that have calls: those of a batch that came late are days ago."""
    today = now.date()
    free = query.changed(first_day=None, last_day=None)
    newest = list_queue(desk.database, free.wanted(account.id, now), QueueOrder.NEWEST, limit=1).rows
    last = today
    if newest and newest[0].started_at is not None:
        last = newest[0].started_at.astimezone(now.tzinfo).date()
    days = [last - timedelta(days=number) for number in range(DAYS)]
    lists = {day.isoformat(): query.changed(first_day=day, last_day=day) for day in days}
    counts = queue_counts(desk.database, {day: listed.wanted(account.id, now) for day, listed in lists.items()})
    single = tuple(
        Option(day_words(day, today), listed.href, counts[key], listed == query, key)
        for day, (key, listed) in zip(days, lists.items(), strict=True)
    )
    spans = tuple(_span(query, today, number) for number in (7, 30))
    return (Option(ANY, free.href, current=free == query), *spans), single


def _span(query: QueueQuery, today: date, days: int) -> Option:
    listed = query.changed(first_day=today - timedelta(days=days - 1), last_day=None)
    return Option((f"最近 {days} 天", f"Last {days} days"), listed.href, current=listed == query)


def _statuses(desk: "Desk", account: Account, query: QueueQuery, name: str, now: datetime) -> Groups:
    lists = {status: query.changed(status=status, finished=None) for status in QueueStatus}
    counts = queue_counts(desk.database, {status: lists[status].wanted(account.id, now) for status in QueueStatus})
    return (
        tuple(
            Option(STATUS_WORDS[status], listed.href, counts[status], listed == query)
            for status, listed in lists.items()
        ),
    )


def _rules(desk: "Desk", account: Account, query: QueueQuery, name: str, now: datetime) -> Groups:
    found = choices(desk.database, query.wanted(account.id, now), "rule")
    titles = {rule.id: (rule.title.zh, rule.title.en) for rule in desk.pack.rules}
    if any(choice.value not in titles for choice in found):
        titles = {rule_id: (title.zh, title.en) for rule_id, title in rule_titles(desk.database).items()} | titles
    options = []
    for choice in found:
        listed = query.changed(rule=choice.value)
        words = titles.get(choice.value, (choice.value, choice.value))
        also = " ".join((*words, choice.value))
        options.append(Option(words, listed.href, choice.count, listed == query, also))
    if query.rule is not None and all(choice.value != query.rule for choice in found):
        options.append(Option(rule_words(desk, query.rule), query.href, 0, current=True, also=query.rule))
    return (_any(query, query.changed(rule=None)),), tuple(options)


def _classes(desk: "Desk", account: Account, query: QueueQuery, name: str, now: datetime) -> Groups:
    """Not counted: the count of every class would take longer than the page itself."""
    return (
        (_any(query, query.changed(error_class=None, severity=None)),),
        tuple(_one(query, CLASS_WORDS[each], query.changed(error_class=each, severity=None)) for each in CLASS_WORDS),
        tuple(_one(query, SEVERITY_WORDS[each], query.changed(severity=each, error_class=None)) for each in Severity),
    )


def _names(desk: "Desk", account: Account, query: QueueQuery, name: str, now: datetime) -> Groups:
    options = []
    for choice in choices(desk.database, query.wanted(account.id, now), name):
        listed = query.changed(**{name: choice.value})
        options.append(Option((choice.value, choice.value), listed.href, choice.count, listed == query))
    return (_any(query, query.changed(**{name: None})),), tuple(options)


def _people(desk: "Desk", account: Account, query: QueueQuery, name: str, now: datetime) -> Groups:
    open_calls = open_counts(desk.database)
    options = [_one(query, ME, query.changed(who="me"), open_calls.get(account.id, 0))]
    options.append(_one(query, NOBODY, query.changed(who="none")))
    for person in reviewers(desk):
        if person.id != account.id:
            listed = query.changed(who=person.id)
            count = open_calls.get(person.id, 0)
            options.append(Option((person.name, person.name), listed.href, count, listed == query, person.login))
    return (_any(query, query.changed(who=None)),), tuple(options)


def reviewers(desk: "Desk") -> list[Account]:
    """Those whom calls can be given to, by name."""
    found = [each for each in all_accounts(desk.database) if each.active and may(each, Permission.JUDGE)]
    return sorted(found, key=lambda each: each.name)


def _any(query: QueueQuery, listed: QueueQuery) -> Option:
    return Option(ANY, listed.href, current=listed == query)


def _one(query: QueueQuery, words: Words, listed: QueueQuery, count: int | None = None) -> Option:
    return Option(words, listed.href, count, listed == query)

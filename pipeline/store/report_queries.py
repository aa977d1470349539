"""What reports are made of. Everything over all calls is counted by the database; calls come one by one only where a
person has finished them, of which there are few.

A call is *evaluated* when a reviewer has finished it. It belongs to the period in which it began, and to the agent,
team, skill and department that its recording names: an agent who changes team has calls in both.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, select

from pipeline.domain.results import BilingualText, ErrorClass, Outcome, RuleHeading, RuleStatus, Severity
from pipeline.domain.reviews import ReviewKind, Verdict
from pipeline.store.call_counts import NEXT, hit_sets, queued
from pipeline.store.database import Database
from pipeline.store.review_tables import review_items, reviews
from pipeline.store.sampling_tables import picks
from pipeline.store.standings import standing_answers, standing_verdicts
from pipeline.store.tables import evaluations, evidence, pack_rules, recordings, rule_results, runs

PAGE = 5_000
"""Calls that are asked for at a time."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which calls a report is about; an empty field does not restrict."""

    team: str | None = None
    agent: str | None = None
    queue: str | None = None

    @property
    def tests(self) -> list[ColumnElement[bool]]:
        """As conditions on ``recordings``."""
        wanted = ((name, getattr(self, name)) for name in ("team", "agent", "queue"))
        return [recordings.c[name] == value for name, value in wanted if value is not None]


@dataclass(frozen=True, slots=True)
class Window:
    """Calls of a scope that began in ``[since, until)``."""

    since: datetime
    until: datetime
    scope: Scope

    @property
    def tests(self) -> list[ColumnElement[bool]]:
        """As conditions on ``recordings``."""
        began = recordings.c.started_at
        return [began >= self.since, began < self.until, *self.scope.tests]


@dataclass(frozen=True)
class Windows:
    """Windows of one scope, none overlapping another, whose calls are counted in one go: `place` tells them apart."""

    each: Sequence[Window]

    @property
    def whole(self) -> Window:
        """From the first to the last."""
        scope = self.each[0].scope
        return Window(min(one.since for one in self.each), max(one.until for one in self.each), scope)

    def place(self, began: ColumnElement[datetime]) -> ColumnElement[int]:
        """The index of the window that holds a call that began then; -1 for one between two windows."""
        inside = [(and_(began >= one.since, began < one.until), place) for place, one in enumerate(self.each)]
        return case(*inside, else_=-1)


@dataclass(frozen=True, slots=True)
class EvaluatedCall:
    """A call that a reviewer has finished."""

    id: str
    name: str
    started_at: datetime
    agent: str | None
    team: str | None
    skill: str | None
    department: str | None
    flagged: bool
    risk: int


@dataclass(frozen=True, slots=True)
class JudgedRule:
    """The verdict that stands on a rule of a call."""

    recording_id: str
    started_at: datetime
    """Of the call."""
    rule_id: str
    verdict: Verdict
    hit: bool
    """The rule hit when the call was judged."""
    start_s: float | None
    """Where a person heard it; ``None`` if nobody said where."""

    @property
    def true(self) -> bool | None:
        """The violation is in the call; ``None`` if nobody is sure."""
        return self.verdict.truth


@dataclass(frozen=True, slots=True)
class Volume:
    """All calls of a window, heard by people or not."""

    calls: int
    checked: int
    """Calls that rules were run on."""
    flagged: int
    evaluated: int
    evaluated_unflagged: int
    drawn: int
    """Evaluated calls that a sampling plan picked."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the database holds of a scope at all."""

    first: datetime | None
    last: datetime | None
    undated: int
    """Calls of which nobody knows when they began; no period holds them."""


def known_calls(database: Database, scope: Scope) -> Known:
    """When the first and the last call of the scope began."""
    began = recordings.c.started_at
    # Each by itself: an index has its ends at hand, and the calls that are not in it.
    first, last = (select(found(began)).where(*scope.tests).scalar_subquery() for found in (func.min, func.max))
    undated = select(func.count()).select_from(recordings).where(began.is_(None), *scope.tests).scalar_subquery()
    with database.reading() as connection:
        first, last, undated = connection.execute(select(first, last, undated)).one()
    return Known(first, last, int(undated or 0))


def volumes(database: Database, windows: Sequence[Window]) -> list[Volume]:
    """Counts over all calls of each window. ``windows``: as in `Windows`."""
    every = Windows(windows)
    tests = every.whole.tests
    place, item_place = (every.place(one.c.started_at).label("place") for one in (recordings, review_items))
    table, item_tests = queued(review_items, tests)
    picked, _ = queued(review_items.join(picks, picks.c.recording_id == review_items.c.recording_id), tests)
    state = (review_items.c.flagged.label("is_flagged"), review_items.c.done.label("is_done"))
    counted = select(item_place, *state, func.count()).select_from(table).where(*item_tests)
    heard = select(item_place, func.count(picks.c.recording_id.distinct())).select_from(picked)
    with database.reading() as connection:
        all_ = select(place, func.count()).select_from(recordings).where(*tests).group_by("place")
        calls = {number: int(count) for number, count in connection.execute(all_)}
        found: dict[int, dict[tuple[bool, bool], int]] = {}
        for number, flagged, done, count in connection.execute(counted.group_by("place", "is_flagged", "is_done")):
            found.setdefault(number, {})[bool(flagged), bool(done)] = count
        heard = heard.where(review_items.c.done, *item_tests).group_by("place")
        drawn = {number: int(count) for number, count in connection.execute(heard)}
    return [
        _volume(calls.get(number, 0), found.get(number, {}), drawn.get(number, 0)) for number in range(len(windows))
    ]


def _volume(calls: int, found: Mapping[tuple[bool, bool], int], drawn: int) -> Volume:
    flagged = sum(count for (is_flagged, _), count in found.items() if is_flagged)
    evaluated = sum(count for (_, done), count in found.items() if done)
    return Volume(calls, sum(found.values()), flagged, evaluated, found.get((False, True), 0), drawn)


def evaluated_calls(database: Database, window: Window) -> list[EvaluatedCall]:
    """The finished calls of the window by start and id."""
    query = (
        select(
            recordings.c.id,
            recordings.c.name,
            recordings.c.started_at,
            recordings.c.agent,
            recordings.c.team,
            recordings.c.skill,
            recordings.c.department,
            review_items.c.flagged,
            review_items.c.risk,
        )
        .join(review_items, review_items.c.recording_id == recordings.c.id)
        .where(review_items.c.done, *window.tests)
        .order_by(recordings.c.started_at, recordings.c.id)
    )
    with database.reading() as connection:
        return [
            EvaluatedCall(
                row.id,
                row.name,
                row.started_at,
                row.agent or None,
                row.team or None,
                row.skill or None,
                row.department,
                bool(row.flagged),
                row.risk,
            )
            for row in connection.execute(query)
        ]


def judged_rules(database: Database, window: Window) -> list[JudgedRule]:
    """Every verdict that stands, on finished calls and on others, by call and rule."""
    return [
        JudgedRule(one.recording_id, one.started_at, one.rule_id, one.verdict, one.outcome == Outcome.HIT, one.start_s)
        for one in standing_verdicts(database, window.tests)
        if one.started_at is not None
    ]


def known_rules(database: Database) -> dict[str, RuleHeading]:
    """Every rule that was ever in a pack, as the newest pack that has it calls it, by id."""
    query = (
        select(pack_rules, func.max(runs.c.started_at).label("newest"))
        .join(runs, runs.c.pack_digest == pack_rules.c.pack_digest)
        .group_by(*pack_rules.c)
        .order_by(func.max(runs.c.started_at), pack_rules.c.rule_id)
    )
    with database.reading() as connection:
        return {
            row.rule_id: RuleHeading(
                row.rule_id,
                BilingualText(row.title_zh, row.title_en),
                Severity(row.severity),
                ErrorClass(row.error_class),
                RuleStatus(row.status),
            )
            for row in connection.execute(query)
        }


@dataclass(frozen=True, slots=True)
class HitCalls:
    """Calls of a window that rules hit."""

    classes: Counter[str]
    """With a hit of an active rule of each error class."""
    rules: Counter[str]
    """Of each rule, rules on trial included."""


def hit_calls(database: Database, windows: Sequence[Window]) -> list[HitCalls]:
    """Calls with hits, window by window. ``windows``: as in `Windows`."""
    every = Windows(windows)
    # A rule's class and status may differ from pack to pack.
    label = rule_results.c.rule_id + " " + rule_results.c.error_class + " " + rule_results.c.status
    which = rule_results.c.status.in_([RuleStatus.ACTIVE, RuleStatus.SHADOW])
    found = [HitCalls(Counter(), Counter()) for _ in windows]
    with database.reading() as connection:
        counted = hit_sets(connection, every.whole.tests, label, which, every.place(review_items.c.started_at))
    for (labels, _, place), calls in counted.items():
        hits = [one.split(" ") for one in labels.split(NEXT)]
        if place >= 0:
            found[place].rules.update(dict.fromkeys((rule for rule, _, _ in hits), calls))
            classes = {error_class for _, error_class, status in hits if status == RuleStatus.ACTIVE}
            found[place].classes.update(dict.fromkeys(classes, calls))
    return found


def first_evidence(database: Database, recording_ids: Sequence[str]) -> dict[tuple[str, str], float]:
    """Where each rule's first piece of evidence begins, in seconds, by call and rule."""
    found: dict[tuple[str, str], float] = {}
    columns = (evidence.c.recording_id, evidence.c.rule_id)
    with database.reading() as connection:
        for ids in _paged(recording_ids):
            query = select(*columns, func.min(evidence.c.start_s)).where(evidence.c.recording_id.in_(ids))
            for recording_id, rule_id, start_s in connection.execute(query.group_by(*columns)):
                found[recording_id, rule_id] = start_s
    return found


@dataclass(frozen=True, slots=True)
class CardInputs:
    """What a call's scorecard follows from; equal inputs give equal scores."""

    outcomes: tuple[tuple[str, str], ...]
    """Rule and outcome where that is not clear, active rules only."""
    pack: str
    answers: tuple[tuple[str, str], ...]
    """Item and answer, as people gave them."""


def card_inputs(database: Database, window: Window, card: str) -> dict[str, CardInputs]:
    """What rules and people say on the card, by finished call. ``card`` is its id and version, such as
    ``default@1``."""
    checked, tests = queued(
        review_items.join(evaluations, evaluations.c.recording_id == review_items.c.recording_id), window.tests
    )
    hits, _ = queued(
        review_items.join(rule_results, rule_results.c.recording_id == review_items.c.recording_id), window.tests
    )
    packs = (
        select(review_items.c.recording_id, runs.c.pack_digest)
        .select_from(checked.join(runs, runs.c.id == evaluations.c.run_id))
        .where(review_items.c.done, *tests)
        .order_by(review_items.c.started_at, review_items.c.recording_id)
    )
    active = rule_results.c.status == RuleStatus.ACTIVE.value
    said = select(rule_results.c.recording_id, rule_results.c.rule_id, rule_results.c.outcome).select_from(hits)
    outcomes: dict[str, list[tuple[str, str]]] = {}
    with database.reading() as connection:
        digests = {row.recording_id: row.pack_digest for row in connection.execute(packs)}
        for call, rule_id, outcome in connection.execute(said.where(review_items.c.done, active, *tests)):
            outcomes.setdefault(call, []).append((rule_id, outcome))
    answers = standing_answers(database, window.tests, card)
    return {
        one: CardInputs(tuple(sorted(outcomes.get(one, ()))), digest, tuple(sorted(answers.get(one, ()))))
        for one, digest in digests.items()
    }


def active_rules(database: Database) -> dict[str, frozenset[str]]:
    """Ids of the active rules of each pack."""
    query = select(pack_rules.c.pack_digest, pack_rules.c.rule_id).where(pack_rules.c.status == RuleStatus.ACTIVE.value)
    found: dict[str, set[str]] = {}
    with database.reading() as connection:
        for digest, rule_id in connection.execute(query):
            found.setdefault(digest, set()).add(rule_id)
    return {digest: frozenset(rules) for digest, rules in found.items()}


def good_examples(database: Database) -> set[str]:
    """Calls in which a person marked a place as a good example, and nothing was undone."""
    undone = select(reviews.c.recording_id).where(reviews.c.kind == ReviewKind.UNDO.value)
    good = and_(reviews.c.kind == ReviewKind.EXAMPLE.value, reviews.c.value == "good")
    query = select(reviews.c.recording_id).where(good, reviews.c.recording_id.not_in(undone))
    with database.reading() as connection:
        return set(connection.execute(query).scalars())


def _paged(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + PAGE] for start in range(0, len(ids), PAGE))

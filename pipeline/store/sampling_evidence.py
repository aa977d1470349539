"""What reviewers said of a period's calls, as what estimates are made of.

Calls that a plan picked or a person spoke of are read, here called *chosen*; of all others only numbers matter, and the
database counts those.
"""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, DateTime, Subquery, func, select, type_coerce, union_all

from pipeline.domain.frames import Column, Flags, Floats, coded
from pipeline.domain.results import BilingualText, ErrorClass, Outcome, RuleStatus
from pipeline.store.call_columns import (
    WEEK,
    MetadataColumn,
    by_start,
    common_offset_min,
    ids_of,
    metadata_column,
    moments_of,
)
from pipeline.store.call_counts import NEXT, Counts, Slice, Tests, call_counts, hit_counts, queue_slice, queued
from pipeline.store.database import Database
from pipeline.store.review_tables import review_items, reviews
from pipeline.store.sampling_frame import within
from pipeline.store.sampling_store import overlapping, weights_of
from pipeline.store.sampling_tables import draws, picks
from pipeline.store.standings import StandingVerdict, finished_calls, standing_verdicts
from pipeline.store.tables import evaluations, pack_rules, rule_results, runs

Truths = NDArray[np.int8]
UNKNOWN = -1
NAMELESS = "—"


@dataclass(frozen=True, slots=True)
class Subject:
    """A rule or an error class. Arrays have one entry a chosen call."""

    id: str
    title: BilingualText
    is_class: bool
    error_class: str
    status: str
    """Of a rule; empty for a class."""
    packs: frozenset[str]
    """Packs with the rule, or with a rule of the class."""
    ran: Flags
    """The call's results come from such a pack."""
    hit_now: Flags
    hit: Flags
    """As it was when the call was judged, else as it is."""
    truth: Truths
    """1, 0, or -1 where nobody has said."""

    @property
    def key(self) -> str:
        """What tells it from all others: a rule may be named as a class is."""
        return f"{'class' if self.is_class else 'rule'} {self.id}"


@dataclass(frozen=True, slots=True)
class Sample:
    """A subject in a slice of the period: what `pipeline.sampling.estimates.figures` takes."""

    hit: Flags
    flagged: Flags
    truth: Truths
    weight: Floats
    """How often a call was picked ÷ how often that was to be expected; not a number if it never was."""
    others: tuple[int, int, int]
    """Calls that are not chosen: hit by the subject, flagged by others only, quiet."""

    @property
    def calls(self) -> int:
        """All calls of the slice that the subject was run on."""
        return len(self.hit) + sum(self.others)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The chosen calls of the period by start and id."""

    ids: tuple[str, ...]
    place: Mapping[str, int]
    """Of each call in the arrays."""
    flagged: Flags
    pack: tuple[str | None, ...]
    slices: Column

    def among(self, wanted: Container[str]) -> Flags:
        """Those that are wanted."""
        return np.array([one in wanted for one in self.ids], dtype=bool)

    def counts(self, inside: Flags) -> Counts:
        """Some of them by pack, whether they are flagged, and slice."""
        found: Counts = Counter()
        for one in np.flatnonzero(inside).tolist():
            found[self.pack[one], bool(self.flagged[one]), self.slices.at(one)] += 1
        return found


@dataclass(frozen=True)
class Evidence:
    """Everything that estimates of a period need."""

    calls: int
    """Evaluated calls of the period, chosen or not."""
    slices: tuple[str, ...]
    """What the period is divided into; one without a name where it is not."""
    divided: bool
    """Some call has a value in the column that divides the period."""
    subjects: tuple[Subject, ...]
    changed: int
    """Verdicts on rules that say something else of the call by now."""
    chosen: Chosen
    weight: Floats
    other_calls: Counts
    """By pack, whether they are flagged, and slice."""
    other_hits: Counts
    """By subject, whether they are flagged, and slice."""

    def sample(self, subject: Subject, slice_: str = "") -> Sample:
        """The subject in one slice."""
        inside = np.flatnonzero(subject.ran & self._members.get(slice_, False))
        flagged, quiet = (sum(self.other_calls[pack, one, slice_] for pack in subject.packs) for one in (True, False))
        hit_flagged, hit_quiet = (self.other_hits[subject.key, one, slice_] for one in (True, False))
        return Sample(
            subject.hit[inside],
            self.chosen.flagged[inside],
            subject.truth[inside],
            self.weight[inside],
            (hit_flagged + hit_quiet, flagged - hit_flagged, quiet - hit_quiet),
        )

    @cached_property
    def _members(self) -> Mapping[str | None, Flags]:
        slices = self.chosen.slices
        return {name: slices.codes == code for code, name in enumerate(slices.values)}


def load_evidence(
    database: Database,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    rules: Sequence[str] = (),
    by: str | None = None,
    scope: Tests = (),
    of_rules: bool = True,
) -> Evidence:
    """What people said of the calls that began in ``[since, until)``, for each error class and rule that ran on them.

    A call that a reviewer is through with has no other violations than those named: what a rule did not hit and nobody
    called missed counts as absent.

    Args:
        rules: only these rules and no class; all where empty.
        by: a metadata column, or ``week``, that divides the period into slices.
        scope: only these calls of the period.
        of_rules: rules are subjects as well, not classes alone.
    """
    tests = [*within(since, until), *scope]
    with database.reading() as connection:
        offset_min = common_offset_min(connection) if by == WEEK else None
        column = None if by is None else metadata_column(by, connection.dialect.name, offset_min=offset_min)
        expression = None if column is None else queue_slice(column.expression)
        calls = call_counts(connection, tests, expression)
        headings = _headings(connection, {pack for pack, _, _ in calls})
        chosen, hit_now = _chosen(connection, _chosen_ids(since, until), tests, expression, column)
        weight = weights_of(connection, chosen.ids, since, until)
        keys = {one.id: f"rule {one.id}" for one in headings if of_rules and (not rules or one.id in rules)}
        names = {one.id: [keys[one.id]] if one.id in keys else [] for one in headings}
        for one in headings:
            if one.status == RuleStatus.ACTIVE and not rules:
                names[one.id].append(f"class {one.error_class}")
        hits = hit_counts(connection, tests, {one: told for one, told in names.items() if told}, expression)
    said: dict[str, list[StandingVerdict]] = {}
    for verdict in standing_verdicts(database, tests):
        said.setdefault(verdict.rule_id, []).append(verdict)
    finished = chosen.among(finished_calls(database, tests))
    found = [_of_rule(one, chosen, hit_now.get(one.id, ()), said.get(one.id, ()), finished) for one in headings]
    classes = [] if rules else _of_classes(found, finished)
    subjects = [*classes, *(one for one in found if one.id in keys)]
    named = _named(calls, column)
    return Evidence(
        calls.total(),
        tuple(sorted({name for _, _, name in named})),
        any(column is not None and column.text(value) is not None for _, _, value in calls),
        tuple(subjects),
        sum(int((one.hit != one.hit_now).sum()) for one in found),
        chosen,
        weight,
        _less(named, chosen.counts(np.ones(len(chosen.ids), dtype=bool))),
        _less(_named(hits, column), _chosen_hits(subjects, chosen)),
    )


def _named(counts: Counts, column: MetadataColumn | None) -> Counts:
    """The same with the names of slices."""
    found: Counts = Counter()
    for (key, flagged, value), number in counts.items():
        found[key, flagged, _slice_name(value, column)] += number
    return found


def _slice_name(value: Any, column: MetadataColumn | None) -> str:
    return "" if column is None else column.text(value) or NAMELESS


def _less(all_: Counts, chosen: Counts) -> Counts:
    left = all_.copy()
    left.subtract(chosen)
    return left


def _chosen_hits(subjects: Sequence[Subject], chosen: Chosen) -> Counts:
    found: Counts = Counter()
    for subject in subjects:
        for (_, flagged, name), number in chosen.counts(subject.hit_now).items():
            found[subject.key, flagged, name] += number
    return found


def _chosen(
    connection: Connection, ids: Subquery, tests: Tests, slice_: Slice, column: MetadataColumn | None
) -> tuple[Chosen, dict[str, list[int]]]:
    """The evaluated calls of the period that a plan picked or a person spoke of; places of those each rule hits."""
    checked = ids.join(review_items, review_items.c.recording_id == ids.c.recording_id)
    checked = checked.outerjoin(evaluations, evaluations.c.recording_id == review_items.c.recording_id)
    table, tests = queued(checked.outerjoin(runs, runs.c.id == evaluations.c.run_id), tests, slice_)
    hits = select(func.aggregate_strings(rule_results.c.rule_id, NEXT)).where(
        rule_results.c.recording_id == review_items.c.recording_id, rule_results.c.outcome == Outcome.HIT.value
    )
    query = (
        select(
            review_items.c.recording_id,
            type_coerce(review_items.c.started_at, DateTime()),
            review_items.c.flagged,
            runs.c.pack_digest,
            hits.scalar_subquery(),
            *([] if slice_ is None else [slice_]),
        )
        .select_from(table)
        .where(*tests)
    )
    rows = connection.execute(query).all()
    order = by_start(moments_of([row[1] for row in rows]), ids_of([row[0] for row in rows])).tolist()
    rows = [rows[position] for position in order]
    names = tuple(row[0] for row in rows)
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        for rule_id in row[4].split(NEXT) if row[4] else ():
            places.setdefault(rule_id, []).append(place)
    chosen = Chosen(
        names,
        {one: place for place, one in enumerate(names)},
        np.array([row[2] for row in rows], dtype=bool),
        tuple(row[3] for row in rows),
        coded([_slice_name(row[-1], column) for row in rows]),
    )
    return chosen, places


def _chosen_ids(since: datetime | None, until: datetime | None) -> Subquery:
    drawn = select(draws.c.id).where(overlapping(since, until))
    both = union_all(
        select(reviews.c.recording_id), select(picks.c.recording_id).where(picks.c.draw_id.in_(drawn))
    ).subquery()
    return select(both.c.recording_id).distinct().subquery()


@dataclass(frozen=True, slots=True)
class _Heading:
    id: str
    title: BilingualText
    error_class: str
    status: str
    packs: frozenset[str]


def _headings(connection: Connection, packs: set[str]) -> list[_Heading]:
    """The rules that ran, each as one of its packs calls it."""
    found: dict[str, _Heading] = {}
    query = select(pack_rules).where(pack_rules.c.pack_digest.in_(packs)).order_by(pack_rules.c.rule_id)
    for row in connection.execute(query):
        known = found.get(row.rule_id)
        inside = frozenset({row.pack_digest}) | (known.packs if known else frozenset())
        title = BilingualText(row.title_zh, row.title_en)
        found[row.rule_id] = _Heading(row.rule_id, title, row.error_class, row.status, inside)
    return [one for one in found.values() if one.status in (RuleStatus.ACTIVE, RuleStatus.SHADOW)]


def _of_rule(
    heading: _Heading, chosen: Chosen, hits: Sequence[int], said: Sequence[StandingVerdict], finished: Flags
) -> Subject:
    """The rule over the chosen calls."""
    hit_now = np.zeros(len(chosen.ids), dtype=bool)
    hit_now[list(hits)] = True
    hit = hit_now.copy()
    judged = [(chosen.place[one.recording_id], one) for one in said if one.recording_id in chosen.place]
    for place, one in judged:
        if one.outcome is not None:
            hit[place] = one.outcome == Outcome.HIT
    truth = np.where(finished & ~hit, 0, UNKNOWN).astype(np.int8)
    for place, one in judged:
        truth[place] = UNKNOWN if one.verdict.truth is None else int(one.verdict.truth)
    ran = np.array([pack in heading.packs for pack in chosen.pack], dtype=bool)
    told = (heading.id, heading.title, False, heading.error_class, heading.status)
    return Subject(*told, heading.packs, ran, hit_now, hit, truth)


CLASS_TITLES = {
    ErrorClass.CUSTOMER_CRITICAL: BilingualText("顾客关键错误", "Customer-critical errors"),
    ErrorClass.BUSINESS_CRITICAL: BilingualText("业务关键错误", "Business-critical errors"),
    ErrorClass.COMPLIANCE_CRITICAL: BilingualText("合规关键错误", "Compliance-critical errors"),
    ErrorClass.NON_CRITICAL: BilingualText("非关键错误", "Non-critical errors"),
    ErrorClass.ALERT: BilingualText("预警", "Alerts"),
}


def _of_classes(rules: Sequence[Subject], finished: Flags) -> list[Subject]:
    """Each class over the chosen calls: hit where an active rule of it is, true where any of its rules is.

    Known where each hit of the class has a verdict and there is one, or a reviewer is through with the call. Calls
    where only some hits have one are left out: those would be known when true, and never when false.
    """
    found = []
    for error_class in ErrorClass:
        inside = [one for one in rules if one.error_class == error_class and one.status == RuleStatus.ACTIVE]
        if not inside:
            continue
        hits, truths = np.array([one.hit for one in inside]), np.array([one.truth for one in inside])
        hit: Flags = np.any(hits, axis=0)
        known = np.all((truths != UNKNOWN) | ~hits, axis=0) & (finished | hit)
        truth = np.where(known, np.any(truths == 1, axis=0), UNKNOWN).astype(np.int8)
        ran: Flags = np.any([one.ran for one in inside], axis=0)
        hit_now: Flags = np.any([one.hit_now for one in inside], axis=0)
        packs = frozenset[str]().union(*(one.packs for one in inside))
        title = CLASS_TITLES[error_class]
        found.append(Subject(error_class, title, True, error_class, "", packs, ran, hit_now, hit, truth))
    return found

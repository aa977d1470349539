"""What reviewers said of a period's calls, as the arrays that estimates are made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, select

from pipeline.domain.results import BilingualText, ErrorClass, Outcome, RuleStatus
from pipeline.domain.reviews import Standing, Verdict, standing_of
from pipeline.domain.sampling import FrameCall
from pipeline.store.database import Database
from pipeline.store.review_tables import reviews
from pipeline.store.reviews import reviews_of
from pipeline.store.sampling_frame import load_frame, within
from pipeline.store.sampling_store import weights_of
from pipeline.store.tables import evaluations, pack_rules, recordings, rule_results, runs

Flags = NDArray[np.bool_]
Truths = NDArray[np.int8]
UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Subject:
    """A rule or an error class over the calls of a period; arrays have one entry a call."""

    id: str
    title: BilingualText
    is_class: bool
    error_class: str
    status: str
    """Of a rule; empty for a class."""
    ran: Flags
    """The rule, or a rule of the class, was run on the call."""
    hit: Flags
    """As it was when the call was judged, else as it is."""
    truth: Truths
    """1, 0, or -1 where nobody has said."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that estimates of a period need."""

    calls: tuple[FrameCall, ...]
    flagged: Flags
    weight: NDArray[np.float64]
    """How often a call was picked ÷ how often that was to be expected; not a number if it never was."""
    subjects: tuple[Subject, ...]
    changed: int
    """Verdicts on rules that say something else of the call by now."""

    def groups(self, name: Callable[[FrameCall], str]) -> dict[str, Flags]:
        """The calls of each group, such as a week or a team, by its name."""
        names = np.array([name(call) for call in self.calls], dtype=object)
        return {str(one): names == one for one in sorted(set(names))}


def load_evidence(
    database: Database, *, since: datetime | None = None, until: datetime | None = None, rules: Sequence[str] = ()
) -> Evidence:
    """What people said of the calls that began in ``[since, until)``, for each error class and rule that ran on them.

    A call that a reviewer is through with has no other violations than those named: what a rule did not hit and nobody
    called missed counts as absent.

    Args:
        rules: only these rules and no class; all where empty.
    """
    frame = load_frame(database, since=since, until=until, to_draw=False)
    position = {call.id: place for place, call in enumerate(frame.calls)}
    with database.reading() as connection:
        weight = weights_of(connection, list(position), since, until)
        packs = _packs(connection, position, since, until)
        hits = _hits(connection, position, since, until)
        judged = _judged(connection, since, until)
        headings = _headings(connection, set(packs))
    standings = {
        position[recording_id]: standing_of(entries)
        for recording_id, entries in reviews_of(database, [one for one in judged if one in position]).items()
    }
    changed = 0
    found: list[Subject] = []
    for heading in headings.values():
        ran = _ran(heading, packs, len(position))
        if ran.any():
            subject, differing = _of_rule(heading, ran, hits.get(heading.id, []), standings)
            changed += differing
            found.append(subject)
    classes = [one for one in map(_of_class_in(found, standings), ErrorClass) if one is not None]
    wanted = [one for one in found if one.id in rules] if rules else [*classes, *found]
    flagged = np.array([call.flagged for call in frame.calls], dtype=bool)
    return Evidence(frame.calls, flagged, weight, tuple(wanted), changed)


@dataclass(frozen=True, slots=True)
class _Heading:
    id: str
    title: BilingualText
    error_class: str
    status: str
    packs: frozenset[str]


def _packs(
    connection: Connection, position: Mapping[str, int], since: datetime | None, until: datetime | None
) -> dict[str, list[int]]:
    """Positions of the calls by the pack that their results come from."""
    query = (
        select(evaluations.c.recording_id, runs.c.pack_digest)
        .join(runs, runs.c.id == evaluations.c.run_id)
        .join(recordings, recordings.c.id == evaluations.c.recording_id)
        .where(*within(since, until))
    )
    found: dict[str, list[int]] = {}
    for recording_id, digest in connection.execute(query):
        if recording_id in position:
            found.setdefault(digest, []).append(position[recording_id])
    return found


def _hits(
    connection: Connection, position: Mapping[str, int], since: datetime | None, until: datetime | None
) -> dict[str, list[int]]:
    """Positions of the calls that each rule hits now."""
    query = (
        select(rule_results.c.rule_id, rule_results.c.recording_id)
        .join(recordings, recordings.c.id == rule_results.c.recording_id)
        .where(rule_results.c.outcome == Outcome.HIT.value, *within(since, until))
    )
    found: dict[str, list[int]] = {}
    for rule_id, recording_id in connection.execute(query):
        if recording_id in position:
            found.setdefault(rule_id, []).append(position[recording_id])
    return found


def _judged(connection: Connection, since: datetime | None, until: datetime | None) -> list[str]:
    """Calls of the period with any entry."""
    spoken_of = select(reviews.c.recording_id)
    query = select(recordings.c.id).where(and_(recordings.c.id.in_(spoken_of), *within(since, until)))
    return list(connection.execute(query.order_by(recordings.c.id)).scalars())


def _headings(connection: Connection, packs: set[str]) -> dict[str, _Heading]:
    """The rules of the packs by id, each as one of its packs calls it."""
    found: dict[str, _Heading] = {}
    query = select(pack_rules).where(pack_rules.c.pack_digest.in_(packs)).order_by(pack_rules.c.rule_id)
    for row in connection.execute(query):
        known = found.get(row.rule_id)
        inside = frozenset({row.pack_digest}) | (known.packs if known else frozenset())
        title = BilingualText(row.title_zh, row.title_en)
        found[row.rule_id] = _Heading(row.rule_id, title, row.error_class, row.status, inside)
    return found


def _ran(heading: _Heading, packs: Mapping[str, list[int]], calls: int) -> Flags:
    ran = np.zeros(calls, dtype=bool)
    for digest in heading.packs:
        ran[packs.get(digest, [])] = True
    return ran if heading.status in (RuleStatus.ACTIVE, RuleStatus.SHADOW) else np.zeros(calls, dtype=bool)


def _of_rule(
    heading: _Heading, ran: Flags, hits: Sequence[int], standings: Mapping[int, Standing]
) -> tuple[Subject, int]:
    """The rule over the calls, and verdicts on what it says no more."""
    hit = np.zeros(len(ran), dtype=bool)
    hit[hits] = True
    truth = np.full(len(ran), UNKNOWN, dtype=np.int8)
    changed = 0
    for place, standing in standings.items():
        entry = standing.verdicts.get(heading.id)
        verdict = entry.said.verdict if entry is not None else None
        if entry is not None and entry.outcome is not None:
            hit_then = entry.outcome == Outcome.HIT
            changed += int(hit_then != hit[place])
            hit[place] = hit_then
        if verdict is not None:
            truth[place] = _number(verdict)
        elif standing.finished is not None and not hit[place]:
            truth[place] = 0
    return Subject(heading.id, heading.title, False, heading.error_class, heading.status, ran, hit, truth), changed


def _number(verdict: Verdict) -> int:
    return UNKNOWN if verdict.truth is None else int(verdict.truth)


CLASS_TITLES = {
    ErrorClass.CUSTOMER_CRITICAL: BilingualText("顾客关键错误", "Customer-critical errors"),
    ErrorClass.BUSINESS_CRITICAL: BilingualText("业务关键错误", "Business-critical errors"),
    ErrorClass.COMPLIANCE_CRITICAL: BilingualText("合规关键错误", "Compliance-critical errors"),
    ErrorClass.NON_CRITICAL: BilingualText("非关键错误", "Non-critical errors"),
    ErrorClass.ALERT: BilingualText("预警", "Alerts"),
}


def _of_class_in(rules: Sequence[Subject], standings: Mapping[int, Standing]) -> Callable[[ErrorClass], Subject | None]:
    """The class over the calls: hit where an active rule of it is, true where any of its rules is.

    Known where each hit of the class has a verdict and there is one, or a reviewer is through with the call. Calls
    where only some hits have one are left out: those would be known when true, and never when false.
    """

    def of_class(error_class: ErrorClass) -> Subject | None:
        inside = [one for one in rules if one.error_class == error_class and one.status == RuleStatus.ACTIVE]
        if not inside:
            return None
        hits, truths = np.array([one.hit for one in inside]), np.array([one.truth for one in inside])
        finished = np.zeros(hits.shape[1], dtype=bool)
        finished[[place for place, standing in standings.items() if standing.finished is not None]] = True
        hit: Flags = np.any(hits, axis=0)
        known = np.all((truths != UNKNOWN) | ~hits, axis=0) & (finished | hit)
        truth = np.where(known, np.any(truths == 1, axis=0), UNKNOWN).astype(np.int8)
        ran: Flags = np.any([one.ran for one in inside], axis=0)
        return Subject(error_class, CLASS_TITLES[error_class], True, error_class, "", ran, hit, truth)

    return of_class

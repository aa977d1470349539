"""What picks and verdicts of a window say of error classes, as the arrays that estimates are made of.

The same as `pipeline.store.sampling_evidence`, of which `earmark sample estimate` tells; here for classes alone, and
in a form that a month of calls passes through in a second.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from pipeline.domain.results import Outcome, RuleHeading, RuleStatus
from pipeline.store.database import Database
from pipeline.store.report_queries import JudgedRule, Window
from pipeline.store.review_tables import review_items
from pipeline.store.sampling_store import weights_of
from pipeline.store.tables import recordings, rule_results


@dataclass(frozen=True, slots=True)
class ClassSample:
    """An error class over the calls of a window; one entry a call."""

    error_class: str
    hit: NDArray[np.bool_]
    """An active rule of the class hits, as it was when the call was judged."""
    flagged: NDArray[np.bool_]
    truth: NDArray[np.int8]
    """1, 0, or -1 where nobody has said."""
    weight: NDArray[np.float64]
    """1 ÷ chance of a call that was drawn; not a number for others."""


def class_samples(
    database: Database, window: Window, judged: Sequence[JudgedRule], rules: Mapping[str, RuleHeading]
) -> Iterator[ClassSample]:
    """Every class that an active rule listens for, over the calls of the window that rules were run on."""
    calls = (
        select(recordings.c.id, review_items.c.flagged, review_items.c.done)
        .join(review_items, review_items.c.recording_id == recordings.c.id)
        .where(*window.tests)
        .order_by(recordings.c.id)
    )
    hits = (
        select(rule_results.c.recording_id, rule_results.c.rule_id)
        .join(recordings, recordings.c.id == rule_results.c.recording_id)
        .where(rule_results.c.outcome == Outcome.HIT.value, *window.tests)
    )
    with database.reading() as connection:
        rows = connection.execute(calls).all()
        position = {row.id: place for place, row in enumerate(rows)}
        weight = weights_of(connection, list(position), window.since, window.until)
        found: dict[str, set[int]] = {}
        for recording_id, rule_id in connection.execute(hits):
            if recording_id in position:
                found.setdefault(rule_id, set()).add(position[recording_id])
    flagged = np.array([row.flagged for row in rows], dtype=bool)
    finished = np.array([row.done for row in rows], dtype=bool)
    said: dict[str, list[tuple[int, JudgedRule]]] = {}
    for one in judged:
        if one.recording_id in position:
            said.setdefault(one.rule_id, []).append((position[one.recording_id], one))
    active = [rule for rule in rules.values() if rule.status is RuleStatus.ACTIVE]
    for error_class in dict.fromkeys(rule.error_class for rule in active):
        mine = [rule.id for rule in active if rule.error_class is error_class]
        each = [_rule(len(rows), found.get(rule, set()), said.get(rule, ()), finished) for rule in mine]
        hit = np.any([one for one, _ in each], axis=0)
        truths = np.array([truth for _, truth in each])
        # As in sampling: known where each hit has a verdict, and there is one or a reviewer is through with the call.
        known = np.all((truths != -1) | ~np.array([one for one, _ in each]), axis=0) & (finished | hit)
        truth = np.where(known, np.any(truths == 1, axis=0), -1).astype(np.int8)
        yield ClassSample(error_class.value, hit, flagged, truth, weight)


def _rule(
    calls: int, hits: set[int], said: Sequence[tuple[int, JudgedRule]], finished: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.int8]]:
    """Where the rule hits, and what people say of it."""
    hit = np.zeros(calls, dtype=bool)
    hit[list(hits)] = True
    for place, one in said:
        hit[place] = one.hit
    truth = np.where(finished & ~hit, 0, -1).astype(np.int8)
    for place, one in said:
        truth[place] = -1 if one.true is None else int(one.true)
    return hit, truth

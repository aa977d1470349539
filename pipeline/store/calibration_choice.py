"""Choosing the calls of a calibration session."""

import hashlib
import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, select

from pipeline.domain.errors import StoreError
from pipeline.domain.results import BilingualText, Outcome, RuleStatus
from pipeline.store.database import Database
from pipeline.store.sampling_tables import picks
from pipeline.store.tables import evaluations, evidence, rule_results


def random_calls(database: Database, n: int, seed: int) -> list[str]:
    """Ids of ``n`` evaluated calls, or of all if there are fewer; the same seed chooses the same.

    Each call has its own lot, made of seed and id: a call that comes later pushes out at most one.
    """
    with database.reading() as connection:
        ids = connection.execute(select(evaluations.c.recording_id)).scalars()
        return heapq.nsmallest(n, ids, key=lambda one: hashlib.blake2b(f"{seed}/{one}".encode()).digest())


def doubtful_calls(database: Database, n: int, rules: Sequence[str] | None = None) -> list[str]:
    """Ids of the ``n`` calls whose rules are the least sure, the most doubtful first.

    A rule is the less sure the nearer the confidence of its surest piece of evidence is to ½; one that could not judge
    the call comes before all.

    Args:
        database: where the calls are.
        n: how many.
        rules: only these rules; all active ones if ``None``.
    """
    wanted: ColumnElement[bool] = (
        rule_results.c.status == RuleStatus.ACTIVE.value if rules is None else rule_results.c.rule_id.in_(rules)
    )
    surest = (
        select(
            rule_results.c.recording_id,
            case(
                (rule_results.c.outcome == Outcome.NOT_EVALUABLE.value, -1.0),
                else_=func.abs(func.max(evidence.c.confidence) - 0.5),
            ).label("doubt"),
        )
        .outerjoin(
            evidence,
            (evidence.c.recording_id == rule_results.c.recording_id) & (evidence.c.rule_id == rule_results.c.rule_id),
        )
        .where(wanted, rule_results.c.outcome.in_((Outcome.HIT.value, Outcome.NOT_EVALUABLE.value)))
        .group_by(rule_results.c.recording_id, rule_results.c.rule_id, rule_results.c.outcome)
        .subquery()
    )
    query = (
        select(surest.c.recording_id)
        .where(surest.c.doubt.is_not(None))
        .group_by(surest.c.recording_id)
        .order_by(func.min(surest.c.doubt), surest.c.recording_id)
        .limit(n)
    )
    with database.reading() as connection:
        return list(connection.execute(query).scalars())


def drawn_calls(database: Database, draw_id: int, part: str | None = None) -> list[str]:
    """Ids of the calls that a sampling draw has picked, or one part of its plan.

    Raises:
        StoreError: the draw has picked none, or there is no such draw.
    """
    query = select(picks.c.recording_id).distinct().where(picks.c.draw_id == draw_id)
    if part is not None:
        query = query.where(picks.c.part == part)
    with database.reading() as connection:
        found = list(connection.execute(query.order_by(picks.c.recording_id)).scalars())
    if not found:
        named = f"draw {draw_id}" if part is None else f"part {part!r} of draw {draw_id}"
        raise StoreError(f"{named} has no calls: `earmark sample show --list` names the draws")
    return found


@dataclass(frozen=True, slots=True)
class Choice:
    """Which calls a session is to have: one way is given."""

    calls: Sequence[str] = ()
    """Ids."""
    draw: int | None = None
    part: str | None = None
    random: int | None = None
    doubtful: int | None = None
    seed: int = 1


def chosen(database: Database, choice: Choice, rules: Sequence[str] | None = None) -> tuple[list[str], BilingualText]:
    """Ids of the calls in the order in which they are judged, and in words how they were chosen.

    Raises:
        StoreError: the way chooses none, or a call was not evaluated: there is nothing to judge on it.
    """
    if choice.draw is not None:
        calls = drawn_calls(database, choice.draw, choice.part)
        part = f" {choice.part}" if choice.part else ""
        words = BilingualText(f"第 {choice.draw} 次抽样{part}", f"draw {choice.draw}{part}")
    elif choice.random is not None:
        calls = random_calls(database, choice.random, choice.seed)
        words = BilingualText(
            f"随机 {len(calls)} 通，种子 {choice.seed}", f"{len(calls)} at random, seed {choice.seed}"
        )
    elif choice.doubtful is not None:
        calls = doubtful_calls(database, choice.doubtful, rules or None)
        words = BilingualText(f"规则最没把握的 {len(calls)} 通", f"the {len(calls)} that rules are least sure of")
    else:
        calls = list(dict.fromkeys(choice.calls))
        words = BilingualText(f"点名 {len(calls)} 通", f"{len(calls)} by name")
    checked = evaluated(database, calls)
    missing = [one for one in calls if one not in checked]
    if missing:
        named = ", ".join(one[:12] for one in missing[:5])
        raise StoreError(f"{len(missing)} calls were not evaluated, there is nothing to judge on them: {named}")
    if not calls:
        raise StoreError("no call was chosen: `earmark calls` lists what is there")
    return calls, words


def evaluated(database: Database, recording_ids: Sequence[str]) -> set[str]:
    """Those of the calls that rules have checked: only they have anything to judge."""
    found: set[str] = set()
    with database.reading() as connection:
        for start in range(0, len(recording_ids), 500):
            ids = recording_ids[start : start + 500]
            query = select(evaluations.c.recording_id).where(evaluations.c.recording_id.in_(ids))
            found.update(connection.execute(query).scalars())
    return found

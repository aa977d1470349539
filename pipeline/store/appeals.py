"""Appeals against verdicts: opened by those who are judged, decided by somebody who did not judge."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, case, exists, func, null, select, update

from pipeline.domain.accounts import Account
from pipeline.domain.appeals import Appeal, AppealFault, AppealOutcome, AppealRefusedError
from pipeline.domain.reviews import NewReview, Review, ReviewKind, Verdict
from pipeline.store.accounts import audit_in
from pipeline.store.database import Database
from pipeline.store.review_tables import accounts, appeals, review_items, reviews
from pipeline.store.reviews import add_review_to, standing_in
from pipeline.store.tables import recordings

LONGEST = 2000
"""Characters of a reason or an answer."""


@dataclass(frozen=True, slots=True)
class AppealCount:
    """What became of appeals about one thing: a rule, or the verdicts of a reviewer."""

    name: str
    """Rule id, or name of the reviewer."""
    upheld: int
    overturned: int
    undecided: int

    @property
    def decided(self) -> int:
        """Appeals with an outcome."""
        return self.upheld + self.overturned


@dataclass(frozen=True, slots=True)
class ListedAppeal:
    """An appeal with what a list shows of its call."""

    appeal: Appeal
    recording: str
    """File name."""
    agent: str | None
    team: str | None
    own: bool
    """Whoever asks may not decide it: they judged the rule on this call, or opened the appeal."""


def open_appeal(
    database: Database,
    recording_id: str,
    rule_id: str,
    account: Account,
    reason: str,
    *,
    within: timedelta,
    address: str = "",
    now: datetime | None = None,
) -> Appeal:
    """The appeal against the standing verdict on a rule, as stored.

    Args:
        database: where to store it.
        recording_id: the call. Whether the account may see it is for the caller to check.
        rule_id: the rule whose verdict is appealed.
        account: who appeals.
        reason: in words.
        within: how long after the verdict it may be appealed.
        address: where they do it, for the audit log.
        now: the moment, for tests.

    Raises:
        AppealRefusedError: no verdict against the rule stands, it is too late, or was appealed before.
    """
    now = now or datetime.now(UTC)
    reason = reason.strip()[:LONGEST]
    if not reason:
        raise AppealRefusedError(AppealFault.NO_REASON)
    with database.writing() as connection:
        _lock(connection, recording_id)
        verdict = standing_in(connection, recording_id).verdicts.get(rule_id)
        if verdict is None or not _stands(verdict):
            raise AppealRefusedError(AppealFault.UNJUDGED)
        before = connection.execute(
            select(appeals.c.decided_at, appeals.c.review_id).where(
                appeals.c.recording_id == recording_id, appeals.c.rule_id == rule_id
            )
        ).all()
        if any(row.decided_at is None for row in before):
            raise AppealRefusedError(AppealFault.OPEN)
        if any(row.review_id == verdict.id for row in before):
            raise AppealRefusedError(AppealFault.ANSWERED)
        if now > verdict.at + within:
            raise AppealRefusedError(AppealFault.LATE)
        added = connection.execute(
            appeals.insert().values(
                recording_id=recording_id,
                rule_id=rule_id,
                review_id=verdict.id,
                opened_by=account.id,
                opened_at=now,
                reason=reason,
            )
        ).inserted_primary_key
        assert added is not None
        _note(connection, account, "appeal", recording_id, {"appeal": added[0], "rule": rule_id}, address)
        return _appeal(connection.execute(select(appeals).where(appeals.c.id == added[0])).one())


def decide(
    database: Database,
    appeal_id: int,
    account: Account,
    outcome: AppealOutcome,
    answer: str,
    *,
    address: str = "",
    now: datetime | None = None,
) -> Appeal:
    """The appeal with its decision. Overturning adds the opposite verdict in the same transaction.

    Raises:
        AppealRefusedError: there is no such appeal, somebody else has decided it, or the account judged or opened it.
    """
    now = now or datetime.now(UTC)
    answer = answer.strip()[:LONGEST]
    if not answer:
        raise AppealRefusedError(AppealFault.NO_REASON)
    with database.writing() as connection:
        row = connection.execute(select(appeals).where(appeals.c.id == appeal_id).with_for_update()).one_or_none()
        if row is None:
            raise AppealRefusedError(AppealFault.UNKNOWN)
        if row.decided_at is not None:
            raise AppealRefusedError(AppealFault.DECIDED)
        if account.id in _part_of(connection, row):
            raise AppealRefusedError(AppealFault.OWN)
        _lock(connection, row.recording_id)
        verdict = standing_in(connection, row.recording_id).verdicts.get(row.rule_id)
        stands = verdict is not None and _stands(verdict)
        if outcome == AppealOutcome.UPHELD and not stands:
            raise AppealRefusedError(AppealFault.WITHDRAWN)
        if outcome == AppealOutcome.OVERTURNED and stands:
            assert verdict is not None
            add_review_to(connection, _overturning(row, verdict, account.id, answer), now=now)
        connection.execute(
            update(appeals)
            .where(appeals.c.id == appeal_id)
            .values(decided_by=account.id, decided_at=now, outcome=outcome.value, answer=answer)
        )
        detail = {"appeal": appeal_id, "rule": row.rule_id, "outcome": outcome.value}
        _note(connection, account, "decide", row.recording_id, detail, address)
        return _appeal(connection.execute(select(appeals).where(appeals.c.id == appeal_id)).one())


def _note(
    connection: Connection, account: Account, action: str, recording_id: str, detail: Mapping[str, object], address: str
) -> None:
    audit_in(connection, account=account, action=action, recording_id=recording_id, detail=detail, address=address)


def _stands(verdict: Review) -> bool:
    """Whether a verdict says that the agent did what the rule forbids: only that is worth an appeal."""
    return verdict.said.verdict is not None and verdict.said.verdict.truth is True


def _overturning(row: Row[Any], verdict: Review, account_id: int, answer: str) -> NewReview:
    # What a rule had not hit was no false hit: the opposite of "missed" is "rightly not hit".
    opposite = Verdict.ABSENT if verdict.said.verdict == Verdict.MISSED else Verdict.REJECTED
    return NewReview(
        recording_id=row.recording_id,
        kind=ReviewKind.VERDICT,
        account_id=account_id,
        # No page may send a colon in a key: nobody can have used this one up.
        key=f"appeal:{row.id}",
        rule_id=row.rule_id,
        verdict=opposite,
        text=answer,
    )


def _lock(connection: Connection, recording_id: str) -> None:
    """Lets one appeal at a time look at a call; SQLite's writers wait for each other anyway."""
    connection.execute(select(recordings.c.id).where(recordings.c.id == recording_id).with_for_update())


def _part_of(connection: Connection, row: Row[Any]) -> set[int]:
    """Who may not decide: whoever gave a verdict on the rule in this call, and who appealed."""
    judged = select(reviews.c.account_id).where(
        reviews.c.recording_id == row.recording_id,
        reviews.c.rule_id == row.rule_id,
        reviews.c.kind == ReviewKind.VERDICT.value,
    )
    return {row.opened_by, *connection.execute(judged).scalars()}


def find_appeal(database: Database, appeal_id: int, account_id: int) -> ListedAppeal | None:
    """One appeal as ``account_id`` may see it; ``None`` where there is none."""
    with database.reading() as connection:
        row = connection.execute(_listed(account_id).where(appeals.c.id == appeal_id)).one_or_none()
    return None if row is None else _listed_appeal(row)


def undecided(database: Database, account_id: int, *, limit: int, offset: int = 0) -> list[ListedAppeal]:
    """Appeals that wait for a decision, the oldest first."""
    query = _listed(account_id).where(appeals.c.decided_at.is_(None)).order_by(appeals.c.opened_at, appeals.c.id)
    with database.reading() as connection:
        return [_listed_appeal(row) for row in connection.execute(query.limit(limit).offset(offset))]


def is_appealed(database: Database, recording_id: str) -> bool:
    """Whether an appeal about the call waits for a decision."""
    query = select(appeal_waits(recording_id))
    with database.reading() as connection:
        return bool(connection.execute(query).scalar())


def unless_appealed(name: ColumnElement[str]) -> ColumnElement[str | None]:
    """A name in a query over ``review_items``, null while an appeal about the call waits for a decision.

    Whoever decides is not to know who judged.
    """
    return case((~appeal_waits(review_items.c.recording_id), name), else_=null())


def appeal_waits(recording_id: ColumnElement[str] | str) -> ColumnElement[bool]:
    """The condition that an appeal about the call waits for a decision."""
    return exists().where(appeals.c.recording_id == recording_id, appeals.c.decided_at.is_(None))


def count_undecided(database: Database) -> int:
    """How many appeals wait for a decision."""
    query = select(func.count()).select_from(appeals).where(appeals.c.decided_at.is_(None))
    with database.reading() as connection:
        return connection.execute(query).scalar_one()


def appeals_of(database: Database, recording_ids: list[str]) -> dict[str, list[Appeal]]:
    """The appeals of each call, oldest first; calls without any are absent."""
    found: dict[str, list[Appeal]] = {}
    query = select(appeals).where(appeals.c.recording_id.in_(recording_ids)).order_by(appeals.c.id)
    with database.reading() as connection:
        for row in connection.execute(query):
            found.setdefault(row.recording_id, []).append(_appeal(row))
    return found


def counts_by_rule(database: Database) -> list[AppealCount]:
    """What became of the appeals about each rule, by rule id."""
    query = select(appeals.c.rule_id.label("name"), *_tally()).group_by(appeals.c.rule_id).order_by(appeals.c.rule_id)
    return _counts(database, query)


def counts_by_reviewer(database: Database) -> list[AppealCount]:
    """What became of the appeals against each reviewer's verdicts, by name; of decided ones alone.

    An open appeal would tell whose verdict it is, and whoever sees these counts may be the one to decide it.
    """
    query = (
        select(func.min(accounts.c.name).label("name"), *_tally())
        .select_from(appeals)
        .join(reviews, reviews.c.id == appeals.c.review_id)
        .join(accounts, accounts.c.id == reviews.c.account_id)
        .where(appeals.c.decided_at.is_not(None))
        .group_by(accounts.c.id)
        .order_by(func.min(accounts.c.name))
    )
    return _counts(database, query)


def _tally() -> list[Any]:
    return [
        func.sum(case((condition, 1), else_=0)).label(name)
        for name, condition in (
            ("upheld", appeals.c.outcome == AppealOutcome.UPHELD.value),
            ("overturned", appeals.c.outcome == AppealOutcome.OVERTURNED.value),
            ("undecided", appeals.c.decided_at.is_(None)),
        )
    ]


def _counts(database: Database, query: Select[Any]) -> list[AppealCount]:
    with database.reading() as connection:
        rows = connection.execute(query).all()
    return [AppealCount(row.name, row.upheld, row.overturned, row.undecided) for row in rows]


def _listed(account_id: int) -> Select[Any]:
    judged = (
        select(reviews.c.id)
        .where(
            reviews.c.recording_id == appeals.c.recording_id,
            reviews.c.rule_id == appeals.c.rule_id,
            reviews.c.kind == ReviewKind.VERDICT.value,
            reviews.c.account_id == account_id,
        )
        .exists()
    )
    own = case((appeals.c.opened_by == account_id, 1), (judged, 1), else_=0).label("own")
    return select(appeals, recordings.c.name.label("recording"), recordings.c.agent, recordings.c.team, own).join(
        recordings, recordings.c.id == appeals.c.recording_id
    )


def _listed_appeal(row: Row[Any]) -> ListedAppeal:
    return ListedAppeal(_appeal(row), row.recording, row.agent, row.team, bool(row.own))


def _appeal(row: Row[Any]) -> Appeal:
    return Appeal(
        id=row.id,
        recording_id=row.recording_id,
        rule_id=row.rule_id,
        review_id=row.review_id,
        opened_at=row.opened_at,
        reason=row.reason,
        outcome=AppealOutcome(row.outcome) if row.outcome else None,
        decided_at=row.decided_at,
        answer=row.answer,
    )

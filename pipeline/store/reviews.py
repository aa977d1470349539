"""What people said of calls: added, never changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, and_, select
from sqlalchemy.exc import IntegrityError

from pipeline.domain.calls import Role
from pipeline.domain.errors import StoreError
from pipeline.domain.results import Outcome
from pipeline.domain.reviews import (
    NewReview,
    Place,
    RejectReason,
    Review,
    ReviewKind,
    Standing,
    Verdict,
    standing_of,
)
from pipeline.store.database import Database
from pipeline.store.review_tables import accounts, reviews
from pipeline.store.tables import evaluations, rule_results, transcripts


def add_review(database: Database, new: NewReview, *, now: datetime | None = None) -> Review:
    """The entry as it was stored; where one with the same account and key is there already, that one.

    Raises:
        StoreError: there is no such call, or the entry undoes one that is not of this call.
    """
    with database.writing() as connection:
        return add_review_to(connection, new, now=now)


def add_review_to(connection: Connection, new: NewReview, *, now: datetime | None = None) -> Review:
    """As `add_review`, in a transaction that is under way."""
    sent_before = _select().where(reviews.c.account_id == new.account_id, reviews.c.key == new.key)
    known = connection.execute(sent_before).mappings().first()
    if known is not None:
        return review_of(known)
    if new.undoes is not None:
        _check_undone(connection, new)
    outcome, run_id = outcome_of(connection, new)
    row = {**row_of(new), "at": now or datetime.now(UTC), "outcome": outcome, "run_id": run_id}
    try:
        with connection.begin_nested():
            added = connection.execute(reviews.insert().values(row)).inserted_primary_key
    except IntegrityError as error:
        # Two connections may send the same entry at once: PostgreSQL lets the second find out only here.
        known = connection.execute(sent_before).mappings().first()
        if known is None:
            raise StoreError(f"call {new.recording_id[:12]} is not in the database: {error.orig}") from error
        return review_of(known)
    assert added is not None
    return review_of(connection.execute(_select().where(reviews.c.id == added[0])).mappings().one())


def reviews_of(database: Database, recording_ids: Sequence[str]) -> dict[str, tuple[Review, ...]]:
    """The entries of each call, oldest first; a call that nobody judged is absent."""
    found: dict[str, list[Review]] = {}
    with database.reading() as connection:
        for start in range(0, len(recording_ids), 500):
            query = _select().where(reviews.c.recording_id.in_(recording_ids[start : start + 500]))
            for row in connection.execute(query.order_by(reviews.c.id)).mappings():
                found.setdefault(row["recording_id"], []).append(review_of(row))
    return {recording_id: tuple(entries) for recording_id, entries in found.items()}


def standing(database: Database, recording_id: str) -> Standing:
    """What people's entries on one call amount to."""
    return standing_of(reviews_of(database, [recording_id]).get(recording_id, ()))


def standing_in(connection: Connection, recording_id: str) -> Standing:
    """As `standing`, in a transaction that is under way."""
    query = _select().where(reviews.c.recording_id == recording_id).order_by(reviews.c.id)
    return standing_of(review_of(row) for row in connection.execute(query).mappings())


def reviewed_calls(database: Database) -> list[str]:
    """Ids of the calls that have any entry, the first judged first."""
    query = select(reviews.c.recording_id).group_by(reviews.c.recording_id).order_by(reviews.c.recording_id)
    with database.reading() as connection:
        return list(connection.execute(query).scalars())


def rule_verdicts(database: Database, rule_id: str) -> dict[str, Review]:
    """The standing verdict on a rule by call, over all calls: what precision so far is counted from."""
    of_rule = select(reviews.c.recording_id).where(
        reviews.c.rule_id == rule_id, reviews.c.kind == ReviewKind.VERDICT.value
    )
    query = _select().where(
        reviews.c.recording_id.in_(of_rule),
        reviews.c.kind.in_((ReviewKind.VERDICT.value, ReviewKind.UNDO.value)),
    )
    by_call: dict[str, list[Review]] = {}
    with database.reading() as connection:
        for row in connection.execute(query).mappings():
            by_call.setdefault(row["recording_id"], []).append(review_of(row))
    standings = {recording_id: standing_of(entries) for recording_id, entries in by_call.items()}
    return {
        recording_id: found.verdicts[rule_id] for recording_id, found in standings.items() if rule_id in found.verdicts
    }


def _select() -> Select[Any]:
    return select(reviews, accounts.c.name.label("by")).join(accounts, accounts.c.id == reviews.c.account_id)


def _check_undone(connection: Connection, new: NewReview) -> None:
    query = select(reviews.c.recording_id).where(reviews.c.id == new.undoes)
    if connection.execute(query).scalar() != new.recording_id:
        raise StoreError(f"call {new.recording_id[:12]} has no entry {new.undoes} to undo")


def outcome_of(connection: Connection, new: NewReview) -> tuple[str | None, str | None]:
    """What the rule says of the call now, and the run that says so; for a correction the run of the transcript."""
    if new.kind == ReviewKind.CORRECTION:
        query = select(transcripts.c.run_id).where(transcripts.c.recording_id == new.recording_id)
        return None, connection.execute(query).scalar()
    if new.rule_id is None:
        return None, None
    found = connection.execute(
        select(evaluations.c.run_id, rule_results.c.outcome)
        .outerjoin(
            rule_results,
            and_(
                rule_results.c.recording_id == evaluations.c.recording_id,
                rule_results.c.rule_id == new.rule_id,
            ),
        )
        .where(evaluations.c.recording_id == new.recording_id)
    ).first()
    if found is None:
        return None, None
    return found.outcome or Outcome.CLEAR.value, found.run_id


def row_of(new: NewReview) -> Mapping[str, object]:
    """The columns of an entry that is to be added."""
    place = new.place
    return {
        "recording_id": new.recording_id,
        "kind": new.kind.value,
        "account_id": new.account_id,
        "key": new.key,
        "rule_id": new.rule_id,
        "verdict": new.verdict and new.verdict.value,
        "reason": new.reason and new.reason.value,
        "turn": place.turn,
        "char_start": place.char_start,
        "char_end": place.char_end,
        "start_s": place.start_s,
        "end_s": place.end_s,
        "role": place.role and place.role.value,
        "quote": place.quote,
        "text": new.text,
        "card": new.card,
        "item": new.item,
        "value": new.value,
        "undoes": new.undoes,
    }


def review_of(row: RowMapping) -> Review:
    """The entry in a row that holds the columns of reviews, with the account's name as ``by``."""
    said = NewReview(
        recording_id=row["recording_id"],
        kind=ReviewKind(row["kind"]),
        account_id=row["account_id"],
        key=row["key"],
        rule_id=row["rule_id"],
        verdict=Verdict(row["verdict"]) if row["verdict"] else None,
        reason=RejectReason(row["reason"]) if row["reason"] else None,
        place=Place(
            turn=row["turn"],
            char_start=row["char_start"],
            char_end=row["char_end"],
            start_s=row["start_s"],
            end_s=row["end_s"],
            role=Role(row["role"]) if row["role"] else None,
            quote=row["quote"],
        ),
        text=row["text"],
        card=row["card"],
        item=row["item"],
        value=row["value"],
        undoes=row["undoes"],
    )
    outcome = Outcome(row["outcome"]) if row["outcome"] else None
    return Review(row["id"], row["at"], said, outcome, row["run_id"], row["by"])


def without_names(entries: Iterable[Review], *, but: int | None = None) -> tuple[Review, ...]:
    """The entries without who made them, but for the account ``but``: what agents and deciders of appeals may see."""
    return tuple(
        entry if entry.said.account_id == but else replace(entry, by="", said=replace(entry.said, account_id=0, key=""))
        for entry in entries
    )

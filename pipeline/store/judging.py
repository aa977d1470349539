"""Storing what a person says of a call, with everything that follows from it, in one transaction."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from pipeline.domain.accounts import Account
from pipeline.domain.reviews import NewReview, Review, ReviewKind
from pipeline.store.accounts import audit_in
from pipeline.store.database import Database
from pipeline.store.review_queue import finish, reopen
from pipeline.store.review_tables import reviews
from pipeline.store.reviews import add_review_to


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of an entry that was sent."""

    review: Review
    added: bool
    """Whether it is new; ``False`` where the same was sent before."""


def judge(database: Database, new: NewReview, account: Account, *, address: str = "") -> Judged:
    """Adds the entry, notes it in the audit log, and moves the call in the queue where it says so.

    Raises:
        StoreError: there is no such call, or the entry undoes one that is not of this call.
    """
    with database.writing() as connection:
        sent_before = select(reviews.c.id).where(reviews.c.account_id == new.account_id, reviews.c.key == new.key)
        known = connection.execute(sent_before).scalar()
        review = add_review_to(connection, new)
        if known is not None:
            return Judged(review, added=False)
        _move(connection, review)
        detail = {"review": review.id, "kind": new.kind.value, "rule": new.rule_id}
        audit_in(
            connection,
            account=account,
            action="judge",
            recording_id=new.recording_id,
            detail={name: value for name, value in detail.items() if value is not None},
            address=address,
        )
    return Judged(review, added=True)


def _move(connection: Connection, review: Review) -> None:
    """Takes a finished call off the queue; puts it back when that is undone, and takes it off when the undoing is."""
    kind, undoes, takes_off = review.said.kind, review.said.undoes, True
    while kind == ReviewKind.UNDO and undoes is not None:
        row = connection.execute(select(reviews.c.kind, reviews.c.undoes).where(reviews.c.id == undoes)).one()
        kind, undoes, takes_off = ReviewKind(row.kind), row.undoes, not takes_off
    if kind != ReviewKind.FINISHED:
        return
    if takes_off:
        finish(connection, review.said.recording_id, review.said.account_id)
    else:
        reopen(connection, review.said.recording_id)

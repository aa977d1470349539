"""Gold: what was decided to be right after a session, and how it becomes a label."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select

from pipeline.domain.accounts import Account
from pipeline.domain.calibration import (
    CLEAR,
    GRADES,
    VIOLATED,
    Calibration,
    CalibrationFault,
    CalibrationRefusedError,
    Gold,
    Opinion,
    Subject,
    SubjectKind,
)
from pipeline.domain.results import Outcome
from pipeline.domain.reviews import NOWHERE, NewReview, Place, ReviewKind, Verdict
from pipeline.domain.scores import Answer
from pipeline.store.accounts import audit_in
from pipeline.store.calibration import find_calibration
from pipeline.store.calibration_results import opinions_of
from pipeline.store.calibration_tables import calibration_gold
from pipeline.store.database import Database
from pipeline.store.review_tables import accounts, appeals
from pipeline.store.reviews import add_review_to, outcome_of, standing_in
from pipeline.store.tables import recordings

LONGEST = 2000
"""Characters of a note."""


def decide_gold(
    database: Database,
    calibration_id: int,
    recording_id: str,
    values: Mapping[Subject, str],
    account: Account,
    *,
    note: str = "",
    address: str = "",
    now: datetime | None = None,
) -> list[Gold]:
    """What was decided anew; what was so already is left as it is.

    Each becomes a review by the account in the same transaction, unless what stands says the same: from then on it is
    what precision counts and what is exported. It may be appealed like any verdict.

    Raises:
        CalibrationRefusedError: there is no such session, it is still open, it did not judge this, or an appeal about
            it waits. Nothing is stored then.
    """
    if recording_id not in _closed(database, calibration_id).calls:
        raise CalibrationRefusedError(CalibrationFault.NOT_IN_IT)
    opinions = opinions_of(database, calibration_id)
    for subject, value in values.items():
        _check(subject, value, opinions)
    now = now or datetime.now(UTC)
    with database.writing() as connection:
        locked = select(recordings.c.id).where(recordings.c.id == recording_id).with_for_update()
        if connection.execute(locked).first() is None:
            raise CalibrationRefusedError(CalibrationFault.DELETED)
        known = {one.subject: one.value for one in _standing(connection, calibration_id, recording_id)}
        fresh = {subject: value for subject, value in values.items() if known.get(subject) != value}
        waiting = select(appeals.c.rule_id).where(
            appeals.c.recording_id == recording_id, appeals.c.decided_at.is_(None)
        )
        appealed = set(connection.execute(waiting).scalars())
        if any(subject.kind == SubjectKind.RULE and subject.id in appealed for subject in fresh):
            raise CalibrationRefusedError(CalibrationFault.APPEALED)
        added = []
        for subject, value in sorted(fresh.items()):
            gold = _add(connection, calibration_id, recording_id, subject, value, account, note, now)
            _label(connection, gold, _heard(gold, opinions), now)
            added.append(gold)
        if added:
            detail = {"calibration": calibration_id, "gold": [gold.id for gold in added]}
            audit_in(
                connection, account=account, action="gold", recording_id=recording_id, detail=detail, address=address
            )
    return added


def decide_agreed(
    database: Database, calibration_id: int, account: Account, *, address: str = ""
) -> tuple[list[Gold], int]:
    """What became gold because all say so who judged it, two at least; and on how many calls nothing did because an
    appeal about one of these things waits.

    Raises:
        CalibrationRefusedError: there is no such session, or it is still open.
    """
    _closed(database, calibration_id)
    added: list[Gold] = []
    waiting = 0
    for recording_id, agreed in agreed_values(
        opinions_of(database, calibration_id), gold_of(database, calibration_id)
    ).items():
        try:
            added += decide_gold(database, calibration_id, recording_id, agreed, account, address=address)
        except CalibrationRefusedError as refused:
            if refused.fault != CalibrationFault.APPEALED:
                raise
            waiting += 1
    return added, waiting


def agreed_values(opinions: Iterable[Opinion], golds: Iterable[Gold]) -> dict[str, dict[Subject, str]]:
    """Call → what all say of a thing who judged it, two at least; without what was decided."""
    said: dict[tuple[str, Subject], list[str]] = {}
    for one in opinions:
        said.setdefault((one.recording_id, one.subject), []).append(one.value)
    decided = {(gold.recording_id, gold.subject) for gold in golds}
    agreed: dict[str, dict[Subject, str]] = {}
    for (recording_id, subject), values in said.items():
        if len(values) > 1 and len(set(values)) == 1 and (recording_id, subject) not in decided:
            agreed.setdefault(recording_id, {})[subject] = values[0]
    return agreed


def _closed(database: Database, calibration_id: int) -> Calibration:
    session = find_calibration(database, calibration_id)
    if session is None:
        raise CalibrationRefusedError(CalibrationFault.UNKNOWN)
    if session.open:
        raise CalibrationRefusedError(CalibrationFault.STILL_OPEN)
    return session


def _check(subject: Subject, value: str, opinions: Sequence[Opinion]) -> None:
    said = {one.value for one in opinions if one.subject == subject}
    if subject.kind == SubjectKind.RULE:
        answers: set[str] = {VIOLATED, CLEAR}
    elif said & set(GRADES):
        answers = {*GRADES, Answer.N_A}
    else:
        answers = {Answer.YES, Answer.NO, Answer.N_A} if said - {Answer.N_A} else set(Answer)
    if not said or value not in answers:
        raise CalibrationRefusedError(CalibrationFault.NOT_JUDGED)


def _add(
    connection: Connection,
    calibration_id: int,
    recording_id: str,
    subject: Subject,
    value: str,
    account: Account,
    note: str,
    now: datetime,
) -> Gold:
    is_rule = subject.kind == SubjectKind.RULE
    said = note.strip()[:LONGEST] or None
    added = connection.execute(
        insert(calibration_gold).values(
            calibration_id=calibration_id,
            recording_id=recording_id,
            rule_id=subject.id if is_rule else None,
            card=subject.card,
            item=None if is_rule else subject.id,
            value=value,
            account_id=account.id,
            at=now,
            note=said,
        )
    ).inserted_primary_key
    assert added is not None
    return Gold(added[0], calibration_id, recording_id, subject, value, account.id, account.name, now, said)


def _heard(gold: Gold, opinions: Sequence[Opinion]) -> Place:
    """Where somebody who was right heard what the rule had missed."""
    for one in opinions:
        said = one.entry.said if one.entry else None
        same = (one.recording_id, one.subject, one.value) == (gold.recording_id, gold.subject, gold.value)
        if same and said is not None and said.verdict == Verdict.MISSED and said.place != NOWHERE:
            return said.place
    return NOWHERE


def _label(connection: Connection, gold: Gold, place: Place, now: datetime) -> None:
    """Adds the review that gold is, unless one stands that says the same."""
    standing = standing_in(connection, gold.recording_id)
    # No page may send a colon in a key: nobody can have used this one up.
    key, subject = f"gold:{gold.id}", gold.subject
    if subject.kind == SubjectKind.ITEM:
        assert subject.card is not None
        stands = standing.scores.get((subject.card, subject.id))
        if stands is None or stands.said.value != gold.value:
            new = NewReview(
                gold.recording_id,
                ReviewKind.SCORE,
                gold.account_id,
                key,
                text=gold.note,
                card=subject.card,
                item=subject.id,
                value=gold.value,
            )
            add_review_to(connection, new, now=now)
        return
    verdict = standing.verdicts.get(subject.id)
    truth = verdict.said.verdict.truth if verdict and verdict.said.verdict else None
    if truth is (gold.value == VIOLATED):
        return
    new = NewReview(gold.recording_id, ReviewKind.VERDICT, gold.account_id, key, rule_id=subject.id, text=gold.note)
    outcome, _ = outcome_of(connection, new)
    add_review_to(connection, _said(new, outcome, place, violated=gold.value == VIOLATED), now=now)


def _said(new: NewReview, outcome: str | None, place: Place, *, violated: bool) -> NewReview:
    if outcome in (Outcome.CLEAR, Outcome.NOT_APPLICABLE, None):
        return replace(
            new, verdict=Verdict.MISSED if violated else Verdict.ABSENT, place=place if violated else NOWHERE
        )
    return replace(new, verdict=Verdict.CONFIRMED if violated else Verdict.REJECTED)


def gold_of(database: Database, calibration_id: int, recording_id: str | None = None) -> list[Gold]:
    """What was decided in the session, or on one call of it: the newest word on each thing."""
    with database.reading() as connection:
        return _standing(connection, calibration_id, recording_id)


def _standing(connection: Connection, calibration_id: int, recording_id: str | None) -> list[Gold]:
    query = _golds().where(calibration_gold.c.calibration_id == calibration_id)
    if recording_id is not None:
        query = query.where(calibration_gold.c.recording_id == recording_id)
    newest: dict[tuple[str, Subject], Gold] = {}
    for row in connection.execute(query):
        gold = _gold(row)
        newest[gold.recording_id, gold.subject] = gold
    return list(newest.values())


def _golds() -> Select[Any]:
    return (
        select(calibration_gold, accounts.c.name.label("by"))
        .join(accounts, accounts.c.id == calibration_gold.c.account_id)
        .order_by(calibration_gold.c.id)
    )


def _gold(row: Row[Any]) -> Gold:
    subject = (
        Subject(SubjectKind.RULE, row.rule_id)
        if row.rule_id is not None
        else Subject(SubjectKind.ITEM, row.item, row.card)
    )
    return Gold(
        row.id,
        row.calibration_id,
        row.recording_id,
        subject,
        row.value,
        row.account_id,
        row.by,
        row.at,
        row.note,
    )

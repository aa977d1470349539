"""What people say is kept, once, and never changed."""

from dataclasses import replace
from threading import Barrier, Thread

import pytest
from sqlalchemy import delete, update

from pipeline.domain.errors import StoreError
from pipeline.domain.results import Outcome
from pipeline.domain.reviews import NewReview, Place, RejectReason, ReviewKind, Verdict
from pipeline.store.ledger import claim
from pipeline.store.recordings import register
from pipeline.store.results import save_call, start_run
from pipeline.store.review_queue import assign, finish, leave, reopen, take
from pipeline.store.review_tables import accounts, audit, review_items, reviews
from pipeline.store.reviews import add_review, reviews_of, rule_verdicts, standing, without_names
from tests.store.builders import AT, found, processed, recording, result, run

CALL = recording().id


@pytest.fixture
def store(empty_store):
    start_run(empty_store, run())
    register(empty_store, [found(recording())])
    (lease,) = claim(empty_store, "o", limit=1, ttl_s=60, now_s=0.0)
    save_call(empty_store, lease, processed(result("insult"), result("trial", Outcome.CLEAR)), run())
    with empty_store.writing() as connection:
        rows = [
            {
                "id": number,
                "login": f"user{number}",
                "name": f"复核员{number}",
                "role": "reviewer",
                "password_hash": "",
                "active": True,
                "language": "zh",
                "created_at": AT,
            }
            for number in (1, 2)
        ]
        connection.execute(accounts.insert(), rows)
    return empty_store


def new(key: str = "k1", **changes) -> NewReview:
    made = NewReview(CALL, ReviewKind.VERDICT, 1, key, rule_id="insult", verdict=Verdict.CONFIRMED)
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        pytest.param(new(recording_id="f" * 64), "is not in the database", id="unknown call"),
        pytest.param(new(kind=ReviewKind.UNDO, undoes=99), "has no entry 99", id="undoes nothing"),
    ],
)
def test_refuses(store, wrong, message):
    with pytest.raises(StoreError, match=message):
        add_review(store, wrong)
    assert reviews_of(store, [CALL]) == {}


def test_reads_back_with_what_the_rule_had_said(store):
    place = Place(turn=1, char_start=1, char_end=4, start_s=3.2, end_s=3.9, quote="神经病")
    said = new(verdict=Verdict.REJECTED, reason=RejectReason.ASR_ERROR, place=place, text="听着像「什么病」")
    added = add_review(store, said)
    assert added.said == said
    assert (added.outcome, added.run_id, added.by) == (Outcome.HIT, "run1", "复核员1")
    assert reviews_of(store, [CALL]) == {CALL: (added,)}
    assert add_review(store, new("k2", rule_id="trial", verdict=Verdict.ABSENT)).outcome == Outcome.CLEAR


def test_sent_twice_is_kept_once(store):
    first = add_review(store, new())
    assert add_review(store, new(verdict=Verdict.REJECTED)) == first
    assert len(reviews_of(store, [CALL])[CALL]) == 1
    assert add_review(store, new(account_id=2)).id != first.id


def test_sent_twice_at_once_is_kept_once(store):
    barrier, failures = Barrier(4), []

    def send() -> None:
        barrier.wait()
        try:
            add_review(store, new())
        except StoreError as error:
            failures.append(error)

    threads = [Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(reviews_of(store, [CALL])[CALL]) == 1


def test_newest_word_counts_and_undoing_brings_back(store):
    add_review(store, new("a"))
    second = add_review(store, new("b", verdict=Verdict.REJECTED, account_id=2))
    assert standing(store, CALL).verdicts["insult"].said.verdict == Verdict.REJECTED
    add_review(store, new("c", kind=ReviewKind.UNDO, rule_id=None, verdict=None, undoes=second.id))
    assert rule_verdicts(store, "insult")[CALL].said.verdict == Verdict.CONFIRMED
    assert len(reviews_of(store, [CALL])[CALL]) == 3


@pytest.mark.parametrize("table", [reviews, audit], ids=lambda table: table.name)
@pytest.mark.parametrize("change", [update, delete], ids=["update", "delete"])
def test_nothing_said_is_ever_changed(store, table, change):
    add_review(store, new())
    with store.writing() as connection:
        connection.execute(audit.insert().values(at=AT, login="x", action="open", detail={}, address=""))
    statement = change(table).values(at=AT) if change is update else change(table)
    with pytest.raises(StoreError, match="append-only"), store.writing() as connection:
        connection.execute(statement)


def test_names_can_be_left_out(store):
    (entry,) = without_names([add_review(store, new())])
    assert (entry.by, entry.said.account_id, entry.said.key) == ("", 0, "")


def test_a_call_is_in_one_persons_hands(store):
    assert take(store, CALL, 1, now=AT) is None
    assert take(store, CALL, 1, now=AT) is None
    assert take(store, CALL, 2, now=AT).name == "复核员1"
    leave(store, CALL, 2)
    assert take(store, CALL, 2, now=AT) is not None
    leave(store, CALL, 1)
    assert take(store, CALL, 2, now=AT) is None


def test_assigning_finishing_and_reopening(store):
    assert assign(store, [CALL, "f" * 64], 2) == 1
    with store.writing() as connection:
        finish(connection, CALL, 2)
    assert assign(store, [CALL], 1) == 0, "what is done is nobody's work"
    with store.writing() as connection:
        reopen(connection, CALL)
        row = connection.execute(review_items.select()).one()
    assert (row.done, row.done_by, row.assignee_id) == (False, None, 2)


def test_new_findings_renew_the_risk_alone(store):
    from pipeline.domain.results import Findings
    from pipeline.store.results import save_findings

    assign(store, [CALL], 2)
    save_findings(store, {CALL: Findings((result("insult", Outcome.NOT_EVALUABLE),))}, run())
    with store.reading() as connection:
        row = connection.execute(review_items.select()).one()
    assert (row.risk, row.flagged, row.doubtful, row.assignee_id) == (0, False, True, 2)

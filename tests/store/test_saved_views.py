"""Views that somebody keeps, and what the sidebar says of the last batch."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from pipeline.domain.errors import StoreError
from pipeline.domain.reviews import Verdict
from pipeline.store.ledger import claim
from pipeline.store.recordings import State, register
from pipeline.store.results import finish_run, start_run
from pipeline.store.review_tables import appeals
from pipeline.store.saved_views import MOST_VIEWS, last_batch, remove_view, save_view, undecided_appeals, views_of
from pipeline.store.tables import ledger, runs
from tests.store.builders import HEADINGS, found, recording, result, run
from tests.store.judgements import NOON, person, say, stored


def test_views_are_ones_own(empty_store):
    lin, wang = person(empty_store, "lin"), person(empty_store, "wang")
    view = save_view(empty_store, lin.id, "新人", "team=A")
    assert views_of(empty_store, wang.id) == []
    assert not remove_view(empty_store, wang.id, view.id)
    assert views_of(empty_store, lin.id) == [view]
    assert remove_view(empty_store, lin.id, view.id)
    assert not remove_view(empty_store, lin.id, view.id)


def test_same_name_replaces(empty_store):
    lin = person(empty_store, "lin")
    first = save_view(empty_store, lin.id, "新人", "team=A")
    second = save_view(empty_store, lin.id, "新人", "team=B")
    assert second.id == first.id
    assert views_of(empty_store, lin.id) == [second]


def test_not_without_end(empty_store):
    lin = person(empty_store, "lin")
    for number in range(MOST_VIEWS):
        save_view(empty_store, lin.id, str(number), "")
    with pytest.raises(StoreError, match="remove one first"):
        save_view(empty_store, lin.id, "one more", "")
    save_view(empty_store, lin.id, "0", "team=A")


def test_no_batch_yet(empty_store):
    assert last_batch(empty_store) is None
    start_run(empty_store, run())
    assert last_batch(empty_store) is None


def test_last_batch(empty_store):
    start_run(empty_store, run("older"))
    finish_run(empty_store, "older")
    start_run(empty_store, run())
    stored(empty_store, 1, result("insult"))
    stored(empty_store, 2, result("trial"))
    stored(empty_store, 3)
    register(empty_store, [found(recording(4))])
    claim(empty_store, "o", limit=1, ttl_s=60, now_s=0.0)
    with empty_store.writing() as connection:
        failed = update(ledger).where(ledger.c.recording_id == recording(4).id)
        connection.execute(failed.values(state=State.FAILED, run_id="run1"))
    start_run(empty_store, run("applied", command="apply"))
    for name in ("run1", "applied"):
        finish_run(empty_store, name)
    with empty_store.writing() as connection:
        at = datetime(2026, 11, 11, 2, 14, tzinfo=UTC)
        connection.execute(update(runs).where(runs.c.id == "older").values(finished_at=NOON.replace(year=2020)))
        connection.execute(update(runs).where(runs.c.id == "run1").values(finished_at=at))
    batch = last_batch(empty_store)
    assert (batch.finished_at, batch.recordings, batch.failed, batch.flagged) == (at, 4, 1, 1)
    assert (batch.pack_digest, batch.rules) == ("p" * 64, len(HEADINGS))


def test_appeals_that_wait(empty_store):
    start_run(empty_store, run())
    lin = person(empty_store, "lin")
    call = stored(empty_store, 1, result("insult"))
    review = say(empty_store, call, lin, Verdict.CONFIRMED)
    row = {"recording_id": call, "rule_id": "insult", "review_id": review.id, "opened_by": lin.id, "reason": "不是"}
    with empty_store.writing() as connection:
        connection.execute(appeals.insert().values(opened_at=NOON, **row))
        connection.execute(appeals.insert().values(opened_at=NOON, decided_at=NOON, **row))
    assert undecided_appeals(empty_store) == 1

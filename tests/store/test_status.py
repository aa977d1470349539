"""How far the ledger has come, and putting back."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.store.ledger import Failure, claim, fail
from pipeline.store.recordings import UNREAD, register
from pipeline.store.results import save_call, start_run
from pipeline.store.status import read_status, retry
from tests.store.builders import found, processed, recording, run


@pytest.fixture
def store(empty_store):
    """Two done, one quarantined, one unread, one failed, two pending."""
    start_run(empty_store, run())
    register(empty_store, [found(recording(number)) for number in range(1, 7)])
    register(empty_store, [found(recording(7, id=UNREAD + "7" * 64), failure=("unreadable", "mend it"))])
    first, second, third, fourth = claim(empty_store, "o", limit=4, ttl_s=60, now_s=0.0)
    save_call(empty_store, first, processed(), run())
    save_call(empty_store, second, processed(), run())
    fail(empty_store, third, Failure("truncated", "m", permanent=True), run_id="run1")
    fail(empty_store, fourth, Failure("crash", "m", lost_worker=True), run_id="run1")
    return empty_store


def test_empty(empty_store):
    now = read_status(empty_store)
    assert (now.done, now.audio_h, now.done_per_h, now.left_s, now.ends_at, now.reasons) == (
        0,
        0.0,
        0.0,
        None,
        None,
        {},
    )


def test_counts_and_speed(store):
    moment = datetime.now(UTC) + timedelta(seconds=60)
    now = read_status(store, now=moment)
    assert (now.pending, now.leased, now.done, now.failed, now.quarantined) == (2, 0, 2, 1, 2)
    assert now.audio_h == round(2 * 30 / 3600, 3)
    # Two in a minute; three are left.
    assert now.done_per_h == pytest.approx(120, rel=0.1)
    assert now.left_s == pytest.approx(90, rel=0.1)
    assert now.ends_at == moment + timedelta(seconds=now.left_s)
    assert now.audio_h_per_h == pytest.approx(1.0, rel=0.1)
    assert now.reasons == {"crash": 1, "truncated": 1, "unreadable": 1}


def test_nothing_moves(store):
    now = read_status(store, now=datetime.now(UTC) + timedelta(hours=1))
    assert (now.done_per_h, now.left_s) == (0.0, None)


def test_clock_set_back_gives_no_wild_speed(store):
    now = read_status(store, now=datetime.now(UTC) - timedelta(hours=1))
    assert (now.done_per_h, now.left_s) == (0.0, None)


def test_retry_all_but_what_cannot_be_read(store):
    assert retry(store) == (2, 1)
    now = read_status(store)
    assert (now.pending, now.failed, now.quarantined) == (4, 0, 1)
    assert {lease.attempt for lease in claim(store, "o", limit=9, ttl_s=60, now_s=0.0)} == {1}


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        pytest.param({"reason": "truncated"}, 1, id="reason"),
        pytest.param({"reason": "other"}, 0, id="no such reason"),
        pytest.param({"recording_ids": [recording(3).id]}, 1, id="one call"),
        pytest.param({"recording_ids": [recording(1).id]}, 0, id="done stays done"),
    ],
)
def test_retry_some(store, chosen, count):
    assert retry(store, **chosen)[0] == count

"""The ledger: what can be claimed, and who may write."""

import time

import pytest

from pipeline.store import ledger
from pipeline.store.ledger import MAX_PAUSE_S, Failure, claim, fail, release, release_dead, renew, seconds_to_retry
from pipeline.store.recordings import register
from pipeline.store.results import save_call, start_run
from tests.store.builders import found, processed, recording, run

NOW = 1_000_000.0


@pytest.fixture
def store(empty_store):
    start_run(empty_store, run())
    register(empty_store, [found(recording(number)) for number in range(1, 5)])
    return empty_store


def claim_all(store, owner="host:1:x", now_s=NOW):
    return claim(store, owner, limit=10, ttl_s=60, now_s=now_s)


def test_claims_each_once(store):
    first = claim(store, "a", limit=3, ttl_s=60, now_s=NOW)
    second = claim(store, "b", limit=3, ttl_s=60, now_s=NOW)
    assert sorted(lease.recording.name for lease in first + second) == ["c1.wav", "c2.wav", "c3.wav", "c4.wav"]
    assert claim_all(store) == []


def test_lease_carries_the_recording(store):
    assert claim_all(store)[0].recording == recording(1)


def test_expired_lease_can_be_claimed_and_the_old_one_cannot_write(store):
    (old, *_) = claim_all(store, "a")
    (new, *_) = claim_all(store, "b", now_s=NOW + 61)
    assert new.attempt == old.attempt + 1
    assert not save_call(store, old, processed(), run())
    assert fail(store, old, Failure("x", "x", permanent=True), run_id="run1") is None
    assert save_call(store, new, processed(), run())


def test_renewed_lease_is_not_claimed(store):
    claim_all(store, "a")
    renew(store, "a", ttl_s=60, now_s=NOW + 50)
    assert claim_all(store, "b", now_s=NOW + 61) == []


def test_done_is_not_claimed_again_and_saved_once(store):
    lease = claim_all(store)[0]
    assert save_call(store, lease, processed(), run())
    assert not save_call(store, lease, processed(), run())
    assert claim_all(store, "b", now_s=NOW + 1e6)[0].recording.id != lease.recording.id


@pytest.mark.parametrize(
    ("kinds", "states"),
    [
        pytest.param("fff", ["failed", "failed", "quarantined"], id="three failures that may pass"),
        pytest.param("ll", ["failed", "quarantined"], id="two workers lost"),
        pytest.param("fl", ["failed", "failed"], id="one worker lost is not two"),
        pytest.param("lfl", ["failed", "failed", "quarantined"], id="three attempts, whatever happened"),
        pytest.param("p", ["quarantined"], id="will not pass"),
    ],
)
def test_failures_end_in_quarantine(store, kinds, states):
    made = {
        "f": Failure("AsrError", "m"),
        "l": Failure("crash", "m", lost_worker=True),
        "p": Failure("not_audio", "m", permanent=True),
    }
    found_states = []
    for number, kind in enumerate(kinds):
        leases = claim_all(store, now_s=NOW + number)
        lease = next(lease for lease in leases if lease.recording.name == "c1.wav")
        found_states.append(fail(store, lease, made[kind], run_id="run1"))
        release(store, [other for other in leases if other != lease])
    assert found_states == states


def test_what_failed_is_tried_again_after_its_pause(store):
    lease, *_ = claim_all(store, now_s=None)
    fail(store, lease, Failure("AsrError", "m"), run_id="run1", pause_s=30.0)
    assert claim_all(store, now_s=None) == []
    assert seconds_to_retry(store) == pytest.approx(30.0, abs=5.0)
    # The lease of the others is renewed: only what failed is free in a minute.
    (again,) = claim_all(store, now_s=time.time() + 31.0)
    assert (again.recording, again.attempt, again.workers_lost) == (lease.recording, 2, 0)
    assert seconds_to_retry(store) is None


def test_clock_set_back_leaves_no_pause_behind(store):
    lease = claim_all(store, now_s=None)[0]
    fail(store, lease, Failure("AsrError", "m"), run_id="run1", pause_s=30.0)
    a_day_before = time.time() - 86_400
    assert seconds_to_retry(store, now_s=a_day_before) == MAX_PAUSE_S
    assert lease.recording in [found.recording for found in claim_all(store, now_s=a_day_before)]


def test_clock_set_back_leaves_no_lease_behind(store):
    lost = claim_all(store, "gone")
    an_hour_before = NOW - 3600
    taken = claim_all(store, "b", now_s=an_hour_before)
    assert {lease.recording.id for lease in taken} == {lease.recording.id for lease in lost}
    assert not save_call(store, lost[0], processed(), run())


def test_clock_set_back_a_little_takes_nothing_from_the_living(store):
    claim_all(store, "a")
    assert claim_all(store, "b", now_s=NOW - 30) == []


def test_clock_set_forward_does_not_take_from_oneself(store):
    leases = claim_all(store, "a")
    assert claim_all(store, "a", now_s=NOW + 3600) == []
    assert save_call(store, leases[0], processed(), run())


def test_permanent_failure_goes_straight_into_quarantine(store):
    lease = claim_all(store)[0]
    assert fail(store, lease, Failure("not_audio", "m", permanent=True), run_id="run1") == "quarantined"


def test_release_does_not_count_as_an_attempt(store):
    release(store, claim_all(store))
    assert [lease.attempt for lease in claim_all(store)] == [1, 1, 1, 1]


def test_release_dead_takes_only_the_dead(store):
    claim(store, "dead", limit=1, ttl_s=60, now_s=NOW)
    claim(store, "alive", limit=1, ttl_s=60, now_s=NOW)
    assert release_dead(store, lambda owner: owner == "dead") == 1
    assert len(claim_all(store)) == 3
    assert ledger.leased_elsewhere(store, "host:1:x") == 1

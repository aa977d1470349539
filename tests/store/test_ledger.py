"""The ledger: what can be claimed, and who may write."""

import pytest

from pipeline.store import ledger
from pipeline.store.ledger import MAX_ATTEMPTS, claim, fail, release, release_dead, renew
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
    assert fail(store, old, reason="x", message="x", permanent=True, run_id="run1") is None
    assert save_call(store, new, processed(), run())


def test_renewed_lease_is_not_claimed(store):
    claim_all(store, "a")
    renew(store, "a", ttl_s=60, now_s=NOW + 50)
    assert claim_all(store, "b", now_s=NOW + 61) == []


def test_done_is_not_claimed_again_and_saved_once(store):
    lease = claim_all(store)[0]
    assert save_call(store, lease, processed(), run())
    assert not save_call(store, lease, processed(), run())
    assert claim_all(store, now_s=NOW + 1e6)[0].recording.id != lease.recording.id


def test_failures_end_in_quarantine(store):
    states = []
    for _ in range(MAX_ATTEMPTS):
        lease = next(lease for lease in claim_all(store, now_s=NOW + 1e6) if lease.recording.name == "c1.wav")
        states.append(fail(store, lease, reason="crash", message="died", permanent=False, run_id="run1"))
        ledger.release(store, claim_all(store, now_s=NOW + 2e6)) if states[-1] == "quarantined" else None
    assert states == ["failed", "failed", "quarantined"]


def test_permanent_failure_goes_straight_into_quarantine(store):
    lease = claim_all(store)[0]
    assert fail(store, lease, reason="not_audio", message="m", permanent=True, run_id="run1") == "quarantined"


def test_release_does_not_count_as_an_attempt(store):
    release(store, claim_all(store))
    assert [lease.attempt for lease in claim_all(store)] == [1, 1, 1, 1]


def test_release_dead_takes_only_the_dead(store):
    claim(store, "dead", limit=1, ttl_s=60, now_s=NOW)
    claim(store, "alive", limit=1, ttl_s=60, now_s=NOW)
    assert release_dead(store, lambda owner: owner == "dead") == 1
    assert len(claim_all(store)) == 3
    assert ledger.leased_elsewhere(store, "host:1:x") == 1

"""Rules again over stored calls."""

import pytest

from pipeline.batch.reapply import reapply
from pipeline.domain.results import Findings, Outcome
from pipeline.store.ledger import claim
from pipeline.store.listings import Filter, list_calls, list_hits
from pipeline.store.recordings import register
from pipeline.store.results import save_call, start_run
from tests.store.builders import found, processed, recording, result, run


@pytest.fixture
def store(empty_store):
    start_run(empty_store, run())
    for number in (1, 2, 3):
        register(empty_store, [found(recording(number))])
        (lease,) = claim(empty_store, "o", limit=1, ttl_s=60, now_s=0.0)
        save_call(empty_store, lease, processed(result("insult")), run())
    return empty_store


def changed_rules(call):
    """The insult rule no longer hits; the closing rule hits and the escalation rule cannot judge."""
    assert call.transcript.turns[1].text == "你神经病"
    results = (
        result("insult", Outcome.CLEAR),
        result("closing-missing", Outcome.HIT, 9.0),
        result("escalation-risk", Outcome.NOT_EVALUABLE),
    )
    return Findings(results)


def test_says_and_stores_what_changed(store, monkeypatch):
    monkeypatch.setattr("pipeline.batch.spoken.PAGE", 2)
    done = reapply(store, changed_rules, run("again", command="apply"))
    assert done.calls == 3
    assert [(change.rule, change.before, change.after, change.start_s) for change in done.changes[:3]] == [
        ("closing-missing", Outcome.CLEAR, Outcome.HIT, 9.0),
        ("escalation-risk", Outcome.CLEAR, Outcome.NOT_EVALUABLE, None),
        ("insult", Outcome.HIT, Outcome.CLEAR, 3.0),
    ]
    assert {hit.rule for hit in list_hits(store, Filter())} == {"closing-missing"}
    assert [(row.critical, row.minor, row.not_evaluable) for row in list_calls(store, Filter())] == [(0, 1, 1)] * 3


def test_again_changes_nothing(store):
    reapply(store, changed_rules, run("again", command="apply"))
    assert reapply(store, changed_rules, run("third", command="apply")).changes == ()


def test_dry_run_stores_nothing(store):
    done = reapply(store, changed_rules, run("again", command="apply"), dry_run=True)
    assert len(done.changes) == 9
    assert {hit.rule for hit in list_hits(store, Filter())} == {"insult"}

"""What goes into the store comes out again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select

from pipeline.domain.calls import CallMetadata, Direction, Role
from pipeline.domain.errors import StoreError
from pipeline.domain.results import Findings, Outcome
from pipeline.store.documents import encode_turns, round_times
from pipeline.store.ledger import claim
from pipeline.store.listings import Filter, find_recording, list_calls, list_hits, rule_titles
from pipeline.store.recordings import UNREAD, register
from pipeline.store.results import (
    count_checked_otherwise,
    save_call,
    save_findings,
    start_run,
    stored_call,
    stored_calls,
)
from pipeline.store.review_tables import review_items
from pipeline.store.search import search_condition
from tests.store.builders import FORMAT, found, predicted, processed, recording, result, run


@pytest.fixture
def store(empty_store):
    start_run(empty_store, run())
    return empty_store


def save(store, made, *results):
    register(store, [found(made)])
    (lease,) = claim(store, "o", limit=1, ttl_s=60, now_s=0.0)
    assert save_call(store, lease, processed(*results), run())


def test_call_reads_back(store):
    made = recording(
        metadata=CallMetadata(
            agent="A1",
            team="售后",
            direction=Direction.INBOUND,
            started_at=datetime(2026, 11, 2, 9, tzinfo=timezone(timedelta(hours=8))),
            survey_score=4.5,
            extra={"product": "宽带"},
        ),
        channel_roles=(Role.AGENT, Role.CUSTOMER),
    )
    hit = result("insult", Outcome.HIT, 3.0, 7.0)
    save(store, made, hit, result("trial", Outcome.CLEAR), result("closing-missing", Outcome.NOT_EVALUABLE))
    stored = stored_call(store, made.id)
    assert stored.recording == made
    assert stored.call.transcript == processed().transcript
    assert stored.call.signals == processed().signals
    assert {kept.rule_id: kept for kept in stored.results} == {
        "insult": hit,
        "closing-missing": result("closing-missing", Outcome.NOT_EVALUABLE),
    }


def test_results_are_replaced_not_added(store):
    made = recording()
    save(store, made, result("insult"), result("escalation-risk"))
    now = Findings((result("insult", Outcome.CLEAR), result("closing-missing")))
    save_findings(store, {made.id: now}, run())
    assert [hit.rule for hit in list_hits(store, Filter())] == ["closing-missing"]


def test_calls_are_listed_by_urgency(store):
    save(store, recording(1), result("closing-missing"))
    save(store, recording(2), result("trial"))
    save(
        store,
        recording(3),
        result("escalation-risk", Outcome.HIT, 9.0, 5.0),
        result("closing-missing", Outcome.HIT, 1.0),
    )
    save(store, recording(4), result("insult", Outcome.HIT, 8.0))
    rows = list_calls(store, Filter())
    assert [(row.recording, row.rules, row.start_s) for row in rows] == [
        ("c4.wav", ("insult",), 8.0),
        ("c3.wav", ("escalation-risk", "closing-missing"), 5.0),
        ("c1.wav", ("closing-missing",), 3.0),
        ("c2.wav", (), None),
    ]
    assert (rows[1].critical, rows[1].alert, rows[1].minor) == (0, 1, 1)
    assert [row.recording for row in list_calls(store, Filter(), flagged=True)] == ["c4.wav", "c3.wav", "c1.wav"]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        pytest.param(Filter(agent="A2"), ["c2.wav"], id="agent"),
        pytest.param(Filter(rules=["insult"]), ["c2.wav"], id="rule"),
        pytest.param(Filter(since=datetime(2026, 11, 2, tzinfo=UTC)), ["c2.wav"], id="since"),
        pytest.param(Filter(until=datetime(2026, 11, 2, tzinfo=UTC)), ["c1.wav"], id="until"),
        pytest.param(Filter(team="none"), [], id="nobody"),
    ],
)
def test_filters(store, wanted, names):
    early, late = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC)
    save(store, recording(1, metadata=CallMetadata(agent="A1", started_at=early)), result("closing-missing"))
    save(store, recording(2, metadata=CallMetadata(agent="A2", started_at=late)), result("insult"))
    assert [row.recording for row in list_calls(store, wanted)] == names
    assert sorted({hit.recording for hit in list_hits(store, wanted)}) == names


def test_limit(store):
    for number in range(1, 4):
        save(store, recording(number), result("insult"))
    assert len(list_calls(store, Filter(limit=2))) == len(list_hits(store, Filter(limit=2))) == 2


def test_hits_list_evidence_and_outcomes_without(store):
    save(store, recording(), result("insult", Outcome.HIT, 3.0, 7.0), result("closing-missing", Outcome.ERROR))
    assert [(hit.start_s, hit.quote, hit.confidence) for hit in list_hits(store, Filter())] == [
        (3.0, "神经病", 0.5),
        (7.0, "神经病", 0.5),
    ]
    (error,) = list_hits(store, Filter(), outcomes=[Outcome.ERROR])
    assert (error.rule, error.start_s, error.explanation) == ("closing-missing", None, "因为")


def test_find_recording(store):
    register(store, [found(recording(1)), found(recording(2, id="f" * 64, name="c1.wav"))])
    assert find_recording(store, "/calls/c1.wav") == recording(1).id
    assert find_recording(store, "ffffff") == "f" * 64
    with pytest.raises(StoreError, match="several calls"):
        find_recording(store, "c1.wav")
    with pytest.raises(StoreError, match=r"no call 'c9\.wav'"):
        find_recording(store, "c9.wav")


def test_titles(store):
    assert rule_titles(store)["insult"].zh == "规则insult"


def test_calls_checked_against_other_rules_are_counted(store):
    save(store, recording(1), result("insult"))
    save(store, recording(2))
    assert count_checked_otherwise(store, run().pack_digest) == 0
    start_run(store, run("later", pack_digest="q" * 64))
    save_findings(store, {recording(1).id: Findings((result("insult"),))}, run("later"))
    assert count_checked_otherwise(store, run().pack_digest) == 1


def test_stored_calls_pages(store, monkeypatch):
    monkeypatch.setattr("pipeline.store.results.PAGE", 2)
    for number in range(1, 6):
        save(store, recording(number))
    assert [stored.recording.name for stored in stored_calls(store)] == [f"c{number}.wav" for number in range(1, 6)]


def test_times_are_rounded_once():
    transcript = processed().transcript
    rounded = round_times(replace(transcript, turns=(replace(transcript.turns[0], start_s=1.23456),)))
    assert rounded.turns[0].start_s == 1.235
    assert encode_turns(round_times(rounded).turns) == encode_turns(rounded.turns)


class TestRegister:
    def test_same_bytes_twice_is_one_recording(self, store, tmp_path):
        first = recording(uri=str(tmp_path / "a.wav"))
        (tmp_path / "a.wav").touch()
        registered = register(store, [found(first), found(recording(uri="/calls/copy.wav", name="copy.wav"))])
        assert [entry.duplicate_of for entry in registered] == [None, first.uri]
        assert len(list_calls(store, Filter())) == 1

    def test_moved_file_keeps_its_results(self, store):
        save(store, recording(), result("insult"))
        (entry,) = register(store, [found(recording(uri="/calls/moved.wav", name="moved.wav"))])
        assert (entry.state, entry.duplicate_of) == ("done", None)
        assert [(row.recording, row.critical) for row in list_calls(store, Filter())] == [("moved.wav", 1)]

    def test_corrected_roles_mean_doing_it_again(self, store):
        save(store, recording())
        (entry,) = register(store, [found(recording(channel_roles=(Role.CUSTOMER, Role.AGENT)))])
        assert entry.state == "pending"

    def test_without_manifest_what_is_known_stays(self, store):
        save(store, recording())
        (entry,) = register(store, [found(recording(metadata=CallMetadata()), described=False)])
        assert entry.state == "done"
        assert list_calls(store, Filter())[0].agent == "A1"

    def test_redo(self, store):
        save(store, recording())
        (entry,) = register(store, [found(recording())], redo=True)
        assert entry.state == "pending"

    def test_unread_file_that_can_be_read_later_is_one_recording(self, store):
        stand_in = recording(id=UNREAD + "1" * 64)
        (entry,) = register(store, [found(stand_in, failure=("unreadable", "mend it"))])
        assert (entry.state, entry.reason, entry.message) == ("quarantined", "unreadable", "mend it")
        register(store, [found(recording())])
        assert [row.state for row in list_calls(store, Filter())] == ["pending"]

    def test_metadata_is_corrected(self, store):
        save(store, recording())
        register(store, [found(recording(metadata=CallMetadata(agent="A7")))])
        assert list_calls(store, Filter())[0].agent == "A7"


def test_format_is_kept(store):
    save(store, recording())
    assert list_calls(store, Filter())[0].duration_s == FORMAT.duration_s


def test_predictions_read_back_and_rank(store):
    likely = predicted(dissatisfied=0.9, escalation=None)
    save(store, recording(1), result("closing-missing"))
    register(store, [found(recording(2))])
    (lease,) = claim(store, "o", limit=1, ttl_s=60, now_s=0.0)
    save_call(store, lease, replace(processed(), findings=Findings((), likely)), run())
    assert stored_call(store, recording(2).id).predictions == likely
    assert stored_call(store, recording(1).id).predictions is None
    first, second = list_calls(store, Filter())
    assert (first.recording, first.risk, first.dissatisfied, first.dissatisfied_flagged) == ("c2.wav", 31, 0.9, True)
    assert (first.escalation, first.escalation_flagged) == (None, False)
    assert (second.recording, second.dissatisfied, second.dissatisfied_flagged) == ("c1.wav", None, False)


def test_what_was_said_can_be_searched_at_once(store):
    save(store, recording())
    with store.reading() as connection:
        condition = search_condition(connection.dialect.name, "神经病")
        query = select(review_items.c.recording_id).where(condition)
        assert connection.execute(query).scalars().all() == [recording().id]

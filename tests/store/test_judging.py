"""What follows from a judgement, outlines, and which rules were run on a call; on both databases."""

import threading

import pytest
from sqlalchemy import select

from pipeline.domain.errors import StoreError
from pipeline.domain.reviews import ReviewKind, Verdict
from pipeline.store.call_recording import find_by_id
from pipeline.store.call_rules import rules_run_on
from pipeline.store.call_status import call_status
from pipeline.store.judging import judge
from pipeline.store.results import start_run
from pipeline.store.review_tables import audit, waveforms
from pipeline.store.reviews import reviews_of
from pipeline.store.waveforms import Waveform, save_waveform, stored_waveform
from tests.store.builders import run
from tests.store.judgements import person, said, stored


@pytest.fixture
def store(empty_store):
    """A database with a run."""
    start_run(empty_store, run())
    return empty_store


def test_an_entry_on_a_call_that_is_not_there_stores_nothing(store):
    lin = person(store, "lin")
    with pytest.raises(StoreError):
        judge(store, said("f" * 64, lin, Verdict.CONFIRMED), lin)
    with store.reading() as connection:
        assert connection.execute(select(audit)).all() == []


def test_an_entry_is_noted_in_the_audit_log_once(store):
    lin, call = person(store, "lin"), stored(store, 1)
    entry = said(call, lin, Verdict.ABSENT)
    first, again = judge(store, entry, lin, address="10.0.0.1"), judge(store, entry, lin)
    assert (first.added, again.added) == (True, False)
    assert first.review == again.review
    with store.reading() as connection:
        (row,) = connection.execute(select(audit)).mappings().all()
    assert (row["action"], row["login"], row["recording_id"], row["address"]) == ("judge", "lin", call, "10.0.0.1")
    assert row["detail"] == {"review": first.review.id, "kind": "verdict", "rule": "insult"}


def test_finishing_undoing_and_undoing_that(store):
    lin, call = person(store, "lin"), stored(store, 1)
    last = judge(store, said(call, lin, kind=ReviewKind.FINISHED, rule_id=None), lin).review
    done = [call_status(store, call).done]
    for _ in range(3):
        last = judge(store, said(call, lin, kind=ReviewKind.UNDO, rule_id=None, undoes=last.id), lin).review
        done.append(call_status(store, call).done)
    assert done == [True, False, True, False]
    assert call_status(store, call).done_by is None


def test_undoing_a_verdict_leaves_a_finished_call_finished(store):
    lin, call = person(store, "lin"), stored(store, 1)
    verdict = judge(store, said(call, lin, Verdict.ABSENT), lin).review
    judge(store, said(call, lin, kind=ReviewKind.FINISHED, rule_id=None), lin)
    judge(store, said(call, lin, kind=ReviewKind.UNDO, rule_id=None, undoes=verdict.id), lin)
    status = call_status(store, call)
    assert (status.done, status.done_by) == (True, "name of lin")


def test_the_same_entry_from_several_connections_is_stored_once(store):
    lin, call = person(store, "lin"), stored(store, 1)
    entry, added = said(call, lin, Verdict.ABSENT), []
    threads = [threading.Thread(target=lambda: added.append(judge(store, entry, lin).review.id)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(added) == 5
    assert len(set(added)) == 1
    assert len(reviews_of(store, [call])[call]) == 1


def test_an_outline_reads_back_as_it_was(store):
    call = stored(store, 1)
    assert stored_waveform(store, call, "a") is None
    outline = Waveform(12.5, 50, (bytes(range(100)), bytes(reversed(range(100)))))
    save_waveform(store, call, outline, "a")
    assert stored_waveform(store, call, "a") == outline
    assert stored_waveform(store, call, "b") is None, "under another mask"
    newer = Waveform(2.0, 50, (b"\x01\x02",))
    save_waveform(store, call, newer, "b")
    assert stored_waveform(store, call, "b") == newer


def test_an_outline_of_another_format_is_not_read(store):
    call = stored(store, 1)
    with store.writing() as connection:
        connection.execute(waveforms.insert().values(recording_id=call, document=b'{"format": 99}\n'))
    with pytest.raises(StoreError, match="format 99"):
        stored_waveform(store, call, "a")


def test_calls_that_are_not_there(store):
    assert find_by_id(store, "f" * 64) is None
    assert call_status(store, "f" * 64) is None
    assert rules_run_on(store, "f" * 64) is None


def test_the_rules_that_were_run_have_their_titles(store):
    call = stored(store, 1)
    found = rules_run_on(store, call)
    assert found.run_id == run().id
    assert {heading.id for heading in found.headings} <= {heading.id for heading in run().headings}
    assert found.heading("no-such-rule") is None
    assert find_by_id(store, call).id == call

"""One customer's calls: found, handed out, erased for good, with a certificate; both databases."""

import json
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from pipeline.batch.intake import take_in
from pipeline.batch.inventory import DescribedFile
from pipeline.batch.reapply import reapply
from pipeline.batch.subject import Found, Wanted, erase_subject, find_subject
from pipeline.batch.subject_copy import write_copy
from pipeline.cli.certificate_page import certificate_page
from pipeline.domain.calls import Role, Transcript, Turn
from pipeline.domain.errors import ConfigError, StoreError
from pipeline.domain.personal import PersonalKind, PersonalSpan, mask_transcript
from pipeline.domain.results import Findings
from pipeline.domain.retention import DataClass
from pipeline.domain.reviews import Verdict
from pipeline.privacy.keys import add_key
from pipeline.privacy.places import masked_path
from pipeline.privacy.sealing import pseudonym, seal_transcript
from pipeline.store import documents
from pipeline.store.database import open_database
from pipeline.store.erased import ERASED
from pipeline.store.erasure import begin_erasure, kept_certificate, unfinished_erasures
from pipeline.store.holds import all_holds, place_hold, release_hold
from pipeline.store.keeping import TABLES
from pipeline.store.ledger import Failure, claim, fail
from pipeline.store.listings import Filter, list_calls
from pipeline.store.originals import keep_original
from pipeline.store.results import save_call, save_findings
from pipeline.store.reviews import add_review
from pipeline.store.search import index_missing
from pipeline.store.tables import ledger, recordings, transcripts
from pipeline.store.waveforms import Waveform, save_waveform
from tests.privacy.kept import SECRET, Kept
from tests.store.builders import processed, result, run
from tests.store.judgements import said

MOBILE = "13812345678"


ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what does not depend on the database."""


@pytest.fixture
def kept(empty_store, tmp_path):
    return Kept(empty_store, tmp_path / "calls")


@pytest.fixture
def keys(tmp_path):
    return add_key(tmp_path / "keys")


def erase(kept, *recording_ids, **options):
    return erase_subject(kept.store, Found(recording_ids, 0, 0), by="dpo", playback=kept.folder / "none", **options)


def seal(kept, keys, recording_id, said):
    """Stores what the call said, closed, beside a transcript that hides its last eleven characters."""
    turn = Turn(0, Role.CUSTOMER, 0.0, 5.0, said)
    span = PersonalSpan(0, len(said) - 11, len(said), PersonalKind.MOBILE, MOBILE)
    original = Transcript((turn,), 5.0)
    masked = mask_transcript(original, [span])
    with kept.store.writing() as connection:
        changed = transcripts.update().where(transcripts.c.recording_id == recording_id)
        connection.execute(changed.values(turns=documents.encode_turns(masked.turns)))
        keep_original(connection, recording_id, seal_transcript(keys, recording_id, original, masked))


def test_found_by_customer_number(kept):
    mine = [kept.call("a", customer="C1"), kept.call("b", customer="C1")]
    kept.call("c", customer="C2")
    assert find_subject(kept.store, Wanted(customers=("C1",)), None) == Found(tuple(sorted(mine)), 0, 0)
    assert find_subject(kept.store, Wanted(customers=("C9",)), None).recording_ids == ()


@ON_SQLITE
def test_a_number_that_is_personal_is_looked_for_by_its_pseudonym(kept, keys):
    mine = kept.call("a", customer=pseudonym(keys, MOBILE))
    assert find_subject(kept.store, Wanted(customers=(MOBILE,)), keys).recording_ids == (mine,)
    with pytest.raises(ConfigError, match="without key_file"):
        find_subject(kept.store, Wanted(customers=(MOBILE,)), None)


@ON_SQLITE
@pytest.mark.parametrize("sought", [MOBILE, "138 1234 5678", "138-1234-5678", "12345678"])
def test_found_by_what_was_said(kept, keys, sought):
    mine, others = kept.call("a"), kept.call("b")
    seal(kept, keys, mine, f"我的手机是{MOBILE}")
    seal(kept, keys, others, "我的手机是13900000000")
    assert find_subject(kept.store, Wanted(says=(sought,)), keys) == Found((mine,), 2, 0)
    assert find_subject(kept.store, Wanted(says=("手机",)), keys).recording_ids == tuple(sorted((mine, others)))


@ON_SQLITE
def test_where_the_key_is_lost_it_says_how_much_nobody_could_search(kept, keys, tmp_path):
    for name in "ab":
        seal(kept, keys, kept.call(name), f"我的手机是{MOBILE}")
    other = add_key(tmp_path / "other-keys")
    assert find_subject(kept.store, Wanted(says=(MOBILE,)), other) == Found((), 0, 2)
    assert find_subject(kept.store, Wanted(says=(MOBILE,)), None) == Found((), 0, 2)


def test_erased_everywhere_and_certified(kept):
    mine, others = kept.call("a"), kept.call("b", customer="C2")
    done = erase(kept, mine)
    assert done.complete and not done.left
    assert set(kept.rows(mine).values()) == {0}
    assert set(kept.rows(others).values()) == {1, 2}
    assert kept.file_of(mine) is None and kept.file_of(others)
    assert [row.id for row in list_calls(kept.store, Filter())] == [others]
    certificate = done.certificate
    assert certificate["totals"] == {
        "audio": {"files": 1, "waveforms": 1},
        "originals": {"originals": 1},
        "transcripts": {"transcripts": 1, "search_documents": 1},
        "derived": {table.name: 1 for table in TABLES[DataClass.DERIVED]},
        "reviews": {"reviews": 2, "appeals": 1}
        | dict.fromkeys(("calibration_entries", "calibration_gold", "calibration_calls"), 1),
        "details": {"recordings": 1},
    }
    assert list(certificate["erased"]) == [mine]
    assert (certificate["kept_verdicts"], certificate["kept_audit_entries"]) == (2, 1)
    assert kept_certificate(kept.store, certificate["certificate"]) == certificate
    for shown in (json.dumps(certificate, ensure_ascii=False), certificate_page(certificate)):
        assert not [part for part in ("王小芳", MOBILE, "退款", "c1.wav") if part in shown]


@ON_SQLITE
def test_nothing_of_it_is_left_in_the_file(kept, tmp_path):
    erase(kept, kept.call("a"))
    kept.store.close()
    for file in tmp_path.glob("test.db*"):
        assert SECRET.encode() not in file.read_bytes()


def test_a_hold_keeps_it_and_the_certificate_says_so(kept):
    held, free = kept.call("a"), kept.call("b")
    number = place_hold(kept.store, by="law", reason=f"case of {SECRET}", recording_id=held)
    done = erase(kept, held, free)
    assert done.certificate["held"] == {held: number}
    assert kept.file_of(held) and not kept.file_of(free)
    release_hold(kept.store, number, by="law")
    assert erase(kept, held, free).complete
    assert kept.file_of(held) is None
    # What the hold said of the customer has gone with the call.
    assert [one.reason for one in all_holds(kept.store, released=True)] == ["—"]


def test_a_hold_that_comes_after_the_beginning_counts(kept):
    mine = kept.call("a")
    begun = begin_erasure(kept.store, [mine], by="dpo", originals_not_opened=3)
    number = place_hold(kept.store, by="law", reason="case", recording_id=mine)
    done = erase(kept, resume=begun.id)
    assert (done.complete, done.certificate["unfinished"]) == (False, [mine])
    assert kept.file_of(mine) and kept.rows(mine)["transcripts"] == 1
    release_hold(kept.store, number, by="law")
    done = erase(kept, resume=begun.id)
    assert done.complete and not kept.file_of(mine)
    assert done.certificate["originals_not_opened"] == 3


def test_what_was_erased_is_not_taken_in_again(kept):
    mine = kept.call("a")
    content = kept.file_of(mine).read_bytes()
    erase(kept, mine)
    back = kept.folder / f"{SECRET}-back.wav"
    back.write_bytes(content)
    for redo in (False, True):
        ((_, registered),) = next(take_in(kept.store, [DescribedFile(str(back))], redo=redo))
        assert (registered.recording_id, registered.state) == (mine, ERASED)
    assert claim(kept.store, "o", limit=1, ttl_s=60) == []
    with kept.store.reading() as connection:
        assert SECRET not in str(connection.execute(select(recordings)).all())
        assert connection.execute(select(ledger)).all() == []
    assert set(kept.rows(mine).values()) == {0}


def test_erased_while_it_is_processed_the_result_is_not_stored(kept):
    file = kept.folder / "a.wav"
    file.write_bytes(b"RIFF")
    made = kept.enter(file)
    (lease,) = claim(kept.store, "worker", limit=1, ttl_s=600)
    assert erase(kept, made.id).complete
    assert not file.exists()
    assert not save_call(kept.store, lease, replace(processed(result("insult")), masking=1), run())
    assert fail(kept.store, lease, Failure("crash", "x"), run_id="run1") is None
    assert set(kept.rows(made.id).values()) == {0}


def test_nothing_that_is_under_way_elsewhere_brings_it_back(kept):
    mine = kept.call("a")
    findings = {mine: Findings((result("insult"),))}
    erase(kept, mine)
    save_findings(kept.store, findings, run("run1"))
    save_waveform(kept.store, mine, Waveform(1.0, 50, (b"xx",)), "m")
    index_missing(kept.store)
    late = replace(said(mine, kept.reviewer, Verdict.CONFIRMED), text=SECRET)
    with pytest.raises(StoreError):
        add_review(kept.store, late)
    assert set(kept.rows(mine).values()) == {0}


def test_rules_that_are_applied_meanwhile_leave_it_alone(kept):
    mine, others = kept.call("a"), kept.call("b")

    def evaluate(call):
        if kept.file_of(mine):
            erase(kept, mine)
        return Findings((result("insult"),))

    assert reapply(kept.store, evaluate, run("run2")).calls == 2
    assert set(kept.rows(mine).values()) == {0}
    assert kept.rows(others)["evidence"] == 1


@ON_SQLITE
def test_a_file_that_cannot_be_deleted_leaves_it_unfinished(kept):
    mine = kept.call("a")
    file = kept.file_of(mine)
    content = file.read_bytes()
    file.write_bytes(b"something else")
    done = erase(kept, mine)
    assert not done.complete
    assert done.left == ((masked_path(str(file)), "it holds something else now"),)
    assert (list(done.certificate["erased"]), done.certificate["unfinished"]) == ([], [mine])
    number = done.certificate["certificate"]
    assert unfinished_erasures(kept.store) == [number]
    file.write_bytes(content)
    done = erase(kept, resume=number)
    assert done.complete and not file.exists()
    assert done.certificate["totals"]["audio"] == {"files": 1, "waveforms": 1}
    assert unfinished_erasures(kept.store) == []


@ON_SQLITE
def test_asking_twice_is_no_fault(kept):
    mine = kept.call("a")
    first, second = erase(kept, mine), erase(kept, mine)
    assert first.complete and second.complete
    assert second.certificate["erased"] == {}
    with pytest.raises(StoreError, match="is unfinished"):
        erase(kept, resume=first.certificate["certificate"])


KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from pipeline.batch.subject import Wanted, erase_subject, find_subject
from pipeline.store.database import open_database

seen = []

@event.listens_for(Engine, "before_cursor_execute")
def strike(connection, cursor, statement, *rest):
    if statement.startswith(sys.argv[3]):
        seen.append(statement)
        if len(seen) == int(sys.argv[4]):
            os.kill(os.getpid(), signal.SIGKILL)

store = open_database(sys.argv[1])
erase_subject(store, find_subject(store, Wanted(customers=("C1",)), None), by="dpo", playback=Path(sys.argv[2]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "times"), [("INSERT INTO erased", 2), ("UPDATE reviews", 2), ("UPDATE erasures", 2)]
)
def test_killed_in_the_middle_it_is_finished_by_asking_again(kept, database_url, statement, times):
    calls = [kept.call(name) for name in "abc"]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, database_url, str(kept.folder / "none"), statement, str(times)], check=False
    )
    assert killed.returncode == -signal.SIGKILL
    store = open_database(database_url)
    number = next(iter(unfinished_erasures(store)), None)
    assert (number is None) == (statement == "INSERT INTO erased")
    done = erase(kept, resume=number) if number else erase(kept, *calls)
    assert done.complete
    assert sorted(done.certificate["erased"]) == sorted(calls)
    assert all(set(kept.rows(one).values()) == {0} for one in calls)
    assert not any(kept.folder.glob("*.wav"))
    assert done.certificate["totals"]["transcripts"] == {"transcripts": 3, "search_documents": 3}
    store.close()


def test_begun_it_is_closed_even_before_anything_is_deleted(kept):
    mine = kept.call("a")
    begin_erasure(kept.store, [mine], by="dpo")
    ((_, registered),) = next(take_in(kept.store, [DescribedFile(str(kept.file_of(mine)))], redo=True))
    assert registered.state == ERASED
    assert claim(kept.store, "o", limit=1, ttl_s=60) == []


def test_a_tombstone_stays(kept):
    erase(kept, kept.call("a"))
    with pytest.raises(StoreError, match="append-only"), kept.store.writing() as connection:
        connection.execute(text("DELETE FROM erased"))


@ON_SQLITE
def test_a_copy_for_the_customer_is_clear_and_private(kept, keys, tmp_path):
    mine = kept.call("a")
    seal(kept, keys, mine, f"我的手机是{MOBILE}")
    copied = write_copy(kept.store, [mine], tmp_path / "copy", keys=keys, sound=True)
    assert (copied.calls, copied.remarks) == (1, ())
    (call,) = json.loads((tmp_path / "copy" / "data.json").read_text())
    assert call["turns"][0]["text"] == f"我的手机是{MOBILE}"
    assert call["recording"]["customer_id"] == "C1"
    assert [one["text"] for one in call["reviews"] if "text" in one] == [SECRET]
    assert (tmp_path / "copy" / f"{mine[:12]}.wav").read_bytes() == kept.file_of(mine).read_bytes()
    assert (tmp_path / "copy").stat().st_mode & 0o077 == 0
    with pytest.raises(ConfigError, match="is there already"):
        write_copy(kept.store, [mine], tmp_path / "copy", keys=keys, sound=False)


@ON_SQLITE
def test_a_copy_without_the_key_says_that_it_is_masked(kept, keys, tmp_path):
    mine = kept.call("a")
    seal(kept, keys, mine, f"我的手机是{MOBILE}")
    kept.file_of(mine).unlink()
    copied = write_copy(kept.store, [mine], tmp_path / "copy", keys=None, sound=True)
    assert len(copied.remarks) == 2
    assert "[手机号]" in (tmp_path / "copy" / "data.json").read_text()

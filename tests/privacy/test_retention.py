"""What is older than the rules allow goes, and nothing else, whatever happens in between; both databases."""

import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, text, update

from pipeline.batch.retention import sweep
from pipeline.domain.errors import ConfigError, StoreError
from pipeline.domain.retention import DataClass, RetentionRules
from pipeline.privacy.places import masked_path
from pipeline.store.database import open_database
from pipeline.store.holds import all_holds, place_hold, release_hold
from pipeline.store.keeping import TABLES, recorded
from pipeline.store.retention import plan_due
from pipeline.store.retention_tables import deletions, erased, holds
from pipeline.store.review_tables import audit, reviews
from pipeline.store.tables import ledger, metadata, recordings
from tests.privacy.kept import NEW, SECRET, Kept

EVERYTHING = RetentionRules(dict.fromkeys(DataClass, 30))
UNTOUCHED = {
    "files": 1, "waveforms": 1, "originals": 1, "transcripts": 1, "search_documents": 1, "evidence": 1,
    "rule_results": 1, "predictions": 1, "evaluations": 1, "review_items": 1, "picks": 1, "alerts": 1, "reviews": 2,
    "appeals": 1, "calibration_entries": 1, "calibration_gold": 1, "calibration_calls": 1,
}  # fmt: skip


ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what does not depend on the database."""


@pytest.fixture
def kept(empty_store, tmp_path):
    return Kept(empty_store, tmp_path / "calls")


def run(kept, rules=EVERYTHING, **options):
    return sweep(kept.store, rules, plan_due(kept.store, rules), by="op", playback=kept.folder / "none", **options)


def test_every_table_of_a_recording_belongs_to_a_class():
    # A table that is forgotten would keep what was to be deleted.
    classed = {table for tables in TABLES.values() for table in tables}
    kept = {recordings, ledger, audit, deletions, erased, holds}
    of_recordings = {table for table in metadata.tables.values() if "recording_id" in table.c}
    assert of_recordings - classed - kept == set()


@ON_SQLITE
def test_without_rules_nothing_is_due(kept):
    kept.call("a")
    assert plan_due(kept.store, RetentionRules()).calls == 0


def test_everything_that_is_due_goes_and_what_is_young_stays(kept):
    old, young = kept.call("old"), kept.call("young", age=NEW)
    assert kept.rows(old) == kept.rows(young) == UNTOUCHED
    plan = plan_due(kept.store, EVERYTHING)
    assert plan.calls == 1
    assert kept.rows(old) == UNTOUCHED
    swept = run(kept)
    assert (swept.calls, swept.left, swept.passed_over) == (1, [], [])
    assert set(kept.rows(old).values()) == {0}
    assert kept.rows(young) == UNTOUCHED
    assert kept.file_of(old) is None and kept.file_of(young)
    assert plan_due(kept.store, EVERYTHING).calls == 0
    with kept.store.reading() as connection:
        row = connection.execute(select(recordings).where(recordings.c.id == old)).one()
        verdicts = connection.execute(select(reviews.c.verdict).where(reviews.c.recording_id == old)).scalars().all()
    assert (row.uri, row.customer_id, row.extra, row.agent) == ("—", None, {}, "A1")
    assert verdicts == ["confirmed", None]


@ON_SQLITE
def test_the_record_says_what_and_why_and_nothing_personal(kept):
    old = kept.call("old")
    run(kept)
    found = recorded(kept.store, limit=100)
    assert {row["data_class"] for row in found} == {*(one.value for one in DataClass), "run"} - {"audit"}
    assert {row["recording_id"] for row in found} == {old, None}
    assert {row["by"] for row in found} == {"op"}
    assert next(row for row in found if row["data_class"] == "audio")["rule"] == "default: 30 days"
    assert next(row for row in found if row["data_class"] == "audio")["counts"] == {"files": 1, "waveforms": 1}
    assert SECRET not in str(found) and "王" not in str(found)


def test_each_queue_by_its_own_rule(kept):
    refund, claim, unknown = (kept.call(name, queue=name or None) for name in ("退款", "理赔", ""))
    audio = DataClass.AUDIO
    rules = RetentionRules({audio: 200}, {"退款": {audio: 30}, "理赔": {audio: None}})
    assert run(kept, rules).calls == 1
    assert [kept.file_of(one) is None for one in (refund, claim, unknown)] == [True, False, False]
    assert kept.rows(refund) == {**UNTOUCHED, "files": 0, "waveforms": 0}
    assert run(kept, RetentionRules({audio: 30}, {"理赔": {audio: None}})).calls == 1
    assert [kept.file_of(one) is None for one in (refund, claim, unknown)] == [True, False, True]


@ON_SQLITE
def test_details_stay_as_long_as_there_is_a_file(kept):
    kept.call("a")
    assert run(kept, RetentionRules({DataClass.DETAILS: 30})).calls == 0
    # With the file they go in one run.
    assert run(kept, RetentionRules({DataClass.DETAILS: 30, DataClass.AUDIO: 30})).calls == 1
    with kept.store.reading() as connection:
        assert connection.execute(select(recordings.c.uri)).scalars().all() == ["—"]


def something_else(file):
    file.write_bytes(b"another call")


def a_link(file):
    target = file.with_suffix(".kept")
    file.rename(target)
    file.symlink_to(target)


def a_folder(file):
    file.unlink()
    file.mkdir()


def share_away(file):
    file.parent.rename(file.parent.with_name("away"))


@ON_SQLITE
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (something_else, "something else now"),
        (a_link, "a link or no file"),
        (a_folder, "a link or no file"),
        (share_away, "is a share away"),
    ],
)
def test_a_file_that_is_not_the_recording_any_more_stays_and_is_named(kept, change, why):
    old = kept.call("old")
    file = kept.file_of(old)
    change(file)
    swept = run(kept)
    assert [(recording_id, place) for recording_id, place, _ in swept.left] == [(old, masked_path(str(file)))]
    assert why in swept.left[0][2]
    # Its place is kept, so that the next run can delete it; all else has gone.
    rows = kept.rows(old)
    assert rows.pop("files") == 1
    assert set(rows.values()) == {0}
    with kept.store.reading() as connection:
        assert connection.execute(select(recordings.c.uri)).scalar() == str(file)


@ON_SQLITE
def test_a_file_that_has_gone_already_is_no_trouble(kept):
    old = kept.call("old")
    kept.file_of(old).unlink()
    swept = run(kept)
    assert (swept.left, kept.rows(old)["files"]) == ([], 0)


@ON_SQLITE
def test_only_files_that_were_registered_are_touched(kept):
    old = kept.call("old")
    beside = kept.folder / "beside.wav"
    beside.write_bytes(kept.file_of(old).read_bytes())
    run(kept)
    assert beside.exists()


def test_a_hold_keeps_a_call_and_all_of_a_customer(kept):
    held, customers, free = kept.call("a", customer="C1"), kept.call("b", customer="C2"), kept.call("c", customer="C3")
    first = place_hold(kept.store, by="law", reason="case 7", recording_id=held)
    second = place_hold(kept.store, by="law", reason="case 8", customer_id="C2")
    plan = plan_due(kept.store, EVERYTHING)
    assert (plan.calls, plan.held) == (1, 2)
    run(kept)
    assert [kept.rows(one) == UNTOUCHED for one in (held, customers, free)] == [True, True, False]
    release_hold(kept.store, first, by="law")
    with pytest.raises(StoreError, match=f"no hold {first} is in force"):
        release_hold(kept.store, first, by="law")
    assert [one.id for one in all_holds(kept.store)] == [second]
    assert [one.released_by for one in all_holds(kept.store, released=True)] == ["law", None]
    assert plan_due(kept.store, EVERYTHING).calls == 1


def test_a_hold_that_comes_after_the_plan_counts(kept, monkeypatch):
    old = kept.call("old")
    plan = plan_due(kept.store, EVERYTHING)
    from pipeline.batch import retention

    def looked_at_slowly(recording_id, *given):
        place_hold(kept.store, by="law", reason="case", recording_id=recording_id)
        return real(recording_id, *given)

    real = retention.look_at
    monkeypatch.setattr(retention, "look_at", looked_at_slowly)
    swept = sweep(kept.store, EVERYTHING, plan, by="op", playback=kept.folder)
    assert swept.passed_over == [old]
    assert kept.rows(old) == UNTOUCHED and kept.file_of(old)


@pytest.mark.parametrize("state", ["pending", "leased", "failed"])
def test_what_is_not_processed_yet_is_left_and_named(kept, state):
    old = kept.call("old")
    with kept.store.writing() as connection:
        connection.execute(update(ledger).values(state=state, owner="somebody"))
    plan = plan_due(kept.store, EVERYTHING)
    assert (plan.calls, plan.busy) == (0, (old,))
    assert run(kept).calls == 0
    assert kept.rows(old) == UNTOUCHED


@pytest.mark.parametrize(
    ("days", "said"), [(-20, "nothing was written for 2"), (3, "still to come")], ids=["jumped", "was ahead"]
)
def test_a_clock_that_jumped_deletes_nothing_unless_told_so(kept, days, said):
    kept.call("old")
    moved = datetime.now(UTC) + timedelta(days=days)
    with kept.store.writing() as connection:
        connection.execute(update(recordings).values(added_at=moved))
        connection.execute(update(ledger).values(updated_at=moved))
        connection.execute(text("DROP TRIGGER audit_no_update" + (" ON audit" if _is_server(kept.store) else "")))
        connection.execute(update(audit).values(at=moved))
    with pytest.raises(ConfigError, match=said):
        plan_due(kept.store, EVERYTHING)
    assert plan_due(kept.store, EVERYTHING, trust_clock=True).calls == 1


def _is_server(store):
    return not store.url.startswith("sqlite")


@ON_SQLITE
def test_a_run_that_had_nothing_to_delete_tells_the_next_that_the_clock_goes_on(kept):
    run(kept, RetentionRules())
    assert [row["data_class"] for row in recorded(kept.store, limit=5)] == ["run"]


def test_the_audit_log_is_shortened_and_otherwise_unchangeable(kept):
    held = kept.call("held")
    kept.call("free")
    place_hold(kept.store, by="law", reason="case", recording_id=held)
    with kept.store.writing() as connection, pytest.raises(Exception, match="append-only"):
        connection.execute(delete(audit))
    swept = run(kept, RetentionRules({DataClass.AUDIT: 1}))
    assert swept.audit_entries == 0
    rules = RetentionRules({DataClass.AUDIT: 1})
    plan = plan_due(kept.store, rules)
    from dataclasses import replace

    late = replace(plan, today=plan.today + timedelta(days=3))
    assert sweep(kept.store, rules, late, by="op", playback=kept.folder).audit_entries == 1
    with kept.store.reading() as connection:
        assert connection.execute(select(audit.c.recording_id)).scalars().all() == [held]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE reviews SET quote = NULL, text = NULL",
        "UPDATE reviews SET verdict = 'rejected'",
        "DELETE FROM reviews",
        "DELETE FROM audit",
        "UPDATE audit SET login = 'x'",
    ],
)
def test_nobody_changes_what_was_said_without_a_deletion_on_record(kept, change):
    kept.call("a")
    with pytest.raises(StoreError, match="append-only"), kept.store.writing() as connection:
        connection.execute(text(change))


@pytest.mark.parametrize("change", ["UPDATE reviews SET verdict = 'rejected'", "DELETE FROM reviews"])
def test_a_deletion_on_record_lets_words_be_blanked_and_nothing_else(kept, change):
    kept.call("old")
    run(kept)
    with pytest.raises(StoreError, match="append-only"), kept.store.writing() as connection:
        connection.execute(text(change))


@pytest.mark.parametrize("change", ["UPDATE deletions SET rule = 'x'", "DELETE FROM deletions"])
def test_nobody_changes_the_record_of_deletions(kept, change):
    kept.call("old")
    run(kept)
    with pytest.raises(StoreError, match="append-only"), kept.store.writing() as connection:
        connection.execute(text(change))


KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from pipeline.batch.retention import sweep
from pipeline.domain.retention import DataClass, RetentionRules
from pipeline.store.database import open_database
from pipeline.store.retention import plan_due

seen = []

@event.listens_for(Engine, "before_cursor_execute")
def strike(connection, cursor, statement, *rest):
    if statement.startswith(sys.argv[3]):
        seen.append(statement)
        if len(seen) == 3:
            os.kill(os.getpid(), signal.SIGKILL)

store = open_database(sys.argv[1])
rules = RetentionRules(dict.fromkeys(DataClass, 30))
sweep(store, rules, plan_due(store, rules), by="op", playback=Path(sys.argv[2]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("statement", ["INSERT INTO deletions", "DELETE FROM transcripts", "UPDATE recordings"])
def test_killed_in_the_middle_it_is_finished_by_the_next_run(kept, database_url, statement):
    calls = [kept.call(f"c{number}") for number in range(5)]
    killed = subprocess.run([sys.executable, "-c", KILLED, database_url, str(kept.folder), statement], check=False)
    assert killed.returncode == -signal.SIGKILL
    left = [one for one in calls if any(kept.rows(one).values())]
    # Each is either whole but for its file, or gone.
    assert 0 < len(left) < 5 or statement == "INSERT INTO deletions"
    for one in left:
        assert kept.rows(one) == UNTOUCHED
    swept = run(kept)
    assert swept.calls == len(left) and not swept.left
    assert all(set(kept.rows(one).values()) == {0} for one in calls)
    found = [row["recording_id"] for row in recorded(kept.store, limit=1000) if row["data_class"] == "audio"]
    assert sorted(found) == sorted(calls)


@pytest.mark.slow
def test_two_at_once_delete_everything_once(kept, database_url):
    calls = [kept.call(f"c{number}") for number in range(12)]
    stores = [open_database(database_url) for _ in range(2)]
    plans = [plan_due(store, EVERYTHING) for store in stores]
    done, start = [], threading.Barrier(2)

    def go(store, plan):
        start.wait()
        done.append(sweep(store, EVERYTHING, plan, by="op", playback=kept.folder))

    threads = [threading.Thread(target=go, args=pair) for pair in zip(stores, plans, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(swept.calls for swept in done) == 12
    assert [swept.left for swept in done] == [[], []]
    found = [row["recording_id"] for row in recorded(kept.store, limit=1000) if row["data_class"] == "derived"]
    assert sorted(found) == sorted(calls)
    for store in stores:
        store.close()


@ON_SQLITE
def test_nothing_of_what_was_deleted_is_left_in_the_file(kept, tmp_path):
    kept.call("old")
    # Out of the write-ahead log into the file itself: there is something to remove from both.
    with closing(sqlite3.connect(tmp_path / "test.db")) as opened:
        opened.execute("PRAGMA wal_checkpoint(PASSIVE)")
    for file in tmp_path.glob("test.db*"):
        assert file.name.endswith("-shm") or SECRET.encode() in file.read_bytes()
    run(kept)
    kept.store.close()
    for file in tmp_path.glob("test.db*"):
        assert SECRET.encode() not in file.read_bytes()

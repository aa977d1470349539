"""Names and numbers of people in the paths of recordings: closed by the key, found again, shown masked."""

import hashlib
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.batch import intake
from pipeline.batch.places import check_places
from pipeline.batch.protect import protect, rotate_paths
from pipeline.domain.errors import ConfigError
from pipeline.domain.personal import shown
from pipeline.privacy.keys import add_key, read_keys
from pipeline.privacy.places import with_path
from pipeline.privacy.sealing import SealError
from pipeline.store.call_recording import find_by_id
from pipeline.store.ledger import claim
from pipeline.store.listings import Filter, list_calls
from pipeline.store.places import count_open_places, places_by_key
from pipeline.store.recordings import State, is_unread
from pipeline.store.tables import files, recordings
from tests.privacy.paths import PEOPLE, SEARCH, calls, count, enter, find, keys, leaks, recording_at, sha

__all__ = ["calls", "keys"]


# Entering and finding again.


def test_a_second_run_knows_the_files_and_reads_none_again(empty_store, keys, calls, monkeypatch):
    first = enter(empty_store, calls, keys)
    assert leaks(empty_store) == set()
    assert places_by_key(empty_store) == {keys.newest.id: 12}

    def read(location):
        raise AssertionError(location)

    monkeypatch.setattr(intake, "_digest", read)
    assert enter(empty_store, calls, keys) == first
    assert (count(empty_store, files), count(empty_store, recordings)) == (12, 12)


def test_what_a_worker_is_given_opens_and_nothing_else_does(empty_store, keys, calls, tmp_path):
    enter(empty_store, calls, keys)
    leases = claim(empty_store, "o", limit=20, ttl_s=60)
    assert SEARCH.in_text(repr(leases)) == set()
    assert {with_path(keys, lease.recording).uri for lease in leases} == {str(file) for file in calls.rglob("*.wav")}
    with pytest.raises(SealError, match="no key_file"):
        with_path(None, leases[0].recording)
    other = add_key(tmp_path / "other")
    with pytest.raises(SealError, match="other"):
        with_path(other, leases[0].recording)
    # A row that is put in another's place does not open.
    one, two = leases[:2]
    with pytest.raises(SealError, match="altered"):
        with_path(keys, replace(one.recording, closed=two.recording.closed))


def test_calls_are_found_by_path_by_name_and_as_lists_show_them(empty_store, keys, calls):
    enter(empty_store, calls, keys)
    for file in calls.rglob("*.wav"):
        assert find(empty_store, keys, str(file)) == sha(file)
        assert find(empty_store, keys, file.name) == sha(file)
    for call in list_calls(empty_store, Filter()):
        assert find(empty_store, keys, shown(call.recording)) == call.id


def test_masked_alike_names_are_told_apart(empty_store, keys, calls):
    enter(empty_store, calls, keys)
    names = [shown(call.recording) for call in list_calls(empty_store, Filter())]
    assert sum(name.startswith("[手机号]_20260101.wav #") for name in names) == 2
    assert len(set(names)) == len(names)


def test_moved_copied_and_replaced_files(empty_store, keys, calls):
    enter(empty_store, calls, keys)
    file = recording_at(calls, PEOPLE[1])
    content, mine = file.read_bytes(), sha(file)
    copy = file.with_name(f"{PEOPLE[3].mobile}.wav")
    shutil.copy(file, copy)
    duplicate = enter(empty_store, calls, keys)[str(copy)]
    assert duplicate.recording_id == mine and SEARCH.in_text(duplicate.duplicate_of) == set()
    copy.unlink()
    moved = calls / f"{PEOPLE[5].name}.wav"
    file.rename(moved)
    assert enter(empty_store, calls, keys)[str(moved)].duplicate_of is None
    assert with_path(keys, find_by_id(empty_store, mine)).uri == str(moved)
    moved.write_bytes(b"another")
    enter(empty_store, calls, keys)
    assert with_path(keys, find_by_id(empty_store, mine)).uri != str(moved)
    file.write_bytes(content)
    enter(empty_store, calls, keys)
    assert with_path(keys, find_by_id(empty_store, mine)).uri == str(file)
    assert count(empty_store, recordings) == 13
    assert leaks(empty_store) == set()


def test_a_replaced_file_is_marked_so_and_not_taken_for_the_other(empty_store, keys, calls):
    enter(empty_store, calls, keys)
    file = recording_at(calls, PEOPLE[0])
    before = sha(file)
    file.write_bytes(b"another")
    enter(empty_store, calls, keys)
    old = find_by_id(empty_store, before)
    assert with_path(keys, old).uri == f"{file} (replaced)"
    assert shown(old.name).endswith("(replaced)")
    assert rotate_paths(empty_store, add_key(keys.file)) == 25
    assert leaks(empty_store) == set()


def test_of_a_file_that_cannot_be_read_no_digest_of_the_path_is_kept(empty_store, keys, calls):
    file = recording_at(calls, PEOPLE[0])
    content = file.read_bytes()
    file.write_bytes(b"")
    entered = enter(empty_store, calls, keys)[str(file)]
    assert is_unread(entered.recording_id) and entered.state == State.QUARANTINED
    assert hashlib.sha256(str(file).encode()).hexdigest() not in entered.recording_id
    file.write_bytes(content)
    assert enter(empty_store, calls, keys)[str(file)].recording_id == sha(file)
    assert count(empty_store, recordings) == 12


# What earlier versions stored.


def test_open_paths_are_known_before_they_are_closed_and_after(empty_store, keys, calls):
    first = enter(empty_store, calls, None)
    assert {"recordings.uri", "files.uri"} <= leaks(empty_store)
    assert enter(empty_store, calls, keys) == first
    assert (count(empty_store, files), count_open_places(empty_store)) == (12, 12)
    assert protect(empty_store, keys).paths == 24
    assert leaks(empty_store) == set()
    assert enter(empty_store, calls, keys) == first
    assert (count(empty_store, files), count_open_places(empty_store)) == (12, 0)
    for file in calls.rglob("*.wav"):
        assert find(empty_store, keys, file.name) == sha(file)
    assert protect(empty_store, keys).paths == 0
    url = empty_store._engine.url
    if url.get_backend_name() == "sqlite":
        content = b"".join(path.read_bytes() for path in Path(url.database).parent.glob("test.db*"))
        assert SEARCH.in_bytes(content) == set()


# Keys.


def test_rotation(empty_store, keys, calls):
    first = enter(empty_store, calls, keys)
    rotated = add_key(keys.file)
    assert rotate_paths(empty_store, rotated) == 24
    assert places_by_key(empty_store) == {rotated.newest.id: 12}
    assert rotate_paths(empty_store, rotated) == 0
    assert enter(empty_store, calls, rotated) == first
    lines = keys.file.read_text().splitlines(keepends=True)
    keys.file.write_text("".join(line for line in lines if keys.newest.id not in line))
    assert find(empty_store, rotated, recording_at(calls, PEOPLE[0]).name)


KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from pipeline.batch.discovery import discover
from pipeline.batch import intake, protect
from pipeline.privacy.keys import read_keys
from pipeline.store.database import open_database

seen = []

@event.listens_for(Engine, "before_cursor_execute")
def strike(connection, cursor, statement, *rest):
    if statement.startswith(sys.argv[5]):
        seen.append(statement)
        if len(seen) == int(sys.argv[6]):
            os.kill(os.getpid(), signal.SIGKILL)

intake.CHUNK_FILES = protect.PATHS_PAGE = 5
store, keys = open_database(sys.argv[1]), read_keys(Path(sys.argv[2]))
if sys.argv[4] == "enter":
    list(intake.take_in(store, discover([sys.argv[3]], None).files, keys=keys))
else:
    getattr(protect, sys.argv[4])(store, keys)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "statement", "times"),
    [
        ("enter", "INSERT INTO files", 2),
        ("protect", "UPDATE files", 7),
        ("protect", "UPDATE recordings", 8),
        ("protect", "VACUUM", 1),
        ("rotate_paths", "UPDATE files", 8),
        ("rotate_paths", "UPDATE recordings", 3),
    ],
)
def test_killed_it_is_done_again(empty_store, database_url, keys, calls, what, statement, times):
    if what != "enter":
        enter(empty_store, calls, None if what == "protect" else keys)
    ring = add_key(keys.file) if what == "rotate_paths" else keys
    given = [database_url, str(keys.file), str(calls), what, statement, str(times)]
    killed = subprocess.run([sys.executable, "-c", KILLED, *given], check=False)
    assert killed.returncode == -signal.SIGKILL
    # Half of it done, everything is known, and nothing is entered twice.
    enter(empty_store, calls, ring)
    assert (count(empty_store, files), count(empty_store, recordings)) == (12, 12)
    if what != "enter":
        {"protect": protect, "rotate_paths": rotate_paths}[what](empty_store, ring)
    assert places_by_key(empty_store) == {ring.newest.id: 12}
    assert leaks(empty_store) == set()
    assert all(find(empty_store, ring, str(file)) == sha(file) for file in calls.rglob("*.wav"))


def test_the_wrong_key_is_told_with_its_file_and_changes_nothing(empty_store, keys, calls, tmp_path):
    enter(empty_store, calls, keys)
    other = add_key(tmp_path / "other")
    with pytest.raises(SealError, match=f"{keys.newest.id}, which is not in {other.file}"):
        check_places(empty_store, other)
    with pytest.raises(SealError, match="put that key's line back"):
        rotate_paths(empty_store, other)
    # The pseudonyms of another file: every path would be new.
    mixed = tmp_path / "mixed"
    mine, theirs = (file.read_text().splitlines() for file in (keys.file, other.file))
    mixed.write_text("\n".join([*mine[:-1], theirs[-1]]))
    mixed.chmod(0o600)
    with pytest.raises(ConfigError, match="another pseudonyms line"):
        check_places(empty_store, read_keys(mixed))
    with pytest.raises(ConfigError, match="no key_file"):
        check_places(empty_store, None)
    assert check_places(empty_store, keys) == 0
    assert places_by_key(empty_store) == {keys.newest.id: 12}
    assert len(list_calls(empty_store, Filter())) == 12


def test_with_the_key_lost_for_good_files_are_found_by_what_they_hold(empty_store, keys, calls):
    first = {one.recording_id for one in enter(empty_store, calls, keys).values()}
    assert check_places(empty_store, None, given_up=True) == 12
    assert {one.recording_id for one in enter(empty_store, calls, None).values()} == first
    assert (count(empty_store, files), places_by_key(empty_store)) == (12, {})
    assert find_by_id(empty_store, sha(recording_at(calls, PEOPLE[0]))).closed is None
    # And once more with a key: as a database of an earlier version.
    assert protect(empty_store, keys).paths == 24

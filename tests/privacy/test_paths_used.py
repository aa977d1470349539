"""Closed paths in use: deleting, playing, copies, what workers say, commands."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from pipeline.batch.doctor.privacy import check_privacy
from pipeline.batch.process import CallProcessor, ProcessOptions
from pipeline.batch.protect import protect
from pipeline.batch.retention import sweep
from pipeline.batch.subject import Found, erase_subject
from pipeline.batch.subject_copy import write_copy
from pipeline.cli import app as command
from pipeline.domain.errors import AudioError, ConfigError
from pipeline.domain.personal import shown
from pipeline.domain.retention import DataClass, RetentionRules
from pipeline.privacy.places import call_name, masked_path, with_path
from pipeline.review.playback import FileGone, Playback, is_there
from pipeline.settings import load_settings
from pipeline.store.call_recording import find_by_id
from pipeline.store.database import connect, open_database
from pipeline.store.ledger import claim
from pipeline.store.listings import find_recording
from pipeline.store.recordings import State
from pipeline.store.retention import plan_due
from pipeline.store.tables import files, ledger, recordings
from tests.privacy.paths import PEOPLE, SEARCH, calls, count, enter, keys, leaks, recording_at, sha

__all__ = ["calls", "keys"]
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


# Deleting, playing, handing out.


def of(store, calls, number):
    file = recording_at(calls, PEOPLE[number])
    return file, sha(file)


def test_erasing_deletes_the_file_and_without_the_key_it_stays(empty_store, keys, calls, tmp_path):
    enter(empty_store, calls, keys)
    (kept, one), (gone, two) = of(empty_store, calls, 0), of(empty_store, calls, 1)
    done = erase_subject(empty_store, Found((two,), 0, 0), by="dpo", playback=tmp_path / "none", keys=keys)
    assert done.complete and not gone.exists()
    done = erase_subject(empty_store, Found((one,), 0, 0), by="dpo", playback=tmp_path / "none")
    assert not done.complete and kept.exists()
    assert "no key_file is set" in done.left[0][1]
    number = done.certificate["certificate"]
    none = Found((), 0, 0)
    done = erase_subject(empty_store, none, by="dpo", playback=tmp_path / "none", resume=number, keys=keys)
    assert done.complete and not kept.exists()
    with empty_store.reading() as connection:
        rows = connection.execute(select(recordings).where(recordings.c.id.in_([one, two]))).all()
    assert {(row.uri, row.closed, row.key_id, row.name_mark) for row in rows} == {("—", None, None, None)}


@ON_SQLITE
def test_retention_deletes_the_files(empty_store, keys, calls, tmp_path):
    enter(empty_store, calls, keys)
    with empty_store.writing() as connection:
        connection.execute(recordings.update().values(started_at=datetime.now(UTC) - timedelta(days=100)))
        connection.execute(ledger.update().values(state=State.DONE))
    rules = RetentionRules(default={DataClass.AUDIO: 30}, queues={})
    plan = plan_due(empty_store, rules)
    swept = sweep(empty_store, rules, plan, by="op", playback=tmp_path / "none")
    assert len(swept.left) == 12
    assert SEARCH.in_text(str(swept)) == set()
    swept = sweep(empty_store, rules, plan, by="op", playback=tmp_path / "none", keys=keys)
    assert swept.left == [] and not list(calls.rglob("*.wav")) and count(empty_store, files) == 0


@ON_SQLITE
def test_the_desk_plays_and_a_copy_names_the_path(empty_store, keys, calls, tmp_path):
    enter(empty_store, calls, keys)
    file, mine = of(empty_store, calls, 0)
    stored = find_by_id(empty_store, mine)
    assert Playback(tmp_path / "cache", keys=keys).file_of(stored) == file
    assert is_there(stored, keys) and not is_there(stored)
    with pytest.raises(FileGone, match="no key_file"):
        Playback(tmp_path / "cache").file_of(stored)
    copied = write_copy(empty_store, [mine], tmp_path / "copy", keys=keys, sound=True)
    assert str(file) in (tmp_path / "copy" / "data.json").read_text()
    assert (tmp_path / "copy" / f"{mine[:12]}.wav").read_bytes() == file.read_bytes()
    assert copied.calls == 1
    assert write_copy(empty_store, [mine], tmp_path / "copy2", keys=None, sound=True).remarks


class _NoBackend:
    digest = "a" * 64

    def describe(self):
        from pipeline.asr.base import AsrDescription, AsrOptions

        return AsrDescription("none", "none", "a" * 64, AsrOptions(), "none 1")


@ON_SQLITE
def test_what_a_worker_says_of_a_file_names_nobody(empty_store, keys, calls):
    enter(empty_store, calls, keys)
    processor = CallProcessor(_NoBackend(), None, ProcessOptions(asr=None, pack=None), keys)
    keyless = CallProcessor(_NoBackend(), None, ProcessOptions(asr=None, pack=None))
    for number, lease in enumerate(claim(empty_store, "o", limit=20, ttl_s=60)):
        if number % 2:
            Path(with_path(keys, lease.recording).uri).unlink()
        for worker in (processor, keyless):
            with pytest.raises(AudioError) as raised:
                worker.process(lease.recording, lambda _: None)
            assert SEARCH.in_text(shown(str(raised.value))) == set()


# Commands.


@ON_SQLITE
def test_commands(empty_store, keys, calls, monkeypatch, tmp_path):
    enter(empty_store, calls, None)
    monkeypatch.setenv("EARMARK_DB", empty_store._engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("EARMARK_KEY_FILE", str(keys.file))

    def run(*words):
        return CliRunner().invoke(command, list(words))

    def doctor():
        return [(one.health.value, one.found) for one in check_privacy(load_settings())]

    open_paths = ("warning", "paths of 12 recordings are stored as they are")
    assert open_paths in doctor()
    assert "24 paths closed" in run("privacy", "protect").output
    assert open_paths not in doctor()
    assert run("privacy", "key", "new").exit_code == 0
    assert "24 paths were closed anew" in run("privacy", "key", "rotate").output
    assert " 12" in run("privacy", "key", "list").output
    file = recording_at(calls, PEOPLE[0])
    for named in (file.name, str(file), sha(file)[:8]):
        assert sha(file)[:6] in run("show", named).output
    listed = run("calls").output
    assert SEARCH.in_text(listed) == set()
    # Without the key: told, and calls are listed all the same.
    monkeypatch.setenv("EARMARK_KEY_FILE", str(tmp_path / "nowhere"))
    assert run("calls").output == listed
    lost = str(run("show", str(file)).exception)
    assert "closed by a key" in lost and str(tmp_path / "nowhere") in lost
    assert sha(file)[:6] in run("show", sha(file)[:8]).output
    monkeypatch.delenv("EARMARK_KEY_FILE")
    assert doctor()[0][0] == "failed"
    refused = run("run", str(calls))
    assert isinstance(refused.exception, ConfigError) and "no key_file is set" in str(refused.exception)


def test_without_a_key_names_are_masked_and_paths_are_not(empty_store, calls):
    enter(empty_store, calls, None)
    assert leaks(empty_store) == {"recordings.uri", "files.uri"}
    assert find_recording(empty_store, recording_at(calls, PEOPLE[0]).name)


@pytest.mark.parametrize(
    ("path", "masked"),
    [
        ("/录音/张三/13812345678_20260101.wav", "/录音/[姓名]/[手机号]_20260101.wav"),
        ("s3://录音/客户王小芳_退款.wav", "s3://录音/客户[姓名]_退款.wav"),
        ("王先生.mp3", "[姓名]先生.mp3"),
        ("欧阳小芳-李四.wav", "[姓名]-[姓名].wav"),
        ("someone.with.a.long.name@example.com.wav", "[邮箱].wav"),
        ("zhang@example.com", "[邮箱]"),
        ("杭州市青檀路1234号.wav", "[地址].wav"),
        ("安装报修_20260101093015.wav", "安装报修_20260101093015.wav"),
        ("退款组/call-0007.wav", "退款组/call-0007.wav"),
    ],
)
def test_masked_paths(path, masked):
    assert shown(masked_path(path)) == masked
    name = path.rpartition("/")[2]
    assert call_name(call_name(name, "3f2a1c77"), "3f2a1c77") == call_name(name, "3f2a1c77")


def test_a_database_of_the_version_before_gets_the_columns(tmp_path, keys, calls):
    url = f"sqlite:///{tmp_path / 'old.db'}"
    store = open_database(url, create=True)
    enter(store, calls, None)
    store.close()
    engine = connect(url)
    with engine.begin() as connection:
        for table in ("recordings", "files"):
            for column in ("key_id", "closed", *(["name_mark"] if table == "recordings" else [])):
                connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN {column}")
        for name in ("transfers", "contact_reason", "site", "customer"):
            connection.exec_driver_sql(f"DROP INDEX ix_recordings_{name}")
        for column in ("department", "site", "contact_reason", "transfers", "hold_s"):
            connection.exec_driver_sql(f"ALTER TABLE recordings DROP COLUMN {column}")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0011'")
    engine.dispose()
    store = open_database(url)
    assert protect(store, keys).paths == 24
    assert leaks(store) == set()
    store.close()

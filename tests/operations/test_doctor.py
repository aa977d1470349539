"""The doctor: each check told to be ill, and what the command says."""

import json
import os
import sqlite3
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from pipeline.batch.doctor import Health, check_settings, examine, listening, machine, rules, services
from pipeline.batch.doctor.listening import CODECS, check_codecs, check_speech_model
from pipeline.batch.doctor.machine import check_clock, check_cores, check_disk, check_memory, check_packages
from pipeline.batch.doctor.services import check_care, check_database, check_desk, check_webhook
from pipeline.cli import app
from pipeline.domain.accounts import AccountRole
from pipeline.domain.errors import StoreError
from pipeline.settings import load_settings
from pipeline.store.accounts import add_account
from pipeline.store.database import HEAD_REVISION, open_database
from pipeline.store.inspection import DatabaseFacts, check_integrity, inspect_database, sqlite_file
from tests.operations.receiver import SECRET

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("EARMARK_")]:
        monkeypatch.delenv(name)


def facts(**changes):
    fields = {
        "url": "postgresql://u@h/n",
        "server": "PostgreSQL 15",
        "revision": HEAD_REVISION,
        "writable": None,
        "journal": None,
        "filesystem": None,
        "size_bytes": 1,
        "clock_ahead_s": 0.0,
    }
    return DatabaseFacts(**{**fields, **changes})


@pytest.mark.parametrize(
    ("finding", "health", "says"),
    [
        pytest.param(lambda: check_cores(2, 2, 2), "warning", "no more than 2", id="more threads than cores"),
        pytest.param(lambda: check_cores(2, 1, 2), "ok", "2 workers × 1 threads on 2 cores", id="cores"),
        pytest.param(lambda: check_memory(4, 1.5e9), "warning", "set workers to 2", id="memory for two"),
        pytest.param(lambda: check_memory(4, 1e8), "warning", "set workers to 1", id="memory for none"),
        pytest.param(lambda: check_memory(4, 2.9e9), "ok", "2.9 GB free", id="memory"),
        pytest.param(lambda: check_memory(4, None), "ok", "not told", id="memory unknown"),
        pytest.param(
            lambda: check_clock(datetime(1970, 1, 1, tzinfo=UTC), "UTC", synchronised=None),
            "failed",
            "wrong",
            id="1970",
        ),
        pytest.param(lambda: check_clock(NOW, "Asia/Shanghai", synchronised=False), "warning", "set-ntp", id="adrift"),
        pytest.param(lambda: check_clock(NOW, "Asia/Shanghai", synchronised=None), "ok", "17:00:00 +0800", id="clock"),
        pytest.param(
            lambda: check_database(None, "sqlite:///x.db"), "warning", "first `earmark run`", id="no database"
        ),
        pytest.param(
            lambda: check_database(facts(writable="read-only"), ""), "failed", "let this user write", id="read-only"
        ),
        pytest.param(lambda: check_database(facts(revision="9999"), ""), "failed", "update earmark", id="newer"),
        pytest.param(lambda: check_database(facts(revision="0001"), ""), "warning", "make a backup", id="older"),
        pytest.param(lambda: check_database(facts(revision=None), ""), "warning", "make a backup", id="no tables"),
        pytest.param(lambda: check_database(facts(), ""), "ok", "PostgreSQL 15", id="database"),
        pytest.param(lambda: next(check_care(facts(clock_ahead_s=-7))), "warning", "-7.0 s", id="server's clock"),
        pytest.param(lambda: next(check_care(facts(clock_ahead_s=2))), "ok", "+2.0 s", id="server's clock is near"),
        pytest.param(
            lambda: next(check_care(facts(journal="wal", filesystem="nfs4"))), "failed", "local disk", id="share"
        ),
        pytest.param(
            lambda: next(check_care(facts(journal="delete", filesystem="ext4"))), "warning", "WAL", id="no WAL"
        ),
        pytest.param(lambda: next(check_care(facts(journal="wal", filesystem="ext4"))), "ok", "wal, on ext4", id="WAL"),
    ],
)
def test_checks(finding, health, says):
    found = finding()
    assert found.health == health
    assert says in f"{found.found} {found.remedy.en if found.remedy else ''}"
    assert (found.remedy is None) is (health == "ok")


def test_packages_missing_and_untested(monkeypatch):
    monkeypatch.setattr(machine, "requires", lambda _: ["numpy", "no-such-package>=2", "pyarrow; extra == 'parquet'"])
    assert (check_packages().health, "no-such-package" in check_packages().found) == ("failed", True)
    monkeypatch.setattr(machine, "requires", lambda _: ["numpy"])
    monkeypatch.setattr(machine, "_tested_versions", lambda: {"numpy": "0.1"})
    assert (check_packages().health, "(tested: 0.1)" in check_packages().found) == ("warning", True)
    monkeypatch.setattr(machine, "_tested_versions", dict)
    assert check_packages().health == "ok"


def test_disks(tmp_path, monkeypatch):
    there = tmp_path / "not" / "yet"
    assert check_disk("盘", "disk", there, 1, 1).health == "ok"
    assert check_disk("盘", "disk", there, 1, 1e18).health == "warning"
    assert check_disk("盘", "disk", there, 1e18, 1e19).health == "failed"
    monkeypatch.setattr(machine.os, "access", lambda *_: False)
    assert "no permission" in check_disk("盘", "disk", there, 1, 1).found


def test_codecs_of_the_documentation():
    found = check_codecs()
    assert (found.health, found.found) == (Health.OK, ", ".join(codec.name for codec in CODECS))


def test_codec_that_is_gone(monkeypatch):
    gone = CODECS[0]._replace(name="G.000", encoder="no_such_encoder")
    unread = CODECS[0]._replace(name="G.001", encoder=None, decoder="no_such_decoder")
    monkeypatch.setattr(listening, "CODECS", (CODECS[0], gone, unread))
    found = check_codecs()
    assert found.health == Health.FAILED
    assert "G.000" in found.found
    assert "G.001" in found.found
    assert "WAV" not in found.found


@pytest.mark.parametrize(
    ("model", "health"),
    [("no-such-model", "failed"), ("./nowhere", "failed"), ("large-v3", "warning"), ("base", "ok")],
)
def test_speech_model(model, health, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    (found,) = check_speech_model(load_settings(asr_model=model), full=False)
    assert found.health == health, found


@pytest.mark.slow
def test_speech_model_that_was_altered(tmp_path):
    from pipeline.asr.weights import find_weights

    model = tmp_path / "model"
    model.mkdir()
    for file in find_weights("base").folder.iterdir():
        if file.is_file():
            (model / file.name).symlink_to(file)
    settings = load_settings(asr_model=str(model), device="cpu")
    assert [found.health for found in check_speech_model(settings, full=True)] == ["ok", "ok"]
    (model / "model.bin").unlink()
    (model / "model.bin").write_bytes(b"no model")
    assert [found.health for found in check_speech_model(settings, full=True)] == ["ok", "failed"]


@pytest.mark.slow
def test_rules_and_classifiers(tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    assert rules.check_rules(()).health == "ok"
    (site / "bad.yaml").write_text("id: x\n")
    broken = rules.check_rules((site,))
    assert (broken.health, "bad.yaml" in broken.found) == ("failed", True)
    assert rules.check_classifiers(None).health == "ok"
    assert rules.check_classifiers(tmp_path / "none").health == "failed"


def test_inspection_changes_nothing(database_url):
    if sqlite_file(database_url):
        assert inspect_database(database_url) is None
        assert not sqlite_file(database_url).exists()
    else:
        empty = inspect_database(database_url)
        assert (empty.revision, empty.writable) == (None, None)
        assert inspect_database(database_url).revision is None
    open_database(database_url, create=True).close()
    found = inspect_database(database_url)
    assert (found.revision, found.is_current, found.writable) == (HEAD_REVISION, True, None)
    assert (found.journal == "wal") is (sqlite_file(database_url) is not None)
    assert abs(found.clock_ahead_s) < 2
    assert found.size_bytes > 0
    assert check_integrity(database_url) is None


@pytest.mark.slow
def test_database_held_by_another(tmp_path):
    file = tmp_path / "x.db"
    open_database(f"sqlite:///{file}", create=True).close()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert "locked" in inspect_database(f"sqlite:///{file}").writable


def test_server_that_only_reads(postgres_server):
    url = postgres_server.create_database("doctor_reads")
    store = open_database(url, create=True)
    with store.writing() as connection:
        connection.exec_driver_sql("ALTER DATABASE doctor_reads SET default_transaction_read_only = on")
    store.close()
    assert "read-only transaction" in inspect_database(url).writable


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(lambda file: file.write_text("no database " * 200), "not a database", id="no database"),
        pytest.param(
            lambda file: sqlite3.connect(file).execute("CREATE TABLE customers (id)"), "other tables", id="another's"
        ),
    ],
)
def test_inspection_refuses(tmp_path, spoil, message):
    spoil(tmp_path / "x.db")
    with pytest.raises(StoreError, match=message):
        inspect_database(f"sqlite:///{tmp_path / 'x.db'}")


def test_damaged_database(tmp_path):
    file = tmp_path / "x.db"
    url = f"sqlite:///{file}"
    open_database(url, create=True).close()
    content = bytearray(file.read_bytes())
    content[3 * 4096 : 8 * 4096] = b"\xff" * (5 * 4096)
    file.write_bytes(content)
    assert services.check_whole(url).health == "failed"


def test_server_that_is_away(tmp_path):
    found = list(services.check_services(load_settings(db=f"postgresql://u:secret@/none?host={tmp_path}"), full=False))
    assert [finding.health for finding in found] == ["failed"]
    assert "secret" not in found[0].found


def test_desk(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'x.db'}"
    store = open_database(url, create=True)
    current = inspect_database(url)
    assert "no review_secret" in check_desk(load_settings(db=url), current).found
    monkeypatch.setenv("EARMARK_REVIEW_SECRET", "s" * 40)
    assert check_desk(load_settings(db=url), current).remedy.en.startswith("make accounts")
    add_account(store, login="li", name="李", role=AccountRole.REVIEWER, password_hash="x")
    found = check_desk(load_settings(db=url), current)
    assert (found.health, found.found) == ("ok", "1 accounts (reviewer), secret set")
    assert "s" * 40 not in found.found


@pytest.mark.parametrize(
    ("webhook", "secret", "health"),
    [
        pytest.param("https://hooks.example/x?token=geheim", None, "failed", id="no key"),
        pytest.param("http://hooks.example/x?token=geheim", SECRET, "warning", id="in the clear"),
        pytest.param("https://hooks.example/x?token=geheim", SECRET, "ok", id="fine"),
        pytest.param("http://127.0.0.1:9/x?token=geheim", SECRET, "ok", id="on this machine"),
        pytest.param(None, None, "ok", id="none"),
    ],
)
def test_webhook(webhook, secret, health):
    found = check_webhook(load_settings(webhook=webhook, webhook_secret=secret))
    assert found.health == health
    assert "geheim" not in found.found
    assert SECRET not in found.found


def test_settings_that_cannot_be_used(monkeypatch):
    monkeypatch.setenv("EARMARK_WROKERS", "2")
    settings, finding = check_settings(None, None)
    assert (settings, finding.health) == (None, "failed")
    assert "did you mean EARMARK_WORKERS?" in finding.found
    assert [found.health for found in examine()] == ["failed"]


def test_settings_are_named(monkeypatch, tmp_path):
    (tmp_path / "earmark.toml").write_text("workers = 1\n")
    monkeypatch.setenv("EARMARK_DB", "sqlite:///secret-place.db")
    _, finding = check_settings(None, None)
    assert finding.found == f"{tmp_path / 'earmark.toml'} · EARMARK_DB"


def test_a_check_that_breaks_is_a_finding(monkeypatch):
    monkeypatch.setattr(listening, "check_codecs", lambda: [][0])
    monkeypatch.setattr(listening, "check_speech_model", lambda settings, full: [])
    found = list(examine(db="sqlite:///none.db"))
    broken = [one for one in found if one.health == Health.FAILED]
    assert [one.found for one in broken] == ["IndexError: list index out of range"]
    assert found.index(broken[0]) < len(found) - 3


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "code", "worst"), [("2", 0, "warning"), ("two", 1, "failed")])
def test_command(tmp_path, monkeypatch, workers, code, worst):
    monkeypatch.setenv("EARMARK_WORKERS", workers)
    ran = CliRunner().invoke(app, ["doctor", "--db", f"sqlite:///{tmp_path / 'x.db'}", "--format", "json"])
    rows = json.loads(ran.stdout)
    assert ran.exit_code == code
    assert worst in {row["health"] for row in rows}
    assert all((row["remedy"] is None) is (row["health"] == "ok") for row in rows)
    table = CliRunner().invoke(app, ["doctor", "--db", f"sqlite:///{tmp_path / 'x.db'}"]).stdout
    assert "▲ 注意" in table if code == 0 else "✘ 失败" in table
    assert not list(tmp_path.glob("*.db"))

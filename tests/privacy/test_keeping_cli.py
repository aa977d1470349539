"""`earmark retention`, `subject` and `export audio` as their users type them."""

import json
import re
import wave

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.domain.errors import EarmarkError
from pipeline.store.database import open_database
from tests.privacy.kept import NEW, Kept
from tests.privacy.test_sound_desk import hide
from tests.review.conftest import desk, pack, quick_hashes, sample_store  # noqa: F401 - fixtures
from tests.review.samples import FOLDER

RULES = "default: {audio: 30, transcripts: 60}\nqueues: {理赔: {audio: keep}}\n"


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path / 'calls.db'}"
    monkeypatch.setenv("EARMARK_DB", url)
    (tmp_path / "rules.yaml").write_text(RULES)
    monkeypatch.setenv("EARMARK_RETENTION", str(tmp_path / "rules.yaml"))
    monkeypatch.setenv("EARMARK_REVIEW_CACHE", str(tmp_path / "playback"))
    store = open_database(url, create=True)
    yield Kept(store, tmp_path / "calls")
    store.close()


def earmark(*words, code=0):
    """What the command prints: data and messages; or what it complains of."""
    done = CliRunner().invoke(app, list(map(str, words)))
    if isinstance(done.exception, EarmarkError):
        assert code == 2
        return str(done.exception)
    assert done.exit_code == code, done.output + repr(done.exception)
    return done.stdout + done.stderr


def digest_in(said):
    """The plan's digest, whether messages are text or JSON."""
    return re.search(r"--plan (\w+)", said)[1]


def test_nothing_is_deleted_unless_it_is_confirmed(kept):
    old = kept.call("a")
    assert "1 calls are due; nothing was deleted" in earmark("retention", "run")
    digest = digest_in(earmark("retention", "run", "--dry-run"))
    assert "nobody to ask" in earmark("retention", "run", "--apply", code=2)
    assert "not 0123: more or other calls" in earmark("retention", "run", "--apply", "--plan", "0123", code=2)
    assert "more than --at-most 0" in earmark("retention", "run", "--apply", "--yes", "--at-most", "0", code=2)
    assert "give one of them" in earmark("retention", "run", "--apply", "--dry-run", code=2)
    kept.call("b")
    assert "more or other calls are due" in earmark("retention", "run", "--apply", "--plan", digest, code=2)
    assert kept.file_of(old)
    earmark("retention", "run", "--apply", "--yes", "--by", "night")
    assert kept.file_of(old) is None
    assert "night" in earmark("retention", "log")


def test_the_plan_of_the_dry_run_is_what_is_deleted(kept, tmp_path):
    kept.call("a")
    kept.call("young", age=NEW)
    (tmp_path / "playback").mkdir()
    digest = digest_in(earmark("retention", "run"))
    rows = json.loads(earmark("retention", "run", "--format", "json").partition("\n]")[0] + "]")
    assert rows == [
        {"data_class": "audio", "rule": "default: 30 days", "calls": 1},
        {"data_class": "transcripts", "rule": "default: 60 days", "calls": 1},
    ]
    said = earmark("retention", "run", "--apply", "--plan", digest)
    assert "deleted what was due of 1 calls" in said
    assert "nothing is due" in earmark("retention", "run")


def test_copies_that_the_desk_made_go_with_the_recording(kept, tmp_path):
    old, young = kept.call("a"), kept.call("b", age=NEW)
    (tmp_path / "playback").mkdir()
    for name in (f"{old}.wav", f"{old}.0123.wav", f"{old}.copy", f"{young}.0123.wav"):
        (tmp_path / "playback" / name).write_bytes(b"RIFF")
    earmark("retention", "run", "--apply", "--yes")
    assert [file.name for file in (tmp_path / "playback").iterdir()] == [f"{young}.0123.wav"]


def test_a_file_that_stays_is_named_and_fails_the_command(kept):
    old = kept.call("a")
    kept.file_of(old).write_bytes(b"another")
    said = earmark("retention", "run", "--apply", "--yes", code=1)
    assert "it holds something else now" in said
    # A number in the file's name is not repeated.
    assert "13812345678" not in said


def test_holds(kept):
    old = kept.call("a", customer="C1")
    assert "either a CALL or --customer" in earmark("retention", "hold", "add", "--reason", "x", code=2)
    assert "--reason is empty" in earmark("retention", "hold", "add", old[:12], "--reason", " ", code=2)
    assert "hold 1 is in force" in earmark("retention", "hold", "add", old[:12], "--reason", "案件 7")
    assert "hold 2" in earmark("retention", "hold", "add", "--customer", "C1", "--reason", "案件 8", "--by", "法务")
    assert "案件 7" in earmark("retention", "hold", "list")
    assert "1 calls are due and under a legal hold" in earmark("retention", "run")
    earmark("retention", "hold", "release", "1")
    earmark("retention", "hold", "release", "2")
    assert "no hold is in force" in earmark("retention", "hold", "list")
    assert "法务" in earmark("retention", "hold", "list", "--all")
    assert "1 calls are due" in earmark("retention", "run")


def test_without_rules_it_says_where_they_go(kept, monkeypatch):
    monkeypatch.delenv("EARMARK_RETENTION")
    assert "set retention in earmark.toml" in earmark("retention", "run", code=2)


def test_one_customer_from_finding_to_the_certificate(kept, tmp_path):
    mine = kept.call("a", customer="C1")
    kept.call("b", customer="C2")
    assert "whose calls?" in earmark("subject", "find", code=2)
    assert "takes key_file" in earmark("subject", "find", "--says", "13812345678", code=2)
    assert "no call of this customer" in earmark("subject", "erase", "--customer", "C9", "--out", "x", "--yes", code=2)
    (row,) = json.loads(earmark("subject", "find", "--customer", "C1", "--format", "json").partition("\n]")[0] + "]")
    assert row["id"] == mine
    assert "1 calls written" in earmark("subject", "export", "--customer", "C1", "--out", tmp_path / "copy", "--sound")
    assert "nobody to ask" in earmark("subject", "erase", "--customer", "C1", "--out", tmp_path / "done", code=2)
    earmark("subject", "erase", "--customer", "C1", "--out", tmp_path / "done", "--yes", "--by", "dpo")
    certificate = json.loads((tmp_path / "done" / "certificate.json").read_text())
    assert list(certificate["erased"]) == [mine]
    assert "个人信息抹去证明" in (tmp_path / "done" / "certificate.html").read_text()
    earmark("subject", "certificate", certificate["certificate"], "--out", tmp_path / "again")
    assert json.loads((tmp_path / "again" / "certificate.json").read_text()) == certificate
    assert "is there already" in earmark("subject", "certificate", "x", "--out", tmp_path / "again", code=2)


def test_an_erasure_that_could_not_be_finished_is_told_of_and_resumed(kept, tmp_path):
    mine = kept.call("a", customer="C1")
    file = kept.file_of(mine)
    content = file.read_bytes()
    file.write_bytes(b"another")
    said = earmark("subject", "erase", "--customer", "C1", "--out", tmp_path / "one", "--yes", code=1)
    number = said.partition("--resume ")[2].split()[0]
    assert f"--resume {number}" in earmark("subject", "find", "--customer", "C9")
    file.write_bytes(content)
    earmark("subject", "erase", "--resume", number, "--out", tmp_path / "two")
    assert not file.exists()


def test_a_masked_copy_for_training(desk, tmp_path, monkeypatch):  # noqa: F811
    mask = hide(desk, "s05.opus")
    monkeypatch.setenv("EARMARK_DB", desk.database.url)
    assert "name it FILE.wav" in earmark("export", "audio", "s05.opus", "--out", tmp_path / "x.mp3", code=2)
    said = earmark("export", "audio", "s05.opus", "--out", tmp_path / "x.wav")
    assert f"{mask.spans[0].duration_s:.1f} s are a tone" in said
    with wave.open(str(tmp_path / "x.wav")) as made:
        assert made.getnchannels() == 2
    (span,) = json.loads((tmp_path / "x.json").read_text())["masked"]
    assert span == {"start_s": round(mask.spans[0].start_s, 3), "end_s": round(mask.spans[0].end_s, 3)}
    assert sorted(one.name for one in tmp_path.glob("*x.*")) == ["x.json", "x.wav"]
    hide(desk, "s05.opus", words=False, times=False)
    assert "no copy is written" in earmark("export", "audio", "s05.opus", "--out", tmp_path / "y.wav", code=2)
    assert not list(tmp_path.glob("*y.*"))
    assert (FOLDER / "s05.opus").exists()

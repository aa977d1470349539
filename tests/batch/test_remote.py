"""Recordings behind URLs: an S3 server of this machine, and what is said where the package is missing."""

import hashlib
import sys

import pytest

from pipeline.audio import remote
from pipeline.batch.discovery import discover
from pipeline.batch.manifest import read_manifest
from pipeline.domain.errors import ConfigError
from tests.e2e.commands import SAMPLES, earmark, rows


@pytest.mark.parametrize(
    ("location", "expected"),
    [("s3://b/a.wav", True), ("memory://a", True), ("/calls/a.wav", False), ("a.wav", False), ("C:\\a.wav", False)],
)
def test_is_url(location, expected):
    assert remote.is_url(location) is expected


@pytest.mark.parametrize("url", ["s3://bucket/night", "nonsense://x"])
def test_a_missing_package_is_named(monkeypatch, url):
    from fsspec.core import url_to_fs

    url_to_fs("memory://x")
    monkeypatch.setitem(sys.modules, "s3fs", None)
    # What was loaded before is found again without an import.
    monkeypatch.setattr(sys.modules["fsspec.registry"], "_registry", {})
    with pytest.raises(ConfigError, match=r"earmark\[cloud\]"):
        discover([url], None)


@pytest.fixture(scope="module")
def store():
    """An S3 server with an empty bucket, and the environment that leads to it."""
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        system = s3fs.S3FileSystem()
        system.mkdir("calls")
        yield system
        s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


@pytest.mark.slow
def test_found_by_folder_and_manifest(store, tmp_path):
    for name in ("a.wav", "sub/b.MP3", "notes.txt", ".hidden/c.wav"):
        store.pipe_file(f"calls/one/{name}", name.encode())
    file = tmp_path / "m.csv"
    file.write_text("recording,agent\ns3://calls/one/a.wav,A1\nsub/b.MP3,A2\ngone.wav,A3\n")
    discovery = discover(["s3://calls/one"], read_manifest(file, timezone="Asia/Shanghai"))
    assert {found.location: found.row.metadata.agent for found in discovery.files} == {
        "s3://calls/one/a.wav": "A1",
        "s3://calls/one/sub/b.MP3": "A2",
    }
    assert [problem.where for problem in discovery.problems if problem.is_error] == ["m.csv row 4"]


@pytest.mark.slow
def test_nothing_there(store):
    with pytest.raises(ConfigError, match="s3://calls/none: cannot be listed"):
        discover(["s3://calls/none"], None)


@pytest.mark.slow
def test_identity_is_the_bytes_and_the_stamp_follows_them(store):
    url = "s3://calls/two/a.wav"
    store.pipe_file("calls/two/a.wav", b"x" * 3_000_000)
    assert remote.digest(url) == hashlib.sha256(b"x" * 3_000_000).hexdigest()
    before = remote.stamp(url)
    assert (before, before[0]) == (remote.stamp(url), 3_000_000)
    store.pipe_file("calls/two/a.wav", b"y" * 3_000_000)
    assert remote.stamp(url) != before


@pytest.mark.slow
def test_the_command_on_a_bucket(store, tmp_path):
    data = (SAMPLES / "s07.wav").read_bytes()
    store.pipe_file("calls/night/s07.wav", data)
    store.pipe_file("calls/night/copy.wav", data)
    store.pipe_file("calls/night/empty.wav", b"")
    code, out, err = earmark(tmp_path, "run", "s3://calls/night", "--channel-roles", "agent,customer", "--workers", 1)
    assert code == 1, err
    assert "3 found · 1 processed · 1 copies · 1 failed" in out
    (done,) = rows(tmp_path, "calls", "--state", "done")
    assert done["id"] == hashlib.sha256(data).hexdigest()
    code, out, _ = earmark(tmp_path, "run", "s3://calls/night", "--workers", 1)
    assert "0 processed" in out

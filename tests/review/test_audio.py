"""The sound of a call over HTTP: ranges, what browsers cannot play, files that have gone."""

import base64
import errno
import tempfile
import threading
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from sqlalchemy import select, update

from pipeline.audio.masking import NOTHING
from pipeline.audio.transcode import write_wav
from pipeline.domain.calls import Recording
from pipeline.domain.errors import ConfigError
from pipeline.review import playback
from pipeline.review.listening import Listening
from pipeline.review.playback import FileGone, Playback, is_there, make_private
from pipeline.store.review_tables import audit
from pipeline.store.tables import recordings
from tests.audio.test_peaks import tone, write
from tests.review.samples import FOLDER, recording_id

CALL = recording_id("s02.wav")
RECORDED = (FOLDER / "s02.wav").read_bytes()
RECORDED_BYTES = len(RECORDED)


def as_wav(file) -> bytes:
    """What is played of a recording in which nothing is hidden."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as made:
        write_wav(file, Path(made.name))
        return Path(made.name).read_bytes()


BYTES = as_wav(FOLDER / "s02.wav")
SIZE = len(BYTES)
URL = f"/calls/{CALL}/audio"


@pytest.fixture(autouse=True)
def own_folder(app, tmp_path):
    """Decoded recordings go into the test's own folder."""
    app.state.listening = Listening(tmp_path / "playback")


def move_to(desk, file, *, call=CALL):
    """Makes the recording's file another one."""
    size = file.stat().st_size if file.exists() else 1
    with desk.database.writing() as connection:
        changed = update(recordings).where(recordings.c.id == call)
        connection.execute(changed.values(uri=str(file), name=file.name, size_bytes=size))


@pytest.mark.parametrize(
    ("asked", "status", "expected", "content_range"),
    [
        ("bytes=100-50", 400, None, None),
        ("bytes=abc", 400, None, None),
        ("lines=0-5", 400, None, None),
        (f"bytes={SIZE}-", 416, None, f"bytes */{SIZE}"),
        (f"bytes={SIZE + 10}-{SIZE + 20}", 416, None, f"bytes */{SIZE}"),
        ("bytes=-0", 416, None, f"bytes */{SIZE}"),
        ("bytes=0-", 206, BYTES, f"bytes 0-{SIZE - 1}/{SIZE}"),
        ("bytes=0-0", 206, BYTES[:1], f"bytes 0-0/{SIZE}"),
        ("bytes=1000-1999", 206, BYTES[1000:2000], f"bytes 1000-1999/{SIZE}"),
        ("bytes=-500", 206, BYTES[-500:], f"bytes {SIZE - 500}-{SIZE - 1}/{SIZE}"),
        (f"bytes=-{SIZE * 2}", 206, BYTES, f"bytes 0-{SIZE - 1}/{SIZE}"),
        (f"bytes=1000-{SIZE * 2}", 206, BYTES[1000:], f"bytes 1000-{SIZE - 1}/{SIZE}"),
        (None, 200, BYTES, None),
    ],
)
def test_ranges(client_as, asked, status, expected, content_range):
    answer = client_as("reviewer").get(URL, headers={"Range": asked} if asked else {})
    assert answer.status_code == status
    assert answer.headers.get("content-range") == content_range
    if expected is not None:
        assert answer.content == expected
        assert answer.headers["content-length"] == str(len(expected))
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["content-type"] == "audio/wav"
        assert "no-store" in answer.headers["cache-control"]


def test_several_ranges_come_in_parts(client_as):
    answer = client_as("reviewer").get(URL, headers={"Range": "bytes=0-9,100-109"})
    assert answer.status_code == 206
    assert answer.headers["content-type"].startswith("multipart/byteranges")
    assert BYTES[:10] in answer.content
    assert BYTES[100:110] in answer.content


def test_if_range_gives_the_part_of_the_same_file_only(client_as):
    client = client_as("reviewer")
    tag = client.get(URL, headers={"Range": "bytes=0-1"}).headers["etag"]
    for given, status in ((tag, 206), ('"another"', 200), (f"W/{tag}", 200), ("Thu, 01 Jan 1970 00:00:00 GMT", 200)):
        assert client.get(URL, headers={"Range": "bytes=0-1", "If-Range": given}).status_code == status


def test_head_says_how_long_it_is(client_as):
    answer = client_as("reviewer").head(URL)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(SIZE)


@pytest.mark.parametrize("path", ["audio", "peaks"])
def test_who_may_not_see_the_call_does_not_hear_it(client_as, anonymous, path):
    # The agent of another call; of the own call before it was reviewed; an unknown call; nobody.
    assert client_as("agent").get(f"/calls/{recording_id('s01.wav')}/{path}").status_code == 404
    assert client_as("agent").get(f"/calls/{CALL}/{path}").status_code == 404
    assert client_as("reviewer").get(f"/calls/{'f' * 64}/{path}").status_code == 404
    assert anonymous.get(f"/calls/{CALL}/{path}", headers={"Accept": "*/*"}).status_code in (303, 401)


def test_hearing_is_noted_once_a_session(client_as, desk):
    client = client_as("reviewer")
    client.head(URL)
    for _ in range(3):
        client.get(URL, headers={"Range": "bytes=0-99"})
    client_as("manager").get(URL)
    with desk.database.reading() as connection:
        rows = connection.execute(select(audit.c.login).where(audit.c.action == "hear", audit.c.recording_id == CALL))
        assert list(rows.scalars()) == ["lin", "manager"]


@pytest.mark.parametrize(
    "name", ['it\'s "loud".wav', "a b.wav", "..wav..", "客户 投诉？.wav", "%2e%2e.wav", "-rf.wav", "a\nb.wav"]
)
def test_any_file_name_plays_and_none_goes_out(client_as, desk, tmp_path, name):
    file = tmp_path / name
    file.write_bytes(RECORDED)
    move_to(desk, file)
    client = client_as("reviewer")
    assert client.get(URL).content == BYTES
    assert client.get(f"/calls/{CALL}/peaks").status_code == 200
    page = client.get(f"/calls/{CALL}")
    assert page.status_code == 200
    assert '"loud"' not in page.text


@pytest.mark.parametrize("path", ["../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e", "a/b"])
def test_the_path_comes_from_the_database_alone(client_as, path):
    assert client_as("reviewer").get(f"/calls/{path}/audio").status_code in (404, 422)


@pytest.mark.parametrize("change", ["gone", "folder", "other", "relative"])
def test_a_file_that_has_gone_leaves_the_transcript(client_as, desk, tmp_path, change):
    file = tmp_path / "recording.wav"
    if change == "folder":
        file.mkdir()
    move_to(desk, file)
    if change == "other":
        file.write_bytes(RECORDED[:-100])
    if change == "relative":
        with desk.database.writing() as connection:
            connection.execute(update(recordings).where(recordings.c.id == CALL).values(uri="relative/../no.wav"))
    client = client_as("reviewer")
    for url in (URL, f"/calls/{CALL}/peaks"):
        answer = client.get(url, headers={"Accept": "application/json"})
        assert answer.status_code == 410
        assert "录音文件已不在" in answer.json()["detail"]
    page = client.get(f"/calls/{CALL}").text
    assert "录音文件已不在" in page
    assert 'id="turn-0"' in page
    assert "<audio" not in page


def test_a_file_that_is_no_sound_is_415(client_as, desk, tmp_path):
    file = tmp_path / "text.wav"
    file.write_bytes(b"hello" * 100)
    move_to(desk, file)
    client = client_as("reviewer")
    assert client.get(URL).status_code == 415
    assert client.get(f"/calls/{CALL}/peaks").status_code == 415


def test_the_outline_is_made_once(client_as, monkeypatch):
    client = client_as("reviewer")
    first = client.get(f"/calls/{CALL}/peaks").json()
    assert first["duration_s"] == pytest.approx(29.4, abs=0.1)
    assert [len(base64.b64decode(channel)) for channel in first["channels"]] == [1470, 1470]

    def never(path, mask):
        raise AssertionError("decoded again")

    monkeypatch.setattr("pipeline.review.listening.peaks_of", never)
    assert client.get(f"/calls/{CALL}/peaks").json() == first


def test_what_browsers_cannot_play_is_decoded_once_for_all_who_ask(client_as, desk, tmp_path, monkeypatch):
    file = write(tmp_path / "old.wav", codec="adpcm_ima_wav", container="wav", samples=tone(1.0))
    move_to(desk, file)
    made = []
    real = playback.write_wav

    def counted(source, target, mask):
        made.append(source)
        real(source, target, mask)

    monkeypatch.setattr(playback, "write_wav", counted)
    client = client_as("reviewer")
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(client.get(URL).content)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [file]
    assert len(set(answers)) == 1
    assert answers[0][:4] == b"RIFF"
    part = client.get(URL, headers={"Range": "bytes=0-43"})
    assert (part.status_code, part.content) == (206, answers[0][:44])
    assert [path.name for path in (tmp_path / "playback").iterdir()] == [f"{CALL}.{NOTHING.digest}.wav"]


def lies_at(desk, url, size=RECORDED_BYTES):
    with desk.database.writing() as connection:
        connection.execute(update(recordings).where(recordings.c.id == CALL).values(uri=url, size_bytes=size))


@pytest.mark.parametrize(
    ("url", "size"),
    [
        pytest.param("memory://night/gone.wav", RECORDED_BYTES, id="gone"),
        pytest.param("memory://night/s02.wav", RECORDED_BYTES + 1, id="something else"),
        pytest.param("nonsense://night/s02.wav", RECORDED_BYTES, id="no such store"),
    ],
)
def test_a_recording_that_a_store_no_longer_has(client_as, desk, url, size):
    MemoryFileSystem().pipe("/night/s02.wav", RECORDED)
    lies_at(desk, url, size)
    client = client_as("reviewer")
    assert client.get(URL).status_code == 410
    assert client.get(f"/calls/{CALL}/peaks").status_code == 410
    assert client.get(f"/calls/{CALL}").status_code == 200


def test_a_recording_in_a_store_is_fetched_once_and_heard(client_as, desk, tmp_path):
    MemoryFileSystem().pipe("/night/s02.wav", RECORDED)
    lies_at(desk, "memory://night/s02.wav")
    client = client_as("reviewer")
    assert client.get(URL, headers={"Range": "bytes=-500"}).content == BYTES[-500:]
    MemoryFileSystem().rm("/night/s02.wav")
    assert client.get(URL).content == BYTES
    assert client.get(f"/calls/{CALL}/peaks").status_code == 200
    names = {f"{CALL}.copy", f"{CALL}.{NOTHING.digest}.wav"}
    assert {path.name for path in (tmp_path / "playback").iterdir()} == names


def test_decoded_recordings_keep_within_bounds(tmp_path, monkeypatch):
    monkeypatch.setattr(playback, "KEPT_S", -1.0)
    folder = Playback(tmp_path / "playback", most_bytes=40_000)
    sounds = []
    for number in range(3):
        file = write(tmp_path / f"{number}.wav", codec="adpcm_ima_wav", container="wav", samples=tone(1.0, channels=1))
        recording = Recording(f"{number}" * 64, file.name, str(file), file.stat().st_size)
        sounds.append(folder.masked_sound_of(recording, NOTHING).path)
    # 16 kB each: two fit.
    assert [path.exists() for path in sounds] == [False, True, True]


def test_a_failed_decoding_leaves_nothing(tmp_path, monkeypatch):
    file = write(tmp_path / "a.wav", codec="adpcm_ima_wav", container="wav", samples=tone(1.0))
    recording = Recording("a" * 64, file.name, str(file), file.stat().st_size)

    def full(source, target, mask):
        Path(target).write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(playback, "write_wav", full)
    with pytest.raises(OSError, match="no space"):
        Playback(tmp_path / "playback").masked_sound_of(recording, NOTHING)
    assert list((tmp_path / "playback").iterdir()) == []


@pytest.mark.parametrize("path", [URL, f"/calls/{CALL}/peaks"], ids=["decoded", "fetched"])
def test_a_full_disk_is_said_and_is_no_fault_of_the_recording(client_as, desk, tmp_path, monkeypatch, caplog, path):
    move_to(desk, write(tmp_path / "a.wav", codec="adpcm_ima_wav", container="wav", samples=tone(1.0)))

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    if path == URL:
        monkeypatch.setattr("wave.Wave_write.writeframesraw", full)
    else:
        monkeypatch.setattr(playback, "is_url", lambda uri: True)
        monkeypatch.setattr(playback.shutil, "copyfile", full)
    answer = client_as("reviewer").get(path, headers={"Accept": "application/json"})
    assert answer.status_code == 503 and "磁盘已满" in answer.json()["detail"]
    assert "no room" in caplog.text
    assert list((tmp_path / "playback").iterdir()) == []


def test_a_folder_that_others_may_read_is_refused(tmp_path):
    folder = tmp_path / "playback"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    with pytest.raises(ConfigError):
        make_private(folder)
    link = tmp_path / "link"
    (tmp_path / "target").mkdir(mode=0o700)
    link.symlink_to(tmp_path / "target")
    with pytest.raises(ConfigError):
        make_private(link)


def test_whether_the_file_is_there(tmp_path):
    file = tmp_path / "a.wav"
    file.write_bytes(b"12345")
    recording = Recording("a" * 64, "a.wav", str(file), 5)
    assert is_there(recording)
    assert not is_there(Recording("a" * 64, "a.wav", str(file), 6))
    with pytest.raises(FileGone):
        Playback(tmp_path / "playback").clear_sound_of(Recording("a" * 64, "a.wav", str(tmp_path / "no"), 5))

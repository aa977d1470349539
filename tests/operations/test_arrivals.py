"""Which files are finished, and when, told on a clock that the test moves."""

import os
import shutil

import pytest

from pipeline.batch.arrivals import EMPTY_SETTLE_S, Arrivals


class Folder:
    """A folder, what arrives in it, and the time."""

    def __init__(self, path):
        self.path = path
        self.now_s = 0.0
        self.arrivals = Arrivals([path], settle_s=10.0, clock=lambda: self.now_s)

    def write(self, name, content="x"):
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as opened:
            opened.write(content)
        # The clock of the files: whole seconds, as some shares have.
        os.utime(file, (self.now_s, self.now_s))

    def at(self, now_s):
        self.now_s = now_s
        return [str(path.relative_to(self.path)) for path in self.arrivals.finished()]


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        pytest.param("a.wav.part", False, id="not finished, says its name"),
        pytest.param(".a.wav", False, id="hidden"),
        pytest.param(".tmp/a.wav", False, id="in a hidden folder"),
        pytest.param("manifest.csv", False, id="no recording"),
        pytest.param("a.WAV", True, id="capitals"),
        pytest.param("2026/11/26/a.opus", True, id="in a folder of the day"),
    ],
)
def test_names(folder, name, taken):
    folder.write(name)
    assert folder.at(0) == []
    assert folder.at(10) == ([name] if taken else [])


def test_given_out_once(folder):
    folder.write("a.wav")
    assert [folder.at(second) for second in (0, 5, 9, 10, 11, 60)] == [[], [], [], ["a.wav"], [], []]


def test_a_file_that_grows_slowly(folder):
    for second in range(0, 45, 9):
        folder.write("a.wav", "x" * 100)
        assert folder.at(second) == []
    # Last written at 36 s.
    assert [folder.at(second) for second in (45, 46)] == [[], ["a.wav"]]


def test_same_size_other_time(folder):
    folder.write("a.wav")
    folder.at(0)
    os.utime(folder.path / "a.wav", (5, 5))
    assert [folder.at(second) for second in (5, 12, 15)] == [[], [], ["a.wav"]]


def test_a_finished_file_that_is_written_again_is_given_out_again(folder):
    folder.write("a.wav")
    folder.at(0)
    assert folder.at(10) == ["a.wav"]
    folder.write("a.wav", "more")
    assert [folder.at(second) for second in (11, 20, 21)] == [[], [], ["a.wav"]]


def test_an_empty_file_is_a_call_that_goes_on(folder):
    folder.write("a.wav", "")
    folder.at(0)
    assert folder.at(600) == []
    folder.write("a.wav", "the call")
    assert [folder.at(second) for second in (601, 611)] == [[], ["a.wav"]]


def test_an_empty_file_that_stays_is_told_of(folder):
    folder.write("a.wav", "")
    folder.at(0)
    assert [folder.at(EMPTY_SETTLE_S - 1), folder.at(EMPTY_SETTLE_S)] == [[], ["a.wav"]]


def test_renamed_into_place(folder):
    folder.write("a.part", "x" * 1000)
    folder.at(0)
    (folder.path / "a.part").rename(folder.path / "a.wav")
    assert [folder.at(second) for second in (20, 29, 30)] == [[], [], ["a.wav"]]


def test_deleted_before_it_settled(folder):
    folder.write("a.wav")
    folder.at(0)
    (folder.path / "a.wav").unlink()
    assert folder.at(10) == []
    folder.write("a.wav")
    assert [folder.at(second) for second in (11, 21)] == [[], ["a.wav"]]


def test_oldest_first(folder):
    for second, name in ((3, "b.wav"), (1, "c.wav"), (2, "a.wav")):
        folder.now_s = second
        folder.write(name)
    folder.at(5)
    assert folder.at(15) == ["c.wav", "a.wav", "b.wav"]


def test_share_that_goes_away(folder, caplog):
    shared = folder.path / "share"
    folder.arrivals = Arrivals([shared], settle_s=10.0, clock=lambda: folder.now_s)
    folder.write("share/done.wav")
    folder.write("share/growing.wav")
    folder.at(0)
    (shared / "growing.wav").write_text("more")
    assert folder.at(10) == ["share/done.wav"]
    shared.rename(folder.path / "away")
    assert [folder.at(second) for second in (15, 16, 40)] == [[], [], []]
    (folder.path / "away").rename(shared)
    # What was taken is not taken again, and what may have grown waits anew.
    assert [folder.at(second) for second in (41, 50, 51)] == [[], [], ["share/growing.wav"]]
    assert [record.getMessage().split(" (")[0] for record in caplog.records] == [
        "folder cannot be listed",
        "folder can be listed again",
    ]


def test_folder_that_is_not_there_yet(folder):
    shutil.rmtree(folder.path)
    assert folder.at(0) == []
    folder.write("a.wav")
    assert [folder.at(second) for second in (1, 11)] == [[], ["a.wav"]]


def test_a_slow_folder_is_looked_at_less_often(folder):
    ticks = iter([0.0, 3.0])
    folder.write("a.wav")
    slow = Arrivals([folder.path], settle_s=0.0, clock=lambda: next(ticks))
    # The look took 3 s, so that the next may begin 30 s after it began.
    assert len(slow.finished()) == 1
    folder.write("b.wav")
    ticks = iter([29.9])
    assert slow.finished() == []
    ticks = iter([30.0, 30.1])
    assert [path.name for path in slow.finished()] == ["b.wav"]


def test_a_link_in_a_circle(folder):
    (folder.path / "loop").symlink_to(folder.path)
    folder.write("a.wav")
    folder.at(0)
    assert folder.at(10) == ["a.wav"]

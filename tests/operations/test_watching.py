"""The intake that does not end, and the manifest that grows beside it."""

import os

import pytest

from pipeline.batch.arrivals import Arrivals
from pipeline.batch.executors.local import LocalExecutor
from pipeline.batch.intake import CHUNK_FILES
from pipeline.batch.inventory import DescribedFile
from pipeline.batch.runner import Runner, RunOptions
from pipeline.batch.watching import WatchedManifest, arriving
from pipeline.cli.observing import Quiet
from pipeline.store.database import open_database
from tests.batch.workers import Reader
from tests.store.builders import run as describe_run

HEAD = "recording,agent,left_channel,right_channel\n"


class Night:
    """A folder that is watched, with its manifest, on a clock that the test moves."""

    def __init__(self, path):
        self.folder = path / "calls"
        self.folder.mkdir()
        self.file = path / "manifest.csv"
        self.now_s = 0.0
        self.written = 0
        self.database = open_database(f"sqlite:///{path / 'x.db'}", create=True)
        arrivals = Arrivals([self.folder], settle_s=5.0, clock=lambda: self.now_s)
        manifest = WatchedManifest(self.file, [self.folder], timezone="Asia/Shanghai")
        self.intake = arriving(self.database, arrivals, manifest)

    def write(self, name):
        (self.folder / name).write_text(name)

    def tell(self, *rows, head=HEAD):
        self.file.write_text(head + "".join(f"{row}\n" for row in rows))
        self.written += 1
        os.utime(self.file, (self.written, self.written))

    def at(self, now_s):
        """Name, agent and state of what came by then."""
        self.now_s = now_s
        return [
            (file.name, file.row.metadata.agent if file.row else None, registered.state)
            for file, registered in next(self.intake)
        ]


@pytest.fixture
def night(tmp_path):
    made = Night(tmp_path)
    yield made
    made.database.close()


def test_nothing_new_is_an_empty_chunk(night):
    assert [night.at(second) for second in (0, 1, 2)] == [[], [], []]
    night.write("a.wav")
    assert [night.at(second) for second in (3, 4, 8, 9)] == [[], [], [("a.wav", None, "pending")], []]


def test_row_before_its_recording(night):
    night.tell("a.wav,A1,agent,customer")
    night.write("a.wav")
    night.at(0)
    assert night.at(5) == [("a.wav", "A1", "pending")]


def test_row_after_its_recording(night):
    night.write("a.wav")
    night.write("b.wav")
    night.at(0)
    assert [name for name, _, _ in night.at(5)] == ["a.wav", "b.wav"]
    night.tell("a.wav,A1,,", "c.wav,A3,,")
    assert night.at(6) == [("a.wav", "A1", "pending")]
    assert night.at(7) == []
    # The other row is of a recording that is yet to come.
    night.write("c.wav")
    night.at(8)
    assert night.at(13) == [("c.wav", "A3", "pending")]


def test_row_that_changes(night):
    night.tell("a.wav,A1,,", "b.wav,B1,,")
    night.write("a.wav")
    night.write("b.wav")
    night.at(0)
    night.at(5)
    night.tell("a.wav,A2,,", "b.wav,B1,,")
    assert [night.at(6), night.at(7)] == [[("a.wav", "A2", "pending")], []]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda night: night.tell("A2", head="who\n"), id="no column for recordings"),
        pytest.param(lambda night: night.file.unlink(), id="gone"),
        pytest.param(lambda night: night.file.write_text(""), id="being written"),
    ],
)
def test_manifest_that_cannot_be_read_is_as_it_was(night, spoil):
    night.tell("a.wav,A1,,")
    night.at(0)
    spoil(night)
    night.write("a.wav")
    night.at(1)
    assert night.at(6) == [("a.wav", "A1", "pending")]


def test_log_names_rows_and_nothing_in_them(night, caplog):
    night.tell(",13800138000,,", "a.wav,A1,nobody,customer")
    night.at(0)
    said = [record.getMessage() for record in caplog.records]
    assert [one.split(":")[0] for one in said] == ["manifest", "manifest"]
    assert "13800138000" not in "".join(said)
    assert "nobody" not in "".join(said)


def test_more_files_than_a_chunk(night):
    for number in range(150):
        night.write(f"{number:03}.wav")
    night.at(0)
    chunks = [night.at(second) for second in (5, 5, 5, 6)]
    assert [bool(chunk) for chunk in chunks] == [True, True, True, False]
    assert len({name for chunk in chunks for name, _, _ in chunk}) == 150


@pytest.mark.slow
@pytest.mark.timing
def test_recordings_that_are_done_are_passed_over_without_a_rest(tmp_path):
    files = []
    for number in range(5 * CHUNK_FILES):
        (tmp_path / f"{number}.wav").write_text(f"ok {number}")
        files.append(DescribedFile(str(tmp_path / f"{number}.wav")))
    database = open_database(f"sqlite:///{tmp_path / 'x.db'}", create=True)

    def run(run_id):
        executor = LocalExecutor(Reader(str(tmp_path / "diary")), cores=2)
        runner = Runner(database, describe_run(run_id), executor, options=RunOptions(workers=2), progress=Quiet())
        return runner.run(files)

    assert run("r1").processed == len(files)
    again = run("r2")
    assert again.done_before == len(files)
    # Five chunks, each of which once cost a second.
    assert again.wall_s < 2

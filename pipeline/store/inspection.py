"""Looking at a database without changing it: nothing is created, nothing is migrated."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from pipeline.domain.errors import StoreError
from pipeline.store.database import HEAD_REVISION, connect, store_errors

NETWORK_FILESYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "glusterfs"})
"""Where SQLite's write-ahead log cannot be shared. Source: https://sqlite.org/wal.html, "all processes … same host"."""


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """A database as it was found."""

    url: str
    """Without its password."""
    server: str
    """``SQLite 3.40.1`` or ``PostgreSQL 15.14``."""
    revision: str | None
    """Migration level; ``None`` where there are no tables yet."""
    writable: str | None
    """``None`` where a write went through, else what refused it."""
    journal: str | None
    """SQLite's journal mode; ``None`` on PostgreSQL."""
    filesystem: str | None
    """What the SQLite file lies on, where that is known."""
    size_bytes: int | None
    clock_ahead_s: float
    """How far the server's clock is ahead of ours; 0.0 on SQLite."""

    @property
    def is_current(self) -> bool:
        """Whether it is at the migration level of this code."""
        return self.revision == HEAD_REVISION


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite database; ``None`` for a server, for memory, and for what is no URL."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return None
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database)


def inspect_database(url: str) -> DatabaseFacts | None:
    """What is there; ``None`` where an SQLite file is not there yet.

    Raises:
        ConfigError: the URL is none that earmark can use.
        StoreError: it cannot be reached or read.
    """
    file = sqlite_file(url)
    if file is not None and not file.exists():
        return None
    engine = connect(url, busy_timeout_s=2.0)
    shown = engine.url.render_as_string(hide_password=True)
    try:
        with store_errors(shown), engine.connect() as connection:
            is_sqlite = connection.dialect.name == "sqlite"
            return DatabaseFacts(
                url=shown,
                server=_server(connection, is_sqlite=is_sqlite),
                revision=_revision(connection),
                writable=_refusal(connection),
                journal=str(connection.exec_driver_sql("PRAGMA journal_mode").scalar()) if is_sqlite else None,
                filesystem=_filesystem(file) if file is not None else None,
                size_bytes=_size(connection, file),
                clock_ahead_s=0.0 if is_sqlite else _clock_ahead_s(connection),
            )
    finally:
        engine.dispose()


def check_integrity(url: str) -> str | None:
    """What SQLite finds wrong in the file; ``None`` where it is whole, and on PostgreSQL, which checks by itself.

    Raises:
        StoreError: it cannot be read.
    """
    if sqlite_file(url) is None:
        return None
    engine = connect(url, busy_timeout_s=2.0)
    try:
        with store_errors(url), engine.connect() as connection:
            found = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
    finally:
        engine.dispose()
    return None if found == "ok" else found


def _server(connection: Connection, *, is_sqlite: bool) -> str:
    if is_sqlite:
        return f"SQLite {connection.exec_driver_sql('SELECT sqlite_version()').scalar()}"
    return f"PostgreSQL {str(connection.exec_driver_sql('SHOW server_version').scalar()).split()[0]}"


def _revision(connection: Connection) -> str | None:
    tables = inspect(connection).get_table_names()
    if "alembic_version" not in tables:
        if tables:
            raise StoreError(f"it holds other tables ({', '.join(sorted(tables)[:3])}) and is not earmark's")
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _refusal(connection: Connection) -> str | None:
    """What a write meets with; it is always rolled back."""
    connection.rollback()
    try:
        writing = connection.execution_options(earmark_writes=True)
        if "alembic_version" in inspect(writing).get_table_names():
            writing.execute(text("UPDATE alembic_version SET version_num = version_num"))
        else:
            writing.exec_driver_sql("CREATE TABLE earmark_doctor (id INTEGER)")
    except SQLAlchemyError as error:
        return str(getattr(error, "orig", None) or error)
    finally:
        connection.rollback()
    return None


def _filesystem(file: Path) -> str | None:
    """Kind of filesystem that the file lies on, as the kernel names it. Source: proc(5), /proc/self/mounts."""
    try:
        mounts = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        return None
    there = os.path.realpath(file)
    inside = [
        (len(where), kind)
        for _, where, kind, *_ in (line.split() for line in mounts)
        if there == where or there.startswith(where.rstrip("/") + "/")
    ]
    return max(inside)[1] if inside else None


def _size(connection: Connection, file: Path | None) -> int | None:
    if file is not None:
        return file.stat().st_size
    if connection.dialect.name == "sqlite":
        return None
    return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar() or 0)


def _clock_ahead_s(connection: Connection) -> float:
    before_s = time.time()
    server_s = float(connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar() or 0.0)
    return server_s - (before_s + time.time()) / 2

"""Opening a database: connection settings, migrations, transactions, and errors that say what to do."""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, Insert, Table, create_engine, event, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError, SQLAlchemyError

from pipeline.domain.errors import ConfigError, StoreError

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

HEAD_REVISION = "0013"
"""The migration this code is written for; a test compares it with the newest script."""
BUSY_TIMEOUT_S = 60.0
"""How long a SQLite writer waits for another process's transaction before it gives up."""

MIGRATION_LOCK = 0x6561726D61726B
"""Number of the lock that a migration holds on PostgreSQL: ``earmark`` in ASCII."""

Row = Mapping[str, object]


class Database:
    """An open database at this code's migration level."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writers = engine.execution_options(earmark_writes=True)
        # SQLite's transactions always see one state; PostgreSQL's would see a new one with each statement.
        snapshot = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
        self._readers = engine.execution_options(**snapshot)

    @property
    def url(self) -> str:
        """Where the database is, without its password."""
        return self._engine.url.render_as_string(hide_password=True)

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._engine.dialect.name

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view for several reads."""
        with store_errors(self.url), self._readers.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it is stored, or nothing. Waits its turn where another process writes."""
        with store_errors(self.url), self._writers.begin() as connection:
            yield connection

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """A connection without a transaction, for what a database does in none, such as ``VACUUM``."""
        with store_errors(self.url), self._engine.connect() as connection:
            # What SQLite is to do is said by `on_begin`, not by the driver: there it is in no transaction at all.
            alone = {"earmark_alone": True} if connection.dialect.name == "sqlite" else {}
            mode = {} if alone else {"isolation_level": "AUTOCOMMIT"}
            yield connection.execution_options(**alone, **mode)

    def close(self) -> None:
        """Gives the connections back."""
        self._engine.dispose()


def open_database(url: str, *, create: bool = False, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Database:
    """The database at ``url``, brought to this code's migration level.

    Args:
        url: SQLAlchemy URL, such as ``sqlite:///earmark.db``.
        create: make an SQLite file that is not there yet; else its absence is an error.
        busy_timeout_s: how long to wait for another process's transaction on SQLite.

    Raises:
        ConfigError: the URL is none that earmark can use.
        StoreError: nothing is there, it cannot be reached, or a newer earmark wrote it.
    """
    engine = connect(url, busy_timeout_s=busy_timeout_s)
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if file and file != ":memory:":
        _check_sqlite_file(Path(file), create=create)
    with store_errors(engine.url.render_as_string(hide_password=True)):
        if _revision(engine) != HEAD_REVISION:
            _migrate(engine.url.render_as_string(hide_password=False))
    return Database(engine)


def upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Inserts ``rows``, which all have the same columns; where the primary key is taken, the row is replaced."""
    if rows:
        statement = _upsert_statement(connection.dialect.name, table, tuple(rows[0]))
        connection.execute(statement, [dict(row) for row in rows])


@cache
def _upsert_statement(dialect_name: str, table: Table, columns: tuple[str, ...]) -> Insert:
    dialect = sqlite if dialect_name == "sqlite" else postgresql
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key.columns]
    changed = {name: statement.excluded[name] for name in columns if name not in keys}
    upserting: Insert = (
        statement.on_conflict_do_update(index_elements=keys, set_=changed)
        if changed
        else statement.on_conflict_do_nothing(index_elements=keys)
    )
    return upserting


def connect(url: str, *, foreign_keys: bool = True, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """An engine for ``url``, with earmark's settings of connections; nothing is looked at yet. Raises: ConfigError."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise ConfigError(f"--db {_shown(url)}: earmark stores in sqlite:///FILE or postgresql://…")
        if parsed.get_backend_name() == "sqlite":
            # Errors do not quote what was to be stored.
            engine = create_engine(parsed, connect_args={"timeout": busy_timeout_s}, hide_parameters=True)
            _prepare_sqlite(engine, foreign_keys=foreign_keys, busy_timeout_s=busy_timeout_s)
            return engine
        # psycopg 3 is the driver earmark installs; SQLAlchemy's own default is psycopg2.
        driver = parsed.set(drivername="postgresql+psycopg") if parsed.drivername == "postgresql" else parsed
        return create_engine(driver, pool_pre_ping=True, hide_parameters=True)
    except ImportError as error:
        raise ConfigError(f"--db {_shown(url)}: PostgreSQL needs `pip install 'earmark[postgres]'`") from error
    except (ArgumentError, NoSuchModuleError) as error:
        raise ConfigError(
            f"--db {_shown(url)} is no database URL that can be used: try sqlite:///earmark.db"
        ) from error


def _shown(url: str) -> str:
    """A URL as it may be printed: what stands behind the scheme can hold a password."""
    scheme, found, _ = url.partition("://")
    return f"{scheme}://…" if found else repr(url)


def _prepare_sqlite(engine: Engine, *, foreign_keys: bool, busy_timeout_s: float) -> None:
    # SQLAlchemy's own BEGIN, so that a writer takes its lock at once and a reader sees one state throughout:
    # https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#pysqlite-serializable
    @event.listens_for(engine, "connect")
    def on_connect(dbapi_connection: sqlite3.Connection, _record: object) -> None:
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        _use_wal(cursor, busy_timeout_s)
        # NORMAL in WAL mode survives a killed process; a power cut may lose the last calls, never corrupt.
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        if connection.get_execution_options().get("earmark_alone", False):
            return
        writes = connection.get_execution_options().get("earmark_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _use_wal(cursor: sqlite3.Cursor, patience_s: float) -> None:
    """Switches to a write-ahead log. SQLite itself does not wait where another process is just doing the same."""
    until_s = time.monotonic() + patience_s
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until_s:
                raise
            time.sleep(0.02)


def _check_sqlite_file(file: Path, *, create: bool) -> None:
    if file.is_dir():
        raise StoreError(f"database {file} is a folder: give the path of a file")
    if file.exists():
        return
    if not create:
        raise StoreError(f"there is no database {file}: run `earmark run PATH` first, or name it with --db URL")
    if not file.parent.is_dir():
        raise StoreError(f"cannot create the database {file}: there is no folder {file.parent}")


def _revision(engine: Engine) -> str | None:
    with engine.begin() as connection:
        return _revision_of(connection)


def _revision_of(connection: Connection) -> str | None:
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" not in tables:
        if tables:
            raise StoreError(
                f"the database {connection.engine.url.render_as_string(hide_password=True)} holds other tables "
                f"({', '.join(sorted(tables)[:3])}) and is not earmark's: name another with --db URL"
            )
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found > HEAD_REVISION:
        raise StoreError(
            f"the database is at migration {found}, written by a newer earmark; this one knows up to "
            f"{HEAD_REVISION}: update earmark"
        )
    return found


def _migrate(url: str) -> None:
    from alembic import command
    from alembic.config import Config

    engine = connect(url, foreign_keys=False)
    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    try:
        # One writing transaction: a second process waits here and then finds nothing left to do. Foreign keys are
        # off meanwhile, since rebuilding a parent table on SQLite would delete the children's rows.
        with engine.execution_options(earmark_writes=True).begin() as connection:
            if connection.dialect.name == "postgresql":
                # Only a lock that needs no table can keep two from making the first tables at once.
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            if _revision_of(connection) == HEAD_REVISION:
                return
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if connection.dialect.name == "sqlite":
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if broken:
                    raise StoreError(f"the migration would break {len(broken)} references; nothing was changed")
    finally:
        engine.dispose()


@contextmanager
def store_errors(url: str) -> Iterator[None]:
    """Errors of the driver as `StoreError`, with what to do; ``url`` is shown, so it holds no password."""
    try:
        yield
    except OperationalError as error:
        remedy, passing = _remedy(str(error.orig))
        raise StoreError(f"database {url}: {error.orig}. {remedy}", passing=passing) from error
    except DatabaseError as error:
        raise StoreError(f"database {url}: {error.orig}") from error
    except SQLAlchemyError as error:
        raise StoreError(f"database {url}: {error}") from error


REMEDIES = (
    ("full", "Make room on that disk and run again; what was stored is kept.", False),
    ("no space", "Make room on that disk and run again; what was stored is kept.", False),
    ("locked", "Another process has held it for a minute: let it finish, then run again.", True),
    ("unable to open", "Check that the folder exists and that you may write there.", False),
    ("readonly", "Check that you may write to the file and its folder.", False),
    ("disk i/o", "Check the disk and the room on it, then run again.", False),
    ("authentication", "Check user and password.", False),
    ("does not exist", "Create it first, or check its name.", False),
)
"""Signs in a driver's message, what to do, and whether waiting may help. Whatever else is operational, a server that
cannot be reached or has closed the connection, may pass."""


def _remedy(message: str) -> tuple[str, bool]:
    for sign, remedy, passing in REMEDIES:
        if sign in message.lower():
            return remedy, passing
    return "Check that the database runs and can be reached, then run again.", True


def insist(operation: Callable[[], Result], *, patience_s: float) -> Result:
    """The result of ``operation``, tried again for ``patience_s`` seconds while the database is away.

    Raises:
        StoreError: the error will not pass, or has not passed in time.
    """
    until_s = time.monotonic() + patience_s
    pause_s = 0.25
    while True:
        try:
            return operation()
        except StoreError as error:
            if not error.passing or time.monotonic() + pause_s > until_s:
                raise
            logger.warning("%s Trying again for %.0f s.", error, until_s - time.monotonic())
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, 10.0)

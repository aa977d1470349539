"""Opening databases: what is refused, migrations, transactions."""

import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, insert, select, text

from pipeline.domain.errors import ConfigError, StoreError
from pipeline.store import database as module
from pipeline.store.database import HEAD_REVISION, open_database
from pipeline.store.report_columns import read_columns
from pipeline.store.tables import metadata, recordings


def other_tables(path: Path) -> None:
    sqlite3.connect(path).execute("CREATE TABLE customers (id)")


def newer(path: Path) -> None:
    open_database(f"sqlite:///{path}", create=True).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        pytest.param(other_tables, "holds other tables", id="another program's"),
        pytest.param(newer, "newer earmark", id="from the future"),
        pytest.param(lambda path: path.write_text("hello, I am no database" * 99), "not a database", id="no database"),
        pytest.param(lambda path: path.mkdir(), "is a folder", id="a folder"),
    ],
)
def test_refuses(tmp_path, prepare, message):
    prepare(tmp_path / "x.db")
    with pytest.raises(StoreError, match=message):
        open_database(f"sqlite:///{tmp_path / 'x.db'}", create=True)


@pytest.mark.parametrize("url", ["earmark.db", "mysql://localhost/x", "sqlite", "postgres"])
def test_refuses_url(url):
    with pytest.raises(ConfigError, match="sqlite:///"):
        open_database(url, create=True)


def test_reading_does_not_create(tmp_path):
    with pytest.raises(StoreError, match="there is no database"):
        open_database(f"sqlite:///{tmp_path / 'none.db'}")
    assert not list(tmp_path.iterdir())


def test_no_folder(tmp_path):
    with pytest.raises(StoreError, match="there is no folder"):
        open_database(f"sqlite:///{tmp_path / 'none' / 'x.db'}", create=True)


def test_head_revision_is_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", str(Path(module.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD_REVISION


def of_the_code(name, kind, parents):
    # The search index is made by hand: FTS5 with its own tables on SQLite, a tsvector on PostgreSQL.
    return not (kind == "table" and name.startswith("search_text"))


def test_migrations_give_the_tables_of_the_code(empty_store):
    with empty_store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": of_the_code})
        assert compare_metadata(context, metadata) == []


def test_failed_transaction_leaves_nothing(tmp_path):
    opened = open_database(f"sqlite:///{tmp_path / 'x.db'}", create=True)
    with pytest.raises(RuntimeError), opened.writing() as connection:
        connection.execute(text("INSERT INTO pack_rules VALUES ('p', 'r', 'z', 'e', 's', 'c', 'a', NULL)"))
        raise RuntimeError
    with opened.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM pack_rules")).scalar() == 0


def test_reads_of_one_view_see_one_state(empty_store):
    count = select(func.count()).select_from(recordings)
    row = {"id": "a", "name": "a", "uri": "/a", "size_bytes": 1, "extra": {}, "channel_roles": []}
    with empty_store.reading() as connection:
        before = connection.execute(count).scalar_one()
        with empty_store.writing() as other:
            other.execute(insert(recordings), [{**row, "added_at": datetime(2026, 11, 1, tzinfo=UTC)}])
        assert connection.execute(count).scalar_one() == before
    with empty_store.reading() as connection:
        assert connection.execute(count).scalar_one() == before + 1


def test_foreign_keys_hold(tmp_path):
    opened = open_database(f"sqlite:///{tmp_path / 'x.db'}", create=True)
    with pytest.raises(StoreError, match="FOREIGN KEY"), opened.writing() as connection:
        connection.execute(text("INSERT INTO evaluations VALUES ('nobody', 'norun', 0, 0, 0, 0, 0)"))


@pytest.mark.slow
def test_two_processes_create_one_database(tmp_path):
    url = f"sqlite:///{tmp_path / 'x.db'}"
    code = f"from pipeline.store.database import open_database; open_database({url!r}, create=True)"
    processes = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(4)]
    assert [process.communicate(timeout=60)[1] for process in processes] == [b""] * 4
    assert [process.returncode for process in processes] == [0] * 4


def test_server_that_does_not_answer(tmp_path):
    with pytest.raises(StoreError, match="Check that the database runs") as caught:
        open_database(f"postgresql://user:secret@/none?host={tmp_path}")
    assert "secret" not in str(caught.value)


def test_password_is_not_shown():
    with pytest.raises(ConfigError) as caught:
        open_database("mysql://user:secret@localhost/x")
    assert "secret" not in str(caught.value)


def test_what_reports_count_by_is_read_from_older_metadata(database_url):
    opened = open_database(database_url, create=True)
    extra = {"部门": "售后", "职场": " 城北 ", "来电原因": "", "reason": "退款", "转接": "是", "hold_s": "12.5"}
    with opened.writing() as connection:
        columns = {"uri": "/a", "size_bytes": 1, "added_at": datetime(2026, 11, 1, tzinfo=UTC), "channel_roles": []}
        rows = [{"id": name, "name": name, **columns, "extra": said} for name, said in (("a", extra), ("b", {}))]
        connection.execute(insert(recordings), [*rows, {**rows[0], "id": "c", "extra": {"hold_s": "long"}}])
        # As the migration before left it.
        for name in ("transfers", "contact_reason", "site", "customer"):
            connection.execute(text(f"DROP INDEX ix_recordings_{name}"))
        for name in ("department", "site", "contact_reason", "transfers", "hold_s"):
            connection.execute(text(f"ALTER TABLE recordings DROP COLUMN {name}"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0012'"))
    opened.close()
    upgraded = open_database(database_url)
    with upgraded.reading() as connection:
        found = {row.id: row for row in connection.execute(select(recordings))}
    upgraded.close()
    read = {name: getattr(found["a"], name) for name in ("department", "site", "contact_reason", "transfers", "hold_s")}
    assert read == read_columns(extra) == {
        "department": "售后", "site": "城北", "contact_reason": "退款", "transfers": "是", "hold_s": 12.5
    }  # fmt: skip
    assert (found["b"].contact_reason, found["b"].hold_s, found["c"].hold_s) == (None, None, None)

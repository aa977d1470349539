"""What many tests need: an empty database of each kind."""

import itertools
import shutil

import pytest

from pipeline.store.database import open_database
from tests.postgres import PostgresServer

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres_server():
    """A real PostgreSQL."""
    server = PostgresServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory):
    """The file of a database with tables and no rows, to be copied: making the tables takes longer than most tests."""
    file = tmp_path_factory.mktemp("tables") / "tables.db"
    open_database(f"sqlite:///{file}", create=True).close()
    return file


@pytest.fixture(scope="session")
def postgres_tables(postgres_server):
    """The name of such a database on the server."""
    open_database(postgres_server.create_database("tables"), create=True).close()
    return "tables"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """The URL of a database that nothing was written to, on each database that earmark stores in.

    It has tables only where the test asks for an ``empty_store`` as well.
    """
    with_tables = "empty_store" in request.fixturenames
    if request.param == "sqlite":
        file = tmp_path / "test.db"
        if with_tables:
            shutil.copy(request.getfixturevalue("sqlite_tables"), file)
        yield f"sqlite:///{file}"
        return
    server, name = request.getfixturevalue("postgres_server"), f"test{next(_numbers)}"
    template = {"template": request.getfixturevalue("postgres_tables")} if with_tables else {}
    yield server.create_database(name, **template)
    server.drop_database(name)


@pytest.fixture
def empty_store(database_url):
    """An open database with tables and no rows."""
    opened = open_database(database_url)
    yield opened
    opened.close()

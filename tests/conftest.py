"""What many tests need: an empty database of each kind."""

import itertools

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


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """The URL of a database that nothing was written to, on each database that earmark stores in."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    return request.getfixturevalue("postgres_server").create_database(f"test{next(_numbers)}")


@pytest.fixture
def empty_store(database_url):
    """An open database with tables and no rows."""
    opened = open_database(database_url, create=True)
    yield opened
    opened.close()

"""A database of each kind that the tests of one file share: for tests that only look."""

import itertools

import pytest

from pipeline.store.database import open_database

_numbers = itertools.count()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_store(request, tmp_path_factory):
    """An open database with tables and no rows, filled by the fixture that asks for it."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('shared') / 'test.db'}"
    else:
        url = request.getfixturevalue("postgres_server").create_database(f"shared{next(_numbers)}")
    opened = open_database(url, create=True)
    yield opened
    opened.close()

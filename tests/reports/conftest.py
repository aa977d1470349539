"""Centres of the builders."""

import pytest

from pipeline.store.database import open_database
from tests.reports.builders import Centre, small_centre


@pytest.fixture
def centre(empty_store):
    """A centre without calls, on both databases."""
    return Centre(empty_store)


@pytest.fixture
def small(empty_store):
    """The small centre, on both databases."""
    return small_centre(empty_store)


@pytest.fixture(scope="module")
def small_url(tmp_path_factory):
    """The small centre in a SQLite file that nobody changes."""
    url = f"sqlite:///{tmp_path_factory.mktemp('reports') / 'small.db'}"
    store = open_database(url, create=True)
    small_centre(store).classify()
    store.close()
    return url

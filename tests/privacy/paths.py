"""Recordings in whose paths people stand, and what the tests of paths ask of a database."""

import hashlib

import pytest
from sqlalchemy import func, select

from pipeline.batch.discovery import discover
from pipeline.batch.intake import take_in
from pipeline.privacy.keys import add_key
from pipeline.privacy.places import mark_of_name, mark_of_path
from pipeline.store.database import connect
from pipeline.store.listings import Marks, find_recording
from tests.privacy.identities import make_up
from tests.privacy.search import Search, columns_with

PEOPLE = make_up(12, seed=7)
SEARCH = Search(PEOPLE)


@pytest.fixture
def keys(tmp_path):
    return add_key(tmp_path / "keys")


@pytest.fixture
def calls(tmp_path):
    """Recordings whose names and folders are people."""
    folder = tmp_path / "录音"
    for number, person in enumerate(PEOPLE):
        own = (person.mobile, person.name, person.resident_id, person.card, person.email, person.address)[number % 6]
        file = folder / (person.name if number % 2 else "退款") / f"{own}_20260101.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"%d" % number)
    return folder


def enter(store, folder, keys, **options):
    chunks = take_in(store, discover([folder], None).files, keys=keys, **options)
    return {file.location: registered for chunk in chunks for file, registered in chunk}


def leaks(store):
    engine = connect(store._engine.url.render_as_string(hide_password=False))
    found = columns_with(SEARCH, engine)
    engine.dispose()
    return set(found)


def count(store, table):
    with store.reading() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def find(store, keys, name):
    return find_recording(store, name, Marks(mark_of_path(keys, name), mark_of_name(keys, name)))


def recording_at(calls, person):
    """The file in whose name or folder the person is."""
    return next(file for file in calls.rglob("*.wav") if person.name in str(file) or person.mobile in str(file))


def sha(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()

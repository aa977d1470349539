"""A file whose name turns the direction of writing is shown by what its name is made of."""

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from pipeline.cli import app as earmark
from pipeline.domain.reviews import Verdict
from pipeline.store.tables import recordings
from tests.review.judgements import CALL, finish, say

NAME = "\u202egpj.exe"


@pytest.fixture
def named(desk):
    """The desk with a call of that name, of which nothing else is known, judged and finished."""
    with desk.database.writing() as connection:
        unknown = {"agent": None, "team": None, "started_at": None}
        connection.execute(update(recordings).where(recordings.c.id == CALL).values(name=NAME, **unknown))
    say(desk, "lin", Verdict.CONFIRMED, rule="survey-missing")
    finish(desk)
    return desk


@pytest.mark.parametrize("path", [f"/calls/{CALL}", f"/queue/peek/{CALL}"])
def test_a_page_shows_what_the_name_is(named, client_as, path):
    shown = client_as("reviewer").get(path).text
    assert NAME not in shown and "\\u202egpj.exe" in shown


@pytest.mark.parametrize("command", [["calls"], ["hits"], ["show", CALL]], ids=["calls", "hits", "show"])
def test_a_list_shows_what_the_name_is(named, command):
    ended = CliRunner().invoke(earmark, [*command, "--db", named.database.url])
    assert ended.exit_code == 0, ended.output
    assert NAME not in ended.output and "\\u202egpj.exe" in ended.output

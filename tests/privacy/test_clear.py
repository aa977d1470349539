"""The clear view: who may, what it takes, what is left of it, and what everybody else sees."""

import json

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from typer.testing import CliRunner

from pipeline.batch.rule_set import load_rules
from pipeline.cli import app as command
from pipeline.domain.accounts import AccountRole
from pipeline.domain.errors import ConfigError
from pipeline.domain.personal import is_masked, shown
from pipeline.privacy.keys import add_key, read_keys
from pipeline.privacy.sealing import SealError
from pipeline.review.app import Desk, ReviewSettings, create_app
from pipeline.review.passwords import hash_password
from pipeline.store.accounts import add_account
from pipeline.store.database import open_database
from pipeline.store.results import stored_call
from pipeline.store.review_tables import audit, reviews, saved_views
from tests.privacy.masked_desk import HIDDEN, MOBILE, fill
from tests.review.conftest import SECRET, log_in
from tests.review.samples import ACCOUNTS, LOGIN_OF, PASSWORD

pytestmark = pytest.mark.slow
REASON = {"reason": "核对顾客报的号码"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Folder, calls: a database with masked calls and an account of each role."""
    folder = tmp_path_factory.mktemp("clear")
    database = open_database(f"sqlite:///{folder / 'desk.db'}", create=True)
    calls = fill(database, add_key(folder / "keys"))
    password_hash = hash_password(PASSWORD)
    for login, (name, role, agent, team) in ACCOUNTS.items():
        add_account(database, login=login, name=name, role=role, password_hash=password_hash, agent=agent, team=team)
    database.close()
    return folder, calls


@pytest.fixture(scope="module")
def desk_as(kept):
    """``desk_as("manager")``: a client of that role; what a desk is given besides can be changed."""
    folder, _ = kept
    known = {}
    database = open_database(f"sqlite:///{folder / 'desk.db'}")

    def client(role, *, keys="keys", **settings):
        wanted = (str(role), keys and str(keys), *settings.items())
        if wanted in known:
            return known[wanted]
        ring = keys if keys is None or not isinstance(keys, str) else read_keys(folder / keys)
        chosen = ReviewSettings(SECRET, hosts=("localhost",), cache=folder / "playback", **settings)
        desk = Desk(database, load_rules(()), chosen, keys=ring)
        made = TestClient(create_app(desk), base_url="http://localhost", follow_redirects=False)
        log_in(made, LOGIN_OF[AccountRole(role)])
        made.database = database
        return known.setdefault(wanted, made)

    yield client
    database.close()


def notes(database, action="unmask"):
    with database.reading() as connection:
        return connection.execute(select(audit).where(audit.c.action == action)).all()


REFUSED = {
    "no reason": ("manager", {}, 422),
    "a blank reason": ("manager", {"reason": "    "}, 422),
    "a short reason": ("manager", {"reason": "看"}, 422),
    "a reviewer": ("reviewer", REASON, 403),
    "an author": ("author", REASON, 403),
    "a lead": ("lead", REASON, 403),
    "an agent": ("agent", REASON, 403),
}


@pytest.mark.parametrize(("role", "body", "status"), REFUSED.values(), ids=REFUSED)
def test_who_may_not_sees_nothing_and_leaves_no_entry(desk_as, kept, role, body, status):
    client = desk_as(role)
    before = len(notes(client.database))
    answer = client.post(f"/calls/{kept[1][0]}/clear", json=body)
    assert answer.status_code == status
    assert MOBILE not in answer.text
    assert len(notes(client.database)) == before


def test_a_manager_sees_what_is_hidden_and_the_log_says_why(desk_as, kept):
    client = desk_as("manager")
    answer = client.post(f"/calls/{kept[1][0]}/clear", json={"reason": f"核对 {MOBILE}"})
    assert answer.status_code == 200
    assert answer.json() == {"seconds": 300, "turns": {str(index): said for index, said in HIDDEN.items()}}
    assert "no-store" in answer.headers["cache-control"]
    (*_, note) = notes(client.database)
    assert (note.login, note.recording_id) == ("manager", kept[1][0])
    assert shown(note.detail["reason"]) == "核对 [手机号]"
    assert note.detail["kinds"]["手机号"] >= 2
    assert "查看原文" in client.get("/audit").text


def test_reviewers_may_where_the_site_lets_them(desk_as, kept):
    client = desk_as("reviewer", clear_reviewers=True, clear_minutes=2)
    assert client.post(f"/calls/{kept[1][0]}/clear", json=REASON).json()["seconds"] == 120
    assert "clear-button" in client.get(f"/calls/{kept[1][0]}").text
    assert "clear-button" not in desk_as("reviewer").get(f"/calls/{kept[1][0]}").text


def test_without_the_key_it_stays_closed(desk_as, kept, tmp_path):
    for keys, told in ((None, "没有密钥"), (add_key(tmp_path / "other"), "密钥打不开")):
        answer = desk_as("manager", keys=keys).post(f"/calls/{kept[1][0]}/clear", json=REASON)
        assert answer.status_code == 409
        assert told in answer.text


@pytest.mark.parametrize("role", list(AccountRole), ids=str)
def test_pages_have_placeholders_for_every_role(desk_as, kept, role):
    page = desk_as(role).get(f"/calls/{kept[1][0]}")
    if page.status_code == 200:
        assert 'class="pd" data-as="[手机号]"' in page.text
        assert MOBILE not in page.text
        assert "一三九" not in page.text


def test_what_is_typed_is_masked_before_it_is_stored(desk_as, kept):
    client, call = desk_as("reviewer"), kept[1][1]
    for number, said in enumerate(
        (
            {"kind": "comment", "text": f"请回电{MOBILE}"},
            {"kind": "correction", "turn": 1, "text": f"我的手机号是{MOBILE}"},
            {"kind": "example", "value": "good", "rule_id": "insult", "turn": 2},
        )
    ):
        assert client.post(f"/calls/{call}/reviews", json={"key": f"typed-key-{number}", **said}).status_code == 200
    assert client.post(f"/queue/views?q={MOBILE}", data={"name": MOBILE}).status_code == 200
    with client.database.reading() as connection:
        rows = connection.execute(select(reviews.c.text, reviews.c.quote)).all()
        views = connection.execute(select(saved_views.c.name, saved_views.c.query)).all()
    assert rows
    assert MOBILE not in str(rows) + str(views)
    assert any(row.text and is_masked(row.text) for row in rows)
    page = client.get(f"/calls/{call}/panel").text
    assert "请回电[手机号]" in page


def test_a_quote_of_the_page_still_names_its_place(desk_as, kept):
    client, call = desk_as("reviewer"), kept[1][2]
    turn = stored_call(client.database, call).call.transcript.turns[2]
    body = {"key": "quoted-key-1", "kind": "example", "value": "bad", "rule_id": "insult", "turn": 2}
    place = {"char_start": 3, "char_end": 17, "quote": turn.text[3:17]}
    assert client.post(f"/calls/{call}/reviews", json=body | place).status_code == 200


def test_search_finds_placeholders_not_numbers(desk_as, kept):
    client = desk_as("reviewer")

    def found(query):
        page = client.get("/queue", params={"q": query, "status": "all"}).text
        return sum(f"/calls/{call}" in page for call in kept[1])

    assert found(MOBILE) == found("一三九") == found("12345678") == 0
    assert found("手机号码") == found("[手机号]") == found("[Mobile Number]") == 3
    assert found("[银行卡号]") == 0


# At the console.


@pytest.fixture
def console(kept, monkeypatch):
    monkeypatch.setenv("EARMARK_DB", f"sqlite:///{kept[0] / 'desk.db'}")
    monkeypatch.setenv("EARMARK_KEY_FILE", str(kept[0] / "keys"))
    return lambda *words: CliRunner().invoke(command, ["show", "c1.wav", *words])


def test_show_has_placeholders(console):
    for words in ((), ("--format", "json"), ("--format", "csv")):
        out = console(*words).output
        assert "[手机号]" in out
        assert MOBILE not in out and "一三九" not in out and not is_masked(out)


def test_show_clear_needs_a_reason_and_leaves_an_entry(console, kept):
    database = open_database(f"sqlite:///{kept[0] / 'desk.db'}")
    before = len(notes(database))
    assert isinstance(console("--clear").exception, ConfigError)
    assert isinstance(console("--clear", "--reason", "核对号码", "--format", "json").exception, ConfigError)
    assert len(notes(database)) == before
    out = console("--clear", "--reason", "核对号码").output
    assert MOBILE in out and "一三九，一二三四，五六七八" in out
    (*_, note) = notes(database)
    database.close()
    assert note.login.endswith("(console)")
    assert note.detail["reason"] == "核对号码"


def test_show_clear_with_another_key_says_so(console, monkeypatch, tmp_path):
    add_key(tmp_path / "other")
    monkeypatch.setenv("EARMARK_KEY_FILE", str(tmp_path / "other"))
    assert isinstance(console("--clear", "--reason", "核对号码").exception, SealError)


def test_exported_labels_have_placeholders_in_texts_and_quotes(desk_as, kept):
    reviewer, call = desk_as("reviewer"), kept[1][0]
    verdict = {"key": "label-key-1", "kind": "verdict", "rule_id": "privacy-disclosure", "verdict": "confirmed"}
    assert reviewer.post(f"/calls/{call}/reviews", json=verdict).status_code == 200
    line = json.loads(desk_as("manager").get("/export/labels.jsonl").text.splitlines()[0])
    assert line["turns"][2]["text"] == "您的手机号是[手机号]，对吗"
    assert line["evidence"]["privacy-disclosure"] == ["手机号是[手机号]"]

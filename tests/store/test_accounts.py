"""Accounts, sessions and the audit log, on each database."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.domain.accounts import AccountRole
from pipeline.domain.errors import ConfigError
from pipeline.store.accounts import (
    add_account,
    all_accounts,
    audit,
    count_active,
    find_account,
    set_active,
    set_language,
    set_password,
    set_role,
)
from pipeline.store.audit_log import AuditFilter, audit_entries
from pipeline.store.progress import call_owner, day_progress
from pipeline.store.recordings import register
from pipeline.store.review_queue import QueueEntry, enter, finish
from pipeline.store.sessions import close_session, find_session, open_session
from tests.store.builders import found, recording

BEGIN = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def lin(empty_store):
    return add_account(
        empty_store, login="Lin", name="林晓燕", role=AccountRole.REVIEWER, password_hash="hash", team="一组"
    )


def test_a_login_is_taken_however_it_is_written(empty_store, lin):
    with pytest.raises(ConfigError, match="earmark users list"):
        add_account(empty_store, login="ＬＩＮ", name="x", role=AccountRole.AGENT, password_hash="y")
    assert [one.login for one in all_accounts(empty_store)] == ["lin"]


@pytest.mark.parametrize(
    "change",
    [
        lambda store: set_active(store, "none", active=False),
        lambda store: set_password(store, "none", "hash"),
        lambda store: set_role(store, "none", AccountRole.ADMIN),
    ],
    ids=["active", "password", "role"],
)
def test_changing_nobody(empty_store, lin, change):
    with pytest.raises(ConfigError, match="no account 'none'"):
        change(empty_store)


def test_what_is_known_of_an_account(empty_store, lin):
    assert find_account(empty_store, "nobody") is None
    assert find_account(empty_store, " LIN ") == (lin, "hash")
    set_language(empty_store, lin.id, "en")
    set_role(empty_store, "lin", AccountRole.AGENT, agent="A1")
    account, _ = find_account(empty_store, "lin")
    assert (account.role, account.agent, account.team, account.language) == (AccountRole.AGENT, "A1", None, "en")
    assert count_active(empty_store) == 1
    set_active(empty_store, "lin", active=False)
    assert count_active(empty_store) == 0


def test_sessions(empty_store, lin):
    open_session(empty_store, token_hash="a" * 64, csrf="c" * 64, account_id=lin.id, address="127.0.0.1")
    open_session(empty_store, token_hash="b" * 64, csrf="d" * 64, account_id=lin.id, address="127.0.0.1")
    assert find_session(empty_store, "e" * 64) is None
    session = find_session(empty_store, "a" * 64)
    assert (session.account, session.csrf) == (lin, "c" * 64)
    close_session(empty_store, "a" * 64)
    assert find_session(empty_store, "a" * 64) is None
    now = datetime.now(UTC)
    assert find_session(empty_store, "b" * 64, now=now + timedelta(hours=11)) is not None
    # Its use 11 hours on counts: 12 hours from then.
    assert find_session(empty_store, "b" * 64, now=now + timedelta(hours=22)) is not None
    assert find_session(empty_store, "b" * 64, now=now + timedelta(hours=35)) is None


def test_the_audit_log(empty_store, lin):
    call = "ab" * 32
    audit(empty_store, account=None, login="who", action="login_failed", address="1.2.3.4")
    audit(empty_store, account=lin, action="open", recording_id=call, detail={"turns": 9})
    audit(empty_store, account=lin, action="logout")
    newest = audit_entries(empty_store, AuditFilter())
    assert [entry.action for entry in newest] == ["logout", "open", "login_failed"]
    assert (newest[1].name, newest[1].recording_id, newest[1].detail) == ("林晓燕", call, {"turns": 9})
    assert (newest[2].name, newest[2].login, newest[2].address) == (None, "who", "1.2.3.4")
    for wanted, expected in [
        (AuditFilter(login="lin"), ["logout", "open"]),
        (AuditFilter(action="login_failed"), ["login_failed"]),
        (AuditFilter(recording_id="abab"), ["open"]),
        (AuditFilter(recording_id="a%"), []),
        (AuditFilter(before=newest[0].id), ["open", "login_failed"]),
    ]:
        assert [entry.action for entry in audit_entries(empty_store, wanted)] == expected
    assert len(audit_entries(empty_store, AuditFilter(), limit=1)) == 1


def test_the_day_so_far(empty_store, lin):
    register(empty_store, [found(recording(number)) for number in range(1, 6)])
    # Yesterday, then three calls 2 and 4 minutes apart, a break of 20 minutes, one more.
    minutes = [-600, 0, 2, 6, 26]
    with empty_store.writing() as connection:
        for number, minute in enumerate(minutes, 1):
            enter(connection, [QueueEntry(f"{number:064x}", risk=1, flagged=True, doubtful=False)])
            finish(connection, f"{number:064x}", lin.id, now=BEGIN + timedelta(minutes=minute))
    today = day_progress(empty_store, lin.id, since=BEGIN - timedelta(hours=1))
    # (2 + 4) / 2 = 3 minutes.
    assert (today.done, today.average_s) == (4, 180.0)
    nobody = day_progress(empty_store, lin.id + 1, since=BEGIN)
    assert (nobody.done, nobody.average_s) == (0, None)


def test_whose_call(empty_store, lin):
    made = recording(1)
    assert call_owner(empty_store, made.id) is None
    register(empty_store, [found(made)])
    owner = call_owner(empty_store, made.id)
    assert (owner.agent, owner.team, owner.done) == ("A1", None, False)
    with empty_store.writing() as connection:
        enter(connection, [QueueEntry(made.id, risk=1, flagged=True, doubtful=False)])
        finish(connection, made.id, lin.id)
    assert call_owner(empty_store, made.id).done

"""People and what they say of calls, for tests of the store."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime

from pipeline.domain.accounts import Account, AccountRole
from pipeline.domain.reviews import NewReview, Place, Review, ReviewKind, Verdict
from pipeline.store.ledger import claim
from pipeline.store.recordings import register
from pipeline.store.results import save_call
from pipeline.store.review_tables import accounts
from pipeline.store.reviews import add_review
from tests.store.builders import found, processed, recording, run

NOON = datetime(2026, 11, 12, 12, tzinfo=UTC)
_keys = itertools.count()


def person(store, login: str, role: AccountRole = AccountRole.REVIEWER, **facts) -> Account:
    """Somebody with an account; the password is none."""
    row = {"login": login, "name": f"name of {login}", "role": role.value, "language": "zh", "active": True, **facts}
    with store.writing() as connection:
        inserted = accounts.insert().values(password_hash="-", created_at=NOON, **row)
        key = connection.execute(inserted).inserted_primary_key[0]
    return Account(key, login, row["name"], role, facts.get("agent"), facts.get("team"))


def stored(store, number: int, *results, made=None, **changes) -> str:
    """The id of a call that a run has been through. ``made`` replaces its turns."""
    one = recording(number, **changes)
    register(store, [found(one)])
    (lease,) = claim(store, "o", limit=1, ttl_s=60, now_s=0.0)
    assert save_call(store, lease, made or processed(*results), run())
    return one.id


def said(recording_id: str, by: Account, verdict: Verdict | None = None, rule: str = "insult", **changes) -> NewReview:
    """An entry: a verdict if nothing else is said."""
    kind = ReviewKind.VERDICT if verdict else changes.pop("kind")
    place = changes.pop("place", Place())
    entry = NewReview(recording_id, kind, by.id, f"key-{next(_keys)}", rule, verdict, place=place)
    return replace(entry, **changes)


def say(store, recording_id: str, by: Account, verdict: Verdict | None = None, *, now=None, **changes) -> Review:
    """The entry, stored."""
    return add_review(store, said(recording_id, by, verdict, **changes), now=now or NOON)

"""What people say of the sample calls, and appeals, for tests of pages."""

import itertools
from datetime import UTC, datetime, timedelta

from pipeline.domain.reviews import NewReview, Place, Review, ReviewKind, Verdict
from pipeline.store.accounts import find_account
from pipeline.store.appeals import open_appeal
from pipeline.store.judging import judge
from pipeline.store.reviews import add_review
from tests.review.samples import recording_id

CALL = recording_id("s10.opus")
"""Of agent A1031 in 售后一组: `survey-missing`, `apology-missing` and `escalation-risk` hit."""
OTHERS_CALL = recording_id("s06.wav")
"""Of another agent in another team."""
RULE = "escalation-risk"
REASON = "客户只是问问，没有要投诉。"
_keys = itertools.count()


def account(desk, login):
    """The account with the login."""
    return find_account(desk.database, login)[0]


def say(desk, login, verdict=None, *, call=CALL, rule=RULE, days_ago=0.0, **changes) -> Review:
    """What somebody said; a verdict if nothing else is said."""
    kind = ReviewKind.VERDICT if verdict else changes.pop("kind")
    new = NewReview(call, kind, account(desk, login).id, f"test-key-{next(_keys)}", rule, verdict, **changes)
    if days_ago:
        return add_review(desk.database, new, now=datetime.now(UTC) - timedelta(days=days_ago))
    return judge(desk.database, new, account(desk, login)).review


def finish(desk, login="lin", *, call=CALL) -> None:
    """Ends the review of a call."""
    say(desk, login, kind=ReviewKind.FINISHED, call=call, rule=None)


def reviewed(desk, login="lin", *, days_ago=0.0) -> Review:
    """A call of the agent whose review is finished, with a verdict against it."""
    said = say(desk, login, Verdict.CONFIRMED, days_ago=days_ago)
    finish(desk, login)
    return said


def appealed(desk, login="agent", *, rule=RULE, reason=REASON):
    """An open appeal of the agent against that verdict."""
    within = timedelta(days=7)
    return open_appeal(desk.database, CALL, rule, account(desk, login), reason, within=within)


def missed(turn: int, start: int, end: int, quote: str) -> Place:
    """A place that a rule should have found."""
    return Place(turn, start, end, 1.0, 2.0, quote=quote)

"""Appeals: in time, once, by whom they concern, decided by somebody else, and by one alone."""

import threading
from datetime import timedelta

import pytest

from pipeline.domain.accounts import AccountRole
from pipeline.domain.appeals import AppealFault, AppealOutcome, AppealRefusedError
from pipeline.domain.reviews import Place, ReviewKind, Verdict
from pipeline.store.appeals import (
    appeals_of,
    count_undecided,
    counts_by_reviewer,
    counts_by_rule,
    decide,
    find_appeal,
    open_appeal,
    undecided,
)
from pipeline.store.results import start_run
from pipeline.store.reviews import reviews_of, standing
from tests.store.builders import result, run
from tests.store.judgements import NOON, person, say, stored

WEEK = timedelta(days=7)
UPHELD, OVERTURNED = AppealOutcome.UPHELD, AppealOutcome.OVERTURNED


@pytest.fixture
def store(empty_store):
    start_run(empty_store, run())
    return empty_store


@pytest.fixture
def ming(store):
    """Who judges."""
    return person(store, "ming")


@pytest.fixture
def hong(store):
    """Who decides."""
    return person(store, "hong")


@pytest.fixture
def wei(store):
    """Whose call it is."""
    return person(store, "wei", AccountRole.AGENT, agent="A1")


@pytest.fixture
def call(store):
    return stored(store, 1, result("insult"))


def appeal(store, call, by, *, rule="insult", reason="我没有骂人", now=NOON):
    return open_appeal(store, call, rule, by, reason, within=WEEK, now=now)


@pytest.mark.parametrize(
    ("entries", "when", "reason", "fault"),
    [
        pytest.param([], NOON, "因为", AppealFault.UNJUDGED, id="nobody judged"),
        pytest.param([Verdict.REJECTED], NOON, "因为", AppealFault.UNJUDGED, id="not against the agent"),
        pytest.param([Verdict.UNSURE], NOON, "因为", AppealFault.UNJUDGED, id="unsure"),
        pytest.param([Verdict.CONFIRMED, "undo"], NOON, "因为", AppealFault.UNJUDGED, id="taken back"),
        pytest.param([Verdict.CONFIRMED], NOON + WEEK + timedelta(seconds=1), "因为", AppealFault.LATE, id="late"),
        pytest.param([Verdict.CONFIRMED], NOON, " \n", AppealFault.NO_REASON, id="no reason"),
        pytest.param([Verdict.CONFIRMED, "appeal"], NOON, "因为", AppealFault.OPEN, id="twice"),
        pytest.param([Verdict.CONFIRMED, "upheld"], NOON, "因为", AppealFault.ANSWERED, id="after an answer"),
        pytest.param([Verdict.CONFIRMED, "overturned"], NOON, "因为", AppealFault.UNJUDGED, id="after a reversal"),
    ],
)
def test_appeals_that_are_refused(store, ming, hong, wei, call, entries, when, reason, fault):
    for entry in entries:
        if entry == "undo":
            say(store, call, ming, kind=ReviewKind.UNDO, undoes=reviews_of(store, [call])[call][-1].id, rule=None)
        elif entry == "appeal":
            appeal(store, call, wei)
        elif entry in ("upheld", "overturned"):
            decide(store, appeal(store, call, wei).id, hong, AppealOutcome(entry), "听过了", now=NOON)
        else:
            say(store, call, ming, entry)
    before = appeals_of(store, [call])
    with pytest.raises(AppealRefusedError) as refused:
        appeal(store, call, wei, reason=reason, now=when)
    assert refused.value.fault == fault
    assert refused.value.text.zh and refused.value.text.en
    assert appeals_of(store, [call]) == before


def test_the_last_moment_is_in_time(store, ming, wei, call):
    say(store, call, ming, Verdict.CONFIRMED)
    assert appeal(store, call, wei, now=NOON + WEEK).outcome is None


@pytest.mark.parametrize(
    ("who", "outcome", "answer", "fault"),
    [
        pytest.param("ming", UPHELD, "没错", AppealFault.OWN, id="who judged"),
        pytest.param("lan", UPHELD, "没错", AppealFault.OWN, id="who judged before"),
        pytest.param("wei", OVERTURNED, "没错", AppealFault.OWN, id="who appealed"),
        pytest.param("hong", UPHELD, "", AppealFault.NO_REASON, id="no answer"),
    ],
)
def test_decisions_that_are_refused(store, ming, hong, wei, call, who, outcome, answer, fault):
    lan = person(store, "lan")
    say(store, call, lan, Verdict.REJECTED)
    say(store, call, ming, Verdict.CONFIRMED)
    opened = appeal(store, call, wei)
    people = {"ming": ming, "lan": lan, "wei": wei, "hong": hong}
    with pytest.raises(AppealRefusedError) as refused:
        decide(store, opened.id, people[who], outcome, answer, now=NOON)
    assert refused.value.fault == fault
    assert count_undecided(store) == 1
    assert standing(store, call).verdicts["insult"].said.verdict == Verdict.CONFIRMED


def test_no_such_appeal(store, hong):
    with pytest.raises(AppealRefusedError) as refused:
        decide(store, 99, hong, UPHELD, "没错")
    assert refused.value.fault == AppealFault.UNKNOWN
    assert find_appeal(store, 99, hong.id) is None


@pytest.mark.parametrize(
    ("said", "outcome", "then"),
    [
        pytest.param(Verdict.CONFIRMED, UPHELD, Verdict.CONFIRMED, id="upheld: nothing changes"),
        pytest.param(Verdict.CONFIRMED, OVERTURNED, Verdict.REJECTED, id="overturned: no hit"),
        pytest.param(Verdict.MISSED, OVERTURNED, Verdict.ABSENT, id="overturned: nothing was missed"),
    ],
)
def test_a_decision(store, ming, hong, wei, call, said, outcome, then):
    place = Place(turn=1, char_start=0, char_end=1, quote="你") if said == Verdict.MISSED else Place()
    say(store, call, ming, said, place=place)
    opened = appeal(store, call, wei)
    decided = decide(store, opened.id, hong, outcome, "听过了", now=NOON + timedelta(days=1))
    assert (decided.outcome, decided.answer) == (outcome, "听过了")
    stands = standing(store, call).verdicts["insult"]
    assert (stands.said.verdict, stands.said.account_id) == (then, ming.id if then == said else hong.id)
    assert undecided(store, hong.id, limit=9) == []


def test_a_verdict_that_was_withdrawn_cannot_be_upheld(store, ming, hong, wei, call):
    verdict = say(store, call, ming, Verdict.CONFIRMED)
    opened = appeal(store, call, wei)
    say(store, call, ming, kind=ReviewKind.UNDO, undoes=verdict.id, rule=None)
    with pytest.raises(AppealRefusedError) as refused:
        decide(store, opened.id, hong, UPHELD, "没错", now=NOON)
    assert refused.value.fault == AppealFault.WITHDRAWN
    decide(store, opened.id, hong, OVERTURNED, "已撤销", now=NOON)
    # Nothing stood that could be overturned: no verdict is added.
    assert standing(store, call).verdicts == {}


def test_of_two_who_decide_at_once_the_first_wins(store, ming, hong, wei, call):
    lan = person(store, "lan")
    say(store, call, ming, Verdict.CONFIRMED)
    opened = appeal(store, call, wei)
    ready, told = threading.Barrier(2), {}

    def decides(account, outcome):
        ready.wait()
        try:
            told[account.login] = decide(store, opened.id, account, outcome, "听过了", now=NOON).outcome
        except AppealRefusedError as refused:
            told[account.login] = refused.fault

    threads = [threading.Thread(target=decides, args=one) for one in ((hong, UPHELD), (lan, OVERTURNED))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (stored_appeal,) = appeals_of(store, [call])[call]
    assert sorted(told.values()) == sorted([stored_appeal.outcome, AppealFault.DECIDED])
    verdict = standing(store, call).verdicts["insult"].said.verdict
    assert verdict == (Verdict.REJECTED if stored_appeal.outcome == OVERTURNED else Verdict.CONFIRMED)


def test_of_two_who_appeal_at_once_one_is_stored(store, ming, wei, call):
    lead = person(store, "lead", AccountRole.LEAD, team="售后")
    say(store, call, ming, Verdict.CONFIRMED)
    ready, told = threading.Barrier(2), []

    def appeals(account):
        ready.wait()
        try:
            told.append(appeal(store, call, account).outcome)
        except AppealRefusedError as refused:
            told.append(refused.fault)

    threads = [threading.Thread(target=appeals, args=(account,)) for account in (wei, lead)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told, key=str) == [None, AppealFault.OPEN]
    assert len(appeals_of(store, [call])[call]) == 1


def test_the_list_and_the_counts(store, ming, hong, wei):
    calls = [stored(store, number, result("insult"), result("closing-missing")) for number in (1, 2, 3)]
    for call in calls:
        say(store, call, ming, Verdict.CONFIRMED)
    say(store, calls[0], hong, Verdict.CONFIRMED, rule="closing-missing")
    later = appeal(store, calls[1], wei, now=NOON + timedelta(hours=2))
    first = appeal(store, calls[0], wei, now=NOON + timedelta(hours=1))
    third = appeal(store, calls[2], wei, now=NOON + timedelta(hours=3))
    other = appeal(store, calls[0], wei, rule="closing-missing", now=NOON + timedelta(hours=4))
    listed = undecided(store, hong.id, limit=9)
    assert [(one.appeal.id, one.own) for one in listed] == [
        (first.id, False),
        (later.id, False),
        (third.id, False),
        (other.id, True),
    ]
    assert [one.appeal.id for one in undecided(store, hong.id, limit=2, offset=1)] == [later.id, third.id]
    decide(store, first.id, hong, OVERTURNED, "改", now=NOON)
    decide(store, later.id, hong, UPHELD, "不改", now=NOON)
    by_rule = [(one.name, one.upheld, one.overturned, one.undecided) for one in counts_by_rule(store)]
    assert by_rule == [("closing-missing", 0, 0, 1), ("insult", 1, 1, 1)]
    by_reviewer = [(one.name, one.upheld, one.overturned, one.undecided) for one in counts_by_reviewer(store)]
    assert by_reviewer == [("name of ming", 1, 1, 0)]

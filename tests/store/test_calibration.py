"""Calibration sessions in the store: apart from reviews until gold, blind until closed, on each database."""

import itertools
from zoneinfo import ZoneInfo

import pytest

from pipeline.domain.accounts import AccountRole
from pipeline.domain.calibration import (
    CalibrationFault,
    CalibrationRefusedError,
    Subject,
    SubjectKind,
    TrustState,
)
from pipeline.domain.errors import StoreError
from pipeline.domain.results import BilingualText, Outcome
from pipeline.domain.reviews import Place, ReviewKind, Verdict
from pipeline.store.appeals import open_appeal
from pipeline.store.calibration import (
    NewCalibration,
    add_entry,
    begin,
    blind_calls,
    blind_session,
    close,
    find_calibration,
    finished_calls,
    invite,
    list_calibrations,
)
from pipeline.store.calibration_choice import Choice, chosen, doubtful_calls, random_calls
from pipeline.store.calibration_drift import drifts
from pipeline.store.calibration_external import ClientScore, compare
from pipeline.store.calibration_gold import decide_agreed, decide_gold, gold_of
from pipeline.store.calibration_results import comments_of, opinions_of, trust
from pipeline.store.calibration_tables import calibration_entries, calibration_gold
from pipeline.store.database import open_database
from pipeline.store.label_export import WantedLabels, labelled_calls
from pipeline.store.results import start_run
from pipeline.store.reviews import reviews_of, standing
from pipeline.store.tables import recordings
from tests.store.builders import result, run
from tests.store.judgements import person, said, say, stored
from tests.store.test_appeals import WEEK

CONFIRMED, REJECTED, UNSURE, MISSED = Verdict.CONFIRMED, Verdict.REJECTED, Verdict.UNSURE, Verdict.MISSED
INSULT, CLOSING = (Subject(SubjectKind.RULE, one) for one in ("insult", "closing-missing"))
RAPPORT = Subject(SubjectKind.ITEM, "rapport", "default@1")
WORDS = BilingualText("点名", "by name")
ZONE = ZoneInfo("Asia/Shanghai")
_numbers = itertools.count()


on_both = pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)
"""Tests of what a database does; the others need one of them."""


@pytest.fixture
def store(request, tmp_path):
    """An empty database of the kind that the test asks for, SQLite if it does not."""
    url = f"sqlite:///{tmp_path / 'test.db'}"
    if getattr(request, "param", "sqlite") == "postgresql":
        url = request.getfixturevalue("postgres_server").create_database(f"calibration{next(_numbers)}")
    opened = open_database(url, create=True)
    start_run(opened, run())
    yield opened
    opened.close()


@pytest.fixture
def people(store):
    """Two who judge."""
    return [person(store, login) for login in ("ming", "hong")]


@pytest.fixture
def manager(store):
    """Who decides."""
    return person(store, "zheng", AccountRole.MANAGER)


@pytest.fixture
def calls(store):
    """Four calls: `insult` hits on all, and could not judge the last."""
    ids = [stored(store, number, result("insult")) for number in (1, 2, 3)]
    return [*ids, stored(store, 4, result("insult", Outcome.NOT_EVALUABLE))]


@pytest.fixture
def session(store, people, calls):
    """Both judge all four calls."""
    return begin(store, NewCalibration("十一月", WORDS, calls, [one.id for one in people], None, "default@1"))


def tell(store, session, call, by, verdict=None, **changes):
    return add_entry(store, session, said(call, by, verdict, **changes), by)


def rate(store, session, call, by, value, item="rapport"):
    return tell(store, session, call, by, kind=ReviewKind.SCORE, rule=None, card="default@1", item=item, value=value)


def finish(store, session, call, by):
    return tell(store, session, call, by, kind=ReviewKind.FINISHED, rule=None)


def values(store, session, subject=INSULT):
    return {
        (one.recording_id, one.account_id): one.value for one in opinions_of(store, session) if one.subject == subject
    }


def refused(fault):
    return pytest.raises(CalibrationRefusedError, check=lambda error: error.fault == fault)


def test_refuses_who_and_what_is_not_part_of_it(store, session, people, calls, manager):
    ming = people[0]
    other = stored(store, 9, result("insult"))
    with refused(CalibrationFault.UNKNOWN):
        tell(store, 99, calls[0], ming, CONFIRMED)
    with refused(CalibrationFault.NOT_A_JUDGE):
        tell(store, session, calls[0], manager, CONFIRMED)
    with refused(CalibrationFault.NOT_IN_IT):
        tell(store, session, other, ming, CONFIRMED)
    close(store, session)
    with refused(CalibrationFault.CLOSED):
        tell(store, session, calls[0], ming, CONFIRMED)
    with refused(CalibrationFault.CLOSED):
        close(store, session)
    with refused(CalibrationFault.CLOSED):
        invite(store, session, [manager.id])
    assert opinions_of(store, session) == []


def test_what_is_said_in_a_session_counts_nowhere_else(store, session, people, calls):
    for by in people:
        tell(store, session, calls[0], by, REJECTED)
        rate(store, session, calls[0], by, "fair")
        finish(store, session, calls[0], by)
    assert reviews_of(store, calls) == {}
    assert list(labelled_calls(store, WantedLabels())) == []
    say(store, calls[0], people[0], CONFIRMED)
    assert standing(store, calls[0]).verdicts["insult"].said.verdict == CONFIRMED


def test_the_newest_word_counts_and_an_undoing_takes_it_back(store, session, people, calls):
    ming, hong = people
    tell(store, session, calls[0], ming, CONFIRMED)
    second = tell(store, session, calls[0], ming, REJECTED)
    tell(store, session, calls[0], hong, UNSURE)
    assert values(store, session) == {(calls[0], ming.id): "no"}
    tell(store, session, calls[0], ming, kind=ReviewKind.UNDO, rule=None, undoes=second.id)
    assert values(store, session) == {(calls[0], ming.id): "yes"}


@on_both
def test_the_same_entry_sent_twice_is_stored_once(store, session, people, calls):
    entry = said(calls[0], people[0], CONFIRMED)
    assert add_entry(store, session, entry, people[0]) == add_entry(store, session, entry, people[0])


@on_both
def test_who_finishes_says_that_rules_that_found_nothing_are_right(store, session, people, calls):
    ming, hong = people
    assert values(store, session, CLOSING) == {}
    place = Place(1, 1, 4, 3.2, 3.9, quote="神经病")
    tell(store, session, calls[0], hong, MISSED, rule="closing-missing", place=place)
    finish(store, session, calls[0], hong)
    done = finish(store, session, calls[0], ming)
    assert values(store, session, CLOSING) == {(calls[0], ming.id): "no", (calls[0], hong.id): "yes"}
    # A hit needs a word of its own, and a rule on trial is not judged unless it is named.
    assert values(store, session) == {}
    assert values(store, session, Subject(SubjectKind.RULE, "trial")) == {}
    assert finished_calls(store, session, ming.id) == {calls[0]}
    tell(store, session, calls[0], ming, kind=ReviewKind.UNDO, rule=None, undoes=done.id)
    assert values(store, session, CLOSING) == {(calls[0], hong.id): "yes"}
    assert [judge.finished for judge in find_calibration(store, session).judges] == [1, 0]


def test_blind_until_it_is_closed(store, session, people, calls, manager):
    assert blind_session(store, calls[0], people[0].id) == session
    assert blind_calls(store, people[0].id) == set(calls)
    assert blind_session(store, calls[0], manager.id) is None
    close(store, session)
    assert blind_session(store, calls[0], people[0].id) is None


def test_who_comes_later_judges_too_and_once(store, session, people, manager):
    assert invite(store, session, [people[0].id, manager.id]) == 1
    assert len(find_calibration(store, session).judges) == 3
    assert [one.id for one in list_calibrations(store, account_id=manager.id)] == [session]


@on_both
def test_a_deleted_call_takes_what_was_said_with_it(store, session, people, calls, manager):
    for call in calls[:2]:
        for by in people:
            tell(store, session, call, by, CONFIRMED)
    close(store, session)
    with store.writing() as connection:
        connection.execute(recordings.delete().where(recordings.c.id == calls[0]))
    found = find_calibration(store, session)
    assert (found.calls, found.deleted) == (tuple(calls[1:]), 1)
    assert {one.recording_id for one in opinions_of(store, session)} == {calls[1]}
    with refused(CalibrationFault.NOT_IN_IT):
        decide_gold(store, session, calls[0], {INSULT: "yes"}, manager)


@on_both
@pytest.mark.parametrize("table", [calibration_entries, calibration_gold], ids=str)
def test_what_was_said_cannot_be_changed(store, session, people, calls, manager, table):
    tell(store, session, calls[0], people[0], CONFIRMED)
    close(store, session)
    decide_gold(store, session, calls[0], {INSULT: "yes"}, manager)
    with pytest.raises(StoreError, match="append-only"), store.writing() as connection:
        connection.execute(table.update().values(account_id=manager.id))


@on_both
def test_gold_becomes_the_label(store, session, people, calls, manager):
    ming, hong = people
    say(store, calls[0], ming, CONFIRMED)
    tell(store, session, calls[0], ming, CONFIRMED)
    tell(store, session, calls[0], hong, REJECTED)
    rate(store, session, calls[0], ming, "fair")
    with refused(CalibrationFault.STILL_OPEN):
        decide_gold(store, session, calls[0], {INSULT: "no"}, manager)
    close(store, session)
    (gold, item) = decide_gold(store, session, calls[0], {INSULT: "no", RAPPORT: "excellent"}, manager, note="引用")
    assert {gold.subject, item.subject} == {INSULT, RAPPORT}
    stands = standing(store, calls[0])
    verdict = stands.verdicts["insult"]
    assert (verdict.said.verdict, verdict.said.account_id, verdict.said.text) == (REJECTED, manager.id, "引用")
    assert stands.scores["default@1", "rapport"].said.value == "excellent"
    (exported,) = labelled_calls(store, WantedLabels())
    assert exported.labels == {"insult": False}
    # The same again adds nothing; another word does.
    assert decide_gold(store, session, calls[0], {INSULT: "no"}, manager) == []
    assert len(decide_gold(store, session, calls[0], {INSULT: "yes"}, manager)) == 1
    assert standing(store, calls[0]).verdicts["insult"].said.verdict == CONFIRMED
    assert {one.subject: one.value for one in gold_of(store, session)}[INSULT] == "yes"


def test_gold_that_was_said_already_adds_no_review(store, session, people, calls, manager):
    say(store, calls[0], people[0], CONFIRMED)
    tell(store, session, calls[0], people[0], CONFIRMED)
    close(store, session)
    decide_gold(store, session, calls[0], {INSULT: "yes"}, manager)
    assert len(reviews_of(store, calls)[calls[0]]) == 1


@pytest.mark.parametrize(
    ("subject", "value"),
    [
        pytest.param(INSULT, "n_a", id="a rule is there or not"),
        pytest.param(RAPPORT, "yes", id="a grade is no yes"),
        pytest.param(Subject(SubjectKind.RULE, "escalation-risk"), "yes", id="nobody judged it"),
    ],
)
def test_gold_is_refused_where_it_makes_no_sense(store, session, people, calls, manager, subject, value):
    tell(store, session, calls[0], people[0], CONFIRMED)
    rate(store, session, calls[0], people[0], "fair")
    close(store, session)
    with refused(CalibrationFault.NOT_JUDGED):
        decide_gold(store, session, calls[0], {INSULT: "no", subject: value}, manager)
    assert gold_of(store, session) == []


@on_both
def test_an_appeal_is_decided_first(store, session, people, calls, manager):
    agent = person(store, "wei", AccountRole.AGENT, agent="A1")
    for call in calls[:2]:
        for by in people:
            tell(store, session, call, by, CONFIRMED)
    verdict = say(store, calls[0], people[0], CONFIRMED)
    open_appeal(store, calls[0], "insult", agent, "没有", within=WEEK, now=verdict.at)
    close(store, session)
    with refused(CalibrationFault.APPEALED):
        decide_gold(store, session, calls[0], {INSULT: "no"}, manager)
    added, waiting = decide_agreed(store, session, manager)
    assert ([one.recording_id for one in added], waiting) == ([calls[1]], 1)


def test_what_all_agree_on_becomes_gold_and_nothing_else(store, session, people, calls, manager):
    for call, words in zip(
        calls, [(CONFIRMED, CONFIRMED), (CONFIRMED, REJECTED), (CONFIRMED, None), (UNSURE,)], strict=True
    ):
        for by, verdict in zip(people, words, strict=False):
            if verdict:
                tell(store, session, call, by, verdict)
    close(store, session)
    added, waiting = decide_agreed(store, session, manager)
    assert ([(one.recording_id, one.value) for one in added], waiting) == ([(calls[0], "yes")], 0)


@on_both
def test_drift_leaves_out_what_somebody_decided_themselves(store, people, calls, manager):
    ming = people[0]
    for words in ((CONFIRMED, CONFIRMED), (REJECTED, CONFIRMED)):
        number = begin(store, NewCalibration("周", WORDS, calls, [ming.id, manager.id]))
        for call in calls:
            tell(store, number, call, ming, words[0])
            tell(store, number, call, manager, words[1])
        close(store, number)
        for call in calls:
            decide_gold(store, number, call, {INSULT: "yes"}, manager)
    (found,) = drifts(store, weekly=False, zone=ZONE)
    assert found.account_id == ming.id
    assert [(one.same, one.of) for one in found.periods] == [(4, 4), (0, 4)]
    # Eight calls, four and four: 2 of 70 ways to part them are as extreme.
    assert found.chance == pytest.approx(2 / 70, abs=0.01)
    assert found.moved
    (weekly,) = drifts(store, weekly=True, zone=ZONE)
    assert [(one.same, one.of) for one in weekly.periods] == [(4, 8)]


@on_both
def test_trust_takes_closed_sessions_alone(store, session, people, calls):
    for call in calls:
        tell(store, session, call, people[0], CONFIRMED)
        tell(store, session, call, people[1], CONFIRMED if call == calls[0] else REJECTED)
    rate(store, session, calls[0], people[0], "fair")
    assert trust(store).rule("insult").state == TrustState.UNKNOWN
    close(store, session)
    assert trust(store).rule("insult").state == TrustState.DOUBTFUL
    assert trust(store, since=find_calibration(store, session).closed_at.replace(year=2100)).found == {}
    assert set(trust(store, kind=SubjectKind.RULE).found) == {INSULT}
    assert set(trust(store, kind=SubjectKind.ITEM).found) == {RAPPORT}


def test_comments_are_kept_by_who_made_them(store, session, people, calls):
    tell(store, session, calls[0], people[0], kind=ReviewKind.COMMENT, text="语气不好")
    assert comments_of(store, session, calls[0]) == {people[0].id: ["语气不好"]}


@on_both
def test_choosing_calls(store, calls):
    assert doubtful_calls(store, 2)[0] == calls[3]
    assert random_calls(store, 2, 7) == random_calls(store, 2, 7)
    assert set(random_calls(store, 99, 7)) == set(calls)
    assert chosen(store, Choice(calls=[calls[1], calls[1]]))[0] == [calls[1]]
    assert chosen(store, Choice(doubtful=9), ["insult"])[0][0] == calls[3]


@on_both
def test_a_clients_scores_beside_ours(store, people, calls):
    for call, verdict in zip(calls, (CONFIRMED, REJECTED, CONFIRMED, REJECTED), strict=True):
        say(store, call, people[0], verdict)
    theirs = [ClientScore(at + 2, f"c{at + 1}.wav", INSULT, "yes") for at in range(4)]
    strange = [
        ClientScore(6, "c9.wav", INSULT, "yes"),
        ClientScore(7, "c1.wav", INSULT, "no"),
        ClientScore(8, "c1.wav", CLOSING, "no"),
    ]
    (found,), unmatched = compare(store, [*theirs, *strange])
    assert (found.agreement.calls, found.agreement.agreed.part, found.stricter, found.milder) == (4, 2, 2, 0)
    assert "within noise" in found.bias.en
    assert [(one.line, one.why.en) for one in unmatched] == [
        (6, "there is no such call"),
        (7, "line 2 gives it already"),
        (8, "none of us has judged it"),
    ]

"""The queue: what a filter leaves, in what order, what a row says, and that two never get the same call."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from pipeline.domain.calls import CallMetadata, Role, Transcript, Turn
from pipeline.domain.errors import StoreError
from pipeline.domain.results import BilingualText, ErrorClass, Evidence, Findings, Outcome, RuleResult, Severity
from pipeline.store.queue_filter import QueueFilter, QueueOrder, QueueStatus
from pipeline.store.queue_listing import (
    choices,
    first_calls,
    list_and_sum,
    list_queue,
    next_call,
    open_counts,
    queue_counts,
)
from pipeline.store.queue_rows import by_time, queue_row
from pipeline.store.recordings import register
from pipeline.store.results import save_findings, start_run
from pipeline.store.review_queue import assign, finish, take
from pipeline.store.review_tables import review_items
from pipeline.store.search import index_call
from tests.store.builders import FORMAT, HEADINGS, found, processed, recording, result, run
from tests.store.judgements import NOON, person, stored

BEGIN = datetime(2026, 11, 11, 9, tzinfo=UTC)
UNSURE = Outcome.NOT_EVALUABLE
CALLS = {
    1: ("售后一组", "A1", [result("insult")]),
    2: ("售后一组", "A2", [result("escalation-risk"), result("closing-missing")]),
    3: ("售前组", "A1", [result("closing-missing"), result("insult", UNSURE)]),
    4: ("售前组", "A3", [result("trial")]),
    5: (None, None, [result("insult", UNSURE)]),
}


def fill(store):
    """Five calls, a reviewer who has the second, and one who has none."""
    start_run(store, run())
    for number, (team, agent, results) in CALLS.items():
        began = BEGIN + timedelta(hours=number) if number != 5 else None
        metadata = CallMetadata(team=team, agent=agent, started_at=began)
        stored(store, number, *results, metadata=metadata)
    store.lin, store.wang = person(store, "lin"), person(store, "wang")
    assign(store, [number_id(2)], store.lin.id)
    with store.writing() as connection:
        for number in CALLS:
            index_call(connection, number_id(number), processed().transcript.turns)
    return store


@pytest.fixture
def desk(empty_store):
    """A queue of its own for a test that changes it."""
    return fill(empty_store)


@pytest.fixture(scope="module")
def looked_at(shared_store):
    """The queue for tests that only look."""
    return fill(shared_store)


def number_id(number: int) -> str:
    return recording(number).id


def numbers(ids) -> list[int]:
    return [int(each, 16) for each in ids]


OPEN = QueueFilter()


def listed(store, wanted=OPEN, order=QueueOrder.RISK, **more) -> list[int]:
    return numbers(row.recording_id for row in list_queue(store, wanted, order, now=NOON, **more).rows)


EVERY = QueueFilter(status=QueueStatus.ALL)


@pytest.mark.parametrize(
    ("wanted", "calls"),
    [
        pytest.param(QueueFilter(rule="trial"), [], id="a rule in trial flags nothing"),
        pytest.param(replace(EVERY, rule="trial"), [], id="nor does it count as a hit"),
        pytest.param(replace(EVERY, rule="insult"), [1], id="a rule that could not be judged is no hit"),
        pytest.param(QueueFilter(rule="insult", severity=Severity.MINOR), [], id="rule and severity are of one hit"),
        pytest.param(QueueFilter(team="' OR 1=1 --"), [], id="a quote in a name"),
        pytest.param(QueueFilter(), [1, 2, 3], id="open and flagged"),
        pytest.param(EVERY, [1, 2, 3, 5, 4], id="all"),
        pytest.param(QueueFilter(status=QueueStatus.DOUBTFUL), [3, 5], id="could not be judged"),
        pytest.param(QueueFilter(status=QueueStatus.UNFLAGGED), [5, 4], id="without a hit"),
        pytest.param(QueueFilter(status=QueueStatus.DONE), [], id="done"),
        pytest.param(QueueFilter(rule="closing-missing"), [2, 3], id="rule"),
        pytest.param(QueueFilter(severity=Severity.ALERT), [2], id="severity"),
        pytest.param(QueueFilter(error_class=ErrorClass.NON_CRITICAL), [1, 2, 3], id="class"),
        pytest.param(QueueFilter(error_class=ErrorClass.COMPLIANCE_CRITICAL), [], id="class that nothing has"),
        pytest.param(QueueFilter(team="售后一组"), [1, 2], id="team"),
        pytest.param(QueueFilter(agent="A1", team="售前组"), [3], id="agent and team"),
        pytest.param(replace(EVERY, since=BEGIN + timedelta(hours=2)), [2, 3, 4], id="since, unknown starts left out"),
        pytest.param(replace(EVERY, until=BEGIN + timedelta(hours=2)), [1], id="until, unknown starts left out"),
        pytest.param(QueueFilter(reviewer_id=1), [2], id="given to"),
        pytest.param(QueueFilter(unassigned=True), [1, 3], id="given to nobody"),
        pytest.param(QueueFilter(text="神经病"), [1, 2, 3], id="said"),
        pytest.param(QueueFilter(text="神经病 退款"), [], id="not said"),
    ],
)
def test_filters(looked_at, wanted, calls):
    if wanted.reviewer_id is not None:
        wanted = replace(wanted, reviewer_id=looked_at.lin.id)
    assert sorted(listed(looked_at, wanted)) == sorted(calls)
    page, sums = list_and_sum(looked_at, wanted, now=NOON)
    assert numbers(row.recording_id for row in page.rows) == listed(looked_at, wanted)
    assert queue_counts(looked_at, {"x": wanted}) == {"x": sums.calls} == {"x": len(calls)}


def test_finished(desk):
    with desk.writing() as connection:
        finish(connection, number_id(1), desk.wang.id, now=NOON)
    done = QueueFilter(status=QueueStatus.DONE)
    assert listed(desk) == [2, 3]
    assert listed(desk, replace(done, reviewer_id=desk.wang.id)) == [1]
    assert listed(desk, replace(done, reviewer_id=desk.lin.id)) == []
    assert sorted(listed(desk, replace(EVERY, reviewer_id=desk.lin.id))) == [2]
    assert listed(desk, replace(done, done_since=NOON)) == [1]
    assert listed(desk, replace(done, done_since=NOON + timedelta(seconds=1))) == []


@pytest.mark.parametrize(
    ("order", "calls"),
    [
        pytest.param(QueueOrder.RISK, [2, 1, 3], id="risk"),
        pytest.param(QueueOrder.NEWEST, [3, 2, 1], id="newest"),
        pytest.param(QueueOrder.LONGEST, [1, 3, 2], id="longest"),
    ],
)
def test_orders_and_pages(desk, order, calls):
    for number, risk, length in ((1, 60, 90.5), (2, 61, 30.0), (3, 8, 30.25)):
        with desk.writing() as connection:
            values = {"risk": risk, "duration_s": length}
            connection.execute(
                update(review_items).where(review_items.c.recording_id == number_id(number)).values(values)
            )
    assert listed(desk, order=order) == calls
    after, seen = None, []
    while True:
        page = list_queue(desk, QueueFilter(), order, after=after, limit=1, now=NOON)
        seen += numbers(row.recording_id for row in page.rows)
        after = page.after
        if after is None:
            break
    assert seen == calls
    assert numbers(first_calls(desk, QueueFilter(), order, 2)) == calls[:2]


@pytest.mark.slow
def test_sums(empty_store):
    """More calls than a page has, and how many of them are compliance-critical."""
    headings = (*HEADINGS[1:], replace(HEADINGS[0], error_class=ErrorClass.COMPLIANCE_CRITICAL))
    grave = run(headings=headings)
    start_run(empty_store, grave)
    for number in range(1, 53):
        stored(empty_store, number, result("closing-missing"))
    save_findings(empty_store, {number_id(number): Findings((result("insult"),)) for number in (1, 2, 3)}, grave)
    page, sums = list_and_sum(empty_store, QueueFilter(), now=NOON)
    assert (len(page.rows), sums.calls, sums.compliance) == (50, 52, 3)
    rest = list_queue(empty_store, QueueFilter(), after=page.after, now=NOON)
    assert (len(rest.rows), rest.after) == (2, None)
    nothing, none = list_and_sum(empty_store, QueueFilter(team="x"), now=NOON)
    assert (nothing.rows, nothing.after, none.calls, none.compliance) == ((), None, 0, 0)


def test_pages_of_equals(empty_store):
    """A page may end among calls of the same risk, or of an unknown start."""
    start_run(empty_store, run())
    for number in range(1, 8):
        stored(empty_store, number, result("insult"))
    for order in QueueOrder:
        first = list_queue(empty_store, QueueFilter(), order, limit=4, now=NOON)
        rest = list_queue(empty_store, QueueFilter(), order, after=first.after, limit=4, now=NOON)
        assert numbers(row.recording_id for row in (*first.rows, *rest.rows)) == [7, 6, 5, 4, 3, 2, 1]
        assert rest.after is None


@pytest.mark.parametrize("value", ["", "x", "1; DROP TABLE recordings", "nan-1"])
@pytest.mark.parametrize("order", QueueOrder)
def test_cursor_of_no_list(looked_at, order, value):
    with pytest.raises(StoreError, match="continues at"):
        list_queue(looked_at, QueueFilter(), order, after=(value, "x"))


def test_what_the_batch_changes_shows(desk):
    """Rules applied again, a manifest put right: the queue follows, and who has what stays."""
    save_findings(desk, {number_id(1): Findings(()), number_id(5): Findings((result("insult"),))}, run())
    assert sorted(listed(desk)) == [2, 3, 5]
    changed = recording(2, metadata=CallMetadata(team="新组", agent="A9", started_at=BEGIN))
    register(desk, [found(changed)])
    assert listed(desk, QueueFilter(team="新组", agent="A9", until=BEGIN + timedelta(seconds=1))) == [2]
    assert listed(desk, QueueFilter(team="售后一组")) == []
    assert queue_row(desk, number_id(2), NOON).assignee_id == desk.lin.id


def piece(turn, start, end, quote, start_s=3.0, **changes) -> Evidence:
    made = Evidence(start_s, start_s + 1, Role.AGENT, quote, turn=turn, char_start=start, char_end=end)
    return replace(made, **changes)


def hit(rule_id: str, *pieces: Evidence) -> RuleResult:
    return RuleResult(rule_id, Outcome.HIT, BilingualText("因为", "because"), pieces)


LINE = "一二三四五六七八九十一二三四五六七八九十，你神经病吧，我说"


@pytest.mark.parametrize(
    ("results", "parts"),
    [
        pytest.param([], None, id="nothing to hear"),
        pytest.param([hit("insult", piece(None, None, None, ""))], ("", "", ""), id="a silence has no words"),
        pytest.param([hit("insult", piece(0, 99, 102, "神经病"))], ("", "神经病", ""), id="a place that is gone"),
        pytest.param([hit("insult", piece(9, 0, 3, "神经病"))], ("", "神经病", ""), id="a turn that is gone"),
        pytest.param(
            [hit("insult", piece(0, 22, 25, "神经病"))],
            ("…八九十一二三四五六七八九十，你"[-15:], "神经病", "吧，我说"),
            id="the beginning of a long sentence is cut",
        ),
        pytest.param([hit("insult", piece(1, 1, 3, "好的"))], ("不", "好的", "啊"), id="a whole sentence"),
        pytest.param(
            [hit("closing-missing", piece(1, 0, 1, "不", 1.0)), hit("insult", piece(1, 1, 3, "好的", 9.0))],
            ("不", "好的", "啊"),
            id="the gravest, not the first",
        ),
        pytest.param(
            [hit("insult", piece(1, 1, 3, "好的", 9.0), piece(1, 0, 1, "不", 1.0))],
            ("不", "好的", "啊"),
            id="its first piece of evidence",
        ),
    ],
)
def test_key_sentence(empty_store, results, parts):
    start_run(empty_store, run())
    turns = (Turn(0, Role.AGENT, 1, 9, LINE), Turn(1, Role.AGENT, 9, 11, "不好的啊"))
    made = replace(processed(*results), transcript=Transcript(turns, 12.0), audio=FORMAT)
    row = queue_row(empty_store, stored(empty_store, 1, made=made), NOON)
    if parts is None:
        assert row.key is None
    else:
        before, quote, behind = parts
        assert (row.key.quote, row.key.behind) == (quote, behind)
        assert row.key.before in (before, before and "…" + LINE[8:22])


def test_row(desk):
    take(desk, number_id(2), desk.wang.id, now=NOON)
    row = queue_row(desk, number_id(2), NOON)
    assert [each.rule_id for each in row.hits] == ["escalation-risk", "closing-missing"]
    assert row.hits[0].title.zh == "规则escalation-risk"
    assert (row.agent, row.team, row.duration_s) == ("A2", "售后一组", 30.0)
    assert (row.assignee, row.holder) == ("name of lin", "name of wang")
    assert row.held_by_another(desk.lin.id)
    assert not row.held_by_another(desk.wang.id)
    later = queue_row(desk, number_id(2), NOON + timedelta(hours=1))
    assert (later.holder, later.held_by_another(desk.lin.id)) == (None, False)
    assert queue_row(desk, "f" * 64, NOON) is None


def test_rules_that_could_not_be_judged_come_last(desk):
    row = queue_row(desk, number_id(3), NOON)
    assert [(each.rule_id, each.evaluable) for each in row.hits] == [("closing-missing", True), ("insult", False)]
    assert [each.rule_id for each in by_time(row.hits)] == ["closing-missing", "insult"]


@pytest.mark.parametrize(
    ("dimension", "wanted", "expected"),
    [
        pytest.param("team", QueueFilter(team="售前组"), {"售后一组": 2, "售前组": 1}, id="not by itself"),
        pytest.param("agent", QueueFilter(team="售后一组"), {"A1": 1, "A2": 1}, id="by the others"),
        pytest.param("rule", QueueFilter(), {"closing-missing": 2, "insult": 1, "escalation-risk": 1}, id="rules"),
        pytest.param("rule", QueueFilter(rule="insult", team="售前组"), {"closing-missing": 1}, id="rules of a team"),
        pytest.param("agent", QueueFilter(status=QueueStatus.DONE), {}, id="none"),
    ],
)
def test_choices(looked_at, dimension, wanted, expected):
    assert {choice.value: choice.count for choice in choices(looked_at, wanted, dimension)} == expected


def test_open_counts(desk):
    assert open_counts(desk) == {desk.lin.id: 1}


def test_next_prefers_what_is_given_to_one(desk):
    assert numbers([next_call(desk, desk.lin.id, QueueFilter(), now=NOON)]) == [2]
    assert numbers([next_call(desk, desk.wang.id, QueueFilter(), now=NOON)]) == [1]


def test_next_keeps_off_what_others_have(desk):
    take(desk, number_id(1), desk.lin.id, now=NOON)
    assert numbers([next_call(desk, desk.wang.id, QueueFilter(), now=NOON)]) == [3]
    assert next_call(desk, desk.wang.id, QueueFilter(rule="insult"), now=NOON) is None
    # Nobody holds a call longer than its page is open.
    later = NOON + timedelta(hours=1)
    assert numbers([next_call(desk, desk.wang.id, QueueFilter(rule="insult"), now=later)]) == [1]


def test_next_skips_what_is_left_open(desk):
    """n on a call that is not done goes on below it, and comes back to it at the end."""
    assign(desk, [number_id(2)], None)
    seen, leaving = [], None
    for _ in range(4):
        leaving = next_call(desk, desk.wang.id, QueueFilter(), leaving=leaving, now=NOON)
        seen += numbers([leaving])
    assert seen[:3] == listed(desk)
    assert seen[3] == seen[0]
    # What was left is free again.
    assert sum(row.holder_id is not None for row in list_queue(desk, QueueFilter(), now=NOON).rows) == 1


def test_next_after_a_finished_call_is_the_top(desk):
    first = next_call(desk, desk.wang.id, QueueFilter(), now=NOON)
    with desk.writing() as connection:
        finish(connection, first, desk.wang.id, now=NOON)
    second = next_call(desk, desk.wang.id, QueueFilter(), leaving=first, now=NOON)
    assert numbers([first, second]) == [1, 3]
    assert next_call(desk, desk.wang.id, QueueFilter(), leaving=second, now=NOON) is None


def test_next_of_a_view_of_finished_calls_is_open(desk):
    done = QueueFilter(status=QueueStatus.DONE, done_since=NOON)
    assert numbers([next_call(desk, desk.wang.id, done, now=NOON)]) == [1]


@pytest.mark.slow
def test_two_at_once_never_get_the_same_call(empty_store):
    start_run(empty_store, run())
    for number in range(1, 25):
        stored(empty_store, number, result("insult"))
    people = [person(empty_store, f"p{each}") for each in range(4)]
    given, together = [], threading.Barrier(len(people))

    def work(account):
        together.wait()
        for _ in range(6):
            call = next_call(empty_store, account.id, QueueFilter())
            with empty_store.writing() as connection:
                finish(connection, call, account.id)
            given.append(call)

    threads = [threading.Thread(target=work, args=(each,)) for each in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(given) == len(set(given)) == 24


@pytest.mark.slow
def test_one_call_for_two(empty_store):
    start_run(empty_store, run())
    stored(empty_store, 1, result("insult"))
    people = [person(empty_store, f"p{each}") for each in range(4)]
    given, together = [], threading.Barrier(len(people))

    def work(account):
        together.wait()
        given.append(next_call(empty_store, account.id, QueueFilter()))

    threads = [threading.Thread(target=work, args=(each,)) for each in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(map(bool, given)) == [False, False, False, True]

"""Actions in the database: what is refused, what is kept, and what they are measured by. On both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from pipeline.domain.accounts import AccountRole
from pipeline.domain.actions import ActionFault, ActionRefusedError, ActionState, Chosen, Count, EventKind, Verdict
from pipeline.domain.errors import ConfigError, StoreError
from pipeline.store.action_assess import assess_action, baseline_of, course, population_of
from pipeline.store.action_tables import action_events
from pipeline.store.actions import (
    By,
    Whose,
    actions_between,
    close,
    done,
    drop,
    find_action,
    history,
    list_actions,
    note,
    open_action,
    overlapping,
)
from pipeline.store.results import start_run
from pipeline.store.review_tables import audit
from pipeline.store.tables import evaluations, pack_rules, recordings
from tests.actions.conftest import LATER, SCORING, WEEK_45, WEEK_46, drafted, fill
from tests.reports.builders import MONDAY
from tests.store.builders import run
from tests.store.judgements import person

BOSS = By("郑经理")
INSULT = "#agent:A1:insult"


def opened(store, line_id=INSULT, *, now=MONDAY, **facts):
    return open_action(store, drafted(store, line_id, **facts), BOSS, now=now)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        pytest.param({"owner": "  "}, ActionFault.NO_OWNER, id="no owner"),
        pytest.param({"due": WEEK_45}, ActionFault.OVERLAPS, id="due in the baseline"),
        pytest.param({"period": WEEK_46}, ActionFault.NOT_OVER, id="baseline not over"),
        pytest.param({"line_id": "#agent:nobody:insult"}, ActionFault.NO_CALLS, id="no calls"),
        pytest.param({"line_id": "#agent:A1:passed"}, ActionFault.NO_CALLS, id="no complete scorecard"),
    ],
)
def test_what_cannot_be_opened(centre, change, fault):
    facts = {"line_id": INSULT} | change
    line_id = facts.pop("line_id")
    with pytest.raises(ActionRefusedError) as refused:
        opened(centre.store, line_id, **facts)
    assert refused.value.fault is fault
    assert list_actions(centre.store) == []


@pytest.mark.parametrize("line_id", ["#agent:A1:no-such-rule", "#agent:A1:silence"])
def test_what_cannot_be_measured(centre, line_id):
    with pytest.raises(ConfigError, match=r"no metric and no rule|teams and the centre"):
        drafted(centre.store, line_id)


def test_one_live_action_a_line(centre):
    first = opened(centre.store)
    with pytest.raises(ActionRefusedError, match=f"#{first.id}"):
        opened(centre.store)
    opened(centre.store, "#agent:A1:customer-critical")
    drop(centre.store, first.id, BOSS, "换人做")
    again = opened(centre.store)
    assert [one.id for one in overlapping(centre.store, again.draft, but=again.id)] == [first.id]


def test_baseline_counted_by_hand(centre):
    base = drafted(centre.store, INSULT).baseline
    assert base.count == Count(3, 4)
    assert (base.rank, base.peers, base.extreme) == (1, 5, True)
    assert base.earlier == (Count(0, 0),) * 3
    assert base.chosen is Chosen.ALL
    assert base.flagged_heard == (4, 4, 0, 0)
    team = baseline_of(centre.store, SCORING, drafted(centre.store, "#team:一组:non-critical").line, WEEK_45)
    assert team.count == Count(1, 12)
    assert (team.rank, team.peers) == (2, 2), "二组 has 1 of 8"
    whole = drafted(centre.store, "#centre:handling").baseline
    assert whole.count == Count(600.0, 20, 18_000.0), "twenty calls of 30 s"


def test_an_action_reads_back(centre):
    lead = person(centre.store, "lead", AccountRole.LEAD, team="一组")
    made = opened(centre.store, owner=lead.name, owner_id=lead.id)
    assert find_action(centre.store, made.id) == made
    assert made.draft == drafted(centre.store, INSULT, owner=lead.name, owner_id=lead.id)
    assert made.draft.team == "一组"
    assert made.draft.due.title.zh == "第 46 周"


def test_history_is_kept_and_audited(centre):
    lead = person(centre.store, "lead", AccountRole.LEAD, team="一组")
    made = opened(centre.store)
    note(centre.store, made.id, By(lead.name, lead), " 周三陪听 ")
    done(centre.store, made.id, By(lead.name, lead))
    found = assess_action(centre.store, SCORING, made, now=LATER)
    close(centre.store, made.id, BOSS, found, "继续观察", now=LATER)
    note(centre.store, made.id, BOSS, "事后想起")
    kinds = [one.kind for one in history(centre.store, made.id)]
    assert kinds == [EventKind.OPENED, EventKind.NOTE, EventKind.DONE, EventKind.CLOSED, EventKind.NOTE]
    assert history(centre.store, made.id)[1].text == "周三陪听"
    ended = find_action(centre.store, made.id)
    assert ended.state is ActionState.CLOSED
    assert ended.outcome == found
    assert assess_action(centre.store, SCORING, ended) == found, "as it was told when it was closed"
    with centre.store.reading() as connection:
        entries = connection.execute(select(audit.c.login, audit.c.detail).where(audit.c.action == "action")).all()
    assert [row.detail["what"] for row in entries] == ["opened", "note", "done", "closed", "note"]
    assert entries[1].login == "lead"
    assert "陪听" not in str(entries)


@pytest.mark.parametrize(
    "change", [update(action_events).values(text=""), delete(action_events)], ids=["update", "delete"]
)
def test_history_cannot_be_changed(centre, change):
    opened(centre.store)
    with pytest.raises((DBAPIError, StoreError), match="append-only"), centre.store.writing() as connection:
        connection.execute(change)


def test_what_is_refused_later(centre):
    made = opened(centre.store)
    found = assess_action(centre.store, SCORING, made, now=MONDAY)
    assert found.verdict is Verdict.NOT_OVER
    for deed, fault in (
        (lambda: close(centre.store, made.id, BOSS, found, now=MONDAY), ActionFault.NOT_DUE),
        (lambda: drop(centre.store, made.id, BOSS, " "), ActionFault.NO_TEXT),
        (lambda: note(centre.store, made.id, BOSS, ""), ActionFault.NO_TEXT),
        (lambda: done(centre.store, 99, BOSS), ActionFault.UNKNOWN),
    ):
        with pytest.raises(ActionRefusedError) as refused:
            deed()
        assert refused.value.fault is fault
    drop(centre.store, made.id, BOSS, "坐席离职")
    for deed in (
        lambda: done(centre.store, made.id, BOSS),
        lambda: drop(centre.store, made.id, BOSS, "再来"),
        lambda: close(centre.store, made.id, BOSS, found, now=LATER),
    ):
        with pytest.raises(ActionRefusedError) as refused:
            deed()
        assert refused.value.fault is ActionFault.ENDED


def test_who_sees_which(centre):
    lead = person(centre.store, "lead", AccountRole.LEAD, team="一组")
    coach, train = opened(centre.store), opened(centre.store, "#team:一组:insult")
    fix = opened(centre.store, "#centre:insult", owner=lead.name, owner_id=lead.id)
    other = opened(centre.store, "#agent:B1:insult")
    seen = {
        name: [one.id for one in list_actions(centre.store, whose)]
        for name, whose in {
            "all": Whose(),
            "agent": Whose(agent="A1"),
            "nobody": Whose(agent=""),
            "lead": Whose("", "一组", lead.id),
            "no team": Whose(team=""),
        }.items()
    }
    assert seen == {
        "all": [coach.id, train.id, fix.id, other.id],
        "agent": [coach.id],
        "nobody": [],
        "lead": [coach.id, train.id, fix.id],
        "no team": [],
    }
    assert find_action(centre.store, other.id, Whose(team="一组")) is None
    assert [one.id for one in overlapping(centre.store, coach.draft, but=coach.id)] == [train.id, fix.id]
    assert [one.id for one in overlapping(centre.store, train.draft, but=train.id)] == [coach.id, fix.id]


def test_a_report_speaks_of_what_is_due_and_of_what_runs(centre):
    made = opened(centre.store)
    before, after = (WEEK_45.since, WEEK_45.until), (WEEK_46.since, WEEK_46.until)
    assert actions_between(centre.store, *before) == [], "opened after it"
    assert [one.id for one in actions_between(centre.store, *after)] == [made.id]
    drop(centre.store, made.id, BOSS, "算了", now=MONDAY + timedelta(days=20))
    long_after = (MONDAY + timedelta(days=30), MONDAY + timedelta(days=37))
    assert actions_between(centre.store, *long_after) == []


def test_due_week_of_the_baseline_s_kind(centre):
    made = opened(centre.store)
    fill(centre, {"A1": "....", "A2": "i...", "A3": "....", "B1": "....", "B2": "...."}, day=0)
    found = assess_action(centre.store, SCORING, made, now=LATER)
    assert (found.count, found.calls, found.peers) == (Count(0, 4), 4, 4)
    assert found.verdict is Verdict.NOT_ENOUGH, "four calls, worst of five: nobody can tell"
    assert found.expected < 0.6, "3 of 4 are not expected again"
    shown = course(population_of(centre.store, SCORING, [made.draft]), made.draft, now=LATER)
    assert [count for _, count in shown][-2:] == [Count(3, 4), Count(0, 4)]
    assert len(shown) == 5


def test_an_agent_who_left(centre):
    made = opened(centre.store)
    fill(centre, {"A2": "...."}, day=0)
    found = assess_action(centre.store, SCORING, made, now=LATER)
    assert (found.verdict, found.calls) == (Verdict.NOT_ENOUGH, 0)


def test_an_agent_who_moved(centre):
    made = opened(centre.store)
    fill(centre, {"A1": "i..."}, day=0, team="二组")
    found = assess_action(centre.store, SCORING, made, now=LATER)
    assert found.count == Count(1, 4)
    assert any("从一组换到了二组" in one.zh for one in found.notes)


def test_a_team_of_other_people(centre):
    made = opened(centre.store, "#team:一组:insult")
    fill(centre, {"B1": "..", "B2": ".."}, day=0, team="一组")
    found = assess_action(centre.store, SCORING, made, now=LATER)
    assert found.count == Count(0, 4)
    assert any("2 名坐席里只有 0 名" in one.zh for one in found.notes)


def in_another_pack(centre, **rule):
    """Lets the calls of week 46 be checked by another pack, in which the insult rule is otherwise."""
    start_run(centre.store, replace(run("run2"), pack_digest="q" * 64))
    with centre.store.writing() as connection:
        table = pack_rules.c
        if rule:
            connection.execute(
                update(pack_rules).where(table.pack_digest == "q" * 64, table.rule_id == "insult").values(rule)
            )
        else:
            connection.execute(delete(pack_rules).where(table.pack_digest == "q" * 64, table.rule_id == "insult"))
        late = select(recordings.c.id).where(recordings.c.started_at >= WEEK_46.since)
        connection.execute(update(evaluations).where(evaluations.c.recording_id.in_(late)).values(run_id="run2"))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        pytest.param({"digest": "d" * 64}, "改过", id="changed"),
        pytest.param({"status": "retired"}, "停用", id="retired"),
        pytest.param({}, "停用或改名", id="gone"),
    ],
)
def test_a_rule_that_is_not_the_same(centre, rule, said):
    with centre.store.writing() as connection:
        connection.execute(update(pack_rules).where(pack_rules.c.rule_id == "insult").values(digest="c" * 64))
    made = opened(centre.store)
    fill(centre, {"A1": "....", "A2": "...."}, day=0)
    in_another_pack(centre, **rule)
    found = assess_action(centre.store, SCORING, made, now=LATER)
    assert found.verdict is Verdict.NOT_COMPARABLE
    assert said in found.notes[0].zh


def test_the_same_rule_in_another_pack_compares(centre):
    with centre.store.writing() as connection:
        connection.execute(update(pack_rules).where(pack_rules.c.rule_id == "insult").values(digest="c" * 64))
    made = opened(centre.store)
    fill(centre, {"A1": "....", "A2": "...."}, day=0)
    in_another_pack(centre, digest="c" * 64)
    assert assess_action(centre.store, SCORING, made, now=LATER).verdict is Verdict.NOT_ENOUGH


def test_calls_that_were_chosen_otherwise(centre):
    made = opened(centre.store)
    fill(centre, {"A1": "i.."}, day=0)
    centre.call("i", agent="A1", team="一组", day=3, heard=False)
    found = assess_action(centre.store, SCORING, made, now=LATER)
    assert found.verdict is Verdict.NOT_COMPARABLE
    assert "挑选通话的办法不同" in found.notes[0].zh


@pytest.mark.parametrize(
    ("line_id", "count"),
    [
        pytest.param("#centre:solved", Count(2, 3), id="three calls of one customer, the last was not followed"),
        pytest.param("#team:一组:handling", Count(450.0, 15, 13_500.0), id="fifteen calls of 30 s"),
        pytest.param("#centre:silence", Count(23 * 26 / 30, 23, 23 * (26 / 30) ** 2), id="26 of 30 s are silent"),
        pytest.param("#team:一组:response", Count(0, 0), id="nobody answers anything in the built calls"),
    ],
)
def test_service_levels(centre, line_id, count):
    for number in range(3):
        centre.call(agent="A1", day=-7 + number, customer_id="k1")
    centre.call(agent="A2", day=10)
    draft = drafted(centre.store, line_id)
    assert (draft.baseline.count.bad, draft.baseline.count.squares) == pytest.approx((count.bad, count.squares))
    assert draft.baseline.count.n == count.n
    if count.n:
        made = open_action(centre.store, draft, BOSS, now=MONDAY)
        assert assess_action(centre.store, SCORING, made, now=LATER).verdict is Verdict.NOT_ENOUGH

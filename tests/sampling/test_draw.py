"""Draws: the same calls again, probabilities that are true, hours that suffice."""

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from pipeline.domain.sampling import Allocation, PartKind, Target, TargetKind
from pipeline.sampling.allocation import spread
from pipeline.sampling.chance import whole
from pipeline.sampling.draw import draw
from tests.sampling.builders import call, frame, many, part, past, plan

AUDIT = part("audit", n=10)
RANDOM = part("everybody", PartKind.RANDOM, n=2)
FLAGGED = part("flagged", PartKind.TARGETED, share=1.0, target=Target(TargetKind.FLAGGED))


def picked(drawn, name=None):
    return {pick.recording_id for pick in drawn.picks if name in (None, pick.part)}


def inclusion_of(drawn):
    """Probability by recording."""
    ids = (one.decode() for one in drawn.inclusion.ids.tolist())
    return dict(zip(ids, drawn.inclusion.chances.tolist(), strict=True))


def test_the_same_seed_draws_the_same_calls():
    one, again = (draw(plan(AUDIT, RANDOM), many(200)) for _ in range(2))
    assert one.picks == again.picks
    assert picked(one) != picked(draw(plan(AUDIT, RANDOM), many(200), seed=2))


def test_the_order_of_calls_does_not_matter():
    calls = list(many(200).calls)
    random.Random(1).shuffle(calls)
    shuffled = draw(plan(AUDIT, RANDOM), frame(*calls))
    assert {(p.recording_id, p.part, p.inclusion) for p in shuffled.picks} == {
        (p.recording_id, p.part, p.inclusion) for p in draw(plan(AUDIT, RANDOM), many(200)).picks
    }


def test_a_call_that_comes_later_pushes_out_at_most_one():
    before = picked(draw(plan(AUDIT), many(200)))
    after = picked(draw(plan(AUDIT), frame(*many(200).calls, call(999))))
    assert len(before - after) <= 1


def test_audits_are_of_unflagged_calls_only():
    calls = many(100)
    flagged = {one.id for one in calls.calls if one.flagged}
    drawn = draw(plan(part("audit", n=1_000)), calls)
    assert picked(drawn) == {one.id for one in calls.calls} - flagged
    assert drawn.unflagged == 75


def test_everybody_gets_as_many_as_the_plan_says():
    calls = many(100, agents=7)
    drawn = draw(plan(part("everybody", PartKind.RANDOM, n=3)), calls)
    agents = {one.id: one.facts.agent for one in calls.calls}
    assert set(Counter(agents[pick.recording_id] for pick in drawn.picks).values()) == {3}


def test_a_call_may_be_picked_twice_and_counts_once():
    drawn = draw(plan(FLAGGED, part("everybody", PartKind.RANDOM, n=20)), many(80))
    assert drawn.calls < len(drawn.picks)
    both = next(pick for pick in drawn.picks if pick.part == "everybody" and pick.inclusion == 1)
    assert both.chance == 1 or both.recording_id in picked(drawn, "flagged")


PARTS = {
    "audit": AUDIT,
    "random": RANDOM,
    "share": part("everybody", PartKind.RANDOM, share=0.07),
    "equal": part("s", PartKind.STRATIFIED, n=11, by=("agent",), allocation=Allocation.EQUAL),
    "proportional": part("s", PartKind.STRATIFIED, n=11, by=("team", "agent")),
    "neyman": part("s", PartKind.STRATIFIED, n=11, by=("agent",), allocation=Allocation.NEYMAN),
    "adaptive": part("a", PartKind.ADAPTIVE, n=13),
    "flagged": replace(FLAGGED, share=None, n=9),
}
PAST = past(*((f"A{n % 3}", n % 3 == 0) for n in range(40)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "names", [*([name] for name in PARTS), ["audit", "random", "adaptive", "flagged"]], ids=" ".join
)
@pytest.mark.parametrize("hours", [None, 2.0])
def test_probabilities_are_those_that_are_recorded(names, hours):
    calls = replace(many(60, agents=5), past=PAST)
    parts = [replace(PARTS[name], name=f"p{position}") for position, name in enumerate(names)]
    wanted = plan(*parts, hours=hours, calls_per_hour=4)
    times, draws = Counter(), 600
    for seed in range(draws):
        times.update(picked(draw(wanted, calls, seed=seed)))
    inclusion = inclusion_of(draw(wanted, calls))
    shares = np.array([times[one] / draws for one in inclusion])
    expected = np.array(list(inclusion.values()))
    # Four standard errors of 60 shares, and nothing that could not be picked ever is.
    assert (np.abs(shares - expected) <= 4 * np.sqrt(expected * (1 - expected) / draws) + 1e-9).all()
    assert set(times) <= set(inclusion)


def test_inclusion_joins_the_parts():
    calls = many(80)
    drawn = draw(plan(AUDIT, RANDOM), calls)
    # 10 of 60 unflagged; 2 of each agent's 20.
    quiet = next(one for one in calls.calls if not one.flagged and one.facts.agent == "A1")
    assert inclusion_of(drawn)[quiet.id] == pytest.approx(1 - (1 - 10 / 60) * (1 - 2 / 20))


@pytest.mark.parametrize("capacity", [1, 7, 30, 60, 500])
@pytest.mark.parametrize("seed", range(5))
def test_hours_suffice(capacity, seed):
    wanted = plan(AUDIT, FLAGGED, RANDOM, hours=capacity, calls_per_hour=1)
    assert draw(wanted, many(400), seed=seed).calls <= capacity


def test_hours_suffice_for_parts_that_overlap_by_chance():
    halves = [part(name, PartKind.STRATIFIED, share=0.5, by=("team",)) for name in ("one", "other")]
    drawn = [draw(plan(*halves, hours=120, calls_per_hour=1), many(200), seed=seed).calls for seed in range(40)]
    # 100 of the first part; without a reserve every second draw would be above.
    assert sum(calls > 120 for calls in drawn) <= 3
    assert np.mean(drawn) > 110


def test_hours_go_to_the_audit_first_and_what_is_given_up_is_said():
    drawn = draw(plan(AUDIT, FLAGGED, RANDOM, hours=15, calls_per_hour=1), many(400))
    assert [one.drawn for one in drawn.parts] == [10, 5, 0]
    told = " ".join(note.en for note in drawn.notes)
    assert "flagged asks for 100, 5 were drawn, 95 given up; each call's chance is 5.0 %" in told
    assert "nothing is heard of: everybody (8 calls)" in told
    assert "放弃 95 通" in " ".join(note.zh for note in drawn.notes)


def test_a_cut_audit_says_what_that_hides():
    drawn = draw(plan(part("audit", n=200), hours=50, calls_per_hour=1), many(400))
    assert "if none is found missed, at most 7.1 % are, instead of 1.8 %" in drawn.notes[0].en


@pytest.mark.parametrize(
    ("parts", "calls", "told"),
    [
        pytest.param((AUDIT,), frame(), "no call of this period was evaluated", id="empty period"),
        pytest.param((AUDIT,), frame(call(1, flagged=True)), "audit: no call qualifies", id="all flagged"),
        pytest.param((AUDIT,), frame(call(1)), "asks for 10 calls, only 1 qualify", id="more than there is"),
        pytest.param((FLAGGED,), frame(call(1)), "flagged: no call qualifies", id="none flagged"),
        pytest.param((RANDOM,), frame(call(1, agent=None)), "1 of 1 calls have no agent", id="no agents"),
        pytest.param((PARTS["adaptive"],), many(9), "nothing was judged before", id="no past"),
        pytest.param((PARTS["neyman"],), many(9), "nothing was judged before", id="no past for Neyman"),
    ],
)
def test_says_what_is_missing(parts, calls, told):
    assert any(told in note.en for note in draw(plan(*parts), calls).notes)


def test_a_plan_without_audit_says_so_each_time():
    drawn = draw(plan(RANDOM, no_audit_because="只做倒查"), many(9))
    assert "只做倒查" in drawn.notes[0].zh
    assert "nobody will know what rules miss" in drawn.notes[0].en


@pytest.mark.parametrize(
    ("target", "yes", "no"),
    [
        pytest.param(
            Target(TargetKind.NEW_STAFF, days=30),
            {"agent_days": 29.9},
            [{"agent_days": 30.0}, {"agent_days": None}],
            id="new staff",
        ),
        pytest.param(
            Target(TargetKind.METADATA, column="product", values=frozenset({"5G"})),
            {"extra": {"product": "5G"}},
            [{"extra": {"product": "宽带"}}, {}],
            id="new product",
        ),
        pytest.param(
            Target(TargetKind.LONG, at_least_s=600),
            {"duration_s": 600.0},
            [{"duration_s": 599.0}, {}],
            id="long",
        ),
        pytest.param(
            Target(TargetKind.LOW_SURVEY, at_most=2),
            {"survey_score": 2.0},
            [{"survey_score": 3.0}, {}],
            id="low survey",
        ),
        pytest.param(
            Target(TargetKind.REPEAT_CONTACT, days=7),
            {"last_contact_days": 7.0},
            [{"last_contact_days": 7.1}, {}],
            id="repeat contact",
        ),
        pytest.param(
            Target(TargetKind.COMPLAINTS, column="customer_id", values=frozenset({"k1", "k9"})),
            {"customer_id": "k1"},
            [{"customer_id": "k2"}, {}],
            id="complaints of a customer",
        ),
        pytest.param(
            Target(TargetKind.COMPLAINTS, column="recording", values=frozenset({"c0"})),
            {},
            [{}],
            id="complaints by name",
        ),
    ],
)
def test_targets(target, yes, no):
    calls = frame(call(0, **yes), *(call(n + 1, **facts) for n, facts in enumerate(no)))
    drawn = draw(plan(part("t", PartKind.TARGETED, share=1.0, target=target)), calls)
    assert picked(drawn) == {calls.calls[0].id}
    assert drawn.picks[0].reason.zh
    assert drawn.picks[0].reason.en


def test_complaints_without_a_call_are_named():
    target = Target(TargetKind.COMPLAINTS, column="customer_id", values=frozenset({"k1", "k9"}))
    drawn = draw(plan(part("t", PartKind.TARGETED, share=1.0, target=target)), frame(call(0, customer_id="k1")))
    assert "1 of 2 on the complaint list have no call" in drawn.notes[0].en


def test_adaptive_hears_more_of_the_bad_and_the_unknown_and_some_of_everybody():
    good, bad, unknown = "A0", "A1", "A2"
    judged = [(good, False)] * 40 + [(bad, True)] * 20 + [(bad, False)] * 20
    calls = replace(many(300, agents=3), past=past(*judged))
    drawn = draw(plan(part("a", PartKind.ADAPTIVE, n=30, floor=2)), calls)
    agents = {one.id: one.facts.agent for one in calls.calls}
    heard = Counter(agents[pick.recording_id] for pick in drawn.picks)
    # At most 3 %, 60 % and 98 % of their calls are bad: 30 calls in these shares, at least 2.
    assert heard[unknown] > heard[bad] > heard[good] == 2


def test_floors_that_do_not_fit_shrink_alike():
    assert spread(3, {"a": 1, "b": 1}, {"a": 9, "b": 9}, floor=5) == {"a": 1.5, "b": 1.5}


@pytest.mark.parametrize("seed", range(20))
def test_spread_gives_all_and_no_more_than_there_is(seed):
    dice = random.Random(seed)
    sizes = {n: dice.randrange(1, 40) for n in range(12)}
    weights = {n: dice.random() for n in sizes}
    n = dice.randrange(1, 200)
    given = spread(n, weights, sizes, floor=2)
    assert sum(given.values()) == pytest.approx(min(n, sum(sizes.values())))
    assert all(-1e-9 <= given[one] <= sizes[one] + 1e-9 for one in sizes)
    if n >= 24:
        assert all(given[one] >= min(2, sizes[one]) - 1e-9 for one in sizes)


@pytest.mark.parametrize("seed", range(20))
def test_whole_numbers_keep_the_sum(seed):
    dice = random.Random(seed)
    wanted = {n: dice.random() * 3 for n in range(9)}
    wanted[9] = 30 - sum(wanted.values())
    counts = whole(wanted, dice.random(), {n: dice.random() for n in wanted})
    assert sum(counts.values()) == 30
    assert all(abs(counts[n] - wanted[n]) < 1 for n in wanted)

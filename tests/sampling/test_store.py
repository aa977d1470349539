"""Draws in the database, and what reviews become as evidence. On both databases."""

from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from sqlalchemy import update

from pipeline.domain.calls import CallMetadata
from pipeline.domain.errors import StoreError
from pipeline.domain.frames import Inclusion, Needs
from pipeline.domain.results import ErrorClass, Findings, Outcome
from pipeline.domain.reviews import NewReview, ReviewKind, Verdict
from pipeline.domain.sampling import PartKind, Target, TargetKind
from pipeline.sampling.draw import draw
from pipeline.store.queue_filter import QueueFilter
from pipeline.store.queue_listing import list_queue
from pipeline.store.results import save_findings, start_run
from pipeline.store.review_queue import finish
from pipeline.store.sampling_evidence import load_evidence
from pipeline.store.sampling_frame import load_frame
from pipeline.store.sampling_store import (
    encode_inclusion,
    save_draw,
    stored_draw,
    stored_draws,
    stored_picks,
    weights_of,
)
from pipeline.store.tables import pack_rules
from tests.sampling.builders import MONDAY, part, plan
from tests.store.builders import result, run
from tests.store.judgements import person, said, say, stored

ALL_FLAGGED = part("flagged", PartKind.TARGETED, share=1.0, target=Target(TargetKind.FLAGGED))


@pytest.fixture
def store(empty_store):
    start_run(empty_store, run())
    return empty_store


def put(store, number, *results, day=0.0, **facts):
    """A call that began so many days after MONDAY."""
    facts = {"agent": "A1", "started_at": MONDAY + timedelta(days=day), **facts}
    return stored(store, number, *results, metadata=CallMetadata(**facts))


def heard(store, recording_id, by):
    say(store, recording_id, by, kind=ReviewKind.FINISHED, rule=None)
    with store.writing() as connection:
        finish(connection, recording_id, by.id)


def subject(evidence, name):
    """Which calls it hits and what is true of them, whether anybody has spoken of them or not."""
    (found,) = [one for one in evidence.subjects if one.id == name]
    sample = evidence.sample(found)
    hits, *rest = sample.others
    return SimpleNamespace(
        is_class=found.is_class,
        hit=sample.hit.tolist() + [True] * hits + [False] * sum(rest),
        truth=sample.truth.tolist() + [-1] * sum(sample.others),
    )


def in_queue(store):
    return {row.recording_id for row in list_queue(store, QueueFilter()).rows}


def test_picks_stand_in_the_queue_like_flagged_calls_and_stay_there(store):
    flagged, unflagged = put(store, 1, result("insult")), put(store, 2)
    assert in_queue(store) == {flagged}
    save_draw(store, draw(plan(part("audit", n=5)), load_frame(store)))
    later = put(store, 3)
    assert in_queue(store) == {flagged, unflagged}
    save_findings(store, {one: Findings(()) for one in (flagged, unflagged, later)}, run())
    assert in_queue(store) == {unflagged}, "a new run forgets no pick"


def test_frame_tells_what_plans_ask_for(store):
    put(store, 1, agent="old", customer_id="k1")
    put(store, 2, agent="new", customer_id="k1", day=20)
    put(store, 3, result("insult"), agent="new", customer_id="k2", day=25)
    numbers = frozenset({"agent_days", "last_contact_days", "duration_s"})
    asked = Needs(frozenset({"week", "customer_id"}), numbers, names=True, contact_days=20.0)
    frame = load_frame(store, asked, since=MONDAY + timedelta(days=19))
    assert frame.numbers["agent_days"].tolist() == [0.0, 5.0]
    assert frame.numbers["last_contact_days"] == pytest.approx([20.0, np.nan], nan_ok=True)
    assert frame.flagged.tolist() == [False, True]
    assert frame.numbers["duration_s"].tolist() == [30.0, 30.0]
    assert frame.columns["week"].at(0) == "2026-W47"
    assert list(frame.names) == ["c2.wav", "c3.wav"]
    # Whoever is heard from the first days of all records on may have been there before.
    first = load_frame(store, asked, until=MONDAY + timedelta(days=1))
    assert np.isnan(first.numbers["agent_days"]).all()


def test_frame_holds_what_is_asked_for_only(store):
    put(store, 1)
    frame = load_frame(store)
    assert (frame.columns, frame.numbers, frame.names, len(frame.past)) == ({}, {}, (), 0)


def test_frame_ends_before_until_and_without_bounds_takes_all(store):
    put(store, 1)
    put(store, 2, day=1)
    put(store, 3, started_at=None)
    assert len(load_frame(store, since=MONDAY, until=MONDAY + timedelta(days=1))) == 1
    assert len(load_frame(store)) == 3


def test_past_calls_are_those_judged_before_the_window(store):
    by = person(store, "r")
    say(store, put(store, 1, result("insult")), by, Verdict.CONFIRMED)
    heard(store, put(store, 2), by)
    put(store, 3)
    heard(store, put(store, 4, day=-200), by)
    heard(store, put(store, 5, day=5), by)
    asked = Needs(past=frozenset({"agent"}))
    past = load_frame(store, asked, since=MONDAY + timedelta(days=1)).past
    assert past.failed.tolist() == [False, False]
    assert past.columns["agent"].at(1) == "A1"
    with store.writing() as connection:
        connection.execute(update(pack_rules).values(error_class=ErrorClass.CUSTOMER_CRITICAL))
    past = load_frame(store, asked, since=MONDAY + timedelta(days=1)).past
    assert sorted(past.failed.tolist()) == [False, True]


def test_draw_is_stored_once(store):
    put(store, 1, result("insult"))
    put(store, 2)
    drawn = draw(plan(part("audit", n=5), ALL_FLAGGED), load_frame(store))
    number, new = save_draw(store, drawn)
    assert (save_draw(store, drawn), new) == ((number, False), True)
    put(store, 3)
    later = draw(plan(part("audit", n=5), ALL_FLAGGED), load_frame(store))
    assert save_draw(store, later) == (number + 1, True)
    assert [one.id for one in stored_draws(store)] == [number + 1, number]
    assert stored_draw(store, number).frame_size == 2
    picks = stored_picks(store, number)
    assert {(one.recording, one.part, one.chance, one.inclusion, one.done) for one in picks} == {
        ("c1.wav", "flagged", 1.0, 1.0, False),
        ("c2.wav", "audit", 1.0, 1.0, False),
    }
    assert stored_picks(store, number, part="audit")[0].reason_zh == "未命中通话的随机审核"


def test_no_draw(store):
    assert stored_draw(store, None) is None
    with pytest.raises(StoreError, match="there is no draw 7"):
        stored_draw(store, 7)


def test_weight_of_calls_that_several_draws_could_pick(store):
    ids = [put(store, number) for number in range(1, 5)]
    frame = load_frame(store, Needs(names=True))
    # Two of four, by different dice; then one call for sure.
    draws = [draw(plan(part("audit", n=2), id=f"p{seed}"), frame, seed=seed) for seed in (1, 2)]
    listed = Target(TargetKind.COMPLAINTS, column="recording", values=frozenset({"c1"}))
    draws.append(draw(plan(part("c", PartKind.TARGETED, share=1.0, target=listed), id="p3"), frame))
    for one in draws:
        save_draw(store, one)
    times = {one: sum(one in {pick.recording_id for pick in drawn.picks} for drawn in draws) for one in ids}
    with store.reading() as connection:
        weights = weights_of(connection, ids, None, None)
    expected = [times[one] / (2.0 if one == ids[0] else 1.0) if times[one] else np.nan for one in ids]
    assert weights == pytest.approx(np.array(expected), nan_ok=True)


def test_weights_need_no_draw(store):
    with store.reading() as connection:
        assert np.isnan(weights_of(connection, [put(store, 1)], None, None)).all()


def test_probabilities_are_kept_small():
    ids = np.array([f"{n:064x}".encode() for n in range(10_000)])
    document = encode_inclusion(Inclusion(ids, np.full(10_000, 0.1)))
    assert len(document) < 100_000


@pytest.mark.parametrize(
    ("outcome", "verdict", "finished", "hit", "truth"),
    [
        pytest.param(Outcome.HIT, Verdict.CONFIRMED, False, True, 1, id="confirmed"),
        pytest.param(Outcome.HIT, Verdict.REJECTED, False, True, 0, id="rejected"),
        pytest.param(Outcome.HIT, Verdict.UNSURE, True, True, -1, id="unsure"),
        pytest.param(Outcome.HIT, None, True, True, -1, id="hit without a word"),
        pytest.param(Outcome.CLEAR, Verdict.MISSED, False, False, 1, id="missed"),
        pytest.param(Outcome.CLEAR, Verdict.ABSENT, False, False, 0, id="absent"),
        pytest.param(Outcome.CLEAR, None, True, False, 0, id="heard and not named"),
        pytest.param(Outcome.CLEAR, None, False, False, -1, id="not heard"),
        pytest.param(Outcome.CLEAR, Verdict.UNSURE, True, False, -1, id="unsure and heard"),
        pytest.param(Outcome.NOT_EVALUABLE, Verdict.CONFIRMED, False, False, 1, id="not evaluable, and so"),
        pytest.param(Outcome.NOT_EVALUABLE, Verdict.REJECTED, False, False, 0, id="not evaluable, not so"),
    ],
)
def test_what_reviews_say_of_a_rule(store, outcome, verdict, finished, hit, truth):
    by = person(store, "r")
    one = put(store, 1, *([] if outcome == Outcome.CLEAR else [result("insult", outcome)]))
    if verdict is not None:
        say(store, one, by, verdict)
    if finished:
        heard(store, one, by)
    found = subject(load_evidence(store), "insult")
    assert (found.hit, found.truth) == ([hit], [truth])


def test_a_verdict_that_was_undone_is_none(store):
    by = person(store, "r")
    one = put(store, 1, result("insult"))
    entry = say(store, one, by, Verdict.CONFIRMED)
    say(store, one, by, kind=ReviewKind.UNDO, rule=None, undoes=entry.id)
    assert subject(load_evidence(store), "insult").truth == [-1]


@pytest.mark.parametrize(
    ("verdicts", "finished", "truth"),
    [
        pytest.param({}, False, -1, id="nothing"),
        pytest.param({"insult": Verdict.CONFIRMED}, False, -1, id="one hit of two is open"),
        pytest.param({"insult": Verdict.CONFIRMED, "closing-missing": Verdict.REJECTED}, False, 1, id="one is true"),
        pytest.param({"insult": Verdict.REJECTED, "closing-missing": Verdict.REJECTED}, False, 0, id="none is"),
    ],
)
def test_what_reviews_say_of_a_class(store, verdicts, finished, truth):
    by = person(store, "r")
    one = put(store, 1, result("insult"), result("closing-missing"))
    for rule, verdict in verdicts.items():
        say(store, one, by, verdict, rule=rule)
    found = subject(load_evidence(store), "non-critical")
    assert (found.is_class, found.hit, found.truth) == (True, [True], [truth])


def test_a_class_is_false_where_a_quiet_call_was_heard(store):
    by = person(store, "r")
    quiet, other = put(store, 1), put(store, 2)
    heard(store, quiet, by)
    found = subject(load_evidence(store), "non-critical")
    assert sorted(found.truth) == [-1, 0]
    say(store, other, by, Verdict.MISSED)
    heard(store, other, by)
    assert sorted(subject(load_evidence(store), "non-critical").truth) == [0, 1]


def test_shadow_rules_are_estimated_and_flag_nothing(store):
    put(store, 1, result("trial"))
    evidence = load_evidence(store)
    assert subject(evidence, "trial").hit == [True]
    assert subject(evidence, "non-critical").hit == [False]
    assert evidence.sample(evidence.subjects[0]).others == (0, 0, 1)


def test_only_wanted_rules(store):
    put(store, 1)
    assert [one.id for one in load_evidence(store, rules=["insult"]).subjects] == ["insult"]


def test_empty_period(store):
    evidence = load_evidence(store, since=MONDAY, until=MONDAY + timedelta(days=1))
    assert (evidence.calls, evidence.subjects) == (0, ())


def test_entry_of_another_kind_is_no_verdict(store):
    by = person(store, "r")
    one = put(store, 1)
    say(store, one, by, kind=ReviewKind.COMMENT, text="嗯")
    assert isinstance(said(one, by, Verdict.ABSENT), NewReview)
    assert subject(load_evidence(store), "insult").truth == [-1]


def test_hit_counts_as_it_was_when_judged(store):
    by = person(store, "r")
    one = put(store, 1, result("insult"))
    say(store, one, by, Verdict.REJECTED)
    save_findings(store, {one: Findings((result("insult", Outcome.CLEAR),))}, run())
    evidence = load_evidence(store)
    assert subject(evidence, "insult").hit == [True]
    assert evidence.changed == 1

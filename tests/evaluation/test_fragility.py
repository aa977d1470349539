"""The confusions of a site, and how easily they flip a rule."""

from functools import cache
from random import Random

import pytest

from pipeline.evaluation.alignment import align
from pipeline.evaluation.confusion import ConfusionModel, Error
from pipeline.evaluation.fragility import Fragility, measure_fragility, perturbed
from rules.engine import Engine
from tests.evaluation.builders import C, call, transcript, turn
from tests.rules.builder import pack


def learnt(*pairs):
    return ConfusionModel(
        align(transcript(turn(C, 0, 3, written)), transcript(turn(C, 0, 3, said))) for said, written in pairs
    )


def test_rates_by_character_lean_on_sound_and_on_all():
    # 投 four times, twice written 头; 偷 sounds like it and is never seen. 12 characters in all, 2 wrong.
    model = learnt(("投诉我", "头诉我"), ("投诉我", "头诉我"), ("投诉我", "投诉我"), ("投诉我", "投诉我"))
    assert model.rate("您", Error.SUBSTITUTED) == pytest.approx(0.1667, abs=1e-4)  # 2 / 12
    assert model.rate("偷", Error.SUBSTITUTED) == pytest.approx(0.2619, abs=1e-4)  # (2 + 10 · 0.1667) / (4 + 10)
    assert model.rate("投", Error.SUBSTITUTED) == pytest.approx(0.3299, abs=1e-4)  # (2 + 10 · 0.2619) / (4 + 10)
    assert model.rate("投", Error.DELETED) == 0.0
    assert model.characters == 12


def test_nothing_learnt_changes_nothing():
    model = ConfusionModel([])
    assert model.rate("投", Error.DELETED) == 0.0
    assert model.perturb("我要投诉。", Random(0)) == "我要投诉。"


def test_perturbing_makes_the_errors_that_were_learnt():
    model = learnt(*[("投诉我", "头诉我")] * 20, *[("投诉我", "投诉我")] * 20)
    rate = model.rate("投", Error.SUBSTITUTED)
    written = [model.perturb("投", Random(number)) for number in range(2000)]
    assert set(written) == {"投", "头"}
    assert written.count("头") / 2000 == pytest.approx(rate, abs=0.03)


def test_lost_and_invented_characters():
    lost = learnt(*[("好的我", "我")] * 50)
    assert len(lost.perturb("好的" * 100, Random(1))) < 60
    added = learnt(*[("好", "好啊")] * 50)
    assert added.perturb("好。好", Random(1)).count("啊") >= 1


def test_the_same_seed_gives_the_same_text():
    model = learnt(*[("投诉我", "头诉你")] * 5, *[("投诉我", "投诉我")] * 5)
    once, again, other = (model.perturb("投诉我投诉我", Random(seed)) for seed in ("0:a:1", "0:a:1", "1:a:1"))
    assert once == again
    assert {once, other} != {"投诉我投诉我"}


def test_a_turn_of_which_nothing_is_left_goes():
    model = learnt(*[("好", "")] * 300, *[("投诉", "投诉")] * 300)
    made = perturbed(call(turn(C, 0, 1, "好"), turn(C, 20, 22, "投诉")), model, Random(0))
    assert [(one.index, one.text) for one in made.transcript.turns] == [(0, "投诉")]
    assert made.signals.silences[0].end_s == 20


RULES = pack("when: {phrase: 投诉}", "when: {phrase: 领导}", "when: {phrase: 头诉}")
CALLS = {"a": call(turn(C, 0, 3, "我要投诉")), "b": call(turn(C, 0, 3, "找你们领导"))}


@cache
def site():
    return learnt(*[("投诉", "头诉")] * 200, *[("领导我要找你们", "领导我要找你们")] * 1000)


def measured(calls=CALLS, seed=0):
    return measure_fragility(Engine(RULES).evaluate, calls, site(), perturbations=10, seed=seed)


def test_fragile_and_steady_rules():
    found = measured()
    assert found["r0"].hits == (True, False)
    assert found["r0"].lost >= 0.9
    assert found["r0"].gained == 0.0
    assert found["r1"].rate == 0.0
    assert found["r2"].flips[0] >= 9
    assert found["r2"].lost is None


def test_calls_do_not_change_each_other():
    alone = measured({"a": CALLS["a"]})
    assert alone["r0"].flips == measured()["r0"].flips[:1]
    assert measured() == measured()


INTERVALS = {
    # No flip in 3 calls: 1 − (0.05/2)^(1/3) for 3 of 3, however often each was perturbed.
    "no flip": (Fragility((0, 0, 0), (False,) * 3, 20), 0.0, 0.708),
    # All flips in one of 4 calls: 80 perturbations are worth 4 calls, of which 1 flips: Wilson 1 of 4.
    "one call flips always": (Fragility((20, 0, 0, 0), (False,) * 4, 20), 0.046, 0.699),
    # Every call flips alike: each perturbation is independent, 40 of 80.
    "all alike": (Fragility((10, 10, 10, 10), (False,) * 4, 20), 0.393, 0.607),
}


@pytest.mark.parametrize(("fragility", "low", "high"), INTERVALS.values(), ids=INTERVALS)
def test_intervals_count_calls_not_perturbations(fragility, low, high):
    assert [round(bound, 3) for bound in fragility.interval] == [low, high]


def test_nothing_measured():
    nothing = Fragility((), (), 20)
    assert (nothing.rate, nothing.interval, nothing.lost, nothing.gained) == (None, None, None, None)

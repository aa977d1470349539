"""What matching by sound adds."""

from rules.loader import load_packs, standard_pack_dir
from rules.sound_cost import phrases_by_sound, sound_costs
from tests.rules.builder import call, pack


def test_counts_what_is_said_and_what_only_sounds_like_it() -> None:
    calls = [call("A: 请报验证码。验真马", "C: 没有").transcript, call("C: 验证码呢，燕正麻？").transcript]
    (cost,) = sound_costs(["验证码"], calls)
    assert (cost.said, cost.only_heard) == (2, 2)
    assert cost.examples == ("验真马", "燕正麻")


def test_single_characters_are_left_out() -> None:
    assert sound_costs(["喂", "ok"], []) == ()


def test_phrases_that_a_pack_matches_by_sound() -> None:
    rules = pack(
        "when: {all: [{phrase: {any: [您好呀, {text: 验证码, by_sound: true}]}}, {not: {phrase: 再见}}]}",
        "when: {silence: 3, unless: {phrase: {any: [请稍等], by_sound: true}, before: this}}",
    )
    assert phrases_by_sound(rules) == ("验证码", "请稍等")
    assert phrases_by_sound(load_packs([standard_pack_dir()]))

"""Syllables in place of characters."""

import pytest

from pipeline.text.sound import is_loose, loose_sound, sound_of, syllable_count, tonal_sound

ALIKE = [("验证码", "验真马"), ("核实", "合适"), ("南方", "蓝黄"), ("是否", "四侯"), ("程序", "岑叙"), ("兰州", "南邹")]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_confusable_syllables_sound_alike(one: str, other: str) -> None:
    assert loose_sound(one) == loose_sound(other)
    assert tonal_sound(one) != tonal_sound(other)


@pytest.mark.parametrize(("one", "other"), [("投诉", "退诉"), ("密码", "号码"), ("不知", "不行")])
def test_other_syllables_do_not(one: str, other: str) -> None:
    assert loose_sound(one) != loose_sound(other)


def test_each_character_keeps_its_place() -> None:
    text = "找12315,ok吗\n投诉"
    for sound in (loose_sound(text), tonal_sound(text)):
        assert len(sound) == len(text)
        assert sound[1:9] == "12315,ok"
        assert sound[10] == "\n"


def test_a_polyphone_has_the_phrase_s_reading_and_its_own() -> None:
    sounds = sound_of("银行卡号")
    assert loose_sound("银航卡号") in sounds
    assert loose_sound("银行卡号") in sounds


def test_two_syllables_keep_their_tones() -> None:
    assert is_loose(sound_of("验证码")[0])
    assert not is_loose(sound_of("投诉")[0])


def test_syllables_are_chinese_characters() -> None:
    assert syllable_count("找12315吧") == 2

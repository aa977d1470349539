"""Spoken numbers as digits."""

import pytest

from pipeline.text.numbers import digit_form, number_value

VALUES = [("十五", 15), ("二十", 20), ("三百零五", 305), ("三百五", 350), ("一万二", 12_000), ("两千四", 2_400)]
VALUES += [("一千零五十", 1_050), ("一百二十万", 1_200_000), ("一亿二", 120_000_000), ("三万五千六", 35_600)]


@pytest.mark.parametrize(("spoken", "value"), VALUES)
def test_value(spoken: str, value: int) -> None:
    assert number_value(spoken) == value


@pytest.mark.parametrize("text", ["", "等一下", "万一呢", "千万别", "十分抱歉", "一样的", "13800"])
def test_words_that_are_no_numbers_stay(text: str) -> None:
    assert digit_form(text) is None


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("手机幺三八零零", "手机13800"),
        ("百分之百", "100%"),
        ("百分之三点五", "3.5%"),
        ("一点二个g", "1.2个g"),
        ("三天,二十块", "3天,20块"),
        ("八点三十", "八点30"),
        ("尾号四个零", "尾号0000"),
    ],
)
def test_digit_form(text: str, digits: str) -> None:
    form = digit_form(text)
    assert form is not None
    assert form.text == digits


def test_offsets_of_a_whole_number_and_of_single_digits() -> None:
    form = digit_form("退一万二,尾号三五")
    assert form is not None
    assert form.text == "退12000,尾号35"
    assert form.original_span(1, 6) == (1, 4)
    assert form.original_span(9, 10) == (7, 8)

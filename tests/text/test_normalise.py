"""Normal form and the way back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.normalise import normalise

CASES = [
    pytest.param("", "", id="empty"),
    pytest.param("我要投訴", "我要投诉", id="traditional"),
    pytest.param("乾隆的乾淨", "乾隆的干净", id="traditional in its phrase"),
    pytest.param("ＶＩＰ，ｏｋ？", "vip,ok?", id="full width"),
    pytest.param("您 好  先生", "您好先生", id="blanks between Chinese"),
    pytest.param("用 5G 套餐", "用5g套餐", id="blanks beside Chinese"),
    pytest.param("hello   world", "hello world", id="one blank between words"),
    pytest.param(" 您好\t", "您好", id="blanks at the edges"),
    pytest.param("验\u200b证\ufeff码", "验证码", id="zero width"),
    pytest.param("e\u0301a", "\u00e9a", id="combining mark"),
    pytest.param("10㎡", "10m2", id="one character becomes two"),
    pytest.param("好……", "好……", id="ellipsis stays"),
    pytest.param("您好\n \n再见", "您好\n\n再见", id="line breaks stay"),
    pytest.param("\n\n", "\n\n", id="empty lines stay"),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_normal_form(text: str, expected: str) -> None:
    assert normalise(text).text == expected


@pytest.mark.parametrize(
    ("text", "find", "original"),
    [
        pytest.param("我 要 投訴！", "投诉", "投訴", id="blanks before"),
        pytest.param("我要 投 訴", "投诉", "投 訴", id="blank inside"),
        pytest.param("要10㎡的", "m2", "㎡", id="expanded"),
        pytest.param("把e\u0301写对", "é", "e\u0301", id="composed"),
        pytest.param("ＡＢ", "b", "Ｂ", id="full width"),
    ],
)
def test_offsets_lead_back_to_the_original(text: str, find: str, original: str) -> None:
    normal = normalise(text)
    start = normal.text.index(find)
    first, last = normal.original_span(start, start + len(find))
    assert text[first:last] == original


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_every_character_comes_from_the_original_in_order(text: str) -> None:
    normal = normalise(text)
    assert len(normal.starts) == len(normal.ends) == len(normal.text)
    for index, (start, end) in enumerate(zip(normal.starts, normal.ends, strict=True)):
        assert 0 <= start < end <= len(text)
        # Two characters of one original share it; all others follow each other.
        if index:
            assert (start, end) == (normal.starts[index - 1], normal.ends[index - 1]) or start >= normal.ends[index - 1]
    assert normal.text.count("\n") == text.count("\n")


@given(st.text(alphabet="您好投訴乾ＶＩ５aB1 　\n\t\u200b…，。？㎡", max_size=40))
def test_normal_form_of_normal_form_is_itself(text: str) -> None:
    once = normalise(text).text
    assert normalise(once).text == once

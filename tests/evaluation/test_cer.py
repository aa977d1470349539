"""Character error rate: what counts, how numbers are read, which errors are homophones."""

import pytest

from pipeline.evaluation.cer import CharacterErrors, character_errors, total_errors


@pytest.mark.parametrize(
    ("said", "written", "expected"),
    [
        pytest.param("", "", CharacterErrors(), id="nothing said, nothing written"),
        pytest.param("", "您好", CharacterErrors(inserted=2), id="nothing said"),
        pytest.param("您好", "", CharacterErrors(said=2, deleted=2), id="nothing written"),
        pytest.param("您好，请讲。", "您好 请讲", CharacterErrors(said=4), id="punctuation is not spoken"),
        pytest.param("后四位", "後四位", CharacterErrors(said=3), id="traditional is the same"),
        pytest.param("ＶＩＰ卡", "vip卡", CharacterErrors(said=4), id="full width and case are the same"),
        pytest.param("核实", "合适", CharacterErrors(said=2, substituted=2, homophones=2), id="homophones, tone apart"),
        pytest.param("来电", "来订", CharacterErrors(said=2, substituted=1), id="no homophone"),
        pytest.param("您好请讲", "您请讲啊", CharacterErrors(said=4, deleted=1, inserted=1), id="lost and invented"),
        pytest.param("一零二三", "1023", CharacterErrors(said=4), id="digits read out"),
        pytest.param("幺三八零零", "13800", CharacterErrors(said=5), id="幺 is 1"),
        pytest.param("五千六百二十元", "5620元", CharacterErrors(said=7), id="a cardinal"),
        pytest.param("五千六百二十元", "5,620元", CharacterErrors(said=7), id="a cardinal in groups"),
        pytest.param("一万零五", "10005", CharacterErrors(said=4), id="a cardinal with a gap"),
        pytest.param("十二点", "12点", CharacterErrors(said=3), id="twelve"),
        pytest.param("两次", "2次", CharacterErrors(said=2), id="两 is 2"),
        pytest.param("百分之八", "8%", CharacterErrors(said=4), id="per cent"),
        pytest.param("百分之百", "100%", CharacterErrors(said=4, substituted=0, inserted=1), id="一百 has one more"),
        pytest.param("一零二三", "1024", CharacterErrors(said=4, substituted=1), id="a wrong digit is wrong"),
        pytest.param("一三八零零一三八零零零", "1380013800", CharacterErrors(said=11, deleted=1), id="a lost digit"),
        pytest.param(
            "尾号一二，共十二元", "尾号12,共12元", CharacterErrors(said=8), id="each number in its own reading"
        ),
    ],
)
def test_errors(said, written, expected):
    assert character_errors(said, written) == expected


def test_rates_are_pooled():
    parts = [CharacterErrors(said=90, substituted=9), CharacterErrors(said=10, deleted=1, inserted=10)]
    # (9 + 1 + 10) / 100, not the mean of 0.1 and 1.1
    assert total_errors(parts).rate == 0.2


def test_a_rate_of_nothing_is_undefined():
    assert total_errors([]).rate is None
    assert CharacterErrors(inserted=3).rate is None

"""What an expression needs, and which may run without a time limit."""

import pytest

from rules.patterns import Pattern, PatternError

NEEDLES = [
    ("不(?:知道|清楚)", {"不知道", "不清楚"}),
    ("(?:请|麻烦).{0,6}验证码(?:告诉|报给)我", {"验证码告诉我", "验证码报给我"}),
    ("ＶＩＰ客戶？", {"vip客户"}),
    ("没[,，]?办法", {"没办法", "办法"}),
    ("投诉.*曝光了", {"曝光了"}),
    ("(?<!不)保证", {"保证"}),
    ("12315投诉", {"投诉"}),
    ("百分之\\d+以上", {"百分之"}),
    ("[一二]号", {"一号", "二号"}),
    ("投诉?", {"投", "投诉"}),
]


@pytest.mark.parametrize(("source", "needles"), NEEDLES)
def test_needles(source: str, needles: set[str]) -> None:
    assert Pattern(source).needles == needles


@pytest.mark.parametrize("source", ["\\d{6}", "[一-鿿]{3,}", "投诉|.{5}", "(?:投诉)*", "12315"])
def test_expressions_without_needles(source: str) -> None:
    assert Pattern(source).needles is None


@pytest.mark.parametrize("source", ["(a+)+b", "(?:a|aa)+b", "(?:.{1,9}){2,9}x", ".*投诉.*曝光.*"])
def test_explosive_expressions_are_bounded(source: str) -> None:
    assert not Pattern(source).is_safe


@pytest.mark.parametrize("source", ["不(?:知道|清楚)", "请.{0,8}验证码.{0,8}(?:告诉|报)", "投诉.*"])
def test_plain_expressions_are_safe(source: str) -> None:
    assert Pattern(source).is_safe


@pytest.mark.parametrize("source", ["", "(", "a{3,1}", "(?<=a*)b", "(?P<x>a)(?P<x>b)", "\\p{Han}"])
def test_refused(source: str) -> None:
    with pytest.raises(PatternError):
        Pattern(source)

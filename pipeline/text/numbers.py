"""Spoken numbers written as digits: 幺三八零零 → 13800, 一万二 → 12000, 百分之八 → 8%."""

import re
from collections.abc import Iterator

from pipeline.text.normalise import NormalisedText

_DIGITS = {
    "零": 0,
    "〇": 0,
    "幺": 1,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_D = "零〇幺一二两三四五六七八九"
_COUNTED = "元块毛角折天月号日年倍次岁"
"""What a single spoken digit must count to be a number: 一下 and 一样 are none."""
_SPOKEN = re.compile(
    rf"百分之(?P<percent>百|[{_D}十百千万]+(?:点[{_D}]+)?)"
    rf"|(?P<repeated>[两二三四五六](?=个[{_D}](?![{_D}])))个[{_D}](?!月)"
    rf"|(?P<decimal>[{_D}十百千]+点[{_D}]+(?![十百千万{_D}]))"
    rf"|(?P<amount>(?:[{_D}][{_D}]*[十百千万亿]|十(?=[{_D}]))[{_D}十百千万亿]*)"
    rf"|(?P<digits>[{_D}]{{2,}})"
    rf"|(?P<single>[{_D}十])(?=[{_COUNTED}]|个月|小时|分钟|秒|点钟|个工作日)"
)


def digit_form(text: str) -> NormalisedText | None:
    """``text``, in normal form, with its spoken numbers as digits; ``None`` where it has none.

    Offsets lead back to ``text``. Digits read out one by one stay one by one; a number with units is one whole.

    >>> digit_form("我的手机是幺三八零零").text, digit_form("退一万二,百分之八").text
    ('我的手机是13800', '退12000,8%')
    """
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for written, first, last in _numbers(text):
        pieces += (text[done:first], written)
        starts.extend(range(done, first))
        ends.extend(range(done + 1, first + 1))
        if len(written) == last - first:
            starts.extend(range(first, last))
            ends.extend(range(first + 1, last + 1))
        else:
            starts.extend([first] * len(written))
            ends.extend([last] * len(written))
        done = last
    if not pieces:
        return None
    starts.extend(range(done, len(text)))
    ends.extend(range(done + 1, len(text) + 1))
    return NormalisedText("".join((*pieces, text[done:])), starts, ends)


def _numbers(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _SPOKEN.finditer(text):
        spoken = match.group()
        if match.lastgroup == "percent":
            share = match.group("percent")
            written = ("100" if share == "百" else _decimal(share)) + "%"
        elif match.lastgroup == "decimal":
            written = _decimal(spoken)
        elif match.lastgroup == "repeated":
            written = str(_DIGITS[spoken[-1]]) * _DIGITS[spoken[0]]
        elif match.lastgroup == "digits":
            written = "".join(str(_DIGITS[character]) for character in spoken)
        else:
            written = str(number_value(spoken))
        yield written, match.start(), match.end()


def _decimal(spoken: str) -> str:
    whole, point, fraction = spoken.partition("点")
    return str(number_value(whole)) + ("." + "".join(str(_DIGITS[c]) for c in fraction) if point else "")


def number_value(spoken: str) -> int:
    """The value of a spoken whole number.

    >>> number_value("一万二"), number_value("三百零五"), number_value("两千四"), number_value("一百二十万")
    (12000, 305, 2400, 1200000)
    """
    total = section = digit = 0
    unit, read = 1, ""
    for character in spoken:
        if character in _DIGITS:
            digit = digit * 10 + _DIGITS[character] if read == "digit" else _DIGITS[character]
            unit = 1 if character in "零〇" else unit
            read = "digit"
            continue
        read = "unit"
        if character in _UNITS:
            unit = _UNITS[character]
            section += (digit or 1) * unit
        else:
            unit = 10_000 if character == "万" else 100_000_000
            total = (total + section + digit) * unit
            section = 0
        digit = 0
    # 一万二 is 12,000: a last digit without its unit is of the next lower one. After 零 it is just itself.
    if digit < 10 and unit > 10:
        digit *= unit // 10
    return total + section + digit

"""Digits as they are said: runs of them, with pauses, 三个八, pairs and 一百三十八, without amounts and times."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.domain.calls import Role
from pipeline.privacy.find_said import Said
from pipeline.text.numbers import number_value

DIGIT = "零〇幺一二两三四五六七八九妖"
_VALUES = {"零": 0, "〇": 0, "幺": 1, "妖": 1, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4}
_VALUES |= {"五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_AS_DIGITS = str.maketrans({spoken: str(value) for spoken, value in _VALUES.items()})
_LITTLE_ELSE = {
    "零": "〇灵铃凌玲林领洞", "一": "腰夭壹医衣依", "二": "贰尔耳", "三": "叁仨散伞", "四": "肆斯司寺",
    "五": "伍午舞武吴捂", "六": "陆遛溜柳", "七": "柒妻漆戚拐", "八": "捌拔扒叭疤", "九": "玖酒久勾钩韭",
}  # fmt: skip
"""Words of the sound of a digit that stand beside digits for little else."""
_EVERYDAY = {
    "一": "要",
    "二": "而儿",
    "三": "山",
    "四": "是事试死",
    "五": "无",
    "六": "留流",
    "七": "起期",
    "八": "吧把",
    "九": "就",
}
_MISHEARD = {word: digit for words in (_LITTLE_ELSE, _EVERYDAY) for digit, alike in words.items() for word in alike}
LITTLE_ELSE = "".join(_LITTLE_ELSE.values())
_ALIKE = rf"\d{DIGIT}{''.join(_LITTLE_ELSE.values())}"
_NO_UNIT = "(?![十百千万年月块元点个天号岁])"
_SLIP = re.compile(
    rf"[{''.join(_EVERYDAY.values())}](?:(?<=[\d{DIGIT}]{{4}}.)(?=[\d{DIGIT}]{_NO_UNIT})"
    rf"|(?<=[\d{DIGIT}]{{3}}[^是就])(?=[\d{DIGIT}]{{2}}{_NO_UNIT})"
    rf"|(?<=[\d{DIGIT}]{{6}}[期留流山])(?=\n|$)|(?<=[\d{DIGIT}]要)(?=[{_ALIKE}]{{2}})"
    rf"|(?<=要)(?=[3-9三四五六七八九][{_ALIKE}]{{2}}[{_ALIKE}要]{{6,7}}(?![\d{DIGIT}]))"
    rf"|(?<![一-鿿].)(?=[3-9三四五六七八九][{_ALIKE}],[{_ALIKE}]{{4}},[{_ALIKE}]{{4}}))"
    rf"|[{''.join(_LITTLE_ELSE.values())}](?:(?<=[{_ALIKE}]{{2}}.)(?=[{_ALIKE}]{_NO_UNIT})"
    rf"|(?<=[{_ALIKE}].)(?=[{_ALIKE}]{{2}}{_NO_UNIT})"
    rf"|(?<=[\d{DIGIT}]{{2}}.)(?=[,、 ]+[{_ALIKE}]{{2}}|[,.。?!、 ]*(?:\n|$|后面|完了|然后))|"
    rf"(?<=后面.)(?=[{_ALIKE}]{{3}})"
    rf"|(?<=[{_ALIKE}][,、 ].)(?=[{_ALIKE}]{{2}})|(?<=[\d{DIGIT}].)(?=,[{_ALIKE}]{{3}})"
    rf"|(?<![一-鿿].)(?=[\d{DIGIT}]{{2}}[{_ALIKE}]{{3}}))"
)
"""A digit that was recognised as a word of the same sound, within a long number."""

_PLACES = "十百千万亿"
_CLUSTER = re.compile(rf"[\d{DIGIT}{_PLACES}](?:个?[\d{DIGIT}{_PLACES}])*x?(?![a-z])")
_TOKEN = re.compile(
    rf"(?P<repeat>[2-8两二三四五六七八]个[\d{DIGIT}])(?![个十百千万亿])"
    rf"|(?P<large>[\d{DIGIT}十百千]*[万亿][\d{DIGIT}十百千万亿]*)"
    r"|"
    r"(?P<amount>(?:[一二两三四五六七八九]千零?)?(?:[一二两三四五六七八九]百零?)?[一二三四五六七八九]?十[一二三四五六七八九]?"
    r"|(?:[一二两三四五六七八九]千零?)?[一二两三四五六七八九]百(?:零?[一二三四五六七八九])?|[一二两三四五六七八九]千)"
    rf"|(?P<arabic>(?:\d(?!个[\d{DIGIT}]))+x?)"
    rf"|(?P<han>(?:[{DIGIT}](?!个[\d{DIGIT}]|[十百千万亿]))+x?)"
    r"|(?P<other>.)"
)
_FILLER = (
    "嗯|呃|额|哎|诶|啊|哦|噢|那个|然后|后面|后头|后边|再|接着|中间|最后|下面|对|斜?杠|空格|就是|是|来|"
    "这个|完了|还有|and|uh|um|then"
)
_GAP = re.compile(rf"(?:(?<=[ ,])[a-z](?=[ ,])|[ ,.、·…\-~—\"'()/。:]|{_FILLER})*")
_LONGEST_GAP = 12
_DIGITS_OF_PAIRS = 9
"""A run with 十 or 百 in it is a number read in pairs (十三, 九七 …) from so many digits on, else an amount."""
MEASURE = re.compile(
    "[块元毛角分钱天月日年岁点时秒次倍折成%米斤克兆位条张件台套份箱楼层栋幢座室期步遍页级人口只间晚集度寸升毫名家盒瓶本种款笔通回趟"
    "下些样起直定般共旦切律颗朵本片枚届把号栏岁路弄巷场顿句声门院组公线字]"
    "|个(?!零)|小时|单元|工作日|会儿|边|方面|手(?!机)|来(?!电|着)|部分|百|平|室|线|gb?(?![a-z])|mb?(?![a-z])|kg|天"
)
_ORDINAL = re.compile("(?:第|周|星期|礼拜|初|满|减|差|每|近|约|百分之|立减|返|送|前|上)$")
_ENGLISH = {
    word: str(value)
    for value, word in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
}
_ENGLISH |= {"oh": "0", "o": "0"}
_TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ENGLISH |= {word: str(value) for value, word in enumerate(_TEENS, 10)}
_ENGLISH |= {word: str(10 * value) for value, word in enumerate(_TENS, 2)}
_ENGLISH_DIGIT = re.compile(
    rf"(?<![a-z])(?:(double|triple)[ -])?({'|'.join(_ENGLISH)})(?:(?<=ty)[- ](one|two|three|four|five|six|seven|"
    rf"eight|nine))?"
    rf"( hundred)?(?![a-z'])"
)
_ENGLISH_UNIT = re.compile(
    r"[ -](?:percent|dollars?|bucks|pounds?|euros?|cents?|minutes?|hours?|days?|weeks?|months?|years?|a\.?m|p\.?m|"
    r"o'clock|degrees|"
    r"miles|people|times|points?|stars?|thousand|million|hundred|books?|of|to|or|tablets?|milligrams?|past|quarter|"
    r"items?|digits?|numbers?|letters?|(?:fir|seco|thi)[a-z]+|[a-z]+th)(?![a-z])"
)
_LATIN = re.compile("[a-z]{3} ")
OTHER_FIGURES = re.compile(
    r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])|(?<!\d)\d{1,2}:\d\d(?::\d\d)?(?!\d)"
    r"|(?<!\d)(?:19|20)\d\d[/.\-]\d{1,2}[/.\-]\d{1,2}(?!\d)|\d{1,6}\*{2,}\d{0,6}"
    r"|(?<![\d,])\d{1,3},\d{3}(?![\d,])"
)
"""Network addresses, times, days, and numbers of which somebody has masked the middle."""
_MARKED = re.compile(r"\d[.:/*,\-]")
"""What all of them have, sooner looked for than they."""
_DECIMAL = re.compile(r"\d{1,6}\.\d{1,2}(?!\d)")


class Piece(NamedTuple):
    """Digits said without a word between them."""

    start: int
    end: int
    digits: str
    amount: bool = False
    """Whether they were said as a number with 十, 百 or 千."""


class Run(NamedTuple):
    """Digits that one party says in one turn, with nothing but pauses and fillers between them."""

    pieces: tuple[Piece, ...]
    turn: int
    role: Role
    digits: str
    """All digits; ``x`` may close them."""

    @property
    def start(self) -> int:
        """Where the first digit stands."""
        return self.pieces[0].start

    @property
    def end(self) -> int:
        """Where the last digit ends."""
        return self.pieces[-1].end


def digits_of(spoken: str) -> str:
    """``spoken`` with Chinese digits written as 0 to 9.

    >>> digits_of("二三零幺"), digits_of("2301")
    ('2301', '2301')
    """
    return spoken.translate(_AS_DIGITS)


def slips_mended(text: str) -> str:
    """``text`` with the digits that were recognised as words of the same sound; as long as before.

    >>> slips_mended("一三八零零一二三四无六")
    '一三八零零一二三四五六'
    """
    return _SLIP.sub(lambda match: _MISHEARD[match.group()], text)


def digit_runs(said: Said, text: str) -> list[Run]:
    """The runs of digits of a call, in order. ``text`` is that of ``said`` with its slips mended."""
    if any(mark in text for mark in ".:/*") and _MARKED.search(text) is not None:
        text = OTHER_FIGURES.sub(lambda match: "\ufffc" * len(match.group()), text)
    runs: list[Run] = []
    pieces: list[Piece] = []
    spoken = [*_pieces(text), *_english_pieces(text)]
    for piece, counted in sorted(spoken):
        if pieces and (counted or not _goes_on(text, pieces[-1].end, piece.start)):
            runs.append(_run(said, pieces))
            pieces = []
        if not counted:
            pieces.append(piece)
    if pieces:
        runs.append(_run(said, pieces))
    return [run for run in runs if len(run.digits) > 1 and not _is_amount(run)]


def _run(said: Said, pieces: list[Piece]) -> Run:
    turn = said.turn_at(pieces[0].start)
    return Run(tuple(pieces), turn, said.turns[turn].role, "".join([piece.digits for piece in pieces]))


def _is_amount(run: Run) -> bool:
    return len(run.digits) < _DIGITS_OF_PAIRS and any(piece.amount for piece in run.pieces)


def _goes_on(text: str, end: int, start: int) -> bool:
    between = text[end:start]
    return len(between) <= _LONGEST_GAP and "\n" not in between and _GAP.fullmatch(between) is not None


def _pieces(text: str) -> Iterator[tuple[Piece, bool]]:
    """Each token of digits, and whether it counts something."""
    for cluster in _CLUSTER.finditer(text):
        first, last = cluster.span()
        if last - first == 1 and text[first] not in _PLACES:
            yield Piece(first, last, digits_of(text[first])), _counts(text, first, last, 1)
            continue
        for token in _TOKEN.finditer(text, first, last):
            said = token.group()
            start, end = token.span()
            digits, counted = "", False
            if token.lastgroup == "repeat":
                digits = digits_of(said[-1]) * int(digits_of(said[0]))
            elif token.lastgroup == "amount":
                digits = str(number_value(said.replace("妖", "一")))
                counted = end < last and text[end] == "个"
            elif token.lastgroup in ("arabic", "han"):
                digits = digits_of(said)
            else:
                digits, counted = said, True
            yield (
                Piece(start, end, digits, token.lastgroup == "amount"),
                counted or (len(digits) < 7 and _counts(text, start, end, len(digits))),
            )


def _english_pieces(text: str) -> Iterator[tuple[Piece, bool]]:
    if " " in text and _LATIN.search(text) is not None:
        for match in _ENGLISH_DIGIT.finditer(text):
            times = {"double": 2, "triple": 3}.get(match[1], 1)
            digits = _ENGLISH[match[2]] * times
            if match[3]:
                digits = digits[0] + _ENGLISH[match[3]]
            digits += "00" if match[4] else ""
            yield Piece(match.start(), match.end(), digits), _ENGLISH_UNIT.match(text, match.end()) is not None


def _counts(text: str, start: int, end: int, length: int) -> bool:
    if MEASURE.match(text, end):
        return (
            text[end : end + 2] not in ("号码", "位数")
            and not (length > 2 and text.startswith("号的", end))
            and not text.startswith("点com", end)
        )
    if length <= 3 and _ORDINAL.search(text[max(0, start - 3) : start]):
        return True
    figures = text[start].isdecimal() and _DECIMAL.match(text, start) is not None
    return figures or (text[max(0, start - 1)] == "." and text[max(0, start - 2)].isdigit())

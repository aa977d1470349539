"""Dates of birth: dates where birth or age is spoken of, and full dates of long ago that nothing else explains."""

import re
from collections.abc import Iterator, Sequence

from pipeline.domain.personal import PersonalKind
from pipeline.privacy.find_cues import Cue, Heard
from pipeline.privacy.find_digits import DIGIT, digits_of
from pipeline.privacy.find_said import Found, Said
from pipeline.text.numbers import number_value

_N = rf"[\d{DIGIT}]"
_YEAR = rf"(?:{_N}{{4}}年|{_N}{{2}}年|(?:去|前|今|大前)年(?=.{{1,3}}月))"
_MONTH = rf"(?:闰?(?:[\d{DIGIT}]{{1,2}}|十[一二]?|腊|正|冬)月(?:份)?)"
_DAY = (
    rf"(?:[一二三]?十[一二三四五六七八九]?|初[一二三四五六七八九十]|廿[一二三四五六七八九]?|[\d{DIGIT}]{{1,2}}|底|初|中旬)[号日]?"
)
_FEAST = "(?:的?(?:五一|十一|国庆|元旦|春节|中秋|除夕|大年三十|年三十|端午|元宵|正月|[一-鿿]{2}节)(?:那天|节)?)"
_DATE = re.compile(
    rf"(?<!{_N})(?:19|20|一九|二零)[\d{DIGIT}]{{2}},?{_MONTH}(?:,?{_DAY})?|{_YEAR}(?:,?{_FEAST}|[的,]{{0,2}}(?:农历|阴历|阳历|公历)?{_MONTH}(?:,?{_DAY})?)?|{_MONTH},?{_DAY}|(?<!{_N}){_N}{{8}}(?!{_N})|"
    rf"(?<!{_N})(?:19|20)?\d\d[ ./,\-]{{1,2}}\d{{1,2}}[ ./,\-]{{1,2}}\d{{1,2}}(?!{_N})|"
    rf"(?<!{_N}){_N}{{4}}[ ./,\-]{_N}{{1,2}}[ ./,\-]{_N}{{1,2}}(?!{_N})"
)
_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december|"
    "(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)(?![a-z])"
)
_SPOKEN = (
    "oh|o|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|"
    "seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|"
    "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|"
    "fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth"
)
_ENGLISH = re.compile(
    rf"(?<![a-z])(?:the )?(?:{_MONTHS}|{_SPOKEN}|\d{{1,4}}(?:st|nd|rd|th)?)(?![a-z\d])"
    rf"(?:[ ,/.\-]+(?:the |of |of the )?(?:{_MONTHS}|{_SPOKEN}|\d{{1,4}}(?:st|nd|rd|th)?)(?![a-z\d])){{1,8}}"
)
_BORN = re.compile(
    rf"是(?<=[我他她您你子女儿爸妈人婆公奶爷姐哥弟妹]是)({_YEAR},?(?:{_FEAST}|{_MONTH}(?:,?{_DAY})?)?)"
    rf"(?=的(?:[,。.!?吧吗呢啊\n]|$)|生的?|出生|生人)"
)
_BORN_IN = re.compile(rf"[我他她娃妈爸](?:就是)?({_YEAR},?{_MONTH}(?:,?{_DAY})?)(?=的(?:[,。.!?\n属]|$))")
_TODAY = ("今天", "现在", "明天", "今天是")
_BORN_ON = re.compile(rf"({_YEAR},?(?:{_FEAST}|{_MONTH}(?:,?{_DAY})?)?),?(?:那天|那年)?(?:出生|生的|生人|出世)")
_FULL = re.compile(rf"({_N}{{4}}|{_N}{{2}})年,?{_MONTH},?{_DAY}|(?<!{_N}){_N}{{8}}(?!{_N})")
_OF_MONTH = re.compile(rf"(?<![一-鿿])({_YEAR},?{_MONTH}(?:,?{_DAY})?)的?(?=[,。.?!\n]|$)")
_OF_AGE = re.compile("(?<!发)(?<!产)生日|出生|生于|属[鼠牛虎兔龙蛇马羊猴鸡狗猪]|岁|阴历|农历|阳历|公历|年纪|年龄|多大|满月|过生")
_ELSEWHERE = re.compile(
    "入职|开户|[买购签办订开注装建领]|毕业|结婚|工作|成立|入党|入伍|离职|生效|投保|起保|到期|开始|通车|发布|上线|登记|出厂|有效|"
    "贷|下单|消费|缴|交|扣|来的|用了|保修|合同|注册|期|截止|活动|预约|上牌|年检|过户|迁|搬|住院|手术"
)
_THE_MONTH = re.compile(r"([一二三四五六七八九十\d]{1,2}|[腊正冬])月")
_QUESTION = re.compile("[?几哪什么多少吗呢报说填a-z]|(?:日期|年月日?|生日|出生|生于)[,。.]?$")
_REACH = 24
_ASK_REACH = 60
_AROUND = 14
_REPEAT_TURNS = 3
_OLDEST, _YOUNGEST = 20, 8
"""Years of two digits of which a full date is somebody's birth: from 1920 up to 2008."""


def find_births(said: Said, heard: Sequence[Heard]) -> Iterator[Found]:
    """The dates after a word for birth, in its turn or in the next, and years that somebody is of."""
    text = said.text
    found: list[tuple[int, int]] = []
    for word in heard:
        if word.cue is Cue.BIRTH_DATE:
            found += _after(text, word)
    found += (match.span(1) for form in (_BORN, _BORN_IN, _BORN_ON) for match in form.finditer(text))
    found += (match.span() for match in _FULL.finditer(text) if _is_of_long_ago(text, match))
    found += (match.span(1) for match in _OF_MONTH.finditer(text) if _speaks_of_age(text, match))
    found += _repeated(said, found)
    for start, end in found:
        yield Found(start, end, PersonalKind.BIRTH_DATE, re.sub("[ ,./-]", "", text[start:end]))


def _after(text: str, word: Heard) -> Iterator[tuple[int, int]]:
    line = text.find("\n", word.end)
    own = line if line >= 0 else len(text)
    following = text.find("\n", own + 1)
    stop = following if following >= 0 else len(text)
    for form in (_DATE, _ENGLISH):
        for match in form.finditer(text, word.end, min(own, word.end + 2 * _REACH)):
            if match.start() <= word.end + _REACH and not text.endswith(_TODAY, 0, match.start()):
                yield match.span()
        asked = _QUESTION.search(text, word.start - _AROUND if word.start > _AROUND else 0, own) is not None
        for match in form.finditer(text, own, min(stop, own + _ASK_REACH)):
            if not text.endswith(_TODAY, 0, match.start()) and (asked or _year_of(match.group())):
                yield match.span()


def _is_of_long_ago(text: str, match: re.Match[str]) -> bool:
    """Whether a full date is of birth: of a year that people are of, or age is spoken of, and nothing else happened."""
    line = text.rfind("\n", 0, match.start()) + 1
    stop = text.find("\n", match.end())
    around = text[max(line, match.start() - _AROUND) : match.start()] + "\n"
    around += text[match.end() : min(stop if stop >= 0 else len(text), match.end() + _AROUND)]
    if _OF_AGE.search(around) is not None:
        return True
    digits = digits_of(match[1] or match.group()[:4])
    if not digits.isdecimal():
        return False
    year = int(digits) if len(digits) == 4 else int(digits) + (1900 if int(digits) >= _OLDEST else 2000)
    if match[1] is None and not _is_day(digits_of(match.group())):
        return False
    return 1900 + _OLDEST <= year <= 2000 + _YOUNGEST and _ELSEWHERE.search(around) is None


def _speaks_of_age(text: str, match: re.Match[str]) -> bool:
    """Whether age is spoken of around a year and month that stand alone."""
    around = text[max(0, match.start() - _AROUND) : match.end() + _AROUND]
    return _OF_AGE.search(around) is not None and _ELSEWHERE.search(around) is None


def _is_day(digits: str) -> bool:
    return digits.isdecimal() and 1 <= int(digits[4:6]) <= 12 and 1 <= int(digits[6:8]) <= 31


def _repeated(said: Said, found: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The dates of the same year that are said in the turns after a date of birth."""
    text = said.text
    for start, end in found:
        year, month = _year_of(text[start:end]), _month_of(text[start:end])
        stop = end
        for _ in range(_REPEAT_TURNS):
            line = text.find("\n", stop + 1)
            stop = line if line >= 0 else len(text)
        for again in _DATE.finditer(text, end, stop):
            same_year, same_month = _year_of(again.group()), _month_of(again.group())
            if (same_year is not None and same_year == year) or (same_year is None and same_month and same_month == month):
                yield again.span()


def _year_of(date: str) -> str | None:
    head, mark, _ = date.partition("年")
    digits = digits_of(head)
    return digits[-2:] if mark and digits.isdecimal() else None


def _month_of(date: str) -> str | None:
    match = _THE_MONTH.search(date)
    return str(number_value(match[1])) if match is not None and match[1] not in "腊正冬" else None

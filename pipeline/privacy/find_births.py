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
    rf"(?:[一二三]?十[一二三四五六七八九]?|初[一二三四五六七八九十]|廿[一二三四五六七八九]?|"
    rf"[\d{DIGIT}]{{1,2}}|底|初|中旬)[号日]?"
)
_FEAST = "(?:的?(?:五一|十一|国庆|元旦|春节|中秋|除夕|大年三十|年三十|端午|元宵|正月|[一-鿿]{2}节)(?:那天|节)?)"
_DATE = re.compile(
    rf"(?<!{_N})(?:19|20|一九|二零)[\d{DIGIT}]{{2}},?{_MONTH}(?:,?{_DAY})?|{_YEAR}(?:[一-鿿]年)?(?:,?{_FEAST}|"
    rf"[的,]{{0,2}}(?:农历|阴历|阳历|公历)?{_MONTH}(?:,?{_DAY})?)?|{_MONTH},?{_DAY}|(?<!{_N}){_N}{{8}}(?!{_N})|"
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
    rf"(?:[ ,/.\-]+(?:the |of |of the |and )?(?:{_MONTHS}|{_SPOKEN}|\d{{1,4}}(?:st|nd|rd|th)?)(?![a-z\d])){{1,8}}"
)
_BORN = re.compile(
    rf"是(?<=[我他她您你子女儿爸妈人婆公奶爷姐哥弟妹]是)({_YEAR},?(?:{_FEAST}|{_MONTH}(?:,?{_DAY})?)?)"
    rf"(?=的(?:[,。.!?吧吗呢啊\n]|$)|生的?|出生|生人)"
)
_BORN_IN = re.compile(rf"[我他她娃妈爸](?:就是)?({_YEAR},?{_MONTH}(?:,?{_DAY})?)(?=的(?:[,。.!?\n属]|$))")
_ON = re.compile(rf"({_MONTH},?{_DAY})的?$")
_OTHER_BIRTHS = frozenset("发产学先医女男陌人卫新滋衍再派花养")
"""Before 生的: words of something else, as in 发生的 and 先生的."""
_TODAY = ("今天", "现在", "明天", "今天是")
_BORN_ON = re.compile(
    rf"({_YEAR}(?:[一-鿿]年)?,?(?:{_MONTH})?(?:{_FEAST}|{_DAY})?),?(?:那天|那年)?(?:出生|生的|"
    rf"生人|出世|的?生日)"
)
_ENDS = ("生的", "出生", "生人", "出世", "生日")
_FULL = re.compile(rf"年(?<={_N}{{2}}年),?{_MONTH},?{_DAY}")
_YEAR_BEFORE = re.compile(rf"{_N}+$")
_OF_MONTH = re.compile(rf"年(?<={_N}{{2}}年),?{_MONTH}(?:,?{_DAY})?(?=的?(?:[,。.?!\n]|$))")
_OF_AGE = re.compile(
    "(?<!发)(?<!产)生日|出生|生于|属[鼠牛虎兔龙蛇马羊猴鸡狗猪]|岁|阴历|农历|阳历|公历|年纪|年龄|多大|满月|过生"
)
_ELSEWHERE = re.compile(
    "入职|开户|[买购签办订开注装建领]|毕业|结婚|工作|成立|入党|入伍|离职|生效|投保|起保|到期|开始|通车|发布|上线|"
    "登记|出厂|有效|"
    "贷|下单|消费|缴|交|扣|来的|用了|保修|合同|注册|期|截止|活动|预约|上牌|年检|过户|迁|搬|住院|手术"
)
_THE_MONTH = re.compile(r"([一二三四五六七八九十\d]{1,2}|[腊正冬])月")
_QUESTION = re.compile("[?几哪什么多少吗呢报说填a-z]|(?:日期|年月日?|生日|出生|生于)[,。.]?$")
_REACH = 24
_BESIDE = 8
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
        if word.cue is Cue.BIRTH_DATE and text[max(0, word.start - 1) : word.start] not in _OTHER_BIRTHS:
            found += _after(text, word)
            if (before := _ON.search(text, max(0, word.start - 9), word.start)) is not None:
                found.append(before.span(1))
    if "年" in text:
        born = (_BORN, _BORN_IN, _BORN_ON) if any(word in text for word in _ENDS) else (_BORN, _BORN_IN)
        found += (match.span(1) for form in born for match in form.finditer(text))
        found += _unannounced(text)
    found += _repeated(said, found)
    for start, end in found:
        yield Found(start, end, PersonalKind.BIRTH_DATE, re.sub("[ ,./-]", "", text[start:end]))


def _after(text: str, word: Heard) -> Iterator[tuple[int, int]]:
    line = text.find("\n", word.end)
    own = line if line >= 0 else len(text)
    following = text.find("\n", own + 1)
    stop = following if following >= 0 else len(text)
    for form in (_DATE, _ENGLISH):
        for match in form.finditer(text, word.end, min(own, word.end + 3 * _REACH)):
            if match.start() <= word.end + _REACH and not text.endswith(_TODAY, 0, match.start()):
                yield match.span()
        asked = _QUESTION.search(text, word.start - _AROUND if word.start > _AROUND else 0, own) is not None
        for match in form.finditer(text, own, min(stop, own + _ASK_REACH)):
            if not text.endswith(_TODAY, 0, match.start()) and (asked or _year_of(match.group())):
                yield match.span()


def _unannounced(text: str) -> Iterator[tuple[int, int]]:
    """Full dates of years that people are of, and dates with a month where age is spoken of: nothing else happened."""
    for form in (_FULL, _OF_MONTH):
        for match in form.finditer(text):
            before = _YEAR_BEFORE.search(text, max(0, match.start() - 4), match.start())
            if before is None:
                continue
            line = max(text.rfind("\n", 0, before.start()) + 1, before.start() - _AROUND)
            stop = text.find("\n", match.end())
            last = min(stop if stop >= 0 else len(text), match.end() + _AROUND)
            around = text[line : before.start()] + "\n" + text[match.end() : last]
            if _ELSEWHERE.search(around) is None and (
                _OF_AGE.search(around) is not None or (form is _FULL and _is_of_long_ago(digits_of(before.group())))
            ):
                yield before.start(), match.end()


def is_of_event(text: str, start: int, end: int) -> bool:
    """Whether the words of the same turn right beside a date say that something else than a birth was then.

    >>> is_of_event("我是九八年三月二号入职的", 2, 9), is_of_event("我是九八年三月二号生的", 2, 9)
    (True, False)
    """
    line, stop = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    stop = end + _BESIDE if stop < 0 else min(stop, end + _BESIDE)
    return _ELSEWHERE.search(text, max(line, start - _BESIDE), stop) is not None


def _is_of_long_ago(digits: str) -> bool:
    if not digits.isdecimal() or len(digits) == 3:
        return False
    year = int(digits) if len(digits) == 4 else int(digits) + (1900 if int(digits) >= _OLDEST else 2000)
    return 1900 + _OLDEST <= year <= 2000 + _YOUNGEST


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
            if (same_year is not None and same_year == year) or (
                same_year is None and same_month and same_month == month
            ):
                yield again.span()


def _year_of(date: str) -> str | None:
    head, mark, _ = date.partition("年")
    digits = digits_of(head)
    return digits[-2:] if mark and digits.isdecimal() else None


def _month_of(date: str) -> str | None:
    match = _THE_MONTH.search(date)
    return str(number_value(match[1])) if match is not None and match[1] not in "腊正冬" else None

"""Dates of birth: dates where a birthday is spoken of."""

import re
from collections.abc import Iterator, Sequence

from pipeline.domain.personal import PersonalKind
from pipeline.privacy.find_cues import Cue, Heard
from pipeline.privacy.find_digits import DIGIT
from pipeline.privacy.find_said import Found, Said

_N = rf"[\d{DIGIT}]"
_YEAR = rf"(?:{_N}{{4}}年|{_N}{{2}}年|去年(?=.{{1,3}}月)|前年(?=.{{1,3}}月)|今年(?=.{{1,3}}月))"
_MONTH = rf"(?:[\d{DIGIT}]{{1,2}}|十[一二]?|腊|正|冬)月(?:份)?"
_DAY = (
    rf"(?:[一二三]?十[一二三四五六七八九]?|初[一二三四五六七八九十]|廿[一二三四五六七八九]?|[\d{DIGIT}]{{1,2}})[号日]?"
)
_DATE = re.compile(
    rf"{_YEAR}(?:,?{_MONTH}(?:,?{_DAY})?)?|{_MONTH},?{_DAY}|(?<!{_N}){_N}{{8}}(?!{_N})|"
    rf"(?<!{_N}){_N}{{4}}[ ./,\-]{_N}{{1,2}}[ ./,\-]{_N}{{1,2}}(?!{_N})"
)
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_ENGLISH = re.compile(
    rf"(?:{_MONTHS})(?: \d{{1,2}}(?:st|nd|rd|th)?)?(?:,? \d{{4}})?|\d{{1,2}}(?:st|nd|rd|"
    rf"th)?(?: of)? (?:{_MONTHS})(?:,? \d{{4}})?|\d{{1,2}}[/\-]\d{{1,2}}[/\-]\d{{2,4}}"
)
_BORN = re.compile(
    rf"是(?<=[我他她您你子女儿爸妈人]是)({_YEAR}(?:{_MONTH}(?:{_DAY})?)?)(?=的(?:[,。.]|$)|生的?|出生|生人)"
)
_TODAY = ("今天", "现在", "明天", "今天是")
_BORN_ON = re.compile(rf"({_YEAR},?{_MONTH}(?:,?{_DAY})?),?(?:出生|生的|生人)")
_REACH = 24
_ASK_REACH = 60


def find_births(said: Said, heard: Sequence[Heard]) -> Iterator[Found]:
    """The dates after a word for birth, in its turn or in the next, and years that somebody is of."""
    text = said.text
    for word in heard:
        if word.cue is not Cue.BIRTH_DATE:
            continue
        line = text.find("\n", word.end)
        own = line if line >= 0 else len(text)
        following = text.find("\n", own + 1)
        stop = following if following >= 0 else len(text)
        for form in (_DATE, _ENGLISH):
            for match in form.finditer(text, word.end, min(own, word.end + _REACH)):
                yield _found(said, match)
            for match in form.finditer(text, own, min(stop, own + _ASK_REACH)):
                if text.endswith(_TODAY, 0, match.start()):
                    continue
                yield _found(said, match)
    for match in (*_BORN.finditer(text), *_BORN_ON.finditer(text)):
        yield Found(match.start(1), match.end(1), PersonalKind.BIRTH_DATE, match[1])


def _found(said: Said, match: re.Match[str]) -> Found:
    return Found(match.start(), match.end(), PersonalKind.BIRTH_DATE, re.sub("[ ,./-]", "", match.group()))

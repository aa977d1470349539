"""What has the form of a Chinese name, and where one can begin and end."""

import re
from collections.abc import Callable, Iterator
from functools import cache

from pipeline.privacy.find_digits import DIGIT
from pipeline.privacy.find_surnames import COMPOUND, NOT_GIVEN, NOT_NAMES, SELDOM_GIVEN, SURNAMES

HAN = re.compile("[一-鿿]")
_GIVEN = re.compile("[一-鿿]{1,2}")
_BOUNDARY = frozenset("是叫问好您找为跟和请给的了位到姓对被让由把嗯呃哦啊哎喂吧吗呢写填有要下像替帮及与老小谢主长")
"""Characters that may stand right before a name without punctuation."""
FOLLOWING = (
    "工号|电话|手机|身份证|证件|地址|尾号|尾数|后四|末四|卡号|订单|保单|账号|单号|收件|先生|女士|"
    "小姐|老师|师傅|经理|主任|工商|银行|还有|为您|在线|"
    "收货|收$|岁|三横|木子|耳东|弓长"
)
"""Words that follow a name without a pause."""
_ENDS = re.compile(FOLLOWING)
_TWO_DIGITS = re.compile(f"[{DIGIT}\\d]{{2}}")
TITLES = (
    "老师",
    "老板",
    "经理",
    "主任",
    "律师",
    "医生",
    "大夫",
    "师傅",
    "阿姨",
    "同学",
    "教授",
    "先生",
    "女士",
    "小姐",
    "太太",
    "大爷",
    "大妈",
    "大姐",
    "大哥",
    "奶奶",
    "爷爷",
    "妈妈",
    "爸爸",
    "叔叔",
    "姥姥",
    "教练",
    "主管",
    "班长",
    "站长",
    "店长",
    "校长",
    "院长",
    "科长",
    "处长",
    "局长",
    "厂长",
    "组长",
    "队长",
    "书记",
    "所长",
    "村长",
    "总",
    "工",
    "哥",
    "姐",
)
LONGEST = 4
Place = tuple[int, int]
"""Where a name begins and ends."""
Part = tuple[int, int, str]
"""Where a part of a sentence begins and ends, and its text."""


def can_begin(text: str, at: int) -> bool:
    return at == 0 or HAN.match(text[at - 1]) is None or text[at - 1] in _BOUNDARY


def is_name(name: str, *, sure: bool) -> bool:
    """Whether ``name`` has the form of a full name: a surname and one or two characters.

    Args:
        sure: whether the words around say that a name comes; else it must not be a word of the dictionary.
    """
    if name in NOT_NAMES or name[:2] in NOT_NAMES or name.endswith(TITLES):
        return False
    surname = 2 if name[:2] in COMPOUND and len(name) > 2 else 1
    given = name[surname:]
    if _GIVEN.fullmatch(given) is None or (surname == 1 and name[0] not in SURNAMES):
        return False
    if not NOT_GIVEN.isdisjoint(given):
        return False
    if all(character in DIGIT for character in given):
        return False
    return sure or not (is_word(name) or (surname == 1 and any(character in SELDOM_GIVEN for character in given)))


@cache
def tagger() -> Callable[..., list[tuple[str, str]]]:
    """jieba's words of a text and their kinds; those of its dictionary only where ``False`` is given too."""
    import rjieba

    return rjieba.tag


def is_word(text: str) -> bool:
    """Whether ``text`` is one word of the dictionary that is no name."""
    if text in NOT_NAMES:
        return True
    tagged = tagger()(text, False)
    return len(tagged) == 1 and len(text) > 1 and not tagged[0][1].startswith("nr")


def name_at(text: str, at: int, *, sure: bool) -> Iterator[Place]:
    """The name that begins at ``at``, the longest that has the form of one and ends where a name can end."""
    if text[at : at + 1] not in SURNAMES and text[at : at + 2] not in COMPOUND:
        return
    for length in (4, 3, 2):
        name = text[at : at + length]
        if length > 2 and _ENDS.match(text, at + length - 1):
            continue
        if len(name) == length and is_name(name, sure=sure) and _can_end(text, at + length, length):
            yield at, at + length
            return


def _can_end(text: str, at: int, length: int) -> bool:
    following = text[at : at + 1]
    if text.startswith(TITLES, at - 1) or (following and following in DIGIT and text[at - 1] in DIGIT):
        return False
    if _TWO_DIGITS.match(text, at):
        return True
    if not following or HAN.match(following) is None or following in NOT_GIVEN or _ENDS.match(text, at):
        return True
    return length >= 3 and not is_word(text[at - 1 : at + 1])


def starts_name(text: str, at: int) -> bool:
    """Whether a name can begin at ``at``: after a pause, digits or a word that no name has, but not 那张."""
    before = text[max(0, at - 1) : at]
    return (
        not before
        or HAN.match(before) is None
        or (before in NOT_GIVEN and before not in "那这个")
        or before in DIGIT[:1]
    )

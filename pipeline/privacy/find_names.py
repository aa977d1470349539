"""Names of people: 张先生, 我叫王小芳, 姓陈 耳东陈, answers to 怎么称呼, and every repetition of them."""

import re
from collections.abc import Collection, Iterator, Sequence

from pipeline.domain.calls import Role
from pipeline.domain.personal import PersonalKind
from pipeline.privacy.find_cues import Cue, Heard
from pipeline.privacy.find_digits import DIGIT
from pipeline.privacy.find_name_forms import (
    FOLLOWING,
    HAN,
    LONGEST,
    TITLES,
    Part,
    Place,
    can_begin,
    is_name,
    is_word,
    name_at,
    starts_name,
    tagger,
)
from pipeline.privacy.find_said import Found, Said
from pipeline.privacy.find_spelling import english_names, name_in_pinyin, repetitions, spellings
from pipeline.privacy.find_surnames import COMMON, COMPOUND, NOT_GIVEN, NOT_NAMES, SURNAMES

_LINKS = re.compile(
    '(?:就是|是我|我是|叫做|名字|写的|填的|填|写|是|叫|为|的|,|:|"|“| |我|呢|吧|嗯|呃|人|姓名|全名|'
    "称呼|报一下|说一下|拼音)*"
)
_SERVING = re.compile("为您服务")
_SPELT_OUT = re.compile("([一-鿿])[一-鿿]{2}\\1")
_PAUSES = ",.。?!、…:;\"'“”~—\\-\n "
"""The inside of a class of characters: what a sentence has between its parts."""
_BREAKS = re.compile(
    f"(?P<hard>[{_PAUSES}]+|[{DIGIT}十百\\dx]{{2,}})|(?:{FOLLOWING}|叫|是)|"
    f"(?P<soft>[姓{''.join(sorted(NOT_GIVEN - SURNAMES))}])|$"
)
"""Where a name can begin or end. Speech recognition writes no comma after a name, but digits or 我 are none of it."""
_SENTENCE_PART = re.compile(f"(?<![^{_PAUSES}])[^{_PAUSES}]{{2,{LONGEST}}}(?![^{_PAUSES}])")
"""All that stands between two pauses, where it is as long as a name."""
_LEAD = re.compile(
    "(?:嗯|呃|额|哦|啊|诶|哎|那|就是|就|我是|我叫|我姓|他叫|她叫|叫|是|姓|我|他|她|女儿|儿子|名字叫|"
    "名字是|名字|写|填|本人|全名|免贵|鄙姓|还有|一个是?|一位是?|另外|另)+"
)
_TRAIL = re.compile("(?:是吧|对吧|对吗|是吗|没错|收件|本人|收|啊|哦|呢|吧|嘛|吗|的|女士|先生|小姐)+$")
_RELATED = re.compile("(?:的名字)?(就?是|叫|姓|,)?[,:]?(?=[一-鿿]{2})")
_ALSO_KIN = frozenset(["先生", "太太", "同学", "老板", "妈妈", "爸爸", "奶奶", "爷爷", "叔叔", "哥", "姐"])
_OWN = frozenset("我你您他她们咱的")
_SAID_NAME = re.compile(
    '(?:叫(?<=[,。 :"方人爸妈孩位]叫)|我(?:就)?是|我叫|叫做|名叫|他叫|她叫|名字叫|名字是|本人|是我,|叫我|写|专员|'
    "客服|代表|教务|找一下|找)(?=[一-鿿])"
)
"""As in `_AH`, each alternative begins with a character, not with a class or a look behind: re skips to those."""
_SURNAME_OF = re.compile("姓(?![名什啥甚氏是叫])(?=[一-鿿])")
_INTRODUCED = re.compile("(?:我叫|我姓名是|我名字是|我的名字是|他叫|她叫)([一-鿿]{2,3})(?=[,。.?!:\n]|$)")
_POSTS = re.compile("(?:主任|经理|班长|组长|主管|专员|店长|站长|队长|工程师|技师)(?=[一-鿿]{2,3}(?:[,。.?!\n]|$))")
_CHILD_OF = re.compile("(?:小|阿)[一-鿿](?=妈妈|爸爸|奶奶|爷爷|家长)")
_COMPOUND = re.compile(
    "欧阳|诸葛|慕容|上官|令狐|尉迟|颛孙|皇甫|拓跋|宇文|夏侯|端木|呼延|独孤|澹台|司徒|闻人|南宫|赫连|钟离|申屠"
)
"""Surnames that are hardly anything else, wherever they stand."""
_NOT_AFTER = ("路", "街", "大道", "区", "镇", "新村", "小区")
_IS_NAMED = re.compile(
    rf"(?<=[是和跟叫找给让,吧\n])([{''.join(SURNAMES)}](?:(?![{''.join(NOT_GIVEN)}])[一-鿿]){{2}})(?=[吧吗,。.?!和跟是呢\n]|$|"
    rf"[\d{DIGIT}]{{2}})"
)
_SURNAME_FIRST = re.compile("(?:嗯,?|我?姓)?((?![嗯对好谢哈是啊哦喂行没])[一-鿿]{1,2})(?=[,。.\n]|$)")
"""A surname, or a doubled pet name, that opens an answer."""
_DOTTED = re.compile(
    "(?![是叫我找您])(?:(?!女士|先生|小姐)[一-鿿]){2,6}[·•・](?:(?!女士|先生|小姐|同学|老师|"
    "[您你是的吗吧呢这那])[一-鿿]){2,7}"
)
_OF_PEOPLE = re.compile("叫([一-鿿]{2,8}?)(?=,?(?:蒙古|藏|维吾尔|维|哈萨克|彝|壮|回|苗|侗|傣|白|羌|满|朝鲜)族)")
_CALL_ME = re.compile("(?:叫|喊)我([一-鿿]{2,3})(?=就行|就好|吧|就可以|好了|得了)")
_NICK = re.compile("(?:小|老)(?=[一-鿿])")
_NICK_BEFORE = re.compile(
    '(?:^|[\\s,.。?!、:"“]|是|叫|我|客服|专员|经理|找|前台|师傅|同事|教务|的|员|说|喊|问|修|写|啊|店|'
    "部|处|台|务|度|管)$"
)
_NICK_AFTER = re.compile(
    '$|[\\s,.。?!、:;…"”]|为您|为你|给您|在线|在的|就行|你|您|他|她|找|说|师傅|工号|请|一家|这里|接|'
    "呢|吧|吗|啊|很高兴|来|就|电话|打"
)
_NO_SURNAME = frozenset("我你您他她咱这那哪位各本该老小大好对是的和给请祝向谢两每某男女嗯啊哦")
_NO_NICK = frozenset("时区心费计单师")
"""小时, 小区 … are words before they are somebody."""
_ALONE = re.compile('[,。.?!、:;\n"”的]|$')
_AH = re.compile("(?:是|叫|客服|专员|旅行|,|部|台)(阿[一-鿿])(?=为您|[,.。?!\n]|$|请|在|很)")
_NAME_TAGS = ("nr", "nrt", "nrfg", "ns", "nz")
_KIN = frozenset(
    [
        "阿姨",
        "妈妈",
        "爸爸",
        "奶奶",
        "爷爷",
        "大爷",
        "大妈",
        "叔叔",
        "大哥",
        "大姐",
        "哥",
        "姐",
        "叔",
        "婶",
        "嫂",
        "老师",
        "总",
    ]
)
_ASK_TURNS = 3
_OF_PLACES = frozenset("苑园路村区镇城店厂司院厅")


def find_names(said: Said, heard: Sequence[Heard]) -> Iterator[Found]:
    """Names, and spellings of them."""
    parts = [(*part.span(), part.group()) for part in _SENTENCE_PART.finditer(said.text)]
    announced = {*_announced(said, heard), *_alone(parts)}
    surnames = {said.text[start] for start, end in announced if end - start < LONGEST}
    places = sorted({*_titled(said, heard, surnames), *announced, *english_names(said, heard)})
    places += _of_surnames(said.text, parts, places)
    places += spellings(said.text, parts, places)
    places += repetitions(said, places)
    begun = {start for start, _ in places}
    for match in _COMPOUND.finditer(said.text):
        if match.start() not in begun and not said.text.startswith(_NOT_AFTER, match.end()):
            places.append(match.span())
    for start, end in sorted(set(places)):
        first = start - 1 if end - start == 1 and said.text[max(0, start - 1) : start] in ("老", "小", "阿") else start
        yield Found(first, end, PersonalKind.NAME, said.text[start:end])


def _titled(said: Said, heard: Sequence[Heard], surnames: Collection[str]) -> Iterator[Place]:
    """Names before titles. ``surnames`` were said before in this call, and need no further evidence."""
    for word in heard:
        if word.cue is Cue.TITLE or word.cue is Cue.JOB:
            title = said.text[word.start : word.end]
            if len(title) == 1 and not _ends_title(said.text, word):
                continue
            if said.text.startswith("姐", word.end) or said.text[max(0, word.start - 2) : word.start] == "谢谢":
                continue
            if said.text[max(0, word.start - 1) : word.start] in surnames or _first_before(said.text, word):
                start: int | None = word.start - 1
            else:
                start = _name_before(said.text, word.start, kin=title in _KIN)
            if start is not None:
                yield start, word.start


def _first_before(text: str, word: Heard) -> bool:
    """Whether one character opens the sentence before a title, as in 书先生: it can only be a surname."""
    first = text[max(0, word.start - 1) : word.start]
    if word.cue is not Cue.TITLE or HAN.match(first) is None or first in _NO_SURNAME:
        return False
    return word.start == 1 or (
        text[word.start - 2] in ",。.?!\n" and text[word.end - 2 : word.end] in ("先生", "女士", "小姐")
    )


def _ends_title(text: str, word: Heard) -> bool:
    """Whether a title of one character stands alone: 王总您好, not 王总共."""
    return (
        re.match(
            "$|[\\s,.。?!、:;…]|您|你|好|在|说|接|的|吗|呢|吧|介绍|给|帮|跟|她|他|那|今|昨|刚|也|就|来|去|打|叫|"
            "让|告诉|我",
            text[word.end : word.end + 2],
        )
        is not None
    )


def _name_before(text: str, end: int, *, kin: bool) -> int | None:
    """Where the name begins that ends at ``end``; ``None`` where there is none.

    Args:
        kin: whether good wishes are sent to such people: 祝阿姨早日康复.
    """
    if text[max(0, end - 2) : end] in COMPOUND:
        return end - 2
    known = end > 0 and text[end - 1] in SURNAMES and not (text[end - 1] in "祝向" and kin)
    if known and (can_begin(text, end - 1) or _stands_apart(text, end)):
        return end - 1
    for length in (3, 2, 4):
        name = text[max(0, end - length) : end]
        if len(name) == length and is_name(name, sure=False) and can_begin(text, end - length):
            return end - length
    return None


def _stands_apart(text: str, end: int) -> bool:
    """Whether jieba takes the character before ``end``, where a title begins, for a word: 骨科|王|主任, 这位|先生."""
    start = max(text.rfind("\n", 0, end) + 1, end - 5)
    at = start
    for word, _ in tagger()(text[start : end + 3], False):
        if at == end - 1:
            return len(word) == 1
        at += len(word)
    return False


def _announced(said: Said, heard: Sequence[Heard]) -> Iterator[Place]:
    text = said.text
    for match in _SURNAME_OF.finditer(text):
        at = match.end()
        length = 2 if text[at : at + 2] in COMPOUND else 1
        if text[at : at + length] == text[at + length : at + 2 * length]:
            yield from name_at(text, at + length, sure=True)
        elif length == 1 and _SPELT_OUT.match(text, at):
            yield at + 1, at + 4
            if text.startswith(text[at], at + 4):
                yield from name_at(text, at + 4, sure=True)
        if length == 2 or text[at] in SURNAMES or _ALONE.match(text, at + 1):
            yield at, at + length
    for match in _INTRODUCED.finditer(text):
        if not any(character in NOT_GIVEN for character in match[1][1:]) and match[1] not in NOT_NAMES:
            yield match.span(1)
    for match in _SERVING.finditer(text):
        for start in (match.start() - 3, match.start() - 2):
            given = text[max(0, start + 1) : match.start()]
            if start >= 0 and text[start] in COMMON and not NOT_GIVEN.intersection(given) and can_begin(text, start):
                yield start, match.start()
    for form in (_SAID_NAME, _POSTS):
        for match in form.finditer(text):
            yield from name_at(text, match.end(), sure=False)
    yield from _of_any_form(text)
    yield from _nicknames(said)
    for match in _AH.finditer(text):
        yield match.span(1)
    asked: set[int] = set()
    for word in heard:
        if word.cue is Cue.KIN or (word.cue in (Cue.TITLE, Cue.JOB) and _is_kin(text, word)):
            related = _RELATED.match(text, word.end)
            if related is not None:
                yield from name_at(text, related.end(), sure=related[1] == "叫")
        elif word.cue is Cue.NAME:
            links = _LINKS.match(text, word.end)
            yield from name_at(text, links.end() if links else word.end, sure=True)
            if (turn := said.turn_at(word.start)) not in asked:
                asked.add(turn)
                yield from _answers(said, word)
            yield from name_in_pinyin(said, links.end() if links else word.end)


def _of_any_form(text: str) -> Iterator[Place]:
    """Names that their form or the words right beside them tell: 阿依古丽·买买提, 叫我古丽就行, 登记的是路遥遥吧."""
    for match in (*_CHILD_OF.finditer(text), *(_DOTTED.finditer(text) if "·" in text or "・" in text else ())):
        yield match.span()
    for match in _OF_PEOPLE.finditer(text) if "族" in text else ():
        yield match.span(1)
    for match in _CALL_ME.finditer(text):
        if match[1] not in NOT_NAMES and not NOT_GIVEN.intersection(match[1]):
            yield match.span(1)
    for match in _IS_NAMED.finditer(text):
        name = match[1]
        if is_name(name, sure=False) and not is_word(name[1:]) and [tag for _, tag in tagger()(name)] == ["nr"]:
            yield match.span(1)


def _nicknames(said: Said) -> Iterator[Place]:
    """The surname in 小王 and 老李, where the words around say that it is one."""
    text = said.text
    opening = text.find("\n")
    for match in _NICK.finditer(text):
        at = match.end()
        if text[at + 1 : at + 2] == text[at] and text[at] in COMMON:
            yield at, at + 1
            yield from name_at(text, at + 1, sure=True)
            continue
        if not _NICK_AFTER.match(text, at + 1) or text[at] not in SURNAMES or text[at] in _NO_NICK:
            continue
        if at < opening and said.role_at(at) is Role.AGENT:
            yield at, at + 1
            continue
        if text[at] not in COMMON and (text[at - 1] == "老" or is_word(text[at - 1 : at + 1])):
            continue
        if _NICK_BEFORE.search(text[max(0, at - 4) : at - 1]):
            yield at, at + 1


def _is_kin(text: str, word: Heard) -> bool:
    """Whether a title means somebody of the speaker's: 我先生, 您太太, 奶奶叫 …"""
    own = text[max(0, word.start - 1) : word.start] in _OWN or text.startswith("叫", word.end)
    return own and text[word.start : word.end] in _ALSO_KIN


def _answers(said: Said, word: Heard) -> Iterator[Place]:
    """Names in the turns after a question for one, each a part of a sentence of its own."""
    text = said.text
    turn = said.turn_at(word.start)
    asker = said.turns[turn].role
    at = text.find("\n", word.end)
    for following in range(turn + 1, min(turn + 1 + _ASK_TURNS, len(said.turns))):
        if at < 0:
            return
        end = text.find("\n", at + 1)
        stop = end if end >= 0 else len(text)
        if said.turns[following].role is not asker or asker is Role.UNKNOWN:
            found = list(_parts(text, at + 1, stop, sure=True))
            lead = _LEAD.match(text, at + 1, stop)
            opening = lead.end() if lead is not None else at + 1
            if not any(start <= opening < end for start, end in found):
                found += (place for place in name_at(text, opening, sure=False) if text[place[1] - 1] not in _OF_PLACES)
            first = _SURNAME_FIRST.match(text, at + 1)
            if first is not None and _is_opening(first[1], text[word.start : word.end]):
                found.append(first.span(1))
            yield from found
            if found:
                return
        at = end


def _is_opening(name: str, asked: str) -> bool:
    """Whether ``name`` is a surname, or a doubled pet name where it was asked what somebody is called."""
    if len(name) == 1:
        return name in SURNAMES and name not in NOT_GIVEN
    return name[0] == name[1] and "叫" in asked and name[0] not in NOT_GIVEN


def _parts(text: str, start: int, stop: int, *, sure: bool) -> Iterator[Place]:
    first, hard = start, True
    for part in _BREAKS.finditer(text, start, stop):
        last, ends_hard = part.start(), part["soft"] is None
        lead = _LEAD.match(text, first, last)
        if lead is not None and lead.end() < last:
            first = lead.end()
        trail = _TRAIL.search(text, first, last)
        if trail is not None and trail.start() > first:
            last = trail.start()
        between = hard and ends_hard
        likely = first == start or text[first : first + 1] in COMMON or text[first : first + 2] in COMPOUND
        if last - first <= LONGEST and (between or likely) and is_name(text[first:last], sure=sure and between):
            yield first, last
        first, hard = part.end(), ends_hard


def _alone(parts: Sequence[Part]) -> Iterator[Place]:
    """Parts of a sentence that are nothing but three characters that jieba takes for a name."""
    for start, end, name in parts:
        if len(name) == 3 and name[0] in COMMON and is_name(name, sure=False):
            tagged = tagger()(name)
            if len(tagged[0][0]) != 2 and tagged[-1][1] in _NAME_TAGS:
                yield start, end


def _of_surnames(text: str, parts: Sequence[Part], places: Sequence[Place]) -> list[Place]:
    """Parts of a sentence that are nothing but a full name whose surname was said: 姓娄,娄建业."""
    surnames = {text[start:end] for start, end in places if end - start == 1 or text[start:end] in COMPOUND}
    if not surnames:
        return []
    found: list[Place] = []
    for surname in sorted(surnames):
        at = text.find(surname)
        while at >= 0:
            if starts_name(text, at):
                found += name_at(text, at, sure=False)
            at = text.find(surname, at + 1)
    for start, end, name in parts:
        known = name[0] in surnames and 2 <= len(name) <= 3 and not NOT_GIVEN.intersection(name[1:])
        known = known or (name[:2] in surnames and is_name(name, sure=True))
        if known and not is_word(name) and not name.endswith(TITLES) and (start, end) not in places:
            found.append((start, end))
    return found

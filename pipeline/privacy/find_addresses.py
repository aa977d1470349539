"""Addresses of people: a road or an estate with its number, and what is answered when one is asked for."""

import re
from collections.abc import Iterator, Sequence

from pipeline.domain.calls import Role
from pipeline.domain.personal import PersonalKind
from pipeline.privacy.find_cues import Cue, Heard
from pipeline.privacy.find_digits import DIGIT, digits_of
from pipeline.privacy.find_said import Found, Said
from pipeline.privacy.find_shapes import is_public

_N = rf"(?:[\d{DIGIT}十百千]+|[甲乙丙丁](?=[单楼栋幢座])|(?<![a-z])[a-z](?![a-z]))"
_UNIT = (
    "(?:号楼|号院|号门|排|栋楼|社|队|号|栋|幢|座|单元|弄|巷|室|层|楼|门|户|组|区|期|院|塔)(?!码|客服|为您|工|"
    "员|窗|线|口|登|回访|房客|下|上午|左右|那天|的时候|能|到|前(?!台)|之)"
)
_BUILDING = "(?:大厦|广场|大楼|公寓|写字楼|园区|科技园|中心|小区|花园|苑)"
_PAUSE = "[ ,、.]{0,2}"
_UNITS = re.compile(rf"[\d{DIGIT}十百千a-z][\d{DIGIT}十百千]*{_UNIT}")
_ONWARD = re.compile(
    rf"{_PAUSE}(?:之[{DIGIT}]|别墅|[东西南北]?[一-鿿]{{0,6}}{_BUILDING}|[东西南北前后左右]?[区楼门塔座]?{_N}{_UNIT}|"
    rf"[\da-z{DIGIT}十]{{3,5}}(?![\d{DIGIT}十百千月点块元号a-z])室?)"
)
_ROAD = "大道|大街|胡同|路|街|巷|弄"
_AREA = "省|自治区|市|区|县|州|旗|镇|乡|街道|村|开发区"
_ESTATE = (
    "小区|花园|家园|公寓|大厦|广场|大楼|写字楼|苑|园|城|庄|湾|府|庭|里|院|寨|屯|坊|社区|新村|公馆|"
    "山庄|宿舍|嘴|东路|西路"
)
_PLACE = re.compile(
    rf"[一-鿿a-z\d]{{1,12}}(?:{_ROAD}|{_ESTATE}|{_AREA})(?:[东西南北中]?[{DIGIT}]?[段期]|[东西南北中])?$"
)
_NO_PLACE = re.compile(
    "^[哪这那几什某]|(?:商城|电城|医院|法院|学院|影院|[这那哪家手店心夜眼表]里|^.?里|^.{4,}里|"
    "[马公铁线电半上问网一思套]路|营业厅|超市|城市|地区|[时服]区|院里|庭院)$"
)
_PART = re.compile(r"[一-鿿a-z\d]+$")
_LEAD = re.compile(
    "收货地址|家庭住址|地址|住址|寄到|寄往|寄给|送到|送去|发到|发往|快递到|配送到|搬到|改成|改为|"
    "换成|换到|住在|家在|单位在|公司在|房子在|我在|"
    "就在|还是|就是|[^一-鿿a-z\\d]|是(?!区)|在|住|到(?!路)|寄|送|说一下|嗯|啊|哦|那个|好的?|对|我们|"
    "你们|新家|老家|我家|我们|你们|先生|女士|小姐|收件人|把|了|我|你|您|他|她|吧|吗|呢|写|填|从|到了|"
    "我们|我妈家|去|"
    "去往|离|为|叫"
)
_OURS = re.compile(
    "店|营业厅|厅|网点|支行|分行|柜台|窗口|医院|门诊|诊室|机场|车站|站(?!牌)|酒店|学校|地址在|我们在|服务台|大厅"
)
_DWELLING = "栋幢楼元室弄座号门"
_NUMBER = re.compile(rf"{_N}")
_OURS_REACH = 24
_LIVED_IN = re.compile(
    "(?:从|在|到|住|回)([一-鿿]{2,4}(?:小区|花园|家园|公寓|新村))|(?:是|是在|,)([一-鿿]{2,4}(?:小区|花园|家园|"
    "新村|公馆|雅苑)(?:[东西南北][区苑])?)(?=[,。.?!\n吗吧的那这]|$)"
)
_HOTLINE = 5
"""Digits from which 10000号 is a hotline rather than a house."""
_NO_ESTATE = re.compile("[我你他们这那别整说的了是有]|新小|老小")
_HOUSE = re.compile("栋|幢|单元|号楼|室|弄")
_SENT_TO = re.compile("(?:[寄送发搬换改配]到|房子是|放在|目的地是|坐落是?|住在?|家在|[寄发]往|地址,?是?|地址改成)$")
_SOME_ESTATE = re.compile(
    rf"(?:(?![了的怎么样上下来去着过几点])[一-鿿]){{2,8}}(?<!女士)(?<!先生)(?<!小姐)(?:[\d{DIGIT}十]+期)?"
)
"""An estate of any name where something is sent to it and a number follows."""
_LINKS = re.compile("(?:还是|就是|是|在|写|叫|:|,|的|改成|填|呢|吧|我|家|住| )*")
_NAMED = re.compile(
    rf"(?:[一-鿿]{{1,10}}?(?:小区|花园|家园|公寓|大厦|苑|新村|公馆|山庄|社区|{_ROAD})|"
    rf"[一-鿿]{{1,6}}(?:镇|乡|街道)[一-鿿]{{2,5}}|[一-鿿]{{1,4}}?[城湾府庭村庄园里])"
    rf"(?:[{DIGIT}][期区])?(?=$|[^一-鿿]|[收那这的{DIGIT}])"
)
_SPLIT = re.compile("[^,.。?!、…:;\"'“”~— \n]+")
_DOOR = re.compile(rf"[\d{DIGIT}]{{3,5}}(?![\d{DIGIT}年月日点块元])")
_REPEAT_REACH = 80
_ASKED_TURNS = 3
_FURTHEST = 48


def find_addresses(said: Said, heard: Sequence[Heard]) -> Iterator[Found]:
    """Addresses, as far as they are said without other words between their parts."""
    asked = _Asked(said, [word for word in heard if word.cue is Cue.ADDRESS])
    done = 0
    for match in _UNITS.finditer(said.text):
        number = digits_of(match.group()[:-1])
        hotline = match.group()[-1] == "号" and len(number) >= _HOTLINE and is_public(number)
        if hotline or match.start() < done or said.text[max(0, match.start() - 1) : match.start()] in ("月", "哪"):
            continue
        start, placed = _begin(said.text, match.start())
        end, units = _end(said.text, match.end())
        if _is_somebodys(
            said.text,
            match,
            start,
            end,
            placed=placed,
            units=units,
            asked=asked.reaches(match.start()),
            asked_before=asked.reaches(match.start(), before=True),
        ):
            yield _found(said, start, end)
        done = end
    for match in _LIVED_IN.finditer(said.text):
        group = 1 if match[1] else 2
        if not _NO_PLACE.search(match[group]) and not _NO_ESTATE.search(match[group]):
            yield _found(said, *match.span(group))
    yield from asked.places()


def find_doors(said: Said, heard: Sequence[Heard]) -> Iterator[Found]:
    """Door numbers that are answered on their own: 门牌是几零几? 幺五零三."""
    yield from _Asked(said, [word for word in heard if word.cue is Cue.ADDRESS]).doors()


def _is_somebodys(
    text: str, match: re.Match[str], start: int, end: int, *, placed: bool, units: int, asked: bool, asked_before: bool
) -> bool:
    """Whether it is where a person is to be found, not a day, a staff number or a branch of the company."""
    if not asked_before and _OURS.search(
        text, max(text.rfind("\n", 0, start) + 1, start - _OURS_REACH), min(len(text), end + 6)
    ):
        return False
    if placed:
        return True
    if units > 1 and _HOUSE.search(text, match.start(), end):
        return True
    return asked and (asked_before or _HOUSE.search(match.group()) is not None) and match.group()[-1] in _DWELLING


def _begin(text: str, at: int) -> tuple[int, bool]:
    """Where the names of places before ``at`` begin, and whether there are any."""
    start, placed = at, False
    line = max(text.rfind("\n", 0, at) + 1, at - _FURTHEST)
    while True:
        end = start
        while end > line and text[end - 1] in " ,、.":
            end -= 1
        part = _PART.search(text, line, end)
        if part is None:
            return start, placed
        first = part.start()
        led = False
        for lead in _LEAD.finditer(text, part.start(), end):
            if lead.end() < end:
                first, led = lead.end(), True
        name = text[first:end]
        estate = start == at == end and len(name) in (2, 3, 4, 5, 6) and _HOUSE.match(text, _number_end(text, at))
        sent = _SENT_TO.search(text, line, first) is not None and _SOME_ESTATE.fullmatch(name) is not None
        if (_PLACE.search(name) is None and not estate and not sent) or _NO_PLACE.search(name):
            return start, placed
        start, placed = first, True
        if led:
            return start, placed


def _number_end(text: str, at: int) -> int:
    match = _NUMBER.match(text, at)
    return match.end() if match else at


def _end(text: str, at: int) -> tuple[int, int]:
    """Where the further numbers end, and how many there are, the first included."""
    units = 1
    while (match := _ONWARD.match(text, at)) is not None and match.end() > at:
        at = match.end()
        units += 1
    return at, units


class _Asked:
    """Where addresses are asked for, and what is answered."""

    def __init__(self, said: Said, cues: Sequence[Heard]) -> None:
        self._said = said
        self._cues = cues
        self._turns = [said.turn_at(cue.start) for cue in cues]

    def reaches(self, at: int, *, before: bool = False) -> bool:
        """Whether an address was asked for shortly before the turn of ``at``, or in that turn before ``at``."""
        turn = self._said.turn_at(at)
        return any(
            cue.start < at and (0 < turn - asked <= _ASKED_TURNS or (asked == turn and not before))
            for cue, asked in zip(self._cues, self._turns, strict=True)
        )

    def places(self) -> Iterator[Found]:
        """Names of estates and roads right after a question for them."""
        for start, end in self._answers(_NAMED):
            line = self._said.text.rfind("\n", 0, start) + 1
            ours = _OURS.search(self._said.text, max(line, start - _OURS_REACH), end + 3)
            if not _NO_PLACE.search(self._said.text[start:end]) and ours is None:
                yield _found(self._said, start, end)

    def doors(self) -> Iterator[Found]:
        """Bare door numbers right after a question for them, and where they are repeated soon."""
        text = self._said.text
        for start, end in self._answers(_DOOR):
            yield _found(self._said, start, end)
            door = digits_of(text[start:end])
            for again in _DOOR.finditer(text, end, end + _REPEAT_REACH):
                if digits_of(again.group()) == door:
                    yield _found(self._said, *again.span())

    def _answers(self, form: re.Pattern[str]) -> Iterator[tuple[int, int]]:
        said, text = self._said, self._said.text
        for cue, turn in zip(self._cues, self._turns, strict=True):
            links = _LINKS.match(text, cue.end)
            match = form.match(text, links.end() if links else cue.end)
            if match is not None:
                yield match.span()
            line = text.find("\n", cue.end)
            if line < 0 or turn + 1 >= len(said.turns):
                continue
            if said.turns[turn + 1].role is said.turns[turn].role is not Role.UNKNOWN:
                continue
            following = text.find("\n", line + 1)
            for part in _SPLIT.finditer(text, line + 1, following if following >= 0 else len(text)):
                first, last = part.span()
                for lead in _LEAD.finditer(text, first, last):
                    first = lead.end() if lead.end() < last else first
                if form.fullmatch(text, first, last):
                    yield first, last


def _found(said: Said, start: int, end: int) -> Found:
    return Found(start, end, PersonalKind.ADDRESS, re.sub("[ ,、.的]", "", said.text[start:end]))

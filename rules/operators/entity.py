"""``entity``: numbers and facts of a known form, spoken or written; check digits are verified."""

import re
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from pydantic import Field

from pipeline.domain.personal import PersonalKind, masked_run
from pipeline.domain.results import BilingualText
from pipeline.text.normalise import NormalisedText
from rules.operators.base import Clause, Operator, Spec
from rules.operators.words import describe_words, near_miss_of_words
from rules.region import EVERYWHERE, Region
from rules.spots import Match, Spot
from rules.view import CallView


class EntityKind(StrEnum):
    """What can be recognised."""

    ID_CARD = "id_card"
    MOBILE = "mobile"
    BANK_CARD = "bank_card"
    MONEY = "money"
    DATE = "date"
    PLATE = "plate"
    EMAIL = "email"


_NAMES = {
    EntityKind.ID_CARD: BilingualText("身份证号", "an id card number"),
    EntityKind.MOBILE: BilingualText("手机号", "a mobile number"),
    EntityKind.BANK_CARD: BilingualText("银行卡号", "a bank card number"),
    EntityKind.MONEY: BilingualText("金额", "an amount of money"),
    EntityKind.DATE: BilingualText("日期", "a date"),
    EntityKind.PLATE: BilingualText("车牌号", "a number plate"),
    EntityKind.EMAIL: BilingualText("邮箱地址", "an e-mail address"),
}
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_PATTERNS = {
    EntityKind.MONEY: re.compile(r"\d+(?:\.\d+)?(?:万|千|百)?(?:元|块|角|毛|美元|人民币)"),
    EntityKind.DATE: re.compile(r"(?:\d{4}年)?\d{1,2}月\d{1,2}[日号]|\d{4}年(?:\d{1,2}月)?"),
    EntityKind.PLATE: re.compile(r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-z][a-z0-9]{5,6}"),
    EntityKind.EMAIL: re.compile(r"[a-z0-9_.+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+"),
}
_MASKED = {
    EntityKind.ID_CARD: masked_run(PersonalKind.RESIDENT_ID, at_least=15),
    EntityKind.MOBILE: masked_run(PersonalKind.MOBILE, at_least=11),
    EntityKind.BANK_CARD: masked_run(PersonalKind.BANK_CARD, at_least=16),
    EntityKind.PLATE: masked_run(PersonalKind.LICENCE_PLATE, at_least=7),
    EntityKind.EMAIL: masked_run(PersonalKind.EMAIL, at_least=6),
}
"""A stored call is masked: what it hides tells its kind, if it was said in one piece."""
_GROUP = re.compile(r"\d+x?")
_GAP_CHARACTERS = 10
"""Words that people say between the groups of a number they read out (哎系统卡了一下), not more."""
_COUNTED = re.compile(r"[元块角毛月日号年天点万千百个位%折次条度兆gmk]|分钟|小时")
"""What makes the digits before it an amount of its own, not a group of a longer number."""
_BACK_CHANNEL_CHARACTERS = 6
"""A turn of the other party up to this long (嗯, 好的您说, the group repeated) does not end a number."""
_LONGEST = 19


class EntitySpec(Spec):
    """A number or fact, in full. Numbers read out in groups, also over several turns, are one number."""

    shorthand = "kinds"

    kinds: EntityKind | tuple[EntityKind, ...]
    check_digits: bool = Field(
        default=True, description="Whether id and bank cards must have the right check digit; false for noisy ASR"
    )

    def wanted(self) -> tuple[EntityKind, ...]:
        """The kinds looked for."""
        return (self.kinds,) if isinstance(self.kinds, EntityKind) else self.kinds


class _Group(NamedTuple):
    """Digits read out without a break."""

    digits: str
    turn: int
    start: int
    end: int
    joined: bool
    """Whether it goes on from the group before it."""


class EntityFinder:
    """Reads the turns with spoken numbers as digits."""

    def __init__(self, spec: EntitySpec) -> None:
        self._kinds = spec.wanted()
        if not self._kinds:
            raise ValueError("kinds is empty: name at least one")
        self._tests: dict[EntityKind, Callable[[str], bool]] = {
            EntityKind.MOBILE: _is_mobile,
            EntityKind.ID_CARD: is_id_card if spec.check_digits else _looks_like_id_card,
            EntityKind.BANK_CARD: is_bank_card if spec.check_digits else _looks_like_bank_card,
        }

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        found: list[Match] = []
        patterns = [_PATTERNS[kind] for kind in self._kinds if kind in _PATTERNS]
        masked = [_MASKED[kind] for kind in self._kinds if kind in _MASKED]
        tests = [self._tests[kind] for kind in self._kinds if kind in self._tests]
        for turn in region.turns(view) if patterns else ():
            digits = _digits(view, turn)
            for pattern in patterns:
                spans = (digits.original_span(*match.span()) for match in pattern.finditer(digits.text))
                found.extend((view.spot(turn, start, end),) for start, end in spans)
        for turn in region.turns(view) if masked else ():
            runs = (match.span() for pattern in masked for match in pattern.finditer(view.normal_turns[turn]))
            found.extend((view.spot(turn, *run),) for run in runs)
        if tests:
            found.extend(_numbers(view, list(_groups(view, region)), tests))
        return [match for match in found if all(region.admits(view, spot) for spot in match)]

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        return near_miss_of_words(view, region, self.find(view, EVERYWHERE))

    def sentence(self) -> BilingualText:
        names = [_NAMES[kind] for kind in self._kinds]
        return BilingualText(
            f"说出完整的{'、'.join(n.zh for n in names)}", f"{' or '.join(n.en for n in names)} in full"
        )

    def describe(self, view: CallView, match: Match) -> BilingualText:
        return describe_words(view, match)

    def clause(self) -> Clause | None:
        return None


def _digits(view: CallView, turn: int) -> NormalisedText:
    """The turn with spoken numbers as digits, or as it is."""
    text = view.normal_turns[turn]
    return view.digit_turn(turn) or NormalisedText(text, range(len(text)), range(1, len(text) + 1))


def _groups(view: CallView, region: Region) -> Iterator[_Group]:
    """All groups of digits of the region's turns, in order."""
    last_turn, left_over = -1, _GAP_CHARACTERS + 1
    for turn in region.turns(view):
        digits = _digits(view, turn)
        end = 0
        if not _goes_on(view, last_turn, turn):
            left_over = _GAP_CHARACTERS + 1
        for match in _GROUP.finditer(digits.text):
            joined = left_over + match.start() - end <= _GAP_CHARACTERS
            start, stop = digits.original_span(*match.span())
            yield _Group(match.group(), turn, start, stop, joined)
            end = match.end()
            amount = _COUNTED.match(digits.text, end) is not None
            left_over = _GAP_CHARACTERS + 1 if amount else 0
        left_over += len(digits.text) - end
        last_turn = turn


def _goes_on(view: CallView, last: int, turn: int) -> bool:
    """Whether a party's turn can go on with a number from its last one: between them only sounds of agreement."""
    return last >= 0 and all(
        view.turns[other].role is not view.turns[turn].role
        and len(view.spoken_turns[other]) <= _BACK_CHANNEL_CHARACTERS
        for other in range(last + 1, turn)
    )


def _numbers(view: CallView, groups: Sequence[_Group], tests: Sequence[Callable[[str], bool]]) -> Iterator[Match]:
    """Runs of groups that together are a number of a wanted kind, the longest first from each group."""
    taken = 0
    for first in range(len(groups)):
        if first < taken:
            continue
        digits, best = "", None
        for last in range(first, len(groups)):
            if last > first and not groups[last].joined:
                break
            digits += groups[last].digits
            if len(digits) > _LONGEST:
                break
            if any(test(digits) for test in tests):
                best = last
        if best is not None:
            taken = best + 1
            yield tuple(_spots(view, groups[first : best + 1]))


def _spots(view: CallView, groups: Sequence[_Group]) -> Iterator[Spot]:
    """One spot for each turn that the groups are in."""
    for turn in dict.fromkeys(group.turn for group in groups):
        here = [group for group in groups if group.turn == turn]
        yield view.spot(turn, here[0].start, here[-1].end)


def _is_mobile(digits: str) -> bool:
    """Whether it is a mobile number of mainland China. Source: MIIT numbering plan, 11 digits from 13 to 19."""
    return re.fullmatch(r"1[3-9]\d{9}", digits) is not None


def _looks_like_id_card(digits: str) -> bool:
    return re.fullmatch(r"[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[012]\d|3[01])\d{3}[\dx]", digits) is not None


def is_id_card(digits: str) -> bool:
    """Whether it is a resident id number with the right check digit. Source: GB 11643-1999, ISO 7064 MOD 11-2.

    >>> is_id_card("11010519491231002x"), is_id_card("110105194912310021")
    (True, False)
    """
    if not _looks_like_id_card(digits):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits[:17], _ID_WEIGHTS, strict=True))
    return "10x98765432"[total % 11] == digits[17]


def _looks_like_bank_card(digits: str) -> bool:
    return digits.isdigit() and 16 <= len(digits) <= 19 and digits[0] in "3456"


def is_bank_card(digits: str) -> bool:
    """Whether it is a card number with the right check digit. Source: ISO/IEC 7812-1, Luhn.

    >>> is_bank_card("6222021234567894"), is_bank_card("6222021234567890")
    (True, False)
    """
    if not _looks_like_bank_card(digits):
        return False
    doubled = (int(d) * (2 if place % 2 else 1) for place, d in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


ENTITY = Operator("entity", EntitySpec, EntityFinder, family="facts", reads_words=True)

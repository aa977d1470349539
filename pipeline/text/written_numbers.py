"""Personal numbers in what is written, not spoken: file names, paths, metadata, messages that name them."""

import re
from collections.abc import Mapping
from string import hexdigits

from pipeline.domain.personal import PersonalKind, mask_of

_DIGEST = 24
"""Hexadecimal digits in a row, letters among them, from which on they are taken for a digest."""
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_WRITTEN = re.compile(
    r"(?P<RESIDENT_ID>(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d))"
    r"|(?P<BANK_CARD>(?<!\d)[3-6]\d{15,18}(?!\d))"
    r"|(?P<MOBILE>(?<!\d)(?:(?:\+|00)?86[- ]?)?1[3-9]\d(?P<sep>[- ]?)\d{4}(?P=sep)\d{4}(?!\d))"
    r"|(?P<LANDLINE>(?<!\d)0(?:10|2\d|[3-9]\d{2})-?[2-8]\d{6,7}(?!\d))"
    r"|(?P<EMAIL>[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"
)
_TELLING: tuple[tuple[PersonalKind, re.Pattern[str]], ...] = (
    (
        PersonalKind.MOBILE,
        re.compile(r"phone|mobile|(?:^|_)tel(?:$|_)|caller_?id|callee|(?:^|_)ani(?:$|_)|电话|手机|号码", re.I),
    ),
    (PersonalKind.RESIDENT_ID, re.compile(r"id_?card|id_?number|resident|身份证|证件", re.I)),
    (PersonalKind.BANK_CARD, re.compile(r"bank_?card|card_?(?:no|number)|卡号", re.I)),
    (PersonalKind.EMAIL, re.compile(r"e-?mail|邮箱", re.I)),
    (PersonalKind.ADDRESS, re.compile(r"address|地址", re.I)),
    (PersonalKind.MESSENGER, re.compile(r"we_?chat|(?:^|_)qq(?:$|_)|微信", re.I)),
    (PersonalKind.BIRTH_DATE, re.compile(r"birth|生日|出生", re.I)),
    (PersonalKind.LICENCE_PLATE, re.compile(r"plate|车牌", re.I)),
    (PersonalKind.NAME, re.compile(r"customer_?name|client_?name|caller_?name|contact_?name|姓名|客户名|联系人", re.I)),
)
"""What the heading of a manifest column says of its cells."""


def masked_line(text: str) -> str:
    """``text`` with the personal numbers in it masked: mobile and landline numbers, resident ids and bank cards whose
    check digit is right, e-mail addresses. Times, counters and hexadecimal ids stay.

    >>> from pipeline.domain.personal import shown
    >>> shown(masked_line("13812345678_20261126093015.wav")), shown(masked_line("call-20261126093015-004711.wav"))
    ('[手机号]_20261126093015.wav', 'call-20261126093015-004711.wav')
    """
    if not any(character.isdigit() or character == "@" for character in text):
        return text
    numbers: dict[tuple[str, str], str] = {}

    def mask(match: re.Match[str]) -> str:
        kind = match.lastgroup if match.lastgroup != "sep" else "MOBILE"
        found = match.group()
        assert kind is not None
        if not _is_one(kind, found) or (kind != "EMAIL" and _is_hexadecimal(text, *match.span())):
            return found
        same_kind = sum(known == kind for known, _ in numbers)
        character = numbers.setdefault((kind, found), mask_of(PersonalKind[kind], same_kind))
        return character * len(found)

    return _WRITTEN.sub(mask, text)


def _is_one(kind: str, found: str) -> bool:
    if kind == "RESIDENT_ID":
        total = sum(weight * int(digit) for weight, digit in zip(_RESIDENT_WEIGHTS, found, strict=False))
        return "10X98765432"[total % 11] == found[-1].upper()
    if kind == "BANK_CARD":
        doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(found)))
        return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
    return True


def _is_hexadecimal(text: str, start: int, end: int) -> bool:
    """Whether the digits are part of a digest, such as a recording's id."""
    while start > 0 and text[start - 1] in hexdigits:
        start -= 1
    while end < len(text) and text[end] in hexdigits:
        end += 1
    return end - start >= _DIGEST and not text[start:end].isdigit()


def is_personal(customer: str) -> bool:
    """Whether what a centre calls a customer by tells who that is: a personal number, or a name in Chinese.

    >>> is_personal("13812345678"), is_personal("王小芳"), is_personal("C-10293")
    (True, True, False)
    """
    return masked_line(customer) != customer or any("一" <= character <= "鿿" for character in customer)


def masked_cells(cells: Mapping[str, str]) -> dict[str, str]:
    """Metadata with what is personal masked: a whole cell where its column's name says so, else the numbers in it."""
    return {name: _masked_cell(name, value) for name, value in cells.items()}


def _masked_cell(column: str, value: str) -> str:
    for kind, telling in _TELLING:
        if telling.search(column):
            return mask_of(kind) * len(value)
    return masked_line(value)

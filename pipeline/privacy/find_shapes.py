"""What a string of digits can be by its form alone."""

import re

from pipeline.domain.personal import PersonalKind

_MOBILE = re.compile(r"(?:00|\+)?(?:86)?1[3-9]\d{9}")
_RESIDENT = re.compile(r"[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dx]")
_OLD_RESIDENT = re.compile(r"[1-9]\d{5}\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}")
_LANDLINE = re.compile(r"0(?:10|2\d|[3-9]\d\d)[2-9]\d{6,7}")
_CARD = re.compile(r"(?:62|4|5[1-5]|2[2-7]|3[0-9]|6011|65|9)\d+")
_PUBLIC = re.compile(r"(?:[48]00\d{7}|9[56]\d{3,6}|1[012]\d{1,3}|12\d{3}|100\d\d)")
"""Hotlines: 400 and 800 numbers, 95xxx and 96xxx, emergency and public services."""
_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_SHORTEST = 10
"""That of a landline number with its area code."""
_YEAR = re.compile(r"(?:19|20)\d\d")


def shape_of(digits: str) -> PersonalKind | None:
    """The kind of datum that ``digits`` can only be; ``None`` where the form does not tell.

    Check digits confirm a kind and never acquit a number: speech recognition loses digits, and people slip.

    >>> shape_of("13800123456"), shape_of("4111111111111111"), shape_of("057187654321")
    (<PersonalKind.MOBILE: ('手机号', 'mobile number')>, <PersonalKind.BANK_CARD: ('银行卡号', 'bank card')>, \
<PersonalKind.LANDLINE: ('座机号', 'landline number')>)
    """
    if len(digits) < _SHORTEST:
        return None
    if _MOBILE.fullmatch(digits):
        return PersonalKind.MOBILE
    if _RESIDENT.fullmatch(digits):
        return PersonalKind.RESIDENT_ID
    if 15 <= len(digits) <= 19 and _CARD.fullmatch(digits) and has_luhn_digit(digits):
        return PersonalKind.BANK_CARD
    if _OLD_RESIDENT.fullmatch(digits):
        return PersonalKind.RESIDENT_ID
    if _LANDLINE.fullmatch(digits):
        return PersonalKind.LANDLINE
    return None


def is_public(digits: str) -> bool:
    """Whether ``digits`` are a hotline's.

    >>> [is_public(digits) for digits in ("4008205559", "95588", "12315", "13800123456")]
    [True, True, True, False]
    """
    return _PUBLIC.fullmatch(digits) is not None


def is_date(digits: str) -> bool:
    """Whether ``digits`` can be a day, as in 20261003, or a year."""
    return _DATE.fullmatch(digits) is not None or _YEAR.fullmatch(digits) is not None


def has_luhn_digit(digits: str) -> bool:
    """Whether the last of ``digits`` is the check digit of the others.

    >>> has_luhn_digit("4111111111111111"), has_luhn_digit("4111111111111112")
    (True, False)

    Source: ISO/IEC 7812-1, annex B.
    """
    if not digits.isdecimal():
        return False
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(int(digit) for digit in digits[-1::-2]) + sum(doubled)) % 10 == 0

"""Kinds of text that forms and JSON bodies hold."""

from datetime import date
from typing import Annotated

from fastapi import HTTPException
from pydantic import AfterValidator, StringConstraints

from pipeline.privacy.masking import mask_text


def storable(text: str) -> str:
    """The text. Raises: ValueError, it holds what no database stores."""
    # PostgreSQL stores no NUL, and half of a surrogate pair is no text in UTF-8: JSON can spell both.
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("holds characters that are no text")
    return text


Text = Annotated[str, StringConstraints(max_length=4000), AfterValidator(storable), AfterValidator(mask_text)]
"""What a person writes: a comment, a reason, a correction. Personal data in it is masked before anything sees it."""
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=4, max_length=200),
    AfterValidator(storable),
    AfterValidator(mask_text),
]
"""Why somebody wants what is not for everybody, masked as well."""
Quote = Annotated[str, StringConstraints(max_length=4000), AfterValidator(storable)]
"""What a page says that a transcript holds; it is compared with that, not stored."""
Line = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True), AfterValidator(storable)]
"""A name or an id."""
Key = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{8,64}$")]
"""What a page makes up for an entry, so that one sent twice is stored once; the desk's own keys have a colon."""


def day_in(text: str) -> date | None:
    """The day that a field of dates holds; ``None`` where it was left empty.

    Raises:
        HTTPException: 422, it holds something else, or a day of no calendar that calls are in.
    """
    try:
        found = date.fromisoformat(text) if text else None
    except ValueError as error:
        raise HTTPException(422, _NO_DAY) from error
    if found is not None and not 1970 < found.year < 9000:
        raise HTTPException(422, _NO_DAY)
    return found


_NO_DAY = "日期写作 2026-11-09。 / Write a date as 2026-11-09."

"""Kinds of text that forms and JSON bodies hold."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from pipeline.privacy.masking import mask_text


def _storable(text: str) -> str:
    # PostgreSQL stores no NUL, and half of a surrogate pair is no text in UTF-8: JSON can spell both.
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("holds characters that are no text")
    return text


Text = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_storable), AfterValidator(mask_text)]
"""What a person writes: a comment, a reason, a correction. Personal data in it is masked before anything sees it."""
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=4, max_length=200),
    AfterValidator(_storable),
    AfterValidator(mask_text),
]
"""Why somebody wants what is not for everybody, masked as well."""
Quote = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_storable)]
"""What a page says that a transcript holds; it is compared with that, not stored."""
Line = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True), AfterValidator(_storable)]
"""A name or an id."""
Key = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{8,64}$")]
"""What a page makes up for an entry, so that one sent twice is stored once; the desk's own keys have a colon."""

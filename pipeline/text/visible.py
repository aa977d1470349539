"""Characters that change how others are shown, written out."""

import re

_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""Controls, marks and overrides of direction, what has no width, halves of pairs.

Source: Unicode Technical Report 36, §3.1 (bidirectional overrides) and §2.10.2 (characters that are not seen).
"""


def visible(text: str) -> str:
    """The text with what cannot be seen written as an escape: a file name is read as what it is.

    >>> visible("a\\u202egpj.exe"), visible("录音 1.wav")
    ('a\\\\u202egpj.exe', '录音 1.wav')
    """
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)

"""Text as it is spoken: without the punctuation that only writing has."""

import re

_COMMON = (",", "。", "?", "!", "、", "…")
_PUNCTUATION = re.compile("[,。?!、…:;\"'“”‘’()\\[\\]《》〈〉【】「」『』〔〕—–~～·-]+")


def without_punctuation(text: str) -> str:
    """``text``, in normal form, without punctuation. Marks inside numbers and addresses (``.`` ``%`` ``@``) stay.

    Speech has no punctuation and ASR writes it as it likes: 没，办法 and 没办法 are the same words.

    >>> without_punctuation("没,办法。3.5折")
    '没办法3.5折'
    """
    for mark in _COMMON:
        text = text.replace(mark, "")
    return _PUNCTUATION.sub("", text)


def spoken_positions(text: str) -> list[int]:
    """For each character of ``without_punctuation(text)`` its index in ``text``.

    >>> spoken_positions("没,办法")
    [0, 2, 3]
    """
    return [index for index, character in enumerate(text) if _PUNCTUATION.match(character) is None]

"""Where recordings lie: paths closed by the key, found again by what stands for them, shown masked.

Every path is closed, not only one in which something personal is found: a finder misses, a folder named by a customer
least of all looks like one. What stands for a path is an HMAC under the secret that never changes, so that a file is
known again after keys were changed.
"""

import re
from dataclasses import replace
from functools import lru_cache

from pipeline.domain.calls import Recording
from pipeline.domain.originals import Sealed
from pipeline.domain.personal import PersonalKind, is_masked, mask_of
from pipeline.privacy.find_surnames import COMPOUND, NOT_GIVEN, NOT_NAMES, SURNAMES
from pipeline.privacy.keys import KeyRing
from pipeline.privacy.masking import mask_text
from pipeline.privacy.sealing import SealError, seal, stand_in, unseal
from pipeline.text.written_numbers import masked_line

PATH = "path"
"""The kind of document that holds where a recording lies."""
MARK = "closed:"
"""Stands before what stands for a path."""
_MARK_BYTES = 20
_HAN = re.compile("[一-鿿·]{2,}")
_BEFORE_NAME = re.compile("^(?:客户|顾客|用户|来电|去电|主叫|被叫|联系人|姓名)(.+)$")
_ENDING = re.compile(r"\.[A-Za-z0-9]{2,5}(?: \S+)?$")
_TITLE = re.compile("(?:先生|女士|小姐|太太)$")
_APART = re.compile(r"([/\\_.\-\s#+@()（）\[\]]+)")
_TELLING_APART = 6
"""Characters of a recording's id that stand behind a name in which something is masked."""


def mark_of_path(keys: KeyRing, path: str) -> str:
    """What stands for a path: ``closed:`` and 40 letters from a to p, the same for the same path."""
    return MARK + stand_in(keys, f"{PATH}\n{path}", _MARK_BYTES)


def mark_of_name(keys: KeyRing, name: str) -> str:
    """What stands for a file's own name: 40 letters from a to p."""
    return stand_in(keys, f"name\n{name}", _MARK_BYTES)


def close_path(keys: KeyRing, path: str, *, mark: str | None = None) -> tuple[str, Sealed]:
    """What stands for the path, and the path closed by the newest key; ``mark`` where it is known already."""
    mark = mark or mark_of_path(keys, path)
    return mark, seal(keys.newest, PATH, mark, path.encode())


def close_again(keys: KeyRing, uri: str, sealed: Sealed) -> Sealed:
    """The same path, closed by the newest key. Raises: SealError."""
    mark = uri.partition(" ")[0]
    return seal(keys.newest, PATH, mark, _opened(keys, mark, sealed))


def open_path(keys: KeyRing | None, uri: str, sealed: Sealed | None) -> str:
    """The path for which ``uri`` stands, or ``uri`` itself where it is one.

    Raises:
        SealError: there is no key, it is not in the file, or it does not fit.
    """
    if sealed is None:
        return uri
    if keys is None:
        raise SealError(
            f"the path of a recording was closed by key {sealed.key_id}, and no key_file is set: without it the file "
            "cannot be found"
        )
    # Behind the mark of a recording that another has replaced stands so.
    mark, space, remark = uri.partition(" ")
    return _opened(keys, mark, sealed).decode() + space + remark


def _opened(keys: KeyRing, mark: str, sealed: Sealed) -> bytes:
    return unseal(keys, PATH, mark, sealed, what="the path of a recording")


def with_path(keys: KeyRing | None, recording: Recording) -> Recording:
    """The recording with its path open. Raises: SealError, as `open_path`."""
    if recording.closed is None:
        return recording
    return replace(recording, uri=open_path(keys, recording.uri, recording.closed), closed=None)


def call_name(name: str, recording_id: str) -> str:
    """What a call is known by: its file's name with what is personal masked, and then the start of its id behind it,
    so that two that are masked alike are told apart. The same again for what it returns.

    >>> from pipeline.domain.personal import shown
    >>> shown(call_name("13812345678.wav", "3f2a1c" + 58 * "0")), call_name("call-17.wav", "3f2a1c" + 58 * "0")
    ('[手机号].wav #3f2a1c', 'call-17.wav')
    """
    masked = mask_part(name)
    tag = f" #{recording_id.rpartition('-')[2][:_TELLING_APART]}"
    return masked + tag if is_masked(masked) and not masked.endswith(tag) else masked


def masked_path(path: str) -> str:
    """A path or a text with one in it, with what is personal in any part of it masked.

    >>> from pipeline.domain.personal import shown
    >>> shown(masked_path("/录音/张三/13812345678_20261126.wav"))
    '/录音/[姓名]/[手机号]_20261126.wav'
    """
    return masked_line("/".join(map(mask_part, path.split("/"))))


@lru_cache(maxsize=4096)
def mask_part(part: str) -> str:
    """One part of a path with what is personal masked: numbers, names in Chinese, addresses."""
    if "@" not in part and not _HAN.search(part):
        return masked_line(part)
    ending = _ENDING.search(part)
    stem, suffix = (part[: ending.start()], part[ending.start() :]) if ending else (part, "")
    masked = masked_line(stem)
    if _HAN.search(masked):
        masked = "".join(_mask_piece(piece) for piece in _APART.split(masked))
    return masked_line(masked + suffix)


def _mask_piece(piece: str) -> str:
    if not _HAN.search(piece):
        return piece
    # A whole name first: of 欧阳小芳 alone what is said in calls would mask the surname.
    whole = _HAN.sub(lambda match: mask_of(PersonalKind.NAME) * len(match[0]) if is_name(match[0]) else match[0], piece)
    return _HAN.sub(lambda match: _mask_han(match.group()), mask_text(whole))


def _mask_han(run: str) -> str:
    told = _BEFORE_NAME.match(run)
    start = told.start(1) if told else 0
    title = _TITLE.search(run)
    stop = title.start() if title else len(run)
    if start < stop and (told or title or is_name(run[start:stop])):
        return run[:start] + mask_of(PersonalKind.NAME) * (stop - start) + run[stop:]
    return run


def is_name(text: str) -> bool:
    """Whether Chinese characters that stand alone have the form of a name: a surname and one or two more."""
    if text in NOT_NAMES:
        return False
    given = text[2:] if text[:2] in COMPOUND else text[1:] if text[:1] in SURNAMES else ""
    return 1 <= len(given) <= 2 and not any(character in NOT_GIVEN for character in given)

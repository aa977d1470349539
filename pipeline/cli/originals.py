"""Keys and originals, as several commands need them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.cli.output import message

if TYPE_CHECKING:
    from pipeline.privacy.keys import KeyRing
    from pipeline.settings import Settings
    from pipeline.store.database import Database


def keys_of(settings: "Settings") -> "KeyRing | None":
    """The keys that close and open originals; ``None`` where the settings keep none. Raises: ConfigError."""
    from pipeline.privacy.keys import read_keys

    return None if settings.sealing_keys is None else read_keys(settings.sealing_keys)


def usable_keys(settings: "Settings") -> "KeyRing | None":
    """As `keys_of`; where the file cannot be used, that is told and there are none: what needs none goes on."""
    from pipeline.domain.errors import ConfigError

    try:
        return keys_of(settings)
    except ConfigError as error:
        message(f"without keys: {error}")
        return None


def pseudonyms_of(settings: "Settings") -> "Callable[[str], str] | None":
    """What makes pseudonyms of customers' numbers; ``None`` without keys. Raises: ConfigError."""
    from functools import partial

    from pipeline.privacy.sealing import pseudonym

    keys = keys_of(settings)
    return None if keys is None else partial(pseudonym, keys)


def find_call(database: "Database", call: str) -> str:
    """The id of a call by its file's name, its path, or the start of its id. Raises: StoreError, none or several."""
    from pipeline.domain.errors import ConfigError, StoreError
    from pipeline.privacy.places import mark_of_name, mark_of_path
    from pipeline.settings import load_settings
    from pipeline.store.listings import Marks, find_recording
    from pipeline.store.places import places_by_key

    lacking = "no key_file is set"
    try:
        keys = keys_of(load_settings())
    except ConfigError as error:
        keys, lacking = None, str(error)
    if keys is not None:
        return find_recording(database, call, Marks(mark_of_path(keys, call), mark_of_name(keys, call)))
    try:
        return find_recording(database, call)
    except StoreError as error:
        if "/" in call or "." in call:
            hint = f"{error}. Paths are closed by a key, so give the start of an id" if places_by_key(database) else ""
            if hint:
                raise StoreError(f"{hint} ({lacking})") from error
        raise


def say_what_is_kept(settings: "Settings") -> None:
    """Tells whoever begins a run that nobody will be able to read what it masks. Raises: ConfigError, unusable keys."""
    if keys_of(settings) is None:
        why = "originals = none" if settings.originals == "none" else "no key_file is set"
        message(
            f"个人信息已屏蔽，原文不保留，录音路径按原样保存 personal data is masked, originals are not kept, paths of "
            f"recordings are stored as they are: {why}"
        )


def say_what_is_unmasked(database: "Database", keys: "KeyRing | None" = None) -> None:
    """Tells that an earlier version has left calls in the open, or paths though there is a key, where it has."""
    from pipeline.privacy.masking import MASKING
    from pipeline.store.places import count_open_places
    from pipeline.store.protecting import count_masked_before, count_unmasked

    left = count_unmasked(database)
    if left:
        message(f"{left} calls of an earlier version are not masked yet: earmark privacy protect")
    before = count_masked_before(database, MASKING)
    if before:
        message(f"{before} calls were masked by an earlier version, which finds less: earmark privacy protect")
    paths = count_open_places(database) if keys is not None else 0
    if paths:
        message(f"paths of {paths} recordings of an earlier time are stored as they are: earmark privacy protect")


def check_key(settings: "Settings", database: "Database") -> None:
    """Returns where the keys open the paths of recordings that are stored closed, or are said to be lost.

    Raises:
        ConfigError: there is no key, or not the one that marked them.
        SealError: a key is not in the file, or is another.
    """
    from pipeline.batch.places import check_places

    lost = check_places(database, keys_of(settings), given_up=settings.originals == "none")
    if lost:
        message(
            f"{lost} paths of recordings are closed and no key is used (originals = none): their files are found again "
            "by what they hold where they lie under the given paths"
        )

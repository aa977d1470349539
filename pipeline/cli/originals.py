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


def pseudonyms_of(settings: "Settings") -> "Callable[[str], str] | None":
    """What makes pseudonyms of customers' numbers; ``None`` without keys. Raises: ConfigError."""
    from functools import partial

    from pipeline.privacy.sealing import pseudonym

    keys = keys_of(settings)
    return None if keys is None else partial(pseudonym, keys)


def say_what_is_kept(settings: "Settings") -> None:
    """Tells whoever begins a run that nobody will be able to read what it masks. Raises: ConfigError, unusable keys."""
    if keys_of(settings) is None:
        why = "originals = none" if settings.originals == "none" else "no key_file is set"
        message(f"个人信息已屏蔽，原文不保留 personal data is masked, originals are not kept: {why}")


def say_what_is_unmasked(database: "Database") -> None:
    """Tells that an earlier version has left calls in the open, where it has."""
    from pipeline.store.protecting import count_unmasked

    left = count_unmasked(database)
    if left:
        message(f"{left} calls of an earlier version are not masked yet: earmark privacy protect")

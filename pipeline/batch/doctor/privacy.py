"""Checks of what hides personal data: the key file, originals that it does not open, calls that are not masked."""

from collections import Counter
from collections.abc import Iterator

from pipeline.batch.doctor.findings import Finding, ill, warn, well
from pipeline.domain.errors import ConfigError, StoreError
from pipeline.privacy.keys import KeyRing, read_keys
from pipeline.privacy.masking import MASKING as CURRENT
from pipeline.settings import Settings
from pipeline.store.database import Database, open_database
from pipeline.store.inspection import inspect_database
from pipeline.store.originals import originals_by_key
from pipeline.store.places import count_open_places, places_by_key
from pipeline.store.protecting import count_masked_before, count_unmasked

KEYS = ("密钥", "keys")
MASKING = ("屏蔽", "masking")


def check_privacy(settings: Settings) -> Iterator[Finding]:
    """Everything about keys and masking. A database that is not there, or not at this level, is told elsewhere."""
    keys: KeyRing | None = None
    if settings.sealing_keys is not None:
        try:
            keys = read_keys(settings.sealing_keys)
        except ConfigError as error:
            yield ill(
                *KEYS,
                str(error),
                "在修好之前 earmark run 不会开始；原文不受影响",
                "until that is mended no run begins; originals are as they were",
            )
    try:
        facts = inspect_database(settings.db)
        if facts is None or not facts.is_current:
            return
        database = open_database(settings.db)
    except (StoreError, ConfigError):
        return
    yield from _check_originals(settings, keys, database)
    yield _check_masked(database)
    yield from _check_paths(database, keys)
    database.close()


def _check_originals(settings: Settings, keys: KeyRing | None, database: Database) -> Iterator[Finding]:
    closed = Counter(originals_by_key(database)) + Counter(places_by_key(database))
    known = keys.by_id() if keys else {}
    lost = {key_id: count for key_id, count in closed.items() if key_id not in known}
    if lost:
        named = ", ".join(f"{key_id} ({count} originals and paths)" for key_id, count in sorted(lost.items()))
        yield ill(
            *KEYS,
            f"originals and paths are closed by keys that are not at hand: {named}",
            "把密钥文件从备份放回，或设置 key_file；密钥丢失则原文无法恢复，屏蔽后的数据照常可用",
            "put the key file back from your copy, or set key_file; without it those originals and places of files are "
            "lost, the masked calls stay usable",
        )
    elif keys is not None:
        old = sum(count for key_id, count in closed.items() if key_id != keys.newest.id)
        found = f"{keys.file} · {len(keys.keys)} · {sum(closed.values())} originals and paths"
        if old:
            yield warn(
                *KEYS,
                f"{found}, {old} of them closed by older keys",
                "earmark privacy key rotate 会用最新密钥重新加密",
                "earmark privacy key rotate closes them with the newest key",
            )
        else:
            yield well(*KEYS, found)
    elif settings.sealing_keys is None:
        yield well(*KEYS, "none: originals are not kept")


def _check_masked(database: Database) -> Finding:
    unmasked = count_unmasked(database)
    if unmasked:
        return warn(
            *MASKING,
            f"{unmasked} calls of an earlier version are stored as they were spoken",
            "先备份密钥，再运行 earmark privacy protect",
            "keep a copy of the keys, then: earmark privacy protect",
        )
    before = count_masked_before(database, CURRENT)
    if before:
        return warn(
            *MASKING,
            f"{before} calls were masked by an earlier version, which finds less",
            "运行 earmark privacy protect 重新屏蔽",
            "earmark privacy protect masks them anew",
        )
    return well(*MASKING, "every stored call is masked")


def _check_paths(database: Database, keys: KeyRing | None) -> Iterator[Finding]:
    count = count_open_places(database)
    if not count:
        return
    found = f"paths of {count} recordings are stored as they are"
    if keys is not None:
        yield warn(*MASKING, found, "运行 earmark privacy protect 加密", "earmark privacy protect closes them")
    else:
        yield warn(
            *MASKING,
            found,
            "路径里可能有姓名或号码；设置 key_file 后运行 earmark privacy protect",
            "they may hold names or numbers: set key_file, then earmark privacy protect",
        )

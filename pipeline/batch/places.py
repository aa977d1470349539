"""Whether the keys at hand fit the paths that are stored closed."""

from pipeline.domain.errors import ConfigError
from pipeline.privacy.keys import KeyRing
from pipeline.privacy.places import mark_of_path, open_path
from pipeline.privacy.sealing import SealError
from pipeline.store.database import Database
from pipeline.store.places import REPLACED, a_closed_place, places_by_key


def check_places(database: Database, keys: KeyRing | None, *, given_up: bool = False) -> int:
    """Returns how many closed paths nobody will open: 0 where the keys fit.

    Args:
        database: where.
        keys: those at hand.
        given_up: without keys they are lost, and that is known.

    Raises:
        ConfigError: there are closed paths and no keys, or the secret that marks paths is another.
        SealError: a key is not in the file, or is another under the same id.
    """
    closed = places_by_key(database)
    if not closed:
        return 0
    if keys is None:
        if given_up:
            return sum(closed.values())
        raise ConfigError(
            f"{sum(closed.values())} recordings' paths are closed by key {', '.join(sorted(closed))}, and no key_file "
            "is set: set it; where the key is lost for good, originals = none goes on without"
        )
    for key_id in closed:
        place = a_closed_place(database, key_id)
        if place is None or place.closed is None:
            continue
        path = open_path(keys, place.uri, place.closed).removesuffix(f" {REPLACED}")
        if mark_of_path(keys, path) != place.uri.removesuffix(f" {REPLACED}"):
            raise ConfigError(
                f"key_file {keys.file} has another pseudonyms line than the one that marked the paths of recordings: "
                "put the file back from your copy"
            )
    return 0


__all__ = ["SealError", "check_places"]

"""What a check of the installation says."""

from dataclasses import dataclass
from enum import StrEnum

from pipeline.domain.results import BilingualText


class Health(StrEnum):
    """How something is. Ordered from well to ill."""

    OK = "ok"
    WARNING = "warning"
    """It works, though not as it should or not for long."""
    FAILED = "failed"
    """Calls will not be processed, or not all of them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    check: BilingualText
    health: Health
    found: str
    """Facts: versions, paths, sizes; the words of an error."""
    remedy: BilingualText | None = None
    """What to do; ``None`` where nothing is."""


def well(zh: str, en: str, found: str) -> Finding:
    """Nothing to do."""
    return Finding(BilingualText(zh, en), Health.OK, found)


def warn(zh: str, en: str, found: str, remedy_zh: str, remedy_en: str) -> Finding:
    """Something to do, if not tonight."""
    return Finding(BilingualText(zh, en), Health.WARNING, found, BilingualText(remedy_zh, remedy_en))


def ill(zh: str, en: str, found: str, remedy_zh: str, remedy_en: str) -> Finding:
    """Something to do before anything works."""
    return Finding(BilingualText(zh, en), Health.FAILED, found, BilingualText(remedy_zh, remedy_en))


def shown_bytes(count: float) -> str:
    """A size as people read it.

    >>> shown_bytes(430_000), shown_bytes(145_217_532), shown_bytes(2.5e9)
    ('0.4 MB', '145 MB', '2.5 GB')
    """
    if count >= 1e9:
        return f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:.0f} MB" if count >= 1e7 or count == 0 else f"{count / 1e6:.1f} MB"

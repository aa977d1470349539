"""Which code made a result."""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("pipeline", "rules", "models")


@cache
def code_version() -> str:
    """The version with a digest of the sources, so that a change between releases is told apart.

    For example ``0.1.0+src.1f0c3d9a4b7e``.
    """
    root = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for package in PACKAGES:
        for source in sorted((root / package).rglob("*.py")):
            digest.update(str(source.relative_to(root)).encode() + b"\0" + source.read_bytes())
    return f"{version('earmark')}+src.{digest.hexdigest()[:12]}"

"""The rules of a run: the standard pack and the site's own."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.domain.results import RuleHeading

if TYPE_CHECKING:
    from rules.rule import RulePack


def load_rules(site_dirs: Sequence[Path]) -> "RulePack":
    """The standard pack with the packs of the site.

    Raises:
        RulePackError: any rule file has a problem; all problems are in it.
    """
    from rules.loader import load_packs, standard_pack_dir

    return load_packs((standard_pack_dir(), *site_dirs))


def headings(pack: "RulePack") -> tuple[RuleHeading, ...]:
    """What the store keeps of each rule."""
    return tuple(
        RuleHeading(rule.id, rule.title, rule.severity, rule.error_class, rule.status, rule.digest)
        for rule in pack.rules
    )

"""Which rules and labelled calls a command of the workbench works on."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipeline.domain.predictions import Predictions
    from pipeline.domain.results import Call
    from rules.rule import RulePack

LabelsOption = Annotated[
    list[Path], typer.Option("--labels", metavar="FILE", help="Labelled calls, JSON lines; may be repeated.")
]
SomeLabelsOption = Annotated[
    list[Path] | None, typer.Option("--labels", metavar="FILE", help="Labelled calls, JSON lines; may be repeated.")
]
RuleOption = Annotated[
    list[str] | None, typer.Option("--rule", metavar="ID", help="Only these rules; may be repeated.")
]


def pack_folders(rules: Sequence[Path] | None) -> tuple[Path, ...]:
    """The folders that rules are read from: the standard pack, and the site's own."""
    from pipeline.settings import load_settings
    from rules.loader import standard_pack_dir

    return (standard_pack_dir(), *load_settings(rules=tuple(rules) if rules else None).rules)


def load_pack(rules: Sequence[Path] | None) -> "RulePack":
    """The standard pack with the packs of the site. Raises: RulePackError."""
    from pipeline.batch.rule_set import load_rules
    from pipeline.settings import load_settings

    return load_rules(load_settings(rules=tuple(rules) if rules else None).rules)


def site_predictions() -> "Callable[[Call], Predictions]":
    """What the night's classifiers say about a call: the site's own where the setting ``models`` names a folder."""
    from models.predict import predictor
    from pipeline.settings import load_settings

    return predictor(load_settings().models)


def pack_ids(pack: "RulePack") -> list[str]:
    """The ids of all rules of a pack."""
    return [rule.id for rule in pack.rules]


def wanted_rules(pack: "RulePack", chosen: Sequence[str] | None) -> list[str]:
    """The chosen rules, all where none is chosen. Raises: ConfigError for one that is not there."""
    import difflib

    from pipeline.domain.errors import ConfigError

    known = pack_ids(pack)
    for rule in chosen or ():
        if rule not in known:
            near = difflib.get_close_matches(rule, known, n=1)
            raise ConfigError(
                f"there is no rule {rule!r}; " + (f"did you mean {near[0]}?" if near else "see rules list")
            )
    return list(chosen) if chosen else known

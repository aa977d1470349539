"""Checks of what judges: rule packs and classifiers."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from models.registry import load_models
from pipeline.batch.doctor.findings import Finding, ill, warn, well
from pipeline.domain.errors import ModelArtifactError, RulePackError
from pipeline.domain.results import RuleStatus
from pipeline.settings import Settings
from rules.lint import lint
from rules.loader import load_packs, read_folders, standard_pack_dir

SHOWN_PROBLEMS = 3


def check_judging(settings: Settings) -> Iterator[Finding]:
    """Rules, then classifiers."""
    yield check_rules(settings.rules)
    yield check_classifiers(settings.models)


def check_rules(site_dirs: Sequence[Path]) -> Finding:
    """Whether all rules load, and whether the linter is content with them."""
    named = ("规则包", "rule packs")
    folders = (standard_pack_dir(), *site_dirs)
    try:
        pack = load_packs(folders)
    except RulePackError as error:
        return ill(
            *named,
            _first(error.problems),
            "按行改好规则：earmark rules check 列出全部问题",
            "mend the rules: `earmark rules check` lists every problem",
        )
    active = sum(rule.status == RuleStatus.ACTIVE for rule in pack.rules)
    found = f"{len(pack.rules)} rules, {active} active, from {len(folders)} folders · {pack.digest[:12]}…"
    files, _ = read_folders(folders)
    findings = lint(files)
    if findings:
        shown = _first([f"{one.place}: {one.what.en}" for one in findings])
        return warn(
            *named,
            f"{found}; {shown}",
            "规则可用，但有可疑之处：earmark rules check",
            "they can be used, though some look wrong: `earmark rules check`",
        )
    return well(*named, found)


def check_classifiers(folder: Path | None) -> Finding:
    """Whether the classifiers load."""
    named = ("分类器", "classifiers")
    try:
        loaded = load_models(folder)
    except ModelArtifactError as error:
        return ill(
            *named,
            str(error),
            "用当前版本重新训练（earmark models train），或去掉设置 models 改用自带模型",
            "train them again with this version (earmark models train), or unset `models` to use those it ships",
        )
    shown = {"sentiment": loaded.sentiment, "dissatisfied": loaded.dissatisfied, "escalation": loaded.escalation}
    learned = f" · {len(loaded.learned)} learned conditions" if loaded.learned else ""
    return well(*named, ", ".join(f"{name} {one.digest[:12]}…" for name, one in shown.items()) + learned)


def _first(problems: Sequence[str]) -> str:
    more = len(problems) - SHOWN_PROBLEMS
    return "; ".join(problems[:SHOWN_PROBLEMS]) + (f"; and {more} more" if more > 0 else "")

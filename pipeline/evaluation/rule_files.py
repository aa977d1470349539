"""What lists show of rules."""

from dataclasses import dataclass

from rules.rule import RulePack


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule in a list."""

    id: str
    title: str
    title_en: str
    severity: str
    error_class: str
    status: str
    tuned_for: str
    examples: int
    source: str


def rule_rows(pack: RulePack) -> list[RuleRow]:
    """One row for each rule, by id."""
    return [
        RuleRow(
            id=rule.id,
            title=rule.title.zh,
            title_en=rule.title.en,
            severity=rule.severity.value,
            error_class=rule.error_class.value,
            status=rule.status.value,
            tuned_for=rule.tuned_for,
            examples=len(rule.examples.hits) + len(rule.examples.clear) + len(rule.examples.known_gaps),
            source=rule.source,
        )
        for rule in pack.rules
    ]

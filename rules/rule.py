"""A rule as the program holds it, and a pack of rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.domain.results import BilingualText, ErrorClass, RuleStatus, Severity
from rules.schema import Condition, Examples


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is looked for in calls."""

    id: str
    title: BilingualText
    why: BilingualText
    """The policy that the rule enforces."""
    severity: Severity
    error_class: ErrorClass
    status: RuleStatus
    tuned_for: str
    """``recall`` or ``precision``: which of the two its author rather loses."""
    when: "Condition | str"
    """A condition, or the name of one of ``conditions``."""
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    applies_to: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Metadata fields and the values that a call must have; any call where empty."""
    examples: Examples = field(default_factory=Examples)
    source: str = ""
    """Where it is written: ``pack/rule.yaml``."""
    digest: str = field(default="", repr=False, compare=False)
    """SHA-256 of what decides whether it hits, 64 hex digits: title, reason and examples are not in it."""
    text: str = field(default="", repr=False, compare=False)
    """The file as it was read: what runs, though somebody may have edited it since."""


@dataclass(frozen=True, slots=True)
class RulePack:
    """Rules that are run together, ordered by id. ``digest`` names their content."""

    rules: tuple[Rule, ...]
    digest: str
    """SHA-256 over the rules as written, 64 hex digits; comments and layout do not change it."""

    def rule(self, rule_id: str) -> Rule | None:
        """The rule with this id; ``None`` where there is none."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)

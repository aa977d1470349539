"""Which rules may say the same as another, so that not all pairs of a large pack need to be compared."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pipeline.domain.results import RuleStatus
from rules.lint.claims import Claim, claim
from rules.operators.phrase import PhraseSpec, spoken_form
from rules.operators.regex import RegexSpec
from rules.rule import Rule


class Stated(NamedTuple):
    """A rule and what it claims of a call."""

    rule: Rule
    claim: Claim


class Neighbours:
    """The rules that run together and are not retired, by what their conditions name.

    One claim can only follow from another if a part of it does, and for phrases that means that one contains the other.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._stated = [
            Stated(rule, claim(rule.when, rule.conditions)) for rule in rules if rule.status != RuleStatus.RETIRED
        ]
        self._numbers = {one.rule.id: number for number, one in enumerate(self._stated)}
        self._named: dict[str, set[int]] = {}
        self._within: dict[str, set[int]] = {}
        """Parts of what is named, so that longer phrases are found by shorter ones."""
        for number, one in enumerate(self._stated):
            for name in _names(one.claim):
                self._named.setdefault(name, set()).add(number)
                for part in _parts(name):
                    self._within.setdefault(part, set()).add(number)

    def stated(self, rule: Rule) -> Stated | None:
        """The rule with its claim; ``None`` for a retired one."""
        number = self._numbers.get(rule.id)
        return self._stated[number] if number is not None else None

    def of(self, rule: Rule) -> Iterator[Stated]:
        """Other rules whose claims may follow from this one's, in the order of the pack."""
        number = self._numbers.get(rule.id)
        if number is None:
            return
        near: set[int] = set()
        for name in _names(self._stated[number].claim):
            near |= self._within.get(name, set())
            for part in _parts(name):
                near |= self._named.get(part, set())
        for other in sorted(near - {number}):
            yield self._stated[other]


def _names(one: Claim) -> frozenset[str]:
    """What the operators of a claim name: phrases, expressions, or the operator itself."""
    if one.spec is None:
        return frozenset[str]().union(*(_names(part) for part in one.parts))
    if isinstance(one.spec, PhraseSpec):
        return frozenset(spoken_form(item.text) for item in one.spec.items())
    if isinstance(one.spec, RegexSpec):
        return frozenset(f"regex {source}" for source in one.spec.patterns())
    return frozenset({f"operator {one.kind}"})


def _parts(name: str) -> Iterator[str]:
    if name.startswith(("regex ", "operator ")):
        yield name
        return
    for start in range(len(name)):
        for end in range(start + 1, len(name) + 1):
            yield name[start:end]

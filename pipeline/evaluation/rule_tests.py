"""The examples beside the rules, run as tests: each with its place in the file."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.audio.signals import measure_signals
from pipeline.domain.results import Call
from rules.examples import ExampleResult, example_call, run_rule_examples
from rules.lint import Place, placed
from rules.rule import Rule, RulePack
from rules.schema import Example
from rules.source import parse


@dataclass(frozen=True, slots=True)
class RanExample:
    """One example of one rule, run."""

    rule: Rule
    example: Example
    place: Place
    result: ExampleResult

    @property
    def holds(self) -> bool:
        """Whether the rule says what the example asks for."""
        return self.result.problem is None

    @property
    def call(self) -> Call:
        """The call that the example describes."""
        return example_call(self.example, measure_signals)


@dataclass(frozen=True, slots=True)
class ExampleRow:
    """An example as data."""

    rule: str
    example: str
    holds: bool
    file: str
    line: int
    column: int
    note: str | None
    problem: str | None


def run_tests(pack: RulePack, rules: Sequence[str], texts: Sequence[tuple[str, str]]) -> tuple[RanExample, ...]:
    """All examples of the given rules, drafts and retired ones too.

    Args:
        pack: where the rules are.
        rules: ids of those to test.
        texts: label and text of the files of the pack, to tell where an example is written.
    """
    wanted, by_label = frozenset(rules), dict(texts)
    return tuple(
        ran for rule in pack.rules if rule.id in wanted for ran in run_rule(rule, by_label.get(rule.source, ""))
    )


def run_rule(rule: Rule, text: str) -> tuple[RanExample, ...]:
    """The examples of one rule, which is written in ``text``."""
    source = parse(text, rule.source)
    named = {
        f"{kind}[{index}]": (("examples", kind, index), example)
        for kind, examples in (
            ("hits", rule.examples.hits),
            ("clear", rule.examples.clear),
            ("known_gaps", rule.examples.known_gaps),
        )
        for index, example in enumerate(examples)
    }
    ran = []
    for result in run_rule_examples(rule, measure_signals):
        path, example = named[result.name]
        ran.append(RanExample(rule, example, placed(source.problem(path, "")).place, result))
    return tuple(ran)


def example_rows(examples: Sequence[RanExample]) -> list[ExampleRow]:
    """One row for each example."""
    return [
        ExampleRow(
            rule=one.rule.id,
            example=one.result.name,
            holds=one.holds,
            file=one.place.file,
            line=one.place.line,
            column=one.place.column,
            note=one.example.note,
            problem=one.result.problem,
        )
        for one in examples
    ]

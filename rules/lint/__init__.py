"""What is valid in a rule but hardly meant so."""

from collections.abc import Container, Iterable, Mapping, Sequence

from rules.lint.coverage import lint_lists
from rules.lint.findings import Finding, Kind, Place, Problem, Report, in_order, placed
from rules.lint.logic import (
    CallLengths,
    lint_against,
    lint_branches,
    lint_examples,
    lint_limits,
    parts_with_paths,
)
from rules.lint.neighbours import Neighbours
from rules.lint.texts import lint_texts
from rules.loader import check_rule
from rules.rule import Rule
from rules.source import Source, parse

__all__ = [
    "CallLengths",
    "Finding",
    "Kind",
    "Place",
    "Problem",
    "Stated",
    "lint",
    "lint_rule",
    "lint_rules",
    "placed",
    "stated",
]


def lint(files: Iterable[tuple[str, str]], *, lengths: CallLengths | None = None) -> tuple[Finding, ...]:
    """The findings in all files that hold a valid rule, by place. Invalid files are the loader's to report.

    Args:
        files: label and text of each.
        lengths: how long most calls are; see `CallLengths`.
    """
    texts = dict(files)
    rules = [rule for label, text in texts.items() if (rule := check_rule(label, text)[0]) is not None]
    return lint_rules(rules, texts, texts, lengths=lengths)


def lint_rules(
    rules: Sequence[Rule], texts: Mapping[str, str], only: Container[str], *, lengths: CallLengths | None = None
) -> tuple[Finding, ...]:
    """The findings in the rules of some files.

    Args:
        rules: all rules that run together.
        texts: the text of each rule's file, by label.
        only: labels of the files to look at.
        lengths: how long most calls are.
    """
    neighbours = Neighbours(rules)
    return in_order(
        finding
        for rule in rules
        if rule.source in only
        for finding in lint_rule(rule, parse(texts[rule.source], rule.source), neighbours, lengths=lengths)
    )


def lint_rule(
    rule: Rule, source: Source, neighbours: Neighbours, *, lengths: CallLengths | None = None
) -> tuple[Finding, ...]:
    """The findings in one rule, which ``source`` holds; ``neighbours`` are all rules that run with it."""
    report = Report(source, rule.id)
    for path, part in parts_with_paths(rule):
        found = part.operator()
        if found is not None:
            operator, spec = found
            lint_texts(spec, (*path, operator.name), report)
            lint_lists(spec, (*path, operator.name), report)
    lint_branches(rule, report)
    lint_against(rule, neighbours, report)
    lint_limits(rule, lengths or CallLengths(), report)
    lint_examples(rule, report)
    return in_order(report.findings)

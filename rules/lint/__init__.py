"""What is valid in a rule but hardly meant so."""

from collections.abc import Iterable, Sequence

from rules.lint.coverage import lint_lists
from rules.lint.findings import Finding, Kind, Place, Problem, Report, in_order, placed
from rules.lint.logic import (
    CallLengths,
    Stated,
    lint_against,
    lint_branches,
    lint_examples,
    lint_limits,
    parts_with_paths,
    stated,
)
from rules.lint.texts import lint_texts
from rules.loader import check_rule
from rules.rule import Rule
from rules.source import Source, parse

__all__ = ["CallLengths", "Finding", "Kind", "Place", "Problem", "Stated", "lint", "lint_rule", "placed", "stated"]


def lint(files: Iterable[tuple[str, str]], *, lengths: CallLengths | None = None) -> tuple[Finding, ...]:
    """The findings in all files that hold a valid rule, by place. Invalid files are the loader's to report.

    Args:
        files: label and text of each.
        lengths: how long most calls are; see `CallLengths`.
    """
    read: list[tuple[Rule, Source]] = []
    for label, text in files:
        rule, _ = check_rule(label, text)
        if rule is not None:
            read.append((rule, parse(text, label)))
    rules = stated(rule for rule, _ in read)
    return in_order(finding for rule, source in read for finding in lint_rule(rule, source, rules, lengths=lengths))


def lint_rule(
    rule: Rule, source: Source, others: Sequence[Stated], *, lengths: CallLengths | None = None
) -> tuple[Finding, ...]:
    """The findings in one rule, which ``source`` holds; ``others`` are all rules that run with it, itself too."""
    report = Report(source, rule.id)
    for path, part in parts_with_paths(rule):
        found = part.operator()
        if found is not None:
            operator, spec = found
            lint_texts(spec, (*path, operator.name), report)
            lint_lists(spec, (*path, operator.name), report)
    lint_branches(rule, report)
    lint_against(rule, others, report)
    lint_limits(rule, lengths or CallLengths(), report)
    lint_examples(rule, report)
    return in_order(report.findings)

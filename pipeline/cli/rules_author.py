"""`earmark rules check|test`: whether rules are in order."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.apply import RulesOption
from pipeline.cli.output import Format, FormatOption, message, print_rows
from pipeline.cli.rule_choice import RuleOption, SomeLabelsOption, pack_folders, wanted_rules

if TYPE_CHECKING:
    from rules.lint import CallLengths


def check(
    rules: RulesOption = None,
    labels: SomeLabelsOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings too.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """All errors of all rule files, and what is valid but hardly meant. 规则检查"""
    from pipeline.cli.author_view import print_check
    from pipeline.evaluation.rule_check import check_folders, check_rows

    checked = check_folders(pack_folders(rules), lengths=_lengths(labels))
    if form == Format.TABLE:
        print_check(checked)
    else:
        print_rows(check_rows(checked), form)
    message(f"{checked.files} files: {len(checked.problems)} errors, {len(checked.findings)} warnings")
    if checked.problems or (strict and checked.findings):
        raise typer.Exit(1)


def _lengths(labels: list[Path] | None) -> "CallLengths | None":
    from pipeline.evaluation.labelled import read_labelled
    from pipeline.evaluation.rule_check import call_lengths

    calls = read_labelled(labels) if labels else []
    return call_lengths(calls) if calls else None


def test(
    rules: RulesOption = None,
    rule: RuleOption = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Also write JUnit XML, for CI systems.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Run the examples beside the rules. 规则自测"""
    from pipeline.cli.author_view import print_failure
    from pipeline.domain.errors import ConfigError
    from pipeline.evaluation.junit import junit_xml
    from pipeline.evaluation.rule_tests import example_rows, run_tests
    from rules.loader import load_sources, read_folders

    texts, unreadable = read_folders(pack_folders(rules))
    pack = load_sources(texts, problems=unreadable)
    ran = run_tests(pack, wanted_rules(pack, rule), texts)
    if junit is not None:
        try:
            junit.write_text(junit_xml(ran), encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"--junit {junit}: cannot be written: {error.strerror}") from error
    failures = [one for one in ran if not one.holds]
    if form == Format.TABLE:
        for one in failures:
            print_failure(one)
    else:
        print_rows(example_rows(ran), form)
    message(f"{len({one.rule.id for one in ran})} rules, {len(ran)} examples: {len(failures)} fail")
    if failures:
        raise typer.Exit(1)

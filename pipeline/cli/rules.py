"""`earmark rules …`: the author's workbench."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import rules_author, rules_diff, rules_sounds, rules_watch
from pipeline.cli.apply import RulesOption
from pipeline.cli.output import (
    SEVERITY_SIGN,
    SEVERITY_STYLE,
    DbOption,
    Format,
    FormatOption,
    console,
    message,
    print_rows,
)
from pipeline.cli.reference import (
    PERTURBATIONS,
    PerturbationsOption,
    ReferenceOption,
    WordsOption,
    compare_words,
    labelled_words,
)
from pipeline.cli.rule_choice import LabelsOption, RuleOption, load_pack, pack_ids, site_predictions, wanted_rules
from pipeline.domain.personal import shown

if TYPE_CHECKING:
    from pipeline.domain.results import Call
    from pipeline.evaluation.recognition import Comparison
    from pipeline.evaluation.rule_quality import Case, Counts
    from rules.engine import Engine

app = typer.Typer(help="Write, test and weigh rules. 规则工作台", no_args_is_help=True)
app.command("check")(rules_author.check)
app.command("test")(rules_author.test)
app.command("diff")(rules_diff.diff)
app.command("watch")(rules_watch.watch)
app.command("sounds")(rules_sounds.sounds)


@app.command("list")
def list_rules(rules: RulesOption = None, form: FormatOption = Format.TABLE) -> None:
    """List the rules with title, severity, class and status. 规则列表"""
    from pipeline.evaluation.rule_files import rule_rows

    listed = rule_rows(load_pack(rules))
    if form != Format.TABLE:
        print_rows(listed, form)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in (
        "规则 rule",
        "名称 title",
        "级别 severity",
        "类别 class",
        "状态 status",
        "偏重 tuned for",
        "例 examples",
    ):
        table.add_column(heading, no_wrap=True)
    for row in listed:
        severity = Text(f"{SEVERITY_SIGN[row.severity]} {row.severity}", SEVERITY_STYLE[row.severity])
        table.add_row(row.id, row.title, severity, row.error_class, row.status, row.tuned_for, str(row.examples))
    console().print(table)


@app.command("eval")
def evaluate(
    labels: LabelsOption,
    rules: RulesOption = None,
    rule: RuleOption = None,
    difficulty: Annotated[
        Path | None, typer.Option("--difficulty", metavar="FILE", help="JSON that says which cases are hard.")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="COLUMN", help="Also by this metadata column.")] = None,
    cases: Annotated[bool, typer.Option("--cases", help="Show every false hit and miss in its context.")] = False,
    reference: ReferenceOption = None,
    db: WordsOption = None,
    perturbations: PerturbationsOption = PERTURBATIONS,
    form: FormatOption = Format.TABLE,
) -> None:
    """Precision and recall on labelled calls, with every false hit and miss. 规则评估"""
    from pipeline.evaluation.labelled import read_labelled
    from pipeline.evaluation.rule_quality import check_labels, judge
    from rules.engine import Engine

    pack = load_pack(rules)
    engine = Engine(pack, predict=site_predictions())
    wanted = wanted_rules(pack, rule)
    labelled = labelled_words(read_labelled(labels, difficulty=difficulty), db)
    problems = [one for one in check_labels(labelled, pack_ids(pack)) if not rule or one.rule in rule]
    judged = judge(engine.evaluate, labelled, wanted)
    compared = compare_words(engine, judged, labelled, reference, perturbations) if reference else None
    if form == Format.TABLE:
        for problem in problems:
            message(f"{'' if problem.is_error else 'note: '}{problem.rule}: {problem.message}")
        _print_evaluation(engine, judged, by, compared, show_cases=cases or bool(rule))
    else:
        _print_evaluation_data(judged, by, compared, form)
        for problem in problems:
            message(f"{problem.rule}: {problem.message}")
    if any(problem.is_error for problem in problems):
        raise typer.Exit(1)


@app.command("explain")
def explain(
    call: Annotated[str, typer.Argument(help="A stored call (file name or start of its id), or one of --labels.")],
    rule: Annotated[str, typer.Argument(help="Rule id.")],
    labels: Annotated[
        list[Path] | None, typer.Option("--labels", metavar="FILE", help="Look for the call in labelled calls.")
    ] = None,
    db: DbOption = None,
    rules: RulesOption = None,
) -> None:
    """Why a rule hits a call or does not: each condition, where it holds, how near it came. 为什么命中"""
    from pipeline.cli.evaluation_view import trace_tree
    from pipeline.domain.results import RuleStatus
    from rules.engine import Engine

    pack = load_pack(rules)
    wanted_rules(pack, [rule])
    engine = Engine(pack, statuses=frozenset(RuleStatus), predict=site_predictions())
    explained = engine.explain(_find_call(call, labels, db), rule)
    out = console()
    heading = f"{explained.rule.title.zh} {rule}: {explained.result.outcome}"
    out.print(heading, style="bold", markup=False)
    out.print(explained.result.explanation.zh, markup=False)
    out.print(explained.result.explanation.en, style="dim", markup=False)
    out.print(trace_tree(explained))


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of rule files, for editors. 规则文件的 JSON Schema"""
    from rules.schema import json_schema

    sys.stdout.write(json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n")


def _find_call(name: str, labels: list[Path] | None, db: str | None) -> "Call":
    from pipeline.cli.originals import find_call
    from pipeline.domain.errors import ConfigError, StoreError
    from pipeline.evaluation.labelled import read_labelled
    from pipeline.settings import load_settings
    from pipeline.store.database import open_database
    from pipeline.store.results import stored_call

    if labels:
        found = next((one.call for one in read_labelled(labels) if one.recording == name), None)
        if found is None:
            raise ConfigError(f"there is no call {name!r} in {', '.join(map(str, labels))}")
        return found
    database = open_database(load_settings(db=db).db)
    stored = stored_call(database, find_call(database, name))
    if stored is None:
        raise StoreError(f"{name} is not transcribed: `earmark calls --state quarantined` says why")
    return stored.call


def _print_evaluation(
    engine: "Engine", judged: "list[Case]", by: str | None, compared: "Comparison | None", *, show_cases: bool
) -> None:
    from pipeline.cli.attribution_view import print_comparison
    from pipeline.cli.evaluation_view import print_case, print_rates
    from pipeline.evaluation.rule_quality import Kind, count, count_by_rule, slices

    titles = {rule.id: rule.title for rule in engine.pack.rules}
    groups = {"rules": count_by_rule(judged), "pooled": {"合计 pooled": count(judged)}}
    if any(case.hard for case in judged):
        easy = count(case for case in judged if not case.hard)
        hard = count(case for case in judged if case.hard)
        groups["pooled"] |= {"易 easy": easy, "难 hard": hard}
    if by:
        groups[by] = {f"{by} {value or '(none)'}": count(of_value) for value, of_value in slices(judged, by).items()}
    for name, counts in groups["rules"].items():
        if counts.errors:
            message(f"{name}: broke on {counts.errors} calls, which are not judged: earmark rules explain CALL {name}")
    print_rates(groups, titles, compared.fragility if compared else None)
    if compared:
        print_comparison(compared, titles)
    wrong = [case for case in judged if case.kind in (Kind.FP, Kind.FN)]
    if show_cases:
        for case in wrong:
            print_case(case, engine)
    elif wrong:
        false_hits = sum(case.kind == Kind.FP for case in wrong)
        message(f"{false_hits} false hits, {len(wrong) - false_hits} misses: add --cases, or --rule ID, to see them")


def _print_evaluation_data(judged: "list[Case]", by: str | None, compared: "Comparison | None", form: Format) -> None:
    from pipeline.cli.attribution_view import comparison_data, fragility_data
    from pipeline.evaluation.rule_quality import count, count_by_rule, slices

    if form != Format.JSON:
        print_rows([RuleRates.of(rule, counts) for rule, counts in count_by_rule(judged).items()], form)
        return
    by_rule = {rule: _rates(counts) for rule, counts in count_by_rule(judged).items()}
    data: dict[str, object] = {
        "rules": by_rule,
        "pooled": _rates(count(judged)),
        "easy": _rates(count(case for case in judged if not case.hard)),
        "hard": _rates(count(case for case in judged if case.hard)),
    }
    if compared:
        for rule, rates in by_rule.items():
            rates["fragility"] = fragility_data(compared.fragility.get(rule))
        data["reference"] = comparison_data(compared)
    if by:
        data["by"] = {value: _rates(count(of_value)) for value, of_value in slices(judged, by).items()}
    sys.stdout.write(shown(json.dumps(data, ensure_ascii=False, indent=1)) + "\n")


def _rates(counts: "Counts") -> dict[str, object]:
    from dataclasses import asdict

    return {name: value for name, value in asdict(RuleRates.of("", counts)).items() if name != "rule"}


@dataclass(frozen=True, slots=True)
class RuleRates:
    """One rule's counts and rates as data; rates are ``None`` where undefined."""

    rule: str
    tp: int
    fp: int
    fn: int
    tn: int
    not_evaluable: int
    errors: int
    precision: float | None
    precision_ci: tuple[float, float] | None
    recall: float | None
    recall_ci: tuple[float, float] | None
    f1: float | None

    @classmethod
    def of(cls, rule: str, counts: "Counts") -> "RuleRates":
        """The row of a rule."""
        return cls(
            rule=rule,
            tp=counts.tp,
            fp=counts.fp,
            fn=counts.fn,
            tn=counts.tn,
            not_evaluable=counts.not_evaluable,
            errors=counts.errors,
            precision=counts.precision,
            precision_ci=counts.precision_ci,
            recall=counts.recall,
            recall_ci=counts.recall_ci,
            f1=counts.f1,
        )

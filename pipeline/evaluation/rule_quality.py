"""How good rules are on labelled calls: precision and recall with their intervals, and every case that went wrong.

A rule that cannot judge a call has not found what is there: abstentions on positives are misses. On negatives they
are neither right nor wrong and are counted apart.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.domain.intervals import Interval, rate, rate_interval
from pipeline.domain.results import Call, Outcome, RuleResult
from pipeline.evaluation.labelled import MODEL_TASKS, LabelledCall

Evaluate = Callable[[Call], Sequence[RuleResult]]
FEW_POSITIVES = 8
"""With fewer, the interval of recall spans half of all values: 7 of 7 found is anything from 59 % up."""


class Kind(StrEnum):
    """What a rule's outcome on a labelled call amounts to."""

    TP = "tp"
    FP = "fp"
    FN = "fn"
    TN = "tn"
    ABSTAINED = "abstained"
    """Not evaluable, or an error, on a negative."""


@dataclass(frozen=True, slots=True)
class Case:
    """One rule on one labelled call."""

    call: LabelledCall
    rule: str
    label: bool
    result: RuleResult | None
    """``None`` where the rule does not run (draft, retired)."""

    @property
    def kind(self) -> Kind:
        """Right, wrong or abstained."""
        outcome = self.result.outcome if self.result else Outcome.NOT_APPLICABLE
        if outcome == Outcome.HIT:
            return Kind.TP if self.label else Kind.FP
        if self.label:
            return Kind.FN
        return Kind.ABSTAINED if outcome in (Outcome.NOT_EVALUABLE, Outcome.ERROR) else Kind.TN

    @property
    def hard(self) -> bool:
        """Whether the labeller calls this a hard case of this rule."""
        return self.rule in self.call.hard


@dataclass(frozen=True, slots=True)
class Counts:
    """Cases by kind, and the rates that follow.

    >>> counts = Counts(tp=3, fp=1, fn=3, tn=5)
    >>> counts.precision, counts.recall, round(counts.f1, 3)
    (0.75, 0.5, 0.6)
    >>> Counts().f1 is None
    True
    """

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0
    not_evaluable: int = 0
    """Cases the rule could not judge, positives (which are misses as well) and negatives."""
    errors: int = 0
    """Cases in which the rule broke."""

    @property
    def precision(self) -> float | None:
        """tp ÷ (tp + fp); ``None`` without a hit."""
        return rate(self.tp, self.tp + self.fp)

    @property
    def precision_ci(self) -> Interval | None:
        """95 % interval of the precision."""
        return rate_interval(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float | None:
        """tp ÷ (tp + fn); ``None`` without a positive."""
        return rate(self.tp, self.tp + self.fn)

    @property
    def recall_ci(self) -> Interval | None:
        """95 % interval of the recall."""
        return rate_interval(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float | None:
        """2·tp ÷ (2·tp + fp + fn); ``None`` where there was nothing to find and nothing found."""
        return rate(2 * self.tp, 2 * self.tp + self.fp + self.fn)


@dataclass(frozen=True, slots=True)
class SetProblem:
    """Why numbers from a labelled set are not to be trusted, or cannot be had."""

    rule: str
    message: str
    is_error: bool = False


def judge(evaluate: Evaluate, calls: Iterable[LabelledCall], rules: Iterable[str]) -> list[Case]:
    """Every labelled case of the given rules, evaluated."""
    wanted = frozenset(rules)
    cases = []
    for labelled in calls:
        judged = [rule for rule in labelled.labels if rule in wanted]
        if not judged:
            continue
        results = {result.rule_id: result for result in evaluate(labelled.call)}
        cases += [Case(labelled, rule, labelled.labels[rule], results.get(rule)) for rule in judged]
    return cases


def count(cases: Iterable[Case]) -> Counts:
    """The cases counted by kind."""
    kinds = dict.fromkeys(Kind, 0)
    not_evaluable = errors = 0
    for case in cases:
        kinds[case.kind] += 1
        outcome = case.result.outcome if case.result else None
        not_evaluable += outcome == Outcome.NOT_EVALUABLE
        errors += outcome == Outcome.ERROR
    return Counts(kinds[Kind.TP], kinds[Kind.FP], kinds[Kind.FN], kinds[Kind.TN], not_evaluable, errors)


def count_by_rule(cases: Iterable[Case]) -> dict[str, Counts]:
    """The cases of each rule counted, by rule id."""
    by_rule: dict[str, list[Case]] = {}
    for case in cases:
        by_rule.setdefault(case.rule, []).append(case)
    return {rule: count(of_rule) for rule, of_rule in sorted(by_rule.items())}


def check_labels(calls: Sequence[LabelledCall], rules: Iterable[str]) -> list[SetProblem]:
    """What to know of the labelled set before its numbers: unknown rules, too few positives, all labels the same."""
    known = frozenset(rules)
    labels: dict[str, list[bool]] = {}
    first: dict[str, str] = {}
    for call in calls:
        for rule, label in call.labels.items():
            labels.setdefault(rule, []).append(label)
            first.setdefault(rule, call.where)
    problems = []
    for rule, given in sorted(labels.items()):
        if rule in MODEL_TASKS:
            continue
        if rule not in known:
            problems.append(SetProblem(rule, _unknown_rule(rule, known, first[rule]), is_error=True))
        elif len(set(given)) == 1:
            answer = "true" if given[0] else "false"
            missing = "precision" if given[0] else "recall"
            problems.append(SetProblem(rule, f"all {len(given)} labels are {answer}: {missing} says nothing"))
        elif sum(given) < FEW_POSITIVES:
            problems.append(SetProblem(rule, f"only {sum(given)} of {len(given)} calls have it: recall is a guess"))
    return problems


def _unknown_rule(rule: str, known: frozenset[str], where: str) -> str:
    import difflib

    near = difflib.get_close_matches(rule, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "`earmark rules list` names them"
    return f"{where}: there is no such rule in the pack; {hint}"


def slices(cases: Iterable[Case], column: str) -> Mapping[str, list[Case]]:
    """The cases by the calls' value of a metadata column; calls without it under ``""``."""
    by_value: dict[str, list[Case]] = {}
    for case in cases:
        by_value.setdefault(case.call.call.metadata.value(column) or "", []).append(case)
    return dict(sorted(by_value.items()))

"""Whether the risk of a call puts the calls that a person should hear on top.

Run: ``python benchmarks/risk.py [LABELS…]``. On labelled calls, by default those that neither rules nor models have
seen, four orders are compared: by risk, by risk without the classifiers, by counts of hits by severity (as
`earmark calls` sorted before), and by the classifiers alone. A call is worth hearing where people labelled a rule of
severity critical or alert, or the customer as dissatisfied or escalating; the number of such labels is the number of
its reasons. Intervals are bootstrapped over calls.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import spearmanr
from sklearn.metrics import average_precision_score, roc_auc_score

# Neighbours of this file are named as packages that are imported; its folder must not come first.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]

# ruff: noqa: E402
from pipeline.batch.judging import Judge
from pipeline.batch.rule_set import headings, load_rules
from pipeline.domain.results import Findings, Outcome, RuleHeading, RuleStatus, Severity
from pipeline.domain.risk import risk_of
from pipeline.evaluation.labelled import MODEL_TASKS, LabelledCall, read_labelled

UNSEEN = Path(__file__).parents[1] / "data" / "dialogues" / "judge.jsonl"
DRAWS = 1_000
URGENT = (Severity.CRITICAL, Severity.ALERT)


@dataclass(frozen=True)
class Ranked:
    """A call with its reasons to be heard and its place in each order."""

    reasons: int
    orders: dict[str, float]


def rank(call: LabelledCall, found: Findings, rules: dict[str, RuleHeading]) -> Ranked:
    """The call's value in each order."""
    hits = [
        (rules[result.rule_id].severity, result.confidence or 0.0)
        for result in found.results
        if result.outcome == Outcome.HIT and rules[result.rule_id].status == RuleStatus.ACTIVE
    ]
    urgent = [name for name, label in call.labels.items() if label and name in rules and rules[name].severity in URGENT]
    reasons = len(urgent) + sum(call.labels.get(task, False) for task in MODEL_TASKS)
    counts = [sum(severity == wanted for severity, _ in hits) for wanted in Severity]
    assert found.predictions is not None
    likely = [found.predictions.dissatisfied.probability or 0.0, found.predictions.escalation.probability or 0.0]
    orders = {
        "risk": float(risk_of(hits, found.predictions)),
        "risk without classifiers": float(risk_of(hits, None)),
        "hits by severity": counts[0] * 1e4 + counts[1] * 1e2 + counts[2],
        "classifiers alone": max(likely),
    }
    return Ranked(reasons, orders)


def figure(measure: Callable[..., float], truth: Sequence[float], order: Sequence[float]) -> str:
    """A measure with its bootstrap interval."""
    random = np.random.default_rng(7)
    drawn = []
    values, labels = np.asarray(order), np.asarray(truth)
    for _ in range(DRAWS):
        rows = random.integers(0, len(labels), len(labels))
        if len(np.unique(labels[rows])) > 1:
            drawn.append(measure(labels[rows], values[rows]))
    low, high = np.percentile(drawn, [2.5, 97.5])
    return f"{measure(labels, values):.2f} [{low:.2f}–{high:.2f}]"


def main() -> None:
    """Prints the table."""
    files = [Path(name) for name in sys.argv[1:]] or [UNSEEN]
    pack = load_rules(())
    rules = {heading.id: heading for heading in headings(pack)}
    judge = Judge(pack)
    ranked = [rank(call, judge(call.call), rules) for call in read_labelled(files)]
    worth = [float(call.reasons > 0) for call in ranked]
    reasons = [float(call.reasons) for call in ranked]
    table = Table(title=f"{len(ranked)} calls, {sum(worth):.0f} worth hearing", box=None, pad_edge=False)
    for heading in ("order", "AUC", "average precision", "Spearman with the number of reasons"):
        table.add_column(heading, justify="left" if heading == "order" else "right")
    for name in ranked[0].orders:
        order = [call.orders[name] for call in ranked]
        table.add_row(
            name,
            figure(roc_auc_score, worth, order),
            figure(average_precision_score, worth, order),
            figure(lambda labels, values: float(spearmanr(values, labels)[0]), reasons, order),
        )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()

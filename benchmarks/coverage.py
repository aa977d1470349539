"""Whether 95 % intervals of precision, recall and prevalence hold the truth 95 times in a hundred.

Run: ``python benchmarks/coverage.py [--worlds N] [--markdown] [--csv FILE]``. Each world has 10,000 calls (100,000
where 8,000 are audited) of which a known share holds a violation, and a rule of known recall and precision. Reviewers
hear its hits (all of them, or 100) and an audit of the calls it did not hit. The audit is *even* (every call has the
same chance) or *uneven*: a tenth of the calls, such as those of new staff, has four times the violations and five times
the chance. The truth is that of the process that makes the calls; how often the world's own share was held is beside
it, where sampling much of the world makes the interval too wide.

Compared are three ways. *as counted*: Wilson's interval on what reviewers saw, as if it were all. *normal*: weighted by
1 ÷ inclusion probability, ± 1.96 standard errors by linearisation. *earmark*: `pipeline.sampling.shares`.
"""

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

# Neighbours of this file are named as packages that are imported; its folder must not come first.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]

# ruff: noqa: E402
from pipeline.domain.intervals import Z_95
from pipeline.domain.sampling import Metric
from pipeline.sampling.estimates import ENOUGH, Known
from pipeline.sampling.shares import counted, effective_counts

Numbers = NDArray[np.float64]
Pair = tuple[Numbers, Numbers]

PREVALENCES = (0.10, 0.02, 0.002)
RECALLS = (0.5, 0.8, 0.95)
PRECISIONS = (0.5, 0.9)
REVIEWED = (None, 100)
SIZES = ((10_000, 100), (10_000, 400), (10_000, 2_000), (100_000, 8_000))
"""Calls and those audited: a week and a quarter of a centre."""
RISKY_SHARE, RISKY_TIMES, RISKY_CHANCE = 0.1, 4.0, 5.0
WAYS = ("as counted", "normal", "earmark")
METRICS = ("precision", "recall", "prevalence")


@dataclass(frozen=True)
class Scene:
    """What the worlds of one row have in common."""

    prevalence: float
    recall: float
    precision: float
    reviewed: int | None
    """Hits that are reviewed; ``None``: all."""
    size: tuple[int, int]
    """Calls, and those audited."""
    uneven: bool


@dataclass(frozen=True)
class Worlds:
    """What is true and what was seen, one entry a world. Arrays by group of calls (ordinary, risky) are (2, worlds)."""

    true_hits: Numbers
    hits: Numbers
    missed: Numbers
    quiet: Numbers
    reviewed: Numbers
    confirmed: Numbers
    audited: Numbers
    found: Numbers


@dataclass(frozen=True)
class Score:
    """How one way did in one scene on one metric. Shares of worlds, 0–1."""

    metric: str
    way: str
    given: float
    """Where the way gives an interval at all."""
    covered: float
    below: float
    """The truth lies below the interval."""
    above: float
    covered_own: float
    """The world's own share, not the process's, is held."""
    width: float
    none_missed: float
    """The audit found no missed violation."""
    shown: float
    """The program would show a number."""
    covered_shown: float | None
    """Coverage among those."""


def draw_worlds(scene: Scene, worlds: int, random: np.random.Generator) -> Worlds:
    """Worlds of the scene with what reviewers saw in them."""
    groups = np.array([[1 - RISKY_SHARE], [RISKY_SHARE]]) * scene.size[0]
    risk = np.array([[1.0], [RISKY_TIMES if scene.uneven else 1.0]])
    prevalence = scene.prevalence * risk / (groups * risk).sum() * scene.size[0]
    calls = np.broadcast_to(groups, (2, worlds)).astype(int)
    violations = random.binomial(calls, prevalence)
    true_hits = random.binomial(violations, scene.recall)
    # As many false hits as make the precision, spread over the calls without a violation.
    false_rate = scene.prevalence * scene.recall * (1 - scene.precision) / scene.precision / (1 - scene.prevalence)
    false_hits = random.binomial(calls - violations, false_rate)
    missed = violations - true_hits
    quiet = calls - true_hits - false_hits
    hits, truly = (true_hits + false_hits).sum(0), true_hits.sum(0)
    reviewed = hits if scene.reviewed is None else np.minimum(hits, scene.reviewed)
    chance = np.array([1.0, RISKY_CHANCE if scene.uneven else 1.0]) * groups[:, 0]
    audit = scene.size[1]
    risky = round(audit * chance[1] / chance.sum())
    audited = np.broadcast_to(np.array([[audit - risky], [risky]]), (2, worlds))
    confirmed = random.hypergeometric(truly, hits - truly, reviewed)
    found = random.hypergeometric(missed, quiet - missed, np.minimum(audited, quiet))
    seen = (truly, hits, missed, quiet, reviewed, confirmed, np.minimum(audited, quiet), found)
    return Worlds(*(one.astype(float) for one in seen))


def truths(scene: Scene, worlds: Worlds) -> dict[str, tuple[float, Numbers]]:
    """Each metric's truth: the process's, and that of each world itself."""
    missed = worlds.missed.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "precision": (scene.precision, worlds.true_hits / worlds.hits),
            "recall": (scene.recall, worlds.true_hits / (worlds.true_hits + missed)),
            "prevalence": (scene.prevalence, (worlds.true_hits + missed) / scene.size[0]),
        }


def as_counted(seen: Worlds) -> dict[str, Pair]:
    """Wilson's intervals on the bare counts."""
    found, audited = seen.found.sum(0), seen.audited.sum(0)
    return {
        "precision": wilson(seen.confirmed, seen.reviewed),
        "recall": wilson(seen.confirmed, seen.confirmed + found),
        "prevalence": wilson(seen.confirmed + found, seen.reviewed + audited),
    }


def wilson(yes: Numbers, n: Numbers) -> Pair:
    """Wilson's interval; not a number for 0 of 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        p, z2 = yes / n, Z_95**2
        middle = (p + z2 / (2 * n)) / (1 + z2 / n)
        spread = Z_95 * np.sqrt(p * (1 - p) / n + z2 / (4 * n**2)) / (1 + z2 / n)
    return middle - spread, middle + spread


def by_normal(seen: Worlds) -> dict[str, Pair]:
    """Horvitz–Thompson totals with linearised variance, ± 1.96 standard errors, cut to 0–1."""
    calls = seen.hits + seen.quiet.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        p1, p0 = seen.confirmed / seen.reviewed, seen.found / seen.audited
        tp, fn = seen.hits * p1, (seen.quiet * p0).sum(0)
        var_tp = seen.hits**2 * p1 * (1 - p1) / seen.reviewed
        var_fn = (seen.quiet**2 * p0 * (1 - p0) / seen.audited).sum(0)
        recall = tp / (tp + fn)
        var_recall = (fn**2 * var_tp + tp**2 * var_fn) / (tp + fn) ** 4
    return {
        "precision": normal(p1, p1 * (1 - p1) / seen.reviewed),
        "recall": normal(recall, var_recall),
        "prevalence": normal((tp + fn) / calls, (var_tp + var_fn) / calls**2),
    }


def normal(value: Numbers, variance: Numbers) -> Pair:
    """± 1.96 standard errors, cut to 0–1."""
    error = Z_95 * np.sqrt(variance)
    return np.maximum(value - error, 0), np.minimum(value + error, 1)


def known_of(seen: Worlds) -> Known:
    """What the program would know of the worlds."""
    weight = seen.quiet / np.maximum(seen.audited, 1)
    sums = [(weight**power * of).sum(0) for power in (1, 2) for of in (seen.audited, seen.found)]
    calls = seen.hits + seen.quiet.sum(0)
    return Known(calls, seen.hits, counted(seen.confirmed, seen.reviewed), effective_counts(*sums))


def by_earmark(seen: Worlds) -> dict[str, Pair]:
    """The program's own intervals."""
    known = known_of(seen)
    without = {
        "precision": seen.reviewed == 0,
        "recall": (seen.confirmed + seen.found.sum(0)) == 0,
        "prevalence": np.zeros(seen.hits.shape, dtype=bool),
    }
    bounds = {metric: known.bounds(Metric(metric)) for metric in METRICS}
    return {
        metric: (np.where(without[metric], np.nan, found.low), np.where(without[metric], np.nan, found.high))
        for metric, found in bounds.items()
    }


def score(scene: Scene, worlds: int, random: np.random.Generator) -> Iterator[Score]:
    """How each way did on each metric."""
    seen = draw_worlds(scene, worlds, random)
    truth = truths(scene, seen)
    known = known_of(seen)
    expected = {metric: known.expected_half_width(Metric(metric)) for metric in METRICS}
    for way, intervals in zip(WAYS, (as_counted(seen), by_normal(seen), by_earmark(seen)), strict=True):
        for metric, (low, high) in intervals.items():
            of_process, own = truth[metric]
            given = ~np.isnan(low)
            below, above = given & (of_process < low), given & (of_process > high)
            shown = given & (expected[metric] <= ENOUGH[Metric(metric)])
            held = given & ~below & ~above
            yield Score(
                metric=metric,
                way=way,
                given=float(given.mean()),
                covered=float(held.sum() / given.sum()),
                below=float(below.sum() / given.sum()),
                above=float(above.sum() / given.sum()),
                covered_own=float((given & (low - 1e-12 <= own) & (own <= high + 1e-12)).sum() / given.sum()),
                width=float((high - low)[given].mean()),
                none_missed=float((seen.found.sum(0) == 0).mean()),
                shown=float(shown.mean()),
                covered_shown=float(held[shown].mean()) if shown.mean() > 0.02 else None,
            )


def summary(rows: Sequence[tuple[Scene, Score]], metric: str) -> Table:
    """One line for each prevalence, audit and design: the worst and the best scene of each way."""
    table = Table(title=f"{metric}: coverage in %, lowest – highest scene (mean width)", box=None, pad_edge=False)
    for heading in ("violations", "audited", "chances", "none found", *WAYS, "own truth", "shown", "if shown"):
        table.add_column(heading, justify="right", no_wrap=True)
    for prevalence, size, uneven in product(PREVALENCES, SIZES, (False, True)):
        cells = [f"{prevalence:.1%}", f"{size[1]:,} / {size[0]:,}", "uneven" if uneven else "even"]
        here = [
            (scene, one)
            for scene, one in rows
            if (scene.prevalence, scene.size, scene.uneven) == (prevalence, size, uneven) and one.metric == metric
        ]
        ours = [one for _, one in here if one.way == "earmark"]
        cells.append(span([one.none_missed for one in ours]))
        for way in WAYS:
            of_way = [one for _, one in here if one.way == way]
            width = np.mean([one.width for one in of_way])
            cells.append(f"{span([one.covered for one in of_way], 1)} ({width:.3f})")
        cells.append(span([one.covered_own for one in ours]))
        cells.append(span([one.shown for one in ours]))
        cells.append(span([one.covered_shown for one in ours if one.covered_shown is not None]))
        table.add_row(*cells)
    return table


def page(rows: Sequence[tuple[Scene, Score]]) -> Iterator[str]:
    """The table of docs/sampling.md: lowest – highest scene, even and uneven audits together."""
    headings = ("violations", "audited / calls", "precision", "recall", "recall, ±", "prevalence")
    yield f"| {' | '.join((*headings, 'recall, normal', 'recall, as counted'))} |"
    yield "| --- " * 8 + "|"
    for prevalence, size in product(PREVALENCES, SIZES):
        here = [one for scene, one in rows if (scene.prevalence, scene.size) == (prevalence, size)]

        def covered(metric: str, way: str, among: Sequence[Score] = here) -> str:
            return span([one.covered for one in among if (one.metric, one.way) == (metric, way)])

        widths = [one.width for one in here if (one.metric, one.way) == ("recall", "earmark")]
        cells = [f"{100 * prevalence:g} %", f"{size[1]:,} / {size[0]:,}"]
        cells += [covered("precision", "earmark"), f"**{covered('recall', 'earmark')}**"]
        cells += [f"{100 * float(np.mean(widths)) / 2:.0f}", covered("prevalence", "earmark")]
        cells += [covered("recall", "normal"), covered("recall", "as counted")]
        yield f"| {' | '.join(cells)} |"


def span(shares: Sequence[float], digits: int = 0) -> str:
    """Lowest and highest share, in per cent."""
    if not shares:
        return "–"
    low, high = (f"{100 * share:.{digits}f}" for share in (min(shares), max(shares)))
    return low if low == high else f"{low}–{high}"


def main() -> None:
    """Draws the worlds and prints the tables."""
    parser = argparse.ArgumentParser(description="Coverage of 95 % intervals on simulated worlds.")
    parser.add_argument("--worlds", type=int, default=10_000, help="worlds a scene")
    parser.add_argument("--markdown", action="store_true", help="print the table of docs/sampling.md")
    parser.add_argument("--csv", type=Path, help="write every scene here")
    options = parser.parse_args()
    random = np.random.default_rng(7)
    scenes = [Scene(*one) for one in product(PREVALENCES, RECALLS, PRECISIONS, REVIEWED, SIZES, (False, True))]
    rows = [(scene, one) for scene in scenes for one in score(scene, options.worlds, random)]
    if options.markdown:
        print(*page(rows), sep="\n")
    for metric in () if options.markdown else METRICS:
        Console(width=170).print(summary(rows, metric), "")
    if options.csv:
        with options.csv.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=[*asdict(rows[0][0]), *asdict(rows[0][1])])
            writer.writeheader()
            writer.writerows(asdict(scene) | asdict(one) for scene, one in rows)


if __name__ == "__main__":
    main()

"""Whether 95 % intervals of agreement hold the truth 95 times in a hundred, and how often they begin too high.

Run: ``python benchmarks/agreement.py [--worlds N]``. In each world two or three people judge n calls: a violation that
is there on a known share of them (each person right with a known probability), or a grade of three (each hears
the same quality with noise of their own). The truth is the agreement on 30,000 calls. Compared are the percentile
bootstrap over calls, leaving out one call at a time, the bounds of the share of calls that are differed on, and the
wider of the last two, which is what earmark takes.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

# Neighbours of this file are named as packages that are imported; its folder must not come first.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]

# ruff: noqa: E402
from pipeline.domain import agreement as made
from pipeline.domain.agreement import Coefficient, agreement
from pipeline.domain.intervals import Interval

GRADES = ("0", "1", "2")
RESAMPLES = 300
WAYS = ("bootstrap", "leaving out", "share", "earmark")
Draw = Callable[[np.random.Generator, int], list[dict[int, str]]]


def violations(people: int, share: float, right: float) -> Draw:
    """Draws calls on which people say whether a violation is there."""

    def draw(generator: np.random.Generator, n: int) -> list[dict[int, str]]:
        there = generator.random(n) < share
        said = np.where(generator.random((people, n)) < right, there, ~there)
        return [dict(enumerate(str(int(one)) for one in column)) for column in said.T]

    return draw


def grades(people: int, noise: float, cuts: tuple[float, float]) -> Draw:
    """Draws calls that people grade."""

    def draw(generator: np.random.Generator, n: int) -> list[dict[int, str]]:
        heard = generator.normal(size=n) + noise * generator.normal(size=(people, n))
        return [dict(enumerate(map(str, column))) for column in np.searchsorted(cuts, heard).T]

    return draw


def scenes() -> Iterator[tuple[str, Draw, tuple[str, ...]]]:
    """Name, how calls are made, and grades, of each scene."""
    for people, share, right in product((2, 3), (0.1, 0.3, 0.5), (0.85, 0.95)):
        yield f"{people} people, {share:.0%} violated, {right:.0%} right", violations(people, share, right), ()
    for people, noise, cuts in product((2, 3), (0.3, 0.7), ((-0.5, 0.5), (-1.3, -0.8))):
        yield f"{people} people, grades, noise {noise}, cuts {cuts}", grades(people, noise, cuts), GRADES


def intervals(
    calls: list[dict[int, str]], order: tuple[str, ...], generator: np.random.Generator
) -> dict[str, Interval]:
    """Each way's interval; those that cannot tell are absent."""
    found = agreement(calls, order)
    if found.value is None or found.interval is None:
        return {}
    values = sorted({value for call in calls for value in call.values()})
    at = {value: place for place, value in enumerate(values)}
    if found.coefficient == Coefficient.KAPPA:
        tables = made._confusions([(at[call[0]], at[call[1]]) for call in calls], len(values))
    else:
        tables = made._coincidences([[at[value] for value in call.values()] for call in calls], len(values))
    n, ordered = len(tables), bool(order)
    told = {"earmark": found.interval, "share": made._by_share(tables, 1 - found.value, found.coefficient)}
    seen, chance = made._disagreement(tables.sum(axis=0) - tables, found.coefficient, ordered=ordered)
    if (seen > 0).all():
        told["leaving out"] = made._by_leaving_out(np.log(seen / chance), 1 - found.value)
    drawn = np.tensordot(generator.multinomial(n, np.full(n, 1 / n), RESAMPLES), tables, 1)
    seen, chance = made._disagreement(drawn, found.coefficient, ordered=ordered)
    again = 1 - seen[chance > 0] / chance[chance > 0]
    told["bootstrap"] = Interval(*np.quantile(again, (0.025, 0.975)))
    return told


def run(worlds: int, n: int) -> dict[str, list[tuple[float, float]]]:
    """Way → for each scene how often the interval held the truth, and how often it began above it."""
    generator = np.random.default_rng(n)
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    for _, draw, order in scenes():
        truth = agreement(draw(generator, 30_000), order).value
        assert truth is not None
        held: dict[str, list[tuple[bool, bool]]] = {way: [] for way in WAYS}
        for _ in range(worlds):
            for way, one in intervals(draw(generator, n), order, generator).items():
                held[way].append((one.low - 1e-9 <= truth <= one.high + 1e-9, one.low > truth))
        for way, outcomes in held.items():
            shares = np.mean(outcomes, axis=0)
            found[way].append((float(shares[0]), float(shares[1])))
    return found


def main() -> None:
    """Prints worst and best scene of each way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=500)
    worlds = parser.parse_args().worlds
    table = Table("calls", "way", "holds the truth, %: worst – median – best", "begins too high, %: worst", box=None)
    for n in (20, 50, 200):
        for way, shares in run(worlds, n).items():
            held, high = np.array(shares).T * 100
            table.add_row(
                str(n), way, f"{held.min():.0f} – {np.median(held):.0f} – {held.max():.0f}", f"{high.max():.0f}"
            )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()

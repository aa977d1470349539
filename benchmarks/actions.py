"""How often an action that did nothing is called a success, and how often one that helped is seen.

Run: ``python benchmarks/actions.py [--worlds N] [--seed N]``. Each world has agents (or teams) with true error rates
of their own, and so many evaluated calls of each in a baseline, in the periods before it, and in the due period. The
worst of the baseline is picked, as people do. In worlds without an effect nothing is done; in the others the picked
one's true rate is halved, or cut to a quarter. In some worlds everybody's odds change between the periods (drift); in
some every rate goes up and down from period to period by itself (wander).

Compared are four ways. *lower*: any improvement is one. *naive*: the due period against the baseline by Fisher's test,
of means by Welch's. *against peers*: its change less that of all others, by a normal test of the difference. *earmark*:
`pipeline.domain.action_verdict`.
"""

import argparse
import sys
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

# Neighbours of this file are named as packages that are imported; its folder must not come first.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

# ruff: noqa: E402
from pipeline.domain.action_verdict import DuePeriod, assess
from pipeline.domain.actions import Baseline, Chosen, Count, Draft, Level, Line, Verdict, metric_of
from pipeline.domain.effect import noise, together
from pipeline.domain.effect_means import welch
from pipeline.domain.periods import Unit, before, period_of
from pipeline.domain.results import BilingualText

ZONE = ZoneInfo("Asia/Shanghai")
DUE = period_of(Unit.MONTH, datetime(2026, 12, 1).date(), ZONE)
LINE = Line(Level.AGENT, "0", metric_of("identity-check-missing"))


@dataclass(frozen=True)
class Scene:
    """What the worlds of one row have in common."""

    peers: int
    calls: int
    """Evaluated, of each in a period."""
    rate: float = 0.1
    size: float = 10.0
    """Of the beta distribution of true rates: the smaller, the more they differ."""
    effect: float = 1.0
    """What the picked one's true rate is multiplied by."""
    drift: float = 0.0
    """Change of everybody's logit between baseline and due period."""
    wander: float = 0.0
    """Standard deviation of each one's logit around its own, anew in every period."""
    earlier: int = 3
    """Periods before the baseline."""
    due_calls: int | None = None


@dataclass(frozen=True)
class Score:
    """Shares of the worlds in which each way claims an improvement; with it what earmark says besides."""

    lower: float
    naive: float
    against_peers: float
    earmark: float
    worse: float
    not_enough: float


def world(scene: Scene, random: np.random.Generator) -> tuple[NDArray[np.int_], NDArray[np.int_], int]:
    """Bad calls before (periods × peers), bad calls in the due period, and who is picked."""
    rates = random.beta(scene.rate * scene.size, (1 - scene.rate) * scene.size, scene.peers)
    logits = special.logit(np.clip(rates, 1e-6, 1 - 1e-6))

    def wandering() -> NDArray[np.float64]:
        return logits + random.normal(0, scene.wander, scene.peers) if scene.wander else logits

    past = np.array([random.binomial(scene.calls, special.expit(wandering())) for _ in range(scene.earlier + 1)])
    worst = int(np.argmax(past[-1] + random.random(scene.peers)))
    coming = special.expit(wandering() + scene.drift)
    coming[worst] *= scene.effect
    return past, random.binomial(scene.due_calls or scene.calls, coming), worst


def claims(scene: Scene, random: np.random.Generator) -> tuple[bool, bool, bool, Verdict]:
    """What each way says of one world."""
    past, due, worst = world(scene, random)
    n, m = scene.calls, scene.due_calls or scene.calls
    base, came = Count(int(past[-1, worst]), n), Count(int(due[worst]), m)
    lower = came.bad / m < base.bad / n
    naive = lower and noise(base, came) < 0.05
    others = [at for at in range(scene.peers) if at != worst]
    own = came.bad / m - base.bad / n
    theirs = due[others].sum() / m / len(others) - past[-1, others].sum() / n / len(others)
    rates = [(base.bad + 0.5) / (n + 1), (came.bad + 0.5) / (m + 1)]
    spread = (rates[0] * (1 - rates[0]) / n + rates[1] * (1 - rates[1]) / m) ** 0.5
    against = bool(stats.norm.cdf((own - theirs) / spread) < 0.025)
    earlier = tuple(Count(int(one[worst]), n) for one in past[:-1])
    draft = Draft(
        LINE,
        Baseline(before(DUE), BilingualText("身份", "identity"), base, earlier, 1, scene.peers, Chosen.ALL),
        DUE,
        "",
    )
    before_due = [Count(int(past[:, at].sum()), n * len(past)) for at in others]
    peers = tuple((one, Count(int(due[at]), m)) for one, at in zip(before_due, others, strict=True))
    found = assess(draft, DuePeriod(True, came, m, Chosen.ALL, (0, 0, m, m), (), peers))
    return lower, naive, against, found.verdict


def score(scene: Scene, worlds: int, seed: int) -> Score:
    """How often each way claims an improvement in the scene."""
    random = np.random.default_rng(seed)
    told = [claims(scene, random) for _ in range(worlds)]
    lower, naive, against, verdicts = zip(*told, strict=True)
    shares = [verdicts.count(one) / worlds for one in (Verdict.IMPROVED, Verdict.WORSE, Verdict.NOT_ENOUGH)]
    return Score(sum(lower) / worlds, sum(naive) / worlds, sum(against) / worlds, *shares)


def scenes() -> dict[str, list[Scene]]:
    """The tables, by heading."""
    usual = [Scene(30, n) for n in (10, 20, 40, 80, 160)]
    nothing = [
        *usual,
        Scene(30, 40, size=100.0),
        Scene(200, 40, size=100.0),
        Scene(200, 160, size=100.0),
        Scene(30, 40, rate=0.03),
        Scene(4, 100),
        Scene(8, 100),
        Scene(30, 40, earlier=0),
        Scene(30, 80, drift=-0.7),
        Scene(30, 80, drift=0.7),
        Scene(30, 80, wander=0.4),
        Scene(30, 80, wander=0.4, earlier=0),
        Scene(6, 200, drift=-0.7),
        Scene(30, 3, due_calls=60),
    ]
    sizes = [(20, 40), (20, 160), (40, 40), (40, 80), (40, 160), (80, 80), (80, 160), (80, 320), (160, 320)]
    halved = [Scene(30, n, effect=0.5, due_calls=m) for n, m in sizes]
    quarter = [replace(one, effect=0.25) for one in halved]
    return {"nothing was done": nothing, "rate halved": halved, "rate cut to a quarter": quarter}


@dataclass(frozen=True)
class MeanScene:
    """As `Scene`, for handling times: a mean of 240 s, each call gamma distributed around its agent's (shape 4)."""

    peers: int
    calls: int
    spread_s: float
    """Standard deviation of true means between peers."""
    drift_s: float = 0.0
    effect: float = 1.0
    wander_s: float = 0.0


def mean_claims(scene: MeanScene, random: np.random.Generator) -> tuple[bool, bool, Verdict]:
    """Whether the mean fell, fell by Welch's test, and what earmark says."""

    def measured(true: NDArray[np.float64]) -> list[Count]:
        now = true + random.normal(0, scene.wander_s, scene.peers)
        values = random.gamma(4, np.maximum(now, 5)[:, None] / 4, (scene.peers, scene.calls))
        return [Count(float(each.sum()), scene.calls, float((each**2).sum())) for each in values]

    true = random.normal(240, scene.spread_s, scene.peers)
    past = [measured(true) for _ in range(4)]
    worst = int(np.argmax([one.bad for one in past[-1]]))
    coming = true + scene.drift_s
    coming[worst] *= scene.effect
    due = measured(coming)
    base, came = past[-1][worst], due[worst]
    earlier = tuple(one[worst] for one in past[:-1])
    title = BilingualText("通话时长", "handling time")
    line = Line(Level.AGENT, "0", metric_of("handling"))
    draft = Draft(line, Baseline(before(DUE), title, base, earlier, 1, scene.peers, Chosen.ALL), DUE, "")
    others = [at for at in range(scene.peers) if at != worst]
    peers = tuple((together([one[at] for one in past]), due[at]) for at in others)
    found = assess(draft, DuePeriod(True, came, scene.calls, Chosen.ALL, (0, 0, 0, 0), (), peers))
    lower = came.bad < base.bad
    return lower, lower and welch(base, came) < 0.05, found.verdict


def print_means(worlds: int, seed: int) -> list[MeanScene]:
    """Prints the table of means; the scenes in which too much is claimed."""
    heads = ("peers", "calls each", "differ by", "drift", "wander", "effect", "lower", "naive", "earmark", "worse")
    print(f"\n**handling time, mean 240 s**\n\n| {' | '.join(heads)} |\n|{' --- |' * len(heads)}")
    scenes = [
        MeanScene(30, 40, 30.0),
        MeanScene(30, 200, 10.0),
        MeanScene(200, 40, 5.0),
        MeanScene(30, 40, 30.0, drift_s=-40.0),
        MeanScene(30, 200, 20.0, wander_s=20.0),
        MeanScene(5, 200, 30.0, drift_s=-40.0),
        MeanScene(30, 40, 30.0, effect=0.8),
        MeanScene(30, 200, 30.0, effect=0.8),
    ]
    wrong = []
    for scene in scenes:
        random = np.random.default_rng(seed)
        lower, naive, verdicts = zip(*(mean_claims(scene, random) for _ in range(worlds)), strict=True)
        improved = verdicts.count(Verdict.IMPROVED) / worlds
        shares = (sum(lower) / worlds, sum(naive) / worlds, improved, verdicts.count(Verdict.WORSE) / worlds)
        facts = (scene.peers, scene.calls, f"{scene.spread_s:g} s", f"{scene.drift_s:g} s", f"{scene.wander_s:g} s")
        said = " | ".join(f"{100 * one:.1f} %" for one in shares)
        print(f"| {' | '.join(map(str, facts))} | × {scene.effect:g} | {said} |", flush=True)
        if scene.effect == 1.0 and improved > 0.05:
            wrong.append(scene)
    return wrong


def main() -> None:
    """Prints the tables; exits with 1 where earmark claims more than 5 % of nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=20261127)
    arguments = parser.parse_args()
    wrong = []
    heads = ("peers", "calls each", "due", "rate", "differ", "earlier", "drift", "wander")
    ways = ("lower", "naive", "against peers", "earmark", "worse", "not enough")
    for title, rows in scenes().items():
        print(f"\n**{title}**\n\n| {' | '.join([*heads, *ways])} |\n|{' --- |' * (len(heads) + len(ways))}")
        for scene in rows:
            found = score(scene, arguments.worlds, arguments.seed)
            facts = [scene.peers, scene.calls, scene.due_calls or scene.calls, scene.rate, scene.size, scene.earlier]
            said = (found.lower, found.naive, found.against_peers, found.earmark, found.worse, found.not_enough)
            told = [*map(str, facts), f"{scene.drift:g}", f"{scene.wander:g}", *(f"{100 * one:.1f} %" for one in said)]
            print(f"| {' | '.join(told)} |", flush=True)
            if scene.effect == 1.0 and found.earmark > 0.05:
                wrong.append(scene)
    wrong += print_means(arguments.worlds, arguments.seed)
    if wrong:
        sys.exit(f"improvements are claimed where nothing was done, in more than 5 % of worlds: {wrong}")


if __name__ == "__main__":
    main()

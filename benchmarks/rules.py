"""How much time rules cost: the engine against plain loops over rules and turns, on one set of rules and calls.

All contenders find the same characters in the same turns, or the benchmark stops. Loops get normalised text for
nothing; the engine normalises inside its time. ``--format json`` prints the same figures for machines.
"""

import argparse
import json
import math
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import ahocorasick_rs
import regex

# This file is named as the package it measures; its folder must not come first.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]

# ruff: noqa: E402
from pipeline.domain.calls import CallMetadata, Role, Transcript, Turn
from pipeline.domain.results import Call, Evidence, Outcome
from pipeline.domain.signals import Signals
from pipeline.text.normalise import normalise
from rules.engine import Engine
from rules.loader import load_packs

TURNS, CHARACTERS = 130, 1_700
HITTING = 0.004
"""Share of phrases made of everyday characters, at 1,000 rules; more rules are about rarer things."""
_COMMON = "的一是了我不在有这个您好请问可以吗那就要到看说什么时候怎么没能会上下来去给对嗯啊查单号手机钱退货送"
_RARE = "".join(chr(0x4E00 + 37 * step) for step in range(500))
HEAD = """title: {zh: 测, en: test}
why: {zh: 政策, en: policy}
severity: minor
error_class: non-critical
status: active
"""
Hits = set[tuple[str, int]]
"""Rule and turn."""


@dataclass(frozen=True)
class BenchRule:
    """One rule in the two forms that are compared."""

    body: str
    """What follows its head in a rule file."""
    expression: str
    """The same as one regular expression, longest alternative first."""
    role: Role | None


def words(rng: random.Random, count: int, *, hitting: float) -> list[str]:
    """Phrases of 2 to 6 characters; the share ``hitting`` is made of common characters and so turns up in calls."""
    found: set[str] = set()
    while len(found) < count:
        common = rng.random() < hitting
        letters = _COMMON if common else _RARE
        found.add("".join(rng.choices(letters, k=rng.choice((3, 4, 4, 5, 6)) if not common else 2)))
    return sorted(found)


def make_rules(rng: random.Random, count: int, *, hitting: float) -> list[BenchRule]:
    """Rules as authors write them: 60 % lists of phrases, 40 % expressions with a gap; two thirds for one party."""
    rules: list[BenchRule] = []
    for number in range(count):
        role = (Role.AGENT, Role.CUSTOMER, None)[number % 3]
        scope = f"  role: {role}\n" if role else ""
        chosen = words(rng, 5, hitting=hitting)
        if number % 5 < 3:
            body = f"when:\n  phrase: [{', '.join(chosen)}]\n{scope}"
            expression = "|".join(sorted(chosen, key=len, reverse=True))
        else:
            expression = f"(?:{chosen[0]}|{chosen[1]}).{{0,6}}(?:{chosen[2][:2]}|{chosen[3][:2]})"
            body = f"when:\n  regex: '{expression}'\n{scope}"
        rules.append(BenchRule(body, expression, role))
    return rules


def make_call(rng: random.Random, characters: int, turns: int) -> Call:
    """A call of everyday characters, with full-width marks at the end of turns."""
    per_turn = characters / turns
    made: list[Turn] = []
    for index in range(turns):
        text = "".join(rng.choices(_COMMON, k=max(2, round(rng.gauss(per_turn, per_turn / 3)))))
        text += rng.choice(("。", "？", "，", ""))
        role = Role.AGENT if index % 2 == 0 else Role.CUSTOMER
        made.append(Turn(index, role, index * 3.0, index * 3.0 + 2.8, text))
    return Call(Transcript(tuple(made), turns * 3.0), CallMetadata(), Signals())


def write_pack(folder: Path, rules: Sequence[BenchRule]) -> None:
    """One file a rule, as in a pack."""
    for number, rule in enumerate(rules):
        (folder / f"r{number:05}.yaml").write_text(f"id: r{number:05}\n{HEAD}{rule.body}", encoding="utf-8")


def loop(
    rules: Sequence[BenchRule], compiled: Sequence["re.Pattern[str]"], call: Call, texts: Sequence[str]
) -> list[tuple[str, Evidence]]:
    """Every rule on every turn: what an author writes without an engine. Makes the same evidence."""
    found: list[tuple[str, Evidence]] = []
    for number, (rule, pattern) in enumerate(zip(rules, compiled, strict=True)):
        for turn, text in zip(call.transcript.turns, texts, strict=True):
            if rule.role is not None and turn.role is not rule.role:
                continue
            for match in pattern.finditer(text):
                start, end = match.span()
                span = turn.span_of(start, end)
                piece = Evidence(span.start_s, span.end_s, turn.role, match.group(), turn.index, start, end)
                found.append((f"r{number:05}", piece))
    return found


def engine_hits(engine: Engine, call: Call) -> Hits:
    """Rules and turns of all evidence."""
    return {
        (result.rule_id, piece.turn)
        for result in engine.evaluate(call)
        if result.outcome is Outcome.HIT
        for piece in result.evidence
        if piece.turn is not None
    }


def per_call_ms(run: Callable[[Call], object], calls: Sequence[Call], *, repeats: int) -> float:
    """Least of ``repeats`` mean times for a call: what else the machine does only adds. Source: Python's timeit."""
    times: list[float] = []
    for _ in range(repeats):
        start = time.perf_counter()
        for call in calls:
            run(call)
        times.append((time.perf_counter() - start) / len(calls) * 1000)
    return min(times)


@dataclass(frozen=True)
class Row:
    """The figures for one number of rules."""

    rules: int
    load_s: float
    compile_s: float
    engine_ms: float
    quiet_ms: float
    """The engine where no rule hits."""
    re_ms: float
    regex_ms: float
    scan_ms: float
    """A bare automaton pass over the same phrases: the floor."""
    hits_per_call: float
    others_ms: dict[str, float]


def loaded(rules: Sequence[BenchRule]) -> tuple[Engine, float, float]:
    """The engine of a pack on disk, and the seconds to load and to compile it."""
    with tempfile.TemporaryDirectory() as folder:
        write_pack(Path(folder), rules)
        start = time.perf_counter()
        pack = load_packs([Path(folder)])
        loaded_at = time.perf_counter()
        engine = Engine(pack)
        return engine, loaded_at - start, time.perf_counter() - loaded_at


def compare(count: int, seed: int, *, loops: bool) -> Row:
    """All contenders on ``count`` rules."""
    rng = random.Random(seed)
    rules = make_rules(rng, count, hitting=HITTING * 1000 / count)
    quiet = make_rules(rng, count, hitting=0.0)
    calls = [make_call(rng, CHARACTERS, TURNS) for _ in range(12)]
    texts = {id(call): [normalise(turn.text).text for turn in call.transcript.turns] for call in calls}
    engine, load_s, compile_s = loaded(rules)
    plain = [re.compile(rule.expression) for rule in rules]
    bounded = [regex.compile(rule.expression) for rule in rules]
    found = [engine_hits(engine, call) for call in calls]
    if loops:
        for call, hits in zip(calls, found, strict=True):
            same = {(rule, piece.turn) for rule, piece in loop(rules, plain, call, texts[id(call)])}
            if same != hits:
                sys.exit(f"the engine and the loop differ: {sorted(same ^ hits)[:5]}")
    needles = sorted({word for rule in rules for word in re.findall(r"[一-鿿]{2,}", rule.expression)})
    automaton = ahocorasick_rs.AhoCorasick(needles, implementation=ahocorasick_rs.Implementation.ContiguousNFA)
    joined = {id(call): "\n".join(texts[id(call)]) for call in calls}
    return Row(
        rules=count,
        load_s=load_s,
        compile_s=compile_s,
        engine_ms=per_call_ms(engine.evaluate, calls, repeats=15),
        quiet_ms=per_call_ms(loaded(quiet)[0].evaluate, calls, repeats=15),
        re_ms=per_call_ms(lambda c: loop(rules, plain, c, texts[id(c)]), calls[:3], repeats=3) if loops else math.nan,
        regex_ms=per_call_ms(lambda c: loop(rules, bounded, c, texts[id(c)]), calls[:3], repeats=1)
        if loops
        else math.nan,
        scan_ms=per_call_ms(
            lambda c: automaton.find_matches_as_indexes(joined[id(c)], overlapping=True), calls, repeats=15
        ),
        hits_per_call=sum(map(len, found)) / len(found),
        others_ms=others(rules, calls, joined) if loops else {},
    )


def others(rules: Sequence[BenchRule], calls: Sequence[Call], joined: dict[int, str]) -> dict[str, float]:
    """Other engines on whole calls, where they are installed: which rules match, without evidence or roles."""
    times: dict[str, float] = {}
    try:
        import re2

        together = re2.Set.SearchSet()
        for rule in rules:
            together.Add(rule.expression)
        together.Compile()
        times["re2"] = per_call_ms(lambda c: together.Match(joined[id(c)]), calls, repeats=3)
    except ImportError:
        pass
    try:
        import hyperscan

        database = hyperscan.Database()
        database.compile(
            expressions=[rule.expression.encode() for rule in rules],
            ids=list(range(len(rules))),
            flags=[hyperscan.HS_FLAG_UTF8] * len(rules),
        )
        times["hyperscan"] = per_call_ms(
            lambda c: database.scan(joined[id(c)].encode(), match_event_handler=lambda *_: None), calls, repeats=3
        )
    except ImportError:
        pass
    return times


def exponent(small: float, large: float, factor: float) -> float:
    """The power with which a cost grows when its cause grows by ``factor``."""
    return math.log(large / small) / math.log(factor)


def by_length(seed: int) -> dict[int, float]:
    """Milliseconds for calls of 1×, 2× and 4× the length, 1,000 rules that do not hit."""
    rng = random.Random(seed)
    engine, _, _ = loaded(make_rules(rng, 1_000, hitting=0.0))
    return {
        times: per_call_ms(
            engine.evaluate, [make_call(rng, times * CHARACTERS, times * TURNS) for _ in range(6)], repeats=9
        )
        for times in (1, 2, 4)
    }


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--rules", type=int, nargs="+", default=[1_000, 5_000])
    arguments = parser.parse_args()
    rows = [compare(count, arguments.seed, loops=True) for count in arguments.rules]
    lengths = by_length(arguments.seed)
    first, last = rows[0], rows[-1]
    factor = last.rules / first.rules
    report = {
        "rows": [
            {**vars(row), "times_re": row.re_ms / row.engine_ms, "times_regex": row.regex_ms / row.engine_ms}
            for row in rows
        ],
        "exponent": exponent(first.engine_ms, last.engine_ms, factor) if factor > 1 else None,
        "exponent_without_hits": exponent(first.quiet_ms, last.quiet_ms, factor) if factor > 1 else None,
        "ms_by_call_length": lengths,
    }
    if arguments.format == "json":
        print(json.dumps(report, indent=1))
        return
    print(f"calls of about {CHARACTERS} characters and {TURNS} turns, ms a call")
    print("  rules  load s  build s   engine  no hits       re    regex    scan   ×re  ×regex   hits")
    for row in rows:
        print(
            f"{row.rules:7} {row.load_s:7.2f} {row.compile_s:8.2f} {row.engine_ms:8.3f} {row.quiet_ms:8.3f}"
            f" {row.re_ms:8.2f} {row.regex_ms:8.2f} {row.scan_ms:7.3f} {row.re_ms / row.engine_ms:5.0f}"
            f" {row.regex_ms / row.engine_ms:7.0f} {row.hits_per_call:6.1f}"
        )
        for name, took_ms in row.others_ms.items():
            print(f"        {name}: {took_ms:.3f} ms, without evidence")
    if factor > 1:
        print(
            f"cost grows with rules^{report['exponent']:.2f}; without hits rules^{report['exponent_without_hits']:.2f}"
        )
    print("call length 1×, 2×, 4×: " + ", ".join(f"{ms:.3f} ms" for ms in lengths.values()))


if __name__ == "__main__":
    main()

"""Lint of conditions and rules as a whole: branches that change nothing, rules that say the same, useless limits."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.domain.results import BilingualText, RuleStatus
from rules.lint.claims import Claim, claim, excludes, implies
from rules.lint.findings import Kind, Report
from rules.lint.neighbours import Neighbours
from rules.lint.texts import Path
from rules.operators.near import NearSpec
from rules.references import parts_of
from rules.rule import Rule
from rules.schema import AnchorSpec, ConditionBase, SequenceSpec


@dataclass(frozen=True, slots=True)
class CallLengths:
    """How long most calls are: half of them are no longer. Limits beyond that are hardly limits.

    The defaults are a call of 1,700 characters, as the benchmark's; measured from labelled calls where there are any.
    Source: benchmarks/rules.py.
    """

    turns: int = 130
    turns_of_a_party: int = 65
    duration_s: float = 420.0


def parts_with_paths(rule: Rule) -> Iterator[tuple[Path, ConditionBase]]:
    """Every condition of a rule and where it is written, names not followed."""
    stack: list[tuple[Path, ConditionBase | str]] = [(("when",), rule.when)]
    stack += [(("conditions", name), condition) for name, condition in rule.conditions.items()]
    while stack:
        path, part = stack.pop()
        if isinstance(part, str):
            continue
        yield path, part
        stack.extend(((*path, *step), inner) for step, inner, _ in parts_of(part))


def lint_branches(rule: Rule, report: Report) -> None:
    """Parts of ``all`` and ``any`` that can never hold, or that another part already covers."""
    for path, part in parts_with_paths(rule):
        kind, group = ("all", part.all_) if part.all_ is not None else ("any", part.any_)
        if group is None:
            continue
        claims = [claim(inner, rule.conditions) for inner in group]
        for index, one in enumerate(claims):
            for other, by in enumerate(claims):
                if index != other and _is_dead(kind, one, by, comes_later=index > other):
                    report.add((*path, kind, index), Kind.DEAD_BRANCH, *_dead(kind, one, by, index + 1, other + 1))
                    break


def _is_dead(kind: str, one: Claim, by: Claim, *, comes_later: bool) -> bool:
    if kind == "all" and excludes(one, by):
        return comes_later
    covered = implies(one, by) if kind == "any" else implies(by, one)
    mutual = covered and (implies(by, one) if kind == "any" else implies(one, by))
    return covered and (comes_later or not mutual)


def _dead(kind: str, one: Claim, by: Claim, number: int, other: int) -> tuple[BilingualText, BilingualText]:
    if kind == "all" and excludes(one, by):
        return (
            BilingualText(
                f"第 {number} 项与第 {other} 项不可能同时成立，整个 all 永远不成立",
                f"parts {number} and {other} can never hold together, so this all never holds",
            ),
            BilingualText("去掉其中一项，或改用 any", "remove one of them, or use any"),
        )
    if kind == "all":
        return (
            BilingualText(
                f"第 {other} 项成立时第 {number} 项必然成立，写了等于没写",
                f"part {number} holds wherever part {other} does: it asks nothing more",
            ),
            BilingualText(f"去掉第 {number} 项", f"remove part {number}"),
        )
    return (
        BilingualText(
            f"第 {number} 项成立时第 {other} 项也成立，不会多命中",
            f"wherever part {number} holds, part {other} does too: it adds no hits",
        ),
        BilingualText(f"去掉第 {number} 项", f"remove part {number}"),
    )


def lint_against(rule: Rule, neighbours: Neighbours, report: Report) -> None:
    """Whether another rule has the same condition, or hits wherever this one does."""
    own = neighbours.stated(rule)
    if own is None:
        return
    for other, theirs in neighbours.of(rule):
        if not _calls_within(rule, other) or not implies(own.claim, theirs):
            continue
        if implies(theirs, own.claim) and _calls_within(other, rule):
            if other.id < rule.id:
                report.add(("when",), Kind.DUPLICATE_RULE, *_same(other))
        else:
            report.add(("when",), Kind.SUBSUMED_RULE, *_subsumed(other))


def _calls_within(rule: Rule, other: Rule) -> bool:
    return all(
        name in rule.applies_to and set(rule.applies_to[name]) <= set(values)
        for name, values in other.applies_to.items()
    )


def _same(other: Rule) -> tuple[BilingualText, BilingualText]:
    return (
        BilingualText(
            f"条件与规则 {other.id}（{other.source}）相同", f"the same condition as rule {other.id} ({other.source})"
        ),
        BilingualText("留一条，或写出两者的不同", "keep one of the two, or say what tells them apart"),
    )


def _subsumed(other: Rule) -> tuple[BilingualText, BilingualText]:
    return (
        BilingualText(
            f"它命中的通话，规则 {other.id}（{other.source}）都会命中",
            f"wherever it hits, rule {other.id} ({other.source}) hits as well",
        ),
        BilingualText(
            f"若是同一件事就并入 {other.id}；否则在 {other.id} 里用 unless 排除",
            f"if it is the same thing, merge it into {other.id}; else keep it out of {other.id} with unless",
        ),
    )


def lint_limits(rule: Rule, lengths: CallLengths, report: Report) -> None:
    """Windows and distances that most calls fit into as a whole."""
    for path, part in parts_with_paths(rule):
        if part.window is not None:
            (name,) = part.window.model_fields_set
            _lint_limit((*path, "window", name), name, getattr(part.window, name), lengths, report)
        limited: list[tuple[Path, AnchorSpec | SequenceSpec | NearSpec]] = [
            ((*path, direction), anchor) for direction, anchor in part.anchors()
        ]
        if part.sequence is not None:
            limited.append(((*path, "sequence"), part.sequence))
        found = part.operator()
        if found is not None and isinstance(found[1], NearSpec):
            limited.append(((*path, "near"), found[1]))
        for place, spec in limited:
            for name, given in (("within_turns", spec.within_turns), ("within_s", spec.within_s)):
                if given is not None:
                    _lint_limit((*place, name), name, given, lengths, report)


def _lint_limit(path: Path, name: str, given: float, lengths: CallLengths, report: Report) -> None:
    unit = name.split("_")[1]
    if unit == "percent":
        most, zh_unit, en_unit = 100.0, "%", " %"
    elif unit == "turns":
        most, zh_unit, en_unit = float(lengths.turns_of_a_party), " 轮", " turns"
        if name == "within_turns":
            most = float(lengths.turns)
    else:
        most, zh_unit, en_unit = lengths.duration_s, " 秒", " s"
    if given < most:
        return
    report.add(
        path,
        Kind.LONG_WINDOW,
        BilingualText(
            f"{name}: {given:g} 比多数通话还长（一半的通话不超过 {most:g}{zh_unit}），等于没有限制",
            f"{name}: {given:g} is no limit: half of all calls have at most {most:g}{en_unit}",
        ),
        BilingualText("改短，或去掉它", "make it shorter, or remove it"),
    )


def lint_examples(rule: Rule, report: Report) -> None:
    """Examples that are missing."""
    if rule.status is RuleStatus.RETIRED:
        return
    for name, zh, en in (
        ("hits", "没有必须命中的例子", "no example that must hit"),
        ("clear", "没有不该命中的近似例子", "no near miss that must stay clear"),
    ):
        if not getattr(rule.examples, name):
            report.add(
                ("examples", name) if rule.examples.hits or rule.examples.clear else ("id",),
                Kind.MISSING_EXAMPLES,
                BilingualText(zh, en),
                BilingualText(f"在 examples 的 {name} 里写一个", f"write one under {name} in examples"),
            )

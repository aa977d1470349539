"""Conditions ready to run: what holds in a call, where, and what cannot be known.

Three truths: a condition holds, does not, or cannot be judged because words may be missing. They combine as in
Kleene's logic: one false is enough for ``all``, one true for ``any``, whatever cannot be judged beside them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

from pipeline.domain.calls import Role
from pipeline.domain.results import BilingualText
from rules.doubt import doubt_about
from rules.operators.base import Clause, Finder, Needle, Undecided
from rules.region import Region
from rules.scope import Scope
from rules.spots import Match, in_order
from rules.view import CallView


class Truth(Enum):
    """Whether a condition holds in a call."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


class Verdict(NamedTuple):
    """What came of one condition on one call."""

    truth: Truth
    matches: tuple[Match, ...] = ()
    """Where it holds; empty for an absence."""
    doubt: BilingualText | None = None
    """Why it cannot be judged."""


FALSE = Verdict(Truth.FALSE)


class Searched(NamedTuple):
    """Where an operator looked."""

    region: Region
    reads_words: bool
    """Whether words that were not written down could have been found there."""


class Node(Protocol):
    """A condition of any kind."""

    @property
    def means(self) -> BilingualText | None:
        """What it is about, in the author's words."""

    def evaluate(self, view: CallView, this: Match | None) -> Verdict:
        """Whether it holds. ``this`` is the find that a surrounding ``where`` or ``unless`` is about."""

    def searched(self, view: CallView, this: Match | None) -> list[Searched]:
        """Where its operators look."""

    def clause(self) -> Clause | None:
        """Needles of which one must be in a call for it to hold; ``None`` where it can hold without."""

    def roles(self) -> frozenset[Role]:
        """Roles that must be known to judge it."""

    def children(self) -> tuple["Node", ...]:
        """The conditions it is made of."""


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """One operator in its scope."""

    operator: str
    finder: Finder
    scope: Scope
    reads_words: bool
    where: Node | None = None
    unless: Node | None = None
    means: BilingualText | None = None

    def evaluate(self, view: CallView, this: Match | None) -> Verdict:
        region = self.scope.resolve(view, this)
        if region.is_nowhere:
            return FALSE
        try:
            found = self.finder.find(view, region)
        except Undecided as undecided:
            return Verdict(Truth.UNKNOWN, doubt=undecided.doubt)
        if not found:
            return FALSE
        matches = in_order(found)
        if self.where is None and self.unless is None:
            return Verdict(Truth.TRUE, tuple(matches))
        return filtered(view, matches, self.where, self.unless)

    def searched(self, view: CallView, this: Match | None) -> list[Searched]:
        return [Searched(self.scope.resolve(view, this), self.reads_words)]

    def clause(self) -> Clause | None:
        own = self.finder.clause()
        if own is not None and self.scope.role is not None:
            own = frozenset(Needle(n.text, self.scope.role, n.by_sound) for n in own)
        anchored = [anchor.node.clause() for anchor in self.scope.anchors if anchor.node is not None]
        return rarest([own, *anchored])

    def roles(self) -> frozenset[Role]:
        own = frozenset({self.scope.role} if self.scope.role is not None else ())
        return own.union(*(child.roles() for child in self.children()))

    def children(self) -> tuple[Node, ...]:
        anchors = [anchor.node for anchor in self.scope.anchors]
        return tuple(node for node in (*anchors, self.where, self.unless) if node is not None)


def filtered(view: CallView, matches: Sequence[Match], where: Node | None, unless: Node | None) -> Verdict:
    """The matches for which ``where`` holds and ``unless`` does not."""
    kept: list[Match] = []
    doubt: BilingualText | None = None
    for match in matches:
        wanted = where.evaluate(view, match) if where is not None else Verdict(Truth.TRUE)
        if wanted.truth is Truth.FALSE:
            continue
        excused = unless.evaluate(view, match) if unless is not None else FALSE
        if excused.truth is Truth.TRUE:
            continue
        if wanted.truth is Truth.UNKNOWN or excused.truth is Truth.UNKNOWN:
            doubt = wanted.doubt or excused.doubt
            continue
        missed = _doubt_of_absence(view, unless, match) if unless is not None else None
        if missed is None:
            kept.append(match)
        else:
            doubt = missed
    if kept:
        return Verdict(Truth.TRUE, tuple(kept))
    return Verdict(Truth.UNKNOWN, doubt=doubt) if doubt is not None else FALSE


def _doubt_of_absence(view: CallView, absent: Node, this: Match | None) -> BilingualText | None:
    """Why ``absent``, which was not found, may have been said all the same."""
    for region, reads_words in absent.searched(view, this):
        doubt = doubt_about(view, region) if reads_words and not region.is_nowhere else None
        if doubt is not None:
            return doubt
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """A named condition; worked out once a call, however often it is used."""

    name: str
    node: Node

    @property
    def means(self) -> BilingualText | None:
        return self.node.means

    def evaluate(self, view: CallView, this: Match | None) -> Verdict:
        known = view.verdicts.get(id(self))
        if known is None:
            known = view.verdicts[id(self)] = self.node.evaluate(view, None)
        return known

    def searched(self, view: CallView, this: Match | None) -> list[Searched]:
        return self.node.searched(view, None)

    def clause(self) -> Clause | None:
        return self.node.clause()

    def roles(self) -> frozenset[Role]:
        return self.node.roles()

    def children(self) -> tuple[Node, ...]:
        return (self.node,)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """``all``, ``any`` or ``at_least``: at least ``count`` of the parts hold."""

    parts: tuple[Node, ...]
    count: int
    where: Node | None = None
    unless: Node | None = None
    means: BilingualText | None = None

    def evaluate(self, view: CallView, this: Match | None) -> Verdict:
        held: list[Match] = []
        true = unknown = 0
        doubt: BilingualText | None = None
        for done, part in enumerate(self.parts, 1):
            verdict = part.evaluate(view, this)
            if verdict.truth is Truth.TRUE:
                true += 1
                held.extend(verdict.matches)
            elif verdict.truth is Truth.UNKNOWN:
                unknown += 1
                doubt = doubt or verdict.doubt
            if true + unknown + len(self.parts) - done < self.count:
                return FALSE
        if true < self.count:
            return Verdict(Truth.UNKNOWN, doubt=doubt)
        matches = in_order(held)
        if not matches or (self.where is None and self.unless is None):
            return Verdict(Truth.TRUE, tuple(matches))
        return filtered(view, matches, self.where, self.unless)

    def searched(self, view: CallView, this: Match | None) -> list[Searched]:
        return [place for part in self.parts for place in part.searched(view, this)]

    def clause(self) -> Clause | None:
        clauses = [part.clause() for part in self.parts]
        if self.count == len(self.parts):
            return rarest(clauses)
        return either(clauses)

    def roles(self) -> frozenset[Role]:
        return frozenset[Role]().union(*(child.roles() for child in self.children()))

    def children(self) -> tuple[Node, ...]:
        return (*self.parts, *(node for node in (self.where, self.unless) if node is not None))


@dataclass(frozen=True, slots=True, eq=False)
class Not:
    """Something is not there, and everything that was said where it was looked for is known."""

    part: Node
    means: BilingualText | None = None

    def evaluate(self, view: CallView, this: Match | None) -> Verdict:
        verdict = self.part.evaluate(view, this)
        if verdict.truth is Truth.TRUE:
            return FALSE
        if verdict.truth is Truth.UNKNOWN:
            return verdict
        places = self.part.searched(view, this)
        if places and all(region.is_nowhere for region, _ in places):
            return FALSE
        doubt = _doubt_of_absence(view, self.part, this)
        return Verdict(Truth.TRUE) if doubt is None else Verdict(Truth.UNKNOWN, doubt=doubt)

    def searched(self, view: CallView, this: Match | None) -> list[Searched]:
        return self.part.searched(view, this)

    def clause(self) -> Clause | None:
        return None

    def roles(self) -> frozenset[Role]:
        return self.part.roles()

    def children(self) -> tuple[Node, ...]:
        return (self.part,)


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Steps found one after the other, each within a distance of the one before."""

    steps: tuple[Node, ...]
    within_turns: int | None = None
    within_s: float | None = None
    where: Node | None = None
    unless: Node | None = None
    means: BilingualText | None = None

    def evaluate(self, view: CallView, this: Match | None) -> Verdict:
        chains: list[Match] = []
        for number, step in enumerate(self.steps):
            verdict = step.evaluate(view, this)
            if verdict.truth is not Truth.TRUE:
                return Verdict(verdict.truth, doubt=verdict.doubt)
            if number == 0:
                chains = list(verdict.matches)
                continue
            grown = (self._grow(view, chains, match) for match in verdict.matches)
            chains = [chain for chain in grown if chain is not None]
            if not chains:
                return FALSE
        if self.where is None and self.unless is None:
            return Verdict(Truth.TRUE, tuple(chains))
        return filtered(view, chains, self.where, self.unless)

    def _grow(self, view: CallView, chains: Sequence[Match], match: Match) -> Match | None:
        """The latest chain that ends before ``match`` and near enough, with ``match`` added."""
        for chain in reversed(chains):
            if self._follows(view, chain, match):
                return (*chain, *match)
        return None

    def _follows(self, view: CallView, chain: Match, match: Match) -> bool:
        last, first = chain[-1], match[0]
        last_end_s, first_start_s = view.span_of(last).end_s, view.span_of(first).start_s
        if last.turn >= 0 and first.turn >= 0:
            if (last.turn, last.char_end) > (first.turn, first.char_start):
                return False
            if self.within_turns is not None and first.turn - last.turn > self.within_turns:
                return False
        elif first_start_s < last_end_s - 1e-6:
            return False
        elif self.within_turns is not None:
            between = sum(last_end_s <= turn.start_s < first_start_s for turn in view.turns)
            if between > self.within_turns:
                return False
        return self.within_s is None or first_start_s - last_end_s <= self.within_s

    def searched(self, view: CallView, this: Match | None) -> list[Searched]:
        return [place for step in self.steps for place in step.searched(view, this)]

    def clause(self) -> Clause | None:
        return rarest([step.clause() for step in self.steps])

    def roles(self) -> frozenset[Role]:
        return frozenset[Role]().union(*(child.roles() for child in self.children()))

    def children(self) -> tuple[Node, ...]:
        return (*self.steps, *(node for node in (self.where, self.unless) if node is not None))


def rarest(clauses: Sequence[Clause | None]) -> Clause | None:
    """Of clauses that must all hold, the one that fewest calls fulfil."""
    known = [clause for clause in clauses if clause is not None]
    return min(known, key=_frequency, default=None)


def either(clauses: Sequence[Clause | None]) -> Clause | None:
    """Clauses of which one must hold, as one; ``None`` where any can hold without a needle."""
    union: Clause = frozenset()
    for clause in clauses:
        if clause is None:
            return None
        union |= clause
    return union


def _frequency(clause: Clause) -> float:
    """How often a clause is fulfilled, roughly: each character more makes a needle some ten times rarer."""
    return sum(10.0 ** -min(len(needle.text), 4) for needle in clause)


__all__ = ["FALSE", "Group", "Leaf", "Named", "Node", "Not", "Searched", "Steps", "Truth", "Verdict"]

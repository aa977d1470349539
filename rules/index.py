"""Which rules can hold in a call: all needles of all rules are looked for in one pass."""

from collections.abc import Sequence

from pipeline.domain.calls import Role
from pipeline.text.sound import is_loose
from rules.operators.base import Clause
from rules.view import CallView


class _Automaton:
    """Needles of one kind (words, loose or tonal sounds), and the rules that need each, by role."""

    def __init__(self, needed: dict[str, dict[Role | None, list[int]]]) -> None:
        import ahocorasick_rs

        self.needles = list(needed)
        self.needles_set = frozenset(needed)
        self._by_role = [needed[needle] for needle in self.needles]
        self._anybody = [tuple(roles.get(None, ())) for roles in self._by_role]
        self._somebody = [
            {role: tuple(numbers) for role, numbers in roles.items() if role is not None} for roles in self._by_role
        ]
        self._automaton = ahocorasick_rs.AhoCorasick(
            self.needles, implementation=ahocorasick_rs.Implementation.ContiguousNFA
        )

    def scan(self, view: CallView, text: str, candidates: set[int]) -> dict[str, list[tuple[int, int]]]:
        """Where each needle is in ``text``, which is aligned with ``view.spoken``; adds the rules that can hold."""
        places: dict[int, list[tuple[int, int]]] = {}
        for number, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            if number in places:
                places[number].append((start, end))
            else:
                places[number] = [(start, end)]
        for number, found in places.items():
            candidates.update(self._anybody[number])
            somebody = self._somebody[number]
            if somebody:
                for role in {view.role_at(start) for start, _ in found}:
                    candidates.update(somebody.get(role, ()))
        return {self.needles[number]: found for number, found in places.items()}


class NeedleIndex:
    """Finds the rules worth judging on a call."""

    def __init__(self, clauses: Sequence[Clause | None]) -> None:
        self._always = [number for number, clause in enumerate(clauses) if clause is None]
        words: dict[str, dict[Role | None, list[int]]] = {}
        loose: dict[str, dict[Role | None, list[int]]] = {}
        tonal: dict[str, dict[Role | None, list[int]]] = {}
        for number, clause in enumerate(clauses):
            for needle in clause or ():
                kind = words if not needle.by_sound else loose if is_loose(needle.text) else tonal
                kind.setdefault(needle.text, {}).setdefault(needle.role, []).append(number)
        self._words = _Automaton(words) if words else None
        self._loose = _Automaton(loose) if loose else None
        self._tonal = _Automaton(tonal) if tonal else None

    def candidates(self, view: CallView) -> list[int]:
        """Numbers of the rules that can hold, in order. What was found on the way is left in ``view``."""
        found = set(self._always)
        if self._words is not None:
            view.know_words(self._words.needles_set, self._words.scan(view, view.spoken, found))
        if self._loose is not None:
            view.know_sounds(self._loose.needles_set, self._loose.scan(view, view.loose_sound, found))
        if self._tonal is not None:
            view.know_sounds(self._tonal.needles_set, self._tonal.scan(view, view.tonal_sound, found))
        return sorted(found)

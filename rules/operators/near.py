"""``near``: words close to other words, or with none of them close."""

from collections.abc import Sequence

from pydantic import Field, model_validator

from pipeline.domain.results import BilingualText
from rules.operators.base import Clause, Needle, NonNegative, Operator, Seconds, Spec
from rules.operators.phrase import Phrase, spoken_form
from rules.operators.words import describe_words, near_miss_of_words
from rules.region import EVERYWHERE, Region
from rules.spots import Match, Spot
from rules.view import CallView
from rules.wording import quoted


class NearSpec(Spec):
    """One of some words within a distance of one of others; with ``negative``, without any of them there."""

    words: tuple[Phrase, ...] = Field(min_length=1)
    to: tuple[Phrase, ...] = Field(min_length=1)
    within_characters: NonNegative | None = Field(default=None, description="Characters between, in the same turn")
    within_turns: NonNegative | None = Field(default=None, description="0 is the same turn; all parties' turns count")
    within_s: Seconds | None = Field(default=None, description="Seconds between the two")
    ordered: bool = Field(default=False, description="Whether `words` must come first")
    negative: bool = Field(default=False, description="Finds `words` that have no `to` near them")

    @model_validator(mode="after")
    def _one_unit(self) -> "NearSpec":
        given = self.model_fields_set & {"within_characters", "within_turns", "within_s"}
        if len(given) != 1:
            raise ValueError("near takes exactly one of within_characters, within_turns, within_s")
        for phrase in (*self.words, *self.to):
            if not spoken_form(phrase):
                raise ValueError(f"the phrase '{phrase}' is empty: it has nothing that can be said")
        return self


class NearFinder:
    """Pairs finds of the two lists by distance."""

    def __init__(self, spec: NearSpec) -> None:
        self._spec = spec
        self._words = tuple(map(spoken_form, spec.words))
        self._to = tuple(map(spoken_form, spec.to))

    def _spots(self, view: CallView, region: Region, phrases: Sequence[str]) -> list[Spot]:
        return [spot for phrase in phrases for spot in view.spots_of(phrase) if region.admits(view, spot)]

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        words, others = self._spots(view, region, self._words), self._spots(view, region, self._to)
        found: list[Match] = []
        for word in words:
            near = [other for other in others if self._is_near(view, word, other)]
            if self._spec.negative and not near:
                found.append((word,))
            elif not self._spec.negative and near:
                found.append(_pair(word, near[0]))
        return found

    def _is_near(self, view: CallView, word: Spot, other: Spot) -> bool:
        spec = self._spec
        first, second = (word, other) if _starts(word) <= _starts(other) else (other, word)
        if spec.ordered and first is not word:
            return False
        if spec.within_characters is not None:
            return first.turn == second.turn and second.char_start - first.char_end <= spec.within_characters
        if spec.within_turns is not None:
            return second.turn - first.turn <= spec.within_turns
        apart_s = view.span_of(second).start_s - view.span_of(first).end_s
        return spec.within_s is not None and apart_s <= spec.within_s

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        words = [(spot,) for spot in self._spots(view, EVERYWHERE, self._words)]
        if not words or not any(region.admits(view, spot) for (spot,) in words):
            return near_miss_of_words(view, region, words)
        found = describe_words(view, next(match for match in words if region.admits(view, match[0])))
        with_zh, with_en = ("但附近有", "but near") if self._spec.negative else ("但附近没有", "but not near")
        others = quoted(self._spec.to)
        return BilingualText(f"{found.zh}，{with_zh}{others.zh}", f"{found.en}, {with_en} {others.en}")

    def sentence(self) -> BilingualText:
        spec = self._spec
        words, others = quoted(spec.words), quoted(spec.to)
        amount, zh_unit, en_unit = next(
            (amount, zh, en)
            for amount, zh, en in (
                (spec.within_characters, "字", "characters"),
                (spec.within_turns, "轮", "turns"),
                (spec.within_s, "秒", "s"),
            )
            if amount is not None
        )
        zh_side, en_side = ("之后", "followed by") if spec.ordered else ("前后", "near")
        zh_has, en_not = ("没有", "not ") if spec.negative else ("有", "")
        return BilingualText(
            f"说{words.zh}且{zh_side} {amount:g} {zh_unit}内{zh_has}{others.zh}",
            f"{words.en} {en_not}{en_side} {others.en} within {amount:g} {en_unit}",
        )

    def describe(self, view: CallView, match: Match) -> BilingualText:
        return describe_words(view, match)

    def clause(self) -> Clause | None:
        return frozenset(map(Needle, self._words))


def _starts(spot: Spot) -> tuple[int, int]:
    return spot.turn, spot.char_start


def _pair(word: Spot, other: Spot) -> Match:
    """One spot over both words where they are in one turn, else a spot each, in order."""
    first, second = sorted((word, other), key=_starts)
    if first.turn != second.turn:
        return first, second
    return (first._replace(char_end=max(first.char_end, second.char_end)),)


NEAR = Operator("near", NearSpec, NearFinder, family="words", reads_words=True)

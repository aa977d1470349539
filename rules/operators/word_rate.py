"""``word_rate``: how often a party says some words, per minute of its own speech."""

from collections.abc import Sequence

from pydantic import Field

from pipeline.domain.results import BilingualText
from rules.operators.base import Clause, Needle, Operator, RoleUse, Seconds
from rules.operators.phrase import Phrase, spoken_form
from rules.operators.sound import LimitsSpec
from rules.operators.words import describe_words
from rules.region import Region
from rules.spots import Match, Spot
from rules.view import CallView
from rules.wording import ROLE_NAMES, listed, quoted


class WordRateSpec(LimitsSpec):
    """Times a minute that any of some words are said, above or below a limit."""

    phrases: tuple[Phrase, ...] = Field(min_length=1)
    at_least_speaking_s: Seconds = Field(default=20.0, description="Seconds of speech under which it is not judged")


class WordRateFinder:
    """Counts the words and divides by the party's speaking time."""

    def __init__(self, spec: WordRateSpec) -> None:
        self._spec = spec
        self._phrases = tuple(map(spoken_form, spec.phrases))

    def _spots(self, view: CallView, region: Region) -> list[Spot]:
        return [spot for phrase in self._phrases for spot in view.spots_of(phrase) if region.admits(view, spot)]

    @staticmethod
    def _speaking_s(view: CallView, region: Region) -> float:
        return sum(view.turns[index].span.duration_s for index in region.turns(view))

    def _rate(self, view: CallView, region: Region) -> float | None:
        """Times a minute; ``None`` where too little is said to judge."""
        speaking_s = self._speaking_s(view, region)
        if speaking_s < max(self._spec.at_least_speaking_s, 1e-9):
            return None
        return 60.0 * len(self._spots(view, region)) / speaking_s

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        rate = self._rate(view, region)
        if rate is None or not self._spec.holds(rate):
            return ()
        spots = self._spots(view, region)
        # Too few words leave nothing to quote: the evidence is everything the party said.
        return [(spot,) for spot in spots] or [(view.whole_turn(next(iter(region.turns(view)))),)]

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        rate = self._rate(view, region)
        if rate is None:
            return BilingualText("说得太少，不计频率", "too little speech to count a rate")
        return BilingualText(f"每分钟 {rate:.1f} 次", f"{rate:.1f} times a minute")

    def sentence(self) -> BilingualText:
        limits, words = self._spec.text("次/分", "a minute"), quoted(self._spec.phrases)
        return BilingualText(f"说{words.zh}的频率{limits.zh}", f"{words.en} {limits.en}")

    def describe(self, view: CallView, match: Match) -> BilingualText:
        role = match[0].role
        rate = self._rate(view, Region(role))
        found = listed([describe_words(view, match)])
        often = f"{rate:.1f}" if rate is not None else "?"
        return BilingualText(
            f"{ROLE_NAMES[role].zh}每分钟 {often} 次：{found.zh}",
            f"{ROLE_NAMES[role].en}, {often} a minute: {found.en}",
        )

    def clause(self) -> Clause | None:
        return None if self._spec.below is not None else frozenset(map(Needle, self._phrases))


WORD_RATE = Operator("word_rate", WordRateSpec, WordRateFinder, family="words", reads_words=True, role=RoleUse.NEEDED)

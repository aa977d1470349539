"""``phrase``: words as they are said, punctuation and script aside."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from pipeline.domain.results import BilingualText
from pipeline.text.normalise import normalise
from pipeline.text.sound import sound_of, syllable_count
from pipeline.text.spoken import without_punctuation
from rules.operators.base import Clause, Count, Needle, Operator, Spec
from rules.operators.words import describe_words, near_miss_of_words
from rules.region import EVERYWHERE, Region
from rules.spots import Match, Spot
from rules.view import CallView
from rules.wording import quoted

Phrase = Annotated[str, StringConstraints(min_length=1)]


class PhraseItem(Spec):
    """One phrase with its own choice of matching by sound."""

    text: Phrase
    by_sound: bool


class PhraseSpec(Spec):
    """Words that are said: any of them, all of them, at least some of them, or none of them."""

    shorthand = "any"

    any: tuple[Phrase | PhraseItem, ...] | Phrase | None = None
    all: tuple[Phrase | PhraseItem, ...] | None = None
    none: tuple[Phrase | PhraseItem, ...] | Phrase | None = None
    at_least: Count | None = Field(default=None, description="How many different phrases of `of` must be said")
    of: tuple[Phrase | PhraseItem, ...] | None = None
    except_: tuple[Phrase, ...] | Phrase = Field(
        default=(), alias="except", description="Longer phrases inside which a phrase does not count"
    )
    by_sound: bool = Field(default=False, description="Whether homophones count; each phrase may say otherwise")

    @model_validator(mode="after")
    def _one_form(self) -> "PhraseSpec":
        forms = [name for name in ("any", "all", "none", "of") if getattr(self, name) is not None]
        if len(forms) != 1:
            raise ValueError("phrase takes exactly one of any, all, none, or at_least with of")
        if (self.at_least is None) != (self.of is None):
            raise ValueError("at_least and of go together: at_least says how many of the phrases in of")
        items = self.items()
        if not items:
            raise ValueError(f"{forms[0]} is empty: name at least one phrase")
        if self.at_least is not None and self.at_least > len(items):
            raise ValueError(f"at_least is {self.at_least}, but of has only {len(items)} phrases")
        for item in (*items, *(PhraseItem(text=text, by_sound=False) for text in self.excepted())):
            self._check(item)
        return self

    @staticmethod
    def _check(item: PhraseItem) -> None:
        if not spoken_form(item.text):
            raise ValueError(f"the phrase '{item.text}' is empty: it has nothing that can be said")
        if item.by_sound and syllable_count(item.text) < 2:
            raise ValueError(f"'{item.text}' has fewer than two Chinese characters: too short to match by sound")

    def items(self) -> tuple[PhraseItem, ...]:
        """All phrases, each with its choice of matching by sound."""
        found = self.any or self.all or self.none or self.of or ()
        return tuple(
            PhraseItem(text=item, by_sound=self.by_sound) if isinstance(item, str) else item
            for item in ((found,) if isinstance(found, str) else found)
        )

    def excepted(self) -> tuple[str, ...]:
        """The phrases of ``except``."""
        return (self.except_,) if isinstance(self.except_, str) else self.except_


@lru_cache(maxsize=100_000)
def spoken_form(phrase: str) -> str:
    """A phrase as it is looked for: normalised, without punctuation."""
    return without_punctuation(normalise(phrase).text)


class PhraseFinder:
    """Looks for phrases in the spoken text."""

    def __init__(self, spec: PhraseSpec) -> None:
        items = spec.items()
        self._shown = tuple(item.text for item in items)
        self._needles = tuple((spoken_form(item.text), sound_of(item.text) if item.by_sound else ()) for item in items)
        self._except = tuple(map(spoken_form, spec.excepted()))
        self._wanted = len(items) if spec.all is not None else (spec.at_least or 1)

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        excepted = [spot for phrase in self._except for spot in view.spots_of(phrase)]
        found: list[Match] = []
        said = 0
        for phrase, sounds in self._needles:
            spots = list(view.spots_of(phrase))
            for sound in sounds:
                spots.extend(spot for spot in view.spots_of_sound(sound) if not _overlaps_any(spot, spots))
            spots = [s for s in spots if region.admits(view, s) and not _overlaps_any(s, excepted)]
            said += bool(spots)
            found.extend((spot,) for spot in spots)
        return found if said >= self._wanted else ()

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        if self._wanted > 1:
            said = [
                shown for shown, (phrase, _) in zip(self._shown, self._needles, strict=True) if phrase in view.spoken
            ]
            return BilingualText(
                f"要说到 {self._wanted} 种，只说到 {len(said)} 种", f"{self._wanted} are needed, {len(said)} were said"
            )
        excepted = [spot for phrase in self._except for spot in view.spots_of(phrase)]
        for spot in excepted:
            if region.admits(view, spot):
                inside = describe_words(view, (spot,))
                return BilingualText(f"属于例外：{inside.zh}", f"an exception: {inside.en}")
        return near_miss_of_words(view, region, self.find(view, EVERYWHERE))

    def sentence(self) -> BilingualText:
        phrases = quoted(self._shown)
        if self._wanted == 1:
            return BilingualText(f"说{phrases.zh}", phrases.en)
        if self._wanted == len(self._shown):
            return BilingualText(f"说全{phrases.zh}", f"all of {phrases.en}")
        return BilingualText(f"说到{phrases.zh}中的 {self._wanted} 种", f"{self._wanted} of {phrases.en}")

    def describe(self, view: CallView, match: Match) -> BilingualText:
        return describe_words(view, match)

    def clause(self) -> Clause | None:
        needles: list[frozenset[Needle]] = [
            frozenset({Needle(phrase), *(Needle(sound, by_sound=True) for sound in sounds)})
            for phrase, sounds in self._needles
        ]
        if self._wanted == len(needles):
            return max(needles, key=lambda clause: min(len(needle.text) for needle in clause))
        return frozenset[Needle]().union(*needles)


def _overlaps_any(spot: Spot, others: Sequence[Spot]) -> bool:
    return any(
        spot.turn == other.turn and spot.char_start < other.char_end and other.char_start < spot.char_end
        for other in others
    )


PHRASE = Operator("phrase", PhraseSpec, PhraseFinder, family="words", reads_words=True)

"""What matching by sound adds: the finds of a phrase that only sound like it, on calls nobody has labelled."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.domain.calls import CallMetadata, Transcript
from pipeline.domain.results import Call
from pipeline.domain.signals import Signals
from pipeline.text.sound import sound_of, syllable_count
from rules.operators.phrase import PhraseSpec, spoken_form
from rules.references import parts_of
from rules.rule import RulePack
from rules.schema import ConditionBase
from rules.spots import Spot
from rules.view import CallView


@dataclass(frozen=True, slots=True)
class SoundCost:
    """How often a phrase is said, and how often something else sounds like it."""

    phrase: str
    said: int
    only_heard: int
    """Finds by sound alone. On text without recognition errors each is false; on ASR text some are what it lost."""
    examples: tuple[str, ...]
    """What was written there, the first few different ones."""


def phrases_by_sound(pack: RulePack) -> tuple[str, ...]:
    """The phrases that the pack's rules match by sound."""
    found: dict[str, None] = {}
    for rule in pack.rules:
        for top in (rule.when, *rule.conditions.values()):
            for part in _everything(top):
                operator = part.operator()
                if operator is not None and isinstance(operator[1], PhraseSpec):
                    found.update(dict.fromkeys(item.text for item in operator[1].items() if item.by_sound))
    return tuple(found)


def _everything(part: "ConditionBase | str") -> Iterator[ConditionBase]:
    if isinstance(part, ConditionBase):
        yield part
        for _, inner, _ in parts_of(part):
            yield from _everything(inner)


def sound_costs(phrases: Sequence[str], transcripts: Iterable[Transcript]) -> tuple[SoundCost, ...]:
    """The cost of each phrase with two Chinese characters or more, in the order given."""
    wanted = [phrase for phrase in phrases if syllable_count(phrase) >= 2]
    sounds = {phrase: (spoken_form(phrase), sound_of(phrase)) for phrase in wanted}
    said = dict.fromkeys(wanted, 0)
    heard: dict[str, list[str]] = {phrase: [] for phrase in wanted}
    for transcript in transcripts:
        view = CallView(Call(transcript, CallMetadata(), Signals()))
        for phrase, (form, variants) in sounds.items():
            exact = set(view.spots_of(form))
            said[phrase] += len(exact)
            places = {(spot.turn, spot.char_start) for spot in exact}
            alike: dict[tuple[int, int], Spot] = {}
            for variant in variants:
                alike.update({(spot.turn, spot.char_start): spot for spot in view.spots_of_sound(variant)})
            heard[phrase].extend(view.quote(spot) for place, spot in alike.items() if place not in places)
    return tuple(
        SoundCost(phrase, said[phrase], len(heard[phrase]), tuple(dict.fromkeys(heard[phrase]))[:5])
        for phrase in wanted
    )

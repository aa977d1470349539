"""Words spelt as people say them: of all ways to write what was heard, the most probable on such calls.

Whisper's small models hear well and spell badly: 核实一下 becomes 何时依下, 来电 becomes 来订. For each character the
model's own next-best choices are known, and what sounds like any of them. Of the words and phrases that can be put
together from those, the sequence is taken that is the most probable by word frequencies, less what it costs to
overrule the model. Only characters are replaced, one by one: words keep their number, times and probabilities.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

from pipeline.domain.calls import Word
from pipeline.text.sound import loose_sound, tonal_sound

LONGEST_PHRASE = 8
"""Characters. Longer phrases hardly recur."""
LEAST_COUNT = 3
"""Phrases that occur less often in the texts of calls are not kept."""
CALL_SHARE = 0.5
"""Weight of the frequencies of calls; the rest is that of jieba's dictionary, general written Chinese."""
_SITE_COUNT = 10
"""How often a site's own word counts as seen in calls."""
_LEAST_GENERAL = 20
"""Rarer words of jieba's dictionary are left out: half of it, which no call was seen to need."""
_PHRASES = "phrases.tsv"
_PAUSE_S = 0.5
"""No phrase goes on over a longer pause."""
_HAN = re.compile("[\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True)
class SpellingCost:
    """What it costs to write a character that the model did not think of, in nats.

    A character that it did think of costs how much less probable it was. Source: docs/asr.md, spelling.
    """

    same_tone: float = 2.0
    """It sounds exactly like one that the model thought of."""
    other_tone: float = 5.0
    """Or but for the tone, or a consonant or ending that accents confuse."""
    refused: float = 6.0
    """At least this where the model had the character as one token and rated it less probable by more."""
    unknown: float = 18.0
    """A single character in no word list."""


Choices = Mapping[str, float]
"""Of one place: each character that the model thought of, and how many nats less probable than the first it was.

The first is what the model wrote and costs 0.0.
"""


class Speller:
    """Word frequencies by sound, loaded once."""

    def __init__(
        self,
        frequencies: Mapping[str, float],
        *,
        choosable: Collection[str] = frozenset(),
        cost: SpellingCost | None = None,
    ) -> None:
        """Load words by their sound.

        ``frequencies``: which share of all text each word or phrase is; they need not sum to 1. ``choosable``:
        characters that are one token of the model, so that it would have thought of them; others it writes in
        pieces, and nothing is known of what it thinks of them.
        """
        self._cost = cost or SpellingCost()
        self._choosable = choosable
        self._nats = {word: -math.log(share) for word, share in frequencies.items() if share > 0}
        self._by_sound: defaultdict[str, list[str]] = defaultdict(list)
        self._beginnings: set[str] = set()
        words = [word for word in self._nats if len(word) > 1]
        for word, sound in zip(words, loose_sound("\n".join(words)).split("\n"), strict=True):
            self._by_sound[sound].append(word)
            self._beginnings.update(sound[:length] for length in range(1, len(sound) + 1))

    def spell(self, places: Sequence[Choices]) -> str:
        """The most probable text, one character for each of ``places``, all of them Chinese."""
        heard = [_by_sound(choices) for choices in places]
        best = [0.0, *[math.inf] * len(places)]
        step = [""] * (len(places) + 1)
        for start, choices in enumerate(places):
            written = next(iter(choices))
            paid = best[start] + self._nats.get(written, self._cost.unknown)
            if paid < best[start + 1]:
                best[start + 1], step[start + 1] = paid, written
            sounds = [""]
            for end in range(start + 1, min(len(places), start + LONGEST_PHRASE) + 1):
                longer = (sound + last for sound in sounds for last in heard[end - 1])
                sounds = [sound for sound in longer if sound in self._beginnings]
                for sound in sounds:
                    for word in self._by_sound.get(sound, ()):
                        paid = best[start] + self._nats[word]
                        if paid < best[end]:
                            paid += self._overruling(word, sound, places[start:end], heard[start:end])
                            if paid < best[end]:
                                best[end], step[end] = paid, word
        return _trace(step)

    def _overruling(
        self, word: str, sound: str, places: Sequence[Choices], heard: Sequence[Mapping[str, Choices]]
    ) -> float:
        """What it costs to write ``word``, which sounds like ``sound``, in ``places``."""
        paid = 0.0
        for char, syllable, choices, by_sound in zip(word, sound, places, heard, strict=True):
            if char in choices:
                paid += choices[char]
                continue
            tone = tonal_sound(char)
            nearest = min(
                nats + (self._cost.same_tone if tonal_sound(like) == tone else self._cost.other_tone)
                for like, nats in by_sound[syllable].items()
            )
            paid += max(nearest, self._cost.refused) if char in self._choosable else nearest
        return paid


def spell_words(words: Sequence[Word], alternatives: Sequence[Mapping[str, float]], *, speller: Speller) -> list[Word]:
    """``words``, in simplified Chinese, in the most probable spelling.

    ``alternatives`` has for each word what else the model thought of, of as many characters.
    """
    chars = [list(word.text) for word in words]
    run: list[tuple[int, int, dict[str, float]]] = []

    def close() -> None:
        spelt = speller.spell([choices for _, _, choices in run])
        for char, (number, at, _) in zip(spelt, run, strict=True):
            chars[number][at] = char
        run.clear()

    for number, word in enumerate(words):
        if number and word.start_s - words[number - 1].end_s > _PAUSE_S:
            close()
        for at, char in enumerate(word.text):
            if not _HAN.fullmatch(char):
                close()
                continue
            choices = {char: 0.0}
            for other, nats in alternatives[number].items():
                choices.setdefault(other[at], nats)
            run.append((number, at, choices))
    close()
    return [replace(word, text="".join(own)) for word, own in zip(words, chars, strict=True)]


def call_frequencies(site_words: Iterable[str] = ()) -> dict[str, float]:
    """How frequent words and phrases are on calls: half general Chinese, half call dialogues and ``site_words``."""
    general = dict(_general_words())
    calls = Counter(dict(_call_phrases()))
    for word in site_words:
        if _HAN.fullmatch(word):
            calls[word[:LONGEST_PHRASE]] += _SITE_COUNT
    all_general = sum(general.values())
    # Two characters make a word, more or less: what a dialogue would count if it were cut into words.
    all_calls = sum(count for phrase, count in calls.items() if len(phrase) == 1) / 2
    shares = {word: (1 - CALL_SHARE) * count / all_general for word, count in general.items()}
    for phrase, count in calls.items():
        shares[phrase] = shares.get(phrase, 0.0) + CALL_SHARE * count / all_calls
    return shares


def count_phrases(texts: Iterable[str]) -> Counter[str]:
    """How often each character of ``texts`` occurs, and each phrase that does ``LEAST_COUNT`` times.

    >>> count_phrases(["核实一下", "请核实一下", "核实。一下"])["核实"]
    3
    """
    counts: Counter[str] = Counter()
    for text in texts:
        for found in _HAN.findall(text):
            for length in range(1, LONGEST_PHRASE + 1):
                counts.update(found[at : at + length] for at in range(len(found) - length + 1))
    return Counter({phrase: n for phrase, n in counts.items() if len(phrase) == 1 or n >= LEAST_COUNT})


def _general_words() -> Iterable[tuple[str, int]]:
    """jieba's dictionary: words of up to five characters and how often each was seen."""
    with (files("jieba") / "dict.txt").open(encoding="utf-8") as lines:
        for line in lines:
            word, count, _ = line.split(" ", 2)
            if len(word) <= 5 and int(count) >= _LEAST_GENERAL and _HAN.fullmatch(word):
                yield word, int(count)


def _call_phrases() -> Iterable[tuple[str, int]]:
    """The phrases of written call dialogues that come with this package; see ``benchmarks/asr_phrases.py``."""
    with (files("pipeline.asr") / _PHRASES).open(encoding="utf-8") as lines:
        for line in lines:
            phrase, count = line.split("\t")
            yield phrase, int(count)


def _by_sound(choices: Choices) -> dict[str, dict[str, float]]:
    """``choices`` by their loose syllable."""
    found: dict[str, dict[str, float]] = {}
    for char, nats in choices.items():
        found.setdefault(loose_sound(char), {})[char] = nats
    return found


def _trace(step: Sequence[str]) -> str:
    """The words that lead to the last place, joined."""
    words: list[str] = []
    end = len(step) - 1
    while end:
        words.append(step[end])
        end -= len(step[end])
    return "".join(reversed(words))

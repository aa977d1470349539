"""What the model wrote, brought to call time and freed of what nobody said; and what is still missing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pipeline.asr.base import ChannelWords, Removal, RemovalReason
from pipeline.asr.decoding import HeardWord, Written
from pipeline.asr.guards import find_loop, judge_stretch, judge_window
from pipeline.asr.script import simplify_words
from pipeline.asr.windows import distance_s
from pipeline.domain.calls import Span, Word

PAUSE_S = 1.0
"""Parts the words of a window into stretches, each judged by itself."""
OUTSIDE_S = 0.3
"""Words further from any sound in their window than this are about silence."""
MISSED_S = 0.8
"""Speech of this length without a word is tried again: four syllables."""
NEAR_S = 0.3
"""Speech this close to a word belongs to it: alignment is that uncertain."""
INSTANT_S = 0.02
"""Length of a word for which alignment leaves no time: one step of it."""


@dataclass(slots=True)
class Draft:
    """The words of one channel, as far as they are known."""

    words: list[Word] = field(default_factory=list)
    removed: list[Removal] = field(default_factory=list)

    def add(self, words: Sequence[Word], removed: Sequence[Removal]) -> None:
        """Take in what another window gave."""
        self.words.extend(words)
        self.removed.extend(removed)

    def unwritten(self, spans: Sequence[Span]) -> tuple[Span, ...]:
        """The parts of ``spans`` worth another try: no word is near, and not because a guard took it out.

        What went round in a loop is worth one.
        """
        settled = [Span(word.start_s - NEAR_S, word.end_s + NEAR_S) for word in self.words]
        settled += [removal.span for removal in self.removed if removal.reason is not RemovalReason.LOOP]
        settled.sort(key=lambda span: span.start_s)
        found: list[Span] = []
        for span in spans:
            start_s = span.start_s
            for taken in settled:
                if taken.end_s <= start_s or taken.start_s >= span.end_s:
                    continue
                if taken.start_s - start_s >= MISSED_S:
                    found.append(Span(start_s, taken.start_s))
                start_s = max(start_s, taken.end_s)
            if span.end_s - start_s >= MISSED_S:
                found.append(Span(start_s, span.end_s))
        return tuple(found)

    def finished(self, spans: Sequence[Span]) -> ChannelWords:
        """The channel's words in order, none beginning before the one before it has ended.

        The last word of each of ``spans`` lasts until its end: alignment lets it go too early.
        """
        words: list[Word] = []
        for word in sorted(self.words, key=lambda word: word.start_s):
            start_s = max(word.start_s, words[-1].end_s) if words else word.start_s
            words.append(replace(word, start_s=start_s, end_s=max(word.end_s, start_s + INSTANT_S)))
        for number, word in enumerate(words):
            next_s = words[number + 1].start_s if number + 1 < len(words) else math.inf
            for span in spans:
                if span.start_s <= word.start_s < span.end_s <= next_s and 0 < span.end_s - word.end_s <= NEAR_S:
                    words[number] = replace(word, end_s=span.end_s)
        return ChannelWords(tuple(words), tuple(self.removed))


def check_window(written: Written, *, prompt: str) -> tuple[list[HeardWord], list[Removal]]:
    """The words of a window in call time, in simplified Chinese, and what guards took out of them."""
    heard, removed = _in_call_time(written)
    doubt = judge_window(no_speech_probability=written.no_speech_probability, mean_logprob=written.mean_logprob)
    if doubt and heard:
        return [], [*removed, _removal(doubt, heard)]
    kept: list[HeardWord] = []
    for stretch in _stretches(heard):
        reason = judge_stretch("".join(one.word.text for one in stretch), prompt=prompt)
        if reason:
            removed.append(_removal(reason, stretch))
            continue
        good, looped = _cut_loops(stretch)
        kept.extend(good)
        removed.extend(looped)
    return kept, removed


def _in_call_time(written: Written) -> tuple[list[HeardWord], list[Removal]]:
    """The words of a window in call time, cut to speech; and those that are about its silent parts."""
    texts = simplify_words([one.word.text for one in written.words])
    heard: list[HeardWord] = []
    removed: list[Removal] = []
    for text, one in zip(texts, written.words, strict=True):
        span = Span(one.word.start_s, one.word.end_s)
        piece = written.window.piece_at(span)
        found = HeardWord(_at(one.word, text, piece.to_call(span)), one.alternatives)
        if distance_s(piece.in_window(), span) > OUTSIDE_S:
            removed.append(_removal(RemovalReason.OUTSIDE_SPEECH, [found]))
        else:
            heard.append(found)
    return heard, removed


def _at(word: Word, text: str, span: Span) -> Word:
    return Word(text, span.start_s, max(span.end_s, span.start_s + INSTANT_S), word.probability)


def _stretches(heard: Sequence[HeardWord]) -> list[list[HeardWord]]:
    """``heard`` parted at pauses."""
    parts: list[list[HeardWord]] = []
    for one in heard:
        if not parts or one.word.start_s - parts[-1][-1].word.end_s >= PAUSE_S:
            parts.append([])
        parts[-1].append(one)
    return parts


def _cut_loops(heard: Sequence[HeardWord]) -> tuple[list[HeardWord], list[Removal]]:
    """``heard`` without the repeats of loops, and those repeats."""
    kept = list(heard)
    removed: list[Removal] = []
    while loop := find_loop("".join(one.word.text for one in kept)):
        position = 0
        before: list[HeardWord] = []
        inside: list[HeardWord] = []
        after: list[HeardWord] = []
        for one in kept:
            ends = position + len(one.word.text)
            (before if ends <= loop[0] else after if position >= loop[1] else inside).append(one)
            position = ends
        removed.append(_removal(RemovalReason.LOOP, inside))
        kept = before + after
    return kept, removed


def _removal(reason: RemovalReason, heard: Sequence[HeardWord]) -> Removal:
    text = "".join(one.word.text for one in heard)
    return Removal(reason, text, Span(heard[0].word.start_s, heard[-1].word.end_s))

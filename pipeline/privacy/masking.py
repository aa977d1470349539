"""Masking everything that is said of a call as its transcript is masked."""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from pipeline.domain.calls import Role, Transcript, Turn
from pipeline.domain.personal import is_masked, mask_transcript, masked_runs
from pipeline.domain.predictions import MovingWord, Prediction, Predictions
from pipeline.domain.results import BilingualText, Evidence, Findings, RuleResult
from pipeline.privacy.find import find_personal
from pipeline.text.written_numbers import masked_line

MASKING = 2
"""Stored with each transcript: which masking it went through. 2: the network. Raise it when older ones are to be masked
again."""
_SURE = 4
"""Characters from which on the same stretch in an explanation is taken for a quotation."""


def mask_call(transcript: Transcript, *, own_numbers: Collection[str] = ()) -> Transcript:
    """The transcript with its personal data masked, as long as before."""
    return mask_transcript(transcript, find_personal(transcript, own_numbers=own_numbers))


def mask_text(text: str, *, own_numbers: Collection[str] = ()) -> str:
    """What a person typed, masked by rules alone: a comment, a corrected turn, a search, the name of a file."""
    lone = Transcript((Turn(0, Role.UNKNOWN, 0.0, 1.0, text),), 1.0)
    masked = mask_transcript(lone, find_personal(lone, own_numbers=own_numbers, spoken=False))
    return masked_line(masked.turns[0].text)


def mask_findings(findings: Findings, original: Transcript, masked: Transcript) -> Findings:
    """The findings on ``original`` with every quotation masked as ``masked`` masks it."""
    veil = Veil(original, masked)
    results = tuple(veil.result(result) for result in findings.results)
    predictions = veil.predictions(findings.predictions) if findings.predictions else None
    return Findings(results, predictions)


class Veil:
    """What a transcript's masking hides, to be hidden wherever the transcript is quoted."""

    def __init__(self, original: Transcript, masked: Transcript) -> None:
        self._turns = masked.turns
        self._pairs = [
            (before.text, after.text)
            for before, after in zip(original.turns, masked.turns, strict=True)
            if before.text != after.text
        ]
        self._short: dict[str, str] = {}
        self._stretches: dict[str, list[tuple[int, int]]] = {}
        for pair, (before, after) in enumerate(self._pairs):
            for start, end in masked_runs(after):
                if 2 <= end - start < _SURE:
                    self._short[before[start:end]] = after[start:end]
            for at in range(len(before) - _SURE + 1):
                self._stretches.setdefault(before[at : at + _SURE], []).append((pair, at))

    def result(self, result: RuleResult) -> RuleResult:
        """The result with its evidence and explanation masked."""
        explanation = BilingualText(self.words(result.explanation.zh), self.words(result.explanation.en))
        return replace(result, explanation=explanation, evidence=tuple(map(self._evidence, result.evidence)))

    def predictions(self, predictions: Predictions) -> Predictions:
        """The predictions with the words that moved them masked."""
        sentiments = tuple(replace(one, words=self._moving(one.words)) for one in predictions.sentiments)
        return replace(
            predictions,
            dissatisfied=self._prediction(predictions.dissatisfied),
            escalation=self._prediction(predictions.escalation),
            sentiments=sentiments,
        )

    def words(self, text: str) -> str:
        """A text of earmark's own that may quote the call, with what it quotes masked.

        Where a stretch of it stands in several turns, the one that hides most counts.
        """
        # A number that an explanation writes in figures, whatever way it was spoken.
        text = masked_line(text)
        if not self._pairs:
            return text
        parts: list[str] = []
        at = 0
        while at < len(text):
            hidden = self._longest(text, at)
            parts.append(hidden or text[at])
            at += len(hidden) or 1
        veiled = "".join(parts)
        if not self._short:
            return veiled
        # In one pass: what was masked before may be masked otherwise now, and two may change places.
        names = re.compile("|".join(map(re.escape, sorted(self._short, key=len, reverse=True))))
        return names.sub(lambda match: self._short[match[0]], veiled)

    def _longest(self, text: str, at: int) -> str:
        """What the longest stretch of a turn that ``text`` quotes from there on reads masked; empty without one."""
        found = [self._common(text, at, pair, start) for pair, start in self._stretches.get(text[at : at + _SURE], ())]
        return max(found, key=lambda one: (is_masked(one), len(one)), default="")

    def _common(self, text: str, at: int, pair: int, start: int) -> str:
        before, after = self._pairs[pair]
        length = _SURE
        while at + length < len(text) and start + length < len(before) and text[at + length] == before[start + length]:
            length += 1
        return after[start : start + length]

    def _evidence(self, piece: Evidence) -> Evidence:
        return replace(piece, quote=self._quoted(piece.quote, piece.turn, piece.char_start, piece.char_end))

    def _prediction(self, prediction: Prediction) -> Prediction:
        return replace(prediction, words=self._moving(prediction.words))

    def _moving(self, words: tuple[MovingWord, ...]) -> tuple[MovingWord, ...]:
        return tuple(
            replace(word, text=self._quoted(word.text, word.turn, word.char_start, word.char_end)) for word in words
        )

    def _quoted(self, quote: str, turn: int | None, start: int | None, end: int | None) -> str:
        if turn is None or start is None or end is None or not 0 <= turn < len(self._turns):
            return self.words(quote)
        there = self._turns[turn].text[start:end]
        return there if len(there) == len(quote) else self.words(quote)


def hidden_parts(original: Transcript, masked: Transcript) -> Iterator[tuple[int, str]]:
    """For each turn that hides something its index, and the hidden characters one after the other."""
    for before, after in zip(original.turns, masked.turns, strict=True):
        parts = [before.text[start:end] for start, end in masked_runs(after.text)]
        if parts:
            yield after.index, "".join(parts)

"""The words that moved a prediction, quoted from the transcript as it was written."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from models.call_text import CallText
from models.linear import Dense, Scored, character_shares
from pipeline.domain.predictions import MovingFeature, MovingWord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_IN_CALL = 6
MOST_IN_TURN = 3
MOST_FEATURES = 3
LEAST_SHARE = 0.2
"""Words that move a prediction less than this part of the strongest are not worth naming."""


def moving_in_call(call: CallText, scored: Scored, weighing: Sequence[float]) -> tuple[MovingWord, ...]:
    """The words of a call that speak for its label, strongest first."""
    found = _phrases(call, character_shares(call, scored, weighing))
    return tuple(_word(call, phrase) for phrase in sorted(found, key=_strongest)[:MOST_IN_CALL])


def moving_in_turns(
    call: CallText, scored: Scored, weighing: Sequence[float], turns: "NDArray[np.bool_]"
) -> dict[int, tuple[MovingWord, ...]]:
    """By index of the turn, the words of the chosen turns that speak for their label, strongest first."""
    by_turn: dict[int, list[_Phrase]] = {}
    if turns.any():
        for phrase in _phrases(call, character_shares(call, scored, weighing), turns):
            by_turn.setdefault(call.turns[phrase[2]], []).append(phrase)
    return {
        turn: tuple(_word(call, phrase) for phrase in sorted(found, key=_strongest)[:MOST_IN_TURN])
        for turn, found in by_turn.items()
    }


def moving_features(dense: Dense, scored: Scored, weighing: Sequence[float]) -> tuple[MovingFeature, ...]:
    """The features that speak for the label of a call, strongest first."""
    import numpy as np

    shares = np.asarray(weighing) @ scored.features[0]
    strongest = [int(at) for at in np.argsort(-shares)[:MOST_FEATURES] if shares[at] > 0]
    return tuple(MovingFeature(dense.names[at], float(shares[at])) for at in strongest)


_Phrase = tuple[int, int, int, float]
"""First character in the joined text and one past the last, position of the turn, what it adds to the log odds."""


def _strongest(phrase: _Phrase) -> float:
    return -phrase[3]


def _phrases(call: CallText, shares: "NDArray[np.float64]", turns: "NDArray[np.bool_] | None" = None) -> list[_Phrase]:
    """Words that speak for a label, neighbours joined, in the order of the call."""
    import numpy as np

    start, end, turn = call.word_spans
    upto = np.concatenate([[0.0], np.cumsum(shares)])
    weight = upto[end] - upto[start]
    counted = weight > 0 if turns is None else (weight > 0) & turns[turn]
    if not counted.any():
        return []
    strong = np.flatnonzero(counted & (weight >= LEAST_SHARE * weight[counted].max()))
    start, end, turn = start[strong], end[strong], turn[strong]
    is_first = np.ones(len(strong), dtype=bool)
    is_first[1:] = (start[1:] != end[:-1]) | (turn[1:] != turn[:-1])
    first = is_first.nonzero()[0]
    last = np.append(first[1:], len(strong)) - 1
    total = np.add.reduceat(weight[strong], first)
    return list(zip(start[first].tolist(), end[last].tolist(), turn[first].tolist(), total.tolist(), strict=True))


def _word(call: CallText, phrase: _Phrase) -> MovingWord:
    start, end, position, weight = phrase
    char_start, char_end = call.original_span(position, start, end)
    quote = call.originals[position][char_start:char_end]
    return MovingWord(call.turns[position], char_start, char_end, quote, weight)

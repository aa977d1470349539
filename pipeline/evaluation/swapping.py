"""Calls between ASR and reference: one thing swapped for the reference's, everything else as ASR has it."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from pipeline.audio.signals import measure_signals
from pipeline.domain.calls import Role, Transcript, Turn, Word
from pipeline.domain.results import Call
from pipeline.domain.signals import Coverage, Silence
from pipeline.evaluation.alignment import Alignment, Character, spoken_characters

Swap = Callable[[Call, Alignment], Call]


def with_reference_words(call: Call, alignment: Alignment) -> Call:
    """What was really said, in ASR's turns, times and roles.

    What ASR missed goes to the turn that it wrote of the words before, else after; what it missed as a whole becomes a
    turn. What it invented is gone.
    """
    texts: dict[int, list[str]] = {}
    added: list[Turn] = []
    for turn in alignment.reference.turns:
        pieces = list(_pieces(turn))
        homes = _spread([alignment.written_for.get((turn.index, one.start)) for one, _ in pieces])
        if homes is None:
            if pieces:
                added.append(replace(turn, words=()))
            continue
        for (_, piece), home in zip(pieces, homes, strict=True):
            texts.setdefault(home, []).append(piece)
    kept = [
        replace(turn, text="".join(texts[turn.index]), words=())
        for turn in call.transcript.turns
        if turn.index in texts
    ]
    transcript = _numbered(call.transcript, [*kept, *added])
    measured = measure_signals(transcript)
    if len(kept) == len(call.transcript.turns) and not added:
        # The turns and their times are ASR's, and so is everything that was measured of them in the sound.
        signals = replace(call.signals, speech_rates=measured.speech_rates, coverage=())
    else:
        signals = measured
    return Call(transcript, call.metadata, signals)


def with_reference_roles(call: Call, alignment: Alignment) -> Call:
    """ASR's words and turns, each spoken by whom the reference says."""
    turns = tuple(replace(turn, role=alignment.roles[turn.index]) for turn in call.transcript.turns)
    transcript = replace(call.transcript, turns=turns)
    signals = replace(
        measure_signals(transcript),
        silences=tuple(_between(silence, turns) for silence in call.signals.silences),
        loudness=call.signals.loudness,
        coverage=_coverage_by_role(call, turns),
    )
    return Call(transcript, call.metadata, signals)


def with_reference_turns(call: Call, alignment: Alignment) -> Call:
    """ASR's words and roles in the turns of the reference, with its times.

    What ASR invented goes to the turn of the words before, else after; an invented turn stays.
    """
    pieces, invented = written_by_turn(alignment)
    turns = [_turn_of(turn, pieces[turn.index]) for turn in alignment.reference.turns if turn.index in pieces]
    transcript = _numbered(call.transcript, [*turns, *invented])
    return Call(transcript, call.metadata, replace(measure_signals(transcript), coverage=call.signals.coverage))


Piece = tuple[str, Role, float | None]
"""What ASR wrote, by whom it thinks it was said, and how probable it thinks it is."""


def written_by_turn(alignment: Alignment) -> tuple[dict[int, list[Piece]], list[Turn]]:
    """What ASR wrote for each turn of the reference, by its index; and the turns that it invented as a whole."""
    pieces: dict[int, list[Piece]] = {}
    invented: list[Turn] = []
    for turn in alignment.written.turns:
        written = list(_pieces(turn))
        homes = _spread([alignment.said_for.get((turn.index, one.start)) for one, _ in written])
        if homes is None:
            invented.append(turn)
            continue
        for (one, piece), home in zip(written, homes, strict=True):
            pieces.setdefault(home, []).append((piece, turn.role, _probability(turn, one)))
    return pieces, invented


def _pieces(turn: Turn) -> Iterator[tuple[Character, str]]:
    """The spoken characters of a turn, each with its text and the punctuation after it."""
    characters = spoken_characters(turn)
    for index, one in enumerate(characters):
        start = one.start if index else 0
        end = characters[index + 1].start if index + 1 < len(characters) else len(turn.text)
        if end > start:
            yield one, turn.text[start:end]


def _spread(partners: Sequence[Character | None]) -> list[int] | None:
    """The turn of each partner; where there is none that of the one before, else of the one after."""
    homes: list[int | None] = []
    for partner in partners:
        homes.append(partner.turn if partner is not None else (homes[-1] if homes else None))
    first = next((home for home in homes if home is not None), None)
    if first is None:
        return None
    return [first if home is None else home for home in homes]


def _numbered(call: Transcript, turns: Sequence[Turn]) -> Transcript:
    ordered = sorted(turns, key=lambda turn: (turn.start_s, turn.end_s))
    return replace(call, turns=tuple(replace(turn, index=index) for index, turn in enumerate(ordered)))


def _between(silence: Silence, turns: Sequence[Turn]) -> Silence:
    """The silence with the roles of who spoke last and who breaks it."""
    middle_s = (silence.start_s + silence.end_s) / 2
    before = [turn for turn in turns if turn.start_s < middle_s]
    after = [turn for turn in turns if turn.end_s > middle_s and turn not in before]
    return replace(
        silence,
        before=max(before, key=lambda turn: turn.end_s).role if before and silence.before else None,
        after=min(after, key=lambda turn: turn.start_s).role if after and silence.after else None,
    )


def _coverage_by_role(call: Call, turns: Sequence[Turn]) -> tuple[Coverage, ...]:
    roles: dict[int, Counter[Role]] = {}
    for turn in turns:
        roles.setdefault(turn.channel, Counter())[turn.role] += len(turn.text)
    return tuple(
        replace(one, role=_most(roles[one.channel])) if one.channel in roles else one for one in call.signals.coverage
    )


def _most(counts: Mapping[Role, int]) -> Role:
    return max(sorted(counts), key=lambda role: counts[role])


def _turn_of(turn: Turn, pieces: Sequence[Piece]) -> Turn:
    """A turn of the reference with ASR's words, spread evenly over its time."""
    roles: Counter[Role] = Counter()
    for piece, role, _ in pieces:
        roles[role] += len(piece)
    text = "".join(piece for piece, _, _ in pieces)
    step_s = (turn.end_s - turn.start_s) / len(text)
    words: list[Word] = []
    position = 0
    for piece, _, probability in pieces:
        if probability is not None:
            start_s = turn.start_s + position * step_s
            words.append(Word(piece, start_s, start_s + len(piece) * step_s, probability))
        position += len(piece)
    known = len(words) == len(pieces)
    return replace(turn, role=_most(roles), text=text, words=tuple(words) if known else ())


def _probability(turn: Turn, character: Character) -> float | None:
    position = 0
    for word in turn.words:
        position += len(word.text)
        if character.start < position:
            return word.probability
    return None

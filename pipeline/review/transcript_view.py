"""The transcript as the call page shows it: turns with marks in their text, and the gaps between them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from pipeline.domain.calls import Role, Turn
from pipeline.domain.predictions import TurnSentiment
from pipeline.domain.results import BilingualText, Severity
from pipeline.domain.reviews import Review, Verdict
from pipeline.review.call_view import CallView, Hit

GAP_S = 3.0
"""A silence longer than this gets a row of its own."""
SKIPPED_S = 1.5
"""A silence longer than this is skipped where the listener wants that."""
UNWRITTEN_S = 2.0
"""Speech of this length that was heard and not written gets a row of its own."""
OVERLAP_S = 0.5
"""Shorter overlaps happen in every exchange."""
LOW_PROBABILITY = 0.5
"""Words that the speech model rather does not believe in. Source: rules.doubt.LOW_CONFIDENCE."""
_GRAVITY = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text with the same marks throughout."""

    text: str
    numbers: tuple[int, ...] = ()
    """Of the hits that mark it."""
    mark: str = ""
    """Severity of the gravest mark, ``na``, ``missed`` for what a person found, or nothing."""
    sound: bool = False
    """Every mark matched by its sound alone."""
    rejected: bool = False
    """A person rejected every mark."""
    low: bool = False
    """The speech model was not sure."""


@dataclass(frozen=True, slots=True)
class Margin:
    """A number beside a turn."""

    number: int
    mark: str
    rejected: bool


@dataclass(frozen=True, slots=True)
class TurnRow:
    """A turn."""

    turn: Turn
    role: Role
    """As corrected."""
    segments: tuple[Segment, ...]
    """Of the text as recognised; joined they are that text."""
    margin: tuple[Margin, ...]
    missed: tuple[BilingualText, ...] = ()
    """Titles of the rules that a person missed here."""
    overlap_s: float = 0.0
    """How long it talks over the other party."""
    over: Role | None = None
    doubt: float | None = None
    """Confidence of the whole turn, where it is low."""
    negative: float | None = None
    """Probability that the customer is displeased, where the model says so."""
    correction: Review | None = None

    @property
    def start_s(self) -> float:
        """When it begins."""
        return self.turn.start_s


@dataclass(frozen=True, slots=True)
class GapRow:
    """A stretch without words between turns."""

    start_s: float
    end_s: float
    unwritten: Role | None = None
    """Whose speech was heard and not written; ``None`` where nobody speaks."""
    margin: tuple[Margin, ...] = ()

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


@dataclass(slots=True)
class _Marks:
    """Hits by where their numbers stand."""

    by_turn: dict[int, list[tuple[Hit, int]]] = field(default_factory=dict)
    by_gap: dict[int, list[Hit]] = field(default_factory=dict)


def transcript_rows(view: CallView, *, only: frozenset[int] | None = None) -> tuple[TurnRow | GapRow, ...]:
    """Turns and gaps by their start.

    Args:
        view: the page.
        only: make the rows of these turns alone, without gaps.
    """
    turns = view.sources.stored.call.transcript.turns
    gaps = _gaps(view)
    marks = _placed(view.hits, turns, gaps)
    overlaps = {
        overlap.by_turn: overlap
        for overlap in sorted(view.sources.stored.call.signals.overlaps, key=lambda overlap: overlap.duration_s)
        if overlap.duration_s >= OVERLAP_S
    }
    predictions = view.sources.stored.predictions
    feelings = {found.turn: found for found in predictions.sentiments} if predictions else {}
    rows: list[TurnRow | GapRow] = []
    for turn in turns:
        if only is not None and turn.index not in only:
            continue
        overlap = overlaps.get(turn.index)
        row = _row(view, turn, marks.by_turn.get(turn.index, []), feelings.get(turn.index))
        if overlap is not None:
            row = _over(row, overlap.duration_s, overlap.on)
        rows.append(row)
    if only is None:
        for index, gap in enumerate(gaps):
            margin = tuple(_margin(hit) for hit in marks.by_gap.get(index, []))
            rows.append(GapRow(gap.start_s, gap.end_s, gap.unwritten, margin))
    return tuple(sorted(rows, key=lambda row: row.start_s))


def _over(row: TurnRow, overlap_s: float, over: Role) -> TurnRow:
    return replace(row, overlap_s=overlap_s, over=over)


def _gaps(view: CallView) -> list[GapRow]:
    signals = view.sources.stored.call.signals
    gaps = [GapRow(found.start_s, found.end_s) for found in signals.silences if found.duration_s > GAP_S]
    for coverage in signals.coverage:
        role = view.channels[coverage.channel] if coverage.channel < len(view.channels) else coverage.role
        gaps.extend(
            GapRow(span.start_s, span.end_s, role) for span in coverage.unwritten if span.duration_s >= UNWRITTEN_S
        )
    return sorted(gaps, key=lambda gap: gap.start_s)


def _placed(hits: Sequence[Hit], turns: Sequence[Turn], gaps: Sequence[GapRow]) -> _Marks:
    marks = _Marks()
    for hit in hits:
        for index, piece in enumerate(hit.pieces):
            found = piece.found
            if found.turn is not None and 0 <= found.turn < len(turns):
                marks.by_turn.setdefault(found.turn, []).append((hit, index))
                continue
            gap = next(
                (
                    number
                    for number, gap in enumerate(gaps)
                    if gap.unwritten is None and abs(gap.start_s - found.start_s) < 1.0 and not found.quote
                ),
                None,
            )
            if gap is not None:
                marks.by_gap.setdefault(gap, []).append(hit)
            elif turns:
                # An absence has no words: its number stands where one would begin to listen.
                beside = next((turn.index for turn in turns if turn.end_s > found.start_s), turns[-1].index)
                marks.by_turn.setdefault(beside, []).append((hit, index))
    return marks


def _row(view: CallView, turn: Turn, marks: Sequence[tuple[Hit, int]], feeling: TurnSentiment | None) -> TurnRow:
    missed = [
        review
        for review in view.standing.verdicts.values()
        if review.said.verdict == Verdict.MISSED and review.said.place.turn == turn.index
    ]
    titles = {rule.heading.id: rule.heading.title for rule in view.clear}
    confidence = turn.confidence
    correction = view.standing.corrections.get(turn.index)
    role = correction.said.place.role if correction and correction.said.place.role else turn.role
    beside = {hit.number: hit for hit, _ in marks}
    return TurnRow(
        turn=turn,
        role=role,
        segments=segments(turn, marks, missed),
        margin=tuple(_margin(beside[number]) for number in sorted(beside)),
        missed=tuple(
            titles.get(review.said.rule_id or "", BilingualText(review.said.rule_id or "", review.said.rule_id or ""))
            for review in missed
        ),
        doubt=confidence if confidence is not None and confidence < LOW_PROBABILITY else None,
        negative=feeling.negative if feeling and feeling.words else None,
        correction=correction,
    )


def _margin(hit: Hit) -> Margin:
    return Margin(hit.number, hit.mark, hit.verdict == Verdict.REJECTED)


def segments(turn: Turn, marks: Sequence[tuple[Hit, int]], missed: Sequence[Review] = ()) -> tuple[Segment, ...]:
    """The turn's text, cut wherever a mark or a doubtful word begins or ends. Marks may overlap.

    Args:
        turn: whose text.
        marks: hits, each with the index of its piece that is in this turn.
        missed: what people found here that no rule did.
    """
    length = len(turn.text)
    spans = [
        (start, end, hit, index) for hit, index in marks for start, end in [_span(hit, index, turn)] if start < end
    ]
    found = [_clip(review.said.place.char_start, review.said.place.char_end, length) for review in missed]
    low = _doubtful(turn)
    cuts = {0, length, *(cut for start, end, *_ in spans for cut in (start, end))}
    cuts.update(cut for start, end in [*found, *low] for cut in (start, end))
    ordered = sorted(cuts)
    pieces = []
    for start, end in pairwise(ordered):
        over = [(hit, index) for first, last, hit, index in spans if first <= start and end <= last]
        pieces.append(
            _segment(
                turn.text[start:end],
                over,
                missed=any(first <= start and end <= last for first, last in found),
                low=any(first <= start and end <= last for first, last in low),
            )
        )
    return tuple(pieces)


def _segment(text: str, over: Sequence[tuple[Hit, int]], *, missed: bool, low: bool) -> Segment:
    if not over:
        return Segment(text, mark="missed" if missed else "", low=low)
    rejected = [hit.verdict == Verdict.REJECTED or hit.pieces[index].rejected for hit, index in over]
    standing = [hit for (hit, _), is_rejected in zip(over, rejected, strict=True) if not is_rejected]
    gravest = min(standing or [hit for hit, _ in over], key=lambda hit: _GRAVITY[hit.heading.severity])
    return Segment(
        text,
        numbers=tuple(sorted({hit.number for hit, _ in over})),
        mark=gravest.mark,
        sound=all(hit.pieces[index].found.by_sound for hit, index in over),
        rejected=all(rejected),
        low=low,
    )


def _span(hit: Hit, index: int, turn: Turn) -> tuple[int, int]:
    found = hit.pieces[index].found
    return _clip(found.char_start, found.char_end, len(turn.text)) if found.turn == turn.index else (0, 0)


def _clip(start: int | None, end: int | None, length: int) -> tuple[int, int]:
    if start is None or end is None:
        return 0, 0
    return max(0, min(start, length)), max(0, min(end, length))


def _doubtful(turn: Turn) -> list[tuple[int, int]]:
    """Characters of words that the speech model rather does not believe in."""
    spans: list[tuple[int, int]] = []
    position = 0
    for word in turn.words:
        end = position + len(word.text)
        if word.probability < LOW_PROBABILITY:
            if spans and spans[-1][1] == position:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((position, end))
        position = end
    return [(start, min(end, len(turn.text))) for start, end in spans if start < len(turn.text)]


def word_times(turn: Turn) -> list[int]:
    """Three numbers a word: characters, hundredths of a second since the word before ended, and its own length.

    The first word counts from the start of the turn. Small numbers keep a page of 13,000 words below 200 kB.
    """
    times: list[int] = []
    before = round(turn.start_s * 100)
    for word in turn.words:
        start, end = round(word.start_s * 100), round(word.end_s * 100)
        times.extend((len(word.text), start - before, end - start))
        before = end
    return times

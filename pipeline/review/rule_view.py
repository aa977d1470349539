"""What the pages of rules show: a row of figures for each rule, and the calls that a rule got wrong."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.domain.calls import Role, Turn
from pipeline.domain.intervals import Interval, rate, rate_interval
from pipeline.domain.results import ErrorClass, Evidence, Outcome, RuleStatus, Severity
from pipeline.domain.reviews import Place, Review, Standing, Verdict, standing_of
from pipeline.domain.sampling import Estimate, Metric
from pipeline.sampling.estimates import Figures
from pipeline.store.rule_cases import RuleCase

BEFORE_S = 1.0
"""A case is heard from so long before its evidence."""
KEYS = 9
"""Cases that a digit plays."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate with what it was counted from."""

    part: int
    whole: int

    @property
    def share(self) -> float | None:
        """0–1; ``None`` where there is nothing to divide by."""
        return rate(self.part, self.whole)

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval, Wilson's."""
        return rate_interval(self.part, self.whole)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text, marked or not."""

    text: str
    marked: bool = False
    by_sound: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A turn in a case."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def marked(self) -> bool:
        """Whether it is the turn that matters, not one beside it."""
        return any(part.marked for part in self.parts)


@dataclass(frozen=True, slots=True)
class Case:
    """A call with the place that a rule found or missed, and what stands around it."""

    found: RuleCase
    place: Place
    lines: tuple[Line, ...]
    others: int
    """Further pieces of evidence in the same call."""
    verdict: Review | None
    heard_as: str | None
    """What the turn really says, where somebody corrected it."""
    kept: str | None
    """``good`` or ``bad``, where the place is kept as an example."""
    number: int = 0
    """Position on the page, from 1."""

    @property
    def key(self) -> str:
        """The digit that plays it; empty where digits have run out."""
        return str(self.number) if self.number <= KEYS else ""

    @property
    def start_s(self) -> float | None:
        """Where the evidence begins."""
        return self.place.start_s

    @property
    def play_s(self) -> float:
        """Where to begin listening."""
        return max(0.0, (self.place.start_s or 0.0) - BEFORE_S)

    @property
    def hits_now(self) -> bool:
        """Whether the rule still hits the call."""
        return self.found.outcome == Outcome.HIT


def make_cases(rule_id: str, found: Iterable[RuleCase], *, missed: bool = False) -> list[Case]:
    """The cases of one list. ``missed`` takes the place from what the person said, not from the rule's evidence."""
    return [_case(rule_id, one, standing_of(one.entries), missed=missed) for one in found]


def _case(rule_id: str, found: RuleCase, standing: Standing, *, missed: bool) -> Case:
    verdict = standing.verdicts.get(rule_id)
    said = verdict.said.place if verdict is not None else None
    if missed and said is not None:
        place, others = _timed(said, found.turns), 0
    elif found.evidence:
        place, others = _place(found.evidence[0]), len(found.evidence) - 1
    else:
        place, others = Place(), 0
    correction = standing.corrections.get(place.turn) if place.turn is not None else None
    kept = [
        example.said.value
        for example in standing.examples
        if example.said.rule_id == rule_id and example.said.place.turn == place.turn
    ]
    return Case(
        found=found,
        place=place,
        lines=tuple(_lines(found, place)),
        others=others,
        verdict=verdict,
        heard_as=correction.said.text if correction is not None else None,
        kept=kept[-1] if kept else None,
    )


def _place(piece: Evidence) -> Place:
    return Place(piece.turn, piece.char_start, piece.char_end, piece.start_s, piece.end_s, piece.role, piece.quote)


def _timed(said: Place, turns: Sequence[Turn]) -> Place:
    """The place with a time, from its turn where the person gave none."""
    if said.start_s is not None or said.turn is None or said.turn >= len(turns):
        return said
    turn = turns[said.turn]
    span = turn.span_of(said.char_start or 0, said.char_end or len(turn.text))
    return Place(said.turn, said.char_start, said.char_end, span.start_s, span.end_s, turn.role, said.quote)


def _lines(found: RuleCase, place: Place) -> Iterable[Line]:
    """The turn with its mark between its neighbours; for a silence or an absence the turns where it begins."""
    turns = found.turns
    if not turns or (place.turn is None and place.start_s is None):
        return
    if place.turn is not None and place.turn < len(turns):
        for turn in turns[max(0, place.turn - 1) : place.turn + 2]:
            yield (
                marked_line(turn, found.evidence, place)
                if turn.index == place.turn
                else Line(turn.role, (Part(turn.text),))
            )
        return
    start_s = place.start_s or 0.0
    after = next((turn.index for turn in turns if turn.end_s > start_s), turns[-1].index)
    for turn in turns[max(0, after - 1) : after + 2]:
        yield Line(turn.role, (Part(turn.text),))


def marked_line(turn: Turn, evidence: Sequence[Evidence], place: Place) -> Line:
    """The turn with every piece of evidence in it marked, and the place itself."""
    spans = {
        (piece.char_start, piece.char_end): piece.by_sound
        for piece in evidence
        if piece.turn == turn.index and piece.char_start is not None and piece.char_end is not None
    }
    if place.char_start is not None and place.char_end is not None:
        spans.setdefault((place.char_start, place.char_end), False)
    parts: list[Part] = []
    position = 0
    for (start, end), by_sound in sorted(spans.items()):
        begin, stop = max(start or 0, position), min(end or 0, len(turn.text))
        if begin >= stop:
            continue
        parts.append(Part(turn.text[position:begin]))
        parts.append(Part(turn.text[begin:stop], marked=True, by_sound=by_sound))
        position = stop
    parts.append(Part(turn.text[position:]))
    return Line(turn.role, tuple(part for part in parts if part.text))


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule in the list."""

    id: str
    title: tuple[str, str]
    severity: Severity | None
    """``None`` for a rule that is not in the pack any more."""
    error_class: ErrorClass | None
    status: RuleStatus | None
    hits: int
    precision: Rate
    """Of all verdicts so far, drawn or not."""
    false_hits: int
    missed: int
    unsure: int
    figures: Figures | None = None
    """What is estimated of a period; ``None`` where that is not known yet, or the rule did not run."""

    def estimated(self, metric: Metric) -> float | None:
        """The estimate; ``None`` where there is not enough for one."""
        found = getattr(self.figures, metric.value) if self.figures is not None else None
        return found.value if isinstance(found, Estimate) else None


SORTS = ("rule", "severity", "hits", "judged", "precision", "recall", "prevalence", "false", "missed")
_GRAVITY = {severity: rank for rank, severity in enumerate(Severity)}


def sorted_rows(rows: Iterable[RuleRow], sort: str) -> list[RuleRow]:
    """The rows by one column. Rules without a rate come last: they are neither good nor bad."""
    keys = {
        "severity": lambda row: (_GRAVITY.get(row.severity, len(_GRAVITY)), row.id),
        "hits": lambda row: (-row.hits, row.id),
        "judged": lambda row: (-row.precision.whole, row.id),
        "precision": lambda row: _lowest_first(row.estimated(Metric.PRECISION), row.precision.share, row.id),
        "recall": lambda row: _lowest_first(row.estimated(Metric.RECALL), None, row.id),
        "prevalence": lambda row: (-(row.estimated(Metric.PREVALENCE) or 0.0), row.id),
        "false": lambda row: (-row.false_hits, row.id),
        "missed": lambda row: (-row.missed, row.id),
    }
    return sorted(rows, key=keys.get(sort, lambda row: row.id))


def _lowest_first(estimate: float | None, counted: float | None, rule_id: str) -> tuple[int, float, str]:
    """Estimates, then what was only counted, then what is not known."""
    if estimate is not None:
        return 0, estimate, rule_id
    return (2, 0.0, rule_id) if counted is None else (1, counted, rule_id)


_QUOTED = r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\''
_TOKEN = re.compile(rf"(?P<quoted>{_QUOTED})|(?P<cm>(?:^|(?<=\s))#.*)|(?P<k>[A-Za-z_][\w-]*(?=\s*:(?:\s|$)))")


def source_lines(text: str) -> list[tuple[tuple[str, str], ...]]:
    """A rule's file, line by line in pieces, each with ``k`` for a key, ``cm`` for a comment, or nothing.

    >>> source_lines('title: {zh: "a: b"} # c')
    [(('title', 'k'), (': {', ''), ('zh', 'k'), (': "a: b"} ', ''), ('# c', 'cm'))]
    """
    return [tuple(_pieces(line)) for line in text.rstrip("\n").split("\n")]


def _pieces(line: str) -> Iterable[tuple[str, str]]:
    plain = 0
    for found in _TOKEN.finditer(line):
        if found.lastgroup == "quoted":
            continue
        if found.start() > plain:
            yield line[plain : found.start()], ""
        yield found.group(), found.lastgroup or ""
        plain = found.end()
    if plain < len(line):
        yield line[plain:], ""


def example_lines(example: Review, turns: Sequence[Turn]) -> str | None:
    """The example as it is written in a rule's file; ``None`` where its turn is gone or no longer says that."""
    place = example.said.place
    if place.turn is None or place.turn >= len(turns):
        return None
    text = turns[place.turn].text
    if place.quote and place.quote not in text:
        return None
    around = turns[max(0, place.turn - 1) : place.turn + 2]
    said = ", ".join(_yaml(f"{_SPEAKERS[turn.role]}: {turn.text}") for turn in around)
    written = f"- turns: [{said}]"
    return f"{written}\n  quote: {_yaml(place.quote or '')}" if example.said.value == "good" else written


_SPEAKERS = {Role.AGENT: "坐席", Role.CUSTOMER: "客户", Role.UNKNOWN: "某方"}


def _yaml(text: str) -> str:
    """Text in YAML's double quotation marks, which are those of JSON."""
    import json

    return json.dumps(text, ensure_ascii=False)


def is_false_hit(verdict: Review) -> bool:
    """Whether somebody rejected a hit of the rule."""
    return verdict.outcome == Outcome.HIT and verdict.said.verdict in (Verdict.REJECTED, Verdict.ABSENT)


def is_missed(verdict: Review) -> bool:
    """Whether somebody found what the rule had not."""
    return verdict.said.verdict == Verdict.MISSED

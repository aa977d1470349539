"""Scopes: what an author writes to say whose words count, and where in the call."""

from bisect import bisect_left, bisect_right
from math import inf
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from pipeline.domain.calls import Role, Span
from pipeline.domain.results import BilingualText
from rules.operators.base import Count, NonNegative, Spec
from rules.region import Position, Range, Region
from rules.spots import Match
from rules.view import CallView
from rules.wording import ROLE_NAMES

if TYPE_CHECKING:
    from rules.nodes import Node

Percent = Annotated[float, Field(strict=True, gt=0, le=100)]
_ROUNDING_S = 1e-6
PositiveSeconds = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]


class WindowSpec(Spec):
    """A stretch at the start or the end of the call, in exactly one unit. Turns are counted after the role filter."""

    first_turns: Count | None = None
    last_turns: Count | None = None
    first_s: PositiveSeconds | None = None
    last_s: PositiveSeconds | None = None
    first_percent: Percent | None = None
    last_percent: Percent | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> "WindowSpec":
        if len(self.model_fields_set) != 1:
            given = " and ".join(sorted(self.model_fields_set)) or "none"
            raise ValueError(
                f"a window takes exactly one of {', '.join(WindowSpec.model_fields)}; given: {given}. "
                "For two limits, put one window on each of two conditions and join them with all"
            )
        return self

    def resolve(self, view: CallView, role: Role | None) -> Range:
        """The part of this call."""
        duration_s = view.call.transcript.duration_s
        if self.first_turns is not None:
            counted = view.turns_of(role)[: self.first_turns]
            last = counted[-1] if counted else len(view.turns) - 1
            to_s = view.turns[last].end_s if counted else duration_s
            return Range(end_to=(last, inf), to_s=to_s)
        if self.last_turns is not None:
            counted = view.turns_of(role)[-self.last_turns :]
            first = counted[0] if counted else 0
            return Range(start_from=(first, 0), from_s=view.turns[first].start_s if counted else 0.0)
        if self.first_s is not None or self.first_percent is not None:
            to_s = self.first_s if self.first_s is not None else duration_s * (self.first_percent or 0) / 100
            return Range(to_s=to_s, timed=True)
        length_s = self.last_s if self.last_s is not None else duration_s * (self.last_percent or 0) / 100
        return Range(from_s=max(0.0, duration_s - length_s), timed=True)

    def sentence(self) -> BilingualText:
        """``前 2 轮`` · ``in the first 2 turns``."""
        ((name, amount),) = [(name, getattr(self, name)) for name in self.model_fields_set]
        edge, unit = name.split("_")
        zh_unit = {"turns": " 轮", "s": " 秒", "percent": "%"}[unit]
        en_unit = {"turns": " turns", "s": " s", "percent": " %"}[unit]
        zh_edge = {"first": "前", "last": "最后"}[edge]
        return BilingualText(f"{zh_edge} {amount:g}{zh_unit}", f"in the {edge} {amount:g}{en_unit}")


class AnchorLimits(Spec):
    """How far from the other condition's find, in at most one unit, and from which of its finds."""

    which: Literal["first", "last", "each"] = "each"
    within_turns: NonNegative | None = None
    """Turns after the role filter; 0 is the rest of the same turn."""
    within_s: PositiveSeconds | None = None
    within_characters: NonNegative | None = None
    """Characters of the same turn between the two."""

    @model_validator(mode="after")
    def _one_unit(self) -> "AnchorLimits":
        given = self.model_fields_set & {"within_turns", "within_s", "within_characters"}
        if len(given) > 1:
            raise ValueError(f"a distance takes one unit; given: {' and '.join(sorted(given))}. Keep one of them")
        return self


class Anchor(NamedTuple):
    """Before, after or around finds of another condition."""

    direction: Literal["before", "after", "around"]
    node: "Node | None"
    """``None`` for the find that a ``where`` or ``unless`` is about."""
    limits: AnchorLimits
    name: BilingualText

    def resolve(self, view: CallView, role: Role | None, this: Match | None) -> tuple[Range, ...]:
        """The parts of this call."""
        if self.node is None:
            matches = [this] if this is not None else []
        else:
            matches = list(self.node.evaluate(view, this).matches)
        if matches and self.limits.which != "each":
            matches = [matches[0 if self.limits.which == "first" else -1]]
        return tuple(self._range(view, role, match) for match in matches)

    def _range(self, view: CallView, role: Role | None, match: Match) -> Range:
        spans = [view.span_of(spot) for spot in match]
        span = Span(min(s.start_s for s in spans), max(s.end_s for s in spans))
        begin, end = _begin(view, match, span), _end(view, match, span)
        if self.direction == "after":
            return self._after(view, role, end, span.end_s)
        if self.direction == "before":
            return self._before(view, role, begin, span.start_s)
        after = self._after(view, role, end, span.end_s)
        before = self._before(view, role, begin, span.start_s)
        return Range(
            start_from=before.start_from,
            end_from=before.end_from,
            start_to=after.start_to,
            end_to=after.end_to,
            from_s=before.from_s,
            to_s=after.to_s,
            timed=self.limits.within_s is not None,
        )

    def _after(self, view: CallView, role: Role | None, end: Position, end_s: float) -> Range:
        limits = self.limits
        if limits.within_s is not None:
            return Range(start_from=end, from_s=end_s, to_s=end_s + limits.within_s, timed=True)
        if limits.within_characters is not None:
            return Range(start_from=end, start_to=(end[0], end[1] + limits.within_characters), from_s=end_s)
        if limits.within_turns is None:
            return Range(start_from=end, from_s=end_s)
        last = int(end[0])
        if limits.within_turns:
            turns = view.turns_of(role)
            following = turns[bisect_right(turns, end[0]) :][: limits.within_turns]
            last = following[-1] if following else len(view.turns)
        to_s = view.turns[last].end_s if 0 <= last < len(view.turns) else inf
        return Range(start_from=end, end_to=(last, inf), from_s=end_s, to_s=to_s)

    def _before(self, view: CallView, role: Role | None, begin: Position, start_s: float) -> Range:
        limits = self.limits
        if limits.within_s is not None:
            return Range(end_to=begin, from_s=start_s - limits.within_s, to_s=start_s, timed=True)
        if limits.within_characters is not None:
            nearest = (begin[0], begin[1] - limits.within_characters)
            return Range(start_from=(begin[0], 0), end_from=nearest, end_to=begin, to_s=start_s)
        if limits.within_turns is None:
            return Range(end_to=begin, to_s=start_s)
        first = int(begin[0])
        if limits.within_turns:
            turns = view.turns_of(role)
            preceding = turns[: bisect_left(turns, begin[0])][-limits.within_turns :]
            first = preceding[0] if preceding else -1
        from_s = view.turns[first].start_s if 0 <= first < len(view.turns) else -inf
        return Range(start_from=(first, 0), end_to=begin, from_s=from_s, to_s=start_s)

    def sentence(self) -> BilingualText:
        """``「请稍等」之后 2 轮内`` · ``within 2 turns after “hold”``."""
        limits = self.limits
        zh, en = "", ""
        for amount, zh_unit, en_unit in (
            (limits.within_turns, "轮", "turns"),
            (limits.within_s, "秒", "s"),
            (limits.within_characters, "字", "characters"),
        ):
            if amount is not None:
                zh, en = f" {amount:g} {zh_unit}内", f"within {amount:g} {en_unit} "
        if limits.within_turns == 0:
            zh, en = "同一轮内", "in the same turn "
        zh_side = {"before": "之前", "after": "之后", "around": "前后"}[self.direction]
        return BilingualText(f"{self.name.zh}{zh_side}{zh}", f"{en}{self.direction} {self.name.en}")


class Scope(NamedTuple):
    """Everything that bounds where one condition looks."""

    role: Role | None = None
    window: WindowSpec | None = None
    anchors: tuple[Anchor, ...] = ()

    def resolve(self, view: CallView, this: Match | None) -> Region:
        """The region of this call. Two anchors must both hold: only what lies in ranges of each counts."""
        if self.window is None and not self.anchors:
            return Region(self.role, this=this)
        window = self.window.resolve(view, self.role) if self.window is not None else None
        anchored: tuple[Range, ...] | None = None
        for anchor in self.anchors:
            ranges = anchor.resolve(view, self.role, this)
            anchored = ranges if anchored is None else tuple(_meet(a, b) for a in anchored for b in ranges)
        return Region(self.role, window, anchored, this)

    def sentence(self) -> BilingualText:
        """``坐席在前 2 轮`` · ``agent, in the first 2 turns``; empty for the whole call."""
        places = [anchor.sentence() for anchor in self.anchors]
        if self.window is not None:
            places.append(self.window.sentence())
        who = ROLE_NAMES[self.role] if self.role is not None else BilingualText("", "")
        zh = who.zh + ("在" + "、".join(place.zh for place in places) if places else "")
        return BilingualText(zh, ", ".join(part for part in (who.en, *(place.en for place in places)) if part))


def _meet(one: Range, other: Range) -> Range:
    return Range(
        start_from=max(one.start_from, other.start_from),
        start_to=min(one.start_to, other.start_to),
        end_from=max(one.end_from, other.end_from),
        end_to=min(one.end_to, other.end_to),
        from_s=max(one.from_s, other.from_s),
        to_s=min(one.to_s, other.to_s),
        timed=one.timed or other.timed,
    )


def _begin(view: CallView, match: Match, span: Span) -> Position:
    """The character at which a find begins; for what is in no turn, the start of the next turn."""
    spot = match[0]
    if spot.turn >= 0:
        return spot.turn, spot.char_start
    following = bisect_left([turn.start_s for turn in view.turns], span.start_s - _ROUNDING_S)
    return _inside_turn(view, following - 1, span) or (following, 0)


def _end(view: CallView, match: Match, span: Span) -> Position:
    """The character at which a find ends; for what is in no turn, the end of the turn before it."""
    spot = match[-1]
    if spot.turn >= 0:
        return spot.turn, spot.char_end
    before = bisect_left([turn.start_s for turn in view.turns], span.end_s - _ROUNDING_S) - 1
    return _inside_turn(view, before, span) or (before, inf)


def _inside_turn(view: CallView, turn: int, span: Span) -> Position | None:
    """The character of a turn at which it pauses for ``span``; ``None`` where the turn does not go on after it."""
    if turn < 0 or view.turns[turn].end_s < span.end_s + _ROUNDING_S:
        return None
    position = 0
    for word in view.turns[turn].words:
        if word.end_s > span.start_s + _ROUNDING_S:
            return turn, position
        position += len(word.text)
    return None

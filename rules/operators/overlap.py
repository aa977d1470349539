"""``overlap``: one party comes in while the other is still speaking."""

from collections.abc import Iterator, Sequence

from pydantic import Field

from pipeline.domain.calls import Span
from pipeline.domain.results import BilingualText
from pipeline.domain.signals import Overlap
from pipeline.text.normalise import normalise
from pipeline.text.spoken import without_punctuation
from rules.operators.base import NonNegative, Operator, Seconds, Spec
from rules.operators.sound import MeasuredFinder, nearest
from rules.region import Region
from rules.spots import Match, Spot
from rules.view import CallView
from rules.wording import ROLE_NAMES, clock, shorten


class OverlapSpec(Spec):
    """Both speak at once. ``role`` is who comes in. Short sounds of agreement (back-channels) do not count."""

    shorthand = "at_least_s"

    at_least_s: Seconds = Field(description="Seconds for which both speak")
    held_at_least_s: Seconds = Field(default=0.0, description="How long the other had been speaking")
    more_characters_than: NonNegative = Field(
        default=0, description="Longer than this, without punctuation and back-channel words, is what is said"
    )
    back_channels: tuple[str, ...] = Field(default=(), description="Words that do not count as coming in")


class OverlapFinder(MeasuredFinder):
    """Looks through the measured overlaps."""

    def __init__(self, spec: OverlapSpec) -> None:
        self._spec = spec
        words = (without_punctuation(normalise(word).text) for word in spec.back_channels)
        self._back_channels = sorted(words, key=len, reverse=True)

    def _comes_in(self, view: CallView, overlap: Overlap) -> bool:
        """Whether the turn that comes in says more than back-channels."""
        said = view.spoken_turns[overlap.by_turn]
        for word in self._back_channels:
            said = said.replace(word, "")
        return len(said) > self._spec.more_characters_than

    def _overlaps(self, view: CallView, region: Region) -> Iterator[Overlap]:
        for overlap in view.call.signals.overlaps:
            if region.admits(view, self._spot(view, overlap)):
                yield overlap

    @staticmethod
    def _spot(view: CallView, overlap: Overlap) -> Spot:
        return view.whole_turn(overlap.by_turn, span=Span(overlap.start_s, overlap.end_s))

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        spec = self._spec
        return [
            (self._spot(view, overlap),)
            for overlap in self._overlaps(view, region)
            if overlap.duration_s >= spec.at_least_s
            and overlap.held_s >= spec.held_at_least_s
            and self._comes_in(view, overlap)
        ]

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        overlaps = [overlap for overlap in self._overlaps(view, region) if self._comes_in(view, overlap)]
        longest = max((overlap.duration_s for overlap in overlaps), default=None)
        return nearest("插话重叠", "overlap", longest, "秒", "s")

    def sentence(self) -> BilingualText:
        spec = self._spec
        held_zh = f"（对方已说 {spec.held_at_least_s:g} 秒）" if spec.held_at_least_s else ""
        held_en = f" after {spec.held_at_least_s:g} s of the other's turn" if spec.held_at_least_s else ""
        return BilingualText(
            f"抢话 {spec.at_least_s:g} 秒以上{held_zh}", f"speaking over the other for {spec.at_least_s:g} s{held_en}"
        )

    def describe(self, view: CallView, match: Match) -> BilingualText:
        spot = match[0]
        span, who = view.span_of(spot), ROLE_NAMES[spot.role]
        said = shorten(view.quote(spot), 20)
        return BilingualText(
            f"{clock(span.start_s)} 对方还在说话，{who.zh}插话「{said}」，重叠 {span.duration_s:.1f} 秒",
            f"{clock(span.start_s)} the {who.en} came in with “{said}”, {span.duration_s:.1f} s of overlap",
        )


OVERLAP = Operator("overlap", OverlapSpec, OverlapFinder, family="sound", reads_words=False)

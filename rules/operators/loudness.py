"""``loudness``: a party raises the voice against its own usual level."""

from collections.abc import Iterator, Sequence

from pydantic import Field

from pipeline.domain.results import BilingualText
from rules.operators.base import NonNegative, Number, Operator, Spec
from rules.operators.sound import MeasuredFinder, nearest
from rules.region import Region
from rules.spots import Match, Spot
from rules.view import CallView
from rules.wording import ROLE_NAMES, clock


class LoudnessSpec(Spec):
    """A turn that is louder, in dB, than the same party's median turn."""

    shorthand = "over_median_db"

    over_median_db: Number
    at_least_characters: NonNegative = Field(default=0, description="Shorter turns are not judged")


class LoudnessFinder(MeasuredFinder):
    """Looks through the measured levels; without sound there are none."""

    def __init__(self, spec: LoudnessSpec) -> None:
        self._spec = spec

    def _spots(self, view: CallView, region: Region) -> Iterator[tuple[float, Spot]]:
        for loudness in view.call.signals.loudness:
            spot = view.whole_turn(loudness.turn)
            if len(view.spoken_turns[loudness.turn]) >= self._spec.at_least_characters and region.admits(view, spot):
                yield loudness.over_median_db, spot

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        return [(spot,) for over_db, spot in self._spots(view, region) if over_db > self._spec.over_median_db]

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        levels = [over_db for over_db, _ in self._spots(view, region)]
        return nearest("音量高出平时", "louder than usual", max(levels, default=None), "分贝", "dB")

    def sentence(self) -> BilingualText:
        return BilingualText(
            f"音量高出自己平时 {self._spec.over_median_db:g} 分贝以上",
            f"a voice over {self._spec.over_median_db:g} dB above its own median",
        )

    def describe(self, view: CallView, match: Match) -> BilingualText:
        spot = match[0]
        (over_db,) = [m.over_median_db for m in view.call.signals.loudness if m.turn == spot.turn]
        when, who = clock(view.span_of(spot).start_s), ROLE_NAMES[spot.role]
        return BilingualText(
            f"{when} {who.zh}音量高出自己平时 {over_db:.1f} 分贝",
            f"{when} the {who.en} was {over_db:.1f} dB over the median",
        )


LOUDNESS = Operator("loudness", LoudnessSpec, LoudnessFinder, family="sound", reads_words=False)

"""``speech_rate``: how fast a party speaks over the whole call."""

from collections.abc import Sequence

from pydantic import Field

from pipeline.domain.results import BilingualText
from rules.operators.base import Operator, RoleUse, Seconds
from rules.operators.sound import LimitsSpec, MeasuredFinder, admitted, whole_call_spot
from rules.region import Region
from rules.spots import Match
from rules.view import CallView
from rules.wording import ROLE_NAMES


class SpeechRateSpec(LimitsSpec):
    """Characters a minute, over the whole call. The standard accepts 180 to 300."""

    at_least_speaking_s: Seconds = Field(default=0.0, description="Seconds of speech under which it is not judged")


class SpeechRateFinder(MeasuredFinder):
    """Looks at the measured rate of one party."""

    def __init__(self, spec: SpeechRateSpec) -> None:
        self._spec = spec

    def _rate(self, view: CallView, region: Region) -> float | None:
        for rate in view.call.signals.speech_rates:
            if rate.role is region.role and rate.speaking_s >= self._spec.at_least_speaking_s:
                return rate.characters_per_minute
        return None

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        rate = self._rate(view, region)
        if rate is None or region.role is None or not self._spec.holds(rate):
            return ()
        return admitted(view, region, [whole_call_spot(view, region.role)])

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        rate = self._rate(view, region)
        if rate is None:
            return BilingualText("说得太少，不测语速", "too little speech to measure its rate")
        return BilingualText(f"语速 {rate:.0f} 字/分", f"{rate:.0f} characters a minute")

    def sentence(self) -> BilingualText:
        limits = self._spec.text("字/分", "characters a minute")
        return BilingualText(f"语速{limits.zh}", f"a speech rate {limits.en}")

    def describe(self, view: CallView, match: Match) -> BilingualText:
        role = match[0].role
        (rate,) = [r.characters_per_minute for r in view.call.signals.speech_rates if r.role is role]
        return BilingualText(
            f"{ROLE_NAMES[role].zh}语速 {rate:.0f} 字/分",
            f"the {ROLE_NAMES[role].en} spoke {rate:.0f} characters a minute",
        )


SPEECH_RATE = Operator(
    "speech_rate", SpeechRateSpec, SpeechRateFinder, family="sound", reads_words=False, role=RoleUse.NEEDED
)

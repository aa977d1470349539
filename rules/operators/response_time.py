"""``response_time``: how long a party took to answer."""

from collections.abc import Iterator, Sequence

from pipeline.domain.calls import Span
from pipeline.domain.results import BilingualText
from rules.operators.base import Operator, RoleUse
from rules.operators.sound import LimitsSpec, MeasuredFinder, admitted, nearest
from rules.region import Region
from rules.spots import Match, Spot
from rules.view import CallView
from rules.wording import ROLE_NAMES, clock


class ResponseTimeSpec(LimitsSpec):
    """Seconds from the end of the other's turn to the start of the answer. ``role`` is who answers."""

    shorthand = "above"


class ResponseTimeFinder(MeasuredFinder):
    """Looks through the measured response times."""

    def __init__(self, spec: ResponseTimeSpec) -> None:
        self._spec = spec

    @staticmethod
    def _spots(view: CallView) -> Iterator[tuple[float, Spot]]:
        for response in view.call.signals.responses:
            start_s = view.turns[response.turn].start_s
            span = Span(start_s - max(0.0, response.latency_s), start_s)
            yield response.latency_s, view.whole_turn(response.turn, span=span)

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        return admitted(view, region, (s for latency_s, s in self._spots(view) if self._spec.holds(latency_s)))

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        waits = [latency_s for latency_s, spot in self._spots(view) if region.admits(view, spot)]
        return nearest("应答等待", "response time", max(waits, default=None), "秒", "s")

    def sentence(self) -> BilingualText:
        limits = self._spec.text("秒", "s")
        return BilingualText(f"应答用时{limits.zh}", f"a response time {limits.en}")

    def describe(self, view: CallView, match: Match) -> BilingualText:
        spot = match[0]
        span, who = view.span_of(spot), ROLE_NAMES[spot.role]
        return BilingualText(
            f"{clock(span.end_s)} {who.zh}等了 {span.duration_s:.1f} 秒才应答",
            f"{clock(span.end_s)} the {who.en} answered after {span.duration_s:.1f} s",
        )


RESPONSE_TIME = Operator(
    "response_time", ResponseTimeSpec, ResponseTimeFinder, family="sound", reads_words=False, role=RoleUse.NEEDED
)

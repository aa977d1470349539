"""``duration``: how long the call is."""

from collections.abc import Sequence

from pipeline.domain.calls import Role
from pipeline.domain.results import BilingualText
from rules.operators.base import Operator, RoleUse
from rules.operators.sound import LimitsSpec, MeasuredFinder, admitted, whole_call_spot
from rules.region import Region
from rules.spots import Match
from rules.view import CallView


class DurationSpec(LimitsSpec):
    """Seconds from the start to the end of the call."""

    shorthand = "above"


class DurationFinder(MeasuredFinder):
    """Looks at the length of the call."""

    def __init__(self, spec: DurationSpec) -> None:
        self._spec = spec

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        if not self._spec.holds(view.call.transcript.duration_s):
            return ()
        return admitted(view, region, [whole_call_spot(view, Role.UNKNOWN)])

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        duration_s = view.call.transcript.duration_s
        return BilingualText(f"通话 {duration_s:.0f} 秒", f"the call takes {duration_s:.0f} s")

    def sentence(self) -> BilingualText:
        limits = self._spec.text("秒", "s")
        return BilingualText(f"通话时长{limits.zh}", f"a call length {limits.en}")

    def describe(self, view: CallView, match: Match) -> BilingualText:
        return self.near_miss(view, Region())


DURATION = Operator("duration", DurationSpec, DurationFinder, family="sound", reads_words=False, role=RoleUse.NONE)

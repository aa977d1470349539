"""``silence``: nobody speaks."""

from collections.abc import Iterator, Sequence

from pydantic import Field

from pipeline.domain.calls import Role, Span
from pipeline.domain.results import BilingualText
from rules.doubt import UNWRITTEN_S
from rules.operators.base import Operator, RoleUse, Seconds, Spec
from rules.operators.sound import MeasuredFinder, admitted, nearest
from rules.region import Region
from rules.spots import Match, Spot
from rules.view import CallView
from rules.wording import ROLE_NAMES, clock_span


class SilenceSpec(Spec):
    """Nobody speaks for longer than some seconds."""

    shorthand = "longer_than_s"

    longer_than_s: Seconds
    after_role: Role | None = Field(default=None, description="Who spoke last before it")
    before_role: Role | None = Field(default=None, description="Who breaks it")


class SilenceFinder(MeasuredFinder):
    """Looks through the measured silences."""

    def __init__(self, spec: SilenceSpec) -> None:
        self._spec = spec

    def _spots(self, view: CallView, longer_than_s: float) -> Iterator[Spot]:
        for silence in view.call.signals.silences:
            if self._spec.after_role in (None, silence.before) and self._spec.before_role in (None, silence.after):
                for span in _quiet(view, Span(silence.start_s, silence.end_s)):
                    if span.duration_s > longer_than_s:
                        yield Spot(-1, 0, 0, Role.UNKNOWN, False, span)

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        return admitted(view, region, self._spots(view, self._spec.longer_than_s))

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        lengths = [view.span_of(spot).duration_s for spot in self._spots(view, 0.0) if region.admits(view, spot)]
        return nearest("静默", "silence", max(lengths, default=None), "秒", "s")

    def sentence(self) -> BilingualText:
        spec = self._spec
        zh = f"{ROLE_NAMES[spec.after_role].zh}说完后" if spec.after_role else ""
        en = f" after the {ROLE_NAMES[spec.after_role].en}" if spec.after_role else ""
        if spec.before_role:
            zh, en = (
                f"{zh}{ROLE_NAMES[spec.before_role].zh}开口前",
                f"{en} before the {ROLE_NAMES[spec.before_role].en}",
            )
        return BilingualText(
            f"{zh}无人说话超过 {spec.longer_than_s:g} 秒", f"nobody speaking for over {spec.longer_than_s:g} s{en}"
        )

    def describe(self, view: CallView, match: Match) -> BilingualText:
        span = view.span_of(match[0])
        return BilingualText(
            f"{clock_span(span)} 无人说话 {span.duration_s:.1f} 秒（限 {self._spec.longer_than_s:g} 秒）",
            f"{clock_span(span)} nobody spoke for {span.duration_s:.1f} s (limit {self._spec.longer_than_s:g} s)",
        )


def _quiet(view: CallView, silence: Span) -> Iterator[Span]:
    """The parts of a gap between turns in which nobody was heard: speech that was not written is no silence."""
    heard = sorted(
        (lost.start_s, lost.end_s)
        for coverage in view.call.signals.coverage
        for lost in coverage.unwritten
        if lost.overlap_s(silence) >= UNWRITTEN_S
    )
    start_s = silence.start_s
    for lost_start_s, lost_end_s in heard:
        yield Span(start_s, lost_start_s)
        start_s = max(start_s, lost_end_s)
    yield Span(start_s, silence.end_s)


SILENCE = Operator("silence", SilenceSpec, SilenceFinder, family="sound", reads_words=False, role=RoleUse.NONE)

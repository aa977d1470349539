"""``talk_share``: how much of all speaking time is one party's."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, model_validator

from pipeline.domain.results import BilingualText
from rules.operators.base import Operator, RoleUse
from rules.operators.sound import LimitsSpec, MeasuredFinder, admitted, whole_call_spot
from rules.region import Region
from rules.spots import Match
from rules.view import CallView
from rules.wording import ROLE_NAMES

Share = Annotated[float, Field(strict=True, ge=0, le=1)]


class TalkShareSpec(LimitsSpec):
    """A party's part of all speaking time, 0 to 1."""

    above: Share | None = None
    below: Share | None = None

    @model_validator(mode="after")
    def _apart(self) -> "TalkShareSpec":
        if self.above is not None and self.below is not None and self.above < self.below:
            raise ValueError(f"above {self.above} and below {self.below} leave no share that is accepted")
        return self


class TalkShareFinder(MeasuredFinder):
    """Looks at the measured share of one party."""

    def __init__(self, spec: TalkShareSpec) -> None:
        self._spec = spec

    @staticmethod
    def _share(view: CallView, region: Region) -> float | None:
        shares = [share.share for share in view.call.signals.talk_shares if share.role is region.role]
        return shares[0] if shares else None

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        share = self._share(view, region)
        if share is None or region.role is None or not self._spec.holds(share):
            return ()
        return admitted(view, region, [whole_call_spot(view, region.role)])

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        share = self._share(view, region)
        if share is None:
            return BilingualText("没有说话时长", "no speaking time was measured")
        return BilingualText(f"说话占比 {share:.0%}", f"a talk share of {share:.0%}")

    def sentence(self) -> BilingualText:
        limits = self._spec.text("", "")
        return BilingualText(f"说话占比{limits.zh}".rstrip(), f"a talk share {limits.en}".rstrip())

    def describe(self, view: CallView, match: Match) -> BilingualText:
        role = match[0].role
        (share,) = [s.share for s in view.call.signals.talk_shares if s.role is role]
        return BilingualText(
            f"{ROLE_NAMES[role].zh}说话占比 {share:.0%}", f"the {ROLE_NAMES[role].en} spoke {share:.0%} of the time"
        )


TALK_SHARE = Operator(
    "talk_share", TalkShareSpec, TalkShareFinder, family="sound", reads_words=False, role=RoleUse.NEEDED
)

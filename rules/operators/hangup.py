"""``hangup``: who ended the call, as far as the recording tells."""

from collections.abc import Sequence

from pydantic import Field

from pipeline.domain.results import BilingualText
from rules.operators.base import Operator, RoleUse, Seconds, Spec
from rules.operators.sound import MeasuredFinder
from rules.region import Region
from rules.spots import Match
from rules.view import CallView
from rules.wording import ROLE_NAMES, clock, shorten


class HangupSpec(Spec):
    """The call ends right after the other party has spoken: ``role`` is taken to have hung up.

    Recordings do not say who hung up. A call that ends within ``within_s`` of the other party's last word, with
    nothing said by ``role`` after it, is the sign there is.
    """

    within_s: Seconds = Field(default=1.0, description="Seconds from the other's last word to the end of the call")


class HangupFinder(MeasuredFinder):
    """Looks at the last turn of the call."""

    def __init__(self, spec: HangupSpec) -> None:
        self._spec = spec

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        if not view.turns or region.role is None:
            return ()
        last = max(view.turns, key=lambda turn: turn.end_s)
        left_s = view.call.transcript.duration_s - last.end_s
        if last.role is region.role or left_s > self._spec.within_s or region.role not in view.roles:
            return ()
        return [(view.whole_turn(last.index),)]

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        if not view.turns:
            return BilingualText("没有人说话", "nobody spoke")
        last = max(view.turns, key=lambda turn: turn.end_s)
        left_s = view.call.transcript.duration_s - last.end_s
        who = ROLE_NAMES[last.role]
        return BilingualText(
            f"最后说话的是{who.zh}，离通话结束 {left_s:.1f} 秒",
            f"the {who.en} spoke last, {left_s:.1f} s before the end",
        )

    def sentence(self) -> BilingualText:
        return BilingualText("先挂断电话", "hanging up first")

    def describe(self, view: CallView, match: Match) -> BilingualText:
        spot = match[0]
        when, said = clock(view.span_of(spot).end_s), shorten(view.quote(spot), 20)
        return BilingualText(f"{when} 对方说完「{said}」电话即挂断", f"{when} the call ended right after “{said}”")


HANGUP = Operator("hangup", HangupSpec, HangupFinder, family="sound", reads_words=False, role=RoleUse.NEEDED)

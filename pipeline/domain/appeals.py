"""Appeals: somebody who is judged asks for a second opinion."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pipeline.domain.errors import EarmarkError
from pipeline.domain.results import BilingualText


class AppealOutcome(StrEnum):
    """What the second reviewer decided."""

    UPHELD = "upheld"
    """The verdict stands."""
    OVERTURNED = "overturned"
    """The verdict was wrong; a new one takes its place."""


@dataclass(frozen=True, slots=True)
class Appeal:
    """An appeal as those may see it who are part of it: it names nobody."""

    id: int
    recording_id: str
    rule_id: str
    review_id: int
    """The verdict that is appealed."""
    opened_at: datetime
    reason: str
    outcome: AppealOutcome | None = None
    """``None`` while nobody has decided."""
    decided_at: datetime | None = None
    answer: str | None = None


class AppealFault(StrEnum):
    """Why an appeal, or a decision on one, is refused."""

    UNJUDGED = "unjudged"
    LATE = "late"
    OPEN = "open"
    ANSWERED = "answered"
    NO_REASON = "no_reason"
    UNKNOWN = "unknown"
    OWN = "own"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"


TEXTS = {
    AppealFault.UNJUDGED: BilingualText(
        "这条规则在本通话中没有成立的判定，无需申诉。", "No verdict against this rule stands on this call."
    ),
    AppealFault.LATE: BilingualText("已过申诉期限。", "The time for an appeal has passed."),
    AppealFault.OPEN: BilingualText("这条判定已在申诉中，请等待裁定。", "This verdict is under appeal already."),
    AppealFault.ANSWERED: BilingualText(
        "这条判定已经裁定过一次，不能再次申诉。", "This verdict was appealed and upheld; it cannot be appealed again."
    ),
    AppealFault.NO_REASON: BilingualText("请写明理由。", "Give a reason."),
    AppealFault.UNKNOWN: BilingualText("没有这条申诉。", "There is no such appeal."),
    AppealFault.OWN: BilingualText(
        "你判定过这条规则，或提出了这次申诉，须由他人裁定。",
        "You judged this rule on the call, or opened the appeal: somebody else must decide.",
    ),
    AppealFault.DECIDED: BilingualText(
        "已有他人裁定，你的裁定未生效。", "Somebody else has decided; yours was not stored."
    ),
    AppealFault.WITHDRAWN: BilingualText(
        "原判定已被撤销，不能维持，只能改判。", "The verdict was withdrawn: it cannot be upheld, only overturned."
    ),
}


class AppealRefusedError(EarmarkError):
    """An appeal or a decision that is refused. ``text`` is for the page."""

    def __init__(self, fault: AppealFault) -> None:
        self.fault = fault
        self.text = TEXTS[fault]
        super().__init__(self.text.en)

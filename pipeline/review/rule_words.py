"""Words for rules and appeals, besides those of the call page: Chinese first, English beside it."""

from typing import Any

from pipeline.domain.appeals import AppealOutcome
from pipeline.domain.results import RuleStatus
from pipeline.review.call_page import WORDING
from pipeline.review.wording import SEVERITY_MARKS, SPEAKER_MARKS, SPEAKER_WORDS, Words

STATUS_WORDS: dict[RuleStatus, Words] = {
    RuleStatus.DRAFT: ("草稿", "Draft"),
    RuleStatus.SHADOW: ("试运行", "Shadow"),
    RuleStatus.ACTIVE: ("启用", "Active"),
    RuleStatus.RETIRED: ("停用", "Retired"),
}
OUTCOME_WORDS: dict[AppealOutcome, Words] = {
    AppealOutcome.UPHELD: ("维持原判", "Upheld"),
    AppealOutcome.OVERTURNED: ("改判", "Overturned"),
}

PAGE_WORDS: dict[str, Any] = {
    **WORDING,
    "SEVERITY_MARKS": SEVERITY_MARKS,
    "STATUSES": STATUS_WORDS,
    "SPEAKERS": SPEAKER_WORDS,
    "SPEAKER_MARKS": SPEAKER_MARKS,
    "OUTCOMES": OUTCOME_WORDS,
}
"""What templates of rules and appeals are given, those of the call page included."""

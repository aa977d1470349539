"""Who works at the review desk, and as what."""

from dataclasses import dataclass
from enum import StrEnum


class AccountRole(StrEnum):
    """What an account is for; what each may do is in ``pipeline.review.access``."""

    REVIEWER = "reviewer"
    """质检员: hears flagged calls and judges them."""
    LEAD = "lead"
    """班组长: sees the calls of one team, may appeal."""
    AGENT = "agent"
    """坐席: sees the own calls that were judged, may appeal."""
    AUTHOR = "author"
    """质检主管 who writes rules: sees how they do, may judge."""
    MANAGER = "manager"
    """质检经理: sees and assigns everything, exports, decides."""
    COMPLIANCE = "compliance"
    """合规专员: sees and hears everything, unmasked for a reason, and who saw what; judges and decides nothing."""
    ADMIN = "admin"
    """Keeps accounts and reads the audit log besides."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may log in."""

    id: int
    login: str
    name: str
    """As colleagues know them."""
    role: AccountRole
    agent: str | None = None
    """The agent id of recordings, for agents: whose calls are their own."""
    team: str | None = None
    """The team of recordings, for leads: whose calls they see."""
    active: bool = True
    language: str = "zh"
    """``zh`` or ``en``: of the pages."""

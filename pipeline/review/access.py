"""Who may do what."""

from enum import StrEnum

from pipeline.domain.accounts import Account, AccountRole


class Permission(StrEnum):
    """Something that a page or a button does."""

    SEE_QUEUE = "see_queue"
    SEE_CALL = "see_call"
    """Open a call; which ones is a matter of `may_see`."""
    HEAR = "hear"
    JUDGE = "judge"
    ASSIGN = "assign"
    SEE_RULES = "see_rules"
    EDIT_EXAMPLES = "edit_examples"
    APPEAL = "appeal"
    DECIDE_APPEAL = "decide_appeal"
    EXPORT = "export"
    SEE_AUDIT = "see_audit"
    UNMASK = "unmask"
    """See what a transcript hides, with a reason and an entry in the audit log; see `may_unmask`."""
    CALIBRATE = "calibrate"
    """Begin and end calibration sessions, see what came of them, decide what is right."""
    SEE_OWN = "see_own"
    """The page of an agent or lead with the own calls."""
    SEE_REPORTS = "see_reports"
    """Reports; a lead's are of the own team."""
    SAMPLE = "sample"
    """Plans and draws: whoever may see them knows why a call is in the queue."""

    SEE_ACTIONS = "see_actions"
    """Actions of the closed loop; which ones is a matter of `action_view.whose`."""
    NOTE_ACTIONS = "note_actions"
    """Write notes on those that one sees."""
    DO_ACTIONS = "do_actions"
    """Say that an action was carried out."""
    MANAGE_ACTIONS = "manage_actions"
    """Open, close and drop actions."""


_REVIEWER, _LEAD, _AGENT = AccountRole.REVIEWER, AccountRole.LEAD, AccountRole.AGENT
_AUTHOR, _MANAGER, _ADMIN = AccountRole.AUTHOR, AccountRole.MANAGER, AccountRole.ADMIN
_COMPLIANCE = AccountRole.COMPLIANCE
_JUDGING = frozenset({_REVIEWER, _AUTHOR, _MANAGER, _ADMIN})
_DESK = _JUDGING | {_COMPLIANCE}
_CONCERNED = frozenset({_LEAD, _AGENT})

ALLOWED: dict[Permission, frozenset[AccountRole]] = {
    Permission.SEE_QUEUE: _DESK,
    Permission.SEE_CALL: _DESK | _CONCERNED,
    Permission.HEAR: _DESK | _CONCERNED,
    Permission.JUDGE: _JUDGING,
    Permission.ASSIGN: frozenset({_MANAGER, _ADMIN}),
    Permission.SEE_RULES: _DESK,
    Permission.EDIT_EXAMPLES: frozenset({_AUTHOR, _MANAGER, _ADMIN}),
    # Those whose calls were judged appeal; those who judge decide. Nobody may do both.
    Permission.APPEAL: _CONCERNED,
    Permission.DECIDE_APPEAL: frozenset({_REVIEWER, _MANAGER, _ADMIN}),
    Permission.EXPORT: frozenset({_AUTHOR, _MANAGER, _ADMIN}),
    Permission.SEE_AUDIT: frozenset({_COMPLIANCE, _MANAGER, _ADMIN}),
    Permission.UNMASK: frozenset({_REVIEWER, _COMPLIANCE, _MANAGER, _ADMIN}),
    Permission.CALIBRATE: frozenset({_MANAGER, _ADMIN}),
    Permission.SEE_OWN: _CONCERNED,
    # Not those who judge: whom an action is to improve must not be known where the calls are judged that tell.
    Permission.SEE_ACTIONS: frozenset({_COMPLIANCE, _MANAGER, _ADMIN}) | _CONCERNED,
    Permission.NOTE_ACTIONS: frozenset({_MANAGER, _ADMIN}) | _CONCERNED,
    Permission.DO_ACTIONS: frozenset({_LEAD, _MANAGER, _ADMIN}),
    Permission.MANAGE_ACTIONS: frozenset({_MANAGER, _ADMIN}),
    Permission.SEE_REPORTS: frozenset({_LEAD, _COMPLIANCE, _MANAGER, _ADMIN}),
    # Not the author, who judges: an audited call is to look like any other.
    Permission.SAMPLE: frozenset({_MANAGER, _ADMIN}),
}


def may(account: Account, permission: Permission) -> bool:
    """Whether the role of the account has the permission."""
    return account.role in ALLOWED[permission]


def may_unmask(account: Account, *, reviewers: bool) -> bool:
    """Whether the account may see what transcripts hide; reviewers only where the site lets them."""
    return may(account, Permission.UNMASK) and (reviewers or account.role != AccountRole.REVIEWER)


def may_see(account: Account, *, agent: str | None, team: str | None, done: bool) -> bool:
    """Whether the account may see a call of that agent and team.

    A lead sees the own team's calls, an agent the own calls once they were reviewed. A call of which nobody knows
    the agent or team is for the desk only.
    """
    if account.role == AccountRole.LEAD:
        return team is not None and team == account.team
    if account.role == AccountRole.AGENT:
        return done and agent is not None and agent == account.agent
    return may(account, Permission.SEE_CALL)


def home(account: Account) -> str:
    """The page where the account begins."""
    return "/queue" if may(account, Permission.SEE_QUEUE) else "/mine"

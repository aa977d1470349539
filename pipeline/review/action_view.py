"""Who sees which actions, and how much of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from pipeline.domain.accounts import Account, AccountRole
from pipeline.domain.action_words import sentence
from pipeline.domain.actions import Action, Assessment, Event, EventKind, Level, Line
from pipeline.domain.results import BilingualText
from pipeline.scoring.cards import load_default_card
from pipeline.scoring.complete import complete_all
from pipeline.store.action_evidence import Scoring
from pipeline.store.actions import EVERYONES, By, Whose

OWNING = (AccountRole.LEAD, AccountRole.MANAGER, AccountRole.ADMIN)
"""Roles that an action can be given to. Who judges is not to know whom an action is to improve."""


def scoring() -> Scoring:
    """How the desk scores complete cards."""
    card = load_default_card()
    return Scoring(f"{card.id}@{card.version}", partial(complete_all, card))


def whose(account: Account) -> Whose:
    """Which actions the account may see: a manager and a compliance officer all, a lead the own team's and the own
    ones, an agent the own."""
    if account.role == AccountRole.LEAD:
        return Whose(team=account.team or "", owner_id=account.id)
    if account.role == AccountRole.AGENT:
        return Whose(agent=account.agent or "")
    return EVERYONES


def by(account: Account, address: str) -> By:
    """Who does something at the desk."""
    return By(account.name, account, address)


@dataclass(frozen=True, slots=True)
class ActionView:
    """An action as the account may see it."""

    action: Action
    found: Assessment
    told: BilingualText
    events: tuple[Event, ...]
    own: bool
    """It is about who looks: what is said of others is left out."""


def action_view(action: Action, found: Assessment, events: Sequence[Event], account: Account) -> ActionView:
    """The action. An agent who is coached sees the own figures, not how they rank, nor what others wrote."""
    own = account.role == AccountRole.AGENT
    if own:
        draft = action.draft
        action = replace(action, draft=replace(draft, baseline=replace(draft.baseline, rank=None, peers=0)))
        events = [one for one in events if one.account_id == account.id or one.kind is EventKind.OPENED]
    # Why two periods cannot be compared is said in the sentence; what the notes say of others is not for the agent.
    told = sentence(action, found)
    return ActionView(action, replace(found, notes=()) if own else found, told, tuple(events), own)


def proposed_owner(line: Line, team: str | None, accounts: Sequence[Account]) -> Account | None:
    """Who would do it: the lead of the team; nobody is proposed for the centre."""
    if line.level is Level.CENTRE or team is None:
        return None
    return next((one for one in accounts if one.role == AccountRole.LEAD and one.team == team and one.active), None)

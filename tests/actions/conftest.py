"""A centre whose actions can be counted by hand."""

from datetime import date, timedelta
from functools import partial

import pytest

from pipeline.domain.actions import Draft, line_of
from pipeline.domain.periods import Unit, period_of
from pipeline.scoring.cards import load_default_card
from pipeline.scoring.complete import complete_all
from pipeline.store.action_assess import baseline_of, team_of
from pipeline.store.action_evidence import Scoring
from tests.reports.builders import MONDAY, ZONE, Centre

CARD = load_default_card()
SCORING = Scoring(f"{CARD.id}@{CARD.version}", partial(complete_all, CARD))
WEEK_45, WEEK_46 = (period_of(Unit.WEEK, date(2026, 11, day), ZONE) for day in (2, 9))
LATER = MONDAY + timedelta(days=8)
"""Week 46 is over."""
BASE = {"A1": "iiic", "A2": "i...", "A3": "....", "B1": "i...", "B2": "c..."}
"""Week 45 by agent: ``i`` insult, ``c`` closing missing. A1 is the worst."""
TEAMS = {"A1": "一组", "A2": "一组", "A3": "一组", "B1": "二组", "B2": "二组"}


def fill(centre: Centre, kinds: dict[str, str], *, day: float, **facts) -> None:
    for agent, row in kinds.items():
        for at, kind in enumerate(row):
            centre.call(kind, agent=agent, day=day + at, **({"team": TEAMS[agent]} | facts))


@pytest.fixture
def centre(empty_store):
    """Week 45 of the table, on both databases."""
    made = Centre(empty_store)
    fill(made, BASE, day=-7)
    made.classify()
    return made


def drafted(store, line_id: str, *, due=WEEK_46, period=WEEK_45, **facts) -> Draft:
    """What would be opened on the line."""
    line = line_of(line_id)
    base = baseline_of(store, SCORING, line, period)
    owner, owner_id = facts.pop("owner", "陈组长"), facts.pop("owner_id", None)
    return Draft(line, base, due, owner, owner_id, "陪听五通", team_of(store, line, period), **facts)

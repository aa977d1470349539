"""A small centre for tests of reports: every figure of it can be counted by hand.

Week 46 (from Monday 9 November 2026, Shanghai), evaluated, by agent: ``i`` insult (customer-critical) confirmed, ``c``
closing missing (non-critical) confirmed, ``m`` closing missed by its rule, ``r`` insult rejected, ``.`` nothing.

====  ====  =========  ====================
team  who   calls      with an error
====  ====  =========  ====================
一组   A1    i i i      3 customer-critical
一组   A2    r . .      none
二组   B1    c m .      2 non-critical
二组   B2    . . .      none
====  ====  =========  ====================

Customer-critical accuracy 9 of 12, non-critical 10 of 12. Week 45: eight calls, two with ``i``. Two calls of week 46
are flagged and not heard, two are neither.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import update

from pipeline.domain.calls import CallMetadata
from pipeline.domain.periods import Unit, period_of
from pipeline.domain.results import ErrorClass, Findings
from pipeline.domain.reviews import ReviewKind, Verdict
from pipeline.reports.build import Wanted, build
from pipeline.reports.model import Kind
from pipeline.scoring.cards import load_default_card
from pipeline.store.report_queries import Scope
from pipeline.store.results import start_run
from pipeline.store.review_queue import finish
from pipeline.store.tables import pack_rules, rule_results
from tests.store.builders import predicted, processed, result, run
from tests.store.judgements import person, say, stored

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 9, 9, tzinfo=ZONE)
CLASSES = {
    "insult": ErrorClass.CUSTOMER_CRITICAL,
    "closing-missing": ErrorClass.NON_CRITICAL,
    "escalation-risk": ErrorClass.ALERT,
}
HITS = {"i": "insult", "r": "insult", "c": "closing-missing"}
TEAM_OF = {"A1": "一组", "A2": "一组", "B1": "二组", "B2": "二组"}


class Centre:
    """A database that calls are put into."""

    def __init__(self, store):
        self.store = store
        start_run(store, run())
        self.reviewer = person(store, "r")
        self.number = 0

    def call(self, kind=".", *, agent="A1", day=0.0, heard=True, angry=None, **facts):
        """A call that began so many days after MONDAY; its id. ``angry``: how sure the classifiers are of it."""
        self.number += 1
        team = facts.pop("team", TEAM_OF.get(agent))
        started_at = facts.pop("started_at", MONDAY + timedelta(days=day))
        metadata = CallMetadata(agent=agent, team=team, started_at=started_at, **facts)
        rule = HITS.get(kind)
        results = [result(rule)] if rule else []
        made = processed(*results)
        if angry is not None:
            made = replace(made, findings=Findings(tuple(results), predicted(dissatisfied=angry, escalation=0.1)))
        one = stored(self.store, self.number, made=made, metadata=metadata)
        if heard:
            self.hear(one, kind)
        return one

    def hear(self, one, kind="."):
        """A reviewer judges the call and is through with it."""
        if kind in ("i", "c"):
            say(self.store, one, self.reviewer, Verdict.CONFIRMED, rule=HITS[kind])
        elif kind == "r":
            say(self.store, one, self.reviewer, Verdict.REJECTED, rule="insult")
        elif kind == "m":
            say(self.store, one, self.reviewer, Verdict.MISSED, rule="closing-missing")
        say(self.store, one, self.reviewer, kind=ReviewKind.FINISHED, rule=None)
        with self.store.writing() as connection:
            finish(connection, one, self.reviewer.id)

    def classify(self):
        """Gives the rules the classes of `CLASSES`."""
        with self.store.writing() as connection:
            for rule_id, error_class in CLASSES.items():
                for table in (pack_rules, rule_results):
                    change = update(table).where(table.c.rule_id == rule_id).values(error_class=error_class.value)
                    connection.execute(change)

    def report(self, kind=Kind.WEEKLY, *, unit=Unit.WEEK, period=None, zone=ZONE, desk_url=None, **scope):
        """The report of week 46, or of what is asked for."""
        self.classify()
        wanted = Wanted(kind, period or period_of(unit, MONDAY.date(), zone), zone.key, Scope(**scope), desk_url)
        return build(self.store, wanted, load_default_card())


def small_centre(store):
    """The centre of the table above."""
    centre = Centre(store)
    for agent, kinds in {"A1": "iii", "A2": "r..", "B1": "cm.", "B2": "..."}.items():
        for day, kind in enumerate(kinds):
            centre.call(kind, agent=agent, day=day, customer_id=f"k-{agent}" if day < 2 else None)
    for number in range(8):
        centre.call("i" if number < 2 else ".", agent="A2", day=-7 + number / 2)
    centre.call("i", agent="B2", day=3, heard=False)
    centre.call("c", agent="B2", day=3, heard=False)
    centre.call(agent="B2", day=4, heard=False)
    centre.call(agent="A2", day=4, heard=False)
    return centre

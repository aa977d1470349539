"""Which rules were run on a call, and as what."""

from dataclasses import dataclass

from sqlalchemy import select

from pipeline.domain.results import BilingualText, ErrorClass, RuleHeading, RuleStatus, Severity
from pipeline.store.database import Database
from pipeline.store.tables import evaluations, pack_rules, runs

RUN_STATUSES = (RuleStatus.ACTIVE, RuleStatus.SHADOW)


@dataclass(frozen=True, slots=True)
class RulesRun:
    """The rules that a call was last checked against."""

    run_id: str
    headings: tuple[RuleHeading, ...]
    """Active and shadow rules, by id; drafts and retired ones do not run."""

    def heading(self, rule_id: str) -> RuleHeading | None:
        """The rule with this id; ``None`` where it was not run on the call."""
        return next((heading for heading in self.headings if heading.id == rule_id), None)


def rules_run_on(database: Database, recording_id: str) -> RulesRun | None:
    """The rules that the call was last checked against; ``None`` where it was not checked."""
    query = (
        select(evaluations.c.run_id, pack_rules)
        .join(runs, runs.c.id == evaluations.c.run_id)
        .join(pack_rules, pack_rules.c.pack_digest == runs.c.pack_digest)
        .where(evaluations.c.recording_id == recording_id, pack_rules.c.status.in_(RUN_STATUSES))
        .order_by(pack_rules.c.rule_id)
    )
    with database.reading() as connection:
        rows = connection.execute(query).all()
    headings = tuple(
        RuleHeading(
            row.rule_id,
            BilingualText(row.title_zh, row.title_en),
            Severity(row.severity),
            ErrorClass(row.error_class),
            RuleStatus(row.status),
        )
        for row in rows
    )
    return RulesRun(rows[0].run_id, headings) if rows else None

"""Running classifiers and rules again over stored transcripts, without touching audio."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.domain.results import Call, Findings, Outcome, RuleResult
from pipeline.store.database import Database
from pipeline.store.results import PAGE, Run, StoredCall, finish_run, save_findings, start_run, stored_calls

Evaluate = Callable[[Call], Findings]


@dataclass(frozen=True, slots=True)
class ChangedOutcome:
    """A rule that says something else of a call than before."""

    recording: str
    """File name."""
    id: str
    rule: str
    before: Outcome
    after: Outcome
    start_s: float | None
    """Where the new evidence begins; of the old where there is none."""


@dataclass(frozen=True, slots=True)
class Reapplied:
    """What running the rules again has changed."""

    calls: int
    changes: tuple[ChangedOutcome, ...]


def reapply(database: Database, evaluate: Evaluate, run: Run, *, dry_run: bool = False) -> Reapplied:
    """Evaluates all stored calls again and says what changed; with ``dry_run`` nothing is stored.

    Each page of calls is stored in one transaction: when cut off, run it again.
    """
    calls = 0
    changes: list[ChangedOutcome] = []
    if not dry_run:
        start_run(database, run)
    for page in _pages(stored_calls(database)):
        findings = {stored.recording.id: evaluate(stored.call) for stored in page}
        for stored in page:
            changes += _changes(stored, findings[stored.recording.id].results)
        if not dry_run:
            save_findings(database, findings, run)
        calls += len(page)
    if not dry_run:
        finish_run(database, run.id)
    return Reapplied(calls, tuple(changes))


def _pages(calls: Iterator[StoredCall]) -> Iterator[list[StoredCall]]:
    page: list[StoredCall] = []
    for call in calls:
        page.append(call)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


def _changes(stored: StoredCall, results: Sequence[RuleResult]) -> Iterator[ChangedOutcome]:
    before = {result.rule_id: result for result in stored.results}
    after = {result.rule_id: result for result in results if result.outcome != Outcome.CLEAR}
    for rule_id in sorted(before.keys() | after.keys()):
        old, new = before.get(rule_id), after.get(rule_id)
        old_outcome = old.outcome if old else Outcome.CLEAR
        new_outcome = new.outcome if new else Outcome.CLEAR
        if old_outcome == new_outcome:
            continue
        evidence = (new.evidence if new else ()) or (old.evidence if old else ())
        start_s = min((piece.start_s for piece in evidence), default=None)
        yield ChangedOutcome(stored.recording.name, stored.recording.id, rule_id, old_outcome, new_outcome, start_s)

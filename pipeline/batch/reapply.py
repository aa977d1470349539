"""Running classifiers and rules again over stored transcripts, without touching audio."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from pipeline.batch.spoken import spoken_calls
from pipeline.domain.results import Call, Findings, Outcome, RuleResult
from pipeline.privacy.keys import KeyRing
from pipeline.store.database import Database
from pipeline.store.results import Run, StoredCall, finish_run, save_findings, start_run, stored_calls

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
    masked: int = 0
    """Calls that were evaluated as they are masked: what they hide was not kept, or no key was given."""


def reapply(
    database: Database,
    evaluate: Evaluate,
    run: Run,
    *,
    dry_run: bool = False,
    keys: KeyRing | None = None,
    own_numbers: Collection[str] = (),
) -> Reapplied:
    """Evaluates all stored calls again, as they were spoken, and says what changed.

    Each page of calls is stored in one transaction: when cut off, run it again.

    Args:
        database: where the calls are.
        evaluate: classifiers and rules.
        run: what the results will name.
        dry_run: store nothing.
        keys: open originals; without them rules hear placeholders where personal data was said.
        own_numbers: the company's own.

    Raises:
        SealError: an original is kept and none of ``keys`` opens it; results of earlier pages stay.
    """
    calls = masked = 0
    changes: list[ChangedOutcome] = []
    if not dry_run:
        start_run(database, run)
    for page in spoken_calls(database, stored_calls(database), keys, own_numbers=own_numbers):
        findings = {spoken.stored.recording.id: spoken.findings(evaluate) for spoken in page}
        for spoken in page:
            changes += _changes(spoken.stored, findings[spoken.stored.recording.id].results)
            masked += not spoken.is_whole
        if not dry_run:
            save_findings(database, findings, run)
        calls += len(page)
    if not dry_run:
        finish_run(database, run.id)
    return Reapplied(calls, tuple(changes), masked)


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

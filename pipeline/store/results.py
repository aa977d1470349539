"""Writing and reading what runs find in calls."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, select, update
from sqlalchemy import Row as SqlRow

from pipeline.domain.alerts import Alerting, alerts_of
from pipeline.domain.calls import Recording, Role, Transcript
from pipeline.domain.predictions import Predictions
from pipeline.domain.results import (
    BilingualText,
    Call,
    Evidence,
    Findings,
    Outcome,
    ProcessedCall,
    RuleHeading,
    RuleResult,
    RuleStatus,
    Severity,
)
from pipeline.domain.risk import risk_of
from pipeline.store import documents
from pipeline.store.alerts import queue_alerts
from pipeline.store.database import Database, Row, upsert
from pipeline.store.ledger import Lease, complete
from pipeline.store.originals import keep_original
from pipeline.store.recordings import recording_of
from pipeline.store.review_queue import QueueEntry, enter
from pipeline.store.search import index_call
from pipeline.store.tables import (
    evaluations,
    evidence,
    pack_rules,
    predictions,
    recordings,
    rule_results,
    runs,
    transcripts,
)


@dataclass(frozen=True, slots=True)
class Run:
    """What makes results: every stored result names one."""

    id: str
    command: str
    code_version: str
    pack_digest: str
    headings: tuple[RuleHeading, ...]
    asr_digest: str | None = None
    """Known once a worker has loaded its model; ``None`` for runs that transcribe nothing."""
    alerting: Alerting | None = None
    """Which hits somebody is told of at once; ``None`` where nobody is."""


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call as it was stored: what rules need to be run again, and what they said last."""

    recording: Recording
    call: Call
    results: tuple[RuleResult, ...]
    """Every outcome that was not clear."""
    duration_s: float
    predictions: Predictions | None = None
    """What the classifiers said last; ``None`` where none were run."""
    masking: int | None = None
    """Which masking the transcript went through; ``None`` where an earlier version stored it as it was spoken."""


def start_run(database: Database, run: Run) -> None:
    """Records the run and the rules of its pack, before the first result names it."""
    with database.writing() as connection:
        connection.execute(
            runs.insert().values(
                id=run.id,
                command=run.command,
                started_at=datetime.now(UTC),
                code_version=run.code_version,
                pack_digest=run.pack_digest,
                asr_digest=run.asr_digest,
            )
        )
        rows: list[Row] = [
            {
                "pack_digest": run.pack_digest,
                "rule_id": heading.id,
                "title_zh": heading.title.zh,
                "title_en": heading.title.en,
                "severity": heading.severity.value,
                "error_class": heading.error_class.value,
                "status": heading.status.value,
                "digest": heading.digest,
            }
            for heading in run.headings
        ]
        upsert(connection, pack_rules, rows)


def name_asr(database: Database, run_id: str, digest: str, options: Mapping[str, str]) -> None:
    """Records what makes the run's transcripts, before the first of them is stored."""
    with database.writing() as connection:
        named = update(runs).where(runs.c.id == run_id).values(asr_digest=digest, asr_options=dict(options))
        connection.execute(named)


def finish_run(database: Database, run_id: str) -> None:
    """Records that the run came to its end."""
    with database.writing() as connection:
        connection.execute(update(runs).where(runs.c.id == run_id).values(finished_at=datetime.now(UTC)))


def save_call(database: Database, lease: Lease, call: ProcessedCall, run: Run) -> bool:
    """Stores one call's results and marks it done, all in one transaction.

    Returns False, and stores nothing, where the lease was lost meanwhile.
    """
    recording_id = lease.recording.id
    with database.writing() as connection:
        if not complete(connection, lease, run_id=run.id):
            return False
        connection.execute(
            update(recordings)
            .where(recordings.c.id == recording_id)
            .values(
                duration_s=call.audio.duration_s,
                sample_rate_hz=call.audio.sample_rate_hz,
                channel_count=call.audio.channel_count,
                codec=call.audio.codec,
                container=call.audio.container,
            )
        )
        transcript: Row = {
            "recording_id": recording_id,
            "run_id": run.id,
            "asr_digest": run.asr_digest,
            "language": call.transcript.language,
            "duration_s": call.transcript.duration_s,
            "characters": call.transcript.character_count,
            "turns": documents.encode_turns(call.transcript.turns),
            "signals": documents.encode_signals(call.signals),
            "masking": call.masking,
        }
        upsert(connection, transcripts, [transcript])
        keep_original(connection, recording_id, call.original)
        index_call(connection, recording_id, call.transcript.turns)
        _replace_findings(connection, recording_id, call.findings, run)
        if run.alerting is not None:
            queue_alerts(connection, alerts_of(lease.recording, call.findings.results, run.headings, run.alerting))
    return True


def save_findings(database: Database, findings: Mapping[str, Findings], run: Run) -> None:
    """Replaces what is said of several calls, by recording id, in one transaction.

    A call whose transcript was deleted meanwhile is left out: what was found in it quotes it.
    """
    with database.writing() as connection:
        there = select(transcripts.c.recording_id).where(transcripts.c.recording_id.in_(list(findings)))
        for recording_id in sorted(connection.scalars(there.with_for_update(read=True, key_share=True))):
            _replace_findings(connection, recording_id, findings[recording_id], run)


def _replace_findings(connection: Connection, recording_id: str, findings: Findings, run: Run) -> None:
    headings = {heading.id: heading for heading in run.headings}
    kept = [result for result in findings.results if result.outcome != Outcome.CLEAR]
    upsert(connection, evaluations, [_evaluation(recording_id, kept, headings, run.id)])
    enter(connection, [_queue_entry(recording_id, kept, headings, findings.predictions)])
    if findings.predictions is not None:
        upsert(connection, predictions, [_predictions_row(recording_id, findings.predictions, run.id)])
    # The evidence goes with its result (ON DELETE CASCADE).
    connection.execute(delete(rule_results).where(rule_results.c.recording_id == recording_id))
    if kept:
        connection.execute(
            rule_results.insert(), [_result_row(recording_id, result, headings[result.rule_id]) for result in kept]
        )
    pieces = [
        _evidence_row(recording_id, result.rule_id, position, piece)
        for result in kept
        for position, piece in enumerate(result.evidence)
    ]
    if pieces:
        connection.execute(evidence.insert(), pieces)


def _evaluation(
    recording_id: str, results: Sequence[RuleResult], headings: Mapping[str, RuleHeading], run_id: str
) -> Row:
    active = [result for result in results if headings[result.rule_id].status == RuleStatus.ACTIVE]
    hits = [headings[result.rule_id].severity for result in active if result.outcome == Outcome.HIT]
    return {
        "recording_id": recording_id,
        "run_id": run_id,
        "critical": hits.count(Severity.CRITICAL),
        "alert": hits.count(Severity.ALERT),
        "minor": hits.count(Severity.MINOR),
        "not_evaluable": sum(result.outcome == Outcome.NOT_EVALUABLE for result in active),
        "errors": sum(result.outcome == Outcome.ERROR for result in active),
    }


def _queue_entry(
    recording_id: str,
    results: Sequence[RuleResult],
    headings: Mapping[str, RuleHeading],
    predicted: Predictions | None,
) -> QueueEntry:
    active = [result for result in results if headings[result.rule_id].status == RuleStatus.ACTIVE]
    hits = [
        (headings[result.rule_id].severity, result.confidence or 0.0)
        for result in active
        if result.outcome == Outcome.HIT
    ]
    doubtful = any(result.outcome == Outcome.NOT_EVALUABLE for result in active)
    return QueueEntry(recording_id, risk_of(hits, predicted), flagged=bool(hits), doubtful=doubtful)


def _predictions_row(recording_id: str, predicted: Predictions, run_id: str) -> Row:
    return {
        "recording_id": recording_id,
        "run_id": run_id,
        "dissatisfied": predicted.dissatisfied.probability,
        "dissatisfied_flagged": predicted.dissatisfied.flagged,
        "escalation": predicted.escalation.probability,
        "escalation_flagged": predicted.escalation.flagged,
        "dissatisfied_model": predicted.dissatisfied.model,
        "escalation_model": predicted.escalation.model,
        "sentiment_model": predicted.sentiment_model,
        "document": documents.encode_predictions(predicted),
    }


def _result_row(recording_id: str, result: RuleResult, heading: RuleHeading) -> dict[str, object]:
    return {
        "recording_id": recording_id,
        "rule_id": result.rule_id,
        "outcome": result.outcome.value,
        "severity": heading.severity.value,
        "error_class": heading.error_class.value,
        "status": heading.status.value,
        "explanation_zh": result.explanation.zh,
        "explanation_en": result.explanation.en,
    }


def _evidence_row(recording_id: str, rule_id: str, position: int, piece: Evidence) -> dict[str, object]:
    return {
        "recording_id": recording_id,
        "rule_id": rule_id,
        "position": position,
        "turn": piece.turn,
        "char_start": piece.char_start,
        "char_end": piece.char_end,
        "start_s": piece.start_s,
        "end_s": piece.end_s,
        "role": piece.role.value,
        "quote": piece.quote,
        "confidence": piece.confidence,
        "by_sound": piece.by_sound,
    }


def count_checked_otherwise(database: Database, pack_digest: str) -> int:
    """How many calls were last checked against other rules than those of the pack."""
    query = (
        select(func.count())
        .select_from(evaluations)
        .join(runs, runs.c.id == evaluations.c.run_id)
        .where(runs.c.pack_digest != pack_digest)
    )
    with database.reading() as connection:
        return connection.execute(query).scalar_one()


PAGE = 200


def stored_calls(database: Database) -> Iterator[StoredCall]:
    """Every transcribed call, by recording id, a page at a time; calls stored meanwhile may be left out."""
    last = ""
    while True:
        page = calls_where(database, recordings.c.id > last)
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1].recording.id


def stored_call(database: Database, recording_id: str) -> StoredCall | None:
    """One transcribed call; ``None`` where the recording was not (or not yet) transcribed."""
    return next(iter(calls_where(database, recordings.c.id == recording_id)), None)


def calls_where(database: Database, condition: ColumnElement[bool], *, limit: int = PAGE) -> list[StoredCall]:
    """The transcribed calls for which the condition holds, by recording id."""
    query = (
        select(
            recordings,
            transcripts.c.language,
            transcripts.c.turns,
            transcripts.c.signals,
            transcripts.c.masking,
            predictions.c.document.label("predicted"),
        )
        .join(transcripts, transcripts.c.recording_id == recordings.c.id)
        .outerjoin(predictions, predictions.c.recording_id == recordings.c.id)
    )
    query = query.where(condition)
    with database.reading() as connection:
        rows = connection.execute(query.order_by(recordings.c.id).limit(limit)).all()
        results = results_of(connection, [row.id for row in rows])
    calls = []
    for row in rows:
        recording = recording_of(row)
        transcript = Transcript(documents.decode_turns(row.turns), row.duration_s, row.language)
        call = Call(transcript, recording.metadata, documents.decode_signals(row.signals))
        predicted = documents.decode_predictions(row.predicted) if row.predicted is not None else None
        said = tuple(results.get(row.id, ()))
        calls.append(StoredCall(recording, call, said, row.duration_s, predicted, row.masking))
    return calls


def piece_of(row: SqlRow[Any]) -> Evidence:
    """The piece of evidence that a row of ``evidence`` holds."""
    return Evidence(
        start_s=row.start_s,
        end_s=row.end_s,
        role=Role(row.role),
        quote=row.quote,
        turn=row.turn,
        char_start=row.char_start,
        char_end=row.char_end,
        confidence=row.confidence,
        by_sound=row.by_sound,
    )


def results_of(connection: Connection, recording_ids: Sequence[str]) -> dict[str, list[RuleResult]]:
    """Every outcome that was not clear by call, ordered by rule; at most a few hundred calls."""
    pieces: dict[tuple[str, str], list[Evidence]] = {}
    rows = connection.execute(
        select(evidence).where(evidence.c.recording_id.in_(recording_ids)).order_by(evidence.c.position)
    )
    for row in rows:
        pieces.setdefault((row.recording_id, row.rule_id), []).append(piece_of(row))
    results: dict[str, list[RuleResult]] = {}
    query = select(rule_results).where(rule_results.c.recording_id.in_(recording_ids)).order_by(rule_results.c.rule_id)
    for row in connection.execute(query):
        explanation = BilingualText(row.explanation_zh, row.explanation_en)
        found = tuple(pieces.get((row.recording_id, row.rule_id), ()))
        result = RuleResult(row.rule_id, Outcome(row.outcome), explanation, found)
        results.setdefault(row.recording_id, []).append(result)
    return results

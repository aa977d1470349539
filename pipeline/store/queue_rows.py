"""What a row of the queue says of a call, and what its preview says of each hit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, case, null, select

from pipeline.domain.calls import Role
from pipeline.domain.results import BilingualText, Outcome, RuleStatus, Severity
from pipeline.store import documents
from pipeline.store.appeals import unless_appealed
from pipeline.store.database import Database
from pipeline.store.listings import SEVERITY_RANK
from pipeline.store.recordings import local_start
from pipeline.store.review_tables import accounts, review_items
from pipeline.store.tables import evaluations, evidence, pack_rules, recordings, rule_results, runs, transcripts

LONG_CALL = 6_000
"""Characters from which a transcript is not unpacked for a row: the quote stands alone."""
SHOWN = (Outcome.HIT.value, Outcome.NOT_EVALUABLE.value, Outcome.ERROR.value)
"""Outcomes that a row shows: a hit, and what a person has to decide because the rule could not."""
BEFORE = 14
"""Characters of a sentence that are shown before the words in question; the row clips what is behind."""


@dataclass(frozen=True, slots=True)
class RowHit:
    """A rule that hit a call or could not be judged on it."""

    rule_id: str
    title: BilingualText
    severity: Severity
    evaluable: bool
    """Whether it is a hit; else the rule could not be judged."""
    explanation: BilingualText
    start_s: float | None = None
    """Of its first piece of evidence, as its end."""
    end_s: float = 0.0
    role: Role = Role.UNKNOWN
    """Who is heard there; unknown for a silence."""
    quote: str = ""
    by_sound: bool = False
    turn: int | None = None
    char_start: int | None = None


@dataclass(frozen=True, slots=True)
class KeySentence:
    """The words that a person should hear first: those of the first piece of evidence of the gravest hit."""

    hit: RowHit
    before: str
    quote: str
    """Empty where nothing was said, such as in a silence: the hit's explanation says what it is."""
    behind: str


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A call in the queue."""

    recording_id: str
    name: str
    risk: int
    hits: tuple[RowHit, ...]
    """Active rules, the gravest first; those that could not be judged last."""
    key: KeySentence | None
    agent: str | None
    team: str | None
    queue: str | None
    direction: str | None
    started_at: datetime | None
    """As the clock showed where the call was taken."""
    duration_s: float | None
    assignee_id: int | None
    assignee: str | None
    holder_id: int | None
    """Who has the call in hand right now."""
    holder: str | None
    done: bool
    finisher: str | None
    done_at: datetime | None

    def held_by_another(self, account_id: int) -> bool:
        """Whether somebody else has the call in hand."""
        return self.holder_id is not None and self.holder_id != account_id


def queue_row(database: Database, recording_id: str, now: datetime) -> QueueRow | None:
    """One call as the queue shows it; ``None`` where it is not in the queue."""
    with database.reading() as connection:
        return next(iter(queue_rows(connection, [recording_id], now)), None)


def queue_rows(connection: Connection, recording_ids: Sequence[str], now: datetime) -> tuple[QueueRow, ...]:
    """The rows of the calls, in the order of the ids; those that are not in the queue are left out."""
    if not recording_ids:
        return ()
    items = {row.recording_id: row for row in connection.execute(_items(recording_ids, now))}
    hits = _hits(connection, recording_ids)
    keys = _key_sentences(connection, hits)
    return tuple(_row(items[each], hits.get(each, ()), keys.get(each)) for each in recording_ids if each in items)


def by_time(hits: Sequence[RowHit]) -> tuple[RowHit, ...]:
    """The hits as they follow each other in the call, then what could not be judged: numbered as on the call's page."""
    return tuple(sorted(hits, key=lambda hit: (not hit.evaluable, hit.start_s or 0.0, hit.rule_id)))


def _items(recording_ids: Sequence[str], now: datetime) -> Select[Any]:
    assignee, holder, finisher = (accounts.alias(name) for name in ("assignee", "holder", "finisher"))
    held = review_items.c.taken_until >= now
    return (
        select(
            review_items,
            recordings.c.name,
            recordings.c.agent.label("of_agent"),
            recordings.c.team.label("of_team"),
            recordings.c.queue,
            recordings.c.direction,
            recordings.c.started_at.label("began_at"),
            recordings.c.started_at_offset_min,
            recordings.c.duration_s.label("length_s"),
            unless_appealed(assignee.c.name).label("assignee"),
            case((held, review_items.c.taken_by), else_=null()).label("holder_id"),
            holder.c.name.label("holder"),
            unless_appealed(finisher.c.name).label("finisher"),
        )
        .join(recordings, recordings.c.id == review_items.c.recording_id)
        .outerjoin(assignee, assignee.c.id == review_items.c.assignee_id)
        .outerjoin(holder, holder.c.id == review_items.c.taken_by)
        .outerjoin(finisher, finisher.c.id == review_items.c.done_by)
        .where(review_items.c.recording_id.in_(recording_ids))
    )


def _row(item: Row[Any], hits: Sequence[RowHit], key: KeySentence | None) -> QueueRow:
    return QueueRow(
        recording_id=item.recording_id,
        name=item.name,
        risk=item.risk,
        hits=tuple(hits),
        key=key,
        agent=item.of_agent,
        team=item.of_team,
        queue=item.queue,
        direction=item.direction,
        started_at=local_start(item.began_at, item.started_at_offset_min),
        duration_s=item.length_s,
        assignee_id=item.assignee_id,
        assignee=item.assignee,
        holder_id=item.holder_id,
        holder=item.holder if item.holder_id is not None else None,
        done=item.done,
        finisher=item.finisher,
        done_at=item.done_at,
    )


def _hits(connection: Connection, recording_ids: Sequence[str]) -> dict[str, list[RowHit]]:
    """The active rules that hit the calls or could not be judged on them, the gravest and earliest first."""
    query = (
        select(rule_results, pack_rules.c.title_zh, pack_rules.c.title_en, evidence)
        .join(evaluations, evaluations.c.recording_id == rule_results.c.recording_id)
        .join(runs, runs.c.id == evaluations.c.run_id)
        .outerjoin(
            pack_rules,
            and_(pack_rules.c.pack_digest == runs.c.pack_digest, pack_rules.c.rule_id == rule_results.c.rule_id),
        )
        .outerjoin(
            evidence,
            and_(
                evidence.c.recording_id == rule_results.c.recording_id,
                evidence.c.rule_id == rule_results.c.rule_id,
                evidence.c.position == 0,
            ),
        )
        .where(
            rule_results.c.recording_id.in_(recording_ids),
            rule_results.c.outcome.in_(SHOWN),
            rule_results.c.status == RuleStatus.ACTIVE.value,
        )
    )
    found: dict[str, list[RowHit]] = {}
    for row in connection.execute(query).mappings():
        found.setdefault(row[rule_results.c.recording_id], []).append(_hit(row))
    for hits in found.values():
        hits.sort(key=lambda hit: (not hit.evaluable, SEVERITY_RANK[hit.severity.value], hit.start_s or 0.0))
    return found


def _hit(row: Mapping[Any, Any]) -> RowHit:
    rule_id = row[rule_results.c.rule_id]
    return RowHit(
        rule_id=rule_id,
        title=BilingualText(row["title_zh"] or rule_id, row["title_en"] or rule_id),
        severity=Severity(row[rule_results.c.severity]),
        evaluable=row[rule_results.c.outcome] == Outcome.HIT.value,
        explanation=BilingualText(row["explanation_zh"], row["explanation_en"]),
        start_s=row[evidence.c.start_s],
        end_s=row[evidence.c.end_s] or 0.0,
        role=Role(row[evidence.c.role] or Role.UNKNOWN),
        quote=row[evidence.c.quote] or "",
        by_sound=bool(row[evidence.c.by_sound]),
        turn=row[evidence.c.turn],
        char_start=row[evidence.c.char_start],
    )


def _key_sentences(connection: Connection, hits: Mapping[str, Sequence[RowHit]]) -> dict[str, KeySentence]:
    in_turns = [recording_id for recording_id, of_call in hits.items() if of_call[0].turn is not None]
    query = select(transcripts.c.recording_id, transcripts.c.turns).where(
        transcripts.c.recording_id.in_(in_turns), transcripts.c.characters <= LONG_CALL
    )
    texts = {row.recording_id: documents.decode_texts(row.turns) for row in connection.execute(query)}
    return {recording_id: _key(of_call[0], texts.get(recording_id, ())) for recording_id, of_call in hits.items()}


def _key(hit: RowHit, texts: Sequence[str]) -> KeySentence:
    if hit.turn is None or hit.char_start is None or hit.turn >= len(texts):
        return KeySentence(hit, "", hit.quote, "")
    text, end = texts[hit.turn], hit.char_start + len(hit.quote)
    if text[hit.char_start : end] != hit.quote:
        # Transcribed again and not yet checked again: the old place means nothing in the new words.
        return KeySentence(hit, "", hit.quote, "")
    first = 0 if hit.char_start <= BEFORE + 4 else hit.char_start - BEFORE
    return KeySentence(hit, ("…" if first else "") + text[first : hit.char_start], hit.quote, text[end:])

"""How rules do by what people said: counts for every rule, and the calls behind them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from pipeline.domain.calls import Recording, Turn
from pipeline.domain.results import BilingualText, Evidence, Outcome
from pipeline.domain.reviews import Review, ReviewKind, Verdict, standing_of
from pipeline.store import documents
from pipeline.store.database import Database
from pipeline.store.recordings import recording_of
from pipeline.store.results import piece_of
from pipeline.store.review_tables import reviews
from pipeline.store.reviews import reviews_of
from pipeline.store.tables import evidence, recordings, rule_results, transcripts

_PLACE = (
    reviews.c.turn,
    reviews.c.char_start,
    reviews.c.char_end,
    reviews.c.start_s,
    reviews.c.end_s,
    reviews.c.role,
    reviews.c.quote,
)


OFTEN = 1000
"""Hits of a rule from which its newest ones are found by walking along the calls."""


@dataclass(frozen=True, slots=True)
class RuleTally:
    """What people said of one rule: standing verdicts on calls."""

    hits: int = 0
    """Calls that the rule hits now, judged or not."""
    true_hits: int = 0
    """Calls that it hit when somebody judged them, rightly."""
    false_hits: int = 0
    missed: int = 0
    """Calls that it should have hit."""
    absent: int = 0
    """Calls that it rightly did not hit."""
    unsure: int = 0
    doubtful: int = 0
    """Judged calls on which the rule had no word of its own: it could not judge them, or was broken."""

    @property
    def judged_hits(self) -> int:
        """What precision is counted over."""
        return self.true_hits + self.false_hits


@dataclass(frozen=True, slots=True)
class RuleCase:
    """A call as far as one rule is concerned."""

    recording: Recording
    turns: tuple[Turn, ...]
    """Empty where there is no transcript any more."""
    transcript_run: str | None
    duration_s: float | None
    outcome: Outcome
    """What the rule says now."""
    explanation: BilingualText | None
    """``None`` where the rule is clear."""
    evidence: tuple[Evidence, ...]
    entries: tuple[Review, ...]
    """All that people said of the call."""


def rule_tallies(database: Database) -> dict[str, RuleTally]:
    """The tally of each rule that ever hit or was judged, by rule id."""
    hits = (
        select(rule_results.c.rule_id, func.count().label("calls"))
        .where(rule_results.c.outcome == Outcome.HIT.value)
        .group_by(rule_results.c.rule_id)
    )
    with database.reading() as connection:
        hit_counts = {row.rule_id: row.calls for row in connection.execute(hits)}
        counts: Counter[tuple[str, str, str | None]] = Counter()
        for row in connection.execute(_counted_where_nothing_was_undone()):
            counts[row.rule_id, row.verdict, row.outcome] += row.calls
        undone_in = list(connection.execute(select(reviews.c.recording_id).where(_IS_UNDO).distinct()).scalars())
    for entries in reviews_of(database, undone_in).values():
        for rule_id, review in standing_of(entries).verdicts.items():
            assert review.said.verdict is not None
            counts[rule_id, review.said.verdict.value, review.outcome and review.outcome.value] += 1
    tallied: dict[str, Counter[str]] = {rule_id: Counter() for rule_id in hit_counts}
    for (rule_id, verdict, outcome), calls in counts.items():
        for name in kinds_of(Verdict(verdict), Outcome(outcome) if outcome else None):
            tallied.setdefault(rule_id, Counter())[name] += calls
    return {rule_id: RuleTally(hit_counts.get(rule_id, 0), **tallied[rule_id]) for rule_id in sorted(tallied)}


_IS_UNDO = reviews.c.kind == ReviewKind.UNDO.value


def _counted_where_nothing_was_undone() -> Select[Any]:
    """Rule, verdict, outcome and number of calls. Where something was undone, only reading in order tells."""
    newest = (
        select(func.max(reviews.c.id))
        .where(is_whole_verdict(), reviews.c.recording_id.not_in(select(reviews.c.recording_id).where(_IS_UNDO)))
        .group_by(reviews.c.recording_id, reviews.c.rule_id)
    )
    columns = (reviews.c.rule_id, reviews.c.verdict, reviews.c.outcome)
    return select(*columns, func.count().label("calls")).where(reviews.c.id.in_(newest)).group_by(*columns)


def is_whole_verdict() -> ColumnElement[bool]:
    """As `standing_of` has it: a verdict without a place, or a missed place."""
    return and_(
        reviews.c.kind == ReviewKind.VERDICT.value,
        reviews.c.rule_id.is_not(None),
        or_(reviews.c.verdict == Verdict.MISSED.value, and_(*(column.is_(None) for column in _PLACE))),
    )


def kinds_of(verdict: Verdict, outcome: Outcome | None) -> tuple[str, ...]:
    """Which counts of a tally a verdict belongs to, ``outcome`` being the rule's word when it was judged.

    A rule that hit where something else was missed in the same call hit the call rightly, and missed a place.
    """
    found = []
    if verdict == Verdict.UNSURE:
        found.append("unsure")
    elif outcome == Outcome.HIT:
        found.append("true_hits" if verdict.truth else "false_hits")
    elif outcome in (Outcome.NOT_EVALUABLE, Outcome.ERROR):
        found.append("doubtful")
    elif verdict == Verdict.ABSENT:
        found.append("absent")
    if verdict == Verdict.MISSED:
        found.append("missed")
    return tuple(found)


def unjudged_hits(
    database: Database, rule_id: str, judged: Iterable[str], *, limit: int, offset: int = 0
) -> tuple[int, list[str]]:
    """How many hits nobody has judged, and the calls of a page of them, the newest call first.

    ``judged`` are the calls with a standing verdict on the rule, as `rule_verdicts` has them.
    """
    standing = set(judged)
    any_verdict = select(reviews.c.recording_id).where(is_whole_verdict(), reviews.c.rule_id == rule_id)
    with database.reading() as connection:
        # Calls whose verdict was taken back are judged by nobody again.
        withdrawn = set(connection.execute(any_verdict.distinct()).scalars()) - standing
        judged_by_nobody = or_(rule_results.c.recording_id.not_in(any_verdict), _among(withdrawn))
        hit = (rule_results.c.rule_id == rule_id, rule_results.c.outcome == Outcome.HIT.value)
        count = connection.execute(
            select(func.count()).select_from(rule_results).where(*hit, judged_by_nobody)
        ).scalar_one()
        # Of a rule that hits often SQLite should walk along the newest calls; by the rule's index it would fetch and
        # sort thousands of calls for the first ten (0.1 s with 6,000 hits). The concatenation keeps it from that.
        of_rule = rule_results.c.rule_id.concat("") == rule_id if count > OFTEN else hit[0]
        newest = (
            select(rule_results.c.recording_id)
            .join(recordings, recordings.c.id == rule_results.c.recording_id)
            .where(of_rule, hit[1], judged_by_nobody)
            .order_by(recordings.c.started_at.desc(), recordings.c.id.desc())
            .limit(limit)
            .offset(offset)
        )
        return count, list(connection.execute(newest).scalars())


def still_hit(database: Database, rule_id: str, recording_ids: Sequence[str]) -> set[str]:
    """Those of the calls that the rule hits now."""
    found: set[str] = set()
    query = select(rule_results.c.recording_id).where(
        rule_results.c.rule_id == rule_id, rule_results.c.outcome == Outcome.HIT.value
    )
    with database.reading() as connection:
        for start in range(0, len(recording_ids), 500):
            among = rule_results.c.recording_id.in_(recording_ids[start : start + 500])
            found.update(connection.execute(query.where(among)).scalars())
    return found


def _among(recording_ids: Iterable[str]) -> ColumnElement[bool]:
    return rule_results.c.recording_id.in_(sorted(recording_ids)[:500])


def rule_cases(database: Database, rule_id: str, recording_ids: Sequence[str]) -> list[RuleCase]:
    """The calls with what the rule says of each and what people said, in the order of ``recording_ids``."""
    entries = reviews_of(database, recording_ids)
    query = (
        select(
            recordings,
            transcripts.c.turns,
            transcripts.c.run_id.label("transcript_run"),
            rule_results.c.outcome,
            rule_results.c.explanation_zh,
            rule_results.c.explanation_en,
        )
        .outerjoin(transcripts, transcripts.c.recording_id == recordings.c.id)
        .outerjoin(
            rule_results,
            and_(rule_results.c.recording_id == recordings.c.id, rule_results.c.rule_id == rule_id),
        )
        .where(recordings.c.id.in_(recording_ids))
    )
    with database.reading() as connection:
        rows = {row.id: row for row in connection.execute(query)}
        pieces = _evidence(connection, rule_id, recording_ids)
    return [
        RuleCase(
            recording=recording_of(row),
            turns=documents.decode_turns(row.turns) if row.turns is not None else (),
            transcript_run=row.transcript_run,
            duration_s=row.duration_s,
            outcome=Outcome(row.outcome) if row.outcome else Outcome.CLEAR,
            explanation=BilingualText(row.explanation_zh, row.explanation_en) if row.outcome else None,
            evidence=tuple(pieces.get(row.id, ())),
            entries=entries.get(row.id, ()),
        )
        for row in (rows[recording_id] for recording_id in recording_ids if recording_id in rows)
    ]


def kept_examples(database: Database, rule_id: str) -> list[Review]:
    """The places that people keep as examples for the rule, oldest first."""
    query = select(reviews.c.recording_id).where(
        reviews.c.rule_id == rule_id, reviews.c.kind == ReviewKind.EXAMPLE.value
    )
    with database.reading() as connection:
        calls = list(connection.execute(query.distinct()).scalars())
    found = [
        example
        for entries in reviews_of(database, calls).values()
        for example in standing_of(entries).examples
        if example.said.rule_id == rule_id
    ]
    return sorted(found, key=lambda example: example.id)


def _evidence(connection: Connection, rule_id: str, recording_ids: Sequence[str]) -> dict[str, list[Evidence]]:
    query = (
        select(evidence)
        .where(evidence.c.recording_id.in_(recording_ids), evidence.c.rule_id == rule_id)
        .order_by(evidence.c.position)
    )
    found: dict[str, list[Evidence]] = {}
    for row in connection.execute(query):
        found.setdefault(row.recording_id, []).append(piece_of(row))
    return found

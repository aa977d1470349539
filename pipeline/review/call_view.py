"""What the call page shows: the rules' results in the order of the call, with what people said of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.domain.calls import Role, Turn
from pipeline.domain.predictions import Prediction, Predictions
from pipeline.domain.results import (
    BilingualText,
    ErrorClass,
    Evidence,
    Outcome,
    RuleHeading,
    RuleResult,
    RuleStatus,
    Severity,
)
from pipeline.domain.reviews import Place, Review, ReviewKind, Standing, Verdict, in_force, spot_of, standing_of
from pipeline.review.wording import SEVERITY_MARKS
from pipeline.store.call_rules import RulesRun
from pipeline.store.results import StoredCall

SHOWN_WORDS = 3
"""Of the words that moved a prediction; more is noise."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a result's evidence."""

    found: Evidence
    channel: int | None
    """Which wave it is on; ``None`` where it is of the whole call."""
    review: Review | None = None
    """What somebody said of this piece alone."""

    @property
    def rejected(self) -> bool:
        """Whether a person said that this piece is none."""
        return self.review is not None and self.review.said.verdict == Verdict.REJECTED


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule's result that somebody should judge. Its number is the same on the wave, in the text and in the panel."""

    number: int
    heading: RuleHeading
    outcome: Outcome
    explanation: BilingualText
    why: BilingualText | None
    """The policy behind the rule; ``None`` where the rule is not in the pack any more."""
    pieces: tuple[Piece, ...]
    confidence: float | None
    review: Review | None = None
    """The verdict that counts."""

    @property
    def rule_id(self) -> str:
        """Id of the rule."""
        return self.heading.id

    @property
    def mark(self) -> str:
        """Shape and colour, a class of style.css: of the severity, or ``na`` where the rule could not judge."""
        return SEVERITY_MARKS[self.heading.severity] if self.outcome == Outcome.HIT else "na"

    @property
    def shadow(self) -> bool:
        """Whether the rule is on trial: it flags nothing, but wants labels."""
        return self.heading.status == RuleStatus.SHADOW

    @property
    def judgeable(self) -> bool:
        """Whether there is something to confirm or reject: not where the rule itself failed."""
        return self.outcome in (Outcome.HIT, Outcome.NOT_EVALUABLE)

    @property
    def verdict(self) -> Verdict | None:
        """What people say; ``None`` before anybody did."""
        return self.review.said.verdict if self.review else None

    @property
    def first(self) -> Piece | None:
        """The earliest piece; ``None`` without evidence."""
        return self.pieces[0] if self.pieces else None

    @property
    def start_s(self) -> float | None:
        """Where it begins; ``None`` without evidence."""
        return self.pieces[0].found.start_s if self.pieces else None

    @property
    def by_sound(self) -> bool:
        """Whether no piece matched by its characters."""
        return bool(self.pieces) and all(piece.found.by_sound for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class ClearRule:
    """A rule that ran and did not hit."""

    heading: RuleHeading
    applicable: bool
    note: BilingualText | None
    """Why it does not apply; ``None`` where it does."""
    review: Review | None = None

    @property
    def verdict(self) -> Verdict | None:
        """What people say; ``None`` before anybody did."""
        return self.review.said.verdict if self.review else None


@dataclass(frozen=True, slots=True)
class Expected:
    """What a classifier says, with the words that moved it."""

    task: str
    prediction: Prediction
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry of the call's log."""

    review: Review
    in_force: bool
    """Whether nobody took it back."""
    number: int | None = None
    """Of the hit it speaks of."""
    title: BilingualText | None = None
    """Of the rule it speaks of."""
    undoes: Review | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """What the page is made of."""

    stored: StoredCall
    rules: RulesRun | None
    reviews: tuple[Review, ...] = ()
    """Oldest first."""
    why: Mapping[str, BilingualText] = field(default_factory=dict)
    """Rule id → the policy behind it, for the rules of the pack in use."""
    with_trials: bool = True
    """Whether rules on trial are shown: to the desk, not to those who are judged."""


@dataclass(frozen=True, slots=True)
class CallView:
    """A call as its page shows it, without the words of the transcript."""

    sources: Sources
    standing: Standing
    hits: tuple[Hit, ...]
    clear: tuple[ClearRule, ...]
    log: tuple[LogEntry, ...]
    """Newest first."""
    expected: tuple[Expected, ...]
    channels: tuple[Role, ...]
    """Who speaks in channel 0, 1; one where both are one mix."""

    @property
    def newest(self) -> int:
        """Id of the newest entry; 0 where there is none. Tells a page whether it is behind."""
        return self.sources.reviews[-1].id if self.sources.reviews else 0

    @property
    def left(self) -> int:
        """Hits of active rules that nobody has judged."""
        return sum(hit.judgeable and hit.review is None and not hit.shadow for hit in self.hits)

    def last_of(self, account_id: int) -> Review | None:
        """What the account would take back: its newest entry that stands."""
        own = (
            review
            for review in in_force(self.sources.reviews)
            if review.said.account_id == account_id and review.said.kind != ReviewKind.UNDO
        )
        return max(own, key=lambda review: review.id, default=None)


def call_view(sources: Sources) -> CallView:
    """The page of the call."""
    standing = standing_of(sources.reviews)
    hits = _hits(sources, standing)
    return CallView(
        sources=sources,
        standing=standing,
        hits=hits,
        clear=_clear(sources, standing),
        log=_log(sources, hits),
        expected=_expected(sources.stored.predictions),
        channels=channel_roles(sources.stored.call.transcript.turns),
    )


def channel_roles(turns: Sequence[Turn]) -> tuple[Role, ...]:
    """Who speaks in each channel; one of unknown role where all parties are in one."""
    spoken: dict[int, Counter[Role]] = {}
    for turn in turns:
        spoken.setdefault(turn.channel, Counter())[turn.role] += 1
    if len(spoken) > 1 or any(spoken):
        count = max(2, max(spoken) + 1)
        roles = [spoken[channel].most_common(1)[0][0] if channel in spoken else None for channel in range(count)]
        return tuple(role or _other(roles) for role in roles)
    only = spoken.get(0, Counter({Role.UNKNOWN: 1}))
    if len(only) > 1 or Role.UNKNOWN in only:
        return (Role.UNKNOWN,)
    # A party alone in its channel: the other one is there and says nothing.
    role = next(iter(only))
    return (role, _other([role]))


def _other(roles: Sequence[Role | None]) -> Role:
    """The party that speaks in none of the channels."""
    return next((role for role in (Role.AGENT, Role.CUSTOMER) if role not in roles), Role.UNKNOWN)


def _hits(sources: Sources, standing: Standing) -> tuple[Hit, ...]:
    turns = sources.stored.call.transcript.turns
    roles = channel_roles(turns)
    found: list[tuple[tuple[bool, bool, float, str], RuleResult, RuleHeading]] = []
    for result in sources.stored.results:
        heading = sources.rules.heading(result.rule_id) if sources.rules else None
        heading = heading or _unknown(result.rule_id)
        hidden = heading.status == RuleStatus.SHADOW and not sources.with_trials
        if result.outcome == Outcome.NOT_APPLICABLE or hidden:
            continue
        start_s = min((piece.start_s for piece in result.evidence), default=0.0)
        order = (heading.status == RuleStatus.SHADOW, result.outcome != Outcome.HIT, start_s, result.rule_id)
        found.append((order, result, heading))
    hits = []
    for number, (_, result, heading) in enumerate(sorted(found, key=lambda entry: entry[0]), start=1):
        pieces = tuple(
            Piece(piece, _channel(piece, turns, roles), standing.spots.get(_spot(result.rule_id, piece)))
            for piece in sorted(result.evidence, key=lambda piece: (piece.start_s, piece.end_s))
        )
        hits.append(
            Hit(
                number=number,
                heading=heading,
                outcome=result.outcome,
                explanation=result.explanation,
                why=sources.why.get(result.rule_id),
                pieces=pieces,
                confidence=result.confidence,
                review=standing.verdicts.get(result.rule_id),
            )
        )
    return tuple(hits)


def place_of(piece: Evidence) -> Place:
    """Where a piece of evidence is, as a review names it."""
    return Place(piece.turn, piece.char_start, piece.char_end, piece.start_s, piece.end_s, piece.role, piece.quote)


def _spot(rule_id: str, piece: Evidence) -> tuple[str, int | None, int | None, float | None]:
    return spot_of(rule_id, place_of(piece))


def _channel(piece: Evidence, turns: Sequence[Turn], roles: tuple[Role, ...]) -> int | None:
    if piece.turn is not None and 0 <= piece.turn < len(turns):
        return turns[piece.turn].channel
    return roles.index(piece.role) if piece.role in roles and piece.quote else None


def _unknown(rule_id: str) -> RuleHeading:
    """A rule that the run's pack does not list: its results are shown under its id."""
    title = BilingualText(rule_id, rule_id)
    return RuleHeading(rule_id, title, Severity.MINOR, ErrorClass.NON_CRITICAL, RuleStatus.SHADOW)


def _clear(sources: Sources, standing: Standing) -> tuple[ClearRule, ...]:
    """Active rules before those on trial, the gravest first; what does not apply comes last."""
    said = {result.rule_id: result for result in sources.stored.results}
    ranks = {severity: rank for rank, severity in enumerate(Severity)}
    rules = []
    for heading in sources.rules.headings if sources.rules else ():
        result = said.get(heading.id)
        if result is not None and result.outcome != Outcome.NOT_APPLICABLE:
            continue
        note = result.explanation if result else None
        rules.append(ClearRule(heading, result is None, note, standing.verdicts.get(heading.id)))
    return tuple(
        sorted(
            rules,
            key=lambda rule: (
                not rule.applicable,
                rule.heading.status == RuleStatus.SHADOW,
                ranks[rule.heading.severity],
                rule.heading.id,
            ),
        )
    )


def _log(sources: Sources, hits: Sequence[Hit]) -> tuple[LogEntry, ...]:
    numbers = {hit.rule_id: hit.number for hit in hits}
    titles = {heading.id: heading.title for heading in sources.rules.headings} if sources.rules else {}
    standing = {review.id for review in in_force(sources.reviews)}
    by_id = {review.id: review for review in sources.reviews}
    entries = []
    for review in sorted(sources.reviews, key=lambda review: -review.id):
        undoes = by_id.get(review.said.undoes) if review.said.undoes is not None else None
        rule_id = undoes.said.rule_id if undoes else review.said.rule_id
        title = None if rule_id is None else titles.get(rule_id, BilingualText(rule_id, rule_id))
        entries.append(LogEntry(review, review.id in standing, numbers.get(rule_id or ""), title, undoes))
    return tuple(entries)


def _expected(predictions: Predictions | None) -> tuple[Expected, ...]:
    if predictions is None:
        return ()
    return tuple(
        Expected(
            found.task, found, tuple(dict.fromkeys(word.text for word in found.words if word.weight > 0))[:SHOWN_WORDS]
        )
        for found in (predictions.dissatisfied, predictions.escalation)
        if found.abstention is None
    )

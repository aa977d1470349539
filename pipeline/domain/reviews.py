"""What people say of calls: entries that are only ever added, and what they amount to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pipeline.domain.calls import Role
from pipeline.domain.results import Outcome


class ReviewKind(StrEnum):
    """What an entry is about."""

    VERDICT = "verdict"
    """Whether a rule's violation is in the call; with a place it speaks of that piece of evidence alone."""
    CORRECTION = "correction"
    """What a turn really says, or who says it."""
    COMMENT = "comment"
    EXAMPLE = "example"
    """A place worth learning from: ``value`` is ``good`` or ``bad``."""
    SCORE = "score"
    """A person's answer to an item of a scorecard."""
    FINISHED = "finished"
    """The reviewer is through with the call."""
    UNDO = "undo"
    """Takes back the entry that ``undoes`` names."""


class Verdict(StrEnum):
    """What a person says of a rule on a call."""

    CONFIRMED = "confirmed"
    """The rule hit or could not judge, and it is so."""
    REJECTED = "rejected"
    """The rule hit or could not judge, and it is not so."""
    UNSURE = "unsure"
    """No label: somebody else should hear it."""
    MISSED = "missed"
    """The rule did not hit, and it should have."""
    ABSENT = "absent"
    """The rule did not hit, and rightly."""

    @property
    def truth(self) -> bool | None:
        """The label that the verdict gives the call; ``None`` where it gives none."""
        return {Verdict.CONFIRMED: True, Verdict.MISSED: True, Verdict.UNSURE: None}.get(self, False)


class RejectReason(StrEnum):
    """Why a hit was none."""

    ASR_ERROR = "asr_error"
    QUOTED = "quoted"
    CONTEXT = "context"
    ROLE = "role"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a call. Characters are those of the turn's text as recognised, ``[char_start, char_end)``."""

    turn: int | None = None
    char_start: int | None = None
    char_end: int | None = None
    start_s: float | None = None
    end_s: float | None = None
    role: Role | None = None
    quote: str | None = None


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class NewReview:
    """An entry that is to be added."""

    recording_id: str
    kind: ReviewKind
    account_id: int
    key: str
    """Made by the page, once for each thing said: sent again after a lost connection, it is added once."""
    rule_id: str | None = None
    verdict: Verdict | None = None
    reason: RejectReason | None = None
    place: Place = NOWHERE
    text: str | None = None
    """Of a comment, of a correction, or a reason in words."""
    card: str | None = None
    """Scorecard and version, such as ``default@1``."""
    item: str | None = None
    value: str | None = None
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """An entry as it stands in the store."""

    id: int
    at: datetime
    said: NewReview
    outcome: Outcome | None = None
    """What the rule said of the call when a person judged it."""
    run_id: str | None = None
    """The run that had said so."""
    by: str = ""
    """Name of the account."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the entries of one call amount to: the newest word on each thing, without what was undone."""

    verdicts: Mapping[str, Review] = field(default_factory=dict)
    """Rule id → the verdict on the whole call."""
    spots: Mapping[tuple[str, int | None, int | None, float | None], Review] = field(default_factory=dict)
    """Rule id, turn, first character and start → the verdict on that piece of evidence alone."""
    corrections: Mapping[int, Review] = field(default_factory=dict)
    """Turn → its correction."""
    scores: Mapping[tuple[str, str], Review] = field(default_factory=dict)
    """Card and item → a person's answer."""
    comments: tuple[Review, ...] = ()
    examples: tuple[Review, ...] = ()
    finished: Review | None = None


def spot_of(rule_id: str, place: Place) -> tuple[str, int | None, int | None, float | None]:
    """How a piece of evidence is known: by rule, turn, first character, and start where it is in no turn."""
    return rule_id, place.turn, place.char_start, None if place.turn is not None else place.start_s


def standing_of(reviews: Iterable[Review]) -> Standing:
    """What the entries of one call amount to; they are taken in the order of their ids.

    An undone entry lets the word before it stand again. Undoing an undoing brings the entry back.
    """
    verdicts: dict[str, Review] = {}
    spots: dict[tuple[str, int | None, int | None, float | None], Review] = {}
    corrections: dict[int, Review] = {}
    scores: dict[tuple[str, str], Review] = {}
    comments: list[Review] = []
    examples: list[Review] = []
    finished: Review | None = None
    for review in in_force(reviews):
        said = review.said
        if said.kind == ReviewKind.VERDICT and said.rule_id is not None:
            # A missed place is the evidence of a verdict on the whole call; any other place is a piece of a hit.
            if said.place == NOWHERE or said.verdict == Verdict.MISSED:
                verdicts[said.rule_id] = review
            else:
                spots[spot_of(said.rule_id, said.place)] = review
        elif said.kind == ReviewKind.CORRECTION and said.place.turn is not None:
            corrections[said.place.turn] = review
        elif said.kind == ReviewKind.SCORE and said.card is not None and said.item is not None:
            scores[said.card, said.item] = review
        elif said.kind == ReviewKind.COMMENT:
            comments.append(review)
        elif said.kind == ReviewKind.EXAMPLE:
            examples.append(review)
        elif said.kind == ReviewKind.FINISHED:
            finished = review
    return Standing(verdicts, spots, corrections, scores, tuple(comments), tuple(examples), finished)


def in_force(reviews: Iterable[Review]) -> list[Review]:
    """The entries that were not undone, in the order of their ids; an undoing that was undone does not count."""
    ordered = sorted(reviews, key=lambda review: review.id)
    undone: set[int] = set()
    for review in reversed(ordered):
        if review.said.kind == ReviewKind.UNDO and review.id not in undone and review.said.undoes is not None:
            undone.add(review.said.undoes)
    return [review for review in ordered if review.id not in undone]

"""A reviewed call as the agent or lead sees it: what was found, what it earned, and what may be appealed.

Nothing here names a reviewer: it is made of entries whose names were taken out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.domain.appeals import Appeal, AppealOutcome
from pipeline.domain.calls import CallMetadata, Recording, Role, Transcript
from pipeline.domain.results import BilingualText, Call, RuleHeading
from pipeline.domain.reviews import Review, Verdict
from pipeline.domain.signals import Signals
from pipeline.review.call_view import CallView, Hit, Sources, call_view
from pipeline.review.transcript_view import GapRow, Margin, TurnRow
from pipeline.review.wording import SEVERITY_MARKS
from pipeline.store.call_rules import RulesRun
from pipeline.store.own_calls import OwnCall
from pipeline.store.results import StoredCall


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict that stands against the call."""

    rule_id: str
    title: BilingualText
    heading: RuleHeading | None
    why: BilingualText | None
    verdict: Review
    hit: Hit | None
    """What the rule found; ``None`` where a person found it."""
    appeal: Appeal | None
    """The newest appeal against it."""
    until: datetime
    """The last moment of an appeal."""

    def days_left(self, now: datetime) -> int:
        """Days until it is too late, the begun one counted; 0 where it is."""
        left = self.until - now
        return max(0, -(-left // timedelta(days=1)))

    def may_appeal(self, now: datetime) -> bool:
        """Whether an appeal would be taken."""
        return self.appeal is None and now <= self.until

    @property
    def start_s(self) -> float | None:
        """Where it begins."""
        return self.hit.start_s if self.hit is not None else self.verdict.said.place.start_s

    @property
    def role(self) -> Role:
        """Who speaks there."""
        if self.hit is not None and self.hit.first is not None:
            return self.hit.first.found.role
        return self.verdict.said.place.role or Role.UNKNOWN

    @property
    def quote(self) -> str | None:
        """The words, where there are any."""
        if self.hit is not None and self.hit.first is not None:
            return self.hit.first.found.quote
        return self.verdict.said.place.quote


@dataclass(frozen=True, slots=True)
class Overturned:
    """A verdict that an appeal has turned."""

    rule_id: str
    title: BilingualText
    appeal: Appeal


def findings(view: CallView, appeals: Sequence[Appeal], *, within: timedelta) -> list[Finding]:
    """What stands against the call, in the order of the call."""
    newest = {appeal.review_id: appeal for appeal in appeals}
    headings = _headings(view)
    hits = {hit.rule_id: hit for hit in view.hits}
    found = []
    for rule_id, review in view.standing.verdicts.items():
        if review.said.verdict not in (Verdict.CONFIRMED, Verdict.MISSED):
            continue
        heading = headings.get(rule_id)
        missed = review.said.verdict == Verdict.MISSED
        found.append(
            Finding(
                rule_id=rule_id,
                title=heading.title if heading else BilingualText(rule_id, rule_id),
                heading=heading,
                why=view.sources.why.get(rule_id),
                verdict=review,
                hit=None if missed else hits.get(rule_id),
                appeal=newest.get(review.id),
                until=review.at + within,
            )
        )
    return sorted(found, key=lambda finding: (finding.start_s is None, finding.start_s or 0.0, finding.rule_id))


def overturned(view: CallView, appeals: Sequence[Appeal]) -> list[Overturned]:
    """What appeals have turned, oldest first."""
    headings = _headings(view)
    return [
        Overturned(
            appeal.rule_id,
            headings[appeal.rule_id].title
            if appeal.rule_id in headings
            else BilingualText(appeal.rule_id, appeal.rule_id),
            appeal,
        )
        for appeal in appeals
        if appeal.outcome == AppealOutcome.OVERTURNED
    ]


def view_without_words(
    call: OwnCall, rules: RulesRun | None, reviews: Sequence[Review], why: Mapping[str, BilingualText]
) -> CallView:
    """A call for the list, made of results and entries alone: reading the words of twenty calls takes a second."""
    nothing_said = Call(Transcript((), call.duration_s or 0.0), CallMetadata(), Signals())
    recording = Recording(call.id, call.name, "", 0)
    stored = StoredCall(recording, nothing_said, call.results, call.duration_s or 0.0)
    return call_view(Sources(stored, rules, tuple(reviews), why))


def only_findings(view: CallView, found: Sequence[Finding]) -> CallView:
    """The view with nothing marked but what stands against the call, numbered as it is listed."""
    numbers = {finding.rule_id: number for number, finding in enumerate(found, start=1) if finding.hit is not None}
    hits = tuple(replace(hit, number=numbers[hit.rule_id]) for hit in view.hits if hit.rule_id in numbers)
    # What models suspect is for those who choose calls to hear, not a verdict.
    stored = replace(view.sources.stored, predictions=None)
    ordered = tuple(sorted(hits, key=lambda hit: hit.number))
    return replace(view, sources=replace(view.sources, stored=stored), hits=ordered, expected=())


def numbered_rows(rows: Sequence[TurnRow | GapRow], found: Sequence[Finding]) -> list[TurnRow | GapRow]:
    """The rows with the numbers of what a person found where the call page says that a rule missed it."""
    by_turn: dict[int, list[Margin]] = {}
    for number, finding in enumerate(found, start=1):
        turn = finding.verdict.said.place.turn
        if finding.hit is None and turn is not None:
            mark = SEVERITY_MARKS[finding.heading.severity] if finding.heading else "minor"
            by_turn.setdefault(turn, []).append(Margin(number, mark, rejected=False))
    return [
        replace(row, margin=(*row.margin, *by_turn.get(row.turn.index, ())), missed=())
        if isinstance(row, TurnRow)
        else row
        for row in rows
    ]


def _headings(view: CallView) -> Mapping[str, RuleHeading]:
    return {heading.id: heading for heading in (view.sources.rules.headings if view.sources.rules else ())}

"""What a change of rules does: hits gained and lost on labelled calls and on stored ones, and the work it makes.

A rule hits as it would in production: active and shadow rules run. A draft is run too where it is no more than a draft
on either side, so that its author can see what it would do; it never counts as review work.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from models.predict import predict_by_default
from pipeline.domain.intervals import exact_mcnemar
from pipeline.domain.results import BilingualText, Call, Outcome, RuleResult, RuleStatus
from pipeline.evaluation.labelled import LabelledCall
from pipeline.evaluation.rule_quality import Case, Counts, count
from rules.engine import RUNNING, Engine, Predict
from rules.rule import Rule, RulePack


class Edit(StrEnum):
    """What was done to a rule."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    SAME = "same"
    """Nothing that decides a result."""


@dataclass(frozen=True, slots=True)
class Change:
    """A hit that one version has and the other has not."""

    rule: str
    recording: str
    gained: bool
    label: bool | None
    """Whether people say that the call has it; ``None`` where nobody did."""
    start_s: float
    """Where the evidence begins."""
    quote: str
    explanation: BilingualText
    """Of the version that hits."""


@dataclass(frozen=True, slots=True)
class RuleDiff:
    """What has become of one rule."""

    rule: str
    title: BilingualText
    edit: Edit
    status: tuple[RuleStatus | None, RuleStatus | None]
    """Before and after; ``None`` where the rule is not there."""
    changes: tuple[Change, ...]
    before: Counts
    """On the labelled calls."""
    after: Counts
    only_before_right: int
    """Labelled cases that only the version before judges rightly."""
    only_after_right: int
    undecided: int
    """Calls that can no longer be judged, or could not before: not evaluable, not applicable, errors."""

    @property
    def p_value(self) -> float:
        """How likely so uneven a change is if both versions are equally good; 1.0 without a difference."""
        return exact_mcnemar(self.only_before_right, self.only_after_right)

    def tally(self, *, gained: bool, label: bool | None) -> int:
        """How many hits were gained or lost, of those with this label."""
        return sum(change.gained is gained and change.label is label for change in self.changes)


@dataclass(frozen=True, slots=True)
class ReviewLoad:
    """Calls that an active rule flags, for people to hear."""

    calls: int
    before: int
    after: int
    more: int
    """Flagged after, not before."""
    fewer: int
    """Flagged before, not after."""

    def per_hundred(self, flagged: int) -> float | None:
        """Flagged calls among a hundred; ``None`` without calls."""
        return 100 * flagged / self.calls if self.calls else None


@dataclass(frozen=True, slots=True)
class PackDiff:
    """What has become of a pack."""

    rules: tuple[RuleDiff, ...]
    """Those that were edited."""
    labelled: ReviewLoad
    stored: ReviewLoad

    @property
    def p_value(self) -> float:
        """The exact paired test over all rules and labelled calls."""
        return exact_mcnemar(
            sum(one.only_before_right for one in self.rules), sum(one.only_after_right for one in self.rules)
        )


def compare(
    before: RulePack,
    after: RulePack,
    labelled: Sequence[LabelledCall],
    stored: Iterable[tuple[str, Call]],
    *,
    predict: Predict = predict_by_default,
) -> PackDiff:
    """Two versions of a pack on the same calls.

    Args:
        before: the older version.
        after: the newer one.
        labelled: calls that people have judged.
        stored: name and call of others.
        predict: runs the classifiers where a rule asks for them.
    """
    sides = _Sides(before, after, predict)
    labelled_load = _Load()
    stored_load = _Load()
    for call in labelled:
        old, new = sides.evaluate(call.call)
        labelled_load.add(sides, old, new)
        for rule in sides.edited:
            sides.seen[rule].add(call.recording, call, old.get(rule), new.get(rule))
    for name, unjudged in stored:
        old, new = sides.evaluate(unjudged)
        stored_load.add(sides, old, new)
        for rule in sides.edited:
            sides.seen[rule].add(name, None, old.get(rule), new.get(rule))
    diffs = tuple(sides.seen[rule].diff(sides.old.get(rule), sides.new.get(rule)) for rule in sides.edited)
    return PackDiff(diffs, labelled_load.load(), stored_load.load())


def edit_of(before: Rule | None, after: Rule | None) -> Edit:
    """What was done to a rule, as far as it decides results."""
    if before is None or after is None:
        return Edit.ADDED if before is None else Edit.REMOVED
    same = (
        before.when == after.when
        and before.conditions == after.conditions
        and before.applies_to == after.applies_to
        and before.status == after.status
    )
    return Edit.SAME if same else Edit.CHANGED


Results = Mapping[str, RuleResult]


class _Sides:
    """Both versions, ready to run."""

    def __init__(self, before: RulePack, after: RulePack, predict: Predict) -> None:
        self.old = {rule.id: rule for rule in before.rules}
        self.new = {rule.id: rule for rule in after.rules}
        rules = sorted(self.old.keys() | self.new.keys())
        self.edited = [rule for rule in rules if edit_of(self.old.get(rule), self.new.get(rule)) is not Edit.SAME]
        self.seen = {rule: _Seen(rule) for rule in self.edited}
        statuses = RUNNING | {RuleStatus.DRAFT}
        self._engines = [Engine(pack, statuses=statuses, predict=predict) for pack in (before, after)]

    def evaluate(self, call: Call) -> tuple[Results, Results]:
        """What each version says, of the rules that count on its side."""
        old, new = (engine.evaluate(call) for engine in self._engines)
        return (
            {one.rule_id: one for one in old if self._counts(one.rule_id, self.old, self.new)},
            {one.rule_id: one for one in new if self._counts(one.rule_id, self.new, self.old)},
        )

    @staticmethod
    def _counts(rule: str, own: Mapping[str, Rule], other: Mapping[str, Rule]) -> bool:
        if own[rule].status in RUNNING:
            return True
        return rule not in other or other[rule].status is RuleStatus.DRAFT

    def flags(self, results: Results, rules: Mapping[str, Rule]) -> bool:
        """Whether an active rule hits."""
        return any(
            result.outcome is Outcome.HIT and rules[rule].status is RuleStatus.ACTIVE
            for rule, result in results.items()
        )


@dataclass(slots=True)
class _Load:
    calls: int = 0
    before: int = 0
    after: int = 0
    more: int = 0
    fewer: int = 0

    def add(self, sides: _Sides, old: Results, new: Results) -> None:
        before, after = sides.flags(old, sides.old), sides.flags(new, sides.new)
        self.calls += 1
        self.before += before
        self.after += after
        self.more += after and not before
        self.fewer += before and not after

    def load(self) -> ReviewLoad:
        return ReviewLoad(self.calls, self.before, self.after, self.more, self.fewer)


@dataclass(slots=True)
class _Seen:
    """What the calls have shown of one rule."""

    rule: str
    changes: list[Change] = field(default_factory=list)
    before: list[Case] = field(default_factory=list)
    after: list[Case] = field(default_factory=list)
    undecided: int = 0

    def add(self, name: str, call: LabelledCall | None, old: RuleResult | None, new: RuleResult | None) -> None:
        label = call.labels.get(self.rule) if call is not None else None
        if call is not None and label is not None:
            self.before.append(Case(call, self.rule, label, old))
            self.after.append(Case(call, self.rule, label, new))
        if old is not None and new is not None and old.outcome is not new.outcome:
            self.undecided += Outcome.HIT not in (old.outcome, new.outcome)
        had, has = _hit(old), _hit(new)
        hit = has if had is None else had
        if hit is not None and (had is None or has is None):
            piece = hit.evidence[0]
            change = Change(self.rule, name, has is not None, label, piece.start_s, piece.quote, hit.explanation)
            self.changes.append(change)

    def diff(self, before: Rule | None, after: Rule | None) -> RuleDiff:
        right = [(_is_right(old), _is_right(new)) for old, new in zip(self.before, self.after, strict=True)]
        return RuleDiff(
            rule=self.rule,
            title=titled.title if (titled := after or before) else BilingualText("", ""),
            edit=edit_of(before, after),
            status=(before.status if before else None, after.status if after else None),
            changes=tuple(sorted(self.changes, key=_order)),
            before=count(self.before),
            after=count(self.after),
            only_before_right=right.count((True, False)),
            only_after_right=right.count((False, True)),
            undecided=self.undecided,
        )


def _hit(result: RuleResult | None) -> RuleResult | None:
    return result if result is not None and result.outcome is Outcome.HIT else None


def _is_right(case: Case) -> bool:
    return (_hit(case.result) is not None) is case.label


def _order(change: Change) -> tuple[bool, int, str, float]:
    """Gained before lost; false hits first, then what nobody judged."""
    rank = {False: 0, None: 1, True: 2}[change.label]
    return not change.gained, rank if change.gained else 2 - rank, change.recording, change.start_s

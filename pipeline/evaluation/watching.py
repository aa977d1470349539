"""Rules tested and weighed again after every save: only what was edited, on calls that stay in memory."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from models.predict import predict_by_default
from pipeline.domain.errors import RulePackError
from pipeline.domain.results import BilingualText, RuleStatus
from pipeline.evaluation.labelled import LabelledCall
from pipeline.evaluation.rule_diff import Edit, edit_of
from pipeline.evaluation.rule_quality import Case, Counts, Kind, count, judge
from pipeline.evaluation.rule_tests import RanExample, run_rule
from rules.engine import RUNNING, Engine, Predict
from rules.lint import Finding, Problem, lint_rules, placed
from rules.loader import load_sources, read_folders
from rules.rule import Rule, RulePack

WRONG = (Kind.FP, Kind.FN)


@dataclass(frozen=True, slots=True)
class Turned:
    """A labelled case that is judged otherwise than before."""

    before: Kind
    case: Case

    @property
    def is_worse(self) -> bool:
        """Whether it was right, or undecided, and is wrong now."""
        return self.case.kind in WRONG


@dataclass(frozen=True, slots=True)
class RuleUpdate:
    """What has become of one rule."""

    rule: str
    title: BilingualText
    edit: Edit
    before: Counts
    after: Counts
    turned: tuple[Turned, ...]
    """Worse ones first."""


@dataclass(frozen=True, slots=True)
class Update:
    """What came of a save."""

    files: tuple[str, ...]
    """Labels of the files that changed."""
    problems: tuple[Problem, ...]
    """Errors; where there are any, the rules are those of the save before."""
    findings: tuple[Finding, ...]
    """Lint of the changed files; none while there are errors."""
    examples: tuple[RanExample, ...]
    """Of the rules in the changed files."""
    rules: tuple[RuleUpdate, ...]
    pooled: Counts
    """All rules on all labelled calls."""
    seconds: float


class Workbench:
    """The rules of some folders on labelled calls, as of the last save."""

    def __init__(
        self, folders: Sequence[Path], calls: Sequence[LabelledCall], *, predict: Predict = predict_by_default
    ) -> None:
        """``predict`` runs the classifiers where a rule asks for them."""
        self._predict = predict
        self._folders = tuple(folders)
        self._calls = calls
        self._texts: Mapping[str, str] = {}
        self._rules: dict[str, Rule] = {}
        self._cases: dict[str, tuple[Case, ...]] = {}

    def update(self) -> Update:
        """Reads the files, and runs what has changed since the last time: at first everything."""
        began_s = time.perf_counter()
        files, unreadable = read_folders(self._folders)
        texts = dict(files)
        changed = tuple(
            sorted(label for label in texts.keys() | self._texts if texts.get(label) != self._texts.get(label))
        )
        self._texts = texts
        problems: tuple[Problem, ...] = ()
        examples: tuple[RanExample, ...] = ()
        updates: tuple[RuleUpdate, ...] = ()
        findings: tuple[Finding, ...] = ()
        try:
            pack = load_sources(files, problems=unreadable)
        except RulePackError as error:
            problems = tuple(sorted(map(placed, error.problems), key=lambda problem: problem.place))
        else:
            saved = [rule for rule in pack.rules if rule.source in changed]
            examples = tuple(ran for rule in saved for ran in run_rule(rule, texts[rule.source]))
            findings = lint_rules(pack.rules, texts, changed)
            updates = self._weigh(pack)
        return Update(
            files=changed,
            problems=problems,
            findings=findings,
            examples=examples,
            rules=updates,
            pooled=count(case for cases in self._cases.values() for case in cases),
            seconds=time.perf_counter() - began_s,
        )

    def _weigh(self, pack: RulePack) -> tuple[RuleUpdate, ...]:
        """Judges the labelled calls again by the rules that were edited."""
        rules = {rule.id: rule for rule in pack.rules}
        edits = {
            rule: edit
            for rule in sorted(self._rules.keys() | rules.keys())
            if (edit := edit_of(self._rules.get(rule), rules.get(rule))) is not Edit.SAME
        }
        edited = RulePack(tuple(rules[rule] for rule in edits if rule in rules), "")
        engine = Engine(edited, statuses=RUNNING | {RuleStatus.DRAFT}, predict=self._predict)
        cases: dict[str, list[Case]] = {rule.id: [] for rule in edited.rules}
        for case in judge(engine.evaluate, self._calls, cases):
            cases[case.rule].append(case)
        updates = []
        for rule, edit in edits.items():
            before, after = self._cases.pop(rule, ()), tuple(cases.get(rule, ()))
            if rule in rules:
                self._cases[rule] = after
            title = (rules.get(rule) or self._rules[rule]).title
            turned = tuple(_turned(before, after))
            updates.append(RuleUpdate(rule, title, edit, count(before), count(after), turned))
        self._rules = rules
        return tuple(updates)


def _turned(before: Sequence[Case], after: Sequence[Case]) -> list[Turned]:
    """Cases of both times that changed. The labelled calls stay the same, and so does their order."""
    if len(before) != len(after):
        return []
    turned = [Turned(old.kind, new) for old, new in zip(before, after, strict=True) if old.kind is not new.kind]
    return sorted(turned, key=lambda one: (not one.is_worse, one.case.kind, one.case.call.recording))


State = Mapping[Path, tuple[int, int]]
"""Each rule file with its modification time (ns) and size."""


def state_of(folders: Sequence[Path]) -> State:
    """The rule files as they are now; a file that vanishes meanwhile is left out."""
    found: dict[Path, tuple[int, int]] = {}
    for folder in folders:
        for pattern in ("*.yaml", "*.yml"):
            for path in folder.rglob(pattern):
                try:
                    status = path.stat()
                except OSError:
                    continue
                found[path] = (status.st_mtime_ns, status.st_size)
    return found


def saves(folders: Sequence[Path], *, poll_s: float = 0.1, ended: Event | None = None) -> Iterator[None]:
    """Yields after each save from now on, once the files have been still for ``poll_s``, until ``ended`` is set."""
    # Now, not when the first save is asked for: what is saved in between must not be missed.
    return _saves(folders, state_of(folders), poll_s, ended or Event())


def _saves(folders: Sequence[Path], seen: State, poll_s: float, ended: Event) -> Iterator[None]:
    while not ended.wait(poll_s):
        now = state_of(folders)
        if now == seen:
            continue
        # Editors write in several steps: truncate and write, or write another file and rename it.
        while True:
            time.sleep(poll_s)
            later = state_of(folders)
            if later == now:
                break
            now = later
        seen = now
        yield

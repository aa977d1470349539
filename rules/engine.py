"""Runs a pack of rules on a call: one pass over the words finds which rules can hold, and only those are judged."""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from pipeline.domain.calls import CallMetadata, Role
from pipeline.domain.predictions import Predictions
from pipeline.domain.results import BilingualText, Call, Outcome, RuleResult, RuleStatus
from rules.build import build
from rules.collector import paused_collector
from rules.explain import Trace, evidence_of, hit_explanation, sentence, trace
from rules.index import NeedleIndex
from rules.nodes import Leaf, Node, Truth
from rules.operators import OPERATORS
from rules.patterns import SEARCH_LIMIT_S
from rules.rule import Rule, RulePack
from rules.view import CallView
from rules.wording import ROLE_NAMES, joined

LOGGER = logging.getLogger(__name__)
RUNNING = frozenset({RuleStatus.ACTIVE, RuleStatus.SHADOW})
"""Draft and retired rules do not run unless asked for."""
Predict = Callable[[Call], Predictions]
_KNOWN_ROLES = (Role.AGENT, Role.CUSTOMER)
_OTHER_CALLS = BilingualText("规则不适用于这类通话", "the rule is not about such calls")


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """Why one rule says what it says about one call."""

    rule: Rule
    result: RuleResult
    root: Trace | None
    """``None`` where the rule does not apply to the call, or is broken."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A rule ready to run."""

    rule: Rule
    node: Node
    clear: RuleResult
    needs_roles: frozenset[Role]


class Engine:
    """The rules of a pack, ready to run. May be shared by threads and sent to other processes' constructors."""

    def __init__(
        self, pack: RulePack, *, statuses: Collection[RuleStatus] = RUNNING, predict: Predict | None = None
    ) -> None:
        """``predict`` runs the classifiers on a call that comes without predictions, where a rule asks for them."""
        self.pack = pack
        with paused_collector():
            self._ready = [_prepare(rule) for rule in pack.rules if rule.status in statuses]
            self._clear = [ready.clear for ready in self._ready]
            self._index = NeedleIndex([ready.node.clause() for ready in self._ready])
        self._predict = predict if any(_asks_models(ready.node) for ready in self._ready) else None
        self._role_bound = [number for number, ready in enumerate(self._ready) if ready.needs_roles]
        self._filters: dict[tuple[tuple[str, tuple[str, ...]], ...], list[int]] = {}
        for number, ready in enumerate(self._ready):
            if ready.rule.applies_to:
                self._filters.setdefault(tuple(sorted(ready.rule.applies_to.items())), []).append(number)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that run, in the order of the results."""
        return tuple(ready.rule for ready in self._ready)

    def evaluate(self, call: Call) -> tuple[RuleResult, ...]:
        """One result for each rule that runs, in the order of ``rules``. A broken rule is an error, the rest go on."""
        view = CallView(self._predicted(call))
        results = list(self._clear)
        skipped = self._not_applicable(view, results)
        for number in self._index.candidates(view):
            if number not in skipped:
                results[number] = _judge(self._ready[number], view)
        return tuple(results)

    def explain(self, call: Call, rule_id: str) -> RuleTrace:
        """One rule's result on a call with the trace of all its conditions.

        Raises:
            KeyError: no rule with this id runs.
        """
        ready = next((ready for ready in self._ready if ready.rule.id == rule_id), None)
        if ready is None:
            raise KeyError(rule_id)
        view = CallView(self._predicted(call))
        refusal = _refusal(ready, call.metadata, view)
        if refusal is not None:
            return RuleTrace(ready.rule, refusal, None)
        result = _judge(ready, view)
        root = trace(ready.node, view) if result.outcome is not Outcome.ERROR else None
        return RuleTrace(ready.rule, result, root)

    def _predicted(self, call: Call) -> Call:
        if self._predict is None or call.predictions is not None:
            return call
        return replace(call, predictions=self._predict(call))

    def _not_applicable(self, view: CallView, results: list[RuleResult]) -> set[int]:
        """Numbers of the rules that are not about this call; their results are filled in."""
        skipped: set[int] = set()
        for wanted, numbers in self._filters.items():
            if not _applies(wanted, view.call.metadata):
                for number in numbers:
                    results[number] = _outcome(self._ready[number].rule, Outcome.NOT_APPLICABLE, _OTHER_CALLS)
                skipped.update(numbers)
        if Role.UNKNOWN in view.roles:
            for number in self._role_bound:
                missing = self._ready[number].needs_roles - view.roles
                if missing and number not in skipped:
                    results[number] = _roles_unknown(self._ready[number].rule, missing)
                    skipped.add(number)
        return skipped


def _asks_models(node: Node) -> bool:
    if isinstance(node, Leaf) and OPERATORS[node.operator].family == "models":
        return True
    return any(_asks_models(child) for child in node.children())


def _prepare(rule: Rule) -> _Ready:
    node = build(rule)
    meaning = sentence(node)
    clear = _outcome(rule, Outcome.CLEAR, BilingualText(f"未发现：{meaning.zh}", f"not found: {meaning.en}"))
    return _Ready(rule, node, clear, node.roles())


def _refusal(ready: _Ready, metadata: CallMetadata, view: CallView) -> RuleResult | None:
    """The result of a rule that is not about the call; ``None`` where it is."""
    if not _applies(tuple(ready.rule.applies_to.items()), metadata):
        return _outcome(ready.rule, Outcome.NOT_APPLICABLE, _OTHER_CALLS)
    missing = ready.needs_roles - view.roles
    if Role.UNKNOWN in view.roles and missing:
        return _roles_unknown(ready.rule, missing)
    return None


def _applies(wanted: Sequence[tuple[str, tuple[str, ...]]], metadata: CallMetadata) -> bool:
    return all(metadata.value(name) in values for name, values in wanted)


def _roles_unknown(rule: Rule, missing: frozenset[Role]) -> RuleResult:
    who = joined([ROLE_NAMES[role] for role in sorted(missing)], "、", " and ")
    text = BilingualText(f"录音分不清谁是{who.zh}", f"the recording does not tell who the {who.en} is")
    return _outcome(rule, Outcome.NOT_APPLICABLE, text)


def _judge(ready: _Ready, view: CallView) -> RuleResult:
    rule = ready.rule
    try:
        verdict = ready.node.evaluate(view, None)
        if verdict.truth is Truth.FALSE:
            return ready.clear
        if verdict.truth is Truth.UNKNOWN:
            doubt = verdict.doubt or BilingualText("", "")
            text = BilingualText(f"无法判断：{doubt.zh}", f"cannot be judged: {doubt.en}")
            return _outcome(rule, Outcome.NOT_EVALUABLE, text)
        explanation = hit_explanation(ready.node, verdict, view)
        return RuleResult(rule.id, Outcome.HIT, explanation, evidence_of(ready.node, verdict, view))
    except TimeoutError:
        limit_ms = SEARCH_LIMIT_S * 1000
        text = BilingualText(
            f"正则超过 {limit_ms:.0f} 毫秒未完成，请简化其中的重复",
            f"an expression took longer than {limit_ms:.0f} ms; simplify its repeats",
        )
    except Exception as error:
        LOGGER.exception("rule %s failed", rule.id)
        text = BilingualText(f"规则出错：{error!r}", f"the rule failed: {error!r}")
    return _outcome(rule, Outcome.ERROR, text)


def _outcome(rule: Rule, outcome: Outcome, explanation: BilingualText) -> RuleResult:
    return RuleResult(rule.id, outcome, explanation)

"""From what an author wrote to conditions that run."""

from collections.abc import Mapping

from pipeline.domain.calls import Role
from pipeline.domain.results import BilingualText
from rules.nodes import Group, Leaf, Named, Node, Not, Steps
from rules.operators.phrase import PhraseSpec
from rules.rule import Rule
from rules.schema import THIS, AnchorSpec, Condition, ConditionBase
from rules.scope import Anchor, Scope, WindowSpec

_THIS_NAME = BilingualText("该处", "this")


def build(rule: Rule) -> Node:
    """The condition of a rule, ready to run. The rule's references have been checked by the loader."""
    return _Builder(rule.conditions).node(rule.when, Scope())


class _Builder:
    """Builds the conditions of one rule, each named one once."""

    def __init__(self, conditions: Mapping[str, Condition]) -> None:
        self._conditions = conditions
        self._named: dict[str, Named] = {}

    def node(self, part: "ConditionBase | str", inherited: Scope) -> Node:
        if isinstance(part, str):
            return self._name(part)
        scope = self._scope(part, inherited)
        if part.not_ is not None:
            return Not(self.node(part.not_, scope), _means(part))
        where = self.node(part.where, Scope()) if part.where is not None else None
        unless = self.node(part.unless, Scope()) if part.unless is not None else None
        if part.sequence is not None:
            steps = tuple(self.node(step, scope) for step in part.sequence.steps)
            limits = part.sequence
            return Steps(steps, limits.within_turns, limits.within_s, where, unless, _means(part))
        group = self._group(part, scope)
        if group is not None:
            return Group(group[0], group[1], where, unless, _means(part))
        return self._leaf(part, scope, where, unless)

    def _group(self, part: ConditionBase, scope: Scope) -> tuple[tuple[Node, ...], int] | None:
        if part.all_ is not None:
            return tuple(self.node(inner, scope) for inner in part.all_), len(part.all_)
        if part.any_ is not None:
            return tuple(self.node(inner, scope) for inner in part.any_), 1
        if part.at_least is not None:
            return tuple(self.node(inner, scope) for inner in part.at_least.of), part.at_least.count
        return None

    def _leaf(self, part: ConditionBase, scope: Scope, where: Node | None, unless: Node | None) -> Node:
        found = part.operator()
        if found is None:
            raise ValueError("a condition without an operator")
        operator, spec = found
        means = _means(part)
        if isinstance(spec, PhraseSpec) and spec.none is not None:
            positive = spec.model_copy(update={"any": spec.none, "none": None})
            leaf = Leaf(operator.name, operator.finder(positive), scope, True, where, unless)
            return Not(leaf, means)
        return Leaf(operator.name, operator.finder(spec), scope, operator.reads_words, where, unless, means)

    def _name(self, name: str) -> Node:
        if name not in self._named:
            self._named[name] = Named(name, self.node(self._conditions[name], Scope()))
        return self._named[name]

    def _scope(self, part: ConditionBase, inherited: Scope) -> Scope:
        """The condition's own scope; what it leaves open is the surrounding group's."""
        anchors = tuple(self._anchor(direction, spec) for direction, spec in part.anchors())
        role: Role | None = part.role
        window: WindowSpec | None = part.window
        return Scope(role or inherited.role, window or inherited.window, anchors or inherited.anchors)

    def _anchor(self, direction: str, spec: AnchorSpec) -> Anchor:
        if spec.condition == THIS:
            return Anchor(direction, None, spec, _THIS_NAME)  # type: ignore[arg-type]
        node = self.node(spec.condition, Scope())
        name = node.means
        if name is None:
            name = (
                BilingualText(f"「{spec.condition}」", f"“{spec.condition}”")
                if isinstance(spec.condition, str)
                else BilingualText("所指内容", "what is named")
            )
        return Anchor(direction, node, spec, name)  # type: ignore[arg-type]


def _means(part: ConditionBase) -> BilingualText | None:
    return part.means.text() if part.means is not None else None

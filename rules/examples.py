"""Runs the examples that stand beside each rule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pipeline.domain.calls import CallMetadata, Direction, Role, Transcript, Turn
from pipeline.domain.results import Call, Outcome, RuleResult, RuleStatus
from pipeline.domain.signals import Loudness, Signals
from rules.engine import Engine
from rules.rule import Rule, RulePack
from rules.schema import Example, ExampleTurn, HitExample

CHARACTERS_PER_S = 4.0
"""Speech rate of examples without times: 240 characters a minute, the middle of what the standard accepts."""
GAP_S = 0.3
"""Pause between turns of examples without times."""

Measure = Callable[[Transcript], Signals]
"""Measures a transcript; ``pipeline.audio.signals.measure_signals`` is one."""


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """What came of one example of a rule."""

    rule_id: str
    source: str
    """The rule's file."""
    name: str
    """``hits[0]``, as in the file."""
    problem: str | None
    """What is wrong, with what to look at; ``None`` where the example holds."""
    result: RuleResult | None


def run_examples(pack: RulePack, measure: Measure) -> tuple[ExampleResult, ...]:
    """The result of every example of every rule, drafts and retired rules too."""
    return tuple(result for rule in pack.rules for result in run_rule_examples(rule, measure))


def run_rule_examples(rule: Rule, measure: Measure) -> tuple[ExampleResult, ...]:
    """The results of one rule's examples: hits with their quote, clear ones, known gaps still open."""
    engine = Engine(RulePack((replace(rule, status=RuleStatus.ACTIVE),), ""))
    found: list[ExampleResult] = []
    kinds: tuple[tuple[str, Sequence[Example]], ...] = (
        ("hits", rule.examples.hits),
        ("clear", rule.examples.clear),
        ("known_gaps", rule.examples.known_gaps),
    )
    for kind, examples in kinds:
        for index, example in enumerate(examples):
            (result,) = engine.evaluate(example_call(example, measure))
            problem = _problem(kind, example, result)
            found.append(ExampleResult(rule.id, rule.source, f"{kind}[{index}]", problem, result))
    return tuple(found)


def _problem(kind: str, example: Example, result: RuleResult) -> str | None:
    """What is wrong with an example's result."""
    said = f"it is {result.outcome}: {result.explanation.zh}"
    if isinstance(example, HitExample):
        if result.outcome is not Outcome.HIT:
            return f"should be a hit, but {said}"
        quotes = [piece.quote for piece in result.evidence]
        if example.quote not in quotes:
            return f"should quote '{example.quote}', but quotes {quotes}"
        return None
    if kind == "clear":
        return None if result.outcome is Outcome.CLEAR else f"should be clear, but {said}"
    should = getattr(example, "should", "")
    closed = (result.outcome is Outcome.HIT) == (should == "hit")
    return f"the gap is closed: move it to {'hits' if should == 'hit' else 'clear'}" if closed else None


def example_call(example: Example, measure: Measure) -> Call:
    """The call of an example. Turns follow each other at an ordinary pace, but for silences and overlaps given."""
    turns: list[Turn] = []
    now_s = 0.0
    for item in example.turns:
        if item.silence_s is not None:
            now_s += item.silence_s - GAP_S
            continue
        turn = _turn(item, len(turns), now_s)
        turns.append(turn)
        now_s = turn.end_s + GAP_S
    # Turns are ordered by start; an overlap never moves a turn before the one it interrupts.
    transcript = Transcript(tuple(turns), duration_s=max(0.0, now_s))
    signals = measure(transcript)
    spoken = [item for item in example.turns if item.silence_s is None]
    if any(item.louder_db is not None for item in spoken):
        levels = tuple(Loudness(index, 0.0, item.louder_db or 0.0) for index, item in enumerate(spoken))
        signals = replace(signals, loudness=levels)
    return Call(transcript, _metadata(example), signals)


def _turn(item: ExampleTurn, index: int, now_s: float) -> Turn:
    text = item.text or ""
    start_s = now_s
    if item.overlap_s is not None:
        start_s = max(0.0, now_s - GAP_S - item.overlap_s)
    return Turn(
        index=index,
        role=item.role or Role.UNKNOWN,
        start_s=start_s,
        end_s=start_s + (item.length_s or max(0.5, len(text) / CHARACTERS_PER_S)),
        text=text,
    )


def _metadata(example: Example) -> CallMetadata:
    given = dict(example.metadata)
    direction = given.pop("direction", None)
    score = given.pop("survey_score", None)
    return CallMetadata(
        agent=given.pop("agent", None),
        team=given.pop("team", None),
        skill=given.pop("skill", None),
        queue=given.pop("queue", None),
        customer_id=given.pop("customer_id", None),
        direction=Direction(direction) if direction is not None else None,
        survey_score=float(score) if score is not None else None,
        extra=given,
    )

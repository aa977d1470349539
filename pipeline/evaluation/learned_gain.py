"""Conditions that a rule learns from its own confirmed and rejected turns, and whether they are worth having.

The gain is that of the rule with the condition as an alternative over the rule as it is, on calls that the condition
has not learnt from, with a threshold that was chosen on yet other calls.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from models.artifact import Artifact
from models.calibration import Aim
from models.examples import TurnExample
from models.problems import FOLDS, turn_problem
from models.recipe import RULE_TASK
from models.training import Provenance, Training, train
from pipeline.domain.calls import CallMetadata, Role
from pipeline.domain.errors import ConfigError
from pipeline.domain.intervals import Interval
from pipeline.domain.results import Call, Outcome, RuleResult
from pipeline.evaluation.model_labels import LabelledText
from pipeline.evaluation.rule_quality import Counts

LEAST_POSITIVES = 30
"""Confirmed turns: with fewer, what is learnt are their topics, not what is wrong in them."""
RESAMPLES = 1_000
NEVER = 2.0
"""A threshold that no probability reaches: the rule as it is."""

Evaluate = Callable[[Call], Sequence[RuleResult]]


@dataclass(frozen=True, slots=True)
class JudgedCall:
    """One labelled call: what people, the rule, and the condition say."""

    label: bool
    by_rule: bool
    likeliest: float
    """Highest held-out probability of its turns; 0 where none can be judged."""


@dataclass(frozen=True, slots=True)
class Gain:
    """What a learned condition adds to its rule."""

    words_only: Counts
    with_learned: Counts
    f1: float
    """Difference of both F1."""
    f1_ci: Interval
    """95 % interval of the difference."""
    threshold: float

    @property
    def pays(self) -> bool:
        """Whether there is a gain that is not chance."""
        return self.f1_ci.low > 0


@dataclass(frozen=True, slots=True)
class LearnedRule:
    """A trained condition and its gain."""

    training: Training
    artifact: Artifact
    """With the threshold that pays most."""
    gain: Gain


def learn_condition(
    rule: str,
    counted: Sequence[LabelledText],
    others: Sequence[LabelledText],
    evaluate: Evaluate,
    provenance: Provenance,
    *,
    tell: Callable[[str], None] = lambda _: None,
) -> LearnedRule:
    """A condition for a rule, and what it adds to the rule on the calls that count.

    ``others`` are learnt from, never judged by.
    Raises:
        ConfigError: too few turns show the rule, or none of the calls is judged for it.
    """
    judged = [text for text in counted if rule in text.labels]
    if not any(text.labels[rule] for text in judged):
        raise ConfigError(f"rule {rule}: none of the {len(counted)} calls is labelled true for it, nothing to gain on")
    role = _speaker(rule, [*counted, *others])
    examples = [
        *_turns(rule, role, judged, judged_by=True),
        *_turns(rule, role, others, judged_by=False),
    ]
    confirmed = sum(example.label == "yes" for example in examples)
    if confirmed < LEAST_POSITIVES:
        raise ConfigError(
            f"rule {rule}: {confirmed} turns show it, a learned condition takes {LEAST_POSITIVES}: confirm more hits,"
            " or add labelled calls with --also"
        )
    problem = turn_problem(RULE_TASK + rule, examples)
    training = train(problem, aim=Aim(precision=0.8), provenance=provenance, progress=tell)
    held_out = dict[str, float]()
    for call, probability in zip(training.held_out.groups, training.held_out.of_class(1)[0], strict=True):
        held_out[call] = max(held_out.get(call, 0.0), probability)
    cases = [
        JudgedCall(text.labels[rule], _rule_hits(rule, text, evaluate), held_out.get(text.recording, 0.0))
        for text in judged
    ]
    gain = measure_gain(cases)
    rule_said = f"the best F1 beside rule {rule}: {_percent(gain)}"
    artifact = replace(
        training.artifact,
        threshold=min(1.0, gain.threshold),
        role=role,
        card=replace(training.artifact.card, threshold_rule=rule_said),
    )
    return LearnedRule(training, artifact, gain)


def measure_gain(cases: Sequence[JudgedCall]) -> Gain:
    """What the condition adds. Each fifth of the calls is judged with the threshold that is best on the other four."""
    import numpy as np

    together = [False] * len(cases)
    for fold in range(FOLDS):
        threshold = best_threshold([case for number, case in enumerate(cases) if number % FOLDS != fold])
        for number in range(fold, len(cases), FOLDS):
            together[number] = cases[number].by_rule or cases[number].likeliest >= threshold
    alone = [case.by_rule for case in cases]
    labels = [case.label for case in cases]
    random = np.random.default_rng(0)
    differences = []
    for _ in range(RESAMPLES):
        rows = random.integers(len(cases), size=len(cases)).tolist()
        drawn = [[values[row] for row in rows] for values in (labels, together, alone)]
        differences.append((_count(drawn[0], drawn[1]).f1 or 0.0) - (_count(drawn[0], drawn[2]).f1 or 0.0))
    low, high = np.quantile(differences, [0.025, 0.975])
    words_only, with_learned = _count(labels, alone), _count(labels, together)
    return Gain(
        words_only=words_only,
        with_learned=with_learned,
        f1=(with_learned.f1 or 0.0) - (words_only.f1 or 0.0),
        f1_ci=Interval(float(low), float(high)),
        threshold=best_threshold(cases),
    )


def best_threshold(cases: Sequence[JudgedCall]) -> float:
    """The threshold at which rule or condition have the best F1; ``NEVER`` where the rule alone has.

    >>> best_threshold([JudgedCall(True, False, 0.8), JudgedCall(False, False, 0.4), JudgedCall(True, True, 0.1)])
    0.8
    """
    labels = [case.label for case in cases]
    best, best_f1 = NEVER, _count(labels, [case.by_rule for case in cases]).f1 or 0.0
    for threshold in sorted({case.likeliest for case in cases if case.likeliest > 0}, reverse=True):
        f1 = _count(labels, [case.by_rule or case.likeliest >= threshold for case in cases]).f1 or 0.0
        if f1 > best_f1:
            best, best_f1 = threshold, f1
    return best


def _count(labels: Sequence[bool], hits: Sequence[bool]) -> Counts:
    kinds = Counter(zip(labels, hits, strict=True))
    return Counts(kinds[True, True], kinds[False, True], kinds[True, False], kinds[False, False])


def _speaker(rule: str, texts: Sequence[LabelledText]) -> Role:
    """Who says what the rule's quotes quote."""
    speakers = Counter(
        turn.role
        for text in texts
        if text.labels.get(rule)
        for turn in text.transcript.turns
        if any(quote in turn.text for quote in text.quotes.get(rule, ()))
    )
    if not speakers:
        raise ConfigError(
            f'rule {rule}: no quote in "evidence" says which turn shows it (docs/labels.md); what is an absence or a'
            " silence cannot be learnt from words"
        )
    return speakers.most_common(1)[0][0]


def _turns(rule: str, role: Role, texts: Sequence[LabelledText], *, judged_by: bool) -> list[TurnExample]:
    """Quoted turns are ``yes``, all of a rejected call ``no``; the others of a confirmed call nobody judged."""
    found = []
    for text in texts:
        if rule not in text.labels:
            continue
        for turn in text.transcript.turns:
            quoted = any(quote in turn.text for quote in text.quotes.get(rule, ()))
            if turn.role == role and turn.text.strip() and quoted == text.labels[rule]:
                found.append(TurnExample(turn.text, "yes" if quoted else "no", text.recording, judged_by))
    return found


def _rule_hits(rule: str, text: LabelledText, evaluate: Evaluate) -> bool:
    call = Call(text.transcript, CallMetadata(extra=text.metadata), text.signals)
    return any(result.rule_id == rule and result.outcome == Outcome.HIT for result in evaluate(call))


def _percent(gain: Gain) -> str:
    return f"F1 {gain.words_only.f1 or 0.0:.2f} to {gain.with_learned.f1 or 0.0:.2f} on calls kept apart"

"""What conditions that rules learn from confirmed and rejected turns add to the rules."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from benchmarks.model_tables import DIALOGUES, SHARED, Section, draws, missing
from models.calibration import Aim, choose_threshold
from models.predict import predict_by_default, probability_of_turns
from models.training import Provenance
from pipeline.domain.calls import CallMetadata
from pipeline.domain.errors import ConfigError
from pipeline.domain.results import Call, Outcome, RuleResult
from pipeline.evaluation.learned_gain import NEVER, Evaluate, LearnedRule, learn_condition
from pipeline.evaluation.model_labels import LabelledText, read_texts
from rules.engine import Engine
from rules.loader import load_packs, load_sources, standard_pack_dir

if TYPE_CHECKING:
    from rules.rule import RulePack

LABELLED = SHARED / "labelled_calls.jsonl"
READ = tuple(DIALOGUES / name for name in ("train.jsonl", "heldout.jsonl"))
RULE_TURNS = DIALOGUES / "rule_turns.jsonl"
JUDGE = DIALOGUES / "judge.jsonl"
CANDIDATES = ("insult", "shirking", "overpromise", "forbidden-phrase", "escalation-risk", "churn-risk")
FOLDS = 5
SURE = Aim(precision=0.9)
"""What a condition alone must reach where it may only add sure finds."""
WAYS = ("or, best F1 together", "or, best F1 of its own", "or, at precision 0.9")
DRAFTS = {
    "insult": "神经病, 去死, 要不要脸, 不要脸, 无赖, 没本事",
    "shirking": "不归我管, 不归我们管, 不是我们部门, 不是我的事, 不归这边管",
    "overpromise": "百分之百, 保证, 稳赚不赔, 零风险, 绝对",
    "forbidden-phrase": "喂, 不知道, 不清楚, 不明白, 想好了再打, 什么意思, 没办法",
    "escalation-risk": "投诉, '12315', 消协, 工商, 曝光, 媒体, 律师, 起诉, 骗子, 叫领导, 叫你们领导",
    "churn-risk": "不用了, 换一家, 注销, 销户",
}
"""The words that a definition names, as a rule's first draft. Source: the list of rules in domain.md."""
DRAFT = """id: {rule}
title: {{zh: 初稿, en: first draft}}
why: {{zh: 政策, en: policy}}
severity: minor
error_class: non-critical
status: active
when:
  phrase: [{words}]
  role: {role}
"""


@dataclass(frozen=True)
class Judged:
    """One call: what people, the rule and the condition say."""

    label: bool
    by_rule: bool
    likeliest: float


Join = Callable[[Any, Any], Any]
"""What the rule and the condition say, joined: of one call, or of arrays of calls."""


def either(by_rule: Any, by_condition: Any) -> Any:
    """The condition as an alternative."""
    return by_rule | by_condition


def both(by_rule: Any, by_condition: Any) -> Any:
    """The condition as one more thing that must hold."""
    return by_rule & by_condition


def compare_conditions() -> list[Section]:
    """All tables, or why they are left out."""
    if not LABELLED.exists():
        return [missing("Learned conditions", LABELLED)]
    labelled, read = read_texts([LABELLED]), read_texts(READ)
    turns, judge = read_texts([RULE_TURNS]), read_texts([JUDGE])
    pack = load_packs([standard_pack_dir()])
    standard = remembering(Engine(pack, predict=predict_by_default))
    sections = [_every_rule(pack, standard, labelled, [*read, *turns])]
    learned = {rule: _learn(rule, standard, [*labelled, *read], turns) for rule in CANDIDATES}
    calls = [*labelled, *read]
    hits = {"the standard rule": _hits(standard, calls, CANDIDATES), "a first draft": _drafted(calls)}
    judge_hits = {"the standard rule": _hits(standard, judge, CANDIDATES), "a first draft": _drafted(judge)}
    for name in hits:
        sections.append(_joined(name, learned, calls, hits[name]))
    for name in hits:
        sections.append(_on_judging_calls(name, learned, calls, judge, hits[name], judge_hits[name]))
    return sections


def remembering(engine: Engine) -> Evaluate:
    """What the engine says of a call, asked once for each transcript; the transcripts must stay."""
    known: dict[int, Sequence[RuleResult]] = {}

    def evaluate(call: Call) -> Sequence[RuleResult]:
        key = id(call.transcript)
        if key not in known:
            known[key] = engine.evaluate(call)
        return known[key]

    return evaluate


def _learn(
    rule: str, evaluate: Evaluate, counted: Sequence[LabelledText], others: Sequence[LabelledText]
) -> LearnedRule:
    provenance = Provenance((), "not for distribution", datetime.now(UTC).date().isoformat())
    return learn_condition(rule, counted, others, evaluate, provenance)


def _every_rule(
    pack: "RulePack", evaluate: Evaluate, labelled: Sequence[LabelledText], others: Sequence[LabelledText]
) -> Section:
    """Every labelled rule, as ``earmark models train --task rule:ID`` does it."""
    rows: list[tuple[str, ...]] = []
    for rule in sorted({name for text in labelled for name in text.labels if name in _ids(pack)}):
        positives = sum(text.labels.get(rule, False) for text in labelled)
        try:
            gain = _learn(rule, evaluate, labelled, others).gain
        except ConfigError as error:
            rows.append((rule, str(positives), "", "", "", str(error).split(": ", 1)[1].split(":")[0].split(";")[0]))
            continue
        alone, joined = gain.words_only, gain.with_learned
        rows.append(_row(rule, positives, _f1(alone.tp, alone.fp, alone.fn), gain.f1, gain.f1_ci, joined.f1 or 0.0))
    title = f"Every rule on the {len(labelled)} labelled calls, which rule authors have read; condition as alternative"
    return Section(title, ("rule", "positive", "F1 alone", "F1 with condition", "gain [95 %]", "why not"), tuple(rows))


def _row(
    rule: str, positives: int, alone: float, gain: float, ci: tuple[float, float], joined: float
) -> tuple[str, ...]:
    return rule, str(positives), f"{alone:.2f}", f"{joined:.2f}", f"{gain:+.3f} [{ci[0]:+.3f} – {ci[1]:+.3f}]", ""


def _ids(pack: "RulePack") -> frozenset[str]:
    return frozenset(rule.id for rule in pack.rules)


def _hits(evaluate: Evaluate, texts: Sequence[LabelledText], rules: Sequence[str]) -> dict[str, frozenset[str]]:
    """By rule the recordings that it hits."""
    found: dict[str, set[str]] = {rule: set() for rule in rules}
    for text in texts:
        call = Call(text.transcript, CallMetadata(extra=text.metadata), text.signals)
        for result in evaluate(call):
            if result.outcome == Outcome.HIT and result.rule_id in found:
                found[result.rule_id].add(text.recording)
    return {rule: frozenset(recordings) for rule, recordings in found.items()}


def _drafted(texts: Sequence[LabelledText]) -> dict[str, frozenset[str]]:
    sources = []
    for rule, words in DRAFTS.items():
        role = "customer" if rule.endswith("-risk") else "agent"
        sources.append((f"draft/{rule}.yaml", DRAFT.format(rule=rule, words=words, role=role)))
    return _hits(Engine(load_sources(sources)).evaluate, texts, CANDIDATES)


def _joined(
    name: str, learned: Mapping[str, LearnedRule], calls: Sequence[LabelledText], hits: Mapping[str, frozenset[str]]
) -> Section:
    """Four ways to join, each threshold chosen on other calls than those it is judged on."""
    rows = []
    for rule, of_rule in learned.items():
        cases = _cases(rule, of_rule, calls, hits[rule])
        labels, alone = [case.label for case in cases], [case.by_rule for case in cases]
        ways = ((either, best), (either, own), (either, sure), (both, best))
        cells = [_gain(labels, apart(cases, join, choose), alone) for join, choose in ways]
        rows.append((rule, str(sum(labels)), f"{_f1_of(labels, alone):.2f}", *cells))
    title = f"{name} on {len(calls)} calls that rule authors have read; gain in F1 by way to join"
    headings = ("rule", "positive", "F1 alone", *WAYS, "and, best F1 together")
    return Section(title[0].upper() + title[1:], headings, tuple(rows))


def _cases(rule: str, learned: LearnedRule, calls: Sequence[LabelledText], hits: frozenset[str]) -> list[Judged]:
    held_out = learned.training.held_out
    likeliest: dict[str, float] = {}
    for call, probability in zip(held_out.groups, held_out.of_class(1)[0], strict=True):
        likeliest[call] = max(likeliest.get(call, 0.0), probability)
    return [
        Judged(text.labels[rule], text.recording in hits, likeliest.get(text.recording, 0.0))
        for text in calls
        if rule in text.labels
    ]


def best(cases: Sequence[Judged], join: Join) -> float:
    """The threshold at which rule and condition joined have the best F1: 0 or ``NEVER`` leave the rule alone."""
    import numpy as np

    labels, by_rule, likeliest = (np.array(values) for values in zip(*map(astuple, cases), strict=True))
    choices = np.array([NEVER if join is either else 0.0, *sorted({case.likeliest for case in cases})])
    hits = join(by_rule, likeliest >= choices[:, None])
    f1 = 2 * (hits & labels).sum(axis=1) / np.maximum(1, hits.sum(axis=1) + labels.sum())
    return float(choices[int(f1.argmax())])


def own(cases: Sequence[Judged], join: Join) -> float:
    """The threshold at which the condition alone has the best F1, whatever the rule finds."""
    return best([Judged(case.label, False, case.likeliest) for case in cases], either)


def sure(cases: Sequence[Judged], join: Join) -> float:
    """The threshold from which the condition alone has the precision of ``SURE``; ``NEVER`` where none has."""
    chosen = choose_threshold([case.likeliest for case in cases], [case.label for case in cases], SURE)
    return chosen.value if chosen.rule.startswith("precision") else NEVER


def apart(cases: Sequence[Judged], join: Join, choose: Callable[[Sequence[Judged], Join], float]) -> list[bool]:
    """Hits of rule and condition joined, each fifth of the calls with the threshold of the other four."""
    hits = [False] * len(cases)
    for fold in range(FOLDS):
        threshold = choose([case for number, case in enumerate(cases) if number % FOLDS != fold], join)
        for number in range(fold, len(cases), FOLDS):
            hits[number] = join(cases[number].by_rule, cases[number].likeliest >= threshold)
    return hits


def _on_judging_calls(
    name: str,
    learned: Mapping[str, LearnedRule],
    calls: Sequence[LabelledText],
    judge: Sequence[LabelledText],
    hits: Mapping[str, frozenset[str]],
    judge_hits: Mapping[str, frozenset[str]],
) -> Section:
    """Conditions learnt from all other calls, on calls that nobody has read."""
    rows = []
    for rule, of_rule in learned.items():
        cases = []
        for text in judge:
            said = [turn.text for turn in text.transcript.turns if turn.role == of_rule.artifact.role]
            found = [float(one[0]) for one in probability_of_turns(of_rule.artifact, None, said) if one is not None]
            cases.append(Judged(text.labels[rule], text.recording in judge_hits[rule], max(found, default=0.0)))
        labels, alone = [case.label for case in cases], [case.by_rule for case in cases]
        cells = []
        for choose in (best, own, sure):
            threshold = choose(_cases(rule, of_rule, calls, hits[rule]), either)
            joined = [either(case.by_rule, case.likeliest >= threshold) for case in cases]
            added = [case.label for case in cases if not case.by_rule and case.likeliest >= threshold]
            cells += [f"+{sum(added)} right, +{len(added) - sum(added)} wrong", _gain(labels, joined, alone)]
        rows.append((rule, str(sum(labels)), f"{_f1_of(labels, alone):.2f}", *cells))
    title = f"{name} on the {len(judge)} judging calls; condition and threshold from the {len(calls)} others"
    headings = ("rule", "positive", "F1 alone", *(cell for name in WAYS for cell in (name, "gain [95 %]")))
    return Section(title[0].upper() + title[1:], headings, tuple(rows))


def _gain(labels: Sequence[bool], joined: Sequence[bool], alone: Sequence[bool]) -> str:
    """The difference of both F1, with its interval by a bootstrap over calls."""
    import numpy as np

    rows = np.stack(draws([str(number) for number in range(len(labels))]))
    true = np.array(labels)
    f1 = []
    for hits in (np.array(joined), np.array(alone)):
        there_or_found = hits[rows].sum(axis=1) + true[rows].sum(axis=1)
        f1.append(2 * (hits & true)[rows].sum(axis=1) / np.maximum(1, there_or_found))
    low, high = np.quantile(f1[0] - f1[1], [0.025, 0.975])
    return f"{_f1_of(labels, joined) - _f1_of(labels, alone):+.3f} [{low:+.3f} – {high:+.3f}]"


def _f1_of(labels: Sequence[bool], hits: Sequence[bool]) -> float:
    """F1, 0 where nothing is there or found."""
    found = sum(label and hit for label, hit in zip(labels, hits, strict=True))
    return _f1(found, sum(hits) - found, sum(labels) - found)


def _f1(tp: int, fp: int, fn: int) -> float:
    return 2 * tp / (2 * tp + fp + fn) if tp else 0.0

"""Calls built from a few words, for tests."""

from collections.abc import Sequence
from dataclasses import replace

from pipeline.audio.signals import measure_signals
from pipeline.domain.calls import CallMetadata, Role, Span, Transcript, Turn, Word
from pipeline.domain.results import Call, RuleResult
from pipeline.domain.signals import Coverage
from rules.engine import Engine
from rules.loader import load_sources
from rules.rule import RulePack

ROLES = {"A": Role.AGENT, "C": Role.CUSTOMER, "U": Role.UNKNOWN}


def call(*lines: str, gaps: Sequence[float] = (), tail_s: float = 0.0, metadata: CallMetadata | None = None) -> Call:
    """A call of lines such as ``A: 您好``: four characters a second, 1 s between turns or what ``gaps`` says."""
    turns: list[Turn] = []
    now_s = 0.0
    for index, line in enumerate(lines):
        role, text = line.split(": ", 1)
        length_s = len(text) / 4
        turns.append(Turn(index, ROLES[role], now_s, now_s + length_s, text))
        now_s += length_s + (gaps[index] if index < len(gaps) else 1.0)
    end_s = turns[-1].end_s if turns else 0.0
    transcript = Transcript(tuple(turns), duration_s=end_s + tail_s)
    return Call(transcript, metadata or CallMetadata(), measure_signals(transcript))


def with_coverage(base: Call, *unwritten: Span, role: Role = Role.AGENT) -> Call:
    """The call with speech that was heard and not written."""
    lost_s = sum(span.duration_s for span in unwritten)
    coverage = Coverage(0, role, heard_s=10.0 + lost_s, written_s=10.0, unwritten=unwritten)
    return replace(base, signals=replace(base.signals, coverage=(coverage,)))


def with_words(base: Call, probability: float) -> Call:
    """The call with a word for each character, all of one probability."""
    turns = []
    for turn in base.transcript.turns:
        step_s = turn.span.duration_s / len(turn.text)
        words = tuple(
            Word(c, turn.start_s + i * step_s, turn.start_s + (i + 1) * step_s, probability)
            for i, c in enumerate(turn.text)
        )
        turns.append(replace(turn, words=words))
    return replace(base, transcript=replace(base.transcript, turns=tuple(turns)))


def rule_yaml(body: str, *, rule_id: str = "tested", extra: str = "") -> str:
    """A rule file with the usual head. ``body`` is what follows, from ``when`` on."""
    head = (
        f"id: {rule_id}\ntitle: {{zh: 测, en: test}}\nwhy: {{zh: 政策, en: policy}}\n"
        f"severity: minor\nerror_class: non-critical\nstatus: active\n{extra}"
    )
    return head + body + "\n"


def pack(*bodies: str, extra: str = "") -> RulePack:
    """A pack of rules given by what follows their head; ids are r0, r1, …"""
    files = [
        (f"p/r{number}.yaml", rule_yaml(body, rule_id=f"r{number}", extra=extra)) for number, body in enumerate(bodies)
    ]
    return load_sources(files)


def judge(body: str, of: Call, *, extra: str = "") -> RuleResult:
    """The result of one rule on a call."""
    (result,) = Engine(pack(body, extra=extra)).evaluate(of)
    return result

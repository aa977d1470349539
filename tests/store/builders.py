"""Recordings and results for tests of the store and the batch."""

from dataclasses import replace
from datetime import UTC, datetime

from pipeline.domain.calls import AudioFormat, CallMetadata, Recording, Role, Transcript, Turn, Word
from pipeline.domain.predictions import (
    Abstention,
    MovingFeature,
    MovingWord,
    Prediction,
    Predictions,
    Sentiment,
    TurnSentiment,
)
from pipeline.domain.results import (
    BilingualText,
    ErrorClass,
    Evidence,
    Findings,
    Outcome,
    ProcessedCall,
    RuleHeading,
    RuleResult,
    RuleStatus,
    Severity,
)
from pipeline.domain.signals import Signals, Silence
from pipeline.store.recordings import FoundFile
from pipeline.store.results import Run

AT = datetime(2026, 11, 26, 9, tzinfo=UTC)
FORMAT = AudioFormat(30.0, 8000, 2, "pcm_s16le", "wav")


def recording(number: int = 1, **changes) -> Recording:
    made = Recording(
        f"{number:064x}", f"c{number}.wav", f"/calls/c{number}.wav", 1000 + number, CallMetadata(agent="A1")
    )
    return replace(made, **changes)


def found(made: Recording, **changes) -> FoundFile:
    return replace(FoundFile(made, mtime_ns=1, described=True), **changes)


def heading(
    rule_id: str, severity: Severity = Severity.CRITICAL, status: RuleStatus = RuleStatus.ACTIVE
) -> RuleHeading:
    title = BilingualText(f"规则{rule_id}", f"Rule {rule_id}")
    return RuleHeading(rule_id, title, severity, ErrorClass.NON_CRITICAL, status)


HEADINGS = (
    heading("insult"),
    heading("escalation-risk", Severity.ALERT),
    heading("closing-missing", Severity.MINOR),
    heading("trial", status=RuleStatus.SHADOW),
)


def run(run_id: str = "run1", **changes) -> Run:
    return replace(Run(run_id, "run", "0.1+src.x", "p" * 64, HEADINGS, "a" * 64), **changes)


def result(rule_id: str, outcome: Outcome = Outcome.HIT, *starts_s: float) -> RuleResult:
    evidence = tuple(
        Evidence(
            start, start + 1, Role.AGENT, "神经病", turn=1, char_start=1, char_end=4, confidence=0.5, by_sound=True
        )
        for start in (starts_s or (3.0,))
    )
    return RuleResult(rule_id, outcome, BilingualText("因为", "because"), evidence if outcome == Outcome.HIT else ())


def processed(*results: RuleResult) -> ProcessedCall:
    words = (Word("你", 3.0, 3.2, 0.9), Word("神经病", 3.2, 3.9, 0.5))
    turns = (
        Turn(0, Role.CUSTOMER, 0.5, 2.5, "喂？", 1),
        Turn(1, Role.AGENT, 3.0, 3.9, "你神经病", 0, words),
    )
    signals = Signals(silences=(Silence(4.0, 30.0, Role.AGENT, None),), last_speaker=Role.AGENT)
    return ProcessedCall(FORMAT, Transcript(turns, 30.0), signals, Findings(results))


def predicted(*, dissatisfied: float | None, escalation: float | None) -> Predictions:
    def of(task: str, probability: float | None) -> Prediction:
        word = MovingWord(1, 1, 4, "神经病", 1.5)
        why_not = Abstention.TOO_SHORT if probability is None else None
        return Prediction(task, probability, 0.5, "m" * 64, why_not, (word,), (MovingFeature("thanks", 0.25),))

    sentiment = TurnSentiment(0, Sentiment.NEGATIVE, 0.75, 0.125)
    return Predictions(of("dissatisfied", dissatisfied), of("escalation", escalation), (sentiment,), "s" * 64, 0.5)

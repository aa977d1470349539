"""The standard pack on the labelled calls it was tuned on: a change must not lose what was won.

The figures are not an estimate of quality, see docs/rules.md.
"""

import json
from pathlib import Path

import pytest

from pipeline.audio.signals import measure_signals
from pipeline.domain.calls import CallMetadata, Role, Transcript, Turn
from pipeline.domain.results import Call, Outcome
from rules.engine import Engine
from rules.loader import load_packs, standard_pack_dir

LABELS = Path(__file__).parents[3] / "shared" / "data" / "labelled_calls.jsonl"


@pytest.mark.slow
@pytest.mark.skipif(not LABELS.exists(), reason=f"the labelled calls are not at {LABELS}")
def test_labelled_calls() -> None:
    engine = Engine(load_packs([standard_pack_dir()]))
    counts: dict[str, list[int]] = {}
    for line in LABELS.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        turns = tuple(
            Turn(index, Role(t["role"]), t["start_s"], t["end_s"], t["text"]) for index, t in enumerate(case["turns"])
        )
        transcript = Transcript(turns, case["duration_s"])
        for result in engine.evaluate(Call(transcript, CallMetadata(), measure_signals(transcript))):
            if result.rule_id in case["labels"]:
                label, hit = case["labels"][result.rule_id], result.outcome is Outcome.HIT
                count = counts.setdefault(result.rule_id, [0, 0, 0])
                count[0] += label and hit
                count[1] += hit and not label
                count[2] += label and not hit
    tp, fp, fn = (sum(column) for column in zip(*counts.values(), strict=True))
    assert len(counts) == 20
    assert tp / (tp + fp) >= 0.97
    assert tp / (tp + fn) >= 0.97
    for rule_id, (hits, false_hits, misses) in counts.items():
        assert 2 * hits / (2 * hits + false_hits + misses) >= 0.8, rule_id

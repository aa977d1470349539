"""The standard pack on the labelled calls it was tuned on: a change must not lose what was won.

The figures are not an estimate of quality, see docs/rules.md.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from pipeline.audio.signals import measure_signals
from pipeline.domain.calls import CallMetadata, Role, Transcript, Turn
from pipeline.domain.results import Call, Outcome
from rules.engine import Engine
from rules.loader import load_packs, standard_pack_dir

REPO = Path(__file__).parents[2]
SHARED = REPO.parent / "shared" / "data" / "labelled_calls.jsonl"
FILES = [
    pytest.param(REPO / "data" / "dialogues" / "train.jsonl", 0.89, 0.86, id="train"),
    pytest.param(REPO / "data" / "dialogues" / "heldout.jsonl", 0.93, 0.90, id="heldout"),
    pytest.param(
        SHARED,
        0.94,
        0.95,
        id="labelled calls",
        marks=pytest.mark.skipif(not SHARED.exists(), reason=f"the labelled calls are not at {SHARED}"),
    ),
]


def _counts(path: Path) -> Counter[tuple[str, str]]:
    """True hits, false hits and misses of each rule."""
    engine = Engine(load_packs([standard_pack_dir()]))
    counts: Counter[tuple[str, str]] = Counter()
    for line in path.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        turns = tuple(
            Turn(index, Role(t["role"]), t["start_s"], t["end_s"], t["text"]) for index, t in enumerate(case["turns"])
        )
        transcript = Transcript(turns, case["duration_s"])
        for result in engine.evaluate(Call(transcript, CallMetadata(), measure_signals(transcript))):
            assert result.outcome is not Outcome.ERROR, result.rule_id
            label, hit = case["labels"].get(result.rule_id), result.outcome is Outcome.HIT
            if label is not None and (label or hit):
                counts[result.rule_id, "tp" if label and hit else "fp" if hit else "fn"] += 1
    return counts


@pytest.mark.slow
@pytest.mark.parametrize(("path", "precision", "recall"), FILES)
def test_labelled_calls(path: Path, precision: float, recall: float) -> None:
    counts = _counts(path)
    tp, fp, fn = (sum(n for (_, kind), n in counts.items() if kind == wanted) for wanted in ("tp", "fp", "fn"))
    assert tp / (tp + fp) >= precision
    assert tp / (tp + fn) >= recall
    rules = {rule_id for rule_id, _ in counts}
    assert len(rules) == 20
    for rule_id in rules:
        hits, false_hits, misses = (counts[rule_id, kind] for kind in ("tp", "fp", "fn"))
        assert 2 * hits / (2 * hits + false_hits + misses) >= 0.6, rule_id

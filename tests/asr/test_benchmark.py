"""The recognition benchmark: its arithmetic, and that it runs and says what it runs."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.evaluation.cer import CharacterErrors

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "data" / "samples"
DOC = ROOT / "docs" / "asr.md"


@pytest.fixture
def measures(monkeypatch):
    """The benchmark's modules, which are no package."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import asr_measures
    import asr_systems

    return asr_measures, asr_systems


def heard(systems, *turns, words=()):
    """What a system made of a call."""
    return systems.Heard(
        "a.wav",
        tuple(systems.Piece(*one) for one in turns),
        tuple(systems.Piece(*one) for one in words),
        (),
        0.0,
    )


def test_invented_characters(measures):
    measure, systems = measures
    reference = measure.Reference("a.wav", 60, (systems.Piece(0, 10, 12, "您好"), systems.Piece(1, 20, 22, "你好")))
    one = heard(systems, (0, 10, 12, "您好。"), (0, 20, 22, "你好"), (1, 22.2, 22.4, "啊"))
    assert measure.invented_characters(reference, one) == 2, "said by the other; 0.3 s late is not invented"
    spread = heard(systems, (0, 10, 14, "您好谢谢观看"))
    # Six characters over 4 s: at 10.3, 11, 11.7, 12.3, 13, 13.7; speech ends at 12, with 0.5 s of tolerance.
    assert measure.invented_characters(reference, spread) == 2
    by_words = heard(systems, (0, 10, 14, "您好谢谢"), words=[(0, 10, 12, "您好"), (0, 13, 14, "谢谢")])
    assert measure.invented_characters(reference, by_words) == 2


def test_turn_errors(measures):
    measure, systems = measures
    reference = measure.Reference(
        "a.wav", 60, tuple(systems.Piece(0, start, start + 2, "您好") for start in (10, 20, 30))
    )
    one = heard(systems, (0, 10.1, 11, "您"), (0, 11.5, 12.2, "好"), (0, 20.3, 21.9, "您好"), (1, 30, 32, "您好"))
    found = measure.turn_errors([reference], [one])
    assert (found.reference_turns, found.found_turns) == (3, 4)
    assert found.start_s == pytest.approx(0.2)  # 0.1 and 0.3; the third is in another channel
    assert found.end_s == pytest.approx(0.15)  # 0.2 and 0.1


def test_the_choice_is_made_without_the_call(measures):
    measure, _ = measures
    a = [CharacterErrors(said=10, substituted=wrong) for wrong in (0, 5, 5)]
    b = [CharacterErrors(said=10, substituted=wrong) for wrong in (9, 1, 1)]
    # Without call 0 b is better (2 against 10), and has 9 there; without 1 or 2, a (5 against 10) has 5 each.
    assert measure.chosen_elsewhere({"a": a, "b": b}) == CharacterErrors(said=30, substituted=19)


def test_intervals_hold_the_rate(measures):
    measure, _ = measures
    errors = [CharacterErrors(said=100, substituted=wrong) for wrong in (5, 10, 15, 20)]
    low, high = measure.bootstrap_interval(errors)
    assert 0.05 <= low < 0.125 < high <= 0.20
    assert measure.bootstrap_interval(errors) == (low, high)


def test_every_configuration_is_documented(measures):
    _, systems = measures
    table = DOC.read_text(encoding="utf-8")
    assert [one.name for one in systems.CONFIGURATIONS if f"`{one.name}`" not in table] == []


@pytest.mark.slow
def test_it_runs(tmp_path):
    line = (SAMPLES / "labels.jsonl").read_text(encoding="utf-8").splitlines()[1]
    (tmp_path / "labels.jsonl").write_text(line, encoding="utf-8")
    shutil.copy(SAMPLES / json.loads(line)["recording"], tmp_path)
    command = [sys.executable, "benchmarks/asr.py", "--format", "json", "--rounds", "1", "--config", "earmark"]
    done = subprocess.run(
        [*command, "--calls", str(tmp_path)], cwd=ROOT, check=True, capture_output=True, text=True, timeout=300
    )
    found = json.loads(done.stdout)
    assert found["about"]["calls"] == 1
    (result,) = found["results"]
    assert result["cer"] < 0.2
    assert result["invented_on_nothing"] == 0
    assert result["times_real_time"] > 1

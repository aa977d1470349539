"""Every example of every rule of the standard pack."""

import pytest

from pipeline.audio.signals import measure_signals
from rules.examples import ExampleResult, run_examples
from rules.loader import load_packs, standard_pack_dir

PACK = load_packs([standard_pack_dir()])
RESULTS = run_examples(PACK, measure_signals)


@pytest.mark.parametrize("result", RESULTS, ids=[f"{result.rule_id}-{result.name}" for result in RESULTS])
def test_example(result: ExampleResult) -> None:
    assert result.problem is None


@pytest.mark.parametrize("rule", PACK.rules, ids=[rule.id for rule in PACK.rules])
def test_rule_has_hits_and_near_misses(rule) -> None:
    assert rule.examples.hits
    assert rule.examples.clear

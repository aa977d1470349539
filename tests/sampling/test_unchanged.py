"""Draws and estimates of a small centre are those of earlier versions: stored draws and told numbers hang on them."""

import json
from pathlib import Path

import pytest

from pipeline.cli.sample_estimates import estimate_rows
from pipeline.sampling.draw import draw
from pipeline.sampling.strata import needs
from pipeline.store.sampling_evidence import load_evidence
from pipeline.store.sampling_frame import load_frame
from tests.sampling.centre import found

GOLDEN = Path(__file__).parent / "golden" / "centre.json"


@pytest.mark.slow
def test_the_same_calls_and_the_same_numbers(empty_store):
    def rows_of(since, until, rules, by):
        return estimate_rows(load_evidence(empty_store, since=since, until=until, rules=rules, by=by), by)

    told = found(
        empty_store,
        lambda plan, since, until: load_frame(empty_store, needs(plan), since=since, until=until),
        lambda plan, frame, seed: draw(plan, frame, seed=seed),
        rows_of,
    )
    expected = json.loads(GOLDEN.read_text(encoding="utf-8"))
    for name, one in expected.items():
        assert told[name] == one, name
    assert told.keys() == expected.keys()

"""Labelled calls that tests of the workbench measure with."""

from pathlib import Path

import pytest

from pipeline.evaluation.labelled import read_labelled

SHARED = Path(__file__).parents[3] / "shared" / "data" / "labelled_calls.jsonl"


@pytest.fixture(scope="session")
def shared_calls():
    """The 120 labelled dialogues beside the project."""
    if not SHARED.is_file():
        pytest.skip("the labelled calls of ../shared/data are not on this machine")
    return read_labelled([SHARED])

"""docs/sampling.md says what the code does."""

import re
from pathlib import Path

import numpy as np
import pytest

from pipeline.domain.sampling import TargetKind
from pipeline.sampling.document import (
    AdaptiveDocument,
    AuditDocument,
    PlanDocument,
    RandomDocument,
    ReviewersDocument,
    StratifiedDocument,
    TargetedDocument,
)
from pipeline.sampling.estimates import figures
from pipeline.sampling.plans import load_plan
from pipeline.sampling.shortage import percent
from pipeline.sampling.size import half_width, most_if_none, sample_size, to_see_one, visible_difference

PAGE = (Path(__file__).parents[2] / "docs" / "sampling.md").read_text(encoding="utf-8")
YAML = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL).group(1)


def test_the_plan_of_the_page_loads(tmp_path):
    (tmp_path / "weekly.yaml").write_text(YAML, encoding="utf-8")
    (tmp_path / "complaints.csv").write_text("recording\nc1.wav\n", encoding="utf-8")
    assert load_plan(tmp_path / "weekly.yaml").capacity == 320


@pytest.mark.parametrize(
    "document",
    [
        PlanDocument,
        ReviewersDocument,
        AuditDocument,
        RandomDocument,
        StratifiedDocument,
        AdaptiveDocument,
        TargetedDocument,
    ],
)
def test_every_key_of_a_plan_is_on_the_page(document):
    for key in document.model_fields:
        assert re.search(rf"\b{key}\b", PAGE), key


@pytest.mark.parametrize("kind", TargetKind)
def test_every_target_is_on_the_page(kind):
    assert f"`{kind}`" in PAGE


def test_the_worked_example():
    hit = np.arange(10_000) < 200
    truth, weight = np.full(10_000, -1), np.full(10_000, np.nan)
    truth[:200] = np.arange(200) < 160
    truth[200:1_700] = np.arange(1_500) < 3
    weight[200:1_700] = 9_800 / 1_500
    found = figures(hit, hit, truth, weight)
    for one in (found.precision, found.recall, found.prevalence):
        told = f"= {percent(one.value)} [{percent(one.low)[:-2]}–{percent(one.high)}]"
        assert told in PAGE, told


def test_the_calculated_numbers():
    assert f"{100 * half_width(40):.0f} points; over a quarter ± {100 * half_width(520):.1f}" in PAGE
    assert f"a difference of {100 * visible_difference(40):.0f} points" in PAGE
    assert f"agent tell ± {100 * half_width(2):.0f} points" in PAGE
    assert f"up to {100 * most_if_none(40):.0f} % of all may" in PAGE
    assert f"takes {to_see_one(1 / 500):,} calls" in PAGE
    assert f"among 1,000 calls: {sample_size(0.05, calls=1000)}" in PAGE

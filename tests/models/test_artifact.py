"""Artifacts: what is refused, and that what is loaded is what was saved."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from models.artifact import load_artifact, save_artifact
from models.recipe import Part, Task
from models.registry import find_model, load_models, shipped_folder
from pipeline.domain.errors import ModelArtifactError


@pytest.fixture
def folder(tmp_path):
    for file in shipped_folder().glob("escalation.*"):
        shutil.copy(file, tmp_path)
    return tmp_path


def edit(folder, **changes):
    path = folder / "escalation.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**document, **changes}), encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"scikit_learn": "0.24.1"}, r"made for scikit-learn 0\.24, here is", id="scikit-learn"),
        pytest.param({"feature_version": 99}, "made for features 99, here is 1", id="features"),
        pytest.param({"format": 7}, "made for format 7", id="format"),
        pytest.param({"threshold": 0.01}, "do not match their digest", id="a number altered"),
        pytest.param({"digest": "0" * 64}, "do not match their digest", id="digest altered"),
        pytest.param({"extra": 1}, "no model of ours: extra", id="unknown field"),
        pytest.param({"classes": 3}, "no model of ours: classes", id="wrong type"),
    ],
)
def test_an_altered_or_foreign_description_is_refused(folder, changes, message):
    edit(folder, **changes)
    with pytest.raises(ModelArtifactError, match=message) as caught:
        load_artifact(folder, "escalation")
    assert "earmark models train --task escalation" in str(caught.value)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda path: path.unlink(), id="missing"),
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:-200]), id="cut off"),
        pytest.param(lambda path: np.savez(path, other=np.zeros(3)), id="other arrays"),
        pytest.param(lambda path: np.savez(path, mean=np.array([{}], dtype=object)), id="pickled objects"),
    ],
)
def test_altered_arrays_are_refused(folder, spoil):
    spoil(folder / "escalation.npz")
    with pytest.raises(ModelArtifactError, match="earmark models train"):
        load_artifact(folder, "escalation")


def test_an_artifact_of_another_task_is_refused(folder):
    for file in list(folder.iterdir()):
        file.rename(folder / f"dissatisfied{file.suffix}")
    with pytest.raises(ModelArtifactError, match="made for task escalation, here is dissatisfied"):
        load_artifact(folder, "dissatisfied")


def test_arrays_of_the_wrong_shape_are_refused_even_with_a_right_digest(tmp_path):
    shipped = load_artifact(shipped_folder(), "escalation")
    wrong = replace(shipped, model=replace(shipped.model, offset=np.zeros(5)))
    with pytest.raises(ModelArtifactError, match=r"shape \(5,\), not \(1,\)"):
        save_artifact(wrong, tmp_path)


def test_numbers_that_are_none_are_refused(tmp_path):
    shipped = load_artifact(shipped_folder(), "escalation")
    wrong = replace(shipped, model=replace(shipped.model, intercept=np.array([np.nan])))
    with pytest.raises(ModelArtifactError, match="no numbers"):
        save_artifact(wrong, tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda zones: (*zones, zones[0]), id="a zone twice"),
        pytest.param(lambda zones: (replace(zones[0], part=Part.TURN), *zones[1:]), id="turns beside parts"),
        pytest.param(lambda zones: (), id="none"),
    ],
)
def test_zones_that_would_be_counted_in_one_place_are_refused(tmp_path, change):
    shipped = load_artifact(shipped_folder(), "escalation")
    wrong = replace(shipped, model=replace(shipped.model, zones=change(shipped.model.zones)))
    with pytest.raises(ModelArtifactError, match="its zones are none, the same twice"):
        save_artifact(wrong, tmp_path)


def test_buckets_that_repeat_are_refused(tmp_path):
    shipped = load_artifact(shipped_folder(), "escalation")
    first, *others = shipped.model.zones
    twice = replace(first, bucket=np.maximum(first.bucket, first.bucket[1]))
    wrong = replace(shipped, model=replace(shipped.model, zones=(twice, *others)))
    with pytest.raises(ModelArtifactError, match="bucket0 names buckets that are not there, or one twice"):
        save_artifact(wrong, tmp_path)


def test_what_is_saved_is_what_is_loaded(tmp_path):
    shipped = load_artifact(shipped_folder(), "dissatisfied")
    again = save_artifact(shipped, tmp_path)
    assert again.card == shipped.card
    assert again.threshold == shipped.threshold
    assert again.examples == shipped.examples
    for one, other in zip(again.model.zones, shipped.model.zones, strict=True):
        assert np.array_equal(one.bucket, other.bucket)
        assert np.array_equal(one.table, other.table)


def test_a_model_on_top_of_another_shipped_model_is_refused(tmp_path):
    shipped = load_artifact(shipped_folder(), "dissatisfied")
    save_artifact(replace(shipped, base="0" * 64), tmp_path)
    with pytest.raises(ModelArtifactError, match="on top of another dissatisfied model"):
        find_model(Task.DISSATISFIED, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("module", ["artifact", "predict", "registry", "training"])
def test_every_module_may_be_imported_first(module):
    subprocess.run([sys.executable, "-c", f"import models.{module}"], check=True)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ModelArtifactError, match="there is no folder"):
        load_models(tmp_path / "nowhere")


def test_a_sites_model_goes_before_the_shipped_one(tmp_path):
    shipped = load_artifact(shipped_folder(), "escalation")
    save_artifact(replace(shipped, threshold=0.123), tmp_path)
    models = load_models(tmp_path)
    assert models.escalation.threshold == 0.123
    assert models.dissatisfied.digest == load_artifact(shipped_folder(), "dissatisfied").digest


def test_shipped_artifacts_are_small_and_learnt_from_nothing_but_our_own_files():
    assert sum(file.stat().st_size for file in shipped_folder().iterdir()) < 5_000_000
    for task in Task:
        card = load_artifact(shipped_folder(), task).card
        names = {line.split(":")[0] for line in card.data}
        assert names == {"train.jsonl", "chats.jsonl", "turns.jsonl"}

"""`earmark models …` as people call it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.domain.errors import ConfigError

DIALOGUES = Path(__file__).parents[2] / "data" / "dialogues"
HELPDESK = Path(__file__).parents[3] / "shared" / "data" / "real" / "helpdesk_satisfaction.jsonl"
KEYS = ("n", "positives", "auc", "average_precision", "precision", "recall", "f1", "threshold", "brier", "ece")


def earmark(*arguments):
    result = CliRunner().invoke(app, ["models", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["card", "disatisfied"], "did you mean dissatisfied", id="unknown task"),
        pytest.param(
            ["eval", "--task", "x", "--labels", "no.jsonl"], "there are sentiment, dissatisfied", id="no task"
        ),
        pytest.param(["eval", "--task", "escalation", "--labels", "no.jsonl"], "no.jsonl cannot be read", id="no file"),
        pytest.param(
            ["train", "--task", "escalation", "--labels", "no.jsonl", "--precision", "3"],
            "--precision",
            id="no precision",
        ),
    ],
)
def test_what_cannot_be_done_is_said(arguments, message):
    with pytest.raises(ConfigError, match=message):
        earmark(*arguments)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "least", "slices"),
    [
        pytest.param("dissatisfied", 0.88, {"direction"}, id="dissatisfied"),
        pytest.param("escalation", 0.85, {"direction"}, id="escalation"),
        pytest.param("sentiment", 0.78, {"direction", "sentiment"}, id="sentiment"),
    ],
)
def test_eval_gives_every_figure_with_its_interval(task, least, slices):
    printed = earmark("eval", "--task", task, "--labels", DIALOGUES / "heldout.jsonl", "--format", "json")
    found = json.loads(printed.stdout)
    assert set(KEYS) <= set(found)
    assert {f"{key}_ci" for key in ("auc", "precision", "recall", "f1", "brier", "ece")} <= set(found)
    assert set(found["slices"]) == slices
    assert len(found["reliability"]) == 10
    assert found["auc"] > least


@pytest.mark.slow
def test_figures_on_what_the_model_has_learnt_from_are_marked():
    printed = earmark("eval", "--task", "escalation", "--labels", DIALOGUES / "train.jsonl", "--format", "json")
    assert "160 of 160 examples were in the training of this model" in printed.stderr


@pytest.mark.slow
def test_the_shipped_model_ranks_real_dialogues_as_three_judges_do():
    """Three judges together predict the others with an AUC of 0.83."""
    if not HELPDESK.is_file():
        pytest.skip("the real dialogues of ../shared/data are not on this machine")
    found = json.loads(earmark("eval", "--task", "dissatisfied", "--labels", HELPDESK, "--format", "json").stdout)
    assert found["auc"] >= 0.83
    assert found["n"] == 2200


@pytest.mark.slow
def test_train_then_eval_and_card_use_the_sites_model(tmp_path):
    labels = DIALOGUES / "heldout.jsonl"
    printed = earmark("train", "--task", "dissatisfied", "--labels", labels, "--out", tmp_path, "--recall", "0.9")
    assert "学习曲线 learning curve" in printed.stdout
    assert "recall of at least 0.90" in printed.stderr
    card = earmark("card", "dissatisfied", "--models", tmp_path).stdout
    assert "trained by the site" in card
    assert "heldout.jsonl: 80 lines" in card
    evaluated = earmark("eval", "--task", "dissatisfied", "--labels", labels, "--models", tmp_path)
    assert "80 of 80 examples were in the training" in evaluated.stderr


@pytest.mark.parametrize("task", ["sentiment", "dissatisfied", "escalation"])
def test_cards_say_data_licence_figures_and_limits(task):
    card = earmark("card", task).stdout
    for heading in ("ships with earmark", "Apache-2.0", "train.jsonl", "AUC 0.", "limits"):
        assert heading in card

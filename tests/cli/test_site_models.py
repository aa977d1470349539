"""The workbench judges with the classifiers that the night uses: the site's own where there are some."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.domain.errors import ModelArtifactError
from tests.rules.builder import rule_yaml

LABELS = Path(__file__).parents[2] / "data" / "dialogues" / "heldout.jsonl"


@pytest.fixture
def site(tmp_path):
    for name, body in (("site", "when: {sentiment: negative}"), ("before", "when: {sentiment: positive}")):
        folder = tmp_path / name
        folder.mkdir()
        # It takes the place of the standard rule, which the calls are labelled for.
        (folder / "insult.yaml").write_text(rule_yaml(body, rule_id="insult"), encoding="utf-8")
    return tmp_path / "site"


@pytest.mark.parametrize(
    "command",
    [
        ["eval", "--labels", str(LABELS), "--rule", "insult"],
        ["explain", "h001", "insult", "--labels", str(LABELS)],
        ["diff", "--base", "{before}", "--labels", str(LABELS)],
    ],
    ids=lambda command: command[0],
)
def test_asks_the_models_that_the_setting_names(site, tmp_path, monkeypatch, command):
    monkeypatch.setenv("EARMARK_MODELS", str(tmp_path / "nowhere"))
    words = [part.format(before=tmp_path / "before") for part in command]
    result = CliRunner().invoke(app, ["rules", *words, "--rules", str(site)])
    assert isinstance(result.exception, ModelArtifactError)
    assert "nowhere" in str(result.exception)

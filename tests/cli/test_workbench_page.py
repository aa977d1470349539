"""The outputs in docs/workbench.md are what the commands print."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app

PAGE = (Path(__file__).parents[2] / "docs" / "workbench.md").read_text(encoding="utf-8")


@pytest.fixture
def my_rules(tmp_path):
    (tmp_path / "my-rules").mkdir()
    (rule,) = re.findall(r"```yaml\n(id: .*?)```", PAGE, re.DOTALL)
    (tmp_path / "my-rules" / "blunt-refusal.yaml").write_text(rule, encoding="utf-8")
    return tmp_path / "my-rules"


@pytest.mark.parametrize("command", ["check", "test"])
def test_output_is_as_shown(my_rules, command):
    shown = re.search(rf"```\n\$ earmark rules {command} (.*)\n((?:.*\n)+?)```", PAGE)
    arguments = shown[1].replace("my-rules", str(my_rules), 1).split()
    done = CliRunner().invoke(app, ["rules", command, *arguments])
    printed = done.stdout + done.stderr
    assert shown[2].strip() in printed

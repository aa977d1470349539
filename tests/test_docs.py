"""Documentation that tells the truth: every command, option and setting is in it."""

from pathlib import Path

import pytest
import typer

from pipeline.cli import app
from pipeline.settings import Settings

ROOT = Path(__file__).parents[1]
DOCS = "\n".join(page.read_text() for page in [*ROOT.glob("docs/*.md"), ROOT / "README.md"])


def commands(group, path="earmark"):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name):
    assert name in DOCS


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (name, option)
        for name, command in COMMANDS.items()
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--")
    ],
)
def test_every_option_is_documented(command, option):
    assert option in DOCS


@pytest.mark.parametrize("setting", Settings.model_fields)
def test_every_setting_is_documented(setting):
    assert f"| `{setting}` |" in DOCS

"""What is deployed says what the code does: settings, commands, options."""

import re
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest
import typer
from pydantic import SecretStr

from pipeline.cli import app
from pipeline.settings import Settings, load_settings

DEPLOY = Path(__file__).parents[2] / "deploy"
EXAMPLE = (DEPLOY / "earmark.toml").read_text()
SETTING = re.compile(r"#(\w+) = ")
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def example():
    """The example with every setting switched on."""
    lines = (line[1:] if SETTING.match(line) else line for line in EXAMPLE.splitlines())
    return tomllib.loads("\n".join(lines))


def comment_of(setting):
    """The comment above a setting."""
    before = EXAMPLE.partition(f"\n#{setting} = ")[0].splitlines()
    above = []
    while before and before[-1].startswith("# "):
        above.insert(0, before.pop())
    return "\n".join(above)


def test_example_changes_nothing_as_it_is(tmp_path, monkeypatch):
    assert tomllib.loads(EXAMPLE) == {}


def test_example_has_every_setting_and_no_other():
    assert list(example()) and set(example()) == set(Settings.model_fields)


def test_example_can_be_switched_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "earmark.toml").write_text("\n".join(re.sub(SETTING, r"\1 = ", line) for line in EXAMPLE.splitlines()))
    load_settings()


@pytest.mark.parametrize("setting", Settings.model_fields)
def test_example_shows_the_default(setting, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "earmark.toml").write_text(f"{setting} = {_literal(example()[setting])}\n")
    shown = getattr(load_settings(), setting)
    default = Settings.model_fields[setting].default
    above = comment_of(setting)
    assert re.search("[一-鿿]", above), "Chinese first"
    if default is None:
        assert "不设" in above and "where it is not set" in above.replace("\n# ", " ").lower()
    else:
        assert shown == default and not isinstance(shown, SecretStr)


def _literal(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def test_pages_name_every_variable():
    page = (DEPLOY.parent / "docs" / "operations.md").read_text()
    for variable in (
        "EARMARK_CONFIG",
        "EARMARK_DB",
        "EARMARK_REVIEW_SECRET",
        "EARMARK_WEBHOOK_SECRET",
        "XDG_CACHE_HOME",
    ):
        assert f"`{variable}`" in page


def commands():
    for unit in UNITS:
        for line in unit.read_text().splitlines():
            found = re.match(r"ExecStart(?:Pre)?=-?/opt/earmark/bin/earmark (.*)", line)
            if found:
                yield pytest.param(found[1].split(), id=f"{unit.name}: {found[1]}")


@pytest.mark.parametrize("words", list(commands()))
def test_units_start_commands_that_there_are(words):
    command = typer.main.get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_are_hardened_alike(unit):
    parsed = ConfigParser(strict=False, interpolation=None, delimiters="=", comment_prefixes="#")
    parsed.optionxform = str
    parsed.read(unit)
    service = parsed["Service"]
    assert service["User"] == "earmark"
    for name, value in {"NoNewPrivileges": "yes", "ProtectSystem": "strict", "StateDirectory": "earmark"}.items():
        assert service[name] == value
    # Else a run of one service would take the leases of another's, whose process it cannot see.
    assert not {"ProtectProc", "PrivatePIDs"} & set(service)

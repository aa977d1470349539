"""What is deployed says what the code does: settings, commands, options."""

import re
import sqlite3
import subprocess
import time
import tomllib
from configparser import ConfigParser
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from pydantic import SecretStr

from pipeline.batch.webhook import sign
from pipeline.cli import app
from pipeline.settings import Settings, load_settings
from pipeline.store.database import open_database
from pipeline.store.listings import Filter, list_calls
from pipeline.store.recordings import register
from pipeline.store.tables import recordings
from tests.store.builders import found, recording

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


def test_snippet_for_receivers_tells_the_genuine_from_the_rest():
    page = (DEPLOY.parent / "docs" / "operations.md").read_text()
    names = {}
    exec(page.partition("```python\n")[2].partition("```")[0], names)
    now, body = str(int(time.time())), '{"id": "a"}'
    headers = {"webhook-id": "a", "webhook-timestamp": now, "webhook-signature": sign("key", "a", now, body)}
    old = {**headers, "webhook-timestamp": "1", "webhook-signature": sign("key", "a", "1", body)}
    assert names["is_genuine"](headers, body.encode(), "key")
    assert not names["is_genuine"](headers, b"{}", "key")
    assert not names["is_genuine"](headers, body.encode(), "another")
    assert not names["is_genuine"](old, body.encode(), "key")


def test_backup_is_made_while_somebody_writes(tmp_path):
    store = open_database(f"sqlite:///{tmp_path / 'calls.db'}", create=True)
    register(store, [found(recording(1))])
    with store.writing() as connection:
        connection.execute(recordings.insert().values(_row(recording(2))))
        other = sqlite3.connect(tmp_path / "calls.db")
        other.execute(f"VACUUM INTO '{tmp_path / 'backup.db'}'")
    backup = open_database(f"sqlite:///{tmp_path / 'backup.db'}")
    assert [row.recording for row in list_calls(backup, Filter())] == ["c1.wav"]


def _row(made):
    now = datetime.now(UTC)
    texts = {name: getattr(made, name) for name in ("id", "name", "uri", "size_bytes")}
    return {**texts, "added_at": now, "extra": {}, "channel_roles": []}


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


def test_what_is_installed_has_every_file_of_the_packages():
    # Whatever git keeps beside the modules is read at run time: an installation that lacks it fails at night.
    root = DEPLOY.parent
    patterns = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    packed = {
        file
        for package, globs in patterns.items()
        for pattern in globs
        for file in (root / package.replace(".", "/")).glob(pattern)
    }
    listed = subprocess.run(
        ["git", "ls-files", "-z", "pipeline", "rules", "models"], cwd=root, capture_output=True, text=True, check=True
    )
    kept = [root / name for name in listed.stdout.split("\0") if name and not name.endswith(".py")]
    assert len(kept) > 20
    assert [str(file.relative_to(root)) for file in kept if file not in packed] == []

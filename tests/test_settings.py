"""Settings: what is refused, and which source wins."""

import pytest

from pipeline.domain.calls import Role
from pipeline.domain.errors import ConfigError
from pipeline.settings import load_settings


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    import os

    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("EARMARK_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        pytest.param("wrokers = 2\n", "wrokers", id="unknown name"),
        pytest.param('workers = "many"\n', "workers", id="wrong type"),
        pytest.param("workers = 0\n", "workers", id="no workers"),
        pytest.param('timezone = "Mars/Base"\n', "IANA time zone", id="zone"),
        pytest.param('channel_roles = ["agent"]\n', "channel_roles", id="one role"),
        pytest.param('review_secret = "short"\n', "fewer than 32 characters", id="short secret"),
        pytest.param('review_hours = "18:00-09:00"\n', "begins before it ends", id="hours the wrong way round"),
        pytest.param('review_hours = "all day"\n', "review_hours", id="hours that are none"),
        pytest.param("workers = \n", "settings file earmark.toml", id="no TOML"),
    ],
)
def test_refuses(tmp_path, toml, message):
    (tmp_path / "earmark.toml").write_text(toml)
    with pytest.raises(ConfigError, match=message):
        load_settings()


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        pytest.param(
            "EARMARK_WROKERS", r"EARMARK_WROKERS is no setting; did you mean EARMARK_WORKERS\?", id="mistyped"
        ),
        pytest.param("EARMARK_XYZZY", r"EARMARK_XYZZY is no setting \(", id="nothing is near"),
        pytest.param("earmark_confg", r"did you mean EARMARK_CONFIG\?", id="case does not matter"),
    ],
)
def test_refuses_variable(monkeypatch, variable, message):
    monkeypatch.setenv(variable, "2")
    with pytest.raises(ConfigError, match=message):
        load_settings()


@pytest.mark.parametrize(
    ("toml", "form", "level"),
    [
        ("", "text", "warning"),
        ('log_format = "json"\n', "json", "info"),
        ('log_format = "json"\nlog_level = "error"\n', "json", "error"),
    ],
)
def test_log_level_goes_with_the_format(tmp_path, toml, form, level):
    (tmp_path / "earmark.toml").write_text(toml)
    options = load_settings().log_options
    assert (options.form, options.level) == (form, level)


def test_named_file_must_exist(monkeypatch):
    monkeypatch.setenv("EARMARK_CONFIG", "none.toml")
    with pytest.raises(ConfigError, match=r"none\.toml"):
        load_settings()


def test_the_nearer_source_wins(tmp_path, monkeypatch):
    (tmp_path / "earmark.toml").write_text('workers = 1\nlanguage = "en"\nchannel_roles = ["customer", "agent"]\n')
    monkeypatch.setenv("EARMARK_WORKERS", "2")
    assert load_settings().worker_count == 2
    assert load_settings(workers=3, db=None).worker_count == 3
    assert load_settings().language == "en"
    assert load_settings().channel_roles == (Role.CUSTOMER, Role.AGENT)


def test_lists_in_the_environment(monkeypatch):
    monkeypatch.setenv("EARMARK_CHANNEL_ROLES", "agent, customer")
    monkeypatch.setenv("EARMARK_RULES", "a,b")
    settings = load_settings()
    assert settings.channel_roles == (Role.AGENT, Role.CUSTOMER)
    assert [path.name for path in settings.rules] == ["a", "b"]


def test_a_secret_is_not_shown(monkeypatch):
    monkeypatch.setenv("EARMARK_REVIEW_SECRET", "x" * 31 + "y")
    assert "xy" not in repr(load_settings())


def test_a_secret_that_is_refused_is_not_shown(monkeypatch):
    monkeypatch.setenv("EARMARK_REVIEW_SECRET", "too-short-yet-secret")
    with pytest.raises(ConfigError) as refused:
        load_settings()
    assert "too-short" not in str(refused.value)


def test_one_worker_for_a_gpu():
    assert load_settings(device="cuda").worker_count == 1
    assert load_settings().worker_count >= 1

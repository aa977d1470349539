"""Settings: what an operator may choose.

Read from, in falling order: the command line, the environment (``EARMARK_`` and the name in capitals), the file
``earmark.toml`` in the current folder (or the one that ``EARMARK_CONFIG`` names), the defaults below.
"""

import difflib
import os
from datetime import time
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from pipeline.domain.calls import Role
from pipeline.domain.errors import ConfigError
from pipeline.logs import LogOptions

CONFIG_VARIABLE = "EARMARK_CONFIG"
DEFAULT_CONFIG = "earmark.toml"
PREFIX = "EARMARK_"
SHORTEST_SECRET = 32


class Settings(BaseSettings):
    """All settings with their defaults; an unknown name in the file is an error."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    db: str = "sqlite:///earmark.db"
    """Database, as an SQLAlchemy URL."""
    asr_model: str = "base"
    """Speech model: ``base`` (from the installed wheels), a model name of faster-whisper, or a folder."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Where the speech model runs."""
    compute_type: str = "int8"
    """Arithmetic of the speech model, as CTranslate2 names it; ``float16`` suits a GPU."""
    language: Literal["zh", "en", "auto"] = "zh"
    """Language of the calls; ``auto`` asks the model for each call."""
    spelling: bool = True
    """Whether Chinese is spelt by word frequencies of calls where the speech model leaves a choice (docs/asr.md)."""
    site_words: Annotated[tuple[str, ...], NoDecode] = ()
    """Chinese words that are said at this site: products, places, the company's name."""
    workers: Annotated[int | None, Field(ge=1)] = None
    """Worker processes; one a core on a CPU, one on a GPU, where nothing is set."""
    cpu_threads: Annotated[int, Field(ge=1)] = 1
    """Threads of each worker's speech model."""
    channel_roles: Annotated[tuple[Role, Role] | None, NoDecode] = None
    """Who speaks left and right in stereo recordings for which the manifest does not say; unknown if not set."""
    timezone: str = "Asia/Shanghai"
    """Zone of start times that are written without an offset."""
    rules: Annotated[tuple[Path, ...], NoDecode] = ()
    """Folders of rule packs besides the standard pack."""
    models: Path | None = None
    """Folder of the site's own classifiers, as `earmark models train` writes them; else those that earmark ships."""
    executor: str = "local"
    """Where the work is done: ``local``, processes of this machine, or ``ray``, machines of a Ray cluster."""
    ray_address: str = "local"
    """Where the Ray cluster listens, ``HOST:PORT``; ``local`` for one of this machine alone."""
    ray_gpus: Annotated[float | None, Field(ge=0)] = None
    """GPUs of each Ray worker, or the part of one; 1 with ``device`` ``cuda``, else 0, where nothing is set."""
    worker_memory_mb: Annotated[float | None, Field(gt=0)] = None
    """A worker that holds more than this after a call (10^6 bytes) is replaced; no limit where nothing is set."""
    retry_pause_s: Annotated[float, Field(ge=0)] = 15.0
    """First pause before what may pass is tried again; the next is four times as long."""
    max_duration_h: Annotated[float, Field(gt=0)] = 4.0
    """A recording longer than this is set aside."""
    decode_limit_s: Annotated[float, Field(gt=0)] = 300.0
    """A worker that has not decoded its recording after this is taken for hung."""
    time_limit_per_second: Annotated[float, Field(gt=0)] = 10.0
    """Seconds a worker may take for each second of the recording before it is taken for hung."""
    store_patience_s: Annotated[float, Field(ge=0)] = 600.0
    """How long a run waits for a database that is away before it gives up."""

    log_format: Literal["text", "json"] = "text"
    """How logs are written to standard error: for people, or as JSON, one object a line."""
    log_level: Literal["debug", "info", "warning", "error"] | None = None
    """The least important lines that are logged; ``info`` in JSON and ``warning`` in text where nothing is set."""
    metrics_port: Annotated[int | None, Field(ge=1, le=65535)] = None
    """Port on which a run serves metrics for Prometheus; none where nothing is set."""
    metrics_host: str = "127.0.0.1"
    """Address that metrics are served on."""
    settle_s: Annotated[float, Field(ge=0)] = 10.0
    """A recording that has not changed for so many seconds is finished: `earmark watch` takes it."""
    webhook: str | None = None
    """Where `earmark watch` posts alerts, an http or https URL; nowhere where nothing is set."""
    webhook_secret: SecretStr | None = None
    """Key that alerts are signed with."""
    alert_rules: Annotated[tuple[str, ...], NoDecode] = ("critical", "alert")
    """Rules whose hits are told at once, by id or by severity."""
    alert_quotes: bool = False
    """Whether alerts quote what was said."""
    desk_url: str | None = None
    """Where the review desk is reached, for links in alerts."""

    originals: Literal["encrypted", "none"] = "encrypted"
    """Whether what transcripts hide is kept, closed by a key; without ``key_file`` it is not kept either."""
    key_file: Path | None = None
    """Keys that close originals: a file that only this user may read, apart from the database and its backups."""
    own_numbers: Annotated[tuple[str, ...], NoDecode] = ()
    """The company's own numbers, such as its hotline: they are nobody's personal data and stay readable."""
    clear_minutes: Annotated[int, Field(ge=1, le=60)] = 5
    """How long the review desk shows a call unmasked before it hides it again."""
    clear_reviewers: bool = False
    """Whether reviewers may see a call unmasked too; managers and administrators may."""
    retention: Path | None = None
    """How long what is kept is kept, by class of data and queue: a YAML file; without it nothing is deleted."""

    review_secret: SecretStr | None = None
    """Key of the review desk's sessions, at least 32 characters; without one they end when the desk is stopped."""
    review_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Names under which the review desk is reached, besides those of this machine."""
    review_proxies: Annotated[tuple[str, ...], NoDecode] = ("127.0.0.1", "::1")
    """Addresses of reverse proxies that may say who asks, and whether that came over HTTPS."""
    review_cache: Path | None = None
    """Folder for recordings that are decoded for browsers; where nothing is set one under the temporary folder."""
    review_daily_goal: Annotated[int, Field(ge=1)] = 100
    """Calls that a reviewer should get through in a day."""
    review_hours: Annotated[tuple[time, time], NoDecode] = (time(9), time(18))
    """When a working day begins and ends."""
    review_appeal_days: Annotated[int, Field(ge=1, le=365)] = 7
    """Days after a verdict in which it can be appealed."""
    review_metrics_port: Annotated[int | None, Field(ge=1, le=65535)] = None
    """Port for metrics of the review desk; none where nothing is set."""
    sampling_plans: Path | None = None
    """Folder of sampling plans that the review desk offers."""
    calibration_level: Annotated[float, Field(ge=0, le=1)] = 0.67
    """Agreement that a rule or item needs before its precision is trusted: lower end of the 95 % interval."""
    calibration_days: Annotated[int, Field(ge=1)] = 180
    """Days for which a closed calibration session counts."""

    @field_validator(
        "channel_roles",
        "rules",
        "site_words",
        "alert_rules",
        "own_numbers",
        "review_hosts",
        "review_proxies",
        mode="before",
    )
    @classmethod
    def _separated(cls, value: object) -> object:
        # The environment has no lists: what stands there is written with commas.
        return [part.strip() for part in value.split(",")] if isinstance(value, str) else value

    @field_validator("review_hours", mode="before")
    @classmethod
    def _from_to(cls, value: object) -> object:
        return value.split("-") if isinstance(value, str) else value

    @field_validator("review_hours")
    @classmethod
    def _begins_first(cls, hours: tuple[time, time]) -> tuple[time, time]:
        if hours[0] >= hours[1]:
            raise ValueError("a day begins before it ends, such as 09:00-18:00")
        return hours

    @field_validator("review_secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(secret.get_secret_value()) < SHORTEST_SECRET:
            raise ValueError(
                f"has fewer than {SHORTEST_SECRET} characters: make one with "
                "`python -c 'import secrets; print(secrets.token_urlsafe(32))'`"
            )
        return secret

    @field_validator("webhook")
    @classmethod
    def _http(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("https://", "http://")):
            raise ValueError("give a URL that begins with https:// or http://")
        return url

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{name!r} is no IANA time zone, such as Asia/Shanghai") from error
        return name

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The command line first, then the environment, then the file."""
        file = TomlConfigSettingsSource(settings_cls, toml_file=os.environ.get(CONFIG_VARIABLE, DEFAULT_CONFIG))
        return init_settings, env_settings, file

    @property
    def log_options(self) -> LogOptions:
        """How logs are written."""
        return LogOptions(self.log_format, self.log_level or ("info" if self.log_format == "json" else "warning"))

    @property
    def sealing_keys(self) -> Path | None:
        """The file of keys that originals are closed with; ``None`` where they are not kept."""
        return self.key_file.absolute() if self.key_file is not None and self.originals == "encrypted" else None

    @property
    def worker_count(self) -> int:
        """Worker processes to start."""
        if self.workers is not None:
            return self.workers
        return 1 if self.device == "cuda" else usable_cores()

    @property
    def gpus_per_worker(self) -> float:
        """GPUs that each Ray worker takes."""
        return self.ray_gpus if self.ray_gpus is not None else float(self.device == "cuda")


def usable_cores() -> int:
    """Cores that this process may use."""
    # Not every system can tell which cores this process may use.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _refuse_unknown_variables() -> None:
    known = [CONFIG_VARIABLE.removeprefix(PREFIX), *(name.upper() for name in Settings.model_fields)]
    problems = []
    for name in sorted(os.environ):
        setting = name.upper().removeprefix(PREFIX)
        if name.upper().startswith(PREFIX) and setting not in known:
            near = difflib.get_close_matches(setting, known, n=1)
            problems.append(f"{name} is no setting" + (f"; did you mean {PREFIX}{near[0]}?" if near else ""))
    if problems:
        raise ConfigError(f"environment: {'; '.join(problems)} (docs/operations.md lists them all)")


def load_settings(**chosen: object) -> Settings:
    """The settings, with those from the command line that are not ``None``.

    Raises:
        ConfigError: a value does not fit, or the file or the environment has a name that is not a setting.
    """
    _refuse_unknown_variables()
    named = os.environ.get(CONFIG_VARIABLE)
    if named and not Path(named).is_file():
        raise ConfigError(f"{CONFIG_VARIABLE} names {named}, which is not a file")
    try:
        return Settings(**{name: value for name, value in chosen.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}" for problem in error.errors()
        )
        raise ConfigError(f"settings: {problems}") from error
    except ValueError as error:
        raise ConfigError(f"settings file {named or DEFAULT_CONFIG}: {error}") from error

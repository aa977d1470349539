"""Whether this installation would get through the night, check by check, and what to do where it would not."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pipeline.batch.doctor.findings import Finding, Health, ill, well
from pipeline.domain.errors import ConfigError
from pipeline.domain.results import BilingualText
from pipeline.settings import CONFIG_VARIABLE, DEFAULT_CONFIG, PREFIX, Settings, load_settings


def examine(*, db: str | None = None, asr_model: str | None = None, full: bool = False) -> Iterator[Finding]:
    """Every finding, as it is made. Nothing is created, migrated, downloaded or sent.

    Args:
        db: another database than the one that is set.
        asr_model: another speech model.
        full: also what takes long: loading the speech model, reading its weights and the database in whole.
    """
    from pipeline.batch.doctor.listening import check_codecs, check_speech_model
    from pipeline.batch.doctor.machine import check_machine
    from pipeline.batch.doctor.privacy import check_privacy
    from pipeline.batch.doctor.rules import check_judging
    from pipeline.batch.doctor.services import check_services

    settings, finding = check_settings(db, asr_model)
    yield finding
    if settings is None:
        return
    yield from _whatever_happens(lambda: check_machine(settings))
    yield from _whatever_happens(lambda: [check_codecs()])
    yield from _whatever_happens(lambda: check_speech_model(settings, full=full))
    yield from _whatever_happens(lambda: check_judging(settings))
    yield from _whatever_happens(lambda: check_services(settings, full=full))
    yield from _whatever_happens(lambda: check_privacy(settings))


def _whatever_happens(checks: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """The findings; a check that breaks is one of them, and the others go on."""
    try:
        yield from checks()
    except Exception as error:  # noqa: BLE001 - an installation may be broken in ways nobody has thought of
        named = BilingualText("检查本身", "the check itself")
        again = "pip install --force-reinstall -c constraints.txt '.[base-model]'"
        remedy = BilingualText(f"安装可能不完整，重新安装：{again}", f"the installation may be incomplete: {again}")
        yield Finding(named, Health.FAILED, f"{type(error).__name__}: {error}", remedy)


def check_settings(db: str | None, asr_model: str | None) -> tuple[Settings | None, Finding]:
    """The settings, where they can be used; nothing else can be checked where they cannot."""
    named = ("设置", "settings")
    try:
        settings = load_settings(db=db, asr_model=asr_model)
    except ConfigError as error:
        return None, ill(
            *named,
            str(error),
            "改好设置后再查：deploy/earmark.toml 列出全部设置",
            "mend it and ask again: deploy/earmark.toml has every setting",
        )
    file = Path(os.environ.get(CONFIG_VARIABLE, DEFAULT_CONFIG))
    source = str(file.absolute()) if file.is_file() else f"no {file}, so defaults"
    variables = sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name != CONFIG_VARIABLE)
    return settings, well(*named, source + (f" · {', '.join(variables)}" if variables else ""))


__all__ = ["Finding", "Health", "examine"]

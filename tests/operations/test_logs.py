"""Logs: what reaches standard error, in which form, and what never does."""

import json
import logging
import subprocess
import sys

import pytest

from pipeline.logs import LogOptions, bound, set_up_logs, start_logs, tell, told_as_json

SPOKEN = "我的密码是一二三四五六"


@pytest.fixture(autouse=True)
def as_before():
    loggers = [logging.getLogger(name) for name in ("", "pipeline", "rules", "models")]
    levels, handlers, hook = [logger.level for logger in loggers], list(logging.getLogger().handlers), sys.excepthook
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
    logging.getLogger().handlers[:] = handlers
    logging.captureWarnings(False)
    sys.excepthook = hook


def lines(capsys):
    return capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("logger", "level", "chosen", "written"),
    [
        pytest.param("faster_whisper", "info", "debug", False, id="libraries only warn: they may log what they hear"),
        pytest.param("pipeline.batch.x", "info", "warning", False, id="less than was asked for"),
        pytest.param("faster_whisper", "warning", "debug", True, id="libraries warn"),
        pytest.param("pipeline.batch.x", "debug", "debug", True, id="as much as was asked for"),
        pytest.param("rules.engine", "error", "error", True, id="rules"),
    ],
)
def test_levels(capsys, logger, level, chosen, written):
    set_up_logs(LogOptions("json", chosen))
    getattr(logging.getLogger(logger), level)("hello")
    assert bool(lines(capsys)) is written


def test_json_is_one_object_a_line_with_ids(capsys):
    set_up_logs(LogOptions("json", "info"))
    with bound(run_id="r" * 32):
        with bound(recording_id="c" * 64):
            logging.getLogger("pipeline.x").info("processed", extra={"audio_s": 47.2, "hits": 2})
        logging.getLogger("pipeline.x").warning("worker lost: %s", "signal\n9")
    tell("watching")
    first, second, third = map(json.loads, lines(capsys))
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "event": "processed",
        "level": "info",
        "logger": "pipeline.x",
        "run_id": "r" * 32,
        "recording_id": "c" * 64,
        "audio_s": 47.2,
        "hits": 2,
    }
    assert (second["run_id"], second["event"], "recording_id" in second) == ("r" * 32, "worker lost: signal\n9", False)
    assert (third["event"], "run_id" in third) == ("watching", False)


def test_text_is_short(capsys):
    set_up_logs(LogOptions("text", "info"))
    with bound(run_id="r" * 32, recording_id="c" * 64):
        logging.getLogger("pipeline.x").info("processed", extra={"hits": 2})
    (line,) = lines(capsys)
    assert line.endswith("[info     ] processed                hits=2 recording=cccccccccccc run=rrrrrrrrrrrr")


@pytest.mark.parametrize("form", ["json", "text"])
def test_what_libraries_put_on_every_record_is_left_out(capsys, monkeypatch, form):
    """Ray, once imported, does so for the whole process."""
    made = logging.getLogRecordFactory()

    def factory(*given, **named):
        record = made(*given, **named)
        record.__dict__["_ray_timestamp_ns"] = 7
        return record

    monkeypatch.setattr(logging, "_logRecordFactory", factory)
    set_up_logs(LogOptions(form, "info"))
    logging.getLogger("pipeline.x").info("processed", extra={"hits": 2})
    (line,) = lines(capsys)
    assert "hits" in line
    assert "_ray" not in line


@pytest.mark.parametrize("form", ["json", "text"])
def test_tracebacks_hold_no_variables(capsys, form):
    set_up_logs(LogOptions(form, "info"))
    spoken = SPOKEN
    try:
        spoken.index("no such word")
    except ValueError:
        logging.getLogger("pipeline.x").exception("failed")
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert SPOKEN not in err
    assert len(err.splitlines()) == 1 or form == "text"


def test_the_choice_is_made_with_the_first_line(capsys):
    asked = []

    def choose():
        asked.append(1)
        return LogOptions("json", "info")

    start_logs(choose)
    assert not asked
    logging.getLogger("pipeline.x").warning("one")
    logging.getLogger("pipeline.x").warning("two")
    assert [json.loads(line)["event"] for line in lines(capsys)] == ["one", "two"]
    assert (asked, told_as_json()) == ([1], True)


UNCAUGHT = """
import warnings
from pipeline.logs import LogOptions, set_up_logs
set_up_logs(LogOptions("json", "info"))
warnings.warn("old")
raise RuntimeError("oh")
"""


def test_what_python_prints_is_json_too():
    ended = subprocess.run([sys.executable, "-c", UNCAUGHT], capture_output=True, text=True)
    warning, error = map(json.loads, ended.stderr.splitlines())
    assert "UserWarning: old" in warning["event"]
    assert (ended.returncode, error["level"]) == (1, "critical")
    assert error["exception"].endswith("RuntimeError: oh")


def test_nothing_is_imported_before_there_is_a_line():
    code = "import sys; from pipeline.logs import *; start_logs(LogOptions); print('structlog' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"

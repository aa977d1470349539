"""Logs: what happened, one line a thing, as text for people or JSON for machines, with the run and the recording.

Modules log through ``logging.getLogger(__name__)``; here is where the lines go. They hold ids, counts and durations;
never what was said, nor names or numbers of people; a personal number that gets into one, in a file's name or a
library's error, is masked. structlog is imported with the first line, so that a command
without any starts as quickly as before.
"""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import TYPE_CHECKING, Literal, TextIO

from pipeline.domain.personal import shown
from pipeline.text.written_numbers import masked_line

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor

OWN_LOGGERS = ("pipeline", "rules", "models")
"""Those that log at the level chosen; libraries, which may log what they work on, only warn."""
SHOWN_ID = 12
"""Characters of an id in text; enough for `earmark show`."""


@dataclass(frozen=True, slots=True)
class LogOptions:
    """How logs are written."""

    form: Literal["text", "json"] = "text"
    level: Literal["debug", "info", "warning", "error"] = "warning"


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is at the moment: a progress bar puts itself in between."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


class _Formatter(logging.Formatter):
    """Finds out how to write when there is something to write."""

    def __init__(self, choose: Callable[[], LogOptions]) -> None:
        super().__init__()
        self._choose = choose
        self._chosen: LogOptions | None = None

    @property
    def options(self) -> LogOptions:
        """How to write."""
        if self._chosen is None:
            self._chosen = self._choose()
        return self._chosen

    def format(self, record: logging.LogRecord) -> str:
        """One line; more where an exception is told as text."""
        return shown(masked_line(_formatter(self.options.form, sys.stderr.isatty()).format(record)))


_handler = _Stderr()
STRUCTLOG_META = frozenset({"_record", "_from_structlog"})
"""What structlog's formatter itself puts into an event, and takes out at the end."""


def start_logs(choose: Callable[[], LogOptions]) -> None:
    """Sends warnings to standard error; ``choose`` is asked how to write them when the first one comes."""
    _install(_Formatter(choose), logging.WARNING)


def set_up_logs(options: LogOptions) -> None:
    """Sends lines from the level chosen on to standard error, and with JSON what Python itself would print there."""
    _install(_Formatter(lambda: options), getattr(logging, options.level.upper()))
    logging.captureWarnings(options.form == "json")
    sys.excepthook = _log_uncaught if options.form == "json" else sys.__excepthook__


def told_as_json() -> bool:
    """Whether standard error holds JSON, one object a line, and nothing else."""
    formatter = _handler.formatter
    return isinstance(formatter, _Formatter) and formatter.options.form == "json"


def tell(text: str, *, level: int = logging.INFO) -> None:
    """Writes a line for the operator into the log, whatever level is chosen."""
    _handler.handle(logging.getLogger("earmark").makeRecord("earmark", level, "", 0, text, (), None))


@contextmanager
def bound(**ids: str) -> Iterator[None]:
    """Names what is worked on (``run_id``, ``recording_id``) in each line that is logged meanwhile in this thread."""
    from structlog.contextvars import bound_contextvars

    with bound_contextvars(**ids):
        yield


def bind(**ids: str) -> None:
    """As `bound`, for as long as the process or thread lives."""
    from structlog.contextvars import bind_contextvars

    bind_contextvars(**ids)


def _install(formatter: _Formatter, level: int) -> None:
    root = logging.getLogger()
    _handler.setFormatter(formatter)
    if _handler not in root.handlers:
        root.addHandler(_handler)
    root.setLevel(max(level, logging.WARNING))
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(level)


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("earmark").critical("ended by an error", exc_info=(kind, error, trace))


@lru_cache(maxsize=4)
def _formatter(form: str, coloured: bool) -> logging.Formatter:
    """structlog's formatter. Tracebacks without local variables: those hold what was said."""
    import structlog

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        _without_repeats,
    ]
    if form == "json":
        shared.append(structlog.stdlib.add_logger_name)
        last: list[Processor] = [
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]
    else:
        last = [
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            _short_ids,
            structlog.dev.ConsoleRenderer(
                colors=coloured, pad_event_to=24, exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
    )


def _without_repeats(_logger: object, _method: str, event: "EventDict") -> "EventDict":
    # Left on the record by formatters of other handlers, and by libraries for themselves: Ray's begin with a line.
    own = {name for name in event if name.startswith("_") and name not in STRUCTLOG_META}
    for name in (*own, "message", "asctime"):
        event.pop(name, None)
    return event


def _short_ids(_logger: object, _method: str, event: "EventDict") -> "EventDict":
    for name in ("run_id", "recording_id"):
        if name in event:
            event[name.removesuffix("_id")] = str(event.pop(name))[:SHOWN_ID]
    return event

"""The report as JSON: everything that the page says and more, in both languages; what is not known is null."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum

from pipeline.domain.personal import shown
from pipeline.reports.shares import Share

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def as_json(report: object) -> str:
    """A report, or any other page made of dataclasses, as a JSON document with a final newline."""
    return shown(json.dumps(plain(report), ensure_ascii=False, indent=1)) + "\n"


def plain(value: object) -> Json:
    """Dataclasses as objects; a share as its part, n, value and 95 % interval.

    >>> plain(Share(0, 0))
    {'part': 0, 'n': 0, 'value': None, 'low': None, 'high': None}
    """
    if isinstance(value, Share):
        low, high = value.interval or (None, None)
        found: dict[str, Json] = {"part": value.part, "n": value.n, "value": value.value, "low": low, "high": high}
        return found if value.heard is None else found | {"heard": plain(value.heard)}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} has no form in JSON")

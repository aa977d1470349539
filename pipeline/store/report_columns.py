"""Metadata columns that reports read, by every name that a centre may give them.

Where a call has several of the names, the first counts; an empty cell is no value. What reports ask of every call is
read once, when the recording is entered, and kept in a column of its own: a million cells of JSON take seconds to read.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Float, Text, case, cast, func, or_

from pipeline.store.tables import recordings

DEPARTMENT = ("department", "部门")
SITE = ("vendor", "外包商", "site", "职场")
"""Who employs the agent: a contractor's name, or a word of `OWN`."""
OWN = frozenset({"自营", "own", "in-house", "inhouse"})
"""How the centre's own staff is written in a column of `SITE`; anything else is a contractor."""
TRANSFERS = ("transferred", "transfers", "转接", "转接次数")
"""Whether the call was transferred: a number of times, or yes or no."""
REASONS = ("reason", "contact_reason", "来电原因", "来电类型")
"""What the customer called for."""
HOLD_S = ("hold_s", "保持时长")
"""Seconds for which the customer was put on hold."""

_NUMBER = r"^\s*[-+]?[0-9]+(\.[0-9]+)?\s*$"


def read_columns(metadata: Mapping[str, Any]) -> dict[str, str | float | None]:
    """What the columns of ``recordings`` that reports count by say of a call with this metadata.

    >>> read_columns({"部门": "售后", "hold_s": " 12.5", "site": " "})
    {'department': '售后', 'site': None, 'contact_reason': None, 'transfers': None, 'hold_s': 12.5}
    """
    hold = _first(metadata, HOLD_S)
    return {
        "department": _first(metadata, DEPARTMENT),
        "site": _first(metadata, SITE),
        "contact_reason": _first(metadata, REASONS),
        "transfers": _first(metadata, TRANSFERS),
        "hold_s": float(hold) if hold and re.fullmatch(_NUMBER, hold) else None,
    }


def _first(metadata: Mapping[str, Any], names: Sequence[str]) -> str | None:
    cells = (str(metadata[name]).strip() for name in names if metadata.get(name) is not None)
    return next(filter(None, cells), None)


def written(names: Sequence[str]) -> ColumnElement[Any]:
    """The value of the first of these columns that the call has, as text without blanks around it; else null."""
    # SQLite before 3.45 compares keys as they are stored, with Chinese characters escaped.
    keys = dict.fromkeys(key for name in names for key in (name, json.dumps(name)[1:-1]))
    found = [func.nullif(func.trim(recordings.c.extra[key].as_string()), "") for key in keys]
    # To look for a name in a text takes a tenth of the time that it takes to read the text as JSON, once for each name.
    columns = cast(recordings.c.extra, Text)
    named = or_(*(columns.contains(key, autoescape=True) for key in keys))
    return case((named, func.coalesce(*found) if len(found) > 1 else found[0]), else_=None)


def number(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """A text as a number; null where it is none."""
    # The test comes first: PostgreSQL refuses to make a number of what is none.
    return case((text.is_(None), None), (text.regexp_match(_NUMBER), cast(text, Float)), else_=None)

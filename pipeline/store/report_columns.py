"""Metadata columns that reports read, by every name that a centre may give them, as expressions of a query.

Where a call has several of the names, the first counts; an empty cell is no value.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, Float, Text, case, cast, func, or_, select

from pipeline.store.tables import recordings

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


def cells(names: Sequence[str], tests: Sequence[ColumnElement[bool]], *others: ColumnElement[Any]) -> CTE:
    """The calls that have one of these columns, with its text as ``cell``, and other columns.

    Worked out once a call: SQLite would else read the JSON anew wherever a query names the cell.
    """
    cell = written(names)
    query = select(cell.label("cell"), *others).where(cell.is_not(None), *tests)
    return query.cte("cells").prefix_with("MATERIALIZED")

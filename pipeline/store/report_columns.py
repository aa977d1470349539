"""Metadata columns that reports read, by every name that a centre may give them, as expressions of a query.

Where a call has several of the names, the first counts; an empty cell is no value.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Float, case, cast, func

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
    found = [func.nullif(func.trim(recordings.c.extra[name].as_string()), "") for name in names]
    return func.coalesce(*found) if len(found) > 1 else found[0]


def number(names: Sequence[str]) -> ColumnElement[Any]:
    """As `written`, as a number; null where it is none."""
    value = written(names)
    # The test comes first: PostgreSQL refuses to make a number of what is none.
    return case((value.regexp_match(_NUMBER), cast(value, Float)), else_=None)

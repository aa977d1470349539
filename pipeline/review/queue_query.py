"""The queue's address: every filter, order and place of the list stands in it, so that it can be kept and passed on."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from pipeline.domain.results import ErrorClass, Severity
from pipeline.review.fields import Line
from pipeline.store.queue_filter import Cursor, QueueFilter, QueueOrder, QueueStatus
from pipeline.store.search import MAX_QUERY

_EARLIEST, _LATEST = date(1990, 1, 1), date(2200, 1, 1)


def _absent(value: Any) -> Any:
    """A field that a form leaves empty is one that is not there."""
    return None if value == "" else value


def _beginning(value: Any) -> Any:
    return value[:MAX_QUERY] if isinstance(value, str) else value


Name = Annotated[Line | None, BeforeValidator(_absent)]
Day = Annotated[Annotated[date, Field(ge=_EARLIEST, le=_LATEST)] | None, BeforeValidator(_absent)]
AccountId = Annotated[int, Field(ge=1, le=2**31 - 1)]


class QueueQuery(BaseModel):
    """A list of calls, as its address says it."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    status: QueueStatus = QueueStatus.OPEN
    q: Annotated[str, BeforeValidator(_beginning), StringConstraints(strip_whitespace=True)] = ""
    """What is searched for in transcripts; as much of it as a search looks at."""
    rule: Name = None
    error_class: Annotated[ErrorClass | None, BeforeValidator(_absent)] = Field(None, alias="class")
    severity: Annotated[Severity | None, BeforeValidator(_absent)] = None
    team: Name = None
    agent: Name = None
    first_day: Day = Field(None, alias="from")
    last_day: Day = Field(None, alias="to")
    who: Annotated[Literal["me", "none"] | AccountId | None, BeforeValidator(_absent)] = None
    finished: Annotated[Literal["today"] | None, BeforeValidator(_absent)] = None
    order: QueueOrder = QueueOrder.RISK

    def changed(self, **fields: object) -> "QueueQuery":
        """The same list but for these fields."""
        return QueueQuery.model_construct(
            **{**{name: getattr(self, name) for name in QueueQuery.model_fields}, **fields}
        )

    @property
    def search(self) -> str:
        """What stands behind the ``?``; empty for the list that the desk begins with."""
        fields = [
            (field.alias or name, getattr(self, name))
            for name, field in QueueQuery.model_fields.items()
            if getattr(self, name) != getattr(START, name)
        ]
        return urlencode([(name, str(value)) for name, value in fields])

    @property
    def href(self) -> str:
        """The list's address."""
        return f"/queue?{self.search}" if self.search else "/queue"

    @property
    def narrowed(self) -> bool:
        """Whether anything restricts the list besides its status."""
        return self.changed(status=QueueStatus.OPEN, order=QueueOrder.RISK) != START

    def wanted(self, account_id: int, now: datetime) -> QueueFilter:
        """The calls that the account gets to see under this address; ``now`` is in the zone of the desk."""
        return QueueFilter(
            status=self.status,
            text=self.q,
            rule=self.rule,
            error_class=self.error_class,
            severity=self.severity,
            team=self.team,
            agent=self.agent,
            since=_midnight(self.first_day, now),
            until=_midnight(self.last_day and self.last_day + timedelta(days=1), now),
            reviewer_id=account_id if self.who == "me" else self.who if isinstance(self.who, int) else None,
            unassigned=self.who == "none",
            done_since=_midnight(now.date(), now) if self.finished else None,
        )


START = QueueQuery.model_validate({})
"""What the desk begins with: all open calls, the highest risk first."""


class QueuePlace(QueueQuery):
    """A page of a list."""

    after: Annotated[Annotated[str, Field(max_length=200)] | None, BeforeValidator(_absent)] = None
    nothing: Literal["1"] | None = None
    """Says that the next call was asked for and there was none."""

    @property
    def query(self) -> QueueQuery:
        """The list itself."""
        return QueueQuery.model_construct(**{name: getattr(self, name) for name in QueueQuery.model_fields})

    @property
    def cursor(self) -> Cursor | None:
        """Where the page begins; ``None`` for the first."""
        if self.after is None:
            return None
        value, _, recording_id = self.after.rpartition("~")
        return value, recording_id


def next_page(query: QueueQuery, after: Cursor) -> str:
    """The address of the page behind a cursor."""
    return f"/queue?{query.search}{'&' if query.search else ''}{urlencode({'after': '~'.join(after)})}"


def parsed(search: str) -> QueueQuery | None:
    """The list of a kept address; ``None`` where it says what this desk does not know (any more)."""
    try:
        return QueueQuery.model_validate(dict(parse_qsl(search, max_num_fields=30)))
    except ValueError:
        return None


def _midnight(day: date | None, now: datetime) -> datetime | None:
    if day is None:
        return None
    zone = now.tzinfo
    assert isinstance(zone, ZoneInfo)
    return datetime.combine(day, time(), zone)

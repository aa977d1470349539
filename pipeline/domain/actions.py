"""Closing the loop (闭环): what is done about a line of a report, by whom, and whether it moved the line's metric."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from urllib.parse import quote, unquote

from pipeline.domain.errors import ConfigError, EarmarkError
from pipeline.domain.periods import Period
from pipeline.domain.results import BilingualText, ErrorClass

CLASSES = tuple(one.value for one in ErrorClass if one is not ErrorClass.ALERT)
PASSED = "passed"
SERVICE = ("handling", "silence", "response", "solved")
RULE = "rule/"
"""Stands before the id of a rule that is called like another metric."""


class ActionKind(StrEnum):
    """What is done."""

    COACH = "coach"
    """辅导: with one agent."""
    TRAIN = "train"
    """培训: with a team."""
    PROCESS = "process"
    """改流程: by the centre."""


class Level(StrEnum):
    """Whose metric it is."""

    AGENT = "agent"
    TEAM = "team"
    CENTRE = "centre"


KIND_OF = {Level.AGENT: ActionKind.COACH, Level.TEAM: ActionKind.TRAIN, Level.CENTRE: ActionKind.PROCESS}


class MetricKind(StrEnum):
    """What is counted or measured. Of shares always the bad calls are counted."""

    RULE = "rule"
    """Calls with a confirmed error of one rule ÷ calls evaluated."""
    CLASS = "class"
    """Calls with an error of a class ÷ calls evaluated; shown as accuracy, 1 − share."""
    PASSED = "passed"
    """Calls that did not pass ÷ calls with a complete scorecard; shown as pass rate."""
    SOLVED = "solved"
    """Calls after which the customer called again within 7 days; shown as first-contact resolution."""
    MEAN = "mean"
    """A mean over calls: handling time, silence share, response time."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of a report that an action is to move."""

    kind: MetricKind
    name: str
    """Rule id, error class, or name of the service level."""

    @property
    def is_mean(self) -> bool:
        """A mean rather than a share."""
        return self.kind is MetricKind.MEAN

    @property
    def shown_good(self) -> bool:
        """Reports show the share of good calls: 1 − what is counted."""
        return self.kind in (MetricKind.CLASS, MetricKind.PASSED, MetricKind.SOLVED)

    def shown(self, value: float | None) -> float | None:
        """The value as reports show it."""
        return None if value is None else (1 - value if self.shown_good else value)

    def __str__(self) -> str:
        if self.kind is MetricKind.RULE and self.name in (*CLASSES, PASSED, *SERVICE):
            return RULE + self.name
        return self.name


def metric_of(name: str) -> Metric:
    """The metric of that name; what is none of the known ones is the id of a rule.

    >>> metric_of("passed").kind.value, metric_of("silence").kind.value, metric_of("insult").kind.value
    ('passed', 'mean', 'rule')
    >>> str(metric_of("rule/silence"))
    'rule/silence'
    """
    if name.startswith(RULE):
        return Metric(MetricKind.RULE, name.removeprefix(RULE))
    if name in CLASSES:
        return Metric(MetricKind.CLASS, name)
    if name == PASSED:
        return Metric(MetricKind.PASSED, name)
    if name == "solved":
        return Metric(MetricKind.SOLVED, name)
    return Metric(MetricKind.MEAN if name in SERVICE else MetricKind.RULE, name)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a report that something can be done about. Its id is what stands on the page."""

    level: Level
    name: str
    """Agent or team; empty for the centre."""
    metric: Metric

    @property
    def id(self) -> str:
        """Such as ``#agent:A1031:identity-check-missing``, ``#centre:passed``.

        >>> Line(Level.TEAM, "售后:一组", metric_of("insult")).id
        '#team:售后%3A一组:insult'
        """
        middle = "" if self.level is Level.CENTRE else f":{_quoted(self.name)}"
        return f"#{self.level.value}{middle}:{_quoted(str(self.metric))}"


def _quoted(text: str) -> str:
    """The text without what divides the parts of an id, or a line of text."""
    return "".join(quote(one, safe="") if one in ":%#" or one.isspace() else one for one in text)


def line_of(line_id: str) -> Line:
    """The line that the id names; the ``#`` may be left out.

    >>> line_of("#agent:A1031:passed")
    Line(level=<Level.AGENT: 'agent'>, name='A1031', metric=Metric(kind=<MetricKind.PASSED: 'passed'>, name='passed'))
    >>> line_of("centre:silence").name
    ''

    Raises:
        ConfigError: it is no id of a line.
    """
    parts = [unquote(part) for part in line_id.strip().removeprefix("#").split(":")]
    levels = [one.value for one in Level]
    if parts[0] == Level.CENTRE and len(parts) == 2 and parts[1]:
        return Line(Level.CENTRE, "", metric_of(parts[1]))
    if parts[0] in levels and parts[0] != Level.CENTRE and len(parts) == 3 and all(parts):
        return Line(Level(parts[0]), parts[1], metric_of(parts[2]))
    raise ConfigError(
        f"{line_id!r} is no line of a report: lines are named like #agent:A1031:identity-check-missing,"
        " #team:TEAM:compliance-critical or #centre:passed, as the page, Excel and JSON show them"
    )


class ActionState(StrEnum):
    """How far an action is."""

    OPEN = "open"
    DONE = "done"
    """Its owner says that it was done; whether it helped is not known yet."""
    CLOSED = "closed"
    """With an outcome."""
    DROPPED = "dropped"
    """Given up, with a reason."""


LIVE = (ActionState.OPEN, ActionState.DONE)


class Verdict(StrEnum):
    """Whether the metric moved."""

    IMPROVED = "improved"
    """Better by more than noise, and by more than would have come by itself."""
    BY_ITSELF = "by_itself"
    """No more than would have come by itself."""
    WORSE = "worse"
    """Worse by more than noise, and than would have come by itself."""
    NOT_ENOUGH = "not_enough"
    """Too few calls to tell."""
    NOT_COMPARABLE = "not_comparable"
    """The two periods do not measure the same."""
    NOT_OVER = "not_over"
    """The due period is not over."""


class Chosen(StrEnum):
    """How the calls of a period were chosen to be heard."""

    NONE = "none"
    ALL = "all"
    DRAWN = "drawn"
    """Some by a sampling plan."""
    FLAGGED = "flagged"
    """Only flagged ones."""
    OTHER = "other"
    """Flagged ones and others, and nobody drew them by lot."""


@dataclass(frozen=True, slots=True)
class Count:
    """Bad calls of n; of a mean n values, their sum and sum of squares."""

    bad: float
    n: int
    squares: float = 0.0
    """Of a mean only."""

    @property
    def value(self) -> float | None:
        """Share or mean; ``None`` of nothing."""
        return self.bad / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class Baseline:
    """The line as it was when the action was opened."""

    period: Period
    title: BilingualText
    """Of the metric."""
    count: Count
    earlier: tuple[Count, ...] = ()
    """The same in the periods before, the oldest first."""
    rank: int | None = None
    """1: the worst of its level; ``None`` where there is nobody to compare with."""
    peers: int = 0
    """Of the same level with calls in the period, the target among them."""
    chosen: Chosen = Chosen.NONE
    flagged_heard: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Flagged and heard, flagged, not flagged and heard, not flagged."""
    rules: tuple[str, ...] = ()
    """What the rules behind the metric hit by: digests."""

    @property
    def extreme(self) -> bool:
        """Among the worst quarter of its level, the worst one at least: then much of it would pass by itself."""
        return self.rank is not None and self.rank <= max(1, self.peers // 4)


@dataclass(frozen=True, slots=True)
class Draft:
    """An action that is to be opened."""

    line: Line
    baseline: Baseline
    due: Period
    owner: str
    owner_id: int | None = None
    plan: str = ""
    """What is to be done."""
    team: str | None = None
    """Of the agent in the baseline, or the team itself: whose lead sees the action."""


@dataclass(frozen=True, slots=True)
class Action:
    """An action as stored."""

    id: int
    draft: Draft
    opened_by: str
    opened_at: datetime
    state: ActionState
    ended_at: datetime | None = None
    outcome: "Assessment | None" = None

    @property
    def line(self) -> Line:
        """What it is about."""
        return self.draft.line

    @property
    def kind(self) -> ActionKind:
        """What is done."""
        return KIND_OF[self.draft.line.level]

    @property
    def live(self) -> bool:
        """Neither closed nor dropped."""
        return self.state in LIVE

    def due(self, now: datetime) -> bool:
        """It waits for an outcome: its due period is over."""
        return self.live and self.draft.due.until <= now


@dataclass(frozen=True, slots=True)
class Assessment:
    """What became of the metric. Shares are of bad calls, 0–1; means in seconds or as shares."""

    verdict: Verdict
    count: Count
    """Of the due period."""
    calls: int
    """Calls of the target in the due period, heard or not."""
    expected: float | None = None
    """What the due period would most likely have been if nothing had been done."""
    low: float | None = None
    """95 % prediction interval of the due period's value with so many calls."""
    high: float | None = None
    p: float | None = None
    """Of a due period as good, or as bad, by chance and regression alone, one-sided."""
    p_noise: float | None = None
    """Of such a difference from the baseline by chance alone, two-sided."""
    power: float | None = None
    """Probability that a halving would have been seen."""
    more: int | None = None
    """Calls lacking until a halving would be seen four times of five; ``None``: no number suffices."""
    peers: int = 0
    """How many others the expectation rests on; 0: on the target's own earlier periods, or on nothing."""
    drift: float | None = None
    """Change of the others between the periods as a difference of their value."""
    notes: tuple[BilingualText, ...] = field(default=())
    """What the figures do not say, and why they cannot be compared."""


class EventKind(StrEnum):
    """What happened to an action."""

    OPENED = "opened"
    NOTE = "note"
    DONE = "done"
    CLOSED = "closed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of its history."""

    at: datetime
    name: str
    account_id: int | None
    kind: EventKind
    text: str


class ActionFault(StrEnum):
    """Why something about an action is refused."""

    UNKNOWN = "unknown"
    TWICE = "twice"
    ENDED = "ended"
    NOT_DUE = "not_due"
    NO_TEXT = "no_text"
    NO_OWNER = "no_owner"
    NO_CALLS = "no_calls"
    OVERLAPS = "overlaps"
    NOT_OVER = "not_over"


FAULTS = {
    ActionFault.UNKNOWN: BilingualText("没有这条措施。", "There is no such action."),
    ActionFault.TWICE: BilingualText(
        "同一行已有未结束的措施：{detail}。请在那里备注，或先结束它。",
        "There is a live action on this line: {detail}. Add a note there, or end it first.",
    ),
    ActionFault.ENDED: BilingualText("措施已结束，不能再改。", "The action has ended and cannot be changed."),
    ActionFault.NOT_DUE: BilingualText(
        "复查期 {detail} 还没有结束，看不出结果。要放弃请写明理由。",
        "The due period {detail} is not over, so there is no outcome yet. To give it up, drop it with a reason.",
    ),
    ActionFault.NO_TEXT: BilingualText("请写明内容。", "Say what."),
    ActionFault.NO_OWNER: BilingualText("请指定负责人。", "Name an owner."),
    ActionFault.NO_CALLS: BilingualText(
        "基线 {detail} 里没有可计的通话：无从比较。",
        "The baseline {detail} has no calls that count: nothing to compare with.",
    ),
    ActionFault.OVERLAPS: BilingualText(
        "复查期 {detail} 须在基线期之后。", "The due period {detail} has to begin after the baseline has ended."
    ),
    ActionFault.NOT_OVER: BilingualText("基线期 {detail} 还没有结束。", "The baseline {detail} is not over yet."),
}


class ActionRefusedError(EarmarkError):
    """Something about an action that is refused. ``text`` is for the page."""

    def __init__(self, fault: ActionFault, detail: str = "") -> None:
        self.fault = fault
        told = FAULTS[fault]
        self.text = BilingualText(told.zh.format(detail=detail), told.en.format(detail=detail))
        super().__init__(f"{self.text.zh} {self.text.en}")

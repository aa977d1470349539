"""What a report says, before it is a page, a workbook or JSON. Rates are 0–1; what is not known is ``None``."""

from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.domain.calibration import TrustState
from pipeline.domain.periods import Period
from pipeline.domain.results import BilingualText
from pipeline.domain.sampling import Estimate, NotEnough
from pipeline.reports.actions_model import Loop
from pipeline.reports.control import ControlChart
from pipeline.reports.kinds import Kind as Kind
from pipeline.reports.nature import Nature, Spread
from pipeline.reports.pareto import ParetoItem
from pipeline.reports.shares import Change, Share
from pipeline.reports.trend import Forecast


class Basis(StrEnum):
    """Why the evaluated calls of the period can stand for all of its calls, or cannot."""

    NONE = "none"
    """None was evaluated."""
    ALL = "all"
    """All were."""
    DRAWN = "drawn"
    """A sampling plan picked some of them: weighed by their chances they stand for all calls."""
    FLAGGED = "flagged"
    """Only flagged calls were: they stand for flagged calls."""
    CHOSEN = "chosen"
    """Flagged ones and others, and nobody drew them by lot."""


@dataclass(frozen=True, slots=True)
class Row:
    """A share over three periods."""

    id: str
    title: BilingualText
    now: Share
    last: Share
    earlier: Share
    """The period before the last."""
    change: Change | None
    """Against the last period; ``None`` where either has no calls."""
    change_earlier: Change | None
    estimate: Estimate | NotEnough | None = None
    """Of all calls of the period, from picks; ``None`` where nothing was drawn."""


@dataclass(frozen=True, slots=True)
class Group:
    """One contractor, department, skill, team or agent."""

    level: str
    name: str
    calls: int
    """Evaluated."""
    shares: dict[str, Share]
    """Accuracy by class, and ``passed``."""
    differs: dict[str, Change]
    """Against all others of the report, where that is more than noise."""
    teams: tuple[str, ...] = ()
    """Of an agent: the teams in which the calls were."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A mean or a share with its interval; times in seconds."""

    id: str
    title: BilingualText
    unit: str
    """``s`` or ``share``."""
    value: float | None
    low: float | None
    high: float | None
    n: int
    last: float | None
    last_n: int
    p: float | None
    beyond: bool
    note: BilingualText | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """A recording to hear, from where."""

    id: str
    name: str
    agent: str | None
    team: str | None
    start_s: float | None
    link: str | None
    """Into the review desk; ``None`` where the settings name none."""


@dataclass(frozen=True, slots=True)
class Need:
    """Something to train, the most urgent first."""

    rule_id: str
    title: BilingualText
    error_class: str
    spread: Spread
    hear: tuple[Moment, ...]
    model: tuple[Moment, ...] = ()
    """Recordings that show how it is done well."""

    @property
    def nature(self) -> Nature:
        """Common or individual."""
        return self.spread.nature


@dataclass(frozen=True, slots=True)
class Heard:
    """One of the best or worst recordings, and why."""

    moment: Moment
    why: BilingualText


@dataclass(frozen=True, slots=True)
class AgentProblem:
    """One error of one agent."""

    rule_id: str
    title: BilingualText
    error_class: str
    share: Share
    team: Share
    """Of the teams' other calls."""
    individual: bool
    """The agent has more of it than the team explains (`nature`)."""
    hear: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class AgentNeed:
    """What one agent is to be trained in, the most urgent first."""

    agent: str
    teams: tuple[str, ...]
    evaluated: int
    failed: Share
    """Calls with any error ÷ calls evaluated."""
    problems: tuple[AgentProblem, ...]


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Survey scores beside what the classifiers heard."""

    low: float
    """Lowest and highest score that anybody gave."""
    high: float
    good_from: float
    bad_to: float
    fake: Share
    """Good scores on angry calls ÷ good scores."""
    fake_last: Share
    fake_change: Change | None
    hidden: Share
    """Bad scores on calm calls ÷ bad scores."""
    surveyed: int
    unjudged: int
    """Calls with a score that the classifiers did not judge: not counted."""
    hear_fake: tuple[Heard, ...]
    hear_hidden: tuple[Heard, ...]
    sentence: BilingualText


@dataclass(frozen=True, slots=True)
class Reason:
    """What customers called for."""

    name: str
    share: Share
    cumulative: float
    """This and all more frequent ones ÷ calls with a reason."""
    vital: bool
    """One of the fewest that together make up 80 %."""
    handling_s: float | None
    survey: float | None
    survey_n: int
    solved: Share
    """No call of the same customer within 7 days."""
    hard: tuple[str, ...]
    """What is worse than of all other reasons by more than noise: ``handling``, ``survey``, ``solved``."""
    best_team: str | None
    """The team that does better in it than the others by more than noise."""
    hear: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why customers call."""

    rows: tuple[Reason, ...]
    with_reason: int
    without: int
    sentence: BilingualText


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule over the period."""

    id: str
    title: BilingualText
    error_class: str
    status: str
    hits: Share
    """Calls it hit ÷ calls that rules were run on."""
    last: Share
    change: Change | None
    precision: Share
    """Confirmed ÷ judged hits."""
    missed: int
    """Calls that it should have hit, as people found."""
    trust: TrustState
    """Whether those who judge its hits agree with each other."""


@dataclass(frozen=True, slots=True)
class ClassChart:
    """The control chart of an error class."""

    id: str
    title: BilingualText
    chart: ControlChart
    sentence: BilingualText


@dataclass(frozen=True, slots=True)
class Trend:
    """Error rate of a class over the last periods and the next."""

    id: str
    title: BilingualText
    labels: tuple[str, ...]
    shares: tuple[Share, ...]
    forecast: Forecast | None
    sentence: BilingualText


@dataclass(frozen=True, slots=True)
class Pareto:
    """Errors by frequency."""

    items: tuple[ParetoItem, ...]
    titles: dict[str, BilingualText]
    errors: int
    evaluated: int
    sentence: BilingualText


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above everything else."""

    kind: Kind
    title: BilingualText
    period: Period
    last: Period
    earlier: Period
    zone: str
    scope: BilingualText
    lead: BilingualText
    """What a manager would say."""
    warnings: tuple[BilingualText, ...]
    """What the numbers do not say, the gravest first."""
    basis: Basis
    calls: int
    checked: int
    flagged: int
    evaluated: int
    last_evaluated: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything. Empty sections are not shown."""

    heading: Heading
    classes: tuple[Row, ...] = ()
    hits: tuple[Row, ...] = ()
    charts: tuple[ClassChart, ...] = ()
    """The one to show first."""
    pareto: Pareto | None = None
    levels: dict[str, tuple[Group, ...]] = field(default_factory=dict)
    needs: tuple[Need, ...] = ()
    best: tuple[Heard, ...] = ()
    worst: tuple[Heard, ...] = ()
    service: tuple[Measure, ...] = ()
    satisfaction: Satisfaction | None = None
    reasons: Reasons | None = None
    trends: tuple[Trend, ...] = ()
    rules: tuple[RuleRow, ...] = ()
    agents: tuple[AgentNeed, ...] = ()
    """Training needs by agent."""
    actions: Loop = field(default_factory=Loop)

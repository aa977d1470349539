"""`earmark sample estimate`: rows of estimates, and how they look in the terminal."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pipeline.cli.output import console
from pipeline.domain.calibration import TRUST_WORDS, TrustState
from pipeline.domain.results import BilingualText
from pipeline.domain.sampling import Estimate, NotEnough
from pipeline.sampling.estimates import Figures, figures
from pipeline.sampling.remarks import remarks
from pipeline.sampling.shortage import percent

if TYPE_CHECKING:
    from rich.text import Text

    from pipeline.store.calibration_results import TrustTable
    from pipeline.store.sampling_evidence import Evidence, Subject

READING = BilingualText(
    "方括号是 95% 区间。只有区间没有数：复核或审核得还不够；+n 是还要的通数。命中率要复核命中，其余要审核未命中的通话",
    "brackets: 95 % interval. An interval alone: too few calls were judged; +n is how many are lacking:"
    " reviewed hits for precision, audits of unflagged calls for the others",
)
"""How the table is read."""
TRUST = BilingualText(
    "命中率存疑：复核的人判得不够一致；未校准：还没有量过（earmark calibrate）",
    "命中率存疑: reviewers do not agree enough for the precision to be trusted; 未校准: nobody has measured it"
    " (`earmark calibrate`)",
)


@dataclass(frozen=True, slots=True)
class EstimateRow:
    """One rule or class in one group of calls. Rates are 0–1; a rate is empty where it would mean nothing."""

    group: str
    subject: str
    title_zh: str
    title_en: str
    kind: str
    """``class`` or ``rule``."""
    status: str
    calls: int
    hits: int
    judged_hits: int
    confirmed: int
    judged_others: int
    missed: int
    open_picks: int
    uncovered: int
    hits_basis: str
    audit_basis: str
    precision: float | None
    precision_low: float | None
    precision_high: float | None
    precision_more: int | None
    precision_reason_zh: str | None
    precision_reason_en: str | None
    recall: float | None
    recall_low: float | None
    recall_high: float | None
    recall_more: int | None
    recall_reason_zh: str | None
    recall_reason_en: str | None
    prevalence: float | None
    prevalence_low: float | None
    prevalence_high: float | None
    prevalence_more: int | None
    prevalence_reason_zh: str | None
    prevalence_reason_en: str | None


@dataclass(frozen=True, slots=True)
class MarkedRow(EstimateRow):
    """An estimate, and whether those who judged the hits agree with each other."""

    precision_trust: str | None
    """``trusted``, ``doubtful`` or ``unknown`` (docs/calibration.md); empty for a class."""


def marked(rows: Sequence[EstimateRow], table: "TrustTable") -> list[MarkedRow]:
    """The rows with the trust in their precision."""
    return [
        MarkedRow(**asdict(row), precision_trust=table.rule(row.subject).state.value if row.kind == "rule" else None)
        for row in rows
    ]


def estimate_rows(evidence: "Evidence", by: str | None) -> list[EstimateRow]:
    """Classes and rules of each slice of the period.

    Raises:
        ConfigError: no call has the column.
    """
    from pipeline.domain.errors import ConfigError

    if by is not None and evidence.calls and not evidence.divided:
        raise ConfigError(f"--by {by}: no call of this period has a value there; name a metadata column, or week")
    return [
        _row(name, subject, figures(one.hit, one.flagged, one.truth, one.weight, one.others))
        for name in evidence.slices
        for subject in evidence.subjects
        if (one := evidence.sample(subject, name)).calls
    ]


def _row(group: str, subject: "Subject", found: Figures) -> EstimateRow:
    return EstimateRow(
        group,
        subject.id,
        subject.title.zh,
        subject.title.en,
        "class" if subject.is_class else "rule",
        subject.status,
        found.calls,
        found.hits,
        found.judged_hits,
        found.confirmed,
        found.judged_others,
        found.missed,
        found.open_picks,
        found.uncovered,
        found.hits_basis.value,
        found.audit_basis.value,
        *_cells(found.precision),
        *_cells(found.recall),
        *_cells(found.prevalence),
    )


_Cells = tuple[float | None, float | None, float | None, int | None, str | None, str | None]


def _cells(one: Estimate | NotEnough) -> _Cells:
    if isinstance(one, Estimate):
        return one.value, one.low, one.high, None, None, None
    return None, one.low, one.high, one.more, one.reason.zh, one.reason.en


def print_estimates(rows: Sequence[MarkedRow], by: str | None) -> None:
    """A table of rates with intervals, and what is to be known of them."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim", collapse_padding=True)
    if by is not None:
        table.add_column(f"{by}\n", no_wrap=True)
    table.add_column("类别 / 规则\nclass / rule", no_wrap=True)
    for heading in (
        "命中\nhits",
        "属实 / 复核\ntrue / judged",
        "漏检 / 审核\nmissed / audited",
        "命中率\nprecision",
        "召回率\nrecall",
        "发生率\nprevalence",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("校准\ntrust", no_wrap=True)
    for row in rows:
        cells: list[str | Text] = [
            _name(row),
            str(row.hits),
            f"{row.confirmed} / {row.judged_hits}",
            f"{row.missed} / {row.judged_others}",
            _rate(row.precision, row.precision_low, row.precision_high, row.precision_more),
            _rate(row.recall, row.recall_low, row.recall_high, row.recall_more),
            _rate(row.prevalence, row.prevalence_low, row.prevalence_high, row.prevalence_more),
            TRUST_WORDS[TrustState(row.precision_trust)].zh if row.precision_trust else "",
        ]
        table.add_row(*([row.group, *cells] if by is not None else cells))
    out = console()
    out.print(table)
    for told in [READING, *remarks(rows), TRUST] if rows else []:
        out.print(f"• {told.zh}", markup=False)
        out.print(f"  {told.en}", style="dim", markup=False)


def _name(row: EstimateRow) -> "Text":
    from rich.text import Text

    if row.kind == "class":
        return Text(row.title_zh, "bold")
    trial = "（试用）" if row.status == "shadow" else ""
    return Text(f"  {row.title_zh}{trial}")


def _rate(value: float | None, low: float | None, high: float | None, more: int | None) -> str:
    """A rate with its interval; the interval alone, and how many calls are lacking, where a rate would mean nothing."""
    interval = "" if low is None or high is None else f"[{percent(low)[:-2]}–{percent(high)}]"
    if value is not None:
        return f"{percent(value)} {interval}"
    lacking = "" if more is None else f"+{more}"
    return " ".join(filter(None, [interval, lacking])) or "n/a"

"""`earmark calibrate`: how its rows look in the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.cli.calibrate_rows import (
    AgreementRow,
    CallRow,
    ComparedRow,
    DriftRow,
    OpinionRow,
    SessionRow,
)
from pipeline.cli.output import clock, console
from pipeline.domain.agreement import Coefficient
from pipeline.domain.calibration import TRUST_WORDS, Calibration, TrustState
from pipeline.review.calibration_view import COEFFICIENTS

if TYPE_CHECKING:
    from rich.table import Table


def _table(*columns: str, right: Sequence[int] = ()) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim", collapse_padding=True)
    for at, column in enumerate(columns):
        table.add_column(column, justify="right" if at in right else "left")
    return table


def print_sessions(rows: Sequence[SessionRow]) -> None:
    """A table of sessions."""
    table = _table("号\nno.", "名称\nname", "开始\nbegun", "通话\ncalls", "判完\njudged", "状态\nstate", right=(0, 3))
    for row in rows:
        judged = ", ".join(f"{login} {done}" for login, done in zip(row.reviewers, row.finished, strict=True))
        state = "已结束 closed" if row.closed_at else "进行中 open"
        table.add_row(str(row.number), row.name, f"{row.begun_at:%Y-%m-%d}", str(row.calls), judged, state)
    console().print(table)


def print_progress(session: Calibration) -> None:
    """Who is how far."""
    out, total = console(), len(session.calls)
    out.print(f"{session.id} {session.name}  {total} 通 calls  {session.chosen.zh} {session.chosen.en}", style="bold")
    if session.deleted:
        out.print(f"  {session.deleted} 通已删除 deleted since")
    for judge in session.judges:
        out.print(f"  {judge.name} {judge.login}  {judge.finished} / {total}")


def print_calls(rows: Sequence[CallRow]) -> None:
    """A table of the calls of a closed session."""
    table = _table("录音\nrecording", "不同\ndiffer", "共判\njudged", "标准答案\ngold", right=(1, 2, 3))
    for row in rows:
        table.add_row(row.recording, str(row.differ or ""), str(row.judged), str(row.gold or ""))
    console().print(table)


def _number(value: float | None, low: float | None, high: float | None, coefficient: str | None) -> str:
    if value is None or coefficient is None:
        return "n/a"
    interval = "" if low is None or high is None else f" [{low:.2f} {high:.2f}]"
    return f"{COEFFICIENTS[Coefficient(coefficient)]} {value:.2f}{interval}"


def _state(state: str) -> str:
    words = TRUST_WORDS[TrustState(state)]
    return f"{words.zh} {words.en}"


def print_agreement(rows: Sequence[AgreementRow], level: float) -> None:
    """A table of agreements."""
    table = _table(
        "规则 / 评分项\nrule / item", "", "通话\ncalls", "全同\nalike", "一致性\nagreement", "", right=(2, 3)
    )
    for row in rows:
        number = _number(row.value, row.low, row.high, row.coefficient)
        alike, says = f"{row.all_alike}/{row.calls}", _state(row.state)
        if row.value is None or row.low is None:
            says = f"{says}：{row.why_zh}"
        table.add_row(row.title_zh, row.subject, str(row.calls), alike, number, says)
    out = console()
    out.print(table)
    out.print(f"• κ 两人都判完，α 更多人或有空缺；方括号是 95% 区间，下端低于 {level:g} 为存疑", markup=False)
    out.print(
        f"  κ: two judged everything, α: more people or gaps; brackets: 95 % interval, not to begin below {level:g}",
        style="dim",
        markup=False,
    )


def print_opinions(rows: Sequence[OpinionRow]) -> None:
    """A table of what each said."""
    table = _table(
        "规则 / 评分项\nrule / item",
        "质检员\nreviewer",
        "判断\nsays",
        "位置\nat",
        "原话、理由\nquote, reason",
        "标准答案\ngold",
    )
    before = None
    for row in rows:
        words = " ".join(filter(None, [row.quote, row.reason, row.text]))
        title = "" if row.subject == before else f"{'≠ ' if row.differ else ''}{row.title_zh} {row.subject}"
        gold = row.gold or "" if row.subject != before else ""
        table.add_row(title, row.reviewer, row.value or "–", clock(row.start_s), words, gold)
        before = row.subject
    console().print(table)


def print_drift(rows: Sequence[DriftRow]) -> None:
    """A table of agreement with gold."""
    table = _table("质检员\nreviewer", "时段\nperiod", "相同\nsame", "占比\nshare", "变化\nchange", right=(2, 3))
    for row in rows:
        share = "n/a" if row.rate is None else f"{row.rate:.0%}"
        if row.low is not None and row.high is not None:
            share += f" [{row.low:.0%} {row.high:.0%}]"
        says = f"{row.says_zh}  {row.says_en}" if row.says_zh else ""
        table.add_row(row.reviewer, row.period, f"{row.same}/{row.n}", share, says)
    console().print(table)


def print_trust(rows: Sequence[AgreementRow], level: float, days: int) -> None:
    """A table of what can be trusted."""
    table = _table("规则 / 评分项\nrule / item", "", "可信度\ntrust", "为什么\nwhy")
    for row in rows:
        table.add_row(row.title_zh, row.subject, _state(row.state), row.why_zh)
    out = console()
    out.print(table)
    out.print(f"• 近 {days} 天结束的校准合起来算；要求 {level:g}", markup=False)
    out.print(
        f"  all sessions closed in the last {days} days together; {level:g} is asked for", style="dim", markup=False
    )


def print_compared(rows: Sequence[ComparedRow]) -> None:
    """A table of a client's scores beside ours."""
    table = _table("规则 / 评分项\nrule / item", "", "相同\nalike", "κ", "客户\nclient", right=(2,))
    for row in rows:
        number = _number(row.value, row.low, row.high, Coefficient.KAPPA.value)
        table.add_row(row.title_zh, row.subject, f"{row.alike}/{row.calls}", number, f"{row.bias_zh}  {row.bias_en}")
    console().print(table)

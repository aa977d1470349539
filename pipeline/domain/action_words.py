"""What is said of an action: its line, its state, and the sentence on what became of it."""

from pipeline.domain.actions import (
    PASSED,
    Action,
    ActionKind,
    ActionState,
    Assessment,
    Count,
    Draft,
    EventKind,
    Level,
    Metric,
    MetricKind,
    Verdict,
)
from pipeline.domain.results import BilingualText as Text
from pipeline.domain.results import ErrorClass

KINDS = {
    ActionKind.COACH: Text("辅导坐席", "Coach an agent"),
    ActionKind.TRAIN: Text("培训班组", "Train a team"),
    ActionKind.PROCESS: Text("改进流程", "Fix a process"),
}
STATES = {
    ActionState.OPEN: Text("进行中", "open"),
    ActionState.DONE: Text("已执行", "done"),
    ActionState.CLOSED: Text("已关闭", "closed"),
    ActionState.DROPPED: Text("已放弃", "dropped"),
}
EVENTS = {
    EventKind.OPENED: Text("开立", "opened"),
    EventKind.NOTE: Text("备注", "note"),
    EventKind.DONE: Text("已执行", "done"),
    EventKind.CLOSED: Text("关闭", "closed"),
    EventKind.DROPPED: Text("放弃", "dropped"),
}
VERDICTS = {
    Verdict.IMPROVED: Text("改善", "improved"),
    Verdict.BY_ITSELF: Text("不超出自行变化", "no more than by itself"),
    Verdict.WORSE: Text("变差", "worse"),
    Verdict.NOT_ENOUGH: Text("还看不出", "not enough yet"),
    Verdict.NOT_COMPARABLE: Text("不可比", "cannot be compared"),
    Verdict.NOT_OVER: Text("未到期", "not due yet"),
}
LEVELS = {
    Level.AGENT: Text("坐席", "Agent"),
    Level.TEAM: Text("班组", "Team"),
    Level.CENTRE: Text("全中心", "Centre"),
}
METRICS = {
    ErrorClass.CUSTOMER_CRITICAL.value: Text("顾客关键准确率", "customer-critical accuracy"),
    ErrorClass.BUSINESS_CRITICAL.value: Text("业务关键准确率", "business-critical accuracy"),
    ErrorClass.COMPLIANCE_CRITICAL.value: Text("合规关键准确率", "compliance-critical accuracy"),
    ErrorClass.NON_CRITICAL.value: Text("非关键准确率", "non-critical accuracy"),
    PASSED: Text("合格率", "pass rate"),
    "handling": Text("通话时长", "handling time"),
    "silence": Text("静音占比", "silence share"),
    "response": Text("应答时间", "response time"),
    "solved": Text("首次解决率", "first-contact resolution"),
}
"""Of metrics that are no rules."""
SECONDS = ("handling", "response")


def named(draft: Draft) -> Text:
    """Whom and what the action is about."""
    whom = target(draft.line.level, draft.line.name)
    title = draft.baseline.title
    return Text(f"{whom.zh} · {title.zh}", f"{whom.en} · {title.en}")


def target(level: str, name: str) -> Text:
    """Whom an action is for.

    >>> target("agent", "A1031").zh, target("centre", "").en
    ('坐席 A1031', 'Centre')
    """
    found = LEVELS[Level(level)]
    return Text(f"{found.zh} {name}".rstrip(), f"{found.en} {name}".rstrip())


def amount(metric: Metric, value: float | None) -> str:
    """A value of the metric as reports show it.

    >>> from pipeline.domain.actions import metric_of
    >>> amount(metric_of("insult"), 0.125), amount(metric_of("passed"), 0.125), amount(metric_of("response"), 1.24)
    ('12.5%', '87.5%', '1.2 s')
    """
    shown = metric.shown(value)
    if shown is None:
        return "n/a"
    if metric.name in SECONDS:
        return f"{shown:.1f} s" if shown < 120 else f"{int(shown) // 60}:{int(shown) % 60:02}"
    return f"{100 * shown:.1f}%"


def band(metric: Metric, found: Assessment) -> str:
    """The expected interval, the lower end first."""
    ends = (found.high, found.low) if metric.shown_good else (found.low, found.high)
    return f"{amount(metric, ends[0])} – {amount(metric, ends[1])}"


def of_n(metric: Metric, count: Count) -> Text:
    """What the value was counted from."""
    if metric.is_mean:
        return Text(f"{count.n:,} 通", f"{count.n:,} calls")
    part = count.n - count.bad if metric.shown_good else count.bad
    return Text(f"{int(part):,} / {count.n:,} 通", f"{int(part):,} of {count.n:,} calls")


def sentence(action: Action | Draft, found: Assessment) -> Text:
    """What became of the metric, and why that may or may not be the action's doing."""
    draft = action.draft if isinstance(action, Action) else action
    head = named(draft)
    says = {
        Verdict.NOT_OVER: _not_over,
        Verdict.NOT_COMPARABLE: _not_comparable,
        Verdict.NOT_ENOUGH: _not_enough,
    }.get(found.verdict, _moved)
    told = says(draft, found)
    return Text(f"{head.zh}：{told.zh}", f"{head.en}: {told.en}")


def _figures(draft: Draft, found: Assessment) -> Text:
    metric, base = draft.line.metric, draft.baseline
    before, after = amount(metric, base.count.value), amount(metric, found.count.value)
    of_before, of_after = of_n(metric, base.count), of_n(metric, found.count)
    first, last = base.period.title, draft.due.title
    zh = f"{first.zh} {before}（{of_before.zh}），{last.zh} {after}（{of_after.zh}）"
    return Text(zh, f"{before} ({of_before.en}) in {first.en}, {after} ({of_after.en}) in {last.en}")


def _expected(draft: Draft, found: Assessment) -> Text:
    metric = draft.line.metric
    about = f"{amount(metric, found.expected)}（{band(metric, found)}）"
    about_en = f"{amount(metric, found.expected)} ({band(metric, found)})"
    return Text(f"什么都不做预计 {about}", f"with nothing done {about_en} was to be expected")


def _moved(draft: Draft, found: Assessment) -> Text:
    figures, usual = _figures(draft, found), _expected(draft, found)
    if found.verdict is Verdict.IMPROVED:
        zh = f"改善，超出波动，也超出自行回落。{figures.zh}；{usual.zh}。"
        return Text(zh, f"improved, beyond noise and beyond regression. {_capital(figures.en)}; {usual.en}.")
    if found.verdict is Verdict.WORSE:
        zh = f"变差，超出波动。{figures.zh}；{usual.zh}。"
        return Text(zh, f"worse, beyond noise. {_capital(figures.en)}; {usual.en}.")
    seen = ""
    seen_en = ""
    if found.power is not None:
        seen = f"错误率若真减半，有 {100 * found.power:.0f}% 的把握看得出。"
        seen_en = f" Half the errors would have been seen with a probability of {100 * found.power:.0f} %."
    before, after = draft.baseline.count.value or 0.0, found.count.value or 0.0
    both = f"{_capital(figures.en)}; {usual.en}."
    if after >= before:
        return Text(f"没有变好。{figures.zh}；{usual.zh}。{seen}", f"no better. {both}{seen_en}")
    why, why_en = "", ""
    if draft.baseline.extreme:
        why = "当初选的是最差的，回落本来就会有。"
        why_en = " It was picked as one of the worst: such lines come back by themselves."
    zh = f"没有超出什么都不做也会有的变化，不算措施的功劳。{figures.zh}；{usual.zh}。{why}{seen}"
    en = f"no more than would have come by itself, so no merit of the action. {both}"
    return Text(zh, en + why_en + seen_en)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _not_over(draft: Draft, found: Assessment) -> Text:
    so_far = of_n(draft.line.metric, found.count)
    value = amount(draft.line.metric, found.count.value)
    zh = f"复查期 {draft.due.dates} 未完。" + (f"至今 {value}（{so_far.zh}）。" if found.count.n else "")
    en = f"the due period {draft.due.dates} is not over." + (f" So far {value} ({so_far.en})." if found.count.n else "")
    return Text(zh, en)


def _not_comparable(draft: Draft, found: Assessment) -> Text:
    why = found.notes[0]
    return Text(f"两期不可比。{why.zh}", f"the periods cannot be compared. {why.en}")


def _not_enough(draft: Draft, found: Assessment) -> Text:
    when = draft.due.title
    if not found.calls:
        zh = f"{when.zh}没有通话（离岗、改名或没有录音），无从复查。"
        return Text(zh, f"no calls in {when.en} (left, renamed, or not recorded): nothing to look at.")
    if not found.count.n:
        what, what_en = ("评估完成", "evaluated")
        if draft.line.metric.kind in (MetricKind.MEAN, MetricKind.SOLVED):
            what, what_en = ("可量", "measurable")
        zh = f"{when.zh}的 {found.calls:,} 通里没有一通{what}。"
        return Text(zh, f"none of the {found.calls:,} calls in {when.en} is {what_en}.")
    figures = _figures(draft, found)
    if found.expected is None:
        return Text(f"还看不出。{figures.zh}。", f"not enough yet. {_capital(figures.en)}.")
    usual = _expected(draft, found)
    if found.more is None:
        n = draft.baseline.count.n
        zh = f"看不出，再听多少也不够：基线只有 {n:,} 通，本来会是多少说不准。{figures.zh}；{usual.zh}。"
        en = f"cannot be told, however many are heard: the baseline has {n:,} calls only. "
        return Text(zh, f"{en}{_capital(figures.en)}; {usual.en}.")
    zh = f"还看不出：再听 {found.more:,} 通，错误率减半才看得出（八成把握）。{figures.zh}；{usual.zh}。"
    en = f"not enough yet: with {found.more:,} calls more half the errors would be seen, four times of five."
    return Text(zh, f"{en} {_capital(figures.en)}; {usual.en}.")

"""What charts and numbers mean, in words: the opening of a report, its warnings, and a sentence for every chart."""

from collections.abc import Sequence

from pipeline.domain.periods import Period
from pipeline.domain.results import BilingualText
from pipeline.reports.control import ControlChart
from pipeline.reports.model import Basis, ClassChart, Need, Row, RuleRow
from pipeline.reports.nature import Nature
from pipeline.reports.pareto import ParetoItem, lead_chance
from pipeline.reports.shares import ALPHA, Share
from pipeline.reports.trend import FEWEST, Forecast
from pipeline.reports.words import chance, interval_of, of_calls, percent, points
from pipeline.store.report_queries import Known, Volume

AMONG_FLAGGED = "在听过的命中通话里", " among the flagged calls that were heard"


def chart_sentence(title: BilingualText, chart: ControlChart) -> BilingualText:
    """What the control chart says."""
    if chart.mean is None:
        return BilingualText("这段时间没有评估过的通话，无图可画。", "No call of this time was evaluated.")
    beyond = [point for point in chart.points if point.beyond]
    runs = [point for point in chart.points if point.run]
    zh = f"均值 {percent(chart.mean)}（{of_calls(chart.whole).zh} 通）"
    en = f"mean {percent(chart.mean)} ({of_calls(chart.whole).en} calls)"
    if not beyond and not runs:
        days = sum(point.n > 0 for point in chart.points)
        return BilingualText(
            f"{title.zh}错误率：{zh}，{days} 个点都在 3σ 之内，也没有偶然说不通的连续 8 点偏在一侧：起伏都是正常波动。",
            f"{title.en} errors: {en}; all {days} points are within 3 sigma, and no 8 in a row on one side"
            " that chance does not explain: noise only.",
        )
    told_zh, told_en = [], []
    for point in beyond:
        over = (point.value or 0.0) > chart.mean
        limit = point.high if over else point.low
        told_zh.append(
            f"{point.label} 为 {percent(point.value)}（{of_calls(point.share).zh}），"
            f"{'高于上限' if over else '低于下限'} {percent(limit)}"
        )
        told_en.append(
            f"{point.label}: {percent(point.value)} ({of_calls(point.share).en}), "
            f"{'above the upper' if over else 'below the lower'} limit {percent(limit)}"
        )
    if runs:
        told_zh.append(f"到 {runs[-1].label} 连续 8 点以上偏在均值一侧")
        told_en.append(f"8 points or more in a row on one side of the mean up to {runs[-1].label}")
    return BilingualText(
        f"{title.zh}错误率有信号，不是波动：{'；'.join(told_zh)}。{zh}。",
        f"{title.en} errors, a signal and no noise: {'; '.join(told_en)}. {en[0].upper()}{en[1:]}.",
    )


def pareto_sentence(
    items: Sequence[ParetoItem], titles: dict[str, BilingualText], n: int, lead: tuple[float, float] | None
) -> BilingualText:
    """What the Pareto chart says, and whether its first is first by more than chance.

    ``lead``: what calls with only the first and with only the second error are worth, where calls are weighted.
    """
    if not items:
        if n:
            return BilingualText(
                f"评估的 {n} 通里没有确认的错误。", f"No error was confirmed in the {n} calls evaluated."
            )
        return BilingualText(
            "没有评估过的通话，没有错误可排。", "No call was evaluated, so there are no errors to rank."
        )
    vital = [item for item in items if item.vital]
    total = sum(item.amount for item in items)
    reached = vital[-1].cumulative
    zh = f"{total:,.0f} 个错误里，前 {len(vital)} 种占 {percent(reached)}。"
    en = f"Of {total:,.0f} errors the {len(vital)} most frequent kinds make up {percent(reached)}."
    if lead is not None:
        heard = sum(item.count for item in items)
        zh = f"听到 {heard} 个错误，按抽中的机会折算，全部通话约有 {total:,.0f} 个，"
        zh += f"前 {len(vital)} 种占 {percent(reached)}。"
        en = f"{heard} errors were heard. {en[:-1]}, weighed by chance."
    if len(items) > 1:
        p = lead_chance(*(lead or (items[0].count, items[1].count)))
        one, other = (titles[item.rule_id] for item in items[:2])
        counts = f"{items[0].amount:.0f} : {items[1].amount:.0f}"
        sure_zh = "不是偶然" if p < ALPHA else "可能只是偶然"
        sure_en = "more than chance" if p < ALPHA else "which may be chance"
        zh += f"“{one.zh}”多于“{other.zh}”（{counts}），{sure_zh}（{chance(p)}）。"
        en += f' "{one.en}" leads "{other.en}" by {counts}, {sure_en} ({chance(p)}).'
    return BilingualText(zh, en)


def trend_sentence(title: BilingualText, shares: Sequence[Share], found: Forecast | None) -> BilingualText:
    """What the trend says of the next period."""
    if found is None:
        known = sum(share.n > 0 for share in shares)
        return BilingualText(
            f"{title.zh}：n/a，只有 {known} 期有评估过的通话，至少要 {FEWEST} 期才预测。",
            f"{title.en}: n/a. Only {known} periods have evaluated calls; a forecast takes {FEWEST}.",
        )
    zh = f"{title.zh}：下期若评估 {found.n} 通，错误率约 {percent(found.value)}"
    zh += f"（{percent(found.low)}–{percent(found.high)}）"
    en = f"{title.en}: with {found.n} calls the next period has about {percent(found.value)}"
    en += f" ({percent(found.low)}–{percent(found.high)})"
    if found.beyond:
        way_zh, way_en = ("上升", "rising") if found.slope > 0 else ("下降", "falling")
        zh += f"；每期{way_zh} {points(abs(found.slope))[1:]} 个百分点，不是波动（{chance(found.p)}）。"
        en += f"; {way_en} by {points(abs(found.slope))[1:]} points a period, more than noise ({chance(found.p)})."
    else:
        zh += f"；{found.periods} 期看不出升降（{chance(found.p)}）。"
        en += f"; no trend is seen in {found.periods} periods ({chance(found.p)})."
    return BilingualText(zh, en)


def lead(
    period: Period, found: Volume, basis: Basis, rows: Sequence[Row], charts: Sequence[ClassChart], labels: set[str]
) -> BilingualText:
    """The sentence a manager would say. ``labels`` are the points of the chart that lie in the period."""
    name = period.title
    if not found.calls:
        return BilingualText(f"{name.zh}没有通话。", f"{name.en} has no calls.")
    if not found.evaluated:
        return BilingualText(
            f"{name.zh}没有复核完成的通话，准确率未知。规则检查了 {found.checked:,} 通，命中 {found.flagged:,} 通。",
            f"{name.en}: no call was reviewed to its end, so accuracy is not known. Rules checked"
            f" {found.checked:,} calls and flagged {found.flagged:,}.",
        )
    news = _signals(charts, labels) + _changes(rows)
    among_zh, among_en = AMONG_FLAGGED if basis is Basis.FLAGGED else ("", "")
    if not news:
        zh = f"{name.zh}{among_zh}没有超出正常波动的变化：评估 {found.evaluated:,} 通，{_worst(rows).zh}。"
        en = f"{name.en}: nothing{among_en} is more than noise; {found.evaluated:,} calls were evaluated, "
        en += f"{_worst(rows).en}."
        return BilingualText(zh, en)
    zh = f"{name.zh}{among_zh}有 {len(news)} 个信号：{'；'.join(one.zh for one in news)}。其余变化都在正常波动之内。"
    en = f"{name.en}: {len(news)} signal{'s' if len(news) > 1 else ''}{among_en}: {'; '.join(one.en for one in news)}."
    return BilingualText(zh, f"{en} All other changes are noise.")


def rules_lead(period: Period, found: Volume, rows: Sequence[RuleRow]) -> BilingualText:
    """The opening of a report on rules: whether hits changed, and how many of those judged are true."""
    name = period.title
    if not found.checked:
        return BilingualText(f"{name.zh}没有规则检查过的通话。", f"{name.en}: rules checked no call.")
    changed = [row for row in rows if row.change is not None and row.change.beyond]
    true = Share(sum(row.precision.part for row in rows), sum(row.precision.n for row in rows))
    zh = f"{name.zh}规则检查了 {found.checked:,} 通，"
    en = f"{name.en}: rules checked {found.checked:,} calls; "
    if changed:
        zh += f"{len(changed)} 条规则的命中变化超出波动：" + "、".join(
            f"{row.title.zh} {percent(row.hits.value)}（{points(row.change.value)}）" for row in changed if row.change
        )
        en += f"hits of {len(changed)} changed by more than noise: " + ", ".join(
            f"{row.title.en} {percent(row.hits.value)} ({points(row.change.value)})" for row in changed if row.change
        )
    else:
        zh += "没有一条规则的命中变化超出波动"
        en += "the hits of none changed by more than noise"
    zh += f"。复核过的命中 {percent(true.value)} 属实（{true.part} / {true.n}，95% 区间 {interval_of(true)}）。"
    en += f". Of the hits judged {percent(true.value)} are true ({true.part} of {true.n}, 95 % {interval_of(true)})."
    return BilingualText(zh, en)


def needs_lead(period: Period, found: Volume, rows: Sequence[Need]) -> BilingualText:
    """The opening of a report on training: what is common, and who needs coaching."""
    name = period.title
    if not found.evaluated:
        return BilingualText(
            f"{name.zh}没有复核完成的通话，说不出要培训什么。",
            f"{name.en}: no call was reviewed to its end, so there is nothing to say about training.",
        )
    common = [row for row in rows if row.nature in (Nature.COMMON, Nature.BOTH)]
    persons = [row for row in rows if row.spread.outstanding]
    if not common and not persons:
        return BilingualText(
            f"{name.zh}评估 {found.evaluated:,} 通：没有哪个问题的集中程度超出波动，下面只按次数排列。",
            f"{name.en}: {found.evaluated:,} calls evaluated; no problem is concentrated by more than noise,"
            " the lists below rank by number only.",
        )
    told_zh, told_en = [], []
    if common:
        told_zh.append("班组培训：" + "、".join(f"{row.spread.team}“{row.title.zh}”" for row in common))
        told_en.append("train " + ", ".join(f'{row.spread.team} in "{row.title.en}"' for row in common))
    if persons:
        told_zh.append(
            "个别辅导：" + "、".join(f"{'、'.join(row.spread.outstanding)}“{row.title.zh}”" for row in persons)
        )
        told_en.append(
            "coach " + ", ".join(f'{", ".join(row.spread.outstanding)} in "{row.title.en}"' for row in persons)
        )
    return BilingualText(f"{name.zh}{'；'.join(told_zh)}。", f"{name.en}: {'; '.join(told_en)}.")


def _signals(charts: Sequence[ClassChart], labels: set[str]) -> list[BilingualText]:
    found = []
    for one in charts:
        for point in one.chart.points:
            if point.beyond and point.label in labels and one.chart.mean is not None:
                over = (point.value or 0.0) > one.chart.mean
                limit = percent(point.high if over else point.low)
                rate = f"{percent(point.value)}（{of_calls(point.share).zh}）"
                zh = f"{point.label} {one.title.zh}错误率 {rate}，{'超出控制上限' if over else '低于控制下限'} {limit}"
                en = f"{one.title.en} errors on {point.label} {percent(point.value)} ({of_calls(point.share).en}), "
                en += f"{'above' if over else 'below'} the control limit {limit}"
                found.append(BilingualText(zh, en))
        runs = [point for point in one.chart.points if point.run and point.label in labels]
        if runs:
            zh = f"{one.title.zh}错误率到 {runs[-1].label} 连续 8 点以上偏在均值一侧"
            en = f"{one.title.en} errors: 8 points or more in a row on one side of the mean up to {runs[-1].label}"
            found.append(BilingualText(zh, en))
    return found


def _changes(rows: Sequence[Row]) -> list[BilingualText]:
    found = []
    for row in rows:
        if row.change is not None and row.change.beyond:
            way_zh, way_en = ("升", "up") if row.change.value > 0 else ("降", "down")
            by = points(abs(row.change.value))[1:]
            name = row.title.zh if row.id == "passed" else f"{row.title.zh}准确率"
            en = row.title.en if row.id == "passed" else f"{row.title.en} accuracy"
            zh = f"{name} {percent(row.now.value)}，比上期{way_zh} {by} 个百分点"
            found.append(BilingualText(zh, f"{en} {percent(row.now.value)}, {way_en} {by} points on the last period"))
    return found


def _worst(rows: Sequence[Row]) -> BilingualText:
    """The critical class with the lowest accuracy."""
    row = min(rows[:3], key=lambda one: one.now.value if one.now.value is not None else 2.0)
    return BilingualText(
        f"三类关键错误中最低的是{row.title.zh}准确率 {percent(row.now.value)}",
        f"the lowest of the three critical accuracies is {row.title.en.lower()}: {percent(row.now.value)}",
    )


def basis_warning(basis: Basis, found: Volume) -> BilingualText | None:
    """What the evaluated calls cannot stand for."""
    n = f"{found.evaluated:,}"
    if basis is Basis.FLAGGED:
        return BilingualText(
            f"不是随机样本：{n} 通评估过的通话都是规则命中的。下面的准确率只说命中的通话，不能当作全部通话的准确率；"
            "规则漏掉的不在其中。用 earmark sample draw 抽样后才有全体的估计。",
            f"Not a random sample: all {n} evaluated calls were flagged by rules. The accuracies below speak of flagged"
            " calls, not of all calls, and nothing of what rules miss. `earmark sample draw` gives estimates for all.",
        )
    if basis is Basis.CHOSEN:
        return BilingualText(
            f"不是随机样本：{n} 通里有 {found.evaluated_unflagged:,} 通没有命中，但都不是抽签抽中的。"
            "下面的准确率只说听过的通话。",
            f"Not a random sample: of {n} evaluated calls {found.evaluated_unflagged:,} were not flagged, but none"
            " was drawn by lot. The accuracies below speak of the calls that were heard.",
        )
    if basis is Basis.DRAWN:
        return BilingualText(
            f"{n} 通评估过的通话里 {found.drawn:,} 通是抽样抽中的，机会各不相同。准确率、层级、控制图、排列图、趋势都按"
            "抽中的机会加权，说的是全部通话；“折合”是值多少通机会均等的通话。培训需求、录音和规则命中率按听过的数。",
            f"Of {n} evaluated calls {found.drawn:,} were drawn, with different chances. Accuracy, levels, control"
            " charts, Pareto and trend weigh each by its chance and speak of all calls; “worth” is how many calls of"
            " equal chance tell as much. Training needs, recordings and precision of rules count what was heard.",
        )
    return None


def known_warning(found: Volume, known: Known, period: Period) -> list[BilingualText]:
    """What the database does not hold."""
    told = []
    if not found.calls:
        if known.first is None or known.last is None:
            told.append(BilingualText("数据库里没有这个范围的通话。", "The database has no calls of this scope."))
        else:
            zone = period.since.tzinfo
            first, last = (one.astimezone(zone).strftime("%Y-%m-%d") for one in (known.first, known.last))
            zh = f"有通话的日子是 {first} 至 {last}：用 --date 选一期。"
            told.append(BilingualText(zh, f"There are calls from {first} to {last}: choose a period with --date."))
    if known.undated:
        zh = f"{known.undated:,} 通不知道何时开始，哪一期也没有算进去。"
        told.append(BilingualText(zh, f"Calls without a start time, which are in no period: {known.undated:,}."))
    if found.calls > found.checked:
        less = found.calls - found.checked
        zh = f"{less:,} 通没有经过规则检查（未处理、失败或已隔离）。"
        told.append(BilingualText(zh, f"Calls that rules did not check (pending, failed or set aside): {less:,}."))
    return told

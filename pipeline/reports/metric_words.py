"""A metric's trial in words."""

from pipeline.domain.results import BilingualText
from pipeline.reports.separating import Agreement, Separation
from pipeline.reports.verdict import Trial, Verdict
from pipeline.reports.words import NOT_KNOWN, TITLES, chance, percent

NAMES = {
    "score": BilingualText("评分表得分", "Scorecard score"),
    "handling_s": BilingualText("通话时长", "Handling time"),
    "silence_share": BilingualText("静音占比", "Silence share"),
    "response_s": BilingualText("应答时间", "Response time"),
    "repeat": BilingualText("7 天内重复来电", "Called again within 7 days"),
    "survey": BilingualText("满意度评分", "Survey score"),
}
VERDICTS = {
    Verdict.KEEP: BilingualText("保留", "keep"),
    Verdict.UNCLEAR: BilingualText("还说不清", "cannot tell yet"),
    Verdict.DROP: BilingualText("去掉", "drop"),
}


def title_of(name: str, rule: BilingualText | None) -> BilingualText:
    """The metric as people call it."""
    if rule is not None:
        return BilingualText(f"“{rule.zh}”命中占比", f'Share of calls hit by "{rule.en}"')
    if name in TITLES:
        return BilingualText(f"{TITLES[name].zh}准确率", f"{TITLES[name].en} accuracy")
    return NAMES.get(name, BilingualText(name, name))


def lead(title: BilingualText, verdict: Verdict, trial: Trial) -> BilingualText:
    """The verdict in a sentence."""
    zh, en = f"{title.zh}：{VERDICTS[verdict].zh}。", f"{title.en}: {VERDICTS[verdict].en}. "
    halves = percent(trial.halves.value if trial.halves else None, 0)
    if verdict is Verdict.KEEP:
        where = [BilingualText("班组", "teams"), BilingualText("坐席", "agents")]
        told = [one for one, sure in zip(where, trial.separates, strict=True) if sure]
        zh += f"它分得开{'和'.join(one.zh for one in told)}，坐席之间的差别换一半数据还在（可靠度 {halves}）"
        en += f"It tells {' and '.join(one.en for one in told)} apart, and the differences between agents come back in"
        en += f" another half of the data (reliability {halves})"
        return BilingualText(zh + _survey_clause(trial).zh, en + _survey_clause(trial).en)
    if verdict is Verdict.DROP:
        zh += "坐席之间的差别大半是偶然：按它排名没有意义。"
        return BilingualText(
            zh, f"{en}Most of the differences between agents are chance: a ranking would mean nothing."
        )
    if trial.agents is None or trial.halves is None:
        return BilingualText(f"{zh}有数值的通话或坐席太少。", f"{en}Too few calls or agents have a value.")
    return BilingualText(
        f"{zh}数据还不能排除它只反映偶然：换更长的一期再看。",
        f"{en}The data do not rule out that it shows chance alone: try a longer period.",
    )


def _survey_clause(trial: Trial) -> BilingualText:
    found = trial.satisfaction
    if trial.about_survey:
        return BilingualText("。", ".")
    if found is None:
        return BilingualText("；与满意度的关系未知。", "; whether it moves with satisfaction is not known.")
    if found.low <= 0 <= found.high:
        return BilingualText("；看不出与满意度有关。", "; no link with satisfaction shows.")
    if found.value > 0:
        return BilingualText("；数值高的坐席满意度也高。", "; agents with more of it have more satisfied customers.")
    return BilingualText("；数值高的坐席满意度低。", "; agents with more of it have less satisfied customers.")


def reasons(trial: Trial) -> tuple[BilingualText, ...]:
    """What stands behind the verdict, a sentence each."""
    surveys = BilingualText("它就是满意度评分。", "It is the survey score itself.")
    if not trial.about_survey:
        surveys = _correlated(
            trial.satisfaction,
            BilingualText(
                f"与满意度（{trial.surveyed} 名坐席，Spearman）",
                f"With satisfaction ({trial.surveyed} agents, Spearman)",
            ),
        )
    told = [
        _separates(trial.teams, BilingualText("班组", "Teams"), sure=trial.separates[0]),
        _separates(trial.agents, BilingualText("坐席", "Agents"), sure=trial.separates[1]),
        _stable(trial.halves),
        _correlated(trial.over_time, BilingualText("前半期与后半期", "First half of the period against the second")),
        surveys,
    ]
    if trial.within_teams is not None:
        told.append(_correlated(trial.within_teams, BilingualText("同上，班组之内", "The same within teams")))
    return tuple(told)


def _separates(found: Separation | None, unit: BilingualText, *, sure: bool) -> BilingualText:
    if found is None:
        return BilingualText(
            f"{unit.zh}：n/a，不到两个，或数值都一样。", f"{unit.en}: n/a, fewer than two or no differences."
        )
    test = "F" if found.test == "F" else "χ²"
    between = f"{percent(found.icc)} [{percent(found.icc_low)}–{percent(found.icc_high)}]"
    real = f"{percent(found.reliability, 0)} [{percent(found.reliability_low, 0)}–{percent(found.reliability_high, 0)}]"
    zh = f"{found.units} 个{unit.zh}，{found.values:,} 通：{'有差别' if sure else '差别都在波动内'}"
    zh += f"（{test} 检验，{chance(found.p)}）。全部差异里 {between} 在{unit.zh}之间（ICC）；"
    zh += f"各平均 {found.typical_n:.0f} 通，均值的差别 {real} 是真的，其余是偶然。"
    en = f"{unit.en}: {found.units}, {found.values:,} calls; "
    en += f"{'they differ' if sure else 'all differences are noise'} ({test} test, {chance(found.p)})."
    en += f" {between} of all variance is between them (ICC); with {found.typical_n:.0f} calls each"
    en += f" {real} of the differences between means is real, the rest chance."
    return BilingualText(zh, en)


def _stable(found: Agreement | None) -> BilingualText:
    if found is None:
        return BilingualText(
            "两半数据：n/a，够 10 通的坐席不到 5 名。",
            "Halves of the data: n/a, fewer than five agents have ten calls.",
        )
    return BilingualText(
        f"随机分成两半（{found.units} 名坐席，200 次取中位，Spearman–Brown）：可靠度 {_ends(found)}。",
        f"Halves at random ({found.units} agents, median of 200, Spearman–Brown): reliability {_ends(found)}.",
    )


def _correlated(found: Agreement | None, what: BilingualText) -> BilingualText:
    if found is None:
        return BilingualText(
            f"{what.zh}：{NOT_KNOWN}，坐席不到 5 名。", f"{what.en}: {NOT_KNOWN}, fewer than five agents."
        )
    sure = not found.low <= 0 <= found.high
    return BilingualText(
        f"{what.zh}：相关 {_ends(found)}，{'不是偶然' if sure else '可能只是偶然'}。",
        f"{what.en}: correlation {_ends(found)}, {'more than chance' if sure else 'which may be chance'}.",
    )


def _ends(found: Agreement) -> str:
    written = [f"{one:.2f}".replace("-", "−") for one in (found.value, found.low, found.high)]
    return f"{written[0]} [{written[1]}, {written[2]}]"

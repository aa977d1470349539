"""Headings and remarks of the page and of the workbook."""

from pipeline.domain.results import BilingualText as Text

LABELS: dict[str, Text] = {
    "volume": Text(
        "{calls} 通，命中 {flagged} 通，评估 {evaluated} 通",
        "{calls} calls, {flagged} flagged, {evaluated} evaluated",
    ),
    "against": Text("与 {last}（评估 {n} 通）及 {earlier} 比较", "compared with {last} ({n} evaluated) and {earlier}"),
    "classes": Text("各类准确率", "Accuracy by class"),
    "classes_how": Text(
        "无该类错误的通话 ÷ 评估通话；线为 95% 区间，空心为上期",
        "calls without such an error ÷ calls evaluated; line: 95 % interval; hollow: last period",
    ),
    "classes_means": Text(
        "“波动内”：差别没有大到排除偶然（Fisher 精确检验，五行一起按 Holm 校正）。两期挑选通话的办法相同才可比。",
        "Noise: the difference may be chance (Fisher's exact test, all rows together by Holm). Periods compare only"
        " where calls were chosen alike.",
    ),
    "class": Text("类别", "Class"),
    "accuracy": Text("准确率", "Accuracy"),
    "interval": Text("95% 区间", "95 % interval"),
    "failed": Text("未通过 / n", "Failed / n"),
    "last": Text("较上期", "On last"),
    "earlier": Text("较前期", "On earlier"),
    "judged": Text("判断", "Verdict"),
    "estimate": Text("全体估计", "Estimate, all calls"),
    "error_rate": Text("错误率", " errors"),
    "control_how": Text("p 控制图；虚线为 3σ 限，随通数变化", "p-chart; dashed: 3 sigma limits that follow n"),
    "upper": Text("上限", "limit"),
    "mean": Text("均值", "mean"),
    "this": Text("本期", "this period"),
    "pareto": Text("错误排列图", "Pareto of errors"),
    "pareto_how": Text("有该错误的通话；深色合占 80%", "calls with the error; dark: together 80 %"),
    "other": Text("其他", "other"),
    "level_how": Text(
        "图为顾客关键准确率与 95% 区间；“差别”指与其余全部相比，超出波动",
        "drawn: customer-critical accuracy with its 95 % interval; differs: from all others, more than noise",
    ),
    "team": Text("班组", "Team"),
    "calls": Text("通数", "Calls"),
    "passed": Text("合格率", "Passed"),
    "differs": Text("差别", "Differs"),
    "within": Text("波动内", "noise"),
    "needs": Text("培训需求", "Training needs"),
    "needs_how": Text(
        "先列超出波动的，再按关键程度与次数", "signals first, then critical classes, then frequent errors"
    ),
    "needs_means": Text(
        "共性：班组里出这种错的坐席多于全体错误率所能解释（泊松二项分布，精确）。个性：某坐席的错多于本班组所能解释"
        "（超几何分布，精确）。一起按 Holm 校正；同一班组少于 3 次的错误不检验。",
        "Common: more agents of the team have the error than everybody's rate explains (Poisson binomial, exact)."
        " Individual: an agent has more of the team's errors than chance gives (hypergeometric, exact). All together by"
        " Holm; fewer than 3 errors in a team are not tested.",
    ),
    "no_needs": Text(
        "没有哪个班组的同一错误达到 3 次，谈不上培训需求。",
        "No error came up three times in a team: no training need shows.",
    ),
    "problem": Text("问题", "Problem"),
    "errors": Text("错误 / 通", "Errors / calls"),
    "affected": Text("涉及坐席", "Agents"),
    "nature": Text("性质", "Nature"),
    "who": Text("突出的坐席", "Outstanding"),
    "hear": Text("听这几通", "Hear"),
    "p_common": Text("共性", "common:"),
    "p_individual": Text("个性", "individual:"),
    "worst": Text("最差录音", "Worst recordings"),
    "best": Text("最佳录音", "Best recordings"),
    "no_worst": Text("评估的通话里没有确认的错误。", "No error was confirmed in an evaluated call."),
    "no_best": Text(
        "没有标为范例、或评分表填完且没有错误的通话，分不出最佳。",
        "No call is marked as a good example, or has a complete scorecard and no error: none is best.",
    ),
    "recording": Text("录音", "Recording"),
    "why": Text("为什么", "Why"),
    "hits": Text("各类命中", "Hits by class"),
    "hits_how": Text(
        "规则命中的通话 ÷ 规则检查的通话；未经人工确认", "calls that rules flag ÷ calls checked; not confirmed"
    ),
    "hits_means": Text(
        "规则命中不等于错误；换了规则包的两期不可比。",
        "A hit is no error yet; periods with different rule packs do not compare.",
    ),
    "hit_calls": Text("命中 / n", "Hit / n"),
    "share": Text("占比", "Share"),
    "service": Text("服务水平", "Service levels"),
    "service_means": Text(
        "均值比较用 Welch t 检验，占比用 Fisher 精确检验，各按 5%。",
        "Means are compared by Welch's t-test, shares by Fisher's exact test, each at 5 %.",
    ),
    "measure": Text("指标", "Measure"),
    "value": Text("本期", "Now"),
    "last_value": Text("上期", "Last"),
    "trend": Text("趋势与预测", "Trend and forecast"),
    "trend_how": Text(
        "错误率；加权直线（按通数），空心为下期，虚线为 95% 预测区间",
        "error rates; straight line weighted by calls; hollow: the next period with its 95 % prediction interval",
    ),
    "rules": Text("规则", "Rules"),
    "rules_how": Text(
        "命中率 = 属实 ÷ 复核过的命中；漏检为人工所见", "precision = confirmed ÷ judged hits; missed: as people found"
    ),
    "rules_means": Text(
        "漏检数不是漏检率：没有听过的通话漏了多少，要看 earmark sample estimate。",
        "Missed is a count, no rate: what rules miss in calls nobody heard is told by `earmark sample estimate`.",
    ),
    "rule": Text("规则", "Rule"),
    "confirmed": Text("属实 / 复核", "True / judged"),
    "precision": Text("命中率", "Precision"),
    "missed": Text("漏检", "Missed"),
    "shadow": Text("试用", "on trial"),
    "no_rules": Text("没有规则命中，也没有人复核。", "No rule hit, and nobody judged one."),
}

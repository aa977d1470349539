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
    "estimate": Text("sample estimate", "sample estimate"),
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
    "trust": Text("校准", "Calibration"),
    "trust_means": Text(
        "命中率存疑：复核的人判得不够一致；未校准：还没有量过（earmark calibrate trust）。",
        "Doubtful: those who judge the hits do not agree enough; not calibrated: nobody has measured it"
        " (`earmark calibrate trust`).",
    ),
    "shadow": Text("试用", "on trial"),
    "no_rules": Text("没有规则命中，也没有人复核。", "No rule hit, and nobody judged one."),
    "colon": Text("：", ": "),
    "classes_how_weighted": Text(
        "全部通话，按抽中的机会加权；n 为听过的通话，≈ 为折合；线为 95% 区间，空心为上期",
        "all calls, weighed by chance; n: calls heard, ≈ what they are worth; line: 95 % interval; hollow: last period",
    ),
    "pareto_how_weighted": Text(
        "全部通话里约有多少有该错误，按抽中的机会加权；深色合占 80%",
        "calls with the error among all calls, weighed by chance; dark: together 80 %",
    ),
    "agent": Text("坐席", "Agent"),
    "model": Text("好例", "Done well"),
    "agents": Text("各坐席的培训需求", "Training needs by agent"),
    "agents_how": Text(
        "突出的在前，再按关键错误与错误数", "those who stand out first, then critical errors, then number of errors"
    ),
    "agents_means": Text(
        "“个性”：他的错多于班组所能解释（见上）；其余与班组的差别可能只是偶然，先听再说。",
        "Individual: more errors than the team explains (see above). All other differences from the team may be chance:"
        " hear first.",
    ),
    "agents_more": Text(
        "共 {n} 名坐席有错误，这里列不止一通有错的 {shown} 名，其余见 Excel 和 JSON。",
        "{n} agents have errors; shown are {shown} who failed more than once. Excel and JSON have all.",
    ),
    "failed_calls": Text("有错 / 通", "Failed / calls"),
    "of_team": Text("班组其他人", "Team's others"),
    "individual": Text("个性", "individual"),
    "fake": Text("虚假满意", "Fake satisfaction"),
    "fake_how": Text("评分与通话里听到的情绪不符", "scores that do not fit what was heard"),
    "calls_of": Text("通 / n", "Calls / n"),
    "fake_row": Text("好评，通话中却不满", "Good score on an angry call"),
    "hidden_row": Text("差评，通话中听不出不满", "Bad score on a calm call"),
    "fake_means": Text(
        "不满：分类器判为不满意或有升级风险。库里的评分为 {low}–{high}，上四分之一算好评，下四分之一算差评。"
        "有评分 {n} 通，其中 {unjudged} 通分类器无法判断，不计。分类器会错：听过再下结论。",
        "Angry: a classifier says dissatisfied or escalation. Scores in the database go from {low} to {high}: the upper"
        " quarter is good, the lower bad. {n} calls have a score; on {unjudged} the classifiers abstain, not counted."
        " Classifiers err: hear before concluding.",
    ),
    "reasons": Text("来电原因", "Contact reasons"),
    "reasons_how": Text("常见：合占 80% 的前几种", "common: the few that together make up 80 %"),
    "reason": Text("原因", "Reason"),
    "cumulative": Text("累计", "Adds up to"),
    "solved": Text("首次解决率", "First contact"),
    "survey": Text("评分", "Survey"),
    "handling": Text("时长", "Handling"),
    "hard": Text("难易", "Hard or easy"),
    "easy": Text("不难", "not hard"),
    "common": Text("常见", "common"),
    "best_team": Text("可学的班组", "Learn from"),
    "reasons_means": Text(
        "难：首次解决率、评分或时长比其余原因差，超出波动（Fisher、Welch，按 Holm 校正；少于 30 通不比）。"
        "可学的班组：处理同一原因明显好于其他班组。{without} 通没有填原因。",
        "Hard: solved less often, rated lower or longer than all other reasons by more than noise (Fisher, Welch, by"
        " Holm; at least 30 calls). Learn from: the team that is better at that very reason. Calls without a reason:"
        " {without}.",
    ),
    "loop": Text("闭环", "Closed loop"),
    "loop_how": Text("做过的事，和它有没有用", "what was done, and whether it helped"),
    "loop_action": Text("措施", "Action"),
    "loop_running": Text("进行中的措施", "Running"),
    "loop_line": Text("对象与指标", "Line"),
    "loop_owner": Text("负责人", "Owner"),
    "loop_base": Text("基线", "Baseline"),
    "loop_due": Text("复查期", "Due"),
    "loop_state": Text("状态", "State"),
    "loop_told": Text("结果", "What became of it"),
    "loop_lines": Text("可开措施的行", "Lines for actions"),
    "loop_open": Text("开立措施", "open an action"),
    "loop_means": Text(
        "改善须同时超出波动（Fisher 精确检验）与什么都不做也会有的变化：按全体坐席或班组的真实差别收缩基线，再减去同级"
        "同期的变化；挑出来的最差一行，下期本来就会好一些。",
        "Improved means beyond noise (Fisher's exact test) and beyond what would come by itself: the baseline is shrunk"
        " by how much agents or teams really differ, and the change of the peers is taken off. A line that was picked"
        " for being the worst gets better anyway.",
    ),
}

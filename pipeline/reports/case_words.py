"""What a page on one call says in words."""

from collections.abc import Sequence

from pipeline.domain.calls import Direction, Role
from pipeline.domain.results import BilingualText, Outcome
from pipeline.domain.reviews import Verdict
from pipeline.domain.scores import Answer
from pipeline.reports.case_model import CardTotal, CaseMeasure, Finding
from pipeline.reports.words import NOT_KNOWN, TITLES, percent, seconds

ROLES = {
    Role.AGENT: BilingualText("坐席", "Agent"),
    Role.CUSTOMER: BilingualText("客户", "Customer"),
    Role.UNKNOWN: BilingualText("未知", "Unknown"),
}
DIRECTIONS = {
    Direction.INBOUND: BilingualText("呼入", "inbound"),
    Direction.OUTBOUND: BilingualText("呼出", "outbound"),
}
ANSWERS = {
    Answer.YES: BilingualText("是", "yes"),
    Answer.NO: BilingualText("否", "no"),
    Answer.EXCELLENT: BilingualText("优秀", "excellent"),
    Answer.FAIR: BilingualText("一般", "fair"),
    Answer.NEEDS_IMPROVEMENT: BilingualText("待改进", "needs improvement"),
    Answer.N_A: BilingualText("不适用", "not applicable"),
    None: BilingualText("未评", "open"),
}
TASKS = {
    "dissatisfied": BilingualText("客户不满", "Customer dissatisfied"),
    "escalation": BilingualText("升级风险", "Escalation"),
}
APPEALS = {
    "open": BilingualText("申诉中", "appeal waits"),
    "upheld": BilingualText("申诉后维持", "upheld on appeal"),
    "overturned": BilingualText("申诉后改判", "overturned on appeal"),
}
LABELS: dict[str, BilingualText] = {
    "case": BilingualText("通话个案", "Case"),
    "recording": BilingualText("录音", "Recording"),
    "hear": BilingualText("去听录音", "Hear it"),
    "findings": BilingualText("发现与判定", "Found and judged"),
    "findings_how": BilingualText(
        "确认的错误在前，其次是还没人判的；否定的和试用规则在后",
        "confirmed errors first, then what nobody judged; rejected hits and rules on trial last",
    ),
    "nothing": BilingualText("规则没有命中，也没有人标出漏报。", "No rule hit, and nobody marked what one missed."),
    "what": BilingualText("问题", "Problem"),
    "class": BilingualText("类别", "Class"),
    "evidence": BilingualText("证据", "Evidence"),
    "verdict": BilingualText("判定", "Verdict"),
    "by_sound": BilingualText("按读音", "by sound"),
    "trial": BilingualText("试用规则", "rule on trial"),
    "card": BilingualText("评分表", "Scorecard"),
    "item": BilingualText("项目", "Item"),
    "answer": BilingualText("评定", "Answer"),
    "points": BilingualText("得分", "Points"),
    "rules_said": BilingualText("规则评为", "rules said"),
    "measures": BilingualText("服务数据", "Service figures"),
    "expected": BilingualText("分类器", "Classifiers"),
    "flagged": BilingualText("达到阈值", "over its threshold"),
    "unsure": BilingualText("无法判断", "abstains"),
    "words": BilingualText("起作用的词", "words that moved it"),
    "others": BilingualText("同一客户前后 7 天的来电", "The customer's other calls within 7 days"),
    "comments": BilingualText("复核意见", "Reviewers' comments"),
    "transcript": BilingualText("通话文字", "Transcript"),
    "transcript_how": BilingualText("■ 为有证据的一句", "■ holds evidence"),
    "left_out": BilingualText(
        "通话很长，只印证据前后的句子，略去 {n} 句。",
        "A long call: only what surrounds the evidence; {n} turns left out.",
    ),
    "silence": BilingualText("（没有人说话）", "(nobody speaks)"),
    "agent": BilingualText("坐席", "Agent"),
    "team": BilingualText("班组", "Team"),
    "skill": BilingualText("技能组", "Skill"),
    "queue": BilingualText("队列", "Queue"),
    "direction": BilingualText("呼叫方向", "Direction"),
    "survey_score": BilingualText("满意度评分", "Survey score"),
    "unknown_start": BilingualText("开始时间未知", "start unknown"),
    "sign": BilingualText(
        "班组长：　　　　　　坐席：　　　　　　日期：", "Team lead:                Agent:                Date:"
    ),
}


def verdict_of(one: Finding) -> BilingualText:
    """What people say of a finding."""
    if one.outcome is Outcome.ERROR:
        return BilingualText("规则出错", "the rule failed")
    return {
        Verdict.CONFIRMED: BilingualText("属实", "confirmed"),
        Verdict.REJECTED: BilingualText("否定", "rejected"),
        Verdict.UNSURE: BilingualText("拿不准", "unsure"),
        Verdict.MISSED: BilingualText("规则漏报，人工发现", "missed by the rule, found by a person"),
        Verdict.ABSENT: BilingualText("否定", "rejected"),
        None: BilingualText(
            "规则无法判定，未复核" if one.outcome is Outcome.NOT_EVALUABLE else "未复核",
            "the rule could not judge; not reviewed" if one.outcome is Outcome.NOT_EVALUABLE else "not reviewed",
        ),
    }[one.verdict]


def case_lead(found: Sequence[Finding], card: CardTotal, *, finished: bool) -> BilingualText:
    """What a manager would say of the call."""
    errors = [one for one in found if one.is_error]
    waiting = [one for one in found if one.verdict is None and one.outcome is Outcome.HIT and not one.on_trial]
    zh, en = [], []
    if errors:
        zh.append("确认的错误：" + "、".join(f"{one.title.zh}（{TITLES[one.error_class].zh}）" for one in errors))
        en.append("Confirmed: " + ", ".join(f"{one.title.en} ({TITLES[one.error_class].en.lower()})" for one in errors))
    elif finished:
        zh.append("复核完成，没有确认的错误")
        en.append("Reviewed to its end without a confirmed error")
    else:
        zh.append("还没有复核完成，下面的命中只是规则的说法")
        en.append("Not reviewed to its end: hits are what rules say")
    if waiting:
        zh.append(f"{len(waiting)} 个命中未复核")
        en.append(f"hits that nobody judged: {len(waiting)}")
    if card.share is None:
        zh.append("评分表未评")
        en.append("nothing on the scorecard is answered")
    else:
        state = _passed(card)
        points = f"{card.got} / {card.possible}"
        if card.open:
            zh.append(f"评分表还有 {card.open} 项未评，已评的得 {points}（{percent(card.share)}），{state.zh}")
            en.append(f"open items: {card.open}, the others score {points} ({percent(card.share)}), {state.en}")
        else:
            zh.append(f"评分 {points}（{percent(card.share)}），{state.zh}")
            en.append(f"score {points} ({percent(card.share)}), {state.en}")
    return BilingualText("；".join(zh) + "。", "; ".join(en) + ".")


def _passed(card: CardTotal) -> BilingualText:
    if card.failed:
        zh, en = (
            "、".join(TITLES[one].zh for one in card.failed),
            ", ".join(TITLES[one].en.lower() for one in card.failed),
        )
        return BilingualText(f"不合格（{zh}错误）", f"failed ({en} error)")
    if card.passed is None:
        return BilingualText("合格与否未定", "not settled")
    if card.passed:
        return BilingualText("合格", "passed")
    return BilingualText(
        f"不合格（合格线 {percent(card.pass_mark, 0)}）", f"failed (pass mark {percent(card.pass_mark, 0)})"
    )


def figure(one: CaseMeasure) -> str:
    """A measured value with its unit."""
    if one.value is None:
        return NOT_KNOWN
    if one.unit == "share":
        return percent(one.value)
    if one.unit == "s":
        return seconds(one.value)
    return f"{one.value:.0f}" + (" / min" if one.unit == "per_min" else "")

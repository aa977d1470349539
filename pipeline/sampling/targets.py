"""What targeted parts look for: one function each, and the table that names them."""

from collections.abc import Callable, Mapping

from pipeline.domain.results import BilingualText
from pipeline.domain.sampling import Frame, FrameCall, Target, TargetKind

Test = Callable[[Target, FrameCall], BilingualText | None]
"""Why the call is looked for; ``None`` where it is not."""


def _flagged(target: Target, call: FrameCall) -> BilingualText | None:
    return BilingualText("有规则命中", "a rule hit") if call.flagged else None


def _new_staff(target: Target, call: FrameCall) -> BilingualText | None:
    if call.agent_days is None or target.days is None or call.agent_days >= target.days:
        return None
    day = int(call.agent_days) + 1
    return BilingualText(f"新人：上岗第 {day} 天", f"new staff: day {day} on the phone")


def _metadata(target: Target, call: FrameCall) -> BilingualText | None:
    value = call.value(target.column or "")
    if value not in target.values:
        return None
    return BilingualText(f"{target.column} 是 {value}", f"{target.column} is {value}")


def _long(target: Target, call: FrameCall) -> BilingualText | None:
    if call.duration_s is None or target.at_least_s is None or call.duration_s < target.at_least_s:
        return None
    minutes = f"{call.duration_s / 60:.0f}"
    return BilingualText(f"时长 {minutes} 分钟", f"{minutes} minutes long")


def _low_survey(target: Target, call: FrameCall) -> BilingualText | None:
    score = call.facts.survey_score
    if score is None or target.at_most is None or score > target.at_most:
        return None
    return BilingualText(f"客户评分 {score:g}", f"survey score {score:g}")


def _repeat_contact(target: Target, call: FrameCall) -> BilingualText | None:
    if call.last_contact_days is None or target.days is None or call.last_contact_days > target.days:
        return None
    days = f"{call.last_contact_days:.1f}"
    return BilingualText(f"重复来电：上次在 {days} 天前", f"repeat contact: {days} days after the last")


def _complaints(target: Target, call: FrameCall) -> BilingualText | None:
    if target.column == "customer_id":
        found = call.facts.customer_id in target.values
    else:
        found = any(name in target.values for name in (call.name, call.id, call.name.rpartition(".")[0]))
    return BilingualText("投诉倒查", "on the complaint list") if found else None


TARGETS: Mapping[TargetKind, Test] = {
    TargetKind.FLAGGED: _flagged,
    TargetKind.NEW_STAFF: _new_staff,
    TargetKind.METADATA: _metadata,
    TargetKind.LONG: _long,
    TargetKind.LOW_SURVEY: _low_survey,
    TargetKind.REPEAT_CONTACT: _repeat_contact,
    TargetKind.COMPLAINTS: _complaints,
}


MISSING: Mapping[TargetKind, tuple[Callable[[Target, FrameCall], bool], str, str]] = {
    TargetKind.NEW_STAFF: (lambda _, call: call.agent_days is None, "坐席何时上岗", "when its agent started"),
    TargetKind.LONG: (lambda _, call: call.duration_s is None, "时长", "its length"),
    TargetKind.LOW_SURVEY: (lambda _, call: call.facts.survey_score is None, "客户评分", "a survey score"),
    TargetKind.REPEAT_CONTACT: (lambda _, call: call.facts.customer_id is None, "客户号", "a customer id"),
    TargetKind.METADATA: (lambda target, call: call.value(target.column or "") is None, "这一列的值", "that column"),
}
"""What a call must tell before a target can find it: the test that it does not, and its name."""


def unknown(target: Target, frame: Frame) -> BilingualText | None:
    """What the frame cannot tell about the target, where that may have hidden calls."""
    if target.kind == TargetKind.COMPLAINTS:
        return _unmatched(target, frame)
    if target.kind not in MISSING:
        return None
    lacks, zh, en = MISSING[target.kind]
    missing, calls = sum(lacks(target, call) for call in frame.calls), len(frame.calls)
    if not missing:
        return None
    return BilingualText(f"{calls} 通里有 {missing} 通不知道{zh}", f"{missing} of {calls} calls do not tell {en}")


def _unmatched(target: Target, frame: Frame) -> BilingualText | None:
    if target.column == "customer_id":
        there = {call.facts.customer_id for call in frame.calls}
        lost = len([value for value in target.values if value not in there])
    else:
        names = {name for call in frame.calls for name in (call.name, call.id, call.name.rpartition(".")[0])}
        lost = len(target.values - names)
    if not lost:
        return None
    return BilingualText(
        f"投诉名单里 {len(target.values)} 个中有 {lost} 个在这段时间没有通话",
        f"{lost} of {len(target.values)} on the complaint list have no call in this period",
    )

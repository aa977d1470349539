"""A plan's parts in words: how they choose, how many calls, from which."""

from pipeline.domain.results import BilingualText
from pipeline.domain.sampling import Allocation, Part, PartKind, Target, TargetKind
from pipeline.sampling.shortage import percent

KINDS = {
    PartKind.AUDIT: BilingualText("审核", "audit"),
    PartKind.RANDOM: BilingualText("随机", "random"),
    PartKind.STRATIFIED: BilingualText("分层", "stratified"),
    PartKind.TARGETED: BilingualText("定向", "targeted"),
    PartKind.ADAPTIVE: BilingualText("自适应", "adaptive"),
}
ALLOCATIONS = {
    Allocation.PROPORTIONAL: BilingualText("按比例", "proportional"),
    Allocation.EQUAL: BilingualText("均分", "equal"),
    Allocation.NEYMAN: BilingualText("内曼", "Neyman"),
}
LISTED = 5


def amount(part: Part) -> BilingualText:
    """How many calls the part asks for."""
    if part.share is not None:
        return (
            BilingualText("全部", "all") if part.share == 1 else BilingualText(percent(part.share), percent(part.share))
        )
    if part.kind is PartKind.RANDOM:
        return BilingualText(f"每人每周 {part.n} 通", f"{part.n} of each agent and week")
    return BilingualText(f"{part.n} 通", f"{part.n}")


def origin(part: Part) -> BilingualText:
    """Which calls the part chooses from."""
    columns = " × ".join(part.by)
    if part.target is not None:
        return _target(part.target)
    return {
        PartKind.AUDIT: BilingualText(
            "未命中的通话" + (f"，按 {columns} 分层" if columns else ""),
            "unflagged calls" + (f", by {columns}" if columns else ""),
        ),
        PartKind.RANDOM: BilingualText("全部通话", "all calls"),
        PartKind.STRATIFIED: BilingualText(
            f"按 {columns} 分层，{ALLOCATIONS[part.allocation].zh}", f"by {columns}, {ALLOCATIONS[part.allocation].en}"
        ),
        PartKind.ADAPTIVE: BilingualText(
            f"准确率低或未知的坐席多抽，每人至少 {part.floor} 通",
            f"more of agents with low or unknown accuracy, at least {part.floor} of each",
        ),
    }[part.kind]


def _target(target: Target) -> BilingualText:
    first = sorted(target.values)[:LISTED]
    more = len(target.values) > LISTED
    zh, en = "、".join(first) + ("…" if more else ""), ", ".join(first) + (" …" if more else "")
    days, count, seconds = f"{target.days or 0:g}", len(target.values), f"{target.at_least_s or 0:g}"
    return {
        TargetKind.FLAGGED: BilingualText("有规则命中", "flagged"),
        TargetKind.NEW_STAFF: BilingualText(f"上岗不满 {days} 天的坐席", f"agents in their first {days} days"),
        TargetKind.METADATA: BilingualText(f"{target.column} 是 {zh}", f"{target.column} is {en}"),
        TargetKind.LONG: BilingualText(f"时长至少 {seconds} 秒", f"{seconds} s or longer"),
        TargetKind.LOW_SURVEY: BilingualText(
            f"客户评分不高于 {target.at_most or 0:g}", f"survey score at most {target.at_most or 0:g}"
        ),
        TargetKind.REPEAT_CONTACT: BilingualText(f"{days} 天内重复来电", f"repeat contact within {days} days"),
        TargetKind.COMPLAINTS: BilingualText(
            f"投诉名单，{count} 个 {target.column}", f"complaint list, {count} × {target.column}"
        ),
    }[target.kind]

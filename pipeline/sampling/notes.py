"""What a manager must know of a draw, in words: what is given up, what there was too little of, what is unknown."""

from collections.abc import Iterator, Sequence

from pipeline.domain.frames import Frame
from pipeline.domain.results import BilingualText
from pipeline.domain.sampling import Part, PartKind, PartResult, Plan
from pipeline.sampling.shares import counted, share_bounds
from pipeline.sampling.shortage import percent
from pipeline.sampling.strata import learns
from pipeline.sampling.targets import unknown


def notes_of(plan: Plan, frame: Frame, results: Sequence[PartResult]) -> tuple[BilingualText, ...]:
    """All remarks on a draw, the gravest first."""
    if not len(frame):
        return (
            BilingualText(
                "这段时间没有可抽的通话：先运行 earmark run，或换一个时段",
                "no call of this period was evaluated: run `earmark run` first, or choose another period",
            ),
        )
    found: list[BilingualText] = []
    found += _no_audit(plan)
    for result in results:
        found += _given_up(plan, result)
    found += _not_heard(plan, results)
    for result in results:
        found += _too_few_calls(result)
    found += _audit_tells(plan, results)
    for result in results:
        found += _unknowns(result.part, frame)
    return (*found, *plan.remarks)


def _no_audit(plan: Plan) -> Iterator[BilingualText]:
    if plan.no_audit_because is not None:
        yield BilingualText(
            f"本计划不审核未命中的通话（{plan.no_audit_because}）：漏检多少、召回率多高，都无从知道",
            f"this plan audits no unflagged calls ({plan.no_audit_because}): nobody will know what rules miss",
        )


def _given_up(plan: Plan, result: PartResult) -> Iterator[BilingualText]:
    """A part that hours do not suffice for, with what that costs."""
    lost = result.wanted - result.drawn
    if lost <= 0 or plan.capacity is None or not (result.drawn or result.part.kind == PartKind.AUDIT):
        return
    name = result.part.name
    zh = f"工时只够 {plan.capacity} 通：{name} 要 {result.wanted} 通，抽了 {result.drawn} 通，放弃 {lost} 通"
    en = (
        f"hours suffice for {plan.capacity} calls: {name} asks for {result.wanted}, {result.drawn} were drawn,"
        f" {lost} given up"
    )
    if result.part.kind == PartKind.AUDIT:
        wide, meant = (_most_missed(n) for n in (result.drawn, result.wanted))
        zh += f"；一通漏检也没发现时，漏检率上限从 {meant} 升到 {wide}"
        en += f"; if none is found missed, at most {wide} are, instead of {meant}"
    else:
        kept = result.drawn / result.wanted
        zh += f"；每通被抽中的机会是原来的 {percent(kept)}"
        en += f"; each call's chance is {percent(kept)} of what it was"
    yield BilingualText(zh, en)


def _not_heard(plan: Plan, results: Sequence[PartResult]) -> Iterator[BilingualText]:
    """Parts that get no hours at all."""
    lost = [one for one in results if one.wanted and not one.drawn and one.part.kind != PartKind.AUDIT]
    if lost and plan.capacity is not None:
        named = "、".join(f"{one.part.name}（{one.wanted} 通）" for one in lost)
        listed = ", ".join(f"{one.part.name} ({one.wanted} calls)" for one in lost)
        yield BilingualText(
            f"工时只够 {plan.capacity} 通，这些项完全没有抽：{named}",
            f"hours suffice for {plan.capacity} calls, and nothing is heard of: {listed}",
        )


def _too_few_calls(result: PartResult) -> Iterator[BilingualText]:
    """A part that asks for more calls than there are."""
    part, name = result.part, result.part.name
    if result.eligible == 0:
        yield BilingualText(f"{name}：没有符合条件的通话", f"{name}: no call qualifies")
    elif part.n is not None and part.kind != PartKind.RANDOM and part.n > result.eligible:
        yield BilingualText(
            f"{name} 要 {part.n} 通，符合条件的只有 {result.eligible} 通",
            f"{name} asks for {part.n} calls, only {result.eligible} qualify",
        )


def _audit_tells(plan: Plan, results: Sequence[PartResult]) -> Iterator[BilingualText]:
    """What the audit can tell at best."""
    for result in results:
        if result.part.kind == PartKind.AUDIT and result.drawn:
            most = _most_missed(result.drawn)
            yield BilingualText(
                f"审核 {result.drawn} 通未命中通话：若一通漏检也没发现，漏检率不超过 {most}（95%）",
                f"{result.drawn} unflagged calls are audited: if none was missed, at most {most} are (95 %)",
            )


def _most_missed(audits: int) -> str:
    return percent(float(share_bounds(counted(0, audits)).high)) if audits else "100 %"


def _unknowns(part: Part, frame: Frame) -> Iterator[BilingualText]:
    """What the calls do not tell, or nobody has judged yet."""
    if part.target is not None:
        found = unknown(part.target, frame)
        if found is not None:
            yield BilingualText(f"{part.name}：{found.zh}", f"{part.name}: {found.en}")
    calls = len(frame)
    for column in part.by:
        missing = int(frame.columns[column].missing.sum())
        if missing:
            yield BilingualText(
                f"{part.name}：{calls} 通里有 {missing} 通没有 {column}，归为一层",
                f"{part.name}: {missing} of {calls} calls have no {column}; they make a stratum",
            )
    if learns(part) and not len(frame.past):
        yield BilingualText(
            f"{part.name}：此前没有复核过的通话，对谁都一无所知，按相同的不确定抽",
            f"{part.name}: nothing was judged before this period, so all are equally unknown",
        )

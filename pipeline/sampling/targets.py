"""What targeted parts look for: which calls, why, and what the calls must tell; and the table that names them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np

from pipeline.domain.frames import Flags, Frame, Needs
from pipeline.domain.results import BilingualText
from pipeline.domain.sampling import Target, TargetKind


@dataclass(frozen=True, slots=True)
class Search:
    """One kind of target."""

    finds: Callable[[Target, Frame], Flags]
    """The calls that are looked for."""
    reason: Callable[[Target, Frame, int], BilingualText]
    """Why such a call is."""
    number: str | None = None
    """What it looks at, of `Frame.numbers`."""
    lacks: tuple[str, str] | None = None
    """What a call must tell before it can be found, in words; ``None`` where every call does."""


def target_needs(target: Target) -> Needs:
    """What of its calls the target asks for."""
    number = TARGETS[target.kind].number
    numbers = frozenset([number] if number else [])
    if target.kind == TargetKind.REPEAT_CONTACT:
        return Needs(frozenset(["customer_id"]), numbers, contact_days=target.days or 0.0)
    if target.kind == TargetKind.COMPLAINTS and target.column != "customer_id":
        return Needs(names=True)
    return Needs(frozenset([target.column] if target.column else []), numbers)


def _new_staff(target: Target, frame: Frame) -> Flags:
    assert target.days is not None
    return frame.numbers["agent_days"] < target.days


def _why_new(_: Target, frame: Frame, position: int) -> BilingualText:
    day = int(frame.numbers["agent_days"][position]) + 1
    return BilingualText(f"新人：上岗第 {day} 天", f"new staff: day {day} on the phone")


def _metadata(target: Target, frame: Frame) -> Flags:
    return frame.columns[target.column or ""].among(lambda value: value in target.values)


def _why_metadata(target: Target, frame: Frame, position: int) -> BilingualText:
    value = frame.columns[target.column or ""].at(position)
    return BilingualText(f"{target.column} 是 {value}", f"{target.column} is {value}")


def _long(target: Target, frame: Frame) -> Flags:
    assert target.at_least_s is not None
    return frame.numbers["duration_s"] >= target.at_least_s


def _why_long(_: Target, frame: Frame, position: int) -> BilingualText:
    minutes = f"{frame.numbers['duration_s'][position] / 60:.0f}"
    return BilingualText(f"时长 {minutes} 分钟", f"{minutes} minutes long")


def _low_survey(target: Target, frame: Frame) -> Flags:
    assert target.at_most is not None
    return frame.numbers["survey_score"] <= target.at_most


def _why_low_survey(_: Target, frame: Frame, position: int) -> BilingualText:
    score = frame.numbers["survey_score"][position]
    return BilingualText(f"客户评分 {score:g}", f"survey score {score:g}")


def _repeated(target: Target, frame: Frame) -> Flags:
    assert target.days is not None
    return frame.numbers["last_contact_days"] <= target.days


def _why_repeated(_: Target, frame: Frame, position: int) -> BilingualText:
    days = f"{frame.numbers['last_contact_days'][position]:.1f}"
    return BilingualText(f"重复来电：上次在 {days} 天前", f"repeat contact: {days} days after the last")


def _complaints(target: Target, frame: Frame) -> Flags:
    if target.column == "customer_id":
        return frame.columns["customer_id"].among(lambda value: value in target.values)
    listed = [not target.values.isdisjoint(known) for known in _known_as(frame)]
    return np.array(listed, dtype=bool)


def _known_as(frame: Frame) -> Iterator[tuple[str, str, str]]:
    """How a complaint list may name each call: file name, with its ending or without, or id."""
    return (
        (name, one.decode(), name.rpartition(".")[0]) for name, one in zip(frame.names, frame.ids.tolist(), strict=True)
    )


TARGETS: Mapping[TargetKind, Search] = {
    TargetKind.FLAGGED: Search(lambda _, frame: frame.flagged, lambda *_: BilingualText("有规则命中", "a rule hit")),
    TargetKind.NEW_STAFF: Search(_new_staff, _why_new, "agent_days", ("坐席何时上岗", "when its agent started")),
    TargetKind.METADATA: Search(_metadata, _why_metadata, None, ("这一列的值", "that column")),
    TargetKind.LONG: Search(_long, _why_long, "duration_s", ("时长", "its length")),
    TargetKind.LOW_SURVEY: Search(_low_survey, _why_low_survey, "survey_score", ("客户评分", "a survey score")),
    TargetKind.REPEAT_CONTACT: Search(_repeated, _why_repeated, "last_contact_days", ("客户号", "a customer id")),
    TargetKind.COMPLAINTS: Search(_complaints, lambda *_: BilingualText("投诉倒查", "on the complaint list")),
}


def unknown(target: Target, frame: Frame) -> BilingualText | None:
    """What the frame cannot tell about the target, where that may have hidden calls."""
    if target.kind == TargetKind.COMPLAINTS:
        return _unmatched(target, frame)
    search = TARGETS[target.kind]
    if search.lacks is None:
        return None
    # Of a call that is its customer's first nobody lacks the last one.
    column = "customer_id" if target.kind == TargetKind.REPEAT_CONTACT else target.column
    silent = frame.columns[column].missing if column else np.isnan(frame.numbers[search.number or ""])
    missing, calls = int(silent.sum()), len(frame)
    if not missing:
        return None
    zh, en = search.lacks
    return BilingualText(f"{calls} 通里有 {missing} 通不知道{zh}", f"{missing} of {calls} calls do not tell {en}")


def _unmatched(target: Target, frame: Frame) -> BilingualText | None:
    if target.column == "customer_id":
        column = frame.columns["customer_id"]
        lost = len(target.values.difference(column.values))
    else:
        lost = len(target.values.difference(chain.from_iterable(_known_as(frame))))
    if not lost:
        return None
    return BilingualText(
        f"投诉名单里 {len(target.values)} 个中有 {lost} 个在这段时间没有通话",
        f"{lost} of {len(target.values)} on the complaint list have no call in this period",
    )

"""What a change of rules does on calls, counted by hand."""

from dataclasses import replace

import pytest

from pipeline.domain.results import RuleStatus
from pipeline.evaluation.rule_diff import Edit, compare
from rules.rule import RulePack
from tests.evaluation.builders import labelled, said
from tests.rules.builder import pack

COMPLAINS, JOKES, THANKS = said("C: 我要投诉你"), said("C: 投诉是不会的"), said("C: 谢谢")
CALLS = [
    labelled("a", COMPLAINS, {"r0": True}),
    labelled("b", JOKES, {"r0": False}),
    labelled("c", THANKS, {"r0": False}),
    labelled("d", JOKES, {}),
]
NARROW, WIDE, OTHER = (pack(f"when: {{phrase: {word}, role: customer}}") for word in ("我要投诉", "投诉", "谢谢"))


def status(of: RulePack, status: RuleStatus) -> RulePack:
    return replace(of, rules=tuple(replace(rule, status=status) for rule in of.rules))


def test_gained_hits_by_label_and_the_paired_test():
    (diff,) = compare(NARROW, WIDE, CALLS, [("x", JOKES), ("y", THANKS)]).rules
    assert diff.edit is Edit.CHANGED
    assert [(c.recording, c.gained, c.label, c.quote) for c in diff.changes] == [
        ("b", True, False, "投诉"),
        ("d", True, None, "投诉"),
        ("x", True, None, "投诉"),
    ]
    assert (diff.before.precision, diff.after.precision) == (1.0, 0.5)
    assert (diff.only_before_right, diff.only_after_right) == (1, 0)
    assert diff.p_value == 1.0  # 2 · (1/2)^1: one case of one


def test_lost_hits_are_the_mirror():
    (diff,) = compare(WIDE, NARROW, CALLS, []).rules
    assert [(c.recording, c.gained, c.label) for c in diff.changes] == [("d", False, None), ("b", False, False)]
    assert (diff.only_before_right, diff.only_after_right) == (0, 1)


def test_eight_better_cases_against_none():
    calls = [labelled(str(number), JOKES, {"r0": False}) for number in range(8)]
    diff = compare(WIDE, NARROW, calls, [])
    assert diff.p_value == diff.rules[0].p_value == 2 / 2**8


def test_review_load():
    diff = compare(NARROW, WIDE, CALLS, [("x", JOKES), ("y", THANKS)])
    load = diff.labelled
    assert (load.calls, load.before, load.after, load.more, load.fewer) == (4, 1, 3, 2, 0)
    assert (load.per_hundred(load.before), load.per_hundred(load.after)) == (25.0, 75.0)
    assert (diff.stored.calls, diff.stored.before, diff.stored.after, diff.stored.more) == (2, 0, 1, 1)
    assert compare(NARROW, WIDE, [], []).labelled.per_hundred(0) is None


def test_more_and_fewer_do_not_cancel():
    load = compare(WIDE, OTHER, CALLS, []).labelled
    assert (load.before, load.after, load.more, load.fewer) == (3, 1, 1, 3)


def test_examples_titles_and_source_are_no_edit():
    same = replace(NARROW, rules=tuple(replace(rule, source="elsewhere", tuned_for="recall") for rule in NARROW.rules))
    assert compare(NARROW, same, CALLS, []).rules == ()


EDITS = {
    "added": (RulePack((), ""), NARROW, Edit.ADDED, [("a", True)], 1),
    "removed": (NARROW, RulePack((), ""), Edit.REMOVED, [("a", False)], 0),
    "draft becomes active": (status(NARROW, RuleStatus.DRAFT), NARROW, Edit.CHANGED, [("a", True)], 1),
    "active becomes retired": (NARROW, status(NARROW, RuleStatus.RETIRED), Edit.CHANGED, [("a", False)], 0),
    "a shadow flags nothing": (RulePack((), ""), status(NARROW, RuleStatus.SHADOW), Edit.ADDED, [("a", True)], 0),
    "a new draft is shown": (RulePack((), ""), status(NARROW, RuleStatus.DRAFT), Edit.ADDED, [("a", True)], 0),
    "a draft that is edited is shown": (
        status(OTHER, RuleStatus.DRAFT),
        status(NARROW, RuleStatus.DRAFT),
        Edit.CHANGED,
        [("a", True), ("c", False)],
        0,
    ),
}


@pytest.mark.parametrize(("before", "after", "edit", "changes", "flagged"), EDITS.values(), ids=EDITS)
def test_edits(before, after, edit, changes, flagged):
    diff = compare(before, after, CALLS, [])
    (one,) = diff.rules
    assert one.edit is edit
    assert [(change.recording, change.gained) for change in one.changes] == changes
    assert diff.labelled.after == flagged


def test_what_can_no_longer_be_judged_is_counted():
    before = pack("when: {phrase: 谢谢, role: customer}")
    after = pack("when: {phrase: 投诉, role: customer}", extra="applies_to: {team: 甲}\n")
    (one,) = compare(before, after, [], [("x", JOKES), ("y", THANKS)]).rules
    assert [change.recording for change in one.changes] == ["y"]
    assert one.undecided == 1

"""Causes of wrong cases: each planted alone, and found."""

import pytest

from pipeline.domain.calls import Role
from pipeline.evaluation.alignment import align
from pipeline.evaluation.attribution import Cause, attribute, count_causes
from pipeline.evaluation.recognition import pair_up, recognition_errors
from pipeline.evaluation.rule_quality import Kind, judge
from rules.engine import Engine
from tests.evaluation.builders import A, C, call, labelled, transcript, turn
from tests.rules.builder import pack

COMPLAINT = "when: {phrase: 投诉, role: customer}"
TOGETHER = "when: {regex: '我要.{0,4}投诉', role: customer}"
SILENCE = "when: {silence: 10}"
GREETING = "when: {not: {phrase: 您好, role: agent}}"
LATE = "when: {response_time: {above: 5}, role: agent}"
EITHER = "when: {any: [{phrase: 投诉}, {phrase: 头宿, role: customer}]}"


def turns(*given):
    return call(*(turn(*one) for one in given), duration_s=max(one[2] for one in given))


# rule, label, what was said, what ASR wrote, the cause
PLANTED = {
    "a word is lost": (COMPLAINT, True, [(C, 0, 3, "我要投诉你")], [(C, 0, 3, "我要头宿你")], Cause.WORDS),
    "a word is invented": (COMPLAINT, False, [(C, 0, 3, "我要投宿")], [(C, 0, 3, "我要投诉")], Cause.WORDS),
    "a whole turn is lost": (
        GREETING,
        False,
        [(A, 0, 2, "您好"), (C, 3, 5, "我问一下")],
        [(C, 3, 5, "我问一下")],
        Cause.WORDS,
    ),
    "a turn is invented in silence": (
        COMPLAINT,
        False,
        [(A, 0, 2, "您好"), (C, 3, 5, "我问一下")],
        [(A, 0, 2, "您好"), (C, 3, 5, "我问一下"), (C, 20, 22, "投诉")],
        Cause.WORDS,
    ),
    "a silence is written over": (
        SILENCE,
        True,
        [(A, 0, 2, "您好"), (A, 20, 22, "久等了")],
        [(A, 0, 2, "您好"), (C, 8, 14, "谢谢观看"), (A, 20, 22, "久等了")],
        Cause.WORDS,
    ),
    "the roles are swapped": (
        COMPLAINT,
        True,
        [(A, 0, 2, "您好请讲"), (C, 3, 5, "我要投诉")],
        [(C, 0, 2, "您好请讲"), (A, 3, 5, "我要投诉")],
        Cause.ROLE,
    ),
    "one turn has the wrong role": (
        COMPLAINT,
        False,
        [(A, 0, 2, "您是要投诉吗"), (C, 3, 5, "不是")],
        [(C, 0, 2, "您是要投诉吗"), (C, 3, 5, "不是")],
        Cause.ROLE,
    ),
    "mono: nobody knows who speaks": (
        COMPLAINT,
        True,
        [(A, 0, 2, "您好请讲"), (C, 3, 5, "我要投诉")],
        [(Role.UNKNOWN, 0, 2, "您好请讲"), (Role.UNKNOWN, 3, 5, "我要投诉")],
        Cause.ROLE,
    ),
    "a turn is cut in two": (
        TOGETHER,
        True,
        [(C, 0, 4, "我要去投诉你")],
        [(C, 0, 2, "我要去"), (C, 2.5, 4, "投诉你")],
        Cause.SEGMENTATION,
    ),
    "two turns are made one": (
        TOGETHER,
        False,
        [(C, 0, 2, "东西我要"), (C, 4, 6, "投诉就算了")],
        [(C, 0, 6, "东西我要投诉就算了")],
        Cause.SEGMENTATION,
    ),
    "a turn is timed too long": (
        LATE,
        True,
        [(C, 0, 3, "什么时候发货"), (A, 10, 12, "明天")],
        [(C, 0, 9, "什么时候发货"), (A, 10, 12, "明天")],
        Cause.SEGMENTATION,
    ),
    "words and role, both": (
        COMPLAINT,
        True,
        [(A, 0, 2, "您好请讲"), (C, 3, 5, "我要投诉你们公司")],
        [(A, 0, 2, "您好请讲"), (A, 3, 5, "我要头宿你们公司")],
        Cause.COMBINED,
    ),
    "the rule knows another word": (
        COMPLAINT,
        True,
        [(C, 0, 3, "我要去告你们")],
        [(C, 0, 3, "我要去告你们")],
        Cause.RULE,
    ),
    "the rule, though ASR is wrong as well": (
        COMPLAINT,
        True,
        [(C, 0, 3, "我要去告你们")],
        [(C, 0, 3, "我要去高你们")],
        Cause.RULE,
    ),
}


def blame(body, label, said, written):
    engine = Engine(pack(body))
    calls = [labelled("a", turns(*written), {"r0": label})]
    pairs = pair_up(calls, [labelled("a", turns(*said))])
    return attribute(engine.evaluate, judge(engine.evaluate, calls, ["r0"]), pairs)


@pytest.mark.parametrize(("body", "label", "said", "written", "cause"), PLANTED.values(), ids=PLANTED)
def test_the_planted_cause_is_found_alone(body, label, said, written, cause):
    (found,) = blame(body, label, said, written)
    assert found.case.kind is (Kind.FN if label else Kind.FP)
    assert (found.cause, found.also) == (cause, ())


def test_whatever_else_would_mend_it_is_named():
    said, written = [(C, 0, 3, "我要投诉你们公司")], [(A, 0, 3, "我要头宿你们公司")]
    reference = [*said, (A, 5, 6, "好的")]
    (found,) = blame(EITHER, True, reference, written)
    assert (found.cause, found.also) == (Cause.WORDS, (Cause.ROLE,))


def test_right_cases_have_no_cause():
    assert blame(COMPLAINT, True, [(C, 0, 3, "我要投诉")], [(C, 0, 3, "投诉")]) == []


def test_both_sides_of_the_evidence_are_quoted():
    (miss,) = blame(COMPLAINT, True, [(C, 4, 8, "我，要投诉你。")], [(C, 4, 8, "我要头宿，你")])
    assert (miss.said, miss.written) == ("投诉", "头宿")
    assert miss.start_s == pytest.approx(4 + 3 * 4 / 7)
    (false_hit,) = blame(COMPLAINT, False, [(C, 0, 4, "我要投宿")], [(C, 0, 4, "我要投诉")])
    assert (false_hit.said, false_hit.written) == ("投宿", "投诉")


def test_an_abstention_is_not_mended_by_abstaining():
    # On the reference the rule hits; in ASR's turns nobody knows the roles, so it is not applicable.
    (found,) = blame(COMPLAINT, True, [(C, 0, 2, "投诉"), (A, 3, 4, "好")], [(Role.UNKNOWN, 0, 2, "头宿")])
    assert found.cause is Cause.COMBINED


def test_counts_by_rule():
    found = blame(*PLANTED["a word is lost"][:4]) + blame(*PLANTED["the roles are swapped"][:4])
    assert count_causes(found) == {"r0": {Cause.WORDS: 1, Cause.ROLE: 1}}


ALIGNED = {
    "nothing wrong": ("您好，请讲。", "您好请讲", (4, 0, 0, 0)),
    "one of each": ("我要投诉你", "我投宿你吧", (5, 1, 1, 1)),
    "nothing written": ("我要投诉", "", (4, 0, 4, 0)),
    "digits in both forms are one": ("幺三八零", "1380", (4, 0, 0, 0)),
    "scripts are one": ("没办法", "沒辦法", (3, 0, 0, 0)),
}


@pytest.mark.parametrize(("said", "written", "counts"), ALIGNED.values(), ids=ALIGNED)
def test_errors_are_counted(said, written, counts):
    errors = recognition_errors(align(transcript(turn(C, 0, 4, written)), transcript(turn(C, 0, 4, said))))
    assert (errors.said, errors.substituted, errors.deleted, errors.inserted) == counts


def test_parties_are_aligned_apart_though_they_speak_at_once():
    said = transcript(turn(A, 0, 8, "我给您查一下这个订单的情况"), turn(C, 3, 4, "嗯嗯"))
    written = transcript(turn(C, 3, 4, "恩恩"), turn(A, 0, 4, "我给您查一下这"), turn(A, 4, 8, "个订单的情况"))
    alignment = align(written, said)
    assert alignment.roles == (A, C, A)
    errors = recognition_errors(alignment)
    assert (errors.substituted, errors.deleted, errors.inserted) == (2, 0, 0)


def test_the_same_words_at_another_time_are_others():
    errors = recognition_errors(align(transcript(turn(C, 50, 52, "好的")), transcript(turn(C, 0, 2, "好的"))))
    assert (errors.substituted, errors.deleted, errors.inserted) == (0, 2, 2)


def test_a_call_without_reference_is_refused():
    from pipeline.domain.errors import ConfigError

    with pytest.raises(ConfigError, match="no labelled call has a reference"):
        pair_up([labelled("a", turns((C, 0, 1, "喂")))], [labelled("b", turns((C, 0, 1, "喂")))])

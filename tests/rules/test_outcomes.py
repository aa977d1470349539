"""The five outcomes, the evidence, and what is said about them."""

from dataclasses import replace

import pytest

from pipeline.domain.calls import CallMetadata, Direction, Role, Span
from pipeline.domain.results import Outcome, RuleStatus
from rules.engine import Engine
from rules.nodes import Truth
from rules.rule import RulePack
from tests.rules.builder import call, judge, pack, with_coverage, with_words

GREETING = "when: {not: {phrase: 您好, role: agent, window: {first_turns: 1}, means: {zh: 问候, en: a greeting}}}"
OPENED = call("A: 喂，什么事？", "C: 我要退款。", "A: 好。")


def test_absence_is_a_hit_with_the_window_as_evidence() -> None:
    result = judge(GREETING, OPENED)
    assert result.outcome is Outcome.HIT
    assert result.explanation.zh == "坐席在前 1 轮没有问候（0:00–0:01）"
    (piece,) = result.evidence
    assert (piece.quote, piece.turn, piece.role) == ("喂，什么事？", None, Role.AGENT)
    assert (piece.start_s, piece.end_s) == (0.0, 1.5)


@pytest.mark.parametrize(
    ("lost", "outcome"),
    [
        pytest.param(Span(0.0, 1.2), Outcome.NOT_EVALUABLE, id="enough for a greeting"),
        pytest.param(Span(0.0, 0.9), Outcome.HIT, id="padding of speech activity"),
        pytest.param(Span(3.0, 6.0), Outcome.HIT, id="outside the window"),
        pytest.param(Span(1.0, 4.0), Outcome.HIT, id="too little of it inside the window"),
    ],
)
def test_absence_over_speech_that_was_not_written(lost: Span, outcome: Outcome) -> None:
    assert judge(GREETING, with_coverage(OPENED, lost)).outcome is outcome


def test_lost_speech_of_the_other_party_does_not_matter() -> None:
    assert judge(GREETING, with_coverage(OPENED, Span(0.0, 1.5), role=Role.CUSTOMER)).outcome is Outcome.HIT


def test_lost_speech_does_not_keep_a_presence_from_being_clear_or_hit() -> None:
    lost = with_coverage(OPENED, Span(0.0, 30.0))
    assert judge("when: {phrase: 喂, role: agent}", lost).outcome is Outcome.HIT
    assert judge("when: {phrase: 骂人, role: agent}", lost).outcome is Outcome.CLEAR


@pytest.mark.parametrize(("probability", "outcome"), [(0.49, Outcome.NOT_EVALUABLE), (0.51, Outcome.HIT)])
def test_absence_over_words_of_low_confidence(probability: float, outcome: Outcome) -> None:
    result = judge(GREETING, with_words(OPENED, probability))
    assert result.outcome is outcome
    if outcome is Outcome.NOT_EVALUABLE:
        assert result.explanation.zh == "无法判断：0:00–0:01 的转写把握只有 49%"
        assert not result.evidence


def test_absence_in_a_call_without_words_cannot_be_judged() -> None:
    assert judge(GREETING, call()).outcome is Outcome.NOT_EVALUABLE


def test_an_excuse_that_may_have_been_lost_makes_a_find_not_evaluable() -> None:
    body = "when: {silence: 5, unless: {phrase: 稍等, role: agent, before: this}}"
    quiet = call("A: 我看看您的订单啊", "A: 查到了", gaps=(8.0,))
    assert judge(body, quiet).outcome is Outcome.HIT
    assert judge(body, with_coverage(quiet, Span(0.0, 2.0))).outcome is Outcome.NOT_EVALUABLE


def test_a_false_part_decides_whatever_cannot_be_judged() -> None:
    lost = with_coverage(OPENED, Span(0.0, 2.0))
    both = "when: {{{}: [{{phrase: {}, role: agent}}, {{not: {{phrase: 您好, role: agent}}}}]}}"
    assert judge(both.format("all", "骂人"), lost).outcome is Outcome.CLEAR
    assert judge(both.format("all", "喂"), lost).outcome is Outcome.NOT_EVALUABLE
    assert judge(both.format("any", "喂"), lost).outcome is Outcome.HIT
    assert judge(both.format("any", "骂人"), lost).outcome is Outcome.NOT_EVALUABLE


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        (("U: 喂", "U: 您好"), Outcome.NOT_APPLICABLE),
        (("U: 喂", "C: 您好"), Outcome.NOT_APPLICABLE),
        (("U: 您好", "A: 喂"), Outcome.HIT),
        (("A: 喂", "C: 您好"), Outcome.HIT),
    ],
)
def test_a_role_that_the_recording_does_not_tell(lines: tuple[str, ...], outcome: Outcome) -> None:
    result = judge("when: {phrase: 喂, role: agent}", call(*lines))
    assert result.outcome is outcome
    if outcome is Outcome.NOT_APPLICABLE:
        assert result.explanation.zh == "录音分不清谁是坐席"
    assert judge("when: {phrase: 喂}", call(*lines)).outcome is Outcome.HIT


def test_calls_that_a_rule_is_not_about() -> None:
    extra = "applies_to: {direction: outbound, queue: [回访, 营销]}\n"
    outbound = CallMetadata(direction=Direction.OUTBOUND, queue="营销")
    about = call("A: 喂", metadata=outbound)
    assert judge("when: {phrase: 喂}", about, extra=extra).outcome is Outcome.HIT
    other = replace(about, metadata=replace(outbound, queue="售后"))
    assert judge("when: {phrase: 喂}", other, extra=extra).outcome is Outcome.NOT_APPLICABLE
    assert judge("when: {phrase: 喂}", replace(about, metadata=CallMetadata()), extra=extra).outcome is (
        Outcome.NOT_APPLICABLE
    )


def test_a_rule_that_runs_out_of_time_is_an_error_and_the_rest_go_on() -> None:
    evil = call("A: " + "啊" * 60 + "好")
    rules = pack("when: {regex: '(?:啊|啊啊)+[您我]'}", "when: {phrase: 好}")
    slow, other = Engine(rules).evaluate(evil)
    assert slow.outcome is Outcome.ERROR
    assert "50 毫秒" in slow.explanation.zh
    assert other.outcome is Outcome.HIT


def test_a_broken_rule_is_an_error_and_the_rest_go_on(monkeypatch) -> None:
    engine = Engine(pack("when: {silence: 3}", "when: {phrase: 好}"))

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("rules.operators.silence.SilenceFinder.find", broken)
    first, second = engine.evaluate(call("A: 好"))
    assert (first.outcome, second.outcome) == (Outcome.ERROR, Outcome.HIT)
    assert "ZeroDivisionError" in first.explanation.en


def test_drafts_and_retired_rules_do_not_run_unless_asked_for() -> None:
    (rule,) = pack("when: {phrase: 好}").rules
    rules = RulePack(tuple(replace(rule, id=status, status=status) for status in RuleStatus), "")
    assert [found.id for found in Engine(rules).rules] == ["shadow", "active"]
    assert len(Engine(rules, statuses=tuple(RuleStatus)).rules) == 4


def test_evidence_quotes_the_original_exactly() -> None:
    written = call("C: 我 要 投訴！", "A: ＶＩＰ 客戶\n您好")
    result = judge("when: {any: [{phrase: 投诉}, {phrase: vip客户您好}]}", written)
    assert [piece.quote for piece in result.evidence] == ["投訴", "ＶＩＰ 客戶\n您好"]
    first = result.evidence[0]
    assert (first.turn, first.char_start, first.char_end) == (0, 4, 6)
    # Four characters a second: characters 4 and 5 of the turn.
    assert (first.start_s, first.end_s) == (1.0, 1.5)


def test_confidence_is_that_of_the_words_quoted() -> None:
    (piece,) = judge("when: {phrase: 退款}", with_words(OPENED, 0.8)).evidence
    assert piece.confidence == pytest.approx(0.8)
    assert judge("when: {phrase: 退款}", OPENED).evidence[0].confidence == 1.0


def test_trace_says_where_it_failed_and_by_how_much() -> None:
    body = (
        "when: {all: [{phrase: 退款, role: agent}, {silence: 10}, {phrase: 喂, role: agent, window: {last_turns: 1}}]}"
    )
    found = Engine(pack(body)).explain(OPENED, "r0")
    assert found.result.outcome is Outcome.CLEAR
    assert found.root is not None
    notes = [child.note.zh for child in found.root.children]
    assert [child.truth for child in found.root.children] == [Truth.FALSE] * 3
    assert notes == [
        "说到了，但不是坐席说的：0:03 客户说「退款」",
        "静默最多 1.0 秒",
        "说到了，但不在范围内：0:00 坐席说「喂」",
    ]
    assert found.root.note.zh == "3 项中成立 0 项，要 3 项"


def test_trace_of_a_find_that_was_excused() -> None:
    body = "when: {phrase: 喂, role: agent, unless: {phrase: 退款, means: {zh: 客户要退款, en: a refund}}}"
    found = Engine(pack(body)).explain(OPENED, "r0")
    assert found.root is not None
    assert found.root.note.zh == "0:00 坐席说「喂」，但属例外：客户要退款"


def test_trace_of_an_unknown_rule() -> None:
    with pytest.raises(KeyError):
        Engine(pack("when: {phrase: 喂}")).explain(OPENED, "nothing")


EXPLANATIONS = [
    ("{phrase: 喂, role: agent, means: {zh: 开口就喂, en: a curt opening}}", "开口就喂：0:00 坐席说「喂」"),
    ("{phrase: 喂, unless: {phrase: 谢谢}}", "0:00 坐席说「喂」"),
    (
        "{phrase: 喂, unless: {phrase: 谢谢, means: {zh: 道谢, en: thanks}}}",
        "0:00 坐席说「喂」，没有道谢",
    ),
    ("{all: [{phrase: 喂}, {phrase: 退款}]}", "0:00 坐席说「喂」；0:03 客户说「退款」"),
    ("{sequence: [{phrase: 喂}, {phrase: 退款}]}", "0:00 坐席说「喂」，0:03 客户说「退款」"),
    ("{not: {phrase: 谢谢}}", "全程没有说「谢谢」"),
    ("{silence: 0.5}", "0:01–0:02 无人说话 1.0 秒（限 0.5 秒）；0:03–0:04 无人说话 1.0 秒（限 0.5 秒）"),
]


@pytest.mark.parametrize(("body", "text"), EXPLANATIONS)
def test_explanation(body: str, text: str) -> None:
    result = judge(f"when: {body}", OPENED)
    assert result.explanation.zh == text
    assert result.explanation.en

"""What each operator finds, in its scope, and what it says about it."""

from dataclasses import replace

import pytest

from pipeline.domain.calls import CallMetadata, Span
from pipeline.domain.results import Outcome
from pipeline.domain.signals import Loudness
from rules.operators import OPERATORS
from tests.rules.builder import call, judge, with_coverage

HIT, CLEAR = Outcome.HIT, Outcome.CLEAR
GREETING = call("A: 您好，请稍等。", "C: 好的，我要投诉你们。", "A: 对不起，再见。")


def quotes(body: str, of) -> list[str]:
    return [piece.quote for piece in judge(f"when: {body}", of).evidence]


WORDS = [
    pytest.param("{phrase: 再见}", ["再见"], id="phrase"),
    pytest.param("{phrase: 好请稍}", ["好，请稍"], id="phrase over punctuation"),
    pytest.param("{phrase: {all: [您好, 投诉]}}", ["您好", "投诉"], id="phrase all"),
    pytest.param("{phrase: {all: [您好, 拜拜]}}", [], id="phrase all, one missing"),
    pytest.param("{phrase: {at_least: 2, of: [您好, 投诉, 拜拜]}}", ["您好", "投诉"], id="phrase at least"),
    pytest.param("{phrase: {any: [我要], except: [我要投诉]}}", [], id="phrase inside a longer one"),
    pytest.param("{phrase: {none: [拜拜]}, role: customer}", ["好的，我要投诉你们。"], id="phrase none"),
    pytest.param("{phrase: [投诉, 要投诉]}", ["要投诉"], id="the longer of two finds"),
    pytest.param("{phrase: 投诉, role: agent}", [], id="said by the other party"),
    pytest.param("{regex: '投.你'}", ["投诉你"], id="regex"),
    pytest.param("{regex: {pattern: '投诉', except: '我要.{0,3}'}}", [], id="regex exception"),
    pytest.param("{regex: ['拜拜', '再见']}", ["再见"], id="several expressions"),
    pytest.param("{near: {words: [投诉], to: [我], within_characters: 1}}", ["我要投诉"], id="near"),
    pytest.param("{near: {words: [投诉], to: [我], within_characters: 0}}", [], id="not near enough"),
    pytest.param("{near: {words: [投诉], to: [我], within_characters: 1, ordered: true}}", [], id="near, wrong order"),
    pytest.param(
        "{near: {words: [投诉], to: [表扬], within_characters: 9, negative: true}}", ["投诉"], id="nothing near"
    ),
    pytest.param("{near: {words: [稍等], to: [对不起], within_turns: 2}}", ["稍等", "对不起"], id="near in turns"),
    pytest.param("{near: {words: [稍等], to: [对不起], within_s: 2}}", [], id="near in seconds"),
]


@pytest.mark.parametrize(("body", "expected"), WORDS)
def test_words(body: str, expected: list[str]) -> None:
    assert quotes(body, GREETING) == expected


SCOPES = [
    pytest.param("{phrase: 您, window: {first_turns: 1}}", HIT, id="first turn"),
    pytest.param("{phrase: 再见, window: {first_turns: 2}}", CLEAR, id="after the first turns"),
    pytest.param("{phrase: 再见, role: agent, window: {first_turns: 2}}", HIT, id="turns counted after the role"),
    pytest.param("{phrase: 您好, role: agent, window: {last_turns: 1}}", CLEAR, id="before the last turn"),
    pytest.param("{phrase: 稍等, window: {first_s: 1.5}}", HIT, id="in the first seconds"),
    pytest.param("{phrase: 稍等, window: {first_s: 1}}", CLEAR, id="after the first seconds"),
    pytest.param("{phrase: 再见, window: {last_s: 1}}", HIT, id="in the last seconds"),
    pytest.param("{phrase: 再见, window: {last_percent: 10}}", HIT, id="in the last tenth"),
    pytest.param("{phrase: 投诉, window: {last_percent: 10}}", CLEAR, id="before the last tenth"),
    pytest.param("{phrase: 投诉, after: {condition: {phrase: 稍等}}}", HIT, id="after"),
    pytest.param("{phrase: 投诉, before: {condition: {phrase: 稍等}}}", CLEAR, id="not before"),
    pytest.param(
        "{phrase: 请, before: {condition: {phrase: 等}, within_characters: 1}}", HIT, id="before in characters"
    ),
    pytest.param("{phrase: 您, before: {condition: {phrase: 等}, within_characters: 1}}", CLEAR, id="too far before"),
    pytest.param("{phrase: 再见, after: {condition: {phrase: 稍等}, within_turns: 1}}", CLEAR, id="a turn too late"),
    pytest.param(
        "{phrase: 再见, role: agent, after: {condition: {phrase: 稍等}, within_turns: 1}}",
        HIT,
        id="next turn of a role",
    ),
    pytest.param("{phrase: 请, around: {condition: {phrase: 您好}, within_turns: 0}}", HIT, id="in the same turn"),
    pytest.param("{phrase: 再见, after: {condition: {phrase: 好}, which: last}}", HIT, id="after the last find"),
    pytest.param("{phrase: 请, after: {condition: {phrase: 好}, which: last}}", CLEAR, id="before the last find"),
    pytest.param("{not: {phrase: 谢谢, after: {condition: {phrase: 没有这句}}}}", CLEAR, id="absence after nothing"),
    pytest.param("{sequence: [{phrase: 您好}, {phrase: 投诉}, {phrase: 再见}]}", HIT, id="sequence"),
    pytest.param("{sequence: [{phrase: 再见}, {phrase: 投诉}]}", CLEAR, id="sequence in the wrong order"),
    pytest.param(
        "{sequence: {steps: [{phrase: 您好}, {phrase: 再见}], within_turns: 1}}", CLEAR, id="sequence too far apart"
    ),
    pytest.param(
        "{at_least: {count: 2, of: [{phrase: 您好}, {phrase: 拜拜}, {phrase: 投诉}]}}", HIT, id="two of three"
    ),
    pytest.param(
        "{at_least: {count: 3, of: [{phrase: 您好}, {phrase: 拜拜}, {phrase: 投诉}]}}", CLEAR, id="three of three"
    ),
    pytest.param(
        "{phrase: 投诉, unless: {phrase: 对不起, role: agent, after: this}}", CLEAR, id="excused by what follows"
    ),
    pytest.param(
        "{phrase: 投诉, unless: {phrase: 对不起, role: agent, before: this}}", HIT, id="not excused by what follows"
    ),
    pytest.param("{phrase: 投诉, where: {phrase: 稍等, before: {condition: this, within_turns: 1}}}", HIT, id="where"),
    pytest.param("{all: [{phrase: 您好}, {phrase: 再见}], role: agent}", HIT, id="a group's role is its parts'"),
    pytest.param("{all: [{phrase: 投诉}], role: agent}", CLEAR, id="a group's role binds its parts"),
]


@pytest.mark.parametrize(("body", "outcome"), SCOPES)
def test_scope(body: str, outcome: Outcome) -> None:
    assert judge(f"when: {body}", GREETING).outcome is outcome


NUMBERS = call("A: 您的手机幺三九，零零幺二，三四五六，对吗？", "C: 一共一万二千块，百分之八。", "A: 京A12345")
FACTS = [
    pytest.param("{entity: mobile}", ["幺三九，零零幺二，三四五六"], id="mobile in groups"),
    pytest.param("{entity: money}", ["一万二千块"], id="money"),
    pytest.param("{entity: plate}", ["京A12345"], id="plate"),
    pytest.param("{entity: bank_card}", [], id="no card"),
    pytest.param("{regex: '1[3-9]\\d'}", ["幺三九"], id="regex reads spoken digits"),
    pytest.param("{regex: '8%'}", ["百分之八"], id="regex reads spoken per cent"),
    pytest.param("{regex: '12000'}", ["一万二千"], id="regex reads spoken numbers"),
    pytest.param("{regex: '一万'}", ["一万"], id="regex reads them as written too"),
]


@pytest.mark.parametrize(("body", "expected"), FACTS)
def test_facts(body: str, expected: list[str]) -> None:
    assert quotes(body, NUMBERS) == expected


def test_check_digits_of_cards() -> None:
    wrong, right = call("A: 卡号6222021234567890。"), call("A: 卡号6222021234567894。")
    assert judge("when: {entity: bank_card}", wrong).outcome is CLEAR
    assert judge("when: {entity: bank_card}", right).outcome is HIT
    assert judge("when: {entity: {kinds: bank_card, check_digits: false}}", wrong).outcome is HIT


def test_a_number_over_several_turns_and_its_border() -> None:
    groups = call("A: 六二二二，零二幺二，", "C: 嗯。", "A: 三四五六，七八九四。")
    interrupted = call("A: 六二二二，零二幺二，", "C: 等等我先去拿一支笔来记。", "A: 三四五六，七八九四。")
    body = "when: {entity: {kinds: bank_card}, role: agent}"
    assert [piece.turn for piece in judge(body, groups).evidence] == [0, 2]
    assert judge(body, interrupted).outcome is CLEAR


SOUND_CALL = call("A: 您好，请讲，我在听。", "C: 我的快递到哪里了呀？", "A: 到了", gaps=(1.0, 12.0), tail_s=0.2)
SOUND = [
    ("{silence: 10}", HIT),
    ("{silence: 12}", CLEAR),
    ("{silence: {longer_than_s: 10, after_role: agent}}", CLEAR),
    ("{silence: {longer_than_s: 10, after_role: customer, before_role: agent}}", HIT),
    ("{silence: 10, before: {condition: {phrase: 到了}}}", HIT),
    ("{silence: 10, after: {condition: {phrase: 到了, role: agent}}}", CLEAR),
    ("{response_time: 10, role: agent}", HIT),
    ("{response_time: 10, role: customer}", CLEAR),
    ("{speech_rate: {above: 170}, role: agent}", HIT),
    ("{speech_rate: {above: 170, at_least_speaking_s: 60.0}, role: agent}", CLEAR),
    ("{talk_share: {above: 0.5}, role: agent}", HIT),
    ("{talk_share: {below: 0.4}, role: agent}", CLEAR),
    ("{duration: {above: 15}}", HIT),
    ("{duration: {below: 15}}", CLEAR),
    ("{hangup: {within_s: 1}, role: customer}", HIT),
    ("{hangup: {within_s: 1}, role: agent}", CLEAR),
    ("{overlap: 1, role: agent}", CLEAR),
]


@pytest.mark.parametrize(("body", "outcome"), SOUND, ids=[body for body, _ in SOUND])
def test_sound(body: str, outcome: Outcome) -> None:
    assert judge(f"when: {body}", SOUND_CALL).outcome is outcome


OVERLAPPING = call("C: 我想问一下那个退款的事情到底", "A: 嗯嗯，先报订单号。", gaps=(-1.5,))


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("{overlap: 1, role: agent}", HIT),
        ("{overlap: 2, role: agent}", CLEAR),
        ("{overlap: 1, role: customer}", CLEAR),
        ("{overlap: {at_least_s: 1, held_at_least_s: 5}}", CLEAR),
        ("{overlap: {at_least_s: 1, more_characters_than: 4, back_channels: [嗯]}}", HIT),
        ("{overlap: {at_least_s: 1, more_characters_than: 5, back_channels: [嗯]}}", CLEAR),
    ],
)
def test_overlap(body: str, outcome: Outcome) -> None:
    result = judge(f"when: {body}", OVERLAPPING)
    assert result.outcome is outcome
    if outcome is HIT:
        assert result.evidence[0].quote == "嗯嗯，先报订单号。"
        assert result.evidence[0].end_s - result.evidence[0].start_s == pytest.approx(1.5)


def test_loudness_needs_sound() -> None:
    loud = replace(GREETING, signals=replace(GREETING.signals, loudness=(Loudness(2, -20.0, 9.0),)))
    assert judge("when: {loudness: 8, role: agent}", GREETING).outcome is CLEAR
    assert quotes("{loudness: 8, role: agent}", loud) == ["对不起，再见。"]
    assert judge("when: {loudness: 8, role: customer}", loud).outcome is CLEAR


def test_repeat_fires_at_the_last_time() -> None:
    thrice = call("C: 我要求退款马上", "A: 嗯。", "C: 我要求马上退款", "A: 嗯。", "C: 我要求退款马上啊")
    assert judge("when: {repeat: 3, role: customer}", thrice).outcome is HIT
    assert judge("when: {repeat: 4, role: customer}", thrice).outcome is CLEAR
    assert judge("when: {repeat: {times: 3, except: [退款]}, role: customer}", thrice).outcome is CLEAR


def test_word_rate_counts_a_partys_own_minutes() -> None:
    # 16 characters in 4 s, the word twice: 30 a minute.
    often = call("A: 这个呢就是这个的一个意思您看行吗", "C: 好的。")
    rate = "{{word_rate: {{phrases: [这个], {}, at_least_speaking_s: 1.0}}, role: agent}}"
    assert quotes(rate.format("above: 29"), often) == ["这个", "这个"]
    assert judge("when: " + rate.format("above: 31"), often).outcome is CLEAR
    assert judge("when: " + rate.format("below: 31"), often).outcome is HIT


def test_echo_is_a_read_back() -> None:
    body = "{regex: '路.+号', role: customer, unless: {echo: 3, role: agent, after: this}}"
    silent = call("C: 幸福路十二号", "A: 好的记下了")
    aloud = call("C: 幸福路十二号", "A: 幸福路十二号对吧")
    assert judge(f"when: {body}", silent).outcome is HIT
    assert judge(f"when: {body}", aloud).outcome is CLEAR


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("{metadata: {field: queue, is: 退款}}", HIT),
        ("{metadata: {field: queue, is: [订单, 咨询]}}", CLEAR),
        ("{metadata: {field: survey_score, at_most: 2}}", HIT),
        ("{metadata: {field: survey_score, at_least: 3}}", CLEAR),
        ("{metadata: {field: shop, is: 一店}}", HIT),
        ("{metadata: {field: team, is: 一组}}", CLEAR),
    ],
)
def test_metadata(body: str, outcome: Outcome) -> None:
    known = call("A: 您好", metadata=CallMetadata(queue="退款", survey_score=1.0, extra={"shop": "一店"}))
    assert judge(f"when: {body}", known).outcome is outcome


BY_SOUND = [
    pytest.param("验证码", "请报验真马", True, id="three syllables, tone and -n/-ng ignored"),
    pytest.param("验证码", "请报联系码", False, id="another word"),
    pytest.param("核实身份", "合适身份", True, id="a common mistake of ASR"),
    pytest.param("银行卡号", "银航卡号", True, id="the phrase's reading of a polyphone"),
    pytest.param("投诉", "头数", False, id="two syllables need their tones"),
    pytest.param("投诉", "头速", True, id="two syllables with their tones"),
]


@pytest.mark.parametrize(("phrase", "said", "found"), BY_SOUND)
def test_by_sound(phrase: str, said: str, found: bool) -> None:
    heard = call(f"A: {said}。")
    result = judge(f"when: {{phrase: {{any: [{phrase}], by_sound: true}}}}", heard)
    assert (result.outcome is HIT) == found
    if found:
        assert result.evidence[0].by_sound
        assert result.evidence[0].confidence == pytest.approx(0.7)
        assert "读音相同" in result.explanation.zh
    assert judge(f"when: {{phrase: {phrase}}}", heard).outcome is CLEAR


def test_by_sound_is_switched_per_phrase() -> None:
    body = "when: {phrase: {any: [{text: 验证码, by_sound: false}, 身份证号], by_sound: true}}"
    assert judge(body, call("A: 验真马")).outcome is CLEAR
    assert judge(body, call("A: 身分证号")).outcome is HIT


def test_every_operator_says_what_it_means_in_both_languages() -> None:
    specs = {
        "phrase": "您好",
        "regex": "您好",
        "near": {"words": ["您"], "to": ["好"], "within_s": 1},
        "word_rate": {"phrases": ["您"], "above": 1},
        "repeat": 3,
        "echo": 3,
        "entity": "mobile",
        "silence": 3,
        "overlap": 1,
        "response_time": 3,
        "speech_rate": {"above": 300},
        "loudness": 8,
        "talk_share": {"above": 0.5},
        "duration": 60,
        "hangup": {},
        "metadata": {"field": "queue", "is": "退款"},
        "similar": ["我帮您登记一下"],
        "sentiment": "negative",
        "escalation": {},
        "learned": "insult",
    }
    assert specs.keys() == OPERATORS.keys()
    for name, spec in specs.items():
        operator = OPERATORS[name]
        sentence = operator.finder(operator.spec.model_validate(spec)).sentence()
        assert sentence.zh and sentence.en, name


def test_speech_that_was_heard_but_not_written_is_no_silence() -> None:
    lost = with_coverage(SOUND_CALL, Span(8.0, 12.0))
    assert judge("when: {silence: 10}", lost).outcome is CLEAR
    assert [round(p.end_s - p.start_s, 1) for p in judge("when: {silence: 5}", lost).evidence] == [6.0]

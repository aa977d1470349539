"""What the shipped models say: bad input first, then calls anybody can judge."""

import pickle
import time

import pytest

from models.predict import predict_call
from pipeline.domain.calls import Role
from pipeline.domain.predictions import Abstention, Sentiment
from pipeline.domain.signals import Signals
from tests.models.builders import call


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        pytest.param([], Abstention.NO_CUSTOMER, id="no turns"),
        pytest.param(["c ", "a   "], Abstention.NO_CUSTOMER, id="empty turns"),
        pytest.param(["a 您好，请问有什么可以帮您"], Abstention.NO_CUSTOMER, id="agent alone"),
        pytest.param(["c \u200b\u200b"], Abstention.TOO_SHORT, id="invisible characters"),
        pytest.param(["c 喂", "a 您好", "c 嗯"], Abstention.TOO_SHORT, id="hardly a word"),
        pytest.param(["c ？！。……"], Abstention.TOO_SHORT, id="punctuation"),
        pytest.param(["c 13800138000", "a 好", "c 2024"], Abstention.NOT_CHINESE, id="digits"),
        pytest.param(["c I want to speak to your manager", "a 您好"], Abstention.NOT_CHINESE, id="English"),
    ],
)
def test_what_cannot_be_judged_is_an_abstention_with_its_reason(shipped, said, reason):
    found = predict_call(shipped, call(*said), Signals())
    for prediction in (found.dissatisfied, found.escalation):
        assert prediction.probability is None
        assert prediction.abstention == reason
        assert not prediction.flagged
        assert prediction.words == ()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("你们太差了，我要投诉\ud83d", id="half an emoji"),
        pytest.param("你们太差了👍🏻，我要投诉", id="emoji"),
        pytest.param("你们太差了\r\n我要投诉\u2028再见\u0085", id="line breaks of all kinds"),
        pytest.param("你们太差了\x00我要投诉", id="NUL"),
        pytest.param("𠮷野家太差了，我要投诉", id="rare characters"),
        pytest.param("太差了，我要投诉" * 20_000, id="a turn as long as a book"),
    ],
)
def test_odd_characters_are_read_as_text(shipped, text):
    found = predict_call(shipped, call("c " + text), Signals())
    assert found.escalation.probability is not None
    for word in found.escalation.words:
        assert text[word.char_start : word.char_end].replace("\n", " ") == word.text


def test_a_turn_that_cannot_be_judged_has_its_own_reason(shipped):
    found = predict_call(
        shipped, call("c 你们怎么还不处理，太差了", "c 嗯", "c 138 0013 8000", "c OK thanks"), Signals()
    )
    assert [turn.abstention for turn in found.sentiments] == [
        None,
        Abstention.TOO_SHORT,
        Abstention.NOT_CHINESE,
        Abstention.NOT_CHINESE,
    ]
    assert [turn.sentiment for turn in found.sentiments][1:] == [None, None, None]


@pytest.mark.parametrize(
    ("said", "dissatisfied", "escalation"),
    [
        pytest.param(
            ["a 您好", "c 我想查一下话费", "a 余额二十元", "c 好的谢谢"], False, False, id="a question answered"
        ),
        pytest.param(
            ["a 您好", "c 你们再不处理我就打12315，找媒体曝光", "a 您随便", "c 好，等着"],
            True,
            True,
            id="regulator and media",
        ),
        pytest.param(
            ["a 您好", "c 我要投诉你们，骗子，叫你们领导来", "a 领导不在"], True, True, id="supervisor demanded"
        ),
        pytest.param(
            ["a 您好", "c 快递丢了三次了，没人管", "a 我们也没办法", "c 算了，无语"],
            True,
            False,
            id="given up in anger",
        ),
        pytest.param(
            ["a 您好", "c 我是做律师的，想问一下开户流程", "a 带身份证即可", "c 好的谢谢"],
            False,
            False,
            id="a lawyer by trade",
        ),
    ],
)
def test_calls_that_anybody_can_judge(shipped, said, dissatisfied, escalation):
    found = predict_call(shipped, call(*said), Signals())
    assert (found.dissatisfied.flagged, found.escalation.flagged) == (dissatisfied, escalation)


def test_words_are_quoted_from_the_transcript_as_it_was_written(shipped):
    said = call("a 您好", "c 你們再不處理，我就打１２３１５ 找 媒體\n曝光", "a 您消消气")
    found = predict_call(shipped, said, Signals())
    assert found.escalation.words
    for word in (*found.escalation.words, *found.sentiments[0].words):
        written = said.turns[word.turn].text[word.char_start : word.char_end]
        assert written.replace("\n", " ") == word.text
    assert any("１２３１５" in word.text for word in found.escalation.words)
    assert [word.weight for word in found.escalation.words] == sorted(
        (word.weight for word in found.escalation.words), reverse=True
    )


def test_where_no_role_is_known_everybody_counts_as_the_customer(shipped):
    known = predict_call(shipped, call("c 你们太差了，我要投诉到消协"), Signals())
    unknown = predict_call(shipped, call("u 你们太差了，我要投诉到消协"), Signals())
    assert unknown.escalation.probability == known.escalation.probability


def test_sentiments_are_of_customer_turns_in_order(shipped):
    said = call("a 您好", "c 谢谢你，帮大忙了", "a 不客气", "c 可是又坏了，气死我了")
    found = predict_call(shipped, said, Signals())
    assert [(turn.turn, turn.sentiment) for turn in found.sentiments] == [
        (1, Sentiment.POSITIVE),
        (3, Sentiment.NEGATIVE),
    ]
    assert found.sentiments[1].words
    assert all(said.turns[turn.turn].role == Role.CUSTOMER for turn in found.sentiments)


def test_models_survive_pickling(shipped):
    said = call("c 你们太差了，我要投诉到消协")
    again = pickle.loads(pickle.dumps(shipped))
    assert predict_call(again, said, Signals()) == predict_call(shipped, said, Signals())


@pytest.mark.slow
def test_a_chat_of_ten_thousand_turns_is_judged_in_seconds(shipped):
    said = call(*(f"{'ca'[number % 2]} 你们怎么回事，等了这么久，第{number}次了" for number in range(10_000)))
    # The processor's time, since other work on the machine is not this call's.
    started_s = time.process_time()
    found = predict_call(shipped, said, Signals())
    # 0.35 s where nothing else runs; what grows with the square of the turns would take minutes.
    assert time.process_time() - started_s < 10
    assert found.dissatisfied.probability is not None
    assert len(found.sentiments) == 5_000

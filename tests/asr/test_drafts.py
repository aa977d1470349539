"""From what the model wrote to a channel's words: times, removals, and what to try again."""

from itertools import pairwise

import pytest

from pipeline.asr.base import Removal, RemovalReason
from pipeline.asr.decoding import HeardWord, Written
from pipeline.asr.drafts import Draft, check_window
from pipeline.asr.windows import Piece, Window
from pipeline.domain.calls import Span, Word

WINDOW = Window((Piece(0, 10.0, 14.0, (Span(10, 14),), 0.0), Piece(0, 20.0, 24.0, (Span(20, 24),), 4.3)), 10.0)


def written(*texts_and_times, no_speech=0.1, logprob=-0.3):
    """(text, start, end) in window time, a word for each character of text."""
    heard = []
    for text, start_s, end_s in texts_and_times:
        each_s = (end_s - start_s) / len(text)
        heard += [
            HeardWord(Word(char, start_s + at * each_s, start_s + (at + 1) * each_s, 0.9))
            for at, char in enumerate(text)
        ]
    return Written(WINDOW, tuple(heard), no_speech, logprob)


def text_of(heard):
    """All texts, joined."""
    return "".join(one.word.text for one in heard)


@pytest.mark.parametrize(
    ("one", "kept", "reasons"),
    [
        pytest.param(written(), "", [], id="nothing written"),
        pytest.param(written(("您好", 0, 1), ("再見", 5, 6)), "您好再见", [], id="simplified, kept"),
        pytest.param(
            written(("您好", 0, 1), ("谢谢观看", 5, 6)), "您好", [RemovalReason.CREDIT], id="a credit after a pause"
        ),
        pytest.param(written(("谢谢观看那个视频", 0, 2)), "谢谢观看那个视频", [], id="the same words in a sentence"),
        pytest.param(
            written(("您好", 0, 1), ("嗯嗯嗯嗯嗯嗯嗯嗯嗯嗯嗯", 5, 6)),
            "您好嗯",
            [RemovalReason.LOOP],
            id="a loop is cut",
        ),
        pytest.param(
            written(("您好", 0, 1), no_speech=0.9, logprob=-2.0), "", [RemovalReason.IMPROBABLE], id="the model doubts"
        ),
        pytest.param(written(no_speech=0.9, logprob=-2.0), "", [], id="doubts about nothing"),
        pytest.param(
            written(("您好", 0, 1), ("啊", 9.5, 9.9)), "您好", [RemovalReason.OUTSIDE_SPEECH], id="about the silent end"
        ),
        pytest.param(written(("您好", 0, 1), ("啊", 4.05, 4.1)), "您好啊", [], id="just past a piece is near enough"),
    ],
)
def test_checking_a_window(one, kept, reasons):
    heard, removed = check_window(one, prompt="")
    assert text_of(heard) == kept
    assert [removal.reason for removal in removed] == reasons


def test_an_echo_of_the_prompt_is_removed():
    heard, removed = check_window(written(("客服电话录音", 0, 2)), prompt="客服电话录音。")
    assert (heard, [removal.text for removal in removed]) == ([], ["客服电话录音"])


def test_every_character_is_kept_or_removed():
    one = written(("您好", 0, 1), ("嗯" * 30, 1, 3), ("谢谢观看", 6, 7), ("啊", 9.8, 9.9))
    heard, removed = check_window(one, prompt="")
    everything = text_of(heard) + "".join(removal.text for removal in removed)
    assert sorted(everything) == sorted(text_of(one.words))


WORDS = [Word("您好", 10.0, 11.0, 0.9), Word("再见", 20.0, 21.0, 0.9)]


@pytest.mark.parametrize(
    ("spans", "removed", "expected"),
    [
        pytest.param([], [], [], id="no speech"),
        pytest.param([Span(10, 11), Span(20, 21)], [], [], id="all written"),
        pytest.param([Span(10, 12)], [], [], id="0.7 s is not worth it"),
        pytest.param([Span(10, 13)], [], [Span(11.3, 13)], id="the end is missing"),
        pytest.param([Span(8, 11)], [], [Span(8, 9.7)], id="the beginning is missing"),
        pytest.param([Span(10, 21)], [], [Span(11.3, 19.7)], id="the middle is missing"),
        pytest.param([Span(30, 32)], [], [Span(30, 32)], id="a whole span is missing"),
        pytest.param([Span(30, 32)], [RemovalReason.CREDIT], [], id="a credit was there"),
        pytest.param([Span(30, 32)], [RemovalReason.LOOP], [Span(30, 32)], id="a loop was there"),
    ],
)
def test_what_is_tried_again(spans, removed, expected):
    draft = Draft()
    draft.add(WORDS, [Removal(reason, "…", Span(30, 32)) for reason in removed])
    assert draft.unwritten(spans) == tuple(expected)


def test_finished_words_are_in_order_and_apart():
    draft = Draft()
    draft.add([Word("丙", 5.0, 6.0, 0.9), Word("丁", 6.0, 6.0, 0.9)], [])
    draft.add([Word("甲", 1.0, 2.5, 0.9), Word("乙", 2.0, 3.0, 0.9)], [])
    words = draft.finished(()).words
    assert [word.text for word in words] == ["甲", "乙", "丙", "丁"]
    assert all(word.end_s > word.start_s for word in words)
    assert all(before.end_s <= after.start_s for before, after in pairwise(words))


@pytest.mark.parametrize(
    ("span", "end_s"),
    [
        pytest.param(Span(10, 11.2), 11.2, id="a little later"),
        pytest.param(Span(10, 10.8), 11.0, id="earlier: the word stays"),
        pytest.param(Span(10, 12), 11.0, id="much later: something was not written"),
        pytest.param(Span(10, 20.5), 11.0, id="not the last word of the span"),
    ],
)
def test_the_last_word_lasts_until_the_speech_ends(span, end_s):
    draft = Draft()
    draft.add(WORDS, [])
    assert draft.finished([span]).words[0].end_s == end_s

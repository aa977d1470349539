"""The network that finds what the rules miss: what it may do, and that it is the one the data make."""

import os
import subprocess
import sys

import numpy as np
import pytest

from benchmarks.privacy_symbols import digest
from benchmarks.privacy_weights import in_bytes
from pipeline.domain.calls import Role, Transcript, Turn
from pipeline.domain.personal import PersonalKind, mask_transcript, shown
from pipeline.privacy.find import find_personal, found_by_rules
from pipeline.privacy.find_said import said
from pipeline.privacy.masking import mask_text
from pipeline.privacy.tagger import NETWORK, tagger

MOST_BYTES = 6_000_000


def call(*texts: str) -> Transcript:
    """A call in which agent and customer take turns."""
    roles = (Role.AGENT, Role.CUSTOMER)
    turns = [Turn(at, roles[at % 2], float(at), at + 1.0, text) for at, text in enumerate(texts)]
    return Transcript(tuple(turns), float(len(turns)))


def masked(*texts: str) -> list[str]:
    """The turns as they are shown."""
    transcript = call(*texts)
    return [shown(turn.text) for turn in mask_transcript(transcript, find_personal(transcript)).turns]


@pytest.mark.slow
def test_the_shipped_network_was_trained_on_these_data_and_rules() -> None:
    assert tagger().digest == digest(), "python -m benchmarks.privacy_tagger"
    assert NETWORK.stat().st_size < MOST_BYTES


def test_tables_in_bytes_are_what_they_were_but_for_half_a_step() -> None:
    table = np.random.default_rng(0).normal(size=(9, 64)).astype(np.float32) * 10.0 ** np.arange(-4, 5)[:, None]
    table[3] = 0
    stored = in_bytes("words", table)
    steps = stored["words_steps"][:, None]
    assert stored["words"].dtype == np.int8
    assert (abs(stored["words"] * steps - table) <= steps * 0.5001).all()


def test_what_is_found_does_not_hang_on_the_order_of_hashes() -> None:
    code = (
        "from tests.privacy.test_tagged import call; from pipeline.privacy.find import find_personal; "
        "print(find_personal(call('怎么称呼', '我叫张伟明,他叫李张伟,李张伟明')))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2", "3", "4")
    }
    assert len(found) == 1


def test_it_finds_what_no_rule_knows() -> None:
    turns = ("派件的到哪儿了", "师傅让我放在门卫老褚那儿 您跟他说是给鄢雨桐的就行")
    by_rules, _ = found_by_rules(said(call(*turns)), ())
    assert not any(datum.value == "鄢雨桐" for datum in by_rules)
    assert "鄢雨桐" not in masked(*turns)[1]


def test_hotlines_and_the_companys_own_numbers_are_never_added() -> None:
    transcript = call("说一下", "四四零幺零零 三八七六 二九", "四四零幺零零三八七六二九 对吧")
    assert find_personal(transcript)
    assert find_personal(transcript, own_numbers=["440100387629"]) == ()
    assert find_personal(call("打哪个？", "四零零，八二零，五五五九")) == ()


def test_a_mobile_number_that_recognition_garbled_stays_masked() -> None:
    assert "3800" not in "".join(masked("我登记的手机号是多少我好像换过后码", "您登记的手机号是要3800要3800不"))


def test_a_date_of_birth_that_looks_like_a_name_to_the_rules_is_one_date() -> None:
    turns = ("请问投保人出生日期", "七九年腊月初六 身份证上写的是八零年二月")
    assert any(datum.value == "年二月" for datum in found_by_rules(said(call(*turns)), ())[0])
    assert masked(*turns)[1] == "[出生日期] 身份证上写的是[出生日期2]"


def test_a_word_in_latin_letters_is_masked_as_a_whole() -> None:
    for text in masked(
        "What's your name please?", "It's Siobhan Fairweather, and my email is siobhan dot f at lowmere dot org"
    ):
        assert not any(part in text.lower() for part in ("siob", "fairw", "weather"))


def test_a_name_is_masked_wherever_it_is_said_again() -> None:
    turns = masked("怎么称呼您", "我叫费书瑶", "好的", "就是书瑶这两个字 您写费书瑶就对了")
    assert "费书瑶" not in "".join(turns)


def test_of_what_is_typed_only_what_rules_know_is_masked() -> None:
    for text in ("yxu 备注", "xyz <b>改过</b>", "<script>alert(1)</script>", "视图 17"):
        assert mask_text(text) == text
    assert "13800123456" not in mask_text("张三丰 的 投诉 已 回电 13800123456")


@pytest.mark.parametrize("text", ["", " ", "\0", "😀" * 40, "我叫😀王小芳😀", "a" * 5000, "\n\n我姓王\n"])
def test_odd_texts_go_through(text: str) -> None:
    for span in find_personal(call(text, text)):
        assert span.kind in PersonalKind
        assert 0 <= span.char_start < span.char_end <= len(text)

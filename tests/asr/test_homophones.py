"""Spelling: what is put right, what is left alone."""

import json
from pathlib import Path

import pytest

from pipeline.asr.homophones import Speller, call_frequencies, count_phrases, spell_words
from pipeline.domain.calls import Word

LABELLED = Path(__file__).parents[3] / "shared" / "data" / "labelled_calls.jsonl"
PHRASES = Path(__file__).parents[2] / "pipeline" / "asr" / "phrases.tsv"
FREQUENCIES = {"核实一下": 1e-3, "何时": 1e-5, "一下": 1e-3, "来电": 1e-3, "的": 1e-2, "没有了": 1e-3, "订": 1e-5}


@pytest.fixture(scope="module")
def speller():
    """Of a handful of words."""
    return Speller(FREQUENCIES)


def sure(text):
    """Places where the model thought of nothing else."""
    return [{char: 0.0} for char in text]


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        pytest.param([], "", id="nothing"),
        pytest.param(sure("何时依下"), "核实一下", id="homophones of a frequent phrase"),
        pytest.param(sure("何时的"), "何时的", id="a word that fits stays"),
        pytest.param(sure("饕餮"), "饕餮", id="unknown characters stay"),
        pytest.param([{"来": 0.0}, {"订": 0.0}], "来订", id="no homophone and not thought of"),
        pytest.param([{"来": 0.0}, {"订": 0.0, "电": 1.5}], "来电", id="thought of, though less probable"),
        pytest.param([{"来": 0.0}, {"订": 0.0, "店": 1.5}], "来电", id="a homophone of what was thought of"),
        pytest.param([{"来": 0.0}, {"订": 0.0, "电": 40.0}], "来订", id="too improbable"),
    ],
)
def test_spelling(speller, places, expected):
    assert speller.spell(places) == expected


@pytest.mark.parametrize(
    ("choosable", "expected"),
    [
        pytest.param("", "核实一下", id="written in pieces: nothing is known"),
        pytest.param("实一", "何时一下", id="had the choice of 实, and refused it"),
    ],
)
def test_what_the_model_could_have_chosen(choosable, expected):
    speller = Speller({**FREQUENCIES, "何时": 5e-5, "核实一下": 1e-5}, choosable=frozenset(choosable))
    assert speller.spell([*sure("何时"), {"依": 0.0, "一": 0.5}, {"下": 0.0}]) == expected


def test_the_same_tone_is_nearer():
    speller = Speller({"试验": 1e-3, "实验": 1e-3})
    assert [speller.spell(sure(heard)) for heard in ("十厌", "是厌")] == ["实验", "试验"]


def test_words_keep_everything_but_their_characters(speller):
    words = [Word(char, at, at + 1.0, at / 10) for at, char in enumerate("何时依下")]
    spelt = spell_words(words, [{}] * 4, speller=speller)
    assert [word.text for word in spelt] == ["核", "实", "一", "下"]
    assert [_rest(word) for word in spelt] == [_rest(word) for word in words]


def _rest(word):
    return word.start_s, word.end_s, word.probability


@pytest.mark.parametrize(
    ("first", "start_s", "expected"),
    [
        pytest.param("何时", 1.5, ["核实", "一下"], id="at once: one phrase"),
        pytest.param("何时", 2.0, ["何时", "一下"], id="a pause parts it"),
        pytest.param("何时,", 1.5, ["何时,", "一下"], id="punctuation parts it"),
    ],
)
def test_where_phrases_end(speller, first, start_s, expected):
    words = [Word(first, 1.0, 1.4, 0.4), Word("依下", start_s, start_s + 0.4, 0.5)]
    assert [word.text for word in spell_words(words, [{}, {}], speller=speller)] == expected


def test_alternatives_are_of_the_whole_word(speller):
    words = [Word("来", 1.0, 1.2, 0.9), Word("订。", 1.2, 1.4, 0.4)]
    assert [word.text for word in spell_words(words, [{}, {"电": 1.5}], speller=speller)] == ["来", "电。"]


def test_other_scripts_are_left_alone(speller):
    words = [Word(" OK", 1.0, 1.2, 0.9), Word("1023", 1.2, 1.4, 0.4)]
    assert spell_words(words, [{}, {}], speller=speller) == words


@pytest.fixture(scope="module")
def real():
    """As the backend loads it."""
    return Speller(call_frequencies())


@pytest.mark.slow
class TestFrequenciesOfCalls:
    """With the real word lists."""

    @pytest.mark.parametrize(
        ("heard", "expected"),
        [
            ("请问有什么可以包您", "请问有什么可以帮您"),
            ("课服中心", "客服中心"),
            ("身份正号码", "身份证号码"),
            ("祝您生货愉快", "祝您生活愉快"),
            ("我要头诉", "我要投诉"),
        ],
    )
    def test_what_calls_are_full_of(self, real, heard, expected):
        choices = [{char: 0.0} for char in heard]
        if "包" in heard:
            choices[heard.index("包")]["帮"] = 2.0
        assert real.spell(choices) == expected

    @pytest.mark.parametrize("text", ["我要投诉你们", "何时能到货", "他姓何名实", "合适的话我就买", "没本事别说大话"])
    def test_what_is_right_stays(self, real, text):
        assert real.spell(sure(text)) == text

    def test_words_of_the_site(self):
        assert Speller(call_frequencies()).spell(sure("优讯商城")) != "优选商城"
        site = Speller(call_frequencies(["优选商城"]))
        assert site.spell([{"优": 0.0}, {"讯": 0.0, "选": 1.0}, {"商": 0.0}, {"城": 0.0}]) == "优选商城"

    def test_correct_chinese_of_other_calls_is_hardly_touched(self, real):
        """Of what the model is sure of to 90 %, on real shop chats, less than 1 % may change."""
        path = Path(__file__).parents[3] / "shared" / "data" / "real" / "shop_chat_satisfaction.jsonl"
        if not path.exists():
            pytest.skip("real chats are not on this machine")
        from pipeline.text.normalise import normalise

        changed = total = 0
        for line in path.read_text(encoding="utf-8").splitlines()[:30]:
            for turn in json.loads(line)["turns"]:
                text = normalise(turn["text"]).text
                words = [Word(char, at, at + 1, 0.9) for at, char in enumerate(text)]
                spelt = spell_words(words, [{}] * len(words), speller=real)
                changed += sum(one.text != other.text for one, other in zip(words, spelt, strict=True))
                total += len(text)
        assert changed / total < 0.01


def test_the_phrases_are_those_of_the_labelled_calls():
    if not LABELLED.exists():
        pytest.skip("the labelled calls are not on this machine")
    calls = [json.loads(line) for line in LABELLED.read_text(encoding="utf-8").splitlines()]
    counted = count_phrases(turn["text"] for call in calls for turn in call["turns"])
    lines = PHRASES.read_text(encoding="utf-8").splitlines()
    assert {(phrase, int(count)) for phrase, count in (line.split("\t") for line in lines)} == set(counted.items())

"""What is said of a call is masked as its transcript is: quotations, explanations, words that moved a model."""

import pytest

from pipeline.domain.calls import Role
from pipeline.domain.personal import PersonalKind, PersonalSpan, is_masked, mask_of, mask_transcript, respelt, shown
from pipeline.domain.results import BilingualText, Evidence, Outcome, RuleResult
from pipeline.privacy.masking import Veil, hidden_parts, mask_text
from pipeline.text.written_numbers import masked_cells, masked_line
from tests.privacy.calls import transcript

SPOKEN = transcript(
    "您好，请问您贵姓", "我叫王小芳，电话是一三八 零零一三 八零零零，王小芳", "好的王女士，是一三八零零一三八零零零吗"
)
MASKED = mask_transcript(
    SPOKEN,
    [
        PersonalSpan(1, 2, 5, PersonalKind.NAME, "王小芳"),
        PersonalSpan(1, 9, 22, PersonalKind.MOBILE, "13800138000"),
        PersonalSpan(1, 23, 26, PersonalKind.NAME, "王小芳"),
        PersonalSpan(2, 7, 18, PersonalKind.MOBILE, "13800138000"),
    ],
)
VEIL = Veil(SPOKEN, MASKED)
EXPLAINED = {
    "a whole turn": (
        "0:10 客户说「我叫王小芳，电话是一三八 零零一三 八零零零，王小芳」",
        "0:10 客户说「我叫[姓名]，电话是[手机号]，[姓名]」",
    ),
    "cut off": ("0:10 客户说「我叫王小芳，电话是一三八 零…」", "0:10 客户说「我叫[姓名]，电话是[手机号]…」"),
    "cut off in front": ("…三 八零零零，王小芳」", "…[手机号]，[姓名]」"),
    "the name alone": ("客户说「王小芳」", "客户说「[姓名]」"),
    "another turn": ("「一三八零零一三八零零零」", "「[手机号]」"),
    "in figures": ("手机号 13800138000", "手机号 [手机号]"),
    "nothing of it": ("0:00 坐席说「您好」，共 138 次，限 3 次", "0:00 坐席说「您好」，共 138 次，限 3 次"),
}


@pytest.mark.parametrize(("text", "expected"), EXPLAINED.values(), ids=EXPLAINED)
def test_an_explanation_quotes_nothing_that_is_masked(text, expected):
    assert shown(VEIL.words(text)) == expected
    assert len(VEIL.words(text)) == len(text)


def test_evidence_reads_as_its_place_does():
    piece = Evidence(10.0, 12.0, Role.CUSTOMER, "叫王小芳，", turn=1, char_start=1, char_end=6)
    whole = Evidence(0.0, 30.0, Role.CUSTOMER, "我叫王小芳，电话是一三八 零零一三 八零零零，王小芳")
    result = RuleResult("r", Outcome.HIT, BilingualText("「王小芳」", "“王小芳”"), (piece, whole))
    masked = VEIL.result(result)
    assert [shown(one.quote) for one in masked.evidence] == ["叫[姓名]，", "我叫[姓名]，电话是[手机号]，[姓名]"]
    assert shown(masked.explanation.en, english=True) == "“[name]”"
    assert (masked.evidence[0].char_start, masked.evidence[0].turn) == (1, 1)


def test_words_and_their_times_stay_where_they_were():
    assert [len(turn.text) for turn in MASKED.turns] == [len(turn.text) for turn in SPOKEN.turns]
    for before, after in zip(SPOKEN.turns, MASKED.turns, strict=True):
        assert "".join(word.text for word in after.words) == after.text
        assert [word.start_s for word in after.words] == [word.start_s for word in before.words]


def test_hidden_parts_are_what_the_placeholders_stand_for():
    assert dict(hidden_parts(SPOKEN, MASKED)) == {
        1: "王小芳一三八 零零一三 八零零零王小芳",
        2: "一三八零零一三八零零零",
    }


def test_another_spelling_is_as_long():
    with pytest.raises(ValueError, match="characters"):
        respelt(MASKED, {1: "太短"})
    with pytest.raises(IndexError):
        respelt(MASKED, {9: "没有"})


WRITTEN = {
    "mobile before a date": ("13912345678_20261126.wav", "[手机号]_20261126.wav"),
    "with country code": ("rec+86-13912345678.wav", "rec[手机号].wav"),
    "in groups": ("139 1234 5678", "[手机号]"),
    "two numbers": ("13912345678-13712345678.wav", "[手机号]-[手机号2].wav"),
    "landline": ("call-0755-88886666.mp3", "call-[座机号].mp3"),
    "resident id": ("id_11010519491231002X.wav", "id_[身份证号].wav"),
    "resident id with a wrong check digit": ("110105194912310021", "110105194912310021"),
    "bank card": ("4111111111111111", "[银行卡号]"),
    "no card": ("4111111111111112", "4111111111111112"),
    "e-mail": ("to wang.xf@example.com", "to [邮箱]"),
    "a moment": ("20261126093015.wav", "20261126093015.wav"),
    "a moment in milliseconds": ("1764123456789.wav", "1764123456789.wav"),
    "a counter": ("call-000047110001.wav", "call-000047110001.wav"),
    "a digest": (f"ab13912345678cd{'0' * 30}", f"ab13912345678cd{'0' * 30}"),
    "nothing": ("s01.opus", "s01.opus"),
}


@pytest.mark.parametrize(("written", "expected"), WRITTEN.values(), ids=WRITTEN)
def test_numbers_in_names_and_messages(written, expected):
    assert shown(masked_line(written)) == expected
    assert len(masked_line(written)) == len(written)
    assert masked_line(masked_line(written)) == masked_line(written)


CELLS = {
    "a telling heading": ("customer_phone", "外地号码", True),
    "in Chinese": ("客户姓名", "王小芳", True),
    "what a cell holds": ("note", "回拨 13912345678", True),
    "an agent's own": ("agent_id", "A1031", False),
    "of the telephone": ("hotel", "如家", False),
}


@pytest.mark.parametrize(("column", "value", "hidden"), CELLS.values(), ids=CELLS)
def test_metadata(column, value, hidden):
    assert is_masked(masked_cells({column: value})[column]) is hidden


def test_what_people_type_is_masked():
    assert shown(mask_text("请回电 13912345678")) == "请回电 [手机号]"
    assert mask_text("") == ""


def test_who_is_masked_already_is_not_taken_for_somebody_else():
    first = mask_transcript(
        transcript("您好我是郭妍茜", "我叫陈丽华"), [PersonalSpan(0, 4, 7, PersonalKind.NAME, "郭妍茜")]
    )
    both = mask_transcript(first, [PersonalSpan(1, 2, 5, PersonalKind.NAME, "陈丽华")])
    assert [shown(turn.text) for turn in both.turns] == ["您好我是[姓名]", "我叫[姓名2]"]


def test_masks_that_change_places_are_not_mixed_up():
    one, two = mask_of(PersonalKind.NAME, 0) * 2, mask_of(PersonalKind.NAME, 1) * 2
    before = transcript(f"{one}你好啊啊", f"{two}再见啊啊")
    after = transcript(f"{two}你好啊啊", f"{one}再见啊啊")
    assert Veil(before, after).words(f"甲{one}乙{two}") == f"甲{two}乙{one}"

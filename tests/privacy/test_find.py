"""Forms of personal data by kind, what is none, and what holds for any text."""

from collections.abc import Sequence
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.domain.calls import Role, Transcript, Turn
from pipeline.domain.personal import PersonalKind, is_masked, mask_transcript, shown
from pipeline.privacy.find import find_personal


def call(*lines: str) -> Transcript:
    """A call of lines like ``坐席: 您好``."""
    turns: list[Turn] = []
    for index, line in enumerate(lines):
        party, _, text = line.partition(": ")
        role = Role.AGENT if party == "坐席" else Role.CUSTOMER
        turns.append(Turn(index, role, float(index), float(index + 1), text))
    return Transcript(tuple(turns), float(len(turns)))


def masked(*lines: str) -> list[str]:
    """The texts of the turns as they are shown."""
    transcript = call(*lines)
    return [shown(turn.text) for turn in mask_transcript(transcript, find_personal(transcript)).turns]


NONE = {
    "amount": ["客户: 上个月扣了三百二十八块五，多扣了一百二十八。"],
    "amount in digits": ["坐席: 一共1234.5元，优惠15%，分12期，每期102.88元。"],
    "time": ["坐席: 明天下午三点到五点，十月三号之前，二十四小时内。"],
    "year": ["坐席: 您是二零二幺年投的，交到二零三二年。"],
    "quantity": ["客户: 三个苹果，两百五十克，四十八瓶，第十八天。"],
    "tail": ["坐席: 手机号后四位？", "客户: 三三零九。"],
    "tail of an id": ["坐席: 身份证后四位报一下。", "客户: 零七二X。"],
    "staff number": ["坐席: 您好，工号八零二三为您服务。"],
    "staff number before the word": ["坐席: 您好，安岳人寿，五零九号客服。"],
    "hotline 400": ["坐席: 客服电话是四零零，八二零，五五五九。"],
    "hotline 95": ["客户: 我打的九五五八八。"],
    "12315": ["客户: 我要打幺二三幺五投诉你们。"],
    "flight": ["坐席: 航班CA一八三二，十四点二十五起飞。"],
    "model": ["客户: 型号是JSQ三零，编号二二零八幺五零零七。"],
    "ip": ["客户: 网址是幺九二点幺六八点幺点幺。"],
    "ip in digits": ["客户: 路由器显示192.168.31.101。"],
    "branch": ["客户: 建设路那个厅，还有人民东路支行。"],
    "this gentleman": ["坐席: 这位先生、那位女士，请找客户经理，装修师傅明天到。"],
    "a call": ["客户: 我叫了外卖，叫你们领导来。"],
    "thanks": ["坐席: 怎么称呼您？", "客户: 谢谢。"],
    "thing's number": ["客户: 车把上的编号是七五五零二九九三八零。"],
    "reading": ["客户: 表上读数是一二八四六。"],
    "money without its unit": ["客户: 首付要交58000呢。"],
    "expiry": ["坐席: 有效期是不是零九二八？"],
    "size": ["客户: 我买的四十二码的鞋。"],
    "past event": ["客户: 我是九八年三月二号入职的。"],
    "date in digits": ["坐席: 20261003下的单。"],
}
FORMS = {
    "mobile": (["客户: 我的手机是13800123456。"], ["我的手机是[手机号]。"]),
    "mobile spoken": (["客户: 我手机幺三八，零零幺二，三四五六。"], ["我手机[手机号]。"]),
    "mobile with repeats": (["客户: 我电话幺三九两个零三个八四二六九。"], ["我电话[手机号]。"]),
    "mobile with units": (["客户: 手机一百三十八，零零，一二，三四，五六。"], ["手机[手机号]。"]),
    "mobile in pairs": (["客户: 十三，九七，六五，四三，二幺，零，记下了吗？"], ["[手机号]，记下了吗？"]),
    "mobile in pieces": (
        ["坐席: 手机号报一下。", "客户: 幺三八", "坐席: 幺三八", "客户: 零零幺二", "坐席: 嗯。", "客户: 三四五六"],
        ["手机号报一下。", "[手机号]", "[手机号]", "[手机号]", "嗯。", "[手机号]"],
    ),
    "digit lost": (["坐席: 请报一下您的手机号码", "客户: 1380012345"], ["请报一下您的手机号码", "[手机号]"]),
    "digit doubled": (["坐席: 手机号多少", "客户: 138800123456"], ["手机号多少", "[手机号]"]),
    "correction": (
        ["坐席: 您的手机号是幺三六零零七幺八八二零，对吗？", "客户: 不对，是七幺。"],
        ["您的手机号是[手机号]，对吗？", "不对，是[手机号]。"],
    ),
    "heard as a word": (["坐席: 您的手机号？", "客户: 要三八零零要二三四五六"], ["您的手机号？", "[手机号]"]),
    "landline": (["客户: 座机零五七幺，八七六五四三二幺。"], ["座机[座机号]。"]),
    "resident id": (["客户: 330999199003071234"], ["[身份证号]"]),
    "resident id in pieces": (
        ["坐席: 身份证号？", "客户: 五幺零九九九", "坐席: 嗯", "客户: 幺九七六零八幺五", "坐席: 好", "客户: 零零三X"],
        ["身份证号？", "[身份证号]", "嗯", "[身份证号]", "好", "[身份证号]"],
    ),
    "card": (["客户: 卡号六二二二九九二零零零幺二三四五六七八九。"], ["卡号[银行卡号]。"]),
    "passport": (["坐席: 护照号？", "客户: E幺二三四五六七八。"], ["护照号？", "[护照号]。"]),
    "plate": (["客户: 我的车是苏E四三八K二。"], ["我的车是[车牌号]。"]),
    "e-mail": (["客户: 邮箱是wang下划线fang艾特qq点com。"], ["邮箱是[邮箱]。"]),
    "e-mail written": (["客户: li.na@example.com.cn"], ["[邮箱]"]),
    "messenger": (["客户: 我微信号是xiaofang下划线九零，你加我。"], ["我微信号是[微信QQ号]，你加我。"]),
    "qq": (["客户: QQ号八三六七幺二零九四。"], ["QQ号[微信QQ号]。"]),
    "address": (["客户: 寄到杭州市西湖区文三路一百三十八号三栋二单元五零幺室。"], ["寄到[地址]。"]),
    "address answered": (["坐席: 您住哪个小区？", "客户: 阳光花园。"], ["您住哪个小区？", "[地址]。"]),
    "name": (["客户: 我叫王小芳，帮我查一下。"], ["我叫[姓名]，帮我查一下。"]),
    "name without marks": (["客户: 我叫李伟我想问一下"], ["我叫[姓名]我想问一下"]),
    "surname": (["坐席: 您好张先生。"], ["您好[姓名]先生。"]),
    "compound surname": (["坐席: 欧阳女士您好。"], ["[姓名]女士您好。"]),
    "surname spelt": (["客户: 免贵姓陈，耳东陈。"], ["免贵姓[姓名]，[姓名]。"]),
    "name answered": (
        ["坐席: 姓名和身份证后四位？", "客户: 石建军，零七二X。"],
        ["姓名和身份证后四位？", "[姓名]，零七二X。"],
    ),
    "date of birth": (["坐席: 出生日期？", "客户: 一九八五年三月十二号。"], ["出生日期？", "[出生日期]。"]),
    "order": (["坐席: 订单号？", "客户: 二零二六幺零零三八八七六五。"], ["订单号？", "[单号]。"]),
    "parcel": (["客户: 运单号SF幺三八零零二九九四七五幺。"], ["运单号[单号]。"]),
    "sms code": (["坐席: 验证码报一下。", "客户: 呃，三三零幺五八。"], ["验证码报一下。", "呃，[密码]。"]),
    "password": (["客户: 密码是lixiang幺九九零。"], ["密码是[密码]。"]),
    "unannounced identifier": (["客户: 那个三三零一五的怎么还没到。"], ["那个[号码]的怎么还没到。"]),
    "bare answer": (["坐席: 您收到的那个念一下。", "客户: 嗯，四四九二。"], ["您收到的那个念一下。", "嗯，[号码]。"]),
    "entered at a door": (["客户: 你直接输零六幺九就开了。"], ["你直接输[号码]就开了。"]),
    "after a staff number": (
        ["坐席: 工号六零二七为您服务。", "客户: 我查一下三三零一五五六二。"],
        ["工号六零二七为您服务。", "我查一下[号码]。"],
    ),
    "recognised as other words": (["客户: 电话一三四遛零二七九八八酒。"], ["电话[手机号]。"]),
    "blanks for pauses": (["坐席: 户主姓名", "客户: 黄世杰 世界的世"], ["户主姓名", "[姓名] [姓名2]"]),
    "born long ago": (["客户: 我老婆是九零年六月十八的"], ["我老婆是[出生日期]的"]),
    "full date of long ago": (["客户: 老人家一九四八年三月二号，记上。"], ["老人家[出生日期]，记上。"]),
    "name with a dot": (["坐席: 是阿依古丽·买买提女士吗"], ["是[姓名]女士吗"]),
    "password in letters": (["坐席: 无线密码念一下", "客户: m w 八 k 三 三 q z"], ["无线密码念一下", "[密码]"]),
    "English street in words": (
        ["客户: I live at fourteen sixty North Birch Avenue, unit C."],
        ["I live at [地址]."],
    ),
    "English code": (
        ["坐席: Booking reference?", "客户: It is Q7 X-ray 4 November P."],
        ["Booking reference?", "It is [单号]."],
    ),
    "unknown": (["客户: 就这个，77882031456，你看看。"], ["就这个，[号码]，你看看。"]),
    "english": (
        ["坐席: Your name?", "客户: My name is John Smith, my number is 555 010 4477."],
        ["Your name?", "My name is [姓名], my number is [手机号]."],
    ),
}


@pytest.mark.parametrize("lines", NONE.values(), ids=NONE.keys())
def test_what_is_nobodys_stays(lines: Sequence[str]) -> None:
    assert masked(*lines) == [line.partition(": ")[2] for line in lines]


@pytest.mark.parametrize(("lines", "expected"), FORMS.values(), ids=FORMS.keys())
def test_forms(lines: Sequence[str], expected: Sequence[str]) -> None:
    assert masked(*lines) == list(expected)


def test_own_numbers_are_not_personal() -> None:
    transcript = call("坐席: 请打零五七幺，八七六五四三二幺。")
    assert find_personal(transcript)
    assert find_personal(transcript, own_numbers=["0571-8765 4321"]) == ()


def test_pieces_and_repetitions_are_one_datum() -> None:
    found = find_personal(call("坐席: 手机号？", "客户: 幺三八零零幺二三四五六", "坐席: 13800123456 对吗？"))
    assert [span.value for span in found] == ["13800123456", "13800123456"]


def test_a_surname_is_the_person_of_that_name() -> None:
    found = find_personal(call("客户: 我叫王小芳。", "坐席: 王女士您好。"))
    assert [(span.kind, span.value) for span in found] == [(PersonalKind.NAME, "王小芳")] * 2


_PARTS = st.sampled_from(
    [
        "我叫王小芳",
        "姓陈",
        "耳东陈",
        "幺三八",
        "零零",
        "13800123456",
        "三个八",
        "手机号",
        "验证码",
        "尾号",
        "地址",
        "文三路138号",
        "先生",
        "艾特",
        "点com",
        "京A",
        "护照",
        "E",
        "生日",
        "一百",
        "八五年",
        "的",
        "，",
        "。",
        "\n",
        "\u200b",
        "é",
        "ﬁ",
        "①",
        "\u3000",
        "\ue000",
        "李",
        "是",
        "不对",
    ]
)
_TEXTS = st.one_of(st.text(max_size=40), st.lists(_PARTS, max_size=12).map("".join))
_CALLS = st.lists(st.tuples(st.sampled_from(list(Role)), _TEXTS), max_size=6)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(_CALLS)
def test_any_text_is_searched_and_its_spans_are_of_its_turns(lines: list[tuple[Role, str]]) -> None:
    turns = tuple(Turn(i, role, float(i), float(i + 1), text) for i, (role, text) in enumerate(lines))
    transcript = Transcript(turns, float(len(turns)))
    found = find_personal(transcript)
    ends = (-1, 0)
    for span in found:
        assert 0 <= span.char_start < span.char_end <= len(turns[span.turn].text)
        assert span.value
        assert (span.turn, span.char_start) >= ends
        ends = (span.turn, span.char_end)
    once = mask_transcript(transcript, found)
    masks = {(turn.index, at) for turn in once.turns for at, letter in enumerate(turn.text) if is_masked(letter)}
    again = find_personal(once)
    assert not masks & {(span.turn, at) for span in again for at in range(span.char_start, span.char_end)}


def test_a_mono_call_is_masked_too() -> None:
    lines = ["手机号报一下。", "幺三八", "幺三八", "零零幺二", "嗯", "三四五六"]
    turns = tuple(Turn(i, Role.UNKNOWN, float(i), float(i + 1), text) for i, text in enumerate(lines))
    transcript = Transcript(turns, float(len(turns)))
    texts = [shown(turn.text) for turn in mask_transcript(transcript, find_personal(transcript)).turns]
    assert texts == ["手机号报一下。", "[手机号]", "[手机号]", "[手机号]", "嗯", "[手机号]"]


LONG = {
    "digits": "1" * 1700,
    "spoken digits": "零" * 1700,
    "numbers before a domain": "13800123456" * 100 + "先点com",
    "letters before a domain": "a1" * 800 + "的点com 邮箱",
    "surnames": "姓王" * 850,
    "introductions": "我叫" * 850,
    "roads": "文三路" * 560,
    "particles": "是吧" * 850,
    "units": "栋三" * 850,
    "cues": "密码a1" * 420,
}


@pytest.mark.slow
@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_odd_texts_take_no_longer_than_long_calls(text: str) -> None:
    begin = process_time()
    find_personal(call(f"客户: {text}", f"坐席: {text}"))
    assert process_time() - begin < 1.0


@pytest.mark.parametrize(
    "texts", [["Can I get your name"], ["your surname"], ["May I have your name please?", ""], ["your name please?\n"]]
)
def test_a_question_for_a_name_may_be_the_last_that_is_said(texts: list[str]) -> None:
    turns = tuple(Turn(i, Role.AGENT, float(i), float(i + 1), text) for i, text in enumerate(texts))
    for spoken in (True, False):
        assert find_personal(Transcript(turns, float(len(turns))), spoken=spoken) == ()

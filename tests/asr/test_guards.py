"""What nobody said: what is taken out, and what looks like it and stays."""

import pytest

from pipeline.asr.base import RemovalReason
from pipeline.asr.guards import bare, find_loop, judge_stretch, judge_window

PROMPT = "客服电话录音。"


@pytest.mark.parametrize(
    "text",
    [
        "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
        "字幕由Amara.org社区提供",
        "中文字幕志愿者 李宗盛",
        "字幕志愿者 杨茜茜",
        "字幕by索兰娅",
        "优优独播剧场——YoYo Television Series Exclusive",
        "谢谢观看",
        "感谢观看，下期再见！",
        "谢谢大家的收看",
        "我们下期再见",
        "请订阅我的频道",
        "记得点赞订阅",
        "作词：李宗盛 作曲：李宗盛",
        "Thank you for watching!",
        "Thanks for watching.",
        "Subtitles by the Amara.org community",
        "Please subscribe to my channel",
    ],
)
def test_credits_are_taken_out(text):
    assert judge_stretch(text, prompt="") is RemovalReason.CREDIT


@pytest.mark.parametrize(
    "text",
    [
        "谢谢",
        "谢谢您",
        "谢谢您的来电，再见",
        "感谢您的接听",
        "好的，下次再见",
        "我想订阅",
        "我要取消订阅",
        "请您关注我们的公众号",
        "您点赞的那个活动已经结束了",
        "视频没有字幕",
        "字幕关不掉怎么办",
        "您作为词曲作者",
        "作词的费用没有到账",
        "下期账单",
        "Thank you for calling",
        "Thank you.",
        "I would like to subscribe",
        "like that",
        "please check my subscription",
        "",
    ],
)
def test_what_people_say_stays(text):
    assert judge_stretch(text, prompt=PROMPT) is None


@pytest.mark.parametrize(
    ("text", "prompt", "expected"),
    [
        pytest.param("客服电话录音", PROMPT, RemovalReason.PROMPT_ECHO, id="all of the prompt"),
        pytest.param(" 客服电话录音。", PROMPT, RemovalReason.PROMPT_ECHO, id="with its punctuation"),
        pytest.param("客服电话", PROMPT, None, id="four characters may be said"),
        pytest.param("客服电话录音我要一份", PROMPT, None, id="said as part of more"),
        pytest.param("客服电话录音", "", None, id="no prompt, no echo"),
    ],
)
def test_echoes_of_the_prompt(text, prompt, expected):
    assert judge_stretch(text, prompt=prompt) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("好的好的好的好的", None, id="four times is said"),
        pytest.param("对对对对对对", None, id="six times one character is said"),
        pytest.param("我要投诉我要投诉我要投诉", None, id="three times is said"),
        pytest.param("00000000000000000000", None, id="digits repeat"),
        pytest.param("卡号6222 0000 0000 0000 0000", None, id="digits in groups"),
        pytest.param("嗯" * 10, (1, 10), id="ten times one character"),
        pytest.param("好的" * 6 + "再见", (2, 12), id="six times two"),
        pytest.param("我要投诉," * 4, (5, 20), id="four times five, punctuation counted"),
        pytest.param("您好" + "谢谢大家" * 5, (6, 22), id="after something said"),
    ],
)
def test_loops(text, expected):
    assert find_loop(text) == expected


@pytest.mark.parametrize(
    ("no_speech", "logprob", "expected"),
    [
        pytest.param(0.9, -1.5, RemovalReason.IMPROBABLE, id="both doubt"),
        pytest.param(0.9, -0.3, None, id="the text is probable"),
        pytest.param(0.1, -1.5, None, id="there is speech"),
    ],
)
def test_the_models_own_doubts(no_speech, logprob, expected):
    assert judge_window(no_speech_probability=no_speech, mean_logprob=logprob) is expected


def test_bare_text():
    assert bare(" Ａmara.org，社区！") == "amaraorg社区"

"""The shipped models, and models small enough to train in a test."""

import pytest

from models.examples import CallExample
from models.registry import load_default_models
from pipeline.domain.signals import Signals
from tests.models.builders import call

ANGRY = ["太差了没人管", "等了三天还没处理", "骗子公司退钱", "你们到底管不管", "又坏了真失望", "凭什么扣我的钱"]
CALM = ["请问怎么办理", "好的谢谢你", "收到了很满意", "帮我查一下余额", "可以明天来吗", "知道了再见"]


@pytest.fixture(scope="session")
def shipped():
    return load_default_models()


@pytest.fixture(scope="session")
def small_calls():
    """Forty calls, half of them dissatisfied."""
    found = []
    for number in range(40):
        angry = number % 2 == 0
        words = (ANGRY if angry else CALM)[number // 2 % 6]
        said = call(
            f"a 您好，请问第{number}位有什么事", f"c {words}，{'第' + str(number) + '回'}", "a 好的", f"c {words}"
        )
        found.append(CallExample(said, Signals(), label=angry))
    return found

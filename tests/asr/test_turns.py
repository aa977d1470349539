"""Words to turns: pauses, taking over, back-channels, order."""

import pytest

from pipeline.asr.turns import TurnOptions, build_turns
from pipeline.domain.calls import Role, Word

ROLES = (Role.AGENT, Role.CUSTOMER)


def said(text, start_s, end_s):
    """A word for each character, evenly in time."""
    each_s = (end_s - start_s) / len(text)
    return [Word(char, start_s + at * each_s, start_s + (at + 1) * each_s, 0.9) for at, char in enumerate(text)]


CASES = [
    pytest.param([[], []], [], id="nobody speaks"),
    pytest.param([said("您好", 1, 2), []], [("agent", "您好")], id="one party, one turn"),
    pytest.param(
        [said("您好", 1, 2) + said("请讲", 2.9, 4), []],
        [("agent", "您好请讲")],
        id="a pause of 0.9 s with nobody else stays one turn",
    ),
    pytest.param(
        [said("您好", 1, 2) + said("请讲", 3, 4), []],
        [("agent", "您好"), ("agent", "请讲")],
        id="a pause of 1 s parts",
    ),
    pytest.param(
        [said("您好", 1, 2) + said("请讲", 2.8, 4), said("你好", 2.2, 2.6)],
        [("agent", "您好"), ("customer", "你好"), ("agent", "请讲")],
        id="the other takes over in a pause",
    ),
    pytest.param(
        [said("我帮您查一下", 1, 3) + said("请稍等", 3.6, 4), said("嗯", 3.1, 3.4)],
        [("agent", "我帮您查一下请稍等"), ("customer", "嗯")],
        id="a back-channel in a pause of 0.6 s does not part",
    ),
    pytest.param(
        [said("我帮您查一下请稍等", 1, 4), said("好的", 2.0, 2.5)],
        [("agent", "我帮您查一下请稍等"), ("customer", "好的")],
        id="a back-channel over speech does not part",
    ),
    pytest.param(
        [said("您听我说", 3, 5), said("你们都说会处理结果到现在", 1, 4)],
        [("customer", "你们都说会处理结果到现在"), ("agent", "您听我说")],
        id="an interruption is a turn of its own, later",
    ),
    pytest.param(
        [said("您好", 1, 2), said("喂", 1, 2)],
        [("agent", "您好"), ("customer", "喂")],
        id="both at once: by channel",
    ),
]


@pytest.mark.parametrize(("channels", "expected"), CASES)
def test_turns(channels, expected):
    turns = build_turns(channels, ROLES)
    assert [(turn.role.value, turn.text) for turn in turns] == expected


@pytest.mark.parametrize(("channels", "expected"), CASES)
def test_what_holds_of_all_turns(channels, expected):
    turns = build_turns(channels, ROLES)
    assert [turn.index for turn in turns] == list(range(len(expected)))
    assert sorted(turns, key=lambda turn: turn.start_s) == list(turns)
    for turn in turns:
        assert "".join(word.text for word in turn.words) == turn.text
        assert (turn.start_s, turn.end_s) == (turn.words[0].start_s, turn.words[-1].end_s)
        assert turn.role is ROLES[turn.channel]
    for channel, words in enumerate(channels):
        own = [word for turn in turns if turn.channel == channel for word in turn.words]
        assert own == words


def test_no_turn_begins_with_a_blank():
    words = [Word(" Thank", 1.0, 1.5, 0.9), Word(" you.", 1.5, 2.0, 0.9)]
    (turn,) = build_turns([words], (Role.AGENT,))
    assert turn.text == "Thank you."
    assert "".join(word.text for word in turn.words) == turn.text


def test_mono_is_unknown():
    (turn,) = build_turns([said("您好", 1, 2)], (Role.UNKNOWN,))
    assert turn.role is Role.UNKNOWN


def test_roles_must_match_the_channels():
    with pytest.raises(ValueError, match="2 channels, but 1 roles"):
        build_turns([[], []], (Role.AGENT,))


def test_pauses_are_options():
    words = [said("您好", 1, 2) + said("请讲", 2.9, 4)]
    turns = build_turns(words, (Role.AGENT,), options=TurnOptions(pause_s=0.5))
    assert [turn.text for turn in turns] == ["您好", "请讲"]

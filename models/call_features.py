"""What a call tells besides its words: length, order, repetition, courtesies, the course of the customer's mood."""

import re
from typing import TYPE_CHECKING

from models.call_text import CallText
from models.recipe import Part

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEATURE_VERSION = 1
"""To be raised whenever a feature changes its meaning: artifacts of another version are refused."""
NAMES = (
    "customer turns",
    "agent turns",
    "customer characters",
    "agent characters",
    "closing characters",
    "customer has the last word",
    "customer speaks once",
    "exclamation marks",
    "question marks",
    "exclamation marks at the end",
    "question marks at the end",
    "thanks at the end",
    "thanks",
    "apologies by the agent",
    "polite 您 by the customer",
    "courtesies by the agent",
    "question words at the end",
    "times and counts",
    "put off by the agent",
    "done by the agent",
    "customer repeats words",
    "agent repeats words",
    "mood: mean",
    "mood: worst",
    "mood: last",
    "mood: last less first",
    "mood: best",
    "long silence",
    "agent talks over the customer",
    "customer louder than usual",
)
UNREMARKABLE_S = 3.0
"""A silence that nobody notices."""
LOUDER_DB = 6.0
"""Twice the sound pressure: what is heard as a raised voice."""
_THANKS = re.compile("谢|感恩|辛苦了")
_APOLOGY = re.compile("抱歉|歉意|对不起|不好意思|对不住")
_COURTESY = re.compile("您好|亲|请|麻烦您")
_QUESTION = re.compile("[吗呢么嘛]|为什么|怎么|凭什么|到底")
_TIMES = re.compile("[次回遍趟天月年周]")
_PUT_OFF = re.compile(
    "耐心|谅解|理解|体谅|规定|条款|没办法|没有办法|反馈|核实|转达|无法|不能|不清楚|不了的|只能|以.{1,6}为准|稍后|尽快"
)
_DONE = re.compile(
    "已经?(?:帮|给|为|把|修|退|改|发|补|解|安排|派)|马上[给帮为]|今天就|免费|补偿您|退给您|给您补|帮您改|办好|恢复了"
)


def call_features(call: CallText, moods: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """The features of a call in the order of ``NAMES``.

    ``moods`` is how much more negative than positive each customer turn is, −1 to 1, in order; what sound would tell
    is 0 where there is none.
    """
    import numpy as np

    customer, agent = call.said_in(call.spoken_by_customer), call.said_in(call.spoken_by_agent)
    closing = call.said_in(call.closing) or customer
    customer_turns, agent_turns = int(call.spoken_by_customer.sum()), int(call.spoken_by_agent.sum())
    counts = [
        customer_turns,
        agent_turns,
        len(customer),
        len(agent),
        len(closing),
    ]
    said = [
        customer.count("!"),
        customer.count("?"),
        closing.count("!"),
        closing.count("?"),
    ]
    return np.array(
        [
            *np.log1p(counts),
            float(bool(call.roles) and bool(call.spoken_by_customer[-1])),
            float(customer_turns == 1),
            *np.log1p(said),
            float(_THANKS.search(closing) is not None),
            float(_THANKS.search(customer) is not None),
            np.log1p(_found(_APOLOGY, agent)),
            np.log1p(customer.count("您")),
            _found(_COURTESY, agent) / (agent_turns + 1),
            np.log1p(_found(_QUESTION, closing)),
            np.log1p(_found(_TIMES, customer)),
            _found(_PUT_OFF, agent) / (agent_turns + 1),
            _found(_DONE, agent) / (agent_turns + 1),
            call.repetition(Part.CUSTOMER),
            call.repetition(Part.AGENT),
            *_course(moods),
            *_heard(call),
        ],
        dtype=np.float64,
    )


def _found(pattern: re.Pattern[str], text: str) -> int:
    return len(pattern.findall(text))


def _course(moods: "NDArray[np.float64]") -> list[float]:
    if not len(moods):
        return [0.0] * 5
    return [
        float(moods.mean()),
        float(moods.max()),
        float(moods[-1]),
        float(moods[-1] - moods[0]),
        float(moods.min()),
    ]


def _heard(call: CallText) -> list[float]:
    import numpy as np

    from pipeline.domain.calls import Role

    signals = call.signals
    longest_s = max((silence.duration_s for silence in signals.silences), default=0.0)
    talked_over_s = sum(overlap.duration_s for overlap in signals.overlaps if overlap.by == Role.AGENT)
    roles = dict(zip(call.turns, call.roles, strict=True))
    louder_db = [one.over_median_db for one in signals.loudness if roles.get(one.turn) == Role.CUSTOMER]
    return [
        float(np.log1p(max(0.0, longest_s - UNREMARKABLE_S))),
        float(np.log1p(talked_over_s)),
        max(louder_db, default=0.0) / LOUDER_DB,
    ]

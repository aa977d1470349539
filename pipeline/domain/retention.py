"""How long what is kept of calls is kept: classes of data, and how many days each may grow old."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class DataClass(StrEnum):
    """What is kept of a call, by what it is for. Deleted in this order."""

    AUDIO = "audio"
    """录音: the files, wherever they lie, their outlines, and what was made of them to be played."""
    ORIGINALS = "originals"
    """原文: transcripts before masking, encrypted."""
    TRANSCRIPTS = "transcripts"
    """转写: masked transcripts with their times and measurements, and the search index."""
    DERIVED = "derived"
    """质检结果: hits with their evidence, predictions, picks of sampling, alerts, the place in the queue."""
    REVIEWS = "reviews"
    """复核文字: what reviewers quoted, corrected and commented; verdicts and scores stay, without words."""
    DETAILS = "details"
    """通话资料: name and place of the file, customer number, further columns of the manifest."""
    AUDIT = "audit"
    """操作日志: who opened, heard, judged and exported what."""

    @property
    def zh(self) -> str:
        """The class in Chinese."""
        return _ZH[self]


_ZH = {
    DataClass.AUDIO: "录音",
    DataClass.ORIGINALS: "原文",
    DataClass.TRANSCRIPTS: "转写",
    DataClass.DERIVED: "质检结果",
    DataClass.REVIEWS: "复核文字",
    DataClass.DETAILS: "通话资料",
    DataClass.AUDIT: "操作日志",
}


def in_letters(hexadecimal: str) -> str:
    """The number in letters from a to p: no run of digits in it reads, and is masked, as somebody's number.

    >>> in_letters("09af")
    'ajkp'
    """
    return "".join(chr(ord("a") + int(digit, 16)) for digit in hexadecimal)


Days = Mapping[DataClass, int | None]
"""Days that each class is kept; ``None``, or no entry, for good."""


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """How long everything is kept. Nothing is deleted that no rule speaks of."""

    default: Days = field(default_factory=dict)
    queues: Mapping[str, Days] = field(default_factory=dict)
    """By queue of the call: what differs from the default there."""

    def days(self, data_class: DataClass, queue: str | None) -> int | None:
        """Days that the class is kept of calls of that queue; ``None`` for good.

        >>> rules = RetentionRules({DataClass.AUDIO: 30}, {"理赔": {DataClass.AUDIO: None}})
        >>> rules.days(DataClass.AUDIO, "退款"), rules.days(DataClass.AUDIO, "理赔"), rules.days(DataClass.AUDIT, None)
        (30, None, None)
        """
        own = self.queues.get(queue, {}) if queue is not None else {}
        return own[data_class] if data_class in own else self.default.get(data_class)

    @property
    def digest(self) -> str:
        """64 hex digits that change when any rule does."""
        said = {"default": dict(self.default), "queues": {name: dict(days) for name, days in self.queues.items()}}
        return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

"""Sample calls in which numbers are said, stored as a run stores them: masked, with their originals closed."""

import time
from dataclasses import replace

from pipeline.batch.judging import Judge
from pipeline.batch.process import CallProcessor, ProcessOptions
from pipeline.batch.rule_set import headings, load_rules
from pipeline.domain.calls import CallMetadata
from pipeline.domain.results import Call, ProcessedCall
from pipeline.domain.signals import Signals
from pipeline.store.ledger import claim
from pipeline.store.recordings import register
from pipeline.store.results import Run, save_call, start_run
from tests.privacy.calls import transcript
from tests.store.builders import FORMAT, found, recording

MOBILE = "13912345678"
SPOKEN = transcript(
    "您好，请问您的手机号码是多少",
    "我的手机号是一三九，一二三四，五六七八，我要投诉你们",
    f"您的手机号是{MOBILE}，对吗",
    "你们这群神经病，对",
)
HIDDEN = {1: "一三九，一二三四，五六七八", 2: MOBILE}


class _NoBackend:
    digest = "a" * 64

    def describe(self):
        from pipeline.asr.base import AsrDescription, AsrOptions

        return AsrDescription("none", "none", "a" * 64, AsrOptions(), "none 1")


def fill(database, keys, *, masked=True, calls=3):
    """Stores calls; without ``masked`` as versions of earmark did that knew no masking."""
    pack = load_rules(())
    judge = Judge(pack)
    run = Run("masked", "run", "0.1+src.test", pack.digest, headings(pack), "a" * 64)
    processor = CallProcessor(_NoBackend(), judge, ProcessOptions(asr=None, pack=pack), keys)
    start_run(database, run)
    facts = CallMetadata(agent="A1031", team="售后一组")
    made = [recording(number, metadata=facts) for number in range(1, calls + 1)]
    register(database, [found(one) for one in made])
    for lease in claim(database, "test", limit=calls, ttl_s=600, now_s=time.time()):
        findings = judge(Call(SPOKEN, facts, Signals()))
        audio = replace(FORMAT, duration_s=SPOKEN.duration_s)
        call = ProcessedCall(audio, SPOKEN, Signals(), findings)
        call = processor._masked(lease.recording.id, call) if masked else call
        assert save_call(database, lease, call, run)
    return [one.id for one in made]

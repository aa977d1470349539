"""A call as long as any: 60 minutes, 900 turns."""

import random
import struct
import time
from pathlib import Path

from pipeline.audio.signals import measure_signals
from pipeline.batch.rule_set import headings, load_rules
from pipeline.domain.calls import AudioFormat, CallMetadata, Recording, Role, Transcript, Turn, Word
from pipeline.domain.results import Call, Findings, ProcessedCall
from pipeline.privacy.masking import MASKING
from pipeline.store.database import Database
from pipeline.store.ledger import claim
from pipeline.store.recordings import FoundFile, register
from pipeline.store.results import Run, save_call, start_run
from rules.engine import Engine

LONG_CALL = "1" * 64
MINUTES = 60
TURNS = 900
SAID = (
    "您好，请问有什么可以帮您",
    "我之前打过两次电话了你们都说会处理到现在也没有人给我回复",
    "这个我也没办法，您去找快递公司吧",
    "我要投诉你们，太让人生气了，我已经等了三天了",
    "嗯嗯那个就是说我帮您登记一下",
    "不知道，别问我",
    "好的请您稍等一下我查一下订单的情况然后给您一个答复您看可以吗",
)


def add_long_call(database: Database, folder: Path) -> str:
    """Stores the call with its results and a µ-law recording; returns its id."""
    file = folder / "long.wav"
    _write_sound(file, seconds=60 * MINUTES)
    metadata = CallMetadata(agent="A1031", team="售后一组", queue="物流")
    recording = Recording(LONG_CALL, file.name, str(file), file.stat().st_size, metadata, (Role.AGENT, Role.CUSTOMER))
    pack = load_rules(())
    run = Run("long", "run", "0.1+src.test", pack.digest, headings(pack), "a" * 64)
    start_run(database, run)
    register(database, [FoundFile(recording, mtime_ns=1, described=True)])
    transcript = Transcript(tuple(_turns()), 60.0 * MINUTES)
    signals = measure_signals(transcript)
    results = Engine(pack).evaluate(Call(transcript, metadata, signals))
    sound = AudioFormat(60.0 * MINUTES, 8000, 2, "pcm_mulaw", "wav")
    (lease,) = claim(database, "test", limit=1, ttl_s=600, now_s=time.time())
    processed = ProcessedCall(sound, transcript, signals, Findings(results), masking=MASKING)
    assert save_call(database, lease, processed, run)
    return LONG_CALL


def _turns() -> list[Turn]:
    generator = random.Random(7)
    step_s = 60 * MINUTES / TURNS
    made = []
    for index in range(TURNS):
        role = Role.AGENT if index % 2 == 0 else Role.CUSTOMER
        text = generator.choice(SAID)
        start_s = index * step_s + 0.2
        length_s = min(step_s - 0.4, len(text) * 0.2)
        texts = [text[at : at + 2] for at in range(0, len(text), 2)]
        each_s = length_s / len(texts)
        words = tuple(
            Word(word, start_s + at * each_s, start_s + (at + 1) * each_s, generator.choice((0.4, 0.9, 0.9, 0.9)))
            for at, word in enumerate(texts)
        )
        made.append(Turn(index, role, start_s, start_s + length_s, text, index % 2, words))
    return made


def _write_sound(file: Path, *, seconds: int) -> None:
    """Two channels of µ-law noise that comes and goes, 8 kHz."""
    generator = random.Random(7)
    second = bytes(generator.choice((0x60, 0x70, 0xE0, 0xF0)) for _ in range(16_000))
    quiet = b"\xff" * 16_000
    data = b"".join(second if (at // 4) % 2 else quiet for at in range(seconds))
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 50 + len(data), b"WAVE", b"fmt ", 18, 7, 2, 8000, 16000, 2, 8)
    file.write_bytes(head + struct.pack("<H4sII4sI", 0, b"fact", 4, len(data) // 2, b"data", len(data)) + data)

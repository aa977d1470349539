"""The sample calls as the desk finds them: stored with transcript, signals and results, and the recording behind."""

import hashlib
import time
from dataclasses import replace
from pathlib import Path

import av

from pipeline.audio.signals import measure_signals
from pipeline.batch.rule_set import headings, load_rules
from pipeline.domain.accounts import AccountRole
from pipeline.domain.calls import AudioFormat, Recording, Role, Transcript, Turn, Word
from pipeline.domain.results import Call, Findings, ProcessedCall
from pipeline.evaluation.labelled import LabelledCall, read_labelled
from pipeline.privacy.masking import MASKING
from pipeline.review.passwords import hash_password
from pipeline.store.accounts import add_account
from pipeline.store.database import open_database
from pipeline.store.ledger import claim
from pipeline.store.recordings import FoundFile, register
from pipeline.store.results import Run, save_call, start_run
from rules.engine import Engine

FOLDER = Path(__file__).parents[2] / "data" / "samples"
CHANNELS = (Role.AGENT, Role.CUSTOMER)
PASSWORD = "correct horse battery"
ACCOUNTS = {
    # login: name, role, agent, team
    "lin": ("林晓燕", AccountRole.REVIEWER, None, None),
    "wang": ("王珂", AccountRole.REVIEWER, None, None),
    "lead": ("陈组长", AccountRole.LEAD, None, "售后一组"),
    "agent": ("周敏", AccountRole.AGENT, "A1031", None),
    "author": ("吴主管", AccountRole.AUTHOR, None, None),
    "manager": ("郑经理", AccountRole.MANAGER, None, None),
    "compliance": ("赵合规", AccountRole.COMPLIANCE, None, None),
    "admin": ("管理员", AccountRole.ADMIN, None, None),
}
LOGIN_OF = {role: login for login, (_, role, _, _) in reversed(ACCOUNTS.items())}
"""The login of each role; of the two reviewers the first."""


def recording_id(name: str) -> str:
    """Id of a sample, such as ``s10.opus``: what its bytes hash to."""
    return hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()


def fill(url: str) -> None:
    """Creates the database with the ten samples, their labelled turns as transcripts, and an account of each role."""
    pack = load_rules(())
    engine = Engine(pack)
    run = Run("samples", "run", "0.1+src.test", pack.digest, headings(pack), "a" * 64)
    database = open_database(url, create=True)
    start_run(database, run)
    labelled = {call.recording: call for call in read_labelled([FOLDER / "labels.jsonl"])}
    register(database, [FoundFile(_recording(call), mtime_ns=1, described=True) for call in labelled.values()])
    for lease in claim(database, "test", limit=100, ttl_s=600, now_s=time.time()):
        processed = _processed(engine, lease.recording, labelled[lease.recording.name].call)
        assert save_call(database, lease, processed, run)
    password_hash = hash_password(PASSWORD)
    for login, (name, role, agent, team) in ACCOUNTS.items():
        add_account(database, login=login, name=name, role=role, password_hash=password_hash, agent=agent, team=team)
    database.close()


def _recording(labelled: LabelledCall) -> Recording:
    file = FOLDER / labelled.recording
    metadata = labelled.call.metadata
    return Recording(recording_id(file.name), file.name, str(file), file.stat().st_size, metadata, CHANNELS)


def _processed(engine: Engine, recording: Recording, call: Call) -> ProcessedCall:
    transcript = Transcript(tuple(map(_with_words, call.transcript.turns)), call.transcript.duration_s)
    signals = measure_signals(transcript)
    results = engine.evaluate(Call(transcript, recording.metadata, signals))
    with av.open(recording.uri) as container:
        stream = container.streams.audio[0]
        audio = AudioFormat(
            transcript.duration_s, stream.rate, stream.channels, stream.codec_context.name, container.format.name
        )
    # The samples are made up: they stand as they are, as calls in which there is nothing to hide.
    return ProcessedCall(audio, transcript, signals, Findings(results), masking=MASKING)


def _with_words(turn: Turn) -> Turn:
    """The turn with a word for every two characters, each as long as the others: times enough to follow."""
    texts = [turn.text[start : start + 2] for start in range(0, len(turn.text), 2)]
    step = (turn.end_s - turn.start_s) / len(texts)
    words = tuple(
        Word(text, turn.start_s + step * at, turn.start_s + step * (at + 1), 0.9) for at, text in enumerate(texts)
    )
    return replace(turn, words=words, channel=CHANNELS.index(turn.role))

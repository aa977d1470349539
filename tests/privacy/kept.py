"""Calls of which everything is kept: a file, a transcript with its closed original, hits, reviews and the rest."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, insert, select

from pipeline.domain.alerts import Alert
from pipeline.domain.calls import CallMetadata, Recording
from pipeline.domain.originals import Sealed
from pipeline.domain.retention import DataClass
from pipeline.domain.reviews import Place, ReviewKind, Verdict
from pipeline.store.alerts import queue_alerts
from pipeline.store.calibration_tables import (
    calibration_calls,
    calibration_entries,
    calibration_gold,
    calibrations,
)
from pipeline.store.keeping import TABLES
from pipeline.store.ledger import claim
from pipeline.store.originals import keep_original
from pipeline.store.recordings import FoundFile, register
from pipeline.store.results import save_call, start_run
from pipeline.store.review_tables import appeals, audit, reviews, waveforms
from pipeline.store.sampling_tables import draws, picks
from pipeline.store.tables import recordings
from tests.store.builders import predicted, processed, result, run
from tests.store.judgements import person, say

SECRET = "王小芳13812345678"
"""Stands in everything that people typed, and in the file's name."""
OLD, NEW = timedelta(days=100), timedelta(days=1)


class Kept:
    """A database with calls whose files lie in a folder."""

    def __init__(self, store, folder):
        self.store = store
        self.folder = folder
        folder.mkdir(exist_ok=True)
        start_run(store, run())
        self.reviewer = person(store, "lin")
        with store.writing() as connection:
            row = {"plan_id": "p", "plan_digest": "d", "plan": "", "seed": 1, "drawn_at": datetime.now(UTC)}
            row |= {"frame_size": 1, "unflagged": 0, "calls": 1, "parts": [], "notes": [], "inclusion": b""}
            self.draw_id = connection.execute(insert(draws).values(row)).inserted_primary_key[0]

    def call(self, name, *, age=OLD, queue="退款", customer="C1", words=SECRET):
        """The id of a call with something in every table, whose file is there."""
        file = self.folder / f"{words}-{name}.wav"
        file.write_bytes(f"RIFF {name}".encode())
        made = self.enter(file, age=age, queue=queue, customer=customer)
        (lease,) = claim(self.store, "o", limit=1, ttl_s=60)
        call = replace(processed(result("insult")), masking=1)
        findings = replace(call.findings, predictions=predicted(dissatisfied=0.5, escalation=0.25))
        assert save_call(self.store, lease, replace(call, findings=findings), run())
        self._add_people(made.id)
        return made.id

    def enter(self, file, *, age=OLD, queue="退款", customer="C1"):
        """A recording that was never processed."""
        content = file.read_bytes()
        started = datetime.now(UTC) - age
        facts = CallMetadata("A1", "一组", None, queue, None, started, customer, None, {"note": SECRET})
        made = Recording(hashlib.sha256(content).hexdigest(), file.name, str(file), len(content), facts)
        register(self.store, [FoundFile(made, mtime_ns=1, described=True)])
        return made

    def _add_people(self, recording_id):
        place = Place(1, 1, 4, 3.0, 4.0, quote=SECRET)
        verdict = say(self.store, recording_id, self.reviewer, Verdict.CONFIRMED, place=place)
        say(self.store, recording_id, self.reviewer, kind=ReviewKind.COMMENT, text=SECRET)
        with self.store.writing() as connection:
            connection.execute(insert(waveforms).values(recording_id=recording_id, document=b"x"))
            keep_original(connection, recording_id, Sealed("k1", b"n", SECRET.encode()))
            queue_alerts(connection, [Alert(recording_id[:32], recording_id, "insult", SECRET)])
            pick = {"draw_id": self.draw_id, "recording_id": recording_id, "part": "audit", "kind": "audit"}
            pick |= {"reason_zh": SECRET, "reason_en": SECRET, "chance": 0.5, "inclusion": 0.5}
            connection.execute(insert(picks).values(pick))
            appeal = {"recording_id": recording_id, "rule_id": "insult", "review_id": verdict.id}
            appeal |= {"opened_by": self.reviewer.id, "opened_at": datetime.now(UTC), "reason": SECRET}
            connection.execute(insert(appeals).values(appeal | {"answer": SECRET}))
            self._add_to_calibration(connection, recording_id)
            heard = {"at": datetime.now(UTC), "login": "lin", "action": "hear", "recording_id": recording_id}
            connection.execute(insert(audit).values(heard | {"detail": {}, "address": ""}))

    def _add_to_calibration(self, connection, recording_id):
        now, by = datetime.now(UTC), self.reviewer.id
        session = {"name": "s", "created_at": now, "chosen_zh": "", "chosen_en": "", "chosen_calls": 1}
        session_id = connection.execute(insert(calibrations).values(session)).inserted_primary_key[0]
        of = {"calibration_id": session_id, "recording_id": recording_id}
        connection.execute(insert(calibration_calls).values(of | {"position": 1}))
        said = {"kind": "comment", "account_id": by, "at": now, "key": recording_id, "quote": SECRET, "text": SECRET}
        connection.execute(insert(calibration_entries).values(of | said))
        connection.execute(
            insert(calibration_gold).values(of | {"value": "x", "account_id": by, "at": now, "note": SECRET})
        )

    def rows(self, recording_id):
        """How many rows each table has of the recording, by class; of reviews and appeals those with words."""
        found = {}
        with self.store.reading() as connection:
            for data_class in DataClass:
                tables = [one for one in TABLES[data_class] if one is not recordings]
                for table in tables:
                    query = select(func.count()).select_from(table).where(table.c.recording_id == recording_id)
                    if table is reviews:
                        query = query.where(reviews.c.quote.is_not(None) | reviews.c.text.is_not(None))
                    if table is appeals:
                        query = query.where(appeals.c.reason.contains("王"))
                    found[table.name] = connection.execute(query).scalar_one()
        return found

    def file_of(self, recording_id):
        """The recording's file."""
        return next((one for one in self.folder.iterdir() if _sha(one) == recording_id), None)


def _sha(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()

"""The calls whose signals a report reads are a random choice, as docs/reports.md says."""

import hashlib
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import insert

from pipeline.domain.calls import Role
from pipeline.domain.signals import Signals, Silence
from pipeline.store import documents
from pipeline.store.report_queries import Scope, Window
from pipeline.store.report_service import MEASURED, call_signals
from pipeline.store.results import start_run
from pipeline.store.tables import recordings, transcripts
from tests.store.builders import run

CALLS = 3_000
SINCE = datetime(2026, 11, 2, tzinfo=UTC)


def window(days=28.0, **scope):
    return Window(SINCE, SINCE + timedelta(days=days), Scope(**scope))


@pytest.fixture
def store(empty_store):
    """Calls that grow more silent day by day, of a team that hardly speaks and of one that does."""
    start_run(empty_store, run())
    calls, heard = [], []
    for number in range(CALLS):
        silent_s = 20.0 * number / CALLS + (30.0 if number % 2 else 0.0)
        signals = Signals((Silence(0.0, silent_s, None, None),), last_speaker=Role.AGENT)
        one = hashlib.sha256(f"sound {number}".encode()).hexdigest()
        calls.append(
            {
                "id": one,
                "name": f"{number}.wav",
                "uri": f"/{number}.wav",
                "size_bytes": 1,
                "added_at": SINCE,
                "team": "静" if number % 2 else "闹",
                "started_at": SINCE + timedelta(days=28 * number / CALLS),
                "extra": {},
                "channel_roles": [],
            }
        )
        facts = {"run_id": "run1", "asr_digest": "a", "language": "zh", "duration_s": 100.0, "characters": 1}
        heard.append({"recording_id": one, "turns": b"", "signals": documents.encode_signals(signals), **facts})
    with empty_store.writing() as connection:
        connection.execute(insert(recordings), calls)
        connection.execute(insert(transcripts), heard)
    return empty_store


@pytest.mark.slow
def test_measured_calls_are_drawn_at_random(store):
    every = np.array([0.2 * n / CALLS + (0.3 if n % 2 else 0.0) for n in range(CALLS)])
    shares = np.array([one.silence_share for one in call_signals(store, window())])
    assert len(shares) == MEASURED
    error = every.std() / MEASURED**0.5 * (1 - MEASURED / CALLS) ** 0.5
    assert abs(shares.mean() - every.mean()) < 3 * error
    # Neither time nor team has more than its part.
    assert abs((shares >= 0.3).mean() - 0.5) < 3 * 0.5 / MEASURED**0.5
    assert abs((shares % 0.3 < 0.1).mean() - 0.5) < 3 * 0.5 / MEASURED**0.5


@pytest.mark.slow
def test_fewer_calls_than_that_are_all_measured(store):
    assert len(call_signals(store, window(days=7.0))) == CALLS / 4
    assert len(call_signals(store, window(days=7.0, team="静"))) == CALLS / 8

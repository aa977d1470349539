"""Workers that are killed, crash or hang, at each stage of a recording: one night with all of it."""

from dataclasses import replace

import pytest

from pipeline.store.listings import Filter, list_calls
from tests.batch.nights import OPTIONS, assert_each_once, diary, run, write
from tests.faults.accidents import Accidents

pytestmark = pytest.mark.slow

NIGHT = {
    "well": "none - 0",
    "killed-decoding": "kill decode 1",
    "killed-transcribing": "kill transcribe 1",
    "killed-sending": "kill send 1",
    "crashed-once": "segfault transcribe 1",
    "hung-once": "hang transcribe 1",
    "locked-twice": "locked decode 2",
    "poison": "segfault decode 9",
    "tar": "hang decode 9",
    "locked": "locked decode 9",
}


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    folder = tmp_path_factory.mktemp("night")
    calls = folder / "calls"
    calls.mkdir()
    write(calls, **NIGHT)
    options = replace(OPTIONS, decode_limit_s=2.0, time_limit_per_second=0.5)
    summary, _, database = run(calls, folder, load=Accidents(str(folder / "diary")), options=options)
    return folder, summary, database


@pytest.mark.parametrize(
    ("name", "attempts"),
    [
        ("well", 1),
        ("killed-decoding", 2),
        ("killed-transcribing", 2),
        ("killed-sending", 2),
        ("crashed-once", 2),
        ("hung-once", 2),
        ("locked-twice", 3),
    ],
)
def test_what_passes_costs_an_attempt_and_no_more(night, name, attempts):
    folder, _, database = night
    states = {row.recording: row.state for row in list_calls(database, Filter())}
    assert states[f"{name}.wav"] == "done"
    assert diary(folder)[f"{name}.wav"] == attempts


@pytest.mark.parametrize(
    ("name", "attempts", "reason", "message"),
    [
        ("poison", 2, "crash", "its worker died (signal SIGSEGV); after 2 lost workers it is set aside"),
        ("tar", 2, "timeout", "its worker hung (no result in the time for its length, 2 s and more)"),
        ("locked", 3, "unreadable", "locked.wav is locked by another program"),
    ],
)
def test_what_does_not_pass_is_set_aside_with_a_message(night, name, attempts, reason, message):
    folder, summary, database = night
    (row,) = [row for row in list_calls(database, Filter()) if row.recording == f"{name}.wav"]
    assert (row.state, row.reason) == ("quarantined", reason)
    assert message in row.message
    assert diary(folder)[f"{name}.wav"] == attempts
    assert (f"{name}.wav", reason, row.message) in summary.failures


def test_each_once_and_no_half_results(night):
    assert_each_once(night[2], 7)

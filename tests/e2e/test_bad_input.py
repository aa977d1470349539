"""Bad input, as a night really brings it: each recorded with a message, the rest go on, exit code 1."""

import shutil

import pytest

from tests.e2e.commands import SAMPLES, copy_samples, earmark, rows

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bad_night(tmp_path_factory):
    import numpy as np

    folder = tmp_path_factory.mktemp("bad")
    calls = copy_samples(folder / "calls", "s02.wav")
    (calls / "empty.wav").touch()
    (calls / "letter.mp3").write_text("亲爱的客户：您好。" * 200)
    (calls / "zeros.opus").write_bytes(bytes(5000))
    whole = (SAMPLES / "s04.wav").read_bytes()
    (calls / "cut.wav").write_bytes(whole[: len(whole) // 2])
    (calls / "header only.wav").write_bytes(whole[:44])
    (calls / "copy.wav").write_bytes((SAMPLES / "s02.wav").read_bytes())
    write_wav(calls / "silent.wav", np.zeros((16000 * 4, 2), np.int16))
    noise = np.random.default_rng(1).normal(0, 60, (16000 * 4, 2)).astype(np.int16)
    write_wav(calls / "noise.wav", noise)
    (calls / "gone.wav").symlink_to(folder / "nowhere")
    with (calls / "manifest.csv").open("a") as manifest:
        manifest.write("\nlost.wav,A1,一组,x,inbound,2026-11-02T09:00:00+08:00,agent,customer")
        manifest.write("\ncut.wav,A1,一组,x,inbound,2026-02-31,agent,customer\n")
    code, out, err = earmark(folder, "run", calls, "--manifest", calls / "manifest.csv")
    return folder, code, out, err


def write_wav(path, samples):
    import wave

    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples.tobytes())


def test_exit_code_and_the_good_call(bad_night):
    folder, code, out, _ = bad_night
    assert code == 1
    assert "1 processed" in out
    (done,) = rows(folder, "calls", "--state", "done")
    assert done["recording"] in ("s02.wav", "copy.wav")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("empty.wav", "empty"),
        ("letter.mp3", "not_audio"),
        ("zeros.opus", "not_audio"),
        ("cut.wav", "truncated"),
        ("silent.wav", "silent"),
        ("noise.wav", "silent"),
        ("gone.wav", "unreadable"),
    ],
)
def test_each_is_set_aside_with_its_reason(bad_night, name, reason):
    folder, _, _, err = bad_night
    listed = {row["recording"]: row for row in rows(folder, "calls", "--state", "quarantined")}
    assert listed[name]["reason"] == reason
    assert len(listed[name]["message"]) > 20
    assert listed[name]["message"] in err


def test_header_without_sound(bad_night):
    folder, _, _, _ = bad_night
    listed = {row["recording"]: row["reason"] for row in rows(folder, "calls", "--state", "quarantined")}
    assert listed["header only.wav"] in ("empty", "truncated", "not_audio")


@pytest.mark.parametrize(
    "message",
    [
        "manifest.csv row 3: recording lost.wav is not there",
        "manifest.csv row 4: started_at '2026-02-31' is no date",
        "silent.wav: no row in manifest.csv",
        "same bytes as",
    ],
)
def test_manifest_problems_name_the_row(bad_night, message):
    assert message in bad_night[3]


def test_no_traceback(bad_night):
    assert "Traceback" not in bad_night[3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["run", "nowhere"], "no such file or folder: nowhere", id="no folder"),
        pytest.param(["run", ".", "--manifest", "none.csv"], "none.csv cannot be read", id="no manifest"),
        pytest.param(["run", ".", "--asr-model", "no/model"], "no/model", id="no model"),
        pytest.param(["run", ".", "--rules", "no/rules"], "no/rules: no such folder", id="no rules"),
        pytest.param(["run", ".", "--channel-roles", "agent"], "channel_roles", id="roles"),
        pytest.param(["run", ".", "--language", "fr"], "language", id="language"),
        pytest.param(["run", ".", "--db", "mysql://x"], "sqlite:///", id="database"),
        pytest.param(["run"], "PATH", id="nothing given"),
        pytest.param(["fly"], "fly", id="no such command"),
    ],
)
def test_what_cannot_be_done_is_refused(tmp_path, arguments, message):
    shutil.copy(SAMPLES / "s02.wav", tmp_path)
    code, out, err = earmark(tmp_path, *arguments)
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert out == ""

"""What the desk plays of calls in which something is hidden: a tone there, in every format, for every range."""

import base64
import io
import random
import wave
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import select, update

from pipeline.audio.masking import MARGIN_S, masked_pieces, sound_mask
from pipeline.audio.peaks import PEAKS_PER_S
from pipeline.audio.transcode import write_wav
from pipeline.domain.calls import Transcript
from pipeline.domain.personal import PersonalKind, mask_of
from pipeline.review.listening import Listening
from pipeline.store import documents
from pipeline.store.review_tables import audit, waveforms
from pipeline.store.tables import recordings, transcripts
from tests.review.conftest import app, client_as, desk, pack, quick_hashes, sample_store  # noqa: F401 - fixtures
from tests.review.samples import FOLDER, recording_id
from tests.review.test_audio import as_wav

HIDDEN = mask_of(PersonalKind.ORDER)
CALL = recording_id("s01.wav")
FORMATS = ["s01.wav", "s02.wav", "s04.wav", "s03.mp3", "s05.opus"]


@pytest.fixture(autouse=True)
def own_folder(app, tmp_path):  # noqa: F811
    app.state.listening = Listening(tmp_path / "playback")


def hide(desk, name, *, turn=1, words=True, times=True):  # noqa: F811
    """Masks characters 2–6 of a turn of the sample and returns the mask of its sound."""
    call = recording_id(name)
    mine = transcripts.c.recording_id == call
    with desk.database.writing() as connection:
        row = connection.execute(select(transcripts).where(mine)).one()
        turns = list(documents.decode_turns(row.turns))
        old = turns[turn]
        text = old.text[:2] + HIDDEN * 4 + old.text[6:]
        parts, at = [], 0
        for word in old.words:
            parts.append(replace(word, text=text[at : at + len(word.text)]))
            at += len(word.text)
        start_s, end_s = (old.start_s, old.end_s) if times else (0.0, 0.0)
        turns[turn] = replace(old, text=text, words=tuple(parts) if words else (), start_s=start_s, end_s=end_s)
        connection.execute(update(transcripts).where(mine).values(turns=documents.encode_turns(tuple(turns))))
    return sound_mask(Transcript(tuple(turns), row.duration_s))


def samples_of(content):
    with wave.open(io.BytesIO(content)) as opened:
        frames = opened.readframes(opened.getnframes())
        return np.frombuffer(frames, "<i2").reshape(-1, opened.getnchannels()).T, opened.getframerate()


@pytest.mark.parametrize("name", FORMATS)
def test_everybody_hears_a_tone_in_place_of_what_is_hidden(client_as, desk, tmp_path, name):  # noqa: F811
    mask = hide(desk, name)
    assert mask.spans
    answer = client_as("admin").get(f"/calls/{recording_id(name)}/audio")
    assert answer.headers["content-type"] == "audio/wav"
    heard, rate = samples_of(answer.content)
    clear, _ = samples_of(as_wav(FOLDER / name))
    (expected,) = masked_pieces([clear], mask, rate)
    assert np.array_equal(heard, expected)
    assert not np.array_equal(heard, clear)


@pytest.mark.parametrize("name", FORMATS)
def test_a_range_is_the_same_bytes_as_in_the_whole(client_as, desk, name):  # noqa: F811
    mask = hide(desk, name)
    client, url = client_as("reviewer"), f"/calls/{recording_id(name)}/audio"
    # A range first: what is played first is often not the beginning.
    part = client.get(url, headers={"Range": "bytes=50000-59999"}).content
    whole = client.get(url).content
    assert part == whole[50_000:60_000]
    rate = samples_of(whole)[1]
    edge = 44 + int(mask.spans[0].start_s * rate) * 4
    places = random.Random(7)
    ranges = [(edge - 101, edge + 99), (edge + 1, edge + 2), (len(whole) - 7, len(whole) - 1)]
    ranges += [tuple(sorted(places.sample(range(len(whole)), 2))) for _ in range(5)]
    for first, last in ranges:
        assert client.get(url, headers={"Range": f"bytes={first}-{last}"}).content == whole[first : last + 1]


def test_a_browser_that_goes_on_is_given_the_rest_of_the_same_file(client_as, desk):  # noqa: F811
    hide(desk, "s05.opus")
    client, url = client_as("reviewer"), f"/calls/{recording_id('s05.opus')}/audio"
    first = client.get(url, headers={"Range": "bytes=0-99"})
    again = client.get(url, headers={"Range": "bytes=100-199", "If-Range": first.headers["etag"]})
    assert (again.status_code, len(again.content)) == (206, 100)


def test_another_mask_is_heard_at_once_and_the_old_copy_goes(client_as, desk, tmp_path):  # noqa: F811
    client, url = client_as("reviewer"), f"/calls/{CALL}"
    before, wave_before = client.get(f"{url}/audio").content, client.get(f"{url}/peaks").json()
    mask = hide(desk, "s01.wav")
    after, wave_after = client.get(f"{url}/audio").content, client.get(f"{url}/peaks").json()
    assert before != after and wave_before != wave_after
    assert [path.name for path in (tmp_path / "playback").iterdir()] == [f"{CALL}.{mask.digest}.wav"]
    with desk.database.reading() as connection:
        assert len(connection.execute(select(waveforms)).all()) == 1


def test_the_outline_has_no_shape_under_the_mask(client_as, desk):  # noqa: F811
    mask = hide(desk, "s01.wav")
    found = client_as("reviewer").get(f"/calls/{CALL}/peaks").json()
    first, last = (round(at * PEAKS_PER_S) for at in (mask.spans[0].start_s, mask.spans[0].end_s))
    for channel in found["channels"]:
        assert len(set(base64.b64decode(channel)[first + 1 : last - 1])) == 1


def test_without_word_times_the_whole_turn_is_a_tone(client_as, desk):  # noqa: F811
    with_words, without = hide(desk, "s02.wav"), hide(desk, "s02.wav", words=False)
    assert without.masked_s(60) > with_words.masked_s(60)
    assert without.spans[0].duration_s == pytest.approx(5.48 + 2 * MARGIN_S, abs=0.01)


def unknown_times(desk):  # noqa: F811
    hide(desk, "s01.wav", words=False, times=False)


def never_masked(desk):  # noqa: F811
    with desk.database.writing() as connection:
        connection.execute(update(transcripts).values(masking=None))


def no_transcript(desk):  # noqa: F811
    with desk.database.writing() as connection:
        connection.execute(transcripts.delete())


@pytest.mark.parametrize("change", [unknown_times, never_masked, no_transcript])
def test_where_nobody_knows_what_is_hidden_nothing_is_played(client_as, desk, tmp_path, change):  # noqa: F811
    change(desk)
    client = client_as("admin")
    for what in ("audio", "peaks"):
        answer = client.get(f"/calls/{CALL}/{what}", headers={"Accept": "application/json"})
        assert answer.status_code == 403
        assert "不知道这通录音里哪里有个人信息" in answer.json()["detail"]
        assert b"RIFF" not in answer.content
    assert not (tmp_path / "playback").exists()


def test_tags_of_a_recording_do_not_go_out(client_as, desk, tmp_path):  # noqa: F811
    file = tmp_path / "tagged.mp3"
    title = b"\x00" + b"13812345678"
    frame = b"TIT2" + len(title).to_bytes(4, "big") + b"\0\0" + title
    content = b"ID3\x03\0\0" + bytes([0, 0, 0, len(frame)]) + frame + (FOLDER / "s03.mp3").read_bytes()
    file.write_bytes(content)
    with desk.database.writing() as connection:
        changed = update(recordings).where(recordings.c.id == recording_id("s03.mp3"))
        connection.execute(changed.values(uri=str(file), size_bytes=len(content)))
    answer = client_as("reviewer").get(f"/calls/{recording_id('s03.mp3')}/audio")
    assert answer.status_code == 200
    assert b"13812345678" not in answer.content


def test_a_recording_that_is_erased_while_it_is_made_leaves_no_copy(client_as, desk, tmp_path, monkeypatch):  # noqa: F811
    from pipeline.review import playback
    from pipeline.store.erasure import begin_erasure

    def erased_meanwhile(source, target, mask):
        write_wav(source, target, mask)
        begin_erasure(desk.database, [CALL], by="dpo")

    monkeypatch.setattr(playback, "write_wav", erased_meanwhile)
    assert client_as("reviewer").get(f"/calls/{CALL}/audio").status_code == 410
    assert list((tmp_path / "playback").iterdir()) == []


REASON = {"reason": "客户投诉，核对金额"}


def test_who_says_why_hears_the_recording_itself_and_is_noted(client_as, desk):  # noqa: F811
    hide(desk, "s01.wav")
    manager, other = client_as("manager"), client_as("admin")
    url = f"/calls/{CALL}/audio"
    assert manager.get(url, params={"clear": "1"}).status_code == 403
    assert manager.post(f"/calls/{CALL}/clear-sound", json={"reason": " "}).status_code == 422
    assert manager.post(f"/calls/{CALL}/clear-sound", json=REASON).json() == {"seconds": 300}
    assert manager.get(url, params={"clear": "1"}).content == (FOLDER / "s01.wav").read_bytes()
    # What is not asked for clear is masked all the same; other sessions and other calls are not let in.
    assert manager.get(url).content != (FOLDER / "s01.wav").read_bytes()
    assert other.get(url, params={"clear": "1"}).status_code == 403
    assert manager.get(f"/calls/{recording_id('s02.wav')}/audio", params={"clear": "1"}).status_code == 403
    with desk.database.reading() as connection:
        rows = connection.execute(select(audit.c.login, audit.c.detail).where(audit.c.action == "unmask")).all()
    assert rows == [("manager", {**REASON, "sound": True, "minutes": 5})]


def test_after_its_time_it_is_masked_again(client_as, desk, app):  # noqa: F811
    manager = client_as("manager")
    manager.post(f"/calls/{CALL}/clear-sound", json=REASON)
    listening = app.state.listening
    ((session, call),) = listening._clear_until
    listening.let_hear_clear(session, call, seconds=0.0)
    assert manager.get(f"/calls/{CALL}/audio", params={"clear": "1"}).status_code == 403


@pytest.mark.parametrize("role", ["reviewer", "lead", "agent", "author"])
def test_others_are_not_let_hear_it(client_as, role):  # noqa: F811
    assert client_as(role).post(f"/calls/{CALL}/clear-sound", json=REASON).status_code in (403, 404)
    assert client_as(role).get(f"/calls/{CALL}/audio", params={"clear": "1"}).status_code in (403, 404)


def test_where_nobody_knows_what_is_hidden_the_clear_recording_can_still_be_heard(client_as, desk):  # noqa: F811
    never_masked(desk)
    manager = client_as("manager")
    manager.post(f"/calls/{CALL}/clear-sound", json=REASON)
    assert manager.get(f"/calls/{CALL}/audio", params={"clear": "1"}).status_code == 200

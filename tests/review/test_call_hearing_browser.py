"""The page of a call in a real browser: what is heard, and the words that follow it."""

import pytest

from pipeline.review.listening import Listening
from tests.audio.test_peaks import tone, write
from tests.review.call_pages import CALL, opened, sound
from tests.review.long_calls import add_long_call
from tests.review.samples import recording_id
from tests.review.test_audio import move_to

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def own_folder(app, tmp_path):
    """Decoded recordings go into the test's own folder."""
    app.state.listening = Listening(tmp_path / "playback")


@pytest.mark.parametrize("name", ["s10.opus", "s02.wav", "s03.mp3"])
def test_the_recording_plays_and_the_word_is_followed(page_as, name):
    page = opened(page_as, call=recording_id(name))
    page.wait_for_selector("#wave-overview path", state="attached")
    page.keyboard.press("Space")
    page.wait_for_function("() => document.getElementById('sound').currentTime > 2.5")
    assert page.locator("#play").inner_text().startswith("暂停")
    page.wait_for_selector("#nowbox i")
    assert page.locator(".turn.live").count() == 1
    page.keyboard.press("Space")
    assert sound(page, "paused") is True
    # 3 s on and back, faster and slower.
    before = sound(page, "currentTime")
    page.keyboard.press("ArrowRight")
    assert sound(page, "currentTime") == pytest.approx(before + 3, abs=0.05)
    page.keyboard.press("ArrowLeft")
    assert sound(page, "currentTime") == pytest.approx(before, abs=0.05)
    for key, speed in (("BracketRight", 1.25), ("BracketRight", 1.5), ("BracketLeft", 1.25)):
        page.keyboard.press(key)
        assert sound(page, "playbackRate") == speed


@pytest.mark.parametrize(
    ("codec", "container", "rate"),
    [
        ("pcm_s16le", "wav", 8000),
        ("pcm_mulaw", "wav", 8000),
        ("pcm_alaw", "wav", 8000),
        ("adpcm_ima_wav", "wav", 8000),
        ("flac", "flac", 8000),
        ("libopus", "ogg", 48000),
        ("libopus", "webm", 48000),
        ("aac", "mp4", 16000),
        ("libmp3lame", "mp3", 16000),
    ],
    ids=["pcm", "mulaw", "alaw", "adpcm", "flac", "opus", "webm", "m4a", "mp3"],
)
def test_every_kind_of_recording_plays(page_as, desk, tmp_path, codec, container, rate):
    file = write(tmp_path / f"a.{container}", codec=codec, container=container, rate=rate, samples=tone(8.0))
    move_to(desk, file, call=CALL)
    page = opened(page_as)
    page.evaluate(
        "() => { document.getElementById('sound').currentTime = 4; document.getElementById('sound').play(); }"
    )
    page.wait_for_function("() => document.getElementById('sound').currentTime > 4.3")
    assert sound(page, "duration") == pytest.approx(8.0, abs=0.3)


@pytest.mark.timing
def test_a_hit_is_heard_from_a_second_before(page_as):
    page = opened(page_as)
    start = page.evaluate("() => JSON.parse(document.getElementById('panel-data').textContent).hits[0].pieces[0].start")
    page.keyboard.press("Enter")
    page.wait_for_function("() => !document.getElementById('sound').paused")
    assert start - 1.01 < sound(page, "currentTime") < start + 0.5


@pytest.mark.timing
def test_a_click_on_a_word_is_heard_from_a_second_before(page_as):
    page = opened(page_as)
    turns = page.evaluate("() => JSON.parse(document.getElementById('call-data').textContent).turns")
    start, _, _, _, words = turns[0]
    # The fifth word: four words of three numbers each before it.
    begins = start + sum(words[at + 1] + words[at + 2] for at in range(0, 12, 3)) / 100 + words[13] / 100
    box = page.evaluate(
        """() => {
          const node = document.createTreeWalker(document.querySelector('#turn-0 .t'), NodeFilter.SHOW_TEXT).nextNode();
          const range = document.createRange();
          range.setStart(node, 8);
          range.setEnd(node, 9);
          const { left, top, width, height } = range.getBoundingClientRect();
          return [left + width / 4, top + height / 2];
        }"""
    )
    page.mouse.click(*box)
    page.wait_for_function("() => !document.getElementById('sound').paused")
    assert begins - 1.1 < sound(page, "currentTime") < begins + 0.5
    # A click beside the words is the turn from its start.
    page.keyboard.press("Space")
    page.locator("#turn-3 .at").click()
    page.wait_for_function("() => !document.getElementById('sound').paused")
    assert turns[3][0] - 1.1 < sound(page, "currentTime") < turns[3][0] + 0.5


@pytest.mark.timing
def test_silence_is_skipped_but_not_the_one_that_is_listened_to(page_as, desk, tmp_path):
    page = opened(page_as, call=add_long_call(desk.database, tmp_path))
    page.evaluate("() => { document.getElementById('sound').currentTime = 0; }")
    silences = page.evaluate("() => JSON.parse(document.getElementById('call-data').textContent).silences")
    start, end = next((start, end) for start, end in silences if end - start > 1.9 and start > 5)
    page.keyboard.press("s")
    assert page.locator('[data-act="skip"]').get_attribute("aria-pressed") == "true"
    page.evaluate(f"() => {{ document.getElementById('sound').currentTime = {start + 0.2}; }}")
    page.keyboard.press("Space")
    page.wait_for_function(f"() => document.getElementById('sound').currentTime > {end - 0.4}", timeout=1500)
    # The choice is kept for the next call.
    page.reload()
    page.wait_for_selector("#panel[data-tab]")
    assert page.locator('[data-act="skip"]').get_attribute("aria-pressed") == "true"


def test_the_transcript_stays_where_the_reader_scrolled(page_as, desk, tmp_path):
    page = opened(page_as, call=add_long_call(desk.database, tmp_path))
    page.keyboard.press("Space")
    page.wait_for_selector(".turn.live")
    page.mouse.move(400, 500)
    page.mouse.wheel(0, 3000)
    page.wait_for_timeout(300)
    before = page.evaluate("() => document.getElementById('main').scrollTop")
    assert before > 1000
    page.wait_for_timeout(5000)
    assert page.evaluate("() => document.getElementById('main').scrollTop") == pytest.approx(before, abs=2)
    # Hearing a hit brings the page back to what is heard.
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.getElementById('main').scrollTop < 500")


def test_a_small_window_has_every_button_and_the_key_sentence(page_as):
    page = opened(page_as, width=1024, height=640)
    room = page.locator(".desk > .main").bounding_box()
    for button in page.locator(".transport .btn").all():
        box = button.bounding_box()
        assert box["x"] + box["width"] <= room["x"] + room["width"]
    page.keyboard.press("Escape")
    page.wait_for_url("**/queue*")
    assert page.locator("#rows .say").first.bounding_box()["width"] > 280

"""A call of 60 minutes and 900 turns: opened, heard, scrolled and judged without a hitch."""

import time

import pytest

from pipeline.review.listening import Listening
from tests.review.long_calls import add_long_call

pytestmark = [pytest.mark.slow, pytest.mark.timing]

WATCH = """() => {
  window.watched = { frames: [], long: [] };
  let last = performance.now();
  const frame = (now) => {
    watched.frames.push(now - last);
    last = now;
    window.watching = requestAnimationFrame(frame);
  };
  window.watching = requestAnimationFrame(frame);
  new PerformanceObserver((list) => list.getEntries().forEach((one) => watched.long.push(one.duration)))
    .observe({ type: 'longtask' });
}"""


@pytest.fixture
def long_call(app, desk, tmp_path):
    """The id of the long call in the test's desk."""
    app.state.listening = Listening(tmp_path / "playback")
    return add_long_call(desk.database, tmp_path)


def watched(page, act):
    """Lengths of frames and of long tasks, in ms, while ``act`` happens."""
    page.evaluate(WATCH)
    act()
    return page.evaluate("() => { cancelAnimationFrame(watching); return watched; }")


def smooth(found):
    """Bounds with room for a busy machine: the page itself takes a few milliseconds a frame."""
    frames = sorted(found["frames"][1:])
    assert len(frames) > 20
    assert frames[len(frames) // 2] < 50
    assert frames[int(len(frames) * 0.95)] < 120
    assert max(found["long"], default=0) < 400


def test_the_outline_of_an_hour_is_there_within_seconds(client_as, long_call):
    client = client_as("reviewer")
    begun = time.perf_counter()
    first = client.get(f"/calls/{long_call}/peaks")
    took_s = time.perf_counter() - begun
    assert len(first.json()["channels"]) == 2
    assert took_s < 6.0
    begun = time.perf_counter()
    assert client.get(f"/calls/{long_call}/peaks").json() == first.json()
    assert time.perf_counter() - begun < 0.5


def test_a_judgement_on_a_long_call_is_answered_at_once(client_as, long_call):
    client = client_as("reviewer")
    page = client.get(f"/calls/{long_call}")
    rule = page.text.split('data-row="')[1].split('"')[0]
    begun = time.perf_counter()
    body = {"key": "key-00000001", "kind": "verdict", "rule_id": rule, "verdict": "confirmed"}
    assert client.post(f"/calls/{long_call}/reviews", json=body).status_code == 200
    assert time.perf_counter() - begun < 1.0


def test_an_hour_and_900_turns_stay_smooth(page_as, long_call):
    begun = time.perf_counter()
    page = page_as("lin", path=f"/calls/{long_call}")
    page.wait_for_selector("#panel[data-tab]")
    assert time.perf_counter() - begun < 8.0
    page.wait_for_selector("#wave-overview path", state="attached", timeout=20_000)
    assert page.locator(".turn").count() == 900
    # Not an element a word: the page of 900 turns stays small.
    assert page.evaluate("() => document.querySelectorAll('#main *').length") < 20_000

    # The middle of the call, at double speed.
    page.evaluate("() => { document.getElementById('sound').currentTime = 1800; }")
    for _ in range(4):
        page.keyboard.press("BracketRight")
    page.keyboard.press("Space")
    page.wait_for_function("() => document.getElementById('sound').currentTime > 1801")
    smooth(watched(page, lambda: page.wait_for_timeout(4000)))
    row = page.locator(".turn.live").bounding_box()
    assert 300 < row["y"] < 700  # the transcript has followed
    assert page.locator("#nowbox i").count() >= 1

    def scroll():
        page.mouse.move(400, 500)
        for _ in range(30):
            page.mouse.wheel(0, 600)
            page.wait_for_timeout(40)

    smooth(watched(page, scroll))

    def zoom():
        for key in ("Minus", "Minus", "Minus", "Equal", "Equal", "Equal"):
            page.keyboard.press(key)
            page.wait_for_timeout(200)

    found = watched(page, zoom)
    assert max(found["long"], default=0) < 1000

    def walk():
        for key in ("j", "j", "k", "j", "y", "j", ".", ".", "k"):
            page.keyboard.press(key)
            page.wait_for_timeout(100)

    found = watched(page, walk)
    assert max(found["long"], default=0) < 600

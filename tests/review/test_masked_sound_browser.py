"""A real browser plays the masked call, and the clear one to who says why."""

import pytest

from pipeline.review.listening import Listening
from tests.privacy.test_sound_desk import CALL, hide, unknown_times

pytestmark = pytest.mark.slow
_SOUND = "document.getElementById('sound')"
READY = f"() => {_SOUND}.readyState >= 2"
CLEAR = f"() => {_SOUND}.src.endsWith('?clear=1') && {_SOUND}.readyState >= 2"
MASKED = f"() => {_SOUND}.src.endsWith('/audio') && {_SOUND}.readyState >= 2"


@pytest.fixture(autouse=True)
def own_folder(app, tmp_path):
    app.state.listening = Listening(tmp_path / "playback")


def test_the_same_place_is_heard_masked_then_clear_then_masked(desk, page_as):
    hide(desk, "s01.wav")
    page = page_as("manager", path=f"/calls/{CALL}")
    page.wait_for_selector("#panel[data-tab]")
    page.evaluate("document.getElementById('sound').currentTime = 20")
    page.wait_for_function(READY, timeout=20_000)
    assert page.evaluate("document.getElementById('sound').duration") == pytest.approx(56.1, abs=0.2)
    page.click("#clear-button")
    page.fill("#clear-why", "核对金额")
    page.press("#clear-why", "Enter")
    page.wait_for_function(CLEAR, timeout=20_000)
    # The desk of this test has no key: the words stay hidden, and the page says so.
    page.get_by_text("没有保留原文").wait_for()
    assert page.evaluate("document.getElementById('sound').currentTime") == pytest.approx(20, abs=1)
    page.click("#clear-button")
    page.wait_for_function(MASKED, timeout=20_000)
    assert page.evaluate("document.getElementById('sound').currentTime") == pytest.approx(20, abs=1)


def test_where_nothing_may_be_heard_the_page_says_why(desk, page_as):
    unknown_times(desk)
    page = page_as("lin", path=f"/calls/{CALL}")
    page.wait_for_function(
        "() => document.getElementById('wave-state').textContent.includes('个人信息')", timeout=20_000
    )

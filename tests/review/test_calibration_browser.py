"""A blind session in a real browser, from its start to gold."""

import pytest

from pipeline.domain.reviews import Verdict
from pipeline.review.listening import Listening
from pipeline.store.calibration import find_calibration
from pipeline.store.calibration_gold import gold_of
from pipeline.store.reviews import reviews_of, standing
from tests.review.call_pages import settle
from tests.review.judgements import say

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def own_folder(app, tmp_path):
    """Decoded recordings go into the test's own folder."""
    app.state.listening = Listening(tmp_path / "playback")


def begun(page):
    """A manager begins a session of two calls, for Lin and Wang."""
    page.keyboard.press("c")
    page.fill("#s-name", "十一月")
    page.locator("input[name=n]").fill("2")
    for name in ("林晓燕", "王珂"):
        page.get_by_label(name).check()
    page.locator("#session-dialog .primary").click()
    page.wait_for_url("**/calibrations/1")


def judged(page, key):
    """Somebody judges the first hit of each call, and is through with it."""
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    for _ in range(2):
        page.wait_for_selector("#panel[data-tab]")
        assert page.locator(".tag", has_text="独立评判").is_visible()
        page.keyboard.press(key)
        if key == "x":
            page.keyboard.press("2")
        settle(page)
        page.keyboard.press("Shift+N")
        before = page.url
        page.keyboard.press("Shift+N")
        page.wait_for_url(lambda url, before=before: url != before)
    page.wait_for_url("**/calibrations/1")
    assert "已判 2 / 2 通" in page.locator("main").inner_text()


def test_from_the_start_to_gold(desk, page_as):
    manager = page_as("manager", path="/calibrations")
    begun(manager)
    session = find_calibration(desk.database, 1)
    for call in session.calls:
        say(desk, "author", Verdict.UNSURE, call=call, rule="survey-missing", text="作者以前说的")
    before = reviews_of(desk.database, session.calls)
    for login, key in (("lin", "y"), ("wang", "x")):
        page = page_as(login, path="/calibrations/1")
        judged(page, key)
        # The desk's own page of the call leads to the blind one.
        page.goto(f"/calls/{session.calls[0]}")
        assert "/calibrations/1/calls/" in page.url
        assert "作者以前说的" not in page.content()
    assert reviews_of(desk.database, session.calls) == before

    manager.reload()
    manager.click("#close-session")
    manager.wait_for_selector("#take-agreed")
    manager.keyboard.press("j")
    manager.keyboard.press("Enter")
    manager.wait_for_selector(".sides-by .differ")
    row = manager.locator(".sides-by tr.differ").first
    assert "有违规" in row.inner_text() and "没有" in row.inner_text()
    row.get_by_text("没有", exact=True).last.click()
    manager.fill("#note", "引用客户的话")
    manager.locator(".decide-gold .primary").click()
    manager.wait_for_url("**decided=**")
    assert "引用客户的话" in manager.locator(".sides-by").inner_text()
    gold = next(one for one in gold_of(desk.database, 1) if one.value == "no" and one.note == "引用客户的话")
    verdict = standing(desk.database, gold.recording_id).verdicts[gold.subject.id]
    assert verdict.said.verdict in (Verdict.REJECTED, Verdict.ABSENT)
    # Who said so sees how they did.
    lin = page_as("lin", path="/calibrations")
    assert "十一月" in lin.locator("#drift").inner_text()

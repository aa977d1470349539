"""Judgements that a call's page could not send: sent and spoken of on every other page."""

import json

import pytest

from pipeline.domain.reviews import ReviewKind
from pipeline.store.reviews import reviews_of
from tests.review.call_pages import CALL, opened, settle
from tests.review.samples import PASSWORD, recording_id

pytestmark = pytest.mark.slow
OTHER = recording_id("s06.wav")


def cut(page):
    """Cuts the connection for judgements alone."""
    page.route("**/reviews", lambda route: route.abort())
    page.route("**/healthz", lambda route: route.abort())


def mend(page):
    page.unroute("**/reviews")
    page.unroute("**/healthz")


@pytest.mark.parametrize("path", ["/queue", "/rules", f"/calls/{OTHER}"], ids=["queue", "rules", "another call"])
def test_they_are_sent_from_there_with_what_was_undone(page_as, desk, path):
    page = opened(page_as)
    cut(page)
    page.keyboard.press("y")
    page.wait_for_selector("#pending:not([hidden])")
    page.keyboard.press("z")
    mend(page)
    page.goto(path)
    settle(page)
    said = [entry.said for entry in reviews_of(desk.database, [CALL])[CALL]]
    assert [one.kind for one in said] == [ReviewKind.VERDICT, ReviewKind.UNDO]
    assert page.locator("#unsent").is_hidden()


@pytest.mark.parametrize("path", ["/queue", f"/calls/{OTHER}"], ids=["queue", "another call"])
def test_those_that_cannot_be_sent_are_counted_there(page_as, path):
    page = opened(page_as)
    cut(page)
    page.keyboard.press("y")
    page.wait_for_selector("#pending:not([hidden])")
    page.goto(path)
    page.wait_for_selector("#unsent:not([hidden])")
    assert "1 条判定待发送" in page.locator("#unsent").inner_text()


@pytest.mark.parametrize("path", ["/queue", f"/calls/{OTHER}"], ids=["queue", "another call"])
def test_those_that_were_refused_lead_to_their_call(page_as, path):
    page = opened(page_as)
    refusal = json.dumps({"detail": "转写已更新"})
    page.route("**/reviews", lambda route: route.fulfill(status=409, content_type="application/json", body=refusal))
    page.keyboard.press("y")
    page.wait_for_selector("#pending:not([hidden]) .error")
    page.goto(path)
    page.wait_for_selector("#unsent:not([hidden])")
    assert "1 条判定没有保存" in page.locator("#unsent").inner_text()
    page.click("#unsent a")
    page.wait_for_selector("#pending:not([hidden]) .error")
    assert page.url.endswith(CALL) and page.locator("#unsent").is_hidden()


def log_in_elsewhere(page, login):
    """The session has ended, and somebody logs in in another window of the same browser."""
    page.context.clear_cookies()
    window = page.context.new_page()
    window.goto("/login")
    window.fill("#login", login)
    window.fill("#password", PASSWORD)
    window.press("#password", "Enter")
    window.wait_for_url("**/queue")


def test_another_window_that_logged_in_anew_lends_its_token(page_as, desk):
    page = opened(page_as)
    log_in_elsewhere(page, "lin")
    page.keyboard.press("y")
    settle(page)
    assert len(reviews_of(desk.database, [CALL])[CALL]) == 1


def test_what_one_said_is_not_sent_in_the_name_of_another(page_as, desk):
    page = opened(page_as)
    log_in_elsewhere(page, "wang")
    page.keyboard.press("y")
    page.wait_for_selector("#pending:not([hidden]) .error")
    assert reviews_of(desk.database, [CALL]) == {}


def test_a_page_is_not_given_the_panel_of_another_who_logged_in_since(page_as):
    page = opened(page_as)
    asked = []
    page.route("**/panel?*", lambda route: asked.append(route))
    log_in_elsewhere(page, "wang")
    for _ in range(100):
        if asked:
            break
        page.wait_for_timeout(50)
    with page.expect_response("**/panel?*") as answer:
        asked[0].continue_()
    assert answer.value.status == 403
    page.keyboard.press("y")
    page.wait_for_selector("#pending:not([hidden]) .error")
    assert page.locator("#panel .holder").count() == 0

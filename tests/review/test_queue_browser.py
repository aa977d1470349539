"""The queue in a real browser, by keyboard alone."""

import re

import pytest

from pipeline.store import queue_listing
from pipeline.store.accounts import all_accounts
from pipeline.store.queue_filter import QueueFilter
from pipeline.store.queue_listing import list_queue
from pipeline.store.review_queue import take
from pipeline.store.search import index_missing
from tests.review.samples import PASSWORD, recording_id

pytestmark = pytest.mark.slow
IN_HAND = "document.querySelector('#rows > tr.cur')?.dataset.call"
FOCUSED = "document.activeElement.dataset.call ?? document.activeElement.id"


@pytest.fixture
def calls(desk):
    """The open calls, the highest risk first; all can be searched."""
    index_missing(desk.database)
    return [row.recording_id for row in list_queue(desk.database, QueueFilter()).rows]


@pytest.fixture
def queue(page_as, calls):
    page = page_as("reviewer", path="/queue")
    page.wait_for_function(f"() => {IN_HAND} !== undefined")
    return page


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def listed(page, *ids):
    """Waits until the list holds these calls and no other."""
    page.wait_for_function(
        "ids => [...document.querySelectorAll('#rows > tr[data-call]')].map((row) => row.dataset.call).join() === ids",
        arg=",".join(ids),
    )


def test_moving(queue, calls):
    assert queue.evaluate(IN_HAND) == calls[0]
    press(queue, "j", "j", "k")
    assert queue.evaluate(IN_HAND) == queue.evaluate(FOCUSED) == calls[1]
    press(queue, "End")
    assert queue.evaluate(IN_HAND) == calls[-1]
    press(queue, "j", "Home", "k")
    assert queue.evaluate(IN_HAND) == calls[0]
    assert queue.locator("#rows > tr[tabindex='0']").count() == 1
    press(queue, "Enter")
    queue.wait_for_url(f"**/calls/{calls[0]}")


def test_filter_search_view_next(queue, desk, calls):
    expected = [row.recording_id for row in list_queue(desk.database, QueueFilter(rule="escalation-risk")).rows]
    assert 0 < len(expected) < len(calls)
    # Typed at once, before the choices have come.
    press(queue, "r")
    queue.keyboard.type("escalation-risk")
    press(queue, "Enter")
    listed(queue, *expected)
    assert queue.url.endswith("/queue?rule=escalation-risk")
    assert "升级投诉风险" in queue.inner_text("#filter-rule")
    assert queue.evaluate(FOCUSED) == expected[0]
    assert queue.locator("#views a[aria-current]").inner_text().startswith("升级风险")

    press(queue, "/")
    queue.keyboard.type("曝光")
    s10 = recording_id("s10.opus")
    listed(queue, s10)
    assert queue.evaluate(FOCUSED) == "search"
    assert queue.input_value("#search") == "曝光"

    press(queue, "Escape", "v")
    queue.keyboard.type("要曝光的")
    press(queue, "Enter")
    queue.wait_for_selector("#views .own >> text=要曝光的")
    key = queue.locator("#views .own a").get_attribute("data-view")

    press(queue, "Backspace")
    listed(queue, *calls)
    assert queue.url.endswith("/queue")
    assert queue.input_value("#search") == ""
    press(queue, key)
    listed(queue, s10)

    press(queue, "n")
    queue.wait_for_url(re.compile(f"/calls/{s10}[?].*rule=escalation-risk"))
    queue.go_back()
    listed(queue, s10)


def test_more_rows_come_as_they_are_reached(page_as, calls, monkeypatch):
    monkeypatch.setattr(queue_listing, "PAGE", 3)
    page = page_as("reviewer", path="/queue", height=260)
    page.wait_for_function(f"() => {IN_HAND} !== undefined")
    for _ in calls:
        press(page, "j")
        page.wait_for_timeout(100)
    listed(page, *calls)
    press(page, "End")
    assert page.evaluate(IN_HAND) == calls[-1]
    assert page.locator("#rows > tr.more").count() == 0


def test_menu_is_left_by_escape(queue, calls):
    press(queue, "t")
    queue.wait_for_selector("#menu [role=option]")
    assert queue.get_attribute("#filter-team", "aria-expanded") == "true"
    press(queue, "Escape")
    assert not queue.locator("#menu").is_visible()
    assert queue.get_attribute("#filter-team", "aria-expanded") == "false"
    press(queue, "j")
    assert queue.evaluate(IN_HAND) == calls[1]


def test_arrows_choose_in_a_menu(queue):
    press(queue, "s")
    queue.wait_for_selector("#menu [role=option].at")
    press(queue, "ArrowDown", "ArrowDown", "Enter")
    queue.wait_for_url("**/queue?status=unflagged")


def test_dates_are_given_in_a_form(queue):
    press(queue, "d")
    queue.wait_for_selector("#menu-days")
    queue.fill("#menu-days [name=from]", "2026-11-04")
    queue.fill("#menu-days [name=to]", "2026-11-05")
    press(queue, "Enter")
    queue.wait_for_url("**/queue?from=2026-11-04&to=2026-11-05")
    assert "11-04 至 11-05" in queue.inner_text("#filter-date")


def test_order_keeps_the_call_in_hand(queue, calls):
    press(queue, "j", "o")
    queue.wait_for_url("**/queue?order=newest")
    queue.wait_for_function(f"() => {IN_HAND} === '{calls[1]}'")


def test_what_others_take_dims(queue, desk, calls):
    wang = next(each for each in all_accounts(desk.database) if each.login == "wang")
    take(desk.database, calls[0], wang.id)
    queue.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    queue.wait_for_selector(f"#call-{calls[0]}.taken >> text=王珂复核中")
    assert queue.evaluate(IN_HAND) == calls[0]
    press(queue, "n")
    queue.wait_for_url(f"**/calls/{calls[1]}")


def test_hearing_the_key_sentence(queue):
    audio = "document.getElementById('key-sentence')"
    press(queue, "Space")
    queue.wait_for_function(f"() => {audio}.currentTime > 0 && !{audio}.paused")
    assert queue.locator("#rows > tr.playing").count() == 1
    begins, ends = map(float, queue.get_attribute("#rows > tr.playing", "data-heard").split(","))
    assert begins <= queue.evaluate(f"{audio}.currentTime") < ends
    press(queue, "Space")
    queue.wait_for_function(f"() => {audio}.paused")
    assert queue.locator("#rows > tr.playing").count() == 0


def test_giving_calls_out(page_as, desk, calls):
    page = page_as("manager", path="/queue")
    page.wait_for_function(f"() => {IN_HAND} !== undefined")
    press(page, "x", "x", "b")
    page.wait_for_selector("#assign[open] #assign-account")
    assert page.inner_text("#picked-number") == "2"
    wang = page.locator("#assign-account option", has_text="王珂").get_attribute("value")
    page.select_option("#assign-account", wang)
    press(page, "Enter")
    page.wait_for_selector(f"#call-{calls[0]} .who >> text=王珂")
    assert page.evaluate(IN_HAND) == calls[2]
    rows = list_queue(desk.database, QueueFilter()).rows
    assert [row.assignee for row in rows[:3]] == ["王珂", "王珂", None]


def test_wide_screens_show_the_call_in_hand(page_as, calls):
    page = page_as("reviewer", path="/queue", width=1920, height=1080)
    page.wait_for_selector("#peek h2")
    first = page.inner_text("#peek")
    press(page, "j")
    page.wait_for_function("text => document.getElementById('peek').innerText !== text", arg=first)
    press(page, "Backspace")
    listed(page, *calls)


def test_an_ended_session_asks_for_the_password_before_the_next_call(queue):
    queue.context.clear_cookies()
    press(queue, "n")
    queue.wait_for_selector("#session-lost[open]")
    queue.fill("#session-password", PASSWORD)
    press(queue, "Enter")
    queue.wait_for_selector("#session-lost:not([open])", state="attached")
    press(queue, "n")
    queue.wait_for_url("**/calls/*")

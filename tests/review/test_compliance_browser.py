"""The desk of a compliance officer: everything is seen and heard, nothing judged."""

import pytest

from tests.review.call_pages import CALL, opened

pytestmark = pytest.mark.slow


def test_the_list_leads_to_calls_and_takes_none(page_as):
    page = page_as("compliance", path="/queue")
    page.wait_for_selector("#rows tr")
    assert page.locator("#next").count() == 0
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    page.wait_for_url("**/calls/*")
    assert page.locator("#back").get_attribute("href").startswith("/queue")


def test_a_call_is_read_with_who_judged_it_and_not_judged(page_as, client_as):
    lin = client_as("reviewer")
    said = {"key": "by-lin-0001", "kind": "verdict", "rule_id": "escalation-risk", "verdict": "confirmed"}
    assert lin.post(f"/calls/{CALL}/reviews", json=said).status_code == 200
    page = opened(page_as, "compliance")
    page.keyboard.press("4")
    page.wait_for_selector("#log .log")
    assert "林晓燕" in page.locator("#log").inner_text()
    page.keyboard.press("1")
    sent = []
    page.on("request", lambda request: sent.append(request.url))
    for key in ("y", "x", "1", "u", "z", "m", "e", "c", "n"):
        page.keyboard.press(key)
    assert page.locator("#panel .judge, #panel .acts, #panel.rejecting, #toasts > *").count() == 0
    # By then the page has asked for news, and a page of those who judge has told of what it could not send.
    page.wait_for_timeout(1700)
    assert [url for url in sent if "/panel?" not in url] == []


def test_what_was_not_hit_is_read_and_not_confirmed(page_as):
    page = opened(page_as, "compliance")
    page.keyboard.press("3")
    page.wait_for_selector("#clear-list .clr")
    page.keyboard.press("y")
    assert page.locator("#clear .acts").count() == 0 and page.locator("#clear .sending").count() == 0


def test_the_bar_has_what_a_compliance_officer_reads(page_as):
    page = page_as("compliance", path="/queue")
    shown = page.locator(".top nav").inner_text()
    for word in ("待复核", "规则", "质量报告", "管理"):
        assert word in shown
    page.click("#places summary")
    assert [text.split()[0] for text in page.locator("#places a").all_inner_texts()] == ["措施", "操作记录"]
    assert "申诉" not in shown

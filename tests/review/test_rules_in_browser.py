"""The author hears a case by its digit; an agent appeals and somebody else decides, by keyboard."""

import pytest
from playwright.sync_api import expect

from pipeline.domain.reviews import Verdict
from pipeline.store.reviews import reviews_of, standing
from tests.review.judgements import CALL, REASON, RULE, appealed, reviewed, say

pytestmark = pytest.mark.slow


def playing(page):
    """Whether sound comes, and where it is."""
    return page.evaluate("() => { const s = document.getElementById('sound'); return [!s.paused, s.currentTime]; }")


def test_a_case_is_heard_by_its_digit(desk, page_as):
    say(desk, "lin", Verdict.REJECTED)
    page = page_as("author", path=f"/rules/{RULE}")
    page.keyboard.press("9")
    assert playing(page)[0] is False
    page.keyboard.press("1")
    button = page.locator(".case.cur .play")
    expect(button).to_have_attribute("aria-pressed", "true")
    start_s = float(page.locator(".case.cur").get_attribute("data-play"))
    page.wait_for_function("start => document.getElementById('sound').currentTime > start", arg=start_s)
    assert playing(page)[1] < start_s + 3
    page.keyboard.press("Space")
    expect(button).to_have_attribute("aria-pressed", "false")


def test_a_case_is_kept_and_written_for_the_file(desk, page_as):
    say(desk, "lin", Verdict.REJECTED)
    page = page_as("author", path=f"/rules/{RULE}")
    page.keyboard.press("n")
    expect(page.locator(".case.cur .kept")).to_have_text("已留作反例")
    (kept,) = (entry for entry in reviews_of(desk.database, [CALL])[CALL] if entry.said.kind == "example")
    assert (kept.said.value, kept.said.rule_id) == ("bad", RULE)
    page.reload()
    page.keyboard.press("e")
    expect(page.locator("#edit-sheet")).to_contain_text("- turns: [")
    expect(page.locator("#edit-sheet")).to_contain_text(f"earmark rules test --rule {RULE}")
    page.keyboard.press("Escape")
    expect(page.locator("#edit-sheet")).to_be_hidden()


def test_the_list_opens_a_rule_by_keyboard(page_as):
    page = page_as("author", path="/rules?sort=rule")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    chosen = page.locator("#rules tr.cur").get_attribute("data-href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{chosen}")
    page.keyboard.press("Escape")
    page.wait_for_url("**/rules")


def test_an_appeal_from_the_agent_to_the_decision(desk, page_as):
    reviewed(desk)
    agent = page_as("agent", path="/mine")
    agent.keyboard.press("j")
    agent.keyboard.press("Enter")
    agent.wait_for_url(f"**/mine/{CALL}")
    agent.locator(".to-appeal summary").first.click()
    agent.fill("#reason-1", REASON)
    agent.click(".to-appeal .primary")
    expect(agent.locator(".finding").first).to_contain_text("待裁定")

    second = page_as("wang", path="/appeals")
    second.keyboard.press("j")
    second.keyboard.press("Enter")
    second.wait_for_url("**/appeals/1")
    assert "林晓燕" not in second.content()
    second.keyboard.press("Space")
    second.wait_for_function("() => document.getElementById('sound').currentTime > 23")
    # Without an answer nothing is sent.
    second.keyboard.press("x")
    assert second.url.endswith("/appeals/1")
    second.locator("h1").click()
    second.keyboard.press("c")
    second.keyboard.type("客户说的是别家公司。")
    second.keyboard.press("Escape")
    second.keyboard.press("x")
    second.wait_for_url("**/appeals?decided=1")
    assert standing(desk.database, CALL).verdicts[RULE].said.verdict == Verdict.REJECTED

    agent.reload()
    expect(agent.locator(".finding.turned")).to_contain_text("客户说的是别家公司。")
    assert "王珂" not in agent.content()


def test_of_two_deciders_the_later_is_told(desk, page_as):
    reviewed(desk)
    appealed(desk)
    first, second = (page_as(login, path="/appeals/1") for login in ("wang", "manager"))
    for page in (first, second):
        page.fill("#answer", "听过了")
    first.click("#uphold")
    first.wait_for_url("**/appeals?decided=1")
    second.click("#overturn")
    expect(second.get_by_role("alert").first).to_contain_text("已有他人裁定")


@pytest.mark.parametrize("path", ["/rules", f"/rules/{RULE}", "/appeals", "/appeals/1"])
@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080)])
def test_nothing_runs_out_of_the_page(desk, page_as, path, width, height):
    reviewed(desk)
    appealed(desk)
    page = page_as("manager", path=path, width=width, height=height)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    outside = page.evaluate(
        """() => [...document.querySelectorAll("main *")]
            .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
            .filter((one) => getComputedStyle(one).position !== "absolute")
            .map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert outside == []

"""What a manager does in a real browser: tries a plan and draws, reads a report, waits for estimates of a rule."""

import pytest
from playwright.sync_api import expect

from pipeline.domain.reviews import Verdict
from pipeline.store.sampling_store import stored_draws, stored_picks
from tests.review.judgements import CALL, RULE, finish, say
from tests.review.test_sampling import PLAN

pytestmark = pytest.mark.slow


def test_a_plan_is_tried_and_drawn(desk, page_as):
    (desk.settings.plans / "weekly.yaml").write_text(PLAN, encoding="utf-8")
    page = page_as("manager", path="/sampling")
    page.get_by_role("link", name="weekly.yaml").click()
    page.fill('[name="first"]', "2026-11-01")
    page.fill('[name="last"]', "2026-11-30")
    page.get_by_role("button", name="试抽").click()
    expect(page.locator("#tried")).to_contain_text("放弃")
    assert stored_draws(desk.database) == []
    page.get_by_role("button", name="抽样，放入待复核").click()
    page.wait_for_url("**/sampling/draws/1")
    assert page.locator("#rules tr").count() == len({pick.id for pick in stored_picks(desk.database, 1)}) == 4
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/calls/**")


def test_a_plan_is_read_from_a_file_and_its_problems_are_shown(page_as, tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("id: mine\n", encoding="utf-8")
    page = page_as("manager", path="/sampling/new")
    page.set_input_files("#file", file)
    expect(page.locator("#text")).to_have_value("id: mine\n")
    page.get_by_role("button", name="检查").click()
    expect(page.get_by_role("alert").first).to_contain_text("plan.yaml:1:1: a plan has a random audit")
    page.fill("#text", PLAN)
    page.get_by_role("button", name="检查").click()
    expect(page.locator("#chosen")).to_contain_text("未命中的通话")


def test_a_report_is_read_turned_and_taken_away(desk, page_as):
    say(desk, "lin", Verdict.CONFIRMED, rule="survey-missing")
    finish(desk)
    page = page_as("manager", path="/reports?kind=weekly%26day=2026-11-11")
    report = page.locator("#report .report")
    expect(report.locator("h1")).to_have_text("第 46 周质量报告")
    # Its own style sheet holds, in the desk's colours.
    assert report.evaluate("one => getComputedStyle(one).display") == "grid"
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert report.locator("h1").evaluate("one => getComputedStyle(one).color") == "rgb(231, 234, 238)"
    with page.expect_download() as started:
        page.keyboard.press("x")
    assert started.value.suggested_filename == "weekly-2026-11-09.xlsx"
    page.keyboard.press("BracketLeft")
    page.wait_for_url("**day=2026-11-08**")
    expect(report.locator("h1")).to_have_text("第 45 周质量报告")
    page.go_back()
    report.locator(f'a[href^="/calls/{CALL}"]').first.click()
    page.wait_for_url(f"**/calls/{CALL}**")


def test_estimates_come_to_an_open_page(desk, page_as):
    say(desk, "lin", Verdict.CONFIRMED)
    finish(desk)
    page = page_as("author", path=f"/rules/{RULE}?period=all")
    expect(page.locator("#rates")).to_contain_text("发生率")
    expect(page.locator("#rates [aria-pressed]")).to_have_text("全部")
    page.goto("/rules?period=30")
    expect(page.locator("#table [aria-busy]")).to_have_count(0)
    page.keyboard.press("j")
    expect(page.locator("#rules tr.cur")).to_have_count(1)


def test_the_menu_of_the_bar(page_as):
    page = page_as("manager", path="/queue")
    page.locator("#places summary").click()
    expect(page.get_by_role("link", name="抽样")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="抽样")).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("6")
    page.wait_for_url("**/sampling")
    expect(page.locator("#places summary")).to_have_text("抽样")


@pytest.mark.parametrize(
    ("path", "width", "height"),
    [
        ("/sampling", 1280, 720),
        ("/sampling/size?weekly=40%26agents=20", 1280, 720),
        ("/sampling/new", 1024, 640),
        ("/reports", 1280, 720),
        ("/reports", 1920, 1080),
    ],
)
def test_nothing_runs_out_of_the_page(page_as, path, width, height):
    page = page_as("manager", path=path, width=width, height=height)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    outside = page.evaluate(
        """() => [...document.querySelectorAll("main *, nav *, .callhead *")]
            .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
            .map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert outside == []

"""Makes the pictures of docs/review.md: the sample calls, judged a little, in a real browser.

Run: ``python docs/screenshots.py`` after `make test` or `make browser` has installed Chromium. Takes about a minute;
the pictures go to ``docs/images``.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
IMAGES = Path(__file__).parent / "images"
sys.path.insert(0, str(ROOT))

# ruff: noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright

from pipeline.batch.rule_set import load_rules
from pipeline.cli.review_reports import desk_reports
from pipeline.review.app import Desk, ReviewSettings, create_app
from pipeline.review.passwords import hash_password
from pipeline.store.accounts import add_account
from pipeline.store.database import open_database
from tests.review.conftest import CHROMIUM_FLAGS, SECRET, serving
from tests.review.samples import ACCOUNTS, PASSWORD

NARROW, WIDE = (1280, 720), (1920, 1080)
PLAN = """\
id: weekly
seed: 2026
reviewers: {hours: 1, calls_per_hour: 6}
audit: {share: 1}
parts:
  - {kind: targeted, name: flagged, what: flagged, share: 0.5}
  - {kind: random, name: everybody, n: 2}
"""


@contextmanager
def sample_desk(folder: Path) -> Iterator[str]:
    """The address of a desk over the sample calls, transcribed by the real model."""
    url = f"sqlite:///{folder / 'desk.db'}"
    samples = ROOT / "data" / "samples"
    earmark = Path(sys.executable).parent / "earmark"
    subprocess.run([earmark, "run", samples, "--manifest", samples / "manifest.csv", "--db", url], check=True)
    database = open_database(url)
    for login, (name, role, agent, team) in ACCOUNTS.items():
        hashed = hash_password(PASSWORD)
        add_account(database, login=login, name=name, role=role, password_hash=hashed, agent=agent, team=team)
    try:
        plans = folder / "plans"
        plans.mkdir()
        (plans / "weekly.yaml").write_text(PLAN, encoding="utf-8")
        settings = ReviewSettings(SECRET, hosts=("127.0.0.1",), plans=plans)
        reports = desk_reports(database, settings.timezone, None)
        with serving(create_app(Desk(database, load_rules(()), settings, reports=reports))) as address:
            yield address
    finally:
        database.close()


def page_of(browser: Browser, address: str, login: str, size: tuple[int, int] = NARROW, **options: Any) -> Page:
    """A page that is logged in."""
    context = browser.new_context(base_url=address, viewport={"width": size[0], "height": size[1]}, **options)
    page = context.new_page()
    page.goto("/login")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    return page


def take(page: Page, name: str) -> None:
    """Saves a picture of what the page shows."""
    page.wait_for_timeout(1_500)
    page.screenshot(path=IMAGES / f"{name}.png")


def press(page: Page, *keys: str) -> None:
    """Presses keys one after the other, as a person would."""
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(400)


def reviewers_pages(browser: Browser, address: str) -> None:
    """Queue, call, scorecard, what was clear, help."""
    page = page_of(browser, address, "lin")
    take(page, "queue")
    page.goto(f"{page.url}")
    press(page, "j", "Enter")
    page.wait_for_url("**/calls/**")
    page.wait_for_timeout(2_000)
    press(page, "y", "x", "1", "y", "Space")
    page.wait_for_timeout(2_500)
    press(page, "Space")
    take(page, "call")
    press(page, "2")
    take(page, "card")
    press(page, "3")
    take(page, "clear")
    press(page, "Shift+Slash")
    take(page, "help")
    press(page, "Escape", "1", "y", "y", "y", "y", "Shift+N", "Shift+N")
    page.context.close()
    wide = page_of(browser, address, "wang", WIDE, color_scheme="dark")
    take(wide, "queue-wide-dark")
    press(wide, "Enter")
    wide.wait_for_url("**/calls/**")
    wide.wait_for_timeout(2_000)
    take(wide, "call-wide-dark")
    wide.context.close()


def other_pages(browser: Browser, address: str) -> None:
    """The rule author's, the team leader's and the manager's."""
    author = page_of(browser, address, "author")
    author.goto("/rules")
    author.goto("/rules?period=all")
    author.wait_for_selector("#table:not(:has([aria-busy]))")
    take(author, "rules")
    author.goto("/rules/forbidden-phrase?period=all")
    take(author, "rule")
    author.context.close()
    english = page_of(browser, address, "manager", color_scheme="dark")
    english.goto("/audit")
    take(english, "audit")
    english.context.close()
    manager = page_of(browser, address, "manager")
    manager.goto("/sampling/plans/weekly.yaml")
    manager.fill("[name=first]", "2026-11-01")
    manager.fill("[name=last]", "2026-11-30")
    manager.click("#chosen .ask button")
    take(manager, "sampling")
    manager.goto("/reports?kind=monthly&day=2026-11-01")
    take(manager, "report")
    manager.context.close()
    login = browser.new_context(base_url=address, viewport={"width": NARROW[0], "height": NARROW[1]}).new_page()
    login.goto("/login")
    take(login, "login")


def squeeze() -> None:
    """Brings the pictures to 128 colours: a third of the size, and nobody sees it."""
    for picture in IMAGES.glob("*.png"):
        if shutil.which("convert"):
            subprocess.run(["convert", picture, "+dither", "-colors", "128", "-strip", f"PNG8:{picture}"], check=True)


def main() -> None:
    """Makes all pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sample_desk(Path(folder)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        reviewers_pages(browser, address)
        other_pages(browser, address)
        browser.close()
    squeeze()


if __name__ == "__main__":
    main()

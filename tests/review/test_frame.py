"""The frame in a real browser: keys, help, theme, language, a session that ended, a connection that was lost."""

import pytest
from sqlalchemy import delete

from pipeline.store.review_tables import sessions
from tests.review.samples import PASSWORD

pytestmark = pytest.mark.slow


@pytest.fixture
def manager(page_as):
    return page_as("manager", path="/audit")


def test_help_has_the_keys_to_itself(manager):
    manager.keyboard.press("Shift+Slash")
    assert manager.locator("#help").is_visible()
    manager.keyboard.press("g")
    manager.keyboard.press("2")
    assert manager.url.endswith("/audit")
    manager.keyboard.press("Escape")
    assert not manager.locator("#help").is_visible()


def test_g_and_a_digit_lead_to_a_page(page_as):
    page = page_as("manager", path="/audit?action=login")
    page.keyboard.press("g")
    page.keyboard.press("5")
    page.wait_for_url("**/audit")


def test_keys_are_letters_in_a_text_field(manager):
    manager.focus("#audit-login")
    manager.keyboard.type("g5?")
    assert manager.input_value("#audit-login") == "g5?"
    assert not manager.locator("#help").is_visible()
    manager.keyboard.press("Escape")
    assert manager.evaluate("document.activeElement === document.body")
    manager.keyboard.press("Shift+Slash")
    assert manager.locator("#help").is_visible()


def test_slash_leads_to_the_search(manager):
    manager.keyboard.press("/")
    assert manager.evaluate("document.activeElement.id") == "audit-login"


BINDING = """async () => {
  const address = [...document.scripts].find((script) => script.src.endsWith("/desk.js")).src;
  const { bind } = await import(address.replace("desk.js", "keys.js"));
  window.pressed = [];
  const note = (name, answer) => () => { window.pressed.push(name); return answer; };
  const inner = document.querySelector(".filters");
  bind(document, { KeyY: note("document") });
  bind(inner, { KeyY: note("inner", false), KeyX: note("x") });
  window.unbind = bind(document, { KeyY: note("newer", false), Space: note("space") });
}"""


def test_the_innermost_scope_wins_then_the_newest(manager):
    manager.evaluate(BINDING)
    manager.focus(".filters button")
    manager.keyboard.press("y")
    assert manager.evaluate("window.pressed.splice(0)") == ["inner", "newer", "document"]
    manager.evaluate("document.activeElement.blur()")
    manager.keyboard.press("y")
    manager.keyboard.press("x")
    assert manager.evaluate("window.pressed.splice(0)") == ["newer", "document"]
    manager.evaluate("window.unbind()")
    manager.keyboard.press("y")
    assert manager.evaluate("window.pressed.splice(0)") == ["document"]


def test_space_presses_the_button_that_has_the_focus(manager):
    manager.evaluate(BINDING)
    manager.evaluate("document.activeElement.blur()")
    manager.keyboard.press("Space")
    manager.focus("#help-button")
    manager.keyboard.press("Space")
    assert manager.evaluate("window.pressed") == ["space"]
    assert manager.locator("#help").is_visible()


@pytest.mark.parametrize("pressed", ["Control+y", "Alt+y", "Meta+y"])
def test_keys_of_the_browser_are_left_to_it(manager, pressed):
    manager.evaluate(BINDING)
    manager.keyboard.press(pressed)
    assert manager.evaluate("window.pressed") == []


def test_a_key_that_composes_is_not_taken(manager):
    manager.evaluate(BINDING)
    event = "new KeyboardEvent('keydown', {code: 'KeyY', key: 'y', bubbles: true, isComposing: true})"
    manager.evaluate(f"document.body.dispatchEvent({event})")
    assert manager.evaluate("window.pressed") == []
    # What an input method sends where nothing is being composed has another character, but the same place.
    event = "new KeyboardEvent('keydown', {code: 'KeyY', key: '一', bubbles: true})"
    manager.evaluate(f"document.body.dispatchEvent({event})")
    assert manager.evaluate("window.pressed") == ["newer", "document"]


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


@pytest.mark.parametrize(("scheme", "shown"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(22, 25, 29)")])
def test_the_theme_is_the_systems_until_one_is_chosen(page_as, scheme, shown):
    page = page_as("manager", path="/audit", color_scheme=scheme)
    assert background(page) == shown
    other, expected = ("dark", "rgb(22, 25, 29)") if scheme == "light" else ("light", "rgb(255, 255, 255)")
    page.click(".account > .btn")
    page.click(f'[data-theme-choice="{other}"]')
    assert background(page) == expected
    page.reload()
    assert background(page) == expected
    page.click(".account > .btn")
    page.click('[data-theme-choice=""]')
    page.reload()
    assert background(page) == shown


def test_the_language_changes_in_place(manager):
    manager.click(".account > .btn")
    manager.click('#account-menu button[name="language"]')
    manager.wait_for_selector("text=Audit log")
    assert manager.evaluate("document.documentElement.lang") == "en"
    assert manager.url.endswith("/audit")


def test_logging_out(manager):
    manager.click(".account > .btn")
    manager.click("text=退出登录")
    manager.wait_for_url("**/login")
    manager.goto("/audit")
    manager.wait_for_url("**/login?next=/audit")


POST = """async () => {
  const address = [...document.scripts].find((script) => script.src.endsWith("/desk.js")).src;
  const { post, Lost } = await import(address);
  window.back = 0;
  document.addEventListener("earmark:back", () => { window.back += 1; });
  window.send = () => post("/language", new URLSearchParams({ language: "zh" }))
    .then((answer) => answer.status, (error) => error instanceof Lost ? error.message : String(error));
}"""


def test_a_session_that_ended_is_renewed_on_the_page(manager, desk):
    manager.evaluate(POST)
    assert manager.evaluate("send()") == 204
    with desk.database.writing() as connection:
        connection.execute(delete(sessions))
    assert manager.evaluate("send()") == "session"
    assert manager.locator("#session-lost").is_visible()
    manager.fill("#session-password", "wrong password")
    manager.press("#session-password", "Enter")
    manager.wait_for_selector("#session-error:not([hidden])")
    assert "用户名或密码不正确" in manager.text_content("#session-error")
    manager.fill("#session-password", PASSWORD)
    manager.press("#session-password", "Enter")
    manager.wait_for_selector("#session-lost", state="hidden")
    assert manager.evaluate("window.back") == 1
    assert manager.evaluate("send()") == 204


def test_a_lost_connection_is_said_and_looked_for(manager):
    manager.evaluate(POST)
    manager.route("**/language", lambda route: route.abort())
    manager.route("**/healthz", lambda route: route.abort())
    assert manager.evaluate("send()") == "connection"
    assert manager.locator("#offline").is_visible()
    manager.unroute("**/healthz")
    manager.unroute("**/language")
    manager.wait_for_selector("#offline", state="hidden")
    assert manager.evaluate("window.back") == 1
    assert manager.evaluate("send()") == 204


CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (rgb(colour)[3] > 250) return colour;
    }
    return getComputedStyle(document.body).backgroundColor;
  };
  const bad = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    const box = node.getBoundingClientRect();
    if (!own || !box.width || node.closest("svg, [hidden], .vh, option")) continue;
    const [a, b] = [light(rgb(getComputedStyle(node).color)), light(rgb(behind(node)))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const named = `${node.tagName}.${node.className} ${node.textContent.trim().slice(0, 20)}`;
    if (ratio < 4.5) bad.push(`${named} ${ratio.toFixed(2)}`);
  }
  return bad;
}"""
"""WCAG 2.2, 1.4.3: text has a contrast of 4.5:1 at least. Source: w3.org/TR/WCAG22, relative luminance."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/audit", "/nothing"])
def test_text_can_be_read(page_as, path, scheme):
    page = page_as("manager", path="/audit", color_scheme=scheme)
    page.goto(path)
    page.click(".account > .btn")
    assert page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("width", [1280, 1920])
def test_nothing_runs_out_of_the_window(page_as, width):
    page = page_as("manager", path="/audit", width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # The top bar of the reference design is 44 px high, the key strip 32.
    assert page.evaluate("document.querySelector('.top').getBoundingClientRect().height") == 44
    assert page.evaluate("document.querySelector('.foot').getBoundingClientRect().height") == 32

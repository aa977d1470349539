"""The page of a call in a real browser, judged by keyboard."""

import re
from datetime import UTC, datetime

import pytest

from pipeline.review.listening import Listening
from pipeline.store.queue_listing import held_by_others
from pipeline.store.reviews import reviews_of, standing
from tests.review.call_pages import CALL, HITS, current, opened, settle, sound, verdicts
from tests.review.test_audio import move_to

pytestmark = pytest.mark.slow

SELECT = """() => {
  const walker = document.createTreeWalker(document.querySelector('#turn-1 .t'), NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  const place = (offset) => {
    for (const node of nodes) { if (offset <= node.data.length) return [node, offset]; offset -= node.data.length; }
  };
  const range = document.createRange();
  range.setStart(...place(2));
  range.setEnd(...place(6));
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}"""
"""Selects the third to the sixth character of the second turn."""


@pytest.fixture(autouse=True)
def own_folder(app, tmp_path):
    """Decoded recordings go into the test's own folder."""
    app.state.listening = Listening(tmp_path / "playback")


def test_judging_by_keyboard_alone(page_as, desk):
    page = opened(page_as)
    rules = page.locator(HITS).evaluate_all("rows => rows.map(row => row.dataset.row)")
    assert len(rules) >= 3
    page.keyboard.press("Space")
    assert current(page) == rules[0]
    page.keyboard.press("y")
    # The focus is on the next one at once; the sound goes on.
    assert current(page) == rules[1]
    assert sound(page, "paused") is False
    page.keyboard.press("x")
    page.keyboard.press("2")
    page.keyboard.press("u")
    settle(page)
    entries = reviews_of(desk.database, [CALL])[CALL]
    assert [(entry.said.rule_id, entry.said.verdict, entry.said.reason) for entry in entries] == [
        (rules[0], "confirmed", None),
        (rules[1], "rejected", "quoted"),
        (rules[2], "unsure", None),
    ]
    assert "驳回：引用转述" in page.locator(HITS).nth(1).inner_text()
    # Undo, by a new entry; the word before stands again.
    page.keyboard.press("z")
    settle(page)
    assert rules[2] not in verdicts(desk)
    assert len(reviews_of(desk.database, [CALL])[CALL]) == 4
    # Escape leaves the reasons; digits are tabs again then.
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    page.keyboard.press("4")
    assert page.locator("#panel").get_attribute("data-tab") == "log"
    assert page.locator("#log-list [data-row]").count() == 4


def test_keys_go_by_their_place_not_their_character(page_as, desk):
    # As a Chinese input method has it: the character is another, or none.
    page = opened(page_as)
    page.evaluate(
        "() => document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'Process', code: 'KeyY', bubbles: true, cancelable: true}))"
    )
    settle(page)
    assert list(verdicts(desk).values()) == ["confirmed"]


def test_one_piece_is_rejected_alone(page_as, desk):
    page = opened(page_as)
    page.locator(HITS, has_text="抢话").first.click()
    page.keyboard.press(".")
    page.keyboard.press("Shift+X")
    settle(page)
    found = standing(desk.database, CALL)
    assert found.verdicts == {}
    (spot,) = found.spots.values()
    second = page.evaluate(
        "() => JSON.parse(document.getElementById('panel-data').textContent)"
        ".hits.find(hit => hit.rule === 'interruption').pieces[1]"
    )
    assert (spot.said.rule_id, spot.said.place.start_s) == ("interruption", second["start"])


def test_correcting_a_turn(page_as, desk):
    page = opened(page_as)
    page.keyboard.press("Shift+K")
    page.keyboard.press("Shift+K")
    turn = int(page.locator(".turn.on").get_attribute("data-turn"))
    original = page.locator(f"#turn-{turn} .t").inner_text()
    page.keyboard.press("e")
    # Keys are text now.
    page.keyboard.press("Control+A")
    page.keyboard.type("您好xyz <b>改过</b>")
    page.keyboard.press("Enter")
    settle(page)
    page.wait_for_selector(f"#turn-{turn} .new")
    assert "您好xyz <b>改过</b>" in page.locator(f"#turn-{turn} .new").inner_text()
    assert page.locator(f"#turn-{turn} .t").inner_text() == original
    entry = standing(desk.database, CALL).corrections[turn]
    assert (entry.said.text, entry.said.place.quote) == ("您好xyz <b>改过</b>", original)
    assert verdicts(desk) == {}
    # Escape leaves another try without a trace.
    page.keyboard.press("e")
    page.keyboard.type("不要")
    page.keyboard.press("Escape")
    assert page.locator(".fixer").count() == 0
    assert len(reviews_of(desk.database, [CALL])[CALL]) == 1


def test_marking_what_a_rule_missed(page_as, desk):
    page = opened(page_as)
    page.evaluate(SELECT)
    chosen = page.evaluate("() => getSelection().toString()")
    page.keyboard.press("m")
    page.wait_for_selector("#missed-dialog[open]")
    assert page.locator("#missed-quote").inner_text() == chosen
    page.keyboard.type("insult")
    page.keyboard.press("Enter")
    page.wait_for_selector("#turn-1 mark.missed")
    settle(page)
    place = standing(desk.database, CALL).verdicts["insult"].said.place
    assert (place.turn, place.char_start, place.char_end, place.quote) == (1, 2, 6, chosen)
    # By keyboard alone: without a selection it is the whole turn.
    page.keyboard.press("Shift+J")
    page.keyboard.press("m")
    page.keyboard.type("先挂")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_selector(".turn.on .tag.missed")
    settle(page)
    assert verdicts(desk)["agent-hangs-up"] == "missed"


def test_clear_rules_are_confirmed_and_the_card_is_filled(page_as, desk):
    page = opened(page_as)
    page.keyboard.press("3")
    first = current(page)
    page.keyboard.press("y")
    assert current(page) != first
    page.keyboard.press("2")
    page.keyboard.press("j")
    item = current(page)
    page.keyboard.press("u")
    settle(page)
    assert verdicts(desk) == {first: "absent"}
    assert standing(desk.database, CALL).scores["default@1", item].said.value == "fair"
    assert page.locator(f'#card [data-row="{item}"] [aria-checked="true"]').inner_text().startswith("中")


def test_a_comment_is_kept_while_the_panel_changes(page_as, desk):
    page = opened(page_as)
    page.keyboard.press("c")
    page.keyboard.type("yxu 备注")
    # Somebody else judges meanwhile; the page asks.
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("y")
    settle(page)
    page.keyboard.press("c")
    assert page.locator("#comment").input_value() == "yxu 备注"
    page.keyboard.press("Enter")
    settle(page)
    assert [entry.said.text for entry in standing(desk.database, CALL).comments] == ["yxu 备注"]


def test_a_lost_connection_loses_nothing_and_sends_nothing_twice(page_as, desk):
    page = opened(page_as)
    answered = []
    page.on("response", lambda answer: answered.append(answer.url) if answer.url.endswith("/reviews") else None)
    # The first is stored, but its answer does not come back; then everything is cut.
    state = {"cut": False}

    def handle(route):
        if not state["cut"]:
            state["cut"] = True
            route.fetch()
        route.abort()

    page.route("**/reviews", handle)
    page.route("**/healthz", lambda route: route.abort())
    page.keyboard.press("y")
    page.keyboard.press("u")
    page.wait_for_function("() => document.getElementById('offline').hidden === false")
    page.wait_for_function("() => document.getElementById('pending').hidden === false")
    assert "待发送" in page.locator(HITS).nth(0).inner_text()
    assert "待发送" in page.locator(HITS).nth(1).inner_text()
    assert len(reviews_of(desk.database, [CALL])[CALL]) == 1
    # Closed and opened again: what was not sent is sent then.
    page.unroute("**/reviews")
    page.unroute("**/healthz")
    page.reload()
    settle(page)
    entries = reviews_of(desk.database, [CALL])[CALL]
    assert [entry.said.verdict for entry in entries] == ["confirmed", "unsure"]
    page.wait_for_function("() => document.getElementById('pending').hidden")


def test_what_the_server_refuses_is_shown_with_its_reason(page_as, desk):
    page = opened(page_as)
    page.route(
        "**/reviews",
        lambda route: route.fulfill(
            status=409, content_type="application/json", body='{"detail": "转写已更新，请刷新页面再判"}'
        ),
    )
    page.keyboard.press("y")
    page.wait_for_selector("#pending:not([hidden]) .error")
    assert "转写已更新" in page.locator("#pending").inner_text()
    page.unroute("**/reviews")
    page.get_by_role("button", name="重试").click()
    settle(page)
    assert list(verdicts(desk).values()) == ["confirmed"]


def test_an_ended_session_keeps_the_judgement(page_as, desk):
    page = opened(page_as)
    page.context.clear_cookies()
    page.keyboard.press("y")
    page.wait_for_selector("#session-lost[open]")
    page.fill("#session-password", "correct horse battery")
    page.keyboard.press("Enter")
    settle(page)
    assert list(verdicts(desk).values()) == ["confirmed"]


def test_a_call_stays_in_hand_when_its_page_is_reloaded(page_as, desk):
    page = opened(page_as)
    page.reload()
    # The old page gives the call back as it goes, which may arrive after the new one has taken it.
    page.wait_for_timeout(2500)
    assert held_by_others(desk.database, 0, datetime.now(UTC)) == {CALL: "林晓燕"}


def test_only_one_works_on_a_call_until_it_is_taken_over(page_as, desk):
    opened(page_as, "lin")
    page = opened(page_as, "wang")
    assert "林晓燕 正在复核" in page.locator(".holder").inner_text()
    page.keyboard.press("y")
    page.wait_for_selector(".toast.error")
    assert reviews_of(desk.database, [CALL]) == {}
    page.keyboard.press("t")
    page.wait_for_selector(".holder", state="detached")
    page.keyboard.press("y")
    settle(page)
    assert [entry.by for entry in reviews_of(desk.database, [CALL])[CALL]] == ["王珂"]


def test_finishing_with_hits_unjudged_asks_once(page_as, desk):
    page = opened(page_as)
    page.keyboard.press("Shift+N")
    page.wait_for_selector(".toast:has-text('处未判')")
    settle(page)
    assert standing(desk.database, CALL).finished is None
    assert CALL in page.url


def test_finishing_leads_to_the_next_call(page_as, desk):
    page = opened(page_as)
    page.keyboard.press("Shift+N")
    page.keyboard.press("Shift+N")
    page.wait_for_url(lambda url: CALL not in url and "/calls/" in url)
    assert standing(desk.database, CALL).finished is not None
    page.wait_for_selector("#panel[data-tab]")
    page.keyboard.press("Escape")
    page.wait_for_url("**/queue*")


def test_a_recording_that_has_gone_can_still_be_read_and_judged(page_as, desk, tmp_path):
    move_to(desk, tmp_path / "gone.wav", call=CALL)
    page = opened(page_as)
    assert "录音文件已不在" in page.locator(".gone").inner_text()
    for key in ("Space", "ArrowRight", "Enter", "y"):
        page.keyboard.press(key)
    settle(page)
    assert list(verdicts(desk).values()) == ["confirmed"]
    assert re.search(r"0:\d\d", page.locator("#wave-head").text_content())

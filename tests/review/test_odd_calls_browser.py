"""Calls that are not like the others, in a real browser: without words, and with one channel for both parties."""

import pytest

from pipeline.domain.calls import Role, Turn
from pipeline.store.accounts import find_account, set_language
from tests.review import long_calls
from tests.review.call_pages import opened

pytestmark = pytest.mark.slow


def add_call(desk, folder, monkeypatch, *turns):
    """A call of a minute with these turns."""
    monkeypatch.setattr(long_calls, "MINUTES", 1)
    monkeypatch.setattr(long_calls, "_turns", lambda: list(turns))
    return long_calls.add_long_call(desk.database, folder)


def test_keys_on_a_call_without_words(page_as, desk, tmp_path, monkeypatch):
    page = opened(page_as, call=add_call(desk, tmp_path, monkeypatch))
    assert "没有转写出任何话" in page.locator("#main").inner_text()
    # That no key raises an error is for `page_as` to see.
    for key in ("Shift+J", "Shift+K", "e", "m", "h", "j", "k", ",", ".", "Enter", "y", "3", "m", "2", "4", "z"):
        page.keyboard.press(key)


@pytest.mark.parametrize("width", [1280, 1920])
def test_words_for_an_unknown_speaker_have_room_in_english(page_as, desk, tmp_path, monkeypatch, width):
    set_language(desk.database, find_account(desk.database, "lin")[0].id, "en")
    call = add_call(desk, tmp_path, monkeypatch, Turn(0, Role.UNKNOWN, 1.0, 2.0, "您好", 0, ()))
    page = opened(page_as, call=call, width=width)
    assert page.eval_on_selector("#turn-0 .who", "it => it.scrollWidth <= it.clientWidth")

"""The frame in a real browser: keys, help, theme, language, a session that ended, a connection that was lost."""

import pytest

pytestmark = pytest.mark.slow


def test_help_by_key(page_as):
    page = page_as("manager", path="/audit")
    page.keyboard.press("Shift+Slash")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()

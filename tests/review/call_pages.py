"""The page of a call as tests of it need it: opened, its sound, what was sent."""

from pipeline.store.reviews import standing
from tests.review.samples import recording_id

CALL = recording_id("s10.opus")
HITS = "#hit-list > li"


def opened(page_as, login="lin", call=CALL, **options):
    """A page with the call, ready for keys."""
    page = page_as(login, path=f"/calls/{call}", **options)
    page.wait_for_selector("#panel[data-tab]")
    return page


def settle(page):
    """Waits until everything is sent."""
    page.wait_for_function(
        "() => !Object.keys(localStorage).some(k => k.startsWith('earmark.outbox') && localStorage[k] !== '[]')"
    )


def verdicts(desk, call=CALL):
    return {rule: review.said.verdict.value for rule, review in standing(desk.database, call).verdicts.items()}


def sound(page, what):
    return page.evaluate(f"() => document.getElementById('sound').{what}")


def current(page):
    return page.locator("#panel [aria-current]").get_attribute("data-row")

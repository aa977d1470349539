"""What tests of the desk need: sample calls, accounts, clients that are logged in, and a real browser."""

import shutil
import socket
import threading
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
import uvicorn
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from playwright.sync_api import sync_playwright

from pipeline.batch.rule_set import load_rules
from pipeline.cli.review_reports import desk_reports
from pipeline.domain.accounts import AccountRole
from pipeline.review import passwords
from pipeline.review.app import Desk, ReviewSettings, create_app
from pipeline.store.database import open_database
from tests.review.samples import LOGIN_OF, PASSWORD, fill

SECRET = "a secret of the tests, 32 long or more"
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


@pytest.fixture(scope="session")
def pack():
    """The standard rules."""
    return load_rules(())


@pytest.fixture(scope="session", autouse=True)
def quick_hashes():
    """Hashes of the same kind that take no time: hundreds of logins are no test of argon2."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory, quick_hashes):
    """The file of a database with the samples and accounts, to be copied."""
    file = tmp_path_factory.mktemp("samples") / "samples.db"
    fill(f"sqlite:///{file}")
    # What lies in the write-ahead log has to be in the file before it is copied.
    opened = open_database(f"sqlite:///{file}")
    with opened.reading() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    opened.close()
    return file


@pytest.fixture
def desk(sample_store, pack, tmp_path):
    """A desk of its own for the test: ten calls, eight accounts, a folder for sampling plans that is empty."""
    copied = shutil.copy(sample_store, tmp_path / "desk.db")
    database = open_database(f"sqlite:///{copied}")
    plans = tmp_path / "plans"
    plans.mkdir()
    settings = ReviewSettings(SECRET, hosts=("localhost", "127.0.0.1"), plans=plans, cache=tmp_path / "playback")
    yield Desk(database, pack, settings, reports=desk_reports(database, settings.timezone, None))
    database.close()


@pytest.fixture
def app(desk):
    """The application on that desk."""
    return create_app(desk)


def log_in(client: TestClient, login: str, password: str = PASSWORD) -> None:
    """Logs in as the page does, and keeps the CSRF token for every later request of the client."""
    json = {"Accept": "application/json"}
    form = client.get("/login", headers=json).json()
    answer = client.post("/login", headers=json, data={"login": login, "password": password, "csrf": form["csrf"]})
    assert answer.status_code == 200, answer.text
    client.headers["X-CSRF-Token"] = answer.json()["csrf"]


@pytest.fixture
def anonymous(app):
    """A client that nobody has logged in with."""
    with TestClient(app, base_url="http://localhost", follow_redirects=False) as client:
        yield client


@pytest.fixture
def client_as(app):
    """``client_as("reviewer")``: a client that is logged in as that role, or as a login such as ``"wang"``."""
    opened = []

    def client(role: str | AccountRole) -> TestClient:
        made = TestClient(app, base_url="http://localhost", follow_redirects=False)
        opened.append(made)
        log_in(made, LOGIN_OF.get(role, role))
        return made

    yield client
    for made in opened:
        made.close()


@contextmanager
def serving(app):
    """The address of a server that answers on a free port until the end of the block."""
    # asyncio turns off Nagle's algorithm only where TCP is named; with it each answer takes 40 ms more.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    # From here on a client waits until the server is up, rather than being refused.
    listener.listen(128)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


@pytest.fixture
def server(app):
    """The address of the desk, served for real."""
    with serving(app) as url:
        yield url


# Not for the whole session: while Playwright is open, nothing else in this thread can run an event loop.
@pytest.fixture(scope="package")
def browser():
    """Debian's Chromium, driven by Playwright."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.fail("the browser tests need Chromium: `make browser`, or apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def page_as(browser, server):
    """``page_as("reviewer")``: a page of a browser that is logged in as that role or login, at its first page.

    The test fails where a page broke the content security policy, raised an error, or asked another host.
    """
    contexts, faults = [], []

    def page(role: str | AccountRole, *, path: str = "", width: int = 1280, height: int = 720, **options):
        context = browser.new_context(base_url=server, viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        made = context.new_page()
        made.set_default_timeout(10_000)
        _watch(made, server, faults)
        made.goto(f"/login?next={path}")
        made.fill("#login", LOGIN_OF.get(role, role))
        made.fill("#password", PASSWORD)
        made.press("#password", "Enter")
        made.wait_for_url(lambda url: "/login" not in url)
        return made

    yield page
    for context in contexts:
        context.close()
    assert not faults


def _watch(page, server: str, faults: list[str]) -> None:
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))

    def on_console(said) -> None:
        if "Content Security Policy" in said.text:
            faults.append(said.text)

    def on_request(request) -> None:
        if urlsplit(request.url).netloc not in (urlsplit(server).netloc, ""):
            faults.append(f"another host: {request.url}")

    page.on("console", on_console)
    page.on("request", on_request)

"""Reports as they leave: page, workbook, JSON, and what a browser and a printer make of the page."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import sync_playwright
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.domain.errors import ConfigError, StoreError
from pipeline.reports.data import as_json
from pipeline.reports.kinds import Kind
from pipeline.reports.page import render
from pipeline.store.database import open_database
from tests.reports.builders import Centre, small_centre
from tests.review.conftest import CHROMIUM_FLAGS

GOLDEN = Path(__file__).parent / "golden"
TOO_WIDE = """[...document.querySelectorAll("section, html")]
    .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.innerText.slice(0, 40))"""
KINDS = tuple(Kind)


@pytest.fixture
def earmark(small_url):
    """Runs `earmark report` on the small centre; errors come as they are."""

    def invoke(*arguments, db=small_url):
        done = CliRunner().invoke(app, ["report", *map(str, arguments), "--db", db], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done

    return invoke


class Page(HTMLParser):
    """The tags, addresses and words of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses, self.attributes, self.words = [], [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.update(name for name, _ in attrs)
        self.addresses += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data):
        self.words.append(data.strip())


def golden(name, text):
    """Compares with the stored file. To renew it after a wanted change, delete it and run the test twice."""
    file = GOLDEN / name
    if not file.exists():
        file.write_text(text, encoding="utf-8")
        pytest.fail(f"{file} was missing and is written: look at it and run again")
    assert text == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_page_is_as_it_was(small, lang):
    golden(f"weekly.{lang}.html", render(small.report(desk_url="http://desk"), lang))


def test_json_is_as_it_was(small):
    def rounded(value):
        if isinstance(value, float):
            return round(value, 9)
        if isinstance(value, dict):
            return {key: rounded(one) for key, one in value.items()}
        return [rounded(one) for one in value] if isinstance(value, list) else value

    text = json.dumps(rounded(json.loads(as_json(small.report()))), ensure_ascii=False, indent=1)
    golden("weekly.json", text + "\n")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_stands_alone(earmark, kind, lang):
    text = earmark(kind, "--date", "2026-11-11", "--lang", lang).stdout
    page = Page(text)
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert page.addresses == [], "nothing is fetched, and without a desk there is nowhere to go"
    assert not {name for name in page.attributes if name.startswith("on")} | ({"style"} & page.attributes)
    assert not re.search(r"url\(|@import", text)
    if lang == "en":
        shown = " ".join(page.words)
        foreign = re.findall("[一-鿿]", shown.replace("一组", "").replace("二组", ""))
        assert not foreign, "teams have Chinese names, nothing else is Chinese"


@pytest.mark.parametrize("kind", KINDS)
def test_workbook_reads_back(earmark, tmp_path, kind):
    file = tmp_path / "report.xlsx"
    earmark(kind, "--date", "2026-11-11", "--out", file, "--lang", "en")
    book = load_workbook(file)
    assert book.sheetnames[0] == "Summary"
    assert dict(book["Summary"].iter_rows(min_row=2, max_col=2, values_only=True))["evaluated"] == {
        "daily": 4,
        "monthly": 20,
        "training": 20,
    }.get(kind, 12)
    if kind == "weekly":
        rows = {row[0]: row for row in book["Accuracy by class"].iter_rows(min_row=2, values_only=True)}
        assert rows["Customer-critical"][1:3] == (0.75, 12)
        assert rows["Customer-critical"][3] == pytest.approx(0.4677, abs=1e-4), "Wilson, 9 of 12"
        assert rows["Pass rate"][1:5] == ("n/a", 0, "n/a", "n/a")
        assert book["Accuracy by class"]["B2"].number_format == "0.0%"
        teams = {row[0]: row for row in book["Teams"].iter_rows(min_row=2, values_only=True)}
        assert teams["一组"][2:5] == (6, 0.5, 6)
        errors = list(book["Pareto of errors"].iter_rows(min_row=2, values_only=True))
        assert [row[1:4] for row in errors] == [("insult", 3, 0.25), ("closing-missing", 2, pytest.approx(1 / 6))]
        assert errors[1][-2:] == (1, "●")


def test_workbook_holds_names_as_text(tmp_path, earmark):
    url = f"sqlite:///{tmp_path / 'x.db'}"
    store = open_database(url, create=True)
    Centre(store).call("i", agent="=1+1", team="<b>&")
    store.close()
    file = tmp_path / "x.xlsx"
    earmark("weekly", "--date", "2026-11-11", "--out", file, db=url)
    cell = load_workbook(file)["坐席"]["A2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")
    page = earmark("weekly", "--date", "2026-11-11", db=url).stdout
    assert "<b>" not in page
    assert "&lt;b&gt;&amp;" in page


def test_json_by_command(earmark, tmp_path):
    file = tmp_path / "report.json"
    earmark("weekly", "--since", "2026-11-09", "--until", "2026-11-16", "--team", "一组", "--out", file)
    report = json.loads(file.read_text(encoding="utf-8"))
    assert report["heading"]["evaluated"] == 6
    assert report["classes"][0]["now"]["part"] == 3
    assert report["classes"][4]["now"] == {"part": 0, "n": 0, "value": None, "low": None, "high": None}


def test_without_a_date_the_last_period_that_is_over(earmark):
    assert "周没有通话。" in earmark("weekly").stdout
    assert "有通话的日子是 2026-11-02 至 2026-11-13" in earmark("daily").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "report.pdf"], r"ends in \.html, \.xlsx or \.json"),
        (["--out", "nowhere/report.html"], "cannot be written"),
        (["--out", "nowhere/report.xlsx"], "cannot be written"),
        (["--date", "2026-11-11", "--since", "2026-11-09", "--until", "2026-11-10"], "not both"),
        (["--since", "2026-11-09"], "go together"),
        (["--since", "2026-11-09", "--until", "2026-11-09"], "is not before"),
    ],
)
def test_wrong_options(earmark, arguments, message):
    with pytest.raises(ConfigError, match=message):
        earmark("weekly", *arguments)


def test_no_database(earmark, tmp_path):
    with pytest.raises(StoreError, match="there is no database"):
        earmark("weekly", db=f"sqlite:///{tmp_path / 'none.db'}")


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_in_a_browser_and_on_paper(empty_store, tmp_path, lang):
    centre = small_centre(empty_store)
    for day in range(-14, 7):
        for number in range(6):
            centre.call("i" if day == 2 else ".", agent=f"A{number}", team=f"{number}组", day=day)
    file = tmp_path / "report.html"
    file.write_text(render(centre.report(desk_url="http://desk"), lang), encoding="utf-8")
    asked, faults = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"), args=CHROMIUM_FLAGS
        )
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda told: faults.append(told.text))
        page.goto(file.as_uri())
        for width in (1280, 1920):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(TOO_WIDE) == [], f"at {width}"
        lead = page.locator(".lead")
        assert ("超出控制上限" if lang == "zh" else "above the control limit") in lead.inner_text()
        assert page.locator("svg.chart circle.sig").count() >= 1
        assert page.locator("svg.chart").first.bounding_box()["height"] > 100
        picture = page.screenshot()
        assert picture[:4] == b"\x89PNG"
        paper = page.pdf(prefer_css_page_size=True, print_background=True)
        browser.close()
    assert asked == [file.as_uri()]
    assert faults == []
    assert paper[:5] == b"%PDF-"
    boxes = {tuple(round(float(n)) for n in box.split()) for box in re.findall(rb"/MediaBox ?\[([^\]]+)\]", paper)}
    assert boxes == {(0, 0, 595, 842)}, "A4"
    assert 1 < len(re.findall(rb"/Type ?/Page\b", paper)) <= 6

"""`earmark rules check` and `earmark rules test` as an author uses them."""

import json
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.domain.errors import ConfigError, RulePackError
from tests.rules.builder import rule_yaml

GOOD = """when: {phrase: 别打了, role: agent}
examples:
  hits:
    - {turns: ["坐席: 别打了。"], quote: 别打了}
  clear:
    - {note: 客户说的不算, turns: ["客户: 别打了。"]}
"""
FAILING = """when: {phrase: 别打了, role: agent}
examples:
  hits:
    - {turns: ["坐席: 别打了。"], quote: 打了}
    - {turns: ["客户: 别打了。"], quote: 别打了}
  clear:
    - {turns: ["坐席: 别打了。"]}
  known_gaps:
    - {note: 早就修好了, should: hit, turns: ["坐席: 别打了。"]}
"""


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()

    def write(name, body, rule_id="site-rule"):
        (folder / name).write_text(rule_yaml(body, rule_id=rule_id), encoding="utf-8")
        return folder

    return write


def run(*arguments):
    return CliRunner().invoke(app, ["rules", *map(str, arguments)])


def own(rows):
    """The rows of the site's pack; what the standard pack has is not this test's business."""
    return [row for row in rows if row["file"].startswith("site/")]


def test_check_says_all_errors_of_all_files(site):
    site("a.yaml", "when: {phrse: 喂}", rule_id="a")
    folder = site("b.yaml", "when: {regex: '(喂'}", rule_id="b")
    done = run("check", "--rules", folder, "--format", "json")
    assert done.exit_code == 1
    errors = [(row["file"], row["line"], row["column"]) for row in own(json.loads(done.stdout)) if row["line"]]
    assert errors == [("site/a.yaml", 7, 8), ("site/b.yaml", 7, 15)]
    table = run("check", "--rules", folder).stdout
    assert "site/a.yaml:7:8\n    unknown key 'phrse'; did you mean 'phrase'?" in table


def test_check_warns_and_exits_with_one_only_when_strict(site):
    folder = site("a.yaml", "when: {phrase: [投诉, 我要投诉]}\n" + GOOD.partition("\n")[2])
    done = run("check", "--rules", folder, "--format", "json")
    (warning,) = own(json.loads(done.stdout))
    assert (done.exit_code, warning["level"], warning["kind"]) == (0, "warning", "dead-branch")
    assert (warning["line"], warning["column"]) == (7, 21)
    assert run("check", "--rules", folder, "--strict").exit_code == 1


def test_check_measures_windows_against_the_labelled_calls(site, tmp_path):
    folder = site("a.yaml", "when: {phrase: 喂, window: {first_s: 40}}\n" + GOOD.partition("\n")[2])
    turns = [{"role": "agent", "text": "喂", "start_s": 0, "end_s": 1}]
    (tmp_path / "l.jsonl").write_text(json.dumps({"recording": "a", "duration_s": 30, "turns": turns, "labels": {}}))
    assert "long-window" not in run("check", "--rules", folder).stdout
    assert "long-window" in run("check", "--rules", folder, "--labels", tmp_path / "l.jsonl").stdout


def test_a_folder_that_is_not_there(tmp_path):
    done = run("check", "--rules", tmp_path / "gone")
    assert done.exit_code == 1
    assert "no such folder" in done.stdout


def test_test_passes_and_counts(site):
    folder = site("a.yaml", GOOD)
    done = run("test", "--rules", folder, "--rule", "site-rule")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "1 rules, 2 examples: 0 fail" in done.stderr


def test_test_shows_every_failure_in_its_context(site):
    folder = site("a.yaml", FAILING)
    done = run("test", "--rules", folder, "--rule", "site-rule", "--format", "json")
    rows = json.loads(done.stdout)
    assert done.exit_code == 1
    assert [(row["example"], row["line"]) for row in rows if not row["holds"]] == [
        ("hits[0]", 10),
        ("hits[1]", 11),
        ("clear[0]", 13),
        ("known_gaps[0]", 15),
    ]
    table = run("test", "--rules", folder, "--rule", "site-rule").stdout
    assert "should quote '打了', but quotes ['别打了']" in table
    assert "说到了，但不是坐席说的：0:00 客户说「别打了」" in table
    assert "the gap is closed: move it to hits" in table


def test_junit_is_what_ci_systems_read(site, tmp_path):
    folder = site("a.yaml", FAILING)
    run("test", "--rules", folder, "--rule", "site-rule", "--junit", tmp_path / "j.xml")
    suites = ElementTree.parse(tmp_path / "j.xml").getroot()
    assert (suites.tag, suites.get("tests"), suites.get("failures")) == ("testsuites", "4", "4")
    (suite,) = suites
    cases = suite.findall("testcase")
    assert [case.get("name") for case in cases] == ["hits[0]", "hits[1]", "clear[0]", "known_gaps[0] 早就修好了"]
    assert cases[0].get("file") == "site/a.yaml"
    assert cases[0].find("failure").get("message").startswith("should quote")
    assert "customer: 别打了" in cases[1].find("failure").text


def test_junit_cannot_be_written(site, tmp_path):
    done = run("test", "--rules", site("a.yaml", GOOD), "--junit", tmp_path / "gone" / "j.xml")
    assert isinstance(done.exception, ConfigError)


def test_an_unknown_rule_names_the_nearest(site):
    done = run("test", "--rules", site("a.yaml", GOOD), "--rule", "site-rul")
    assert isinstance(done.exception, ConfigError)
    assert "did you mean site-rule?" in str(done.exception)


def test_a_broken_pack_is_refused_as_a_whole(site):
    done = run("test", "--rules", site("a.yaml", "when: {phrse: 喂}"))
    assert isinstance(done.exception, RulePackError)

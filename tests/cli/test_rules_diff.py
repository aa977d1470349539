"""`earmark rules diff` on a folder, in git, and on stored calls."""

import json

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.domain.errors import ConfigError
from pipeline.store.database import open_database
from pipeline.store.ledger import claim
from pipeline.store.recordings import register
from pipeline.store.results import save_call, start_run
from tests.evaluation.test_revisions import commit, git
from tests.rules.builder import rule_yaml
from tests.store.builders import found, processed, recording, run

OLDER = "when: {phrase: 你神经病, role: agent}"
NEWER = "when: {phrase: 在吗, role: customer}"
CALL = {
    "recording": "a.wav",
    "duration_s": 9,
    "turns": [{"role": "customer", "start_s": 1, "end_s": 2, "text": "喂，在吗"}],
    "labels": {"site-rule": False},
}


@pytest.fixture
def site(tmp_path):
    for name, body in (("old", OLDER), ("new", NEWER)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "r.yaml").write_text(rule_yaml(body, rule_id="site-rule"), encoding="utf-8")
    (tmp_path / "labels.jsonl").write_text(json.dumps(CALL), encoding="utf-8")
    return tmp_path


def diff(*arguments):
    return CliRunner().invoke(app, ["rules", "diff", *map(str, arguments)])


def data(*arguments):
    done = diff(*arguments, "--format", "json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_two_folders_on_labelled_and_stored_calls(site):
    store = open_database(f"sqlite:///{site / 'test.db'}", create=True)
    start_run(store, run())
    register(store, [found(recording(1)), found(recording(2, name="a.wav"))])
    for lease in claim(store, "o", limit=2, ttl_s=60, now_s=0.0):
        assert save_call(store, lease, processed(), run())
    options = ("--base", site / "old", "--rules", site / "new", "--labels", site / "labels.jsonl")
    found_there = data(*options, "--db", f"sqlite:///{site / 'test.db'}")
    assert list(found_there["rules"]) == ["site-rule"]
    rule = found_there["rules"]["site-rule"]
    assert rule["gained"] == {"true": 0, "false": 1, "unknown": 0}
    # Stored call a.wav is the labelled one, and not counted twice.
    assert rule["lost"] == {"true": 0, "false": 0, "unknown": 1}
    assert found_there["review_load"]["stored"]["calls"] == 1
    changes = [(one["recording"], one["change"], one["label"], one["quote"]) for one in found_there["changes"]]
    assert changes == [
        ("a.wav", "gained", False, "在吗"),
        ("c1.wav", "lost", None, "你神经病"),
    ]
    table = diff(*options).stdout
    assert "+ 多 gained ✗ 误 false  site-rule  a.wav 0:01 「在吗」" in table
    assert "review load" in table


def test_the_working_tree_against_git(site):
    git(site, "init", "--quiet")
    folder = site / "new"
    commit(site)
    options = ("--rules", folder, "--labels", site / "labels.jsonl", "--base")
    assert "site-rule" not in data(*options, "HEAD")["rules"]
    (folder / "r.yaml").write_text(rule_yaml(OLDER, rule_id="site-rule"), encoding="utf-8")
    assert data(*options, "HEAD")["rules"]["site-rule"]["lost"]["false"] == 1


def test_a_base_that_is_nothing(site):
    git(site, "init", "--quiet")
    commit(site)
    done = diff("--rules", site / "new", "--labels", site / "labels.jsonl", "--base", "gone")
    assert isinstance(done.exception, ConfigError)
    assert "--base gone is neither a folder nor a git revision" in str(done.exception)


def test_an_edit_without_effect_takes_one_line(site):
    (site / "new" / "r.yaml").write_text(rule_yaml("when: {phrase: 精神病}", rule_id="site-rule"), encoding="utf-8")
    options = ("--base", site / "old", "--rules", site / "new", "--labels", site / "labels.jsonl")
    table = diff(*options).stdout
    assert "edited, with no effect on these calls: site-rule (修改 changed)" in table
    assert "gained" not in table

"""`earmark rules eval --reference`: causes and fragility beside the rates."""

import json

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.domain.errors import ConfigError
from pipeline.store.database import open_database
from pipeline.store.ledger import claim
from pipeline.store.recordings import register
from pipeline.store.results import save_call, start_run
from tests.rules.builder import rule_yaml
from tests.store.builders import found, processed, recording, run


def line(name, text, label):
    turns = [{"role": "agent", "start_s": 3, "end_s": 3.9, "text": text}]
    return json.dumps({"recording": name, "duration_s": 30, "turns": turns, "labels": {"site-rule": label}})


@pytest.fixture
def site(tmp_path):
    (tmp_path / "site").mkdir()
    body = rule_yaml("when: {phrase: 神经病, role: agent}", rule_id="site-rule")
    (tmp_path / "site" / "r.yaml").write_text(body, encoding="utf-8")
    reference = [line("c1.wav", "你身经百战", False), line("c2.wav", "你神经病", True)]
    written = [line("c1.wav", "你神经病站", False), line("c2.wav", "你神京病", True), line("c3.wav", "好的", False)]
    (tmp_path / "reference.jsonl").write_text("\n".join(reference), encoding="utf-8")
    (tmp_path / "written.jsonl").write_text("\n".join(written), encoding="utf-8")
    return tmp_path


def evaluate(site, *arguments):
    options = ("--rules", site / "site", "--rule", "site-rule", "--reference", site / "reference.jsonl", *arguments)
    return CliRunner().invoke(app, ["rules", "eval", *map(str, options)])


def test_words_from_a_labels_file(site):
    done = evaluate(site, "--labels", site / "written.jsonl", "--format", "json")
    data = json.loads(done.stdout)
    assert data["reference"]["pooled"] == {"asr": 2, "role": 0, "segmentation": 0, "combined": 0, "rule": 0}
    assert [(one["recording"], one["kind"], one["said"], one["written"]) for one in data["reference"]["cases"]] == [
        ("c1.wav", "fp", "身经百", "神经病"),
        ("c2.wav", "fn", "神经病", "神京病"),
    ]
    assert data["reference"]["asr"]["characters"] == 9
    assert data["reference"]["asr"]["substituted"] == 4
    fragility = data["rules"]["site-rule"]["fragility"]
    assert (fragility["calls"], fragility["perturbations"]) == (2, 20)
    assert 0 < fragility["rate"] < 1
    assert fragility["ci"][0] < fragility["rate"] < fragility["ci"][1]
    assert "1 of 3 calls have no reference" in done.stderr
    assert done.stdout == evaluate(site, "--labels", site / "written.jsonl", "--format", "json").stdout


def test_table(site):
    done = evaluate(site, "--labels", site / "written.jsonl")
    assert "识别 ASR · 误报 false hit  site-rule  c1.wav 0:03" in done.stdout
    assert "说的 said     「身经百」\n    写成 written  「神经病」" in done.stdout
    assert "fragility" in done.stdout


def test_without_perturbations_there_is_no_fragility(site):
    options = ("--labels", site / "written.jsonl", "--perturbations", "0")
    assert "fragility" not in evaluate(site, *options).stdout
    assert json.loads(evaluate(site, *options, "--format", "json").stdout)["rules"]["site-rule"]["fragility"] is None


@pytest.fixture
def stored(site):
    store = open_database(f"sqlite:///{site / 'test.db'}", create=True)
    start_run(store, run())
    register(store, [found(recording(1)), found(recording(2))])
    for lease in claim(store, "o", limit=2, ttl_s=60, now_s=0.0):
        assert save_call(store, lease, processed(), run())
    return ("--db", f"sqlite:///{site / 'test.db'}")


def test_words_from_the_database(site, stored):
    # Both stored calls say 你神经病: a false hit on c1, whose labels and reference say otherwise.
    done = evaluate(site, "--labels", site / "written.jsonl", *stored, "--format", "json")
    data = json.loads(done.stdout)
    assert (data["rules"]["site-rule"]["tp"], data["rules"]["site-rule"]["fp"]) == (1, 1)
    assert [(one["recording"], one["cause"]) for one in data["reference"]["cases"]] == [("c1.wav", "asr")]
    assert "1 labelled calls are not in the database and left out, such as c3.wav" in done.stderr


def test_no_call_in_the_database(site, stored):
    (site / "other.jsonl").write_text(line("other.wav", "好的", False), encoding="utf-8")
    done = evaluate(site, "--labels", site / "other.jsonl", *stored)
    assert isinstance(done.exception, ConfigError)
    assert "no labelled call is in the database" in str(done.exception)

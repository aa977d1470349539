"""`earmark rules watch`: a real process, and an author who saves files."""

import json
import signal
import subprocess
import threading
import time
from dataclasses import replace

import pytest

from pipeline.evaluation.watching import Workbench, saves
from rules.loader import standard_pack_dir
from tests.e2e.commands import EARMARK, environment
from tests.evaluation.builders import labelled, said
from tests.rules.builder import rule_yaml

EXAMPLES = "examples:\n  hits: [{turns: ['客户: 我要投诉'], quote: 投诉}]\n  clear: [{turns: ['客户: 好']}]\n"
COMPLAINT = "when: {phrase: 投诉, role: customer}\n" + EXAMPLES
CALLS = {"a": ("C: 我要投诉", True), "b": ("C: 不会投诉的", False), "c": ("C: 叫你们领导来", True)}


@pytest.fixture
def site(tmp_path):
    (tmp_path / "site").mkdir()
    write(tmp_path, COMPLAINT)
    lines = []
    for name, (line, label) in CALLS.items():
        turns = [{"role": "customer", "start_s": 0, "end_s": 2, "text": line[3:]}]
        labels = {"site-rule": label}
        lines.append(json.dumps({"recording": name, "duration_s": 3, "turns": turns, "labels": labels}))
    (tmp_path / "labels.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


def write(folder, body):
    """As editors do: another file, then a rename."""
    (folder / "new").write_text(rule_yaml(body, rule_id="site-rule"), encoding="utf-8")
    (folder / "new").replace(folder / "site" / "r.yaml")


@pytest.fixture
def watching(site):
    process = subprocess.Popen(
        [*EARMARK, "rules", "watch", "--rules", "site", "--labels", "labels.jsonl", "--format", "jsonl"],
        cwd=site,
        env=environment(site),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # A watch that says nothing must not hold the tests for ever.
    limit = threading.Timer(60, process.kill)
    limit.start()
    yield process
    limit.cancel()
    process.kill()
    process.communicate()


def next_update(process):
    """What came of the next save of the site's rule; someone may be working on the standard pack meanwhile."""
    while True:
        update = json.loads(process.stdout.readline())
        if "site/r.yaml" in update["files"]:
            return update


def own(problems):
    return [problem for problem in problems if problem.startswith("site/")]


@pytest.mark.slow
def test_a_real_process_follows_the_file(site, watching):
    start = next_update(watching)
    assert start["rules"]["site-rule"]["after"]["precision"] == 0.5
    write(site, COMPLAINT.replace("投诉, role", "{any: [投诉, 叫你们领导], except: [不会投诉]}, role"))
    saved = next_update(watching)
    assert not own(saved["errors"] + saved["failures"])
    rule = saved["rules"]["site-rule"]
    assert (rule["before"]["f1"], rule["after"]["f1"]) == (0.5, 1.0)
    assert rule["turned"] == [
        {"recording": "b", "before": "fp", "after": "tn"},
        {"recording": "c", "before": "fn", "after": "tp"},
    ]
    write(site, "when: {phrse: 投诉}")
    (error,) = own(next_update(watching)["errors"])
    assert error.startswith("site/r.yaml:7:8: unknown key 'phrse'")
    write(site, COMPLAINT.replace("quote: 投诉", "quote: 举报"))
    broken = next_update(watching)
    assert len(own(broken["failures"])) == 1
    assert broken["rules"]["site-rule"]["after"]["f1"] == 0.5
    watching.send_signal(signal.SIGINT)
    assert watching.wait(10) == 0
    assert "Traceback" not in watching.stderr.read()


def test_a_save_during_the_first_evaluation_is_not_missed(site):
    saved = saves([site / "site"], poll_s=0.01)
    write(site, COMPLAINT + "# saved while the labelled calls were judged\n")
    limit = threading.Timer(20, signal.raise_signal, [signal.SIGINT])
    limit.start()
    assert next(saved) is None
    limit.cancel()


def test_it_ends_though_the_exception_was_lost(site):
    ended = threading.Event()
    ended.set()
    assert list(saves([site / "site"], poll_s=0.01, ended=ended)) == []


def test_only_what_decides_results_is_weighed_again(site):
    bench = Workbench([site / "site"], [labelled("a", said("C: 我要投诉"), {"site-rule": True})])
    first = bench.update()
    assert [one.rule for one in first.rules] == ["site-rule"]
    assert bench.update().files == ()
    write(site, COMPLAINT.replace("title: {zh: 测", "title: {zh: 试") + "\n# a remark\n")
    remark = bench.update()
    assert (remark.files, remark.rules, len(remark.examples)) == (("site/r.yaml",), (), 2)
    assert remark.pooled == first.pooled


def test_a_rule_that_goes_takes_its_cases_along(site):
    other = rule_yaml("when: {phrase: 喂}", rule_id="other")
    (site / "site" / "other.yaml").write_text(other, encoding="utf-8")
    made = labelled("a", said("C: 我要投诉"), {"site-rule": True, "other": False})
    bench = Workbench([site / "site"], [made])
    assert (bench.update().pooled.tp, bench.update().pooled.tn) == (1, 1)
    (site / "site" / "r.yaml").unlink()
    gone = bench.update()
    assert [(one.rule, one.edit) for one in gone.rules] == [("site-rule", "removed")]
    assert (gone.pooled.tp, gone.pooled.tn) == (0, 1)


@pytest.mark.slow
def test_a_save_takes_under_a_second_for_a_thousand_labelled_calls(shared_calls, tmp_path):
    folder = tmp_path / "pack"
    folder.mkdir()
    for path in standard_pack_dir().glob("*.yaml"):
        (folder / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    many = [replace(one, recording=f"{one.recording}-{n}") for n in range(9) for one in shared_calls][:1000]
    assert len(many) == 1000
    bench = Workbench([folder], many)
    bench.update()
    edited = folder / "forbidden-phrase.yaml"
    edited.write_text(edited.read_text(encoding="utf-8").replace("status: active", "status: shadow"), encoding="utf-8")
    # The processor's time, since other work on the machine is not this command's.
    began_s = time.process_time()
    assert [one.rule for one in bench.update().rules] == ["forbidden-phrase"]
    assert time.process_time() - began_s < 1.0

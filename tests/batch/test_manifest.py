"""Manifests: what each row says, and what is said of rows that cannot be used."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from pipeline.batch.manifest import KEPT_PROBLEMS, Problems, read_manifest
from pipeline.domain.calls import Direction, Role
from pipeline.domain.errors import ConfigError

CHINA = timezone(timedelta(hours=8))


class Read:
    """A manifest as read to its end."""

    def __init__(self, file):
        problems = Problems()
        self.rows = tuple(read_manifest(file, timezone="Asia/Shanghai").rows(problems))
        self.problems = tuple(problems)
        self.errors = problems.errors


def read(path, content, name="m.csv"):
    file = path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Read(file)


@pytest.mark.parametrize(
    ("content", "row", "message"),
    [
        pytest.param("recording,started_at\na.wav,yesterday\n", 2, "started_at 'yesterday' is no date", id="bad date"),
        pytest.param("recording,direction\na.wav,up\n", 2, "direction 'up'", id="direction"),
        pytest.param("recording,survey_score\na.wav,good\n", 2, "survey_score 'good'", id="survey score"),
        pytest.param("recording,left_channel\na.wav,boss\n", 2, "channel roles 'boss'", id="unknown role"),
        pytest.param("recording,left_channel,right_channel\na.wav,agent,agent\n", 2, "both channels", id="same role"),
        pytest.param("recording,agent\n,A1\n", 2, "no recording named", id="no recording"),
        pytest.param("recording,agent\na.wav,A1,A2\n", 2, "more cells", id="too many cells"),
        pytest.param("recording,agnet\na.wav,A1\n", 1, "did you mean agent?", id="column misspelt"),
        pytest.param("recording,shoe size\na.wav,42\n", 1, "kept as metadata", id="column unknown"),
    ],
)
def test_problems_name_the_row(tmp_path, content, row, message):
    manifest = read(tmp_path, content)
    (problem,) = manifest.problems
    assert problem.where == f"m.csv row {row}"
    assert message in problem.message


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param("m.csv", "file,agent\na.wav,A1\n", "no column names the recording", id="no path column"),
        pytest.param("m.csv", "", "no column names the recording", id="empty"),
        pytest.param("m.xlsx", "x", r"ends in \.csv", id="other kind"),
        pytest.param("m.parquet", "x", "is not Parquet", id="not parquet"),
    ],
)
def test_refuses(tmp_path, name, content, message):
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, content, name)


def test_refuses_a_missing_file(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_manifest(tmp_path / "none.csv", timezone="Asia/Shanghai")


def test_all_columns(tmp_path):
    header = "path,agent,team,skill,queue,direction,started_at,customer_id,survey_score,left_channel,right_channel,产品"
    manifest = read(
        tmp_path, f"{header}\nx/甲 乙.wav,A1,一组,金卡,退款,Inbound,2026-11-02 09:00,C9,4.5,customer,agent,宽带\n"
    )
    (row,) = manifest.rows
    assert row.path == "x/甲 乙.wav"
    assert row.channel_roles == (Role.CUSTOMER, Role.AGENT)
    facts = row.metadata
    assert (facts.agent, facts.team, facts.skill, facts.queue) == ("A1", "一组", "金卡", "退款")
    assert (facts.direction, facts.customer_id, facts.survey_score) == (Direction.INBOUND, "C9", 4.5)
    assert facts.started_at == datetime(2026, 11, 2, 9, tzinfo=CHINA)
    assert facts.extra == {"产品": "宽带"}


def test_one_channel_named_leaves_the_other_unknown(tmp_path):
    (row,) = read(tmp_path, "recording,left_channel\na.wav,agent\n").rows
    assert row.channel_roles == (Role.AGENT, Role.UNKNOWN)


def test_a_bad_value_does_not_cost_the_row(tmp_path):
    (row,) = read(tmp_path, "recording,agent,started_at\na.wav,A1,32.13.2026\n").rows
    assert (row.metadata.agent, row.metadata.started_at) == ("A1", None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings(tmp_path, encoding):
    (row,) = read(tmp_path, "recording,team\na.wav,售后一组\n".encode(encoding)).rows
    assert row.metadata.team == "售后一组"


def test_of_thousands_of_problems_the_first_are_told_and_all_counted(tmp_path):
    count = KEPT_PROBLEMS + 500
    manifest = read(tmp_path, "recording,direction\n" + "".join(f"{number}.wav,up\n" for number in range(count)))
    assert (len(manifest.rows), len(manifest.problems), manifest.errors) == (count, KEPT_PROBLEMS + 1, count)
    assert manifest.problems[-1].message == "500 more: mend these first"


def test_json_lines(tmp_path):
    lines = ['{"recording": "a.wav", "survey_score": 3}', "", "{broken", "[1]", '{"recording": "b.wav", "agent": null}']
    manifest = read(tmp_path, "\n".join(lines), "m.jsonl")
    assert [(row.path, row.metadata.survey_score) for row in manifest.rows] == [("a.wav", 3.0), ("b.wav", None)]
    assert [problem.where for problem in manifest.problems] == ["m.jsonl row 3", "m.jsonl row 4"]


def test_parquet(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    when = datetime(2026, 11, 2, 9, tzinfo=CHINA)
    table = pa.table({"recording": ["a.wav", "b.wav"], "started_at": [when, None], "survey_score": [5, None]})
    parquet.write_table(table, tmp_path / "m.parquet")
    first, second = Read(tmp_path / "m.parquet").rows
    assert (first.metadata.started_at, first.metadata.survey_score) == (when, 5.0)
    assert (second.metadata.started_at, second.metadata.survey_score) == (None, None)


def test_the_sample_manifest_has_no_problems():
    from pathlib import Path

    samples = Path(__file__).parents[2] / "data" / "samples"
    manifest = Read(samples / "manifest.csv")
    assert manifest.problems == ()
    labelled = [json.loads(line)["recording"] for line in (samples / "labels.jsonl").read_text().splitlines()]
    assert [row.path for row in manifest.rows] == labelled

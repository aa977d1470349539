"""`earmark calibrate`: what is refused, and a session from its start to gold on the command line."""

import json
from collections.abc import Sequence

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.domain.accounts import AccountRole
from pipeline.domain.calibration import CalibrationRefusedError
from pipeline.domain.errors import ConfigError, EarmarkError, StoreError
from pipeline.domain.reviews import ReviewKind, Verdict
from pipeline.store.calibration import add_entry
from pipeline.store.database import open_database
from pipeline.store.results import start_run
from pipeline.store.reviews import standing
from tests.store.builders import result, run
from tests.store.judgements import person, said, say, stored

CONFIRMED, REJECTED = Verdict.CONFIRMED, Verdict.REJECTED


@pytest.fixture
def store(tmp_path):
    opened = open_database(f"sqlite:///{tmp_path / 'calls.db'}", create=True)
    start_run(opened, run())
    yield opened
    opened.close()


@pytest.fixture
def people(store):
    roles = {"ming": AccountRole.REVIEWER, "hong": AccountRole.REVIEWER, "zheng": AccountRole.MANAGER}
    return {login: person(store, login, role) for login, role in {**roles, "wei": AccountRole.AGENT}.items()}


@pytest.fixture
def calls(store):
    return [stored(store, number, result("insult")) for number in (1, 2, 3, 4)]


@pytest.fixture
def calibrate(store, people, calls):
    def call(*arguments: str):
        done = CliRunner().invoke(app, ["calibrate", *arguments, "--db", store.url])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return call


@pytest.fixture
def begun(calibrate):
    calibrate("start", "十一月", "--reviewer", "ming", "--reviewer", "hong", "--random", "9", "--rule", "insult")


def judge(store, calls: Sequence[str], *words):
    for by, verdicts in words:
        for call, verdict in zip(calls, verdicts, strict=True):
            add_entry(store, 1, said(call, by, verdict), by)
            add_entry(store, 1, said(call, by, kind=ReviewKind.FINISHED, rule=None), by)


def data(done):
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["--random", "3"], "does not judge", id="an agent"),
        pytest.param(["--random", "3", "--doubtful", "3"], "one way", id="two ways"),
        pytest.param([], "one way", id="no way"),
        pytest.param(["--random", "3", "--part", "x"], "--part is for --draw", id="part without draw"),
        pytest.param(["--random", "3", "--what", "card", "--rule", "insult"], "judges no rules", id="card and rule"),
        pytest.param(["--random", "3", "--rule", "insullt"], "did you mean insult", id="slip of the pen"),
        pytest.param(["--draw", "7"], "has no calls", id="no such draw"),
        pytest.param(["--call", "c9.wav"], "no call 'c9.wav'", id="no such call"),
    ],
)
def test_refuses_to_start(calibrate, arguments, says):
    login = "wei" if "judge" in says and "rules" not in says else "ming"
    with pytest.raises(EarmarkError, match=says):
        calibrate("start", "x", "--reviewer", login, *arguments)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        pytest.param(["agreement", "1"], ConfigError, "judged blind", id="results while it is open"),
        pytest.param(["compare", "1", "c1.wav"], ConfigError, "judged blind", id="words while it is open"),
        pytest.param(["gold", "1", "--agreed", "--by", "zheng"], CalibrationRefusedError, "still open", id="gold"),
        pytest.param(["gold", "1", "--agreed", "--by", "ming"], ConfigError, "a manager decides", id="no manager"),
        pytest.param(["gold", "1", "--by", "zheng"], ConfigError, "--agreed, or a call", id="nothing to decide"),
        pytest.param(["close", "9"], ConfigError, "no calibration session 9", id="no such session"),
        pytest.param(["invite", "1", "--reviewer", "nobody"], ConfigError, "no account", id="nobody"),
    ],
)
def test_refuses(calibrate, begun, arguments, error, says):
    with pytest.raises(error, match=says):
        calibrate(*arguments)


def test_from_the_start_to_gold(store, calibrate, begun, people, calls):
    ming, hong = people["ming"], people["hong"]
    judge(
        store,
        calls,
        (ming, [CONFIRMED, CONFIRMED, REJECTED, REJECTED]),
        (hong, [CONFIRMED, CONFIRMED, REJECTED, CONFIRMED]),
    )
    (listed,) = data(calibrate("list", "--format", "json"))
    assert (listed["calls"], listed["reviewers"], listed["finished"]) == (4, ["hong", "ming"], [4, 4])
    assert "结束之后才有结果" in calibrate("show", "1").stderr
    calibrate("close", "1")
    shown = data(calibrate("show", "1", "--format", "json"))
    assert (shown[0]["recording"], shown[0]["differ"]) == ("c4.wav", 1)
    (found,) = data(calibrate("agreement", "1", "--format", "json"))
    # Two of four against three of four said yes: 3/4 alike, (2·3 + 2·1) / 16 by chance.
    assert (found["coefficient"], found["value"], found["state"]) == ("kappa", 0.5, "doubtful")
    assert "κ 0.50" in calibrate("agreement", "1").stdout
    rows = data(calibrate("compare", "1", "c4.wav", "--format", "json"))
    assert [(row["reviewer"], row["value"]) for row in rows] == [("name of hong", "yes"), ("name of ming", "no")]
    calibrate("gold", "1", "--by", "zheng", "--call", "c4.wav", "--set", "insult=yes", "--note", "听过")
    assert "定了 3 项" in calibrate("gold", "1", "--by", "zheng", "--agreed").stderr
    assert standing(store, calls[3]).verdicts["insult"].said.verdict == CONFIRMED
    drift = data(calibrate("drift", "--format", "json"))
    assert [(row["reviewer"], row["same"], row["n"]) for row in drift] == [
        ("name of hong", 4, 4),
        ("name of ming", 3, 4),
    ]
    trust = {row["subject"]: row["state"] for row in data(calibrate("trust", "--format", "json"))}
    assert (trust["insult"], trust["closing-missing"], trust["default@1:rapport"]) == ("doubtful", "unknown", "unknown")
    for command in (["list"], ["show", "1"], ["compare", "1", "c4.wav"], ["drift", "--weekly"], ["trust"]):
        assert calibrate(*command).exit_code == 0


def test_who_has_not_judged_all_is_named(store, calibrate, begun, people, calls):
    judge(store, calls[:1], (people["ming"], [CONFIRMED]))
    assert "name of hong、name of ming" in calibrate("close", "1").stderr


def scores(tmp_path, *lines):
    file = tmp_path / "client.csv"
    file.write_text("\n".join(["recording,item,score", *lines]) + "\n")
    return str(file)


def test_a_clients_scores(store, calibrate, people, calls, tmp_path):
    for call in calls:
        say(store, call, people["ming"], CONFIRMED)
    rating = {"kind": ReviewKind.SCORE, "rule": None, "card": "default@1", "item": "rapport"}
    say(store, calls[0], people["ming"], value="fair", **rating)
    lines = [
        "c1.wav,insult,否",
        "c2.wav,insult,违规",
        "c1.wav,rapport,0",
        "c8.wav,insult,yes",
        "c3.wav,nothing,1",
        "c3.wav,insult,3",
    ]
    done = calibrate("external", scores(tmp_path, *lines), "--format", "json")
    insult, rapport = data(done)
    assert (insult["calls"], insult["alike"], insult["client_stricter"], insult["client_milder"]) == (2, 1, 0, 1)
    assert (rapport["calls"], rapport["client_stricter"]) == (1, 1)
    for words in (
        "client.csv:5: c8.wav insult",
        "client.csv:6: c3.wav nothing",
        "client.csv:7: c3.wav insult",
        "3 行对不上",
    ):
        assert words in done.stderr


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param("recording,score\n", "no column item", id="a column is missing"),
        pytest.param("", "no column recording, item, score", id="empty"),
        pytest.param(b"\xff\xfe", "not UTF-8", id="another encoding"),
    ],
)
def test_refuses_a_file_that_has_no_scores(calibrate, tmp_path, content, says):
    file = tmp_path / "client.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError, match=says):
        calibrate("external", str(file))


def test_nothing_to_compare_is_an_error(calibrate, tmp_path):
    assert calibrate("external", scores(tmp_path)).exit_code == 1


def test_refuses_a_file_that_is_not_there(calibrate, tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        calibrate("external", str(tmp_path / "none.csv"))


def test_one_person_is_told(calibrate):
    done = calibrate("start", "x", "--reviewer", "ming", "--call", "c1.wav")
    assert "只有一个人" in done.stderr
    calibrate("close", "1")
    with pytest.raises(StoreError, match="no call"):
        calibrate("compare", "1", "c9.wav")

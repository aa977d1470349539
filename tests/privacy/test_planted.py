"""A thousand made-up people go through the whole system; then all it has kept, told and shown is searched for them.

Only the recogniser is a script. A night without masking runs as well: there the search has to find them.
"""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import wave
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import make_url
from typer.testing import CliRunner

from pipeline.audio.decode import decode_recording
from pipeline.batch.rule_set import load_rules
from pipeline.cli import app as command
from pipeline.domain.accounts import AccountRole
from pipeline.privacy.keys import add_key, read_keys
from pipeline.review.app import Desk, ReviewSettings, create_app
from pipeline.review.passwords import hash_password
from pipeline.store.accounts import add_account
from pipeline.store.database import connect, open_database
from pipeline.store.listings import Filter, list_calls
from pipeline.store.originals import originals_by_key
from pipeline.store.places import places_by_key
from tests.operations.receiver import SECRET as HOOK_SECRET
from tests.operations.receiver import Receiver
from tests.operations.test_run import free_port
from tests.privacy.identities import dialogue, make_up
from tests.privacy.scripted import BASE_S, STEP_S
from tests.privacy.search import Search, columns_with
from tests.review.conftest import SECRET, log_in
from tests.review.samples import ACCOUNTS, LOGIN_OF, PASSWORD

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PEOPLE = make_up(1000, seed=20261127)
A_CALL = 10
"""People who are named in one call."""
NAMED = PEOPLE[:100]
"""Of whom the first of each ten is the customer of a call, and they and the next stand in the path of its recording."""


class Night(NamedTuple):
    """What is left of a night, and of the day after it."""

    folder: Path
    url: str
    people: list
    kept: dict
    """What → bytes."""


def place_of(group, number):
    """A path in which one datum after the other is a name, in folders that are named by people as well."""
    person, other = group[:2]
    data = (person.mobile, person.name, person.resident_id, person.card, person.email, person.address)
    return f"{(other.name, other.address, other.mobile, '退款')[number % 4]}/{data[number % 6]}_20261126.wav"


def sound(folder, calls):
    """Recordings of speech, each of its own length, with a manifest; returns how many there are."""
    spoken = decode_recording(ROOT / "data" / "samples" / "s02.wav", max_duration_s=60).channels
    rows = ["recording,agent,team,queue,started_at,customer_id,customer_phone,note"]
    for number, group in enumerate(calls):
        person = group[0]
        named = person in NAMED
        name = place_of(group, number) if named else f"call-{number:04}.wav"
        (folder / name).parent.mkdir(exist_ok=True)
        samples = round((BASE_S + number * STEP_S) * 16_000)
        stereo = np.stack([np.resize(channel, samples) for channel in spoken], axis=1)
        with wave.open(str(folder / name), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(16_000)
            file.writeframes((stereo * 32767).astype("<i2").tobytes())
        customer = person.mobile if named else f"C-{number}"
        phone, note = (person.mobile, f"回拨{person.mobile}") if named else ("", "")
        rows.append(
            f"{name},A{number % 5},T{number % 2},Q,2026-11-26T10:{number % 60:02}:00+08:00,{customer},{phone},{note}"
        )
    (folder / "manifest.csv").write_text("\n".join(rows))


def go_through(folder, url, people, *, masked=True):
    """The night: everything but the recogniser as `earmark run` does it."""
    calls = [people[at : at + A_CALL] for at in range(0, len(people), A_CALL)]
    (folder / "calls").mkdir()
    sound(folder / "calls", calls)
    script = folder / "script.json"
    spoken = [
        [turn for form, person in enumerate(group) for turn in dialogue(person, form + number)]
        for number, group in enumerate(calls)
    ]
    script.write_text(json.dumps(spoken))
    keys = add_key(folder / "keys")
    receiver = Receiver()
    told = folder / "metrics.txt"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EARMARK_")} | {
        "MASKED": "yes" if masked else "no",
        "EARMARK_DB": url,
        "EARMARK_KEY_FILE": str(keys.file),
        "EARMARK_LOG_FORMAT": "json",
        "EARMARK_LOG_LEVEL": "debug",
        "EARMARK_METRICS_PORT": str(free_port()),
        "EARMARK_WEBHOOK": receiver.url,
        "EARMARK_WEBHOOK_SECRET": HOOK_SECRET,
        "EARMARK_ALERT_QUOTES": "true",
        "EARMARK_ALERT_RULES": "critical,alert,minor",
        "EARMARK_CHANNEL_ROLES": "agent,customer",
        "EARMARK_WORKERS": "2",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.privacy.scripted", str(folder / "calls"), str(script), str(told)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.stdout.decode() == f"{len(calls)} processed, {{}} failed\n", done.stderr.decode()[-2000:]
    script.unlink()
    assert receiver.posts
    alerts = b"\n".join(body for _, _, body in receiver.posts)
    return Night(folder, url, people, {"log": done.stderr, "metrics": told.read_bytes(), "alerts": alerts})


# The day after.


def desk_of(night):
    database = open_database(night.url)
    password_hash = hash_password(PASSWORD)
    for login, (name, role, _, _) in ACCOUNTS.items():
        whose = {AccountRole.AGENT: {"agent": "A1"}, AccountRole.LEAD: {"team": "T1"}}.get(role, {})
        add_account(
            database,
            login=login,
            name=name,
            role=role,
            password_hash=password_hash,
            **{"agent": None, "team": None} | whose,
        )
    settings = ReviewSettings(SECRET, hosts=("localhost",), cache=night.folder / "cache")
    return Desk(database, load_rules(()), settings, keys=read_keys(night.folder / "keys"))


def clients_of(desk):
    app = create_app(desk)
    clients = {}
    for role in AccountRole:
        clients[role] = TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
        log_in(clients[role], LOGIN_OF[role])
    return clients


def work(reviewer, desk, calls):
    """A reviewer types what was said, quotes it, and keeps it as an example."""
    for number, call in enumerate(calls):
        person = PEOPLE[number * A_CALL]
        body = [
            {"kind": "comment", "text": f"客户{person.name}请回电{person.mobile}"},
            {"kind": "correction", "turn": 1, "text": f"你好我叫{person.name}，手机号{person.mobile}"},
            {"kind": "example", "value": "good", "rule_id": "insult", "turn": 3},
            {"kind": "finished"},
        ]
        for at, one in enumerate(body):
            sent = reviewer.post(f"/calls/{call.id}/reviews", json={"key": f"planted-{number}-{at}", **one})
            assert sent.status_code == 200, sent.text
        for hit in re.findall(r'"rule": ?"([a-z-]+)"', reviewer.get(f"/calls/{call.id}/panel").text)[:3]:
            said = {"key": f"planted-{number}-{hit}", "kind": "verdict", "rule_id": hit, "verdict": "confirmed"}
            reviewer.post(f"/calls/{call.id}/reviews", json=said | {"text": f"{person.mobile}，{person.address}"})


def answers(clients, calls):
    """Every page that shows words, for every role."""
    person = PEOPLE[0]
    pages = ["/queue", "/rules", "/rules/insult", "/rules/privacy-disclosure", "/audit", "/appeals", "/mine"]
    pages += ["/queue/views", "/queue/batch", "/export/labels.jsonl"]
    found = {}
    for role, client in clients.items():
        some = calls[:40] if role == AccountRole.REVIEWER else calls[:5]
        paths = [*pages, *(f"/calls/{call.id}" for call in some)]
        for call in some[:5]:
            paths += [
                f"/calls/{call.id}/panel",
                f"/queue/peek/{call.id}",
                f"/mine/{call.id}",
                f"/calls/{call.id}/peaks",
            ]
        for path in paths:
            answer = client.get(path, headers={"HX-Request": "true"} if "peek" in path else {})
            assert answer.status_code < 500, (role, path)
            found[f"{role} {path}"] = answer.content + str(answer.headers).encode()
        wrong = client.post(f"/calls/{calls[0].id}/reviews", json={"key": "wrong-one-1", "kind": "comment", "text": ""})
        found[f"{role} refused"] = wrong.content
        # What was typed stands in the field again: the rest of the list is what was found.
        searched = client.get(f"/queue?q={person.mobile}").text
        assert "/calls/" not in searched.replace(person.mobile, ""), role
    return found


def commands(night, monkeypatch):
    """What commands print and write."""
    for name, value in {"DB": night.url, "KEY_FILE": str(night.folder / "keys"), "LOG_FORMAT": "text"}.items():
        monkeypatch.setenv(f"EARMARK_{name}", value)
    out = night.folder / "out"
    out.mkdir()
    by_people = sorted((night.folder / "calls").rglob("*_20261126.wav"))
    assert len(by_people) == len(NAMED) // A_CALL
    name, path = by_people[0].name, str(by_people[-1])
    given = [
        ["calls"], ["calls", "--format", "json"], ["hits"], ["hits", "--format", "csv"], ["hits", "--format", "jsonl"],
        ["show", name], ["show", name, "--format", "json"], ["show", path], ["show", "call-0019.wav"], ["status"],
        ["apply"], ["show", "13999999999.wav"], ["rules", "explain", "call-0019.wav", "insult"],
        ["export", "labels", "--out", str(out / "labels.jsonl")],
    ]  # fmt: skip
    for ending in ("html", "xlsx", "json"):
        given.append(["report", "daily", "--date", "2026-11-26", "--out", str(out / f"day.{ending}")])
    found = {}
    for words in given:
        done = CliRunner().invoke(command, words, catch_exceptions=True)
        found[" ".join(words[:3])] = done.output.encode() + str(done.exception).encode()
        assert done.exit_code == 0 or words[1] == "13999999999.wav", (words, done.output)
    for path in out.iterdir():
        found[path.name] = unpacked(path)
        assert found[path.name]
    return found


def unpacked(path):
    if path.suffix != ".xlsx":
        return path.read_bytes()
    shutil.unpack_archive(path, path.with_suffix(".parts"), "zip")
    parts = path.with_suffix(".parts").rglob("*.xml")
    return b"\n".join(part.read_bytes() for part in parts)


def backup(night):
    """The database's files byte by byte, and a copy as an operator makes it."""
    if night.url.startswith("sqlite"):
        file = Path(night.url.removeprefix("sqlite:///"))
        with sqlite3.connect(file) as source, sqlite3.connect(night.folder / "copy.db") as copy:
            source.backup(copy)
            dump = "\n".join(copy.iterdump())
        files = {path.name: path.read_bytes() for path in file.parent.glob(f"{file.name}*")}
        return files | {"copy": (night.folder / "copy.db").read_bytes(), "dump": dump.encode()}
    engine = connect(night.url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CHECKPOINT")
        folder = connection.exec_driver_sql("SHOW data_directory").scalar_one()
        place = connection.exec_driver_sql(
            "SELECT oid FROM pg_database WHERE datname = current_database()"
        ).scalar_one()
    engine.dispose()
    return {path.name: path.read_bytes() for path in Path(folder, "base", str(place)).iterdir()}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def night(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    if request.param == "sqlite":
        url = f"sqlite:///{folder / 'planted.db'}"
    else:
        url = request.getfixturevalue("postgres_server").create_database("planted")
    # PostgreSQL hides nothing that SQLite does not: a part of them shows that it is asked as thoroughly.
    made = go_through(folder, url, PEOPLE)
    desk = desk_of(made)
    calls = sorted(list_calls(desk.database, Filter()), key=lambda call: call.duration_s)
    clients = clients_of(desk)
    work(clients[AccountRole.REVIEWER], desk, calls[:20])
    made.kept.update(answers(clients, calls))
    desk.database.close()
    with pytest.MonkeyPatch.context() as patched:
        made.kept.update(commands(made, patched))
    return made


def test_nothing_that_was_shown_told_or_logged_names_anybody(night):
    search = Search(night.people)
    leaks = {
        what: search.in_bytes(content) | search.in_text(content.decode(errors="replace"))
        for what, content in night.kept.items()
    }
    assert {what: sorted(people)[:3] for what, people in leaks.items() if people} == {}
    # It was the calls that were shown, with what is hidden in them named.
    assert all(
        f"[{kind}]".encode() in night.kept["labels.jsonl"]
        for kind in ("手机号", "姓名", "身份证号", "银行卡号", "地址")
    )


def test_no_column_holds_anybody(night):
    engine = connect(night.url)
    assert columns_with(Search(night.people), engine) == {}
    engine.dispose()


def test_no_byte_of_the_database_or_its_backup_holds_anybody(night):
    search = Search(night.people)
    leaks = {what: search.in_bytes(content) for what, content in backup(night).items()}
    assert {what: sorted(people)[:3] for what, people in leaks.items() if people} == {}


def test_no_dump_holds_anybody(night, request):
    url = make_url(night.url)
    if url.get_backend_name() == "postgresql":
        dump = request.getfixturevalue("postgres_server").dump(url.database)
        assert b"COPY public.recordings" in dump
    else:
        with closing(sqlite3.connect(url.database)) as connection:
            dump = "\n".join(connection.iterdump()).encode()
        assert b'INSERT INTO "recordings"' in dump
    search = Search(night.people)
    assert search.in_bytes(dump) | search.in_text(dump.decode()) == set()


def test_every_path_is_closed_and_found_again(night):
    database = open_database(night.url)
    keys = read_keys(night.folder / "keys")
    assert places_by_key(database) == {keys.newest.id: len(night.people) // A_CALL}
    database.close()


def test_every_call_has_its_original_under_the_key(night):
    database = open_database(night.url)
    keys = read_keys(night.folder / "keys")
    assert originals_by_key(database) == {keys.newest.id: len(night.people) // A_CALL}
    database.close()


def test_the_search_finds_everybody_where_masking_is_left_out(tmp_path):
    people = PEOPLE[100:200]
    night = go_through(tmp_path, f"sqlite:///{tmp_path / 'open.db'}", people, masked=False)
    search = Search(people)
    everybody = {person.name for person in people}
    engine = connect(night.url)
    columns = columns_with(search, engine)
    engine.dispose()
    assert columns["transcripts.turns"] == everybody
    assert "evidence.quote" in columns
    assert search.in_text(night.kept["alerts"].decode()) != set()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("EARMARK_DB", night.url)
        shown = CliRunner().invoke(command, ["show", "call-0003.wav"]).output
    assert len(search.in_text(shown)) == A_CALL
    assert len(search.in_bytes(shown.encode())) == A_CALL

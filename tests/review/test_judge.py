"""What a page may say of a call, over HTTP."""

import shutil
import threading
import time

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from pipeline.domain.errors import StoreError
from pipeline.review.app import Desk, ReviewSettings, create_app
from pipeline.review.routes import judge as judge_route
from pipeline.store.database import open_database
from pipeline.store.results import stored_call
from pipeline.store.review_tables import audit, review_items, reviews
from pipeline.store.reviews import reviews_of, standing
from tests.review.conftest import SECRET, log_in
from tests.review.samples import recording_id

CALL = recording_id("s10.opus")
OTHER = recording_id("s02.wav")
CONFIRM = {"key": "key-00000001", "kind": "verdict", "rule_id": "interruption", "verdict": "confirmed"}


def post(client, body, call=CALL):
    return client.post(f"/calls/{call}/reviews", json=body, headers={"Accept": "application/json"})


def said(body, **changes):
    return {name: value for name, value in (CONFIRM | body | changes).items() if value is not None}


PLAIN = {"rule_id": None, "verdict": None}


@pytest.mark.parametrize(
    ("changes", "status", "part"),
    [
        ({"surprise": 1}, 422, "surprise"),
        ({"key": None}, 422, "key"),
        ({"key": "short"}, 422, "key"),
        ({"key": "x" * 65}, 422, "key"),
        ({"kind": "gossip"}, 422, "kind"),
        ({"rule_id": "no-such-rule"}, 422, "no-such-rule"),
        ({"rule_id": None}, 422, "判定要有规则"),
        ({"verdict": None}, 422, "判定要有规则"),
        ({"verdict": "missed"}, 422, "不能判为"),
        ({"verdict": "absent"}, 422, "不能判为"),
        ({"rule_id": "insult"}, 422, "不能判为"),
        ({"reason": "quoted"}, 422, "驳回"),
        ({"turn": 99, "char_start": 0, "start_s": 1.0}, 409, "没有该规则的证据"),
        ({"start_s": -1.0}, 422, "start_s"),
        ({"start_s": 1e300}, 422, "start_s"),
        ({"text": "好" * 2001}, 422, "text"),
        ({"text": "a\x00b"}, 422, "text"),
        ({"card": "default@1"}, 422, "card"),
        ({"rule_id": "insult", "verdict": "missed", "turn": 99}, 422, "没有第 99 句"),
        ({"rule_id": "insult", "verdict": "missed", "turn": 0, "char_start": 2}, 422, "缺头或缺尾"),
        ({"rule_id": "insult", "verdict": "missed", "turn": 0, "char_start": 2, "char_end": 2}, 422, "不在这句话里"),
        ({"rule_id": "insult", "verdict": "missed", "turn": 0, "char_start": 2, "char_end": 999}, 422, "不在这句话里"),
        (
            {"rule_id": "insult", "verdict": "missed", "turn": 0, "char_start": 0, "char_end": 2, "quote": "再见"},
            409,
            "转写已更新",
        ),
        ({"rule_id": "insult", "verdict": "missed", "char_start": 0, "char_end": 2}, 422, "缺少第几句"),
        (PLAIN | {"kind": "correction", "text": "你好"}, 422, "改正"),
        (PLAIN | {"kind": "correction", "turn": 0}, 422, "改正"),
        (PLAIN | {"kind": "correction", "turn": 0, "text": "  "}, 422, "改正"),
        (PLAIN | {"kind": "correction", "turn": 0, "role": "boss"}, 422, "role"),
        (PLAIN | {"kind": "correction", "turn": 0, "text": "好", "quote": "不是这句"}, 409, "转写已更新"),
        (PLAIN | {"kind": "comment", "text": " "}, 422, "备注是空的"),
        (PLAIN | {"kind": "example", "value": "fine", "turn": 0}, 422, "范例"),
        (PLAIN | {"kind": "score", "card": "default@9", "item": "rapport", "value": "fair"}, 409, "请刷新"),
        (PLAIN | {"kind": "score", "card": "default@1", "item": "beauty", "value": "fair"}, 422, "没有这一项"),
        (PLAIN | {"kind": "score", "card": "default@1", "item": "rapport", "value": "yes"}, 422, "没有这一项"),
        (PLAIN | {"kind": "undo", "undoes": 999}, 422, "没有这条"),
        (PLAIN | {"kind": "undo"}, 422, "没有这条"),
        (PLAIN | {"kind": "finished", "text": "done"}, 422, "finished"),
    ],
)
def test_what_makes_no_sense_is_refused_and_not_stored(client_as, desk, changes, status, part):
    answer = post(client_as("reviewer"), said({}, **changes))
    assert answer.status_code == status, answer.text
    assert part in answer.text
    assert reviews_of(desk.database, [CALL]) == {}


@pytest.mark.parametrize("role", ["agent", "lead"])
def test_those_whose_calls_are_judged_do_not_judge(client_as, desk, role):
    assert post(client_as(role), CONFIRM).status_code == 403
    assert reviews_of(desk.database, [CALL]) == {}


def test_without_the_token_nothing_is_stored(client_as, desk):
    client = client_as("reviewer")
    client.headers["X-CSRF-Token"] = "0" * 64
    assert post(client, CONFIRM).status_code == 403
    assert reviews_of(desk.database, [CALL]) == {}


def test_an_unknown_call_is_404(client_as):
    assert post(client_as("reviewer"), CONFIRM, call="f" * 64).status_code == 404


def test_a_body_that_is_no_json_is_refused(client_as):
    client = client_as("reviewer")
    for content in (b"", b"{", b"[]", b'"x"', b"\xff"):
        answer = client.post(f"/calls/{CALL}/reviews", content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422)


def test_a_verdict_is_stored_with_what_the_rule_said_and_answered_with_the_panel(client_as, desk):
    answer = post(client_as("reviewer"), CONFIRM)
    assert answer.status_code == 200
    assert 'id="panel-data"' in answer.text
    assert "已确认" in answer.text
    (entry,) = reviews_of(desk.database, [CALL])[CALL]
    assert (entry.by, entry.said.verdict, entry.outcome, entry.run_id) == ("林晓燕", "confirmed", "hit", "samples")
    with desk.database.reading() as connection:
        noted = connection.execute(select(audit).where(audit.c.action == "judge")).mappings().all()
    assert [(row["login"], row["recording_id"], row["detail"]["rule"]) for row in noted] == [
        ("lin", CALL, "interruption")
    ]


def test_the_same_sent_again_is_stored_once(client_as, desk):
    client = client_as("reviewer")
    first, again = post(client, CONFIRM), post(client, CONFIRM)
    assert (first.status_code, again.status_code) == (200, 200)
    assert len(reviews_of(desk.database, [CALL])[CALL]) == 1


def test_the_same_sent_at_once_is_stored_once(client_as, desk):
    client = client_as("reviewer")
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(post(client, CONFIRM).status_code)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 6
    assert len(reviews_of(desk.database, [CALL])[CALL]) == 1


def test_a_key_belongs_to_one_call(client_as, desk):
    client = client_as("reviewer")
    assert post(client, CONFIRM).status_code == 200
    body = said({"rule_id": "shirking"})
    assert post(client, body, call=OTHER).status_code == 409
    assert OTHER not in reviews_of(desk.database, [OTHER])


def test_two_people_at_once_are_both_kept_and_the_newer_word_counts(client_as, desk):
    first, second = client_as("lin"), client_as("wang")
    assert first.get(f"/calls/{CALL}").status_code == 200
    page = second.get(f"/calls/{CALL}").text
    assert "林晓燕 正在复核这一通" in page
    assert post(first, CONFIRM).status_code == 200
    rejected = said({"verdict": "rejected", "reason": "asr_error"})
    answer = post(second, rejected)
    assert answer.status_code == 200
    entries = reviews_of(desk.database, [CALL])[CALL]
    assert [(entry.by, entry.said.verdict) for entry in entries] == [("林晓燕", "confirmed"), ("王珂", "rejected")]
    assert standing(desk.database, CALL).verdicts["interruption"].by == "王珂"
    # The first one's page hears of it at its next question, and then no more.
    newest = entries[0].id
    told = first.get(f"/calls/{CALL}/panel", params={"newest": newest})
    assert told.status_code == 200
    assert "驳回：识别错字" in told.text
    assert '<template data-turn="' in told.text
    assert first.get(f"/calls/{CALL}/panel", params={"newest": entries[1].id}).status_code == 204


def test_a_call_in_others_hands_can_be_taken_over(client_as):
    first, second = client_as("lin"), client_as("wang")
    first.get(f"/calls/{CALL}")
    second.get(f"/calls/{CALL}")
    assert "正在复核" not in second.post(f"/calls/{CALL}/take").text
    told = first.get(f"/calls/{CALL}/panel", params={"newest": 0})
    assert "王珂 正在复核这一通" in told.text


def test_a_missed_place_gets_times_role_and_quote_from_the_transcript(client_as, desk):
    body = said({"rule_id": "insult", "verdict": "missed", "turn": 1, "char_start": 0, "char_end": 4})
    answer = post(client_as("reviewer"), body)
    assert answer.status_code == 200
    assert '<template data-turn="1">' in answer.text
    place = standing(desk.database, CALL).verdicts["insult"].said.place
    assert place.role == "customer"
    assert len(place.quote) == 4
    assert place.end_s > place.start_s > 0


def test_one_piece_of_evidence_is_judged_alone(client_as, desk):
    hit = next(found for found in stored_call(desk.database, CALL).results if found.rule_id == "interruption")
    piece = hit.evidence[0]
    body = said({"verdict": "rejected", "turn": piece.turn, "char_start": piece.char_start, "start_s": piece.start_s})
    assert post(client_as("reviewer"), body).status_code == 200
    found = standing(desk.database, CALL)
    assert list(found.verdicts) == []
    assert [review.said.place.quote for review in found.spots.values()] == [piece.quote]


def test_undoing_is_an_entry_and_only_ones_own(client_as, desk):
    first, second = client_as("lin"), client_as("wang")
    post(first, CONFIRM)
    (entry,) = reviews_of(desk.database, [CALL])[CALL]
    undo = {"key": "key-00000002", "kind": "undo", "undoes": entry.id}
    assert post(second, undo).status_code == 403
    assert post(first, undo).status_code == 200
    assert standing(desk.database, CALL).verdicts == {}
    assert len(reviews_of(desk.database, [CALL])[CALL]) == 2
    assert post(first, undo | {"key": "key-00000003"}).status_code == 409


def done(desk):
    with desk.database.reading() as connection:
        row = connection.execute(select(review_items).where(review_items.c.recording_id == CALL)).mappings().one()
    return row["done"], row["done_by"] is not None, row["taken_by"]


def test_finishing_takes_the_call_off_the_queue_and_undoing_puts_it_back(client_as, desk):
    client = client_as("reviewer")
    finished = {"key": "key-finished", "kind": "finished"}
    assert post(client, finished).status_code == 200
    assert done(desk)[:2] == (True, True)
    (entry,) = reviews_of(desk.database, [CALL])[CALL]
    undo = {"key": "key-undo-it", "kind": "undo", "undoes": entry.id}
    assert post(client, undo).status_code == 200
    assert done(desk)[:2] == (False, False)
    # Sent again, after it was undone: it must not take the call off once more.
    assert post(client, finished).status_code == 200
    assert done(desk)[0] is False
    undone = reviews_of(desk.database, [CALL])[CALL][-1]
    assert post(client, {"key": "key-redo-it", "kind": "undo", "undoes": undone.id}).status_code == 200
    assert done(desk)[0] is True


def test_a_locked_database_asks_to_try_again_and_stores_nothing(client_as, desk, monkeypatch):
    client = client_as("reviewer")

    def locked(*args, **kwargs):
        raise StoreError("database is locked", passing=True)

    with monkeypatch.context() as patch:
        patch.setattr(judge_route, "judge", locked)
        answer = post(client, CONFIRM)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert reviews_of(desk.database, [CALL]) == {}
    assert post(client, CONFIRM).status_code == 200


@pytest.mark.slow
def test_a_database_that_a_batch_holds_is_waited_for_and_then_503(sample_store, pack, tmp_path):
    url = f"sqlite:///{shutil.copy(sample_store, tmp_path / 'held.db')}"
    batch = open_database(url)
    impatient = open_database(url, busy_timeout_s=0.5)
    desk = Desk(impatient, pack, ReviewSettings(SECRET, hosts=("localhost",), cache=tmp_path / "playback"))
    with TestClient(create_app(desk), base_url="http://localhost", follow_redirects=False) as client:
        log_in(client, "lin")
        begun_s = time.monotonic()
        with batch.writing():
            assert post(client, CONFIRM).status_code == 503
        assert time.monotonic() - begun_s > 0.4
        assert reviews_of(desk.database, [CALL]) == {}
        assert post(client, CONFIRM).status_code == 200
    desk.database.close()
    batch.close()


def test_entries_are_never_changed(client_as, desk):
    post(client_as("reviewer"), CONFIRM)
    with pytest.raises(StoreError), desk.database.writing() as connection:
        connection.execute(reviews.update().values(verdict="rejected"))


def test_scores_are_kept_and_shown(client_as, desk):
    body = PLAIN | {"key": "key-score-1", "kind": "score", "card": "default@1", "item": "rapport", "value": "fair"}
    body = {name: value for name, value in body.items() if value is not None}
    answer = post(client_as("reviewer"), body)
    assert answer.status_code == 200
    assert standing(desk.database, CALL).scores["default@1", "rapport"].said.value == "fair"


def test_an_agent_sees_the_reviewed_call_without_the_reviewers_name(client_as, desk):
    reviewer, agent = client_as("lin"), client_as("agent")
    assert agent.get(f"/calls/{CALL}").status_code == 404
    post(reviewer, CONFIRM)
    post(reviewer, {"key": "key-comment", "kind": "comment", "text": "说明一下"})
    post(reviewer, {"key": "key-finished", "kind": "finished"})
    answer = agent.get(f"/calls/{CALL}")
    assert answer.status_code == 200
    assert "已确认" in answer.text
    assert "林晓燕" not in answer.text
    assert "说明一下" not in answer.text
    assert 'data-act="confirm"' not in answer.text
    lead = client_as("lead").get(f"/calls/{CALL}").text
    assert "说明一下" in lead
    assert "林晓燕" not in lead
    assert agent.get(f"/calls/{OTHER}").status_code == 404

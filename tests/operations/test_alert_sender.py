"""Posting alerts to a real server that refuses, hangs, redirects and goes away."""

import json
import socket
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from pipeline.batch import alerts as module
from pipeline.batch.alerts import AlertSender
from pipeline.batch.webhook import DeliveryError, Webhook, open_webhook
from pipeline.domain.errors import ConfigError, StoreError
from pipeline.store.alerts import alerts, count_alerts
from pipeline.store.database import open_database
from tests.operations.receiver import SECRET, Receiver, is_signed
from tests.operations.test_alert_queue import store_call
from tests.store.builders import result

BODY = '{"id": "a", "title": "侮辱"}'


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def receive():
    opened = []

    def start(*answers, **how):
        opened.append(Receiver(*answers, **how))
        return opened[-1]

    yield start
    for receiver in opened:
        receiver.close()


@pytest.fixture
def store(tmp_path):
    opened = open_database(f"sqlite:///{tmp_path / 'x.db'}", create=True)
    yield opened
    opened.close()


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(module, "LONGEST_PAUSE_S", 0.2)
    monkeypatch.setattr(module, "LOOK_S", 0.2)


@pytest.mark.parametrize(
    ("url", "secret", "message"),
    [
        pytest.param("ftp://x/y", SECRET, "http", id="no http"),
        pytest.param("https:///alerts", SECRET, "http", id="no host"),
        pytest.param("https://x/y", None, "EARMARK_WEBHOOK_SECRET", id="no key"),
        pytest.param("https://x/y", "whsec_!", "not base64", id="no base64"),
    ],
)
def test_refuses(url, secret, message):
    with pytest.raises(ConfigError, match=message):
        open_webhook(url, secret)


@pytest.mark.parametrize(
    ("answer", "away", "message"),
    [
        pytest.param(500, True, "answered 500", id="in trouble"),
        pytest.param(429, True, "answered 429", id="too many"),
        pytest.param(400, False, "answered 400", id="unwilling"),
        pytest.param((302, {"Location": "http://127.0.0.1:1/"}), False, "answered 302", id="sends us elsewhere"),
        pytest.param("hang", True, "did not answer: timed out", id="silent"),
    ],
)
def test_not_taken(receive, answer, away, message):
    receiver = receive(answer)
    with pytest.raises(DeliveryError, match=message) as caught:
        Webhook(receiver.url + "?token=geheim", SECRET, timeout_s=0.3).post("a", BODY, now_s=1)
    assert caught.value.away is away
    assert "geheim" not in f"{caught.value!r} {Webhook(receiver.url + '?token=geheim', SECRET)!r}"


def test_nobody_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(DeliveryError, match="refused") as caught:
            Webhook(url, SECRET).post("a", BODY, now_s=1)
    assert caught.value.away


def test_is_signed(receive):
    receiver = receive()
    Webhook(receiver.url, SECRET).post("a", BODY, now_s=1700000000.9)
    ((status, headers, body),) = receiver.posts
    assert (status, body.decode(), headers["webhook-id"], headers["webhook-timestamp"]) == (
        204,
        BODY,
        "a",
        "1700000000",
    )
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert is_signed(headers, body)
    assert not is_signed(headers, body + b" ")
    assert not is_signed({**headers, "webhook-timestamp": "1700000001"}, body)
    assert not is_signed(headers, body, secret="another")


def send(store, receiver, count, timeout_s=1.0):
    outcomes = []
    sender = AlertSender(store, Webhook(receiver.url, SECRET, timeout_s=timeout_s), heard=outcomes.append)
    sender.start()
    receiver.wait_for(count)
    sender.close()
    return outcomes


@pytest.mark.parametrize(
    ("answers", "outcomes"),
    [
        pytest.param([500, 503, 200], ["failed", "failed", "sent"], id="in trouble, then well"),
        pytest.param([400, 204], ["failed", "sent"], id="unwilling, then willing"),
        pytest.param([(429, {"Retry-After": "1"})], ["failed", "sent"], id="asks for time"),
        pytest.param([(503, {"Retry-After": "soon"})], ["failed", "sent"], id="asks for it in words"),
    ],
)
def test_tried_again_until_taken(store, receive, quick, answers, outcomes):
    store_call(store, result("insult"))
    receiver = receive(*answers)
    assert send(store, receiver, 1) == outcomes
    assert count_alerts(store) == {"sent": 1}
    # The same alert each time, byte for byte.
    assert len({(headers["webhook-id"], body) for _, headers, body in receiver.posts}) == 1
    assert all(is_signed(headers, body) for _, headers, body in receiver.posts)


def test_what_one_alert_is_refused_for_does_not_stop_the_next(store, receive, quick, monkeypatch):
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 60.0)
    monkeypatch.setattr(module, "LONGEST_PAUSE_S", 60.0)
    store_call(store, result("insult"), result("escalation-risk"))
    assert send(store, receive(400), 1) == ["failed", "sent"]
    assert count_alerts(store) == {"pending": 1, "sent": 1}


def test_dropped_after_three_days(store, receive, quick):
    store_call(store, result("insult"))
    with store.writing() as connection:
        connection.execute(update(alerts).values(created_at=datetime.now(UTC) - timedelta(hours=72)))
    receiver = receive(500)
    sender = AlertSender(store, Webhook(receiver.url, SECRET))
    sender.start()
    until_s = time.monotonic() + 5
    while count_alerts(store) != {"dropped": 1} and time.monotonic() < until_s:
        time.sleep(0.02)
    sender.close()
    assert count_alerts(store) == {"dropped": 1}
    assert len(receiver.posts) == 1


@pytest.mark.slow
@pytest.mark.timing
def test_end_is_quick_and_loses_nothing_while_the_webhook_hangs(store, receive):
    store_call(store, result("insult"), result("escalation-risk"))
    sender = AlertSender(store, Webhook(receive("hang", "hang").url, SECRET, timeout_s=0.3))
    sender.start()
    time.sleep(0.1)
    started_s = time.monotonic()
    sender.close()
    assert time.monotonic() - started_s < 2
    assert count_alerts(store) == {"pending": 2}


def test_what_is_queued_last_is_posted_before_the_end(store, receive):
    receiver = receive()
    sender = AlertSender(store, Webhook(receiver.url, SECRET))
    sender.start()
    time.sleep(0.2)
    store_call(store, result("insult"))
    sender.close()
    assert len(receiver.taken) == 1


@pytest.mark.timing
def test_is_woken(store, receive):
    receiver = receive()
    sender = AlertSender(store, Webhook(receiver.url, SECRET))
    sender.start()
    time.sleep(0.2)
    store_call(store, result("insult"))
    sender.wake()
    assert len(receiver.wait_for(1, timeout_s=2)) == 1
    sender.close()


@pytest.mark.slow
def test_outlives_the_database(store, receive, quick, monkeypatch):
    store_call(store, result("insult"))
    calls = []

    def away_at_first(database):
        calls.append(1)
        if len(calls) < 3:
            raise StoreError("away", passing=True)
        return 0.0

    monkeypatch.setattr(module, "next_due_s", away_at_first)
    receiver = receive()
    sender = AlertSender(store, Webhook(receiver.url, SECRET))
    sender.start()
    assert len(receiver.wait_for(1)) == 1
    monkeypatch.setattr(module, "next_due_s", lambda database: None)
    sender.close()


def test_body_arrives_as_it_was_queued(store, receive):
    store_call(store, result("insult"))
    receiver = receive()
    send(store, receiver, 1)
    with store.reading() as connection:
        assert json.loads(connection.execute(alerts.select()).one().body) == receiver.taken[0]

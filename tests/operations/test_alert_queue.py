"""Alerts: which hits make one, what stands in it, and that the queue neither loses nor doubles one."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipeline.domain.alerts import Alerting, alerts_of
from pipeline.domain.calls import CallMetadata, Role
from pipeline.domain.results import BilingualText, Evidence, Outcome, RuleStatus
from pipeline.store import ledger
from pipeline.store.alerts import count_alerts, mark_failed, mark_sent, next_due_s, take_alert
from pipeline.store.recordings import register
from pipeline.store.results import save_call, start_run
from tests.store.builders import HEADINGS, found, heading, processed, recording, result
from tests.store.builders import run as describe_run

RESULTS = (
    result("closing-missing"),
    result("escalation-risk"),
    result("trial"),
    result("insult", Outcome.HIT, 3.0, 65.2, 3.4, 8.0, 9.0),
    result("silent", Outcome.NOT_EVALUABLE),
    result("gone"),
)
KNOWN = (*HEADINGS, heading("silent"), heading("old", status=RuleStatus.RETIRED))


def told(*chosen, results=RESULTS, of=None, **how):
    return alerts_of(of or recording(), results, KNOWN, Alerting(frozenset(chosen), **how))


@pytest.mark.parametrize(
    ("chosen", "rules"),
    [
        pytest.param((), [], id="nothing chosen"),
        pytest.param(("silent",), [], id="not a hit"),
        pytest.param(("gone",), [], id="a rule the run does not know"),
        pytest.param(("critical", "alert"), ["insult", "escalation-risk"], id="severities: no shadow rule"),
        pytest.param(("trial", "closing-missing"), ["trial", "closing-missing"], id="by id: a shadow rule too"),
        pytest.param(("minor", "insult"), ["insult", "closing-missing"], id="both, the most urgent first"),
    ],
)
def test_which(chosen, rules):
    assert [alert.rule_id for alert in told(*chosen)] == rules


def test_body():
    facts = CallMetadata(agent="A1", team="夜班", started_at=datetime(2026, 11, 26, 9, tzinfo=UTC), customer_id="138")
    (alert,) = told("insult", of=recording(metadata=facts), desk_url="https://desk.example/")
    assert json.loads(alert.body) == {
        "id": alert.id,
        "recording": "c1.wav",
        "recording_id": f"{1:064x}",
        "started_at": "2026-11-26T09:00:00+00:00",
        "agent": "A1",
        "team": "夜班",
        "rule": "insult",
        "title": {"zh": "规则insult", "en": "Rule insult"},
        "severity": "critical",
        "error_class": "non-critical",
        "start_s": 3.0,
        "confidence": 0.5,
        # 3.0 and 3.4 s are one moment on the clock: 0:03, 0:08, 0:09, 1:05.
        "explanation": {"zh": "坐席 0:03、0:08、0:09 等 4 处", "en": "agent at 0:03, 0:08, 0:09 and 1 more"},
        "link": f"https://desk.example/calls/{1:064x}?t=3.0",
    }


@pytest.mark.parametrize(("quotes", "says"), [(False, False), (True, True)])
def test_what_was_said_is_told_only_where_it_is_wanted(quotes, says):
    spoken = "我的手机号是13800138000"
    piece = Evidence(12.0, 14.0, Role.CUSTOMER, spoken, turn=0, char_start=0, char_end=9)
    quoting = replace(
        result("insult"),
        explanation=BilingualText(f"0:12 客户说「{spoken}」", f"0:12 customer: “{spoken}”"),
        evidence=(piece,),
    )
    (alert,) = told("insult", results=(quoting,), quotes=quotes)
    assert ("13800138000" in alert.body) is says
    assert "客户" in alert.body


def test_the_id_is_that_of_rule_and_recording():
    ids = {
        told(rule, of=recording(number), quotes=quotes)[0].id
        for rule in ("insult", "trial")
        for number in (1, 2)
        for quotes in (False, True)
    }
    assert len(ids) == 4


ALERTING = Alerting(frozenset({"critical", "alert"}))


def store_call(store, *results, alerting=ALERTING, run_id="run1", redo=False, attempt=None):
    register(store, [found(recording())], redo=redo)
    run = describe_run(run_id, alerting=alerting)
    start_run(store, run)
    (lease,) = ledger.claim(store, "me", limit=1, ttl_s=60, now_s=0)
    return save_call(store, lease if attempt is None else replace(lease, attempt=attempt), processed(*results), run)


@pytest.mark.parametrize(
    ("alerting", "attempt", "counts"),
    [
        pytest.param(None, None, {}, id="nobody asked"),
        pytest.param(ALERTING, 7, {}, id="the lease was lost, so nothing is stored"),
        pytest.param(ALERTING, None, {"pending": 2}, id="with the call"),
    ],
)
def test_queued_with_the_call(empty_store, alerting, attempt, counts):
    store_call(empty_store, *RESULTS[:4], alerting=alerting, attempt=attempt)
    assert count_alerts(empty_store) == counts


def test_a_call_done_again_is_told_once(empty_store):
    store_call(empty_store, result("insult"))
    mark_sent(empty_store, take_alert(empty_store, now_s=10, hold_s=60))
    store_call(empty_store, result("insult"), result("escalation-risk"), run_id="run2", redo=True)
    assert count_alerts(empty_store) == {"sent": 1, "pending": 1}


def test_taken_alert_is_held_and_then_given_again(empty_store):
    store_call(empty_store, result("insult"))
    assert next_due_s(empty_store) == 0.0
    first = take_alert(empty_store, now_s=100, hold_s=60)
    assert (first.attempt, take_alert(empty_store, now_s=159, hold_s=60)) == (1, None)
    second = take_alert(empty_store, now_s=160, hold_s=60)
    assert (second.alert, second.attempt) == (first.alert, 2)
    # Whoever took it first held it for too long: what it says counts no more.
    mark_failed(empty_store, first, error="refused", next_try_s=None)
    assert count_alerts(empty_store) == {"pending": 1}
    mark_sent(empty_store, second)
    assert count_alerts(empty_store) == {"sent": 1}
    assert next_due_s(empty_store) is None


@pytest.mark.parametrize(("next_try_s", "state"), [(500.0, "pending"), (None, "dropped")])
def test_failed(empty_store, next_try_s, state):
    store_call(empty_store, result("insult"))
    mark_failed(empty_store, take_alert(empty_store, now_s=1, hold_s=60), error="500", next_try_s=next_try_s)
    assert count_alerts(empty_store) == {state: 1}
    assert next_due_s(empty_store) == next_try_s
    assert take_alert(empty_store, now_s=499, hold_s=60) is None


def test_the_longest_due_comes_first(empty_store):
    store_call(empty_store, result("insult"), result("escalation-risk"))
    mark_failed(empty_store, take_alert(empty_store, now_s=1, hold_s=1), error="500", next_try_s=3.0)
    order = [take_alert(empty_store, now_s=5, hold_s=60).attempt for _ in range(2)]
    assert order == [1, 2]

"""The sender of alerts: a thread beside the work, which no dead webhook can hold up.

An alert is posted at least once: where the process ends between the webhook's answer and the note of it, the alert is
posted again under the same id.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from functools import partial

from pipeline.batch.webhook import DeliveryError, Webhook
from pipeline.domain.errors import StoreError
from pipeline.store.alerts import DueAlert, mark_failed, mark_sent, next_due_s, take_alert
from pipeline.store.database import Database, insist

logger = logging.getLogger(__name__)

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 600.0
GIVE_UP_S = 72 * 3600.0
"""An alert that nobody took for three days is news no more."""
LOOK_S = 30.0
"""How often the queue is looked at when nobody says that there is something in it."""
LONGEST_REST_S = 60.0
"""How long a webhook in trouble is left alone."""
FAREWELL_S = 10.0
"""How long alerts are still posted after the sender was told to end."""

Heard = Callable[[str], None]
"""Told ``sent``, ``failed`` or ``dropped`` for each attempt."""


def pause_s(attempt: int) -> float:
    """Seconds until the next attempt.

    >>> [pause_s(attempt) for attempt in (1, 2, 3, 20)]
    [5.0, 10.0, 20.0, 600.0]
    """
    return min(FIRST_PAUSE_S * 2.0 ** (min(attempt, 32) - 1), LONGEST_PAUSE_S)


class AlertSender:
    """Posts what is queued, one after the other."""

    def __init__(self, database: Database, webhook: Webhook, *, heard: Heard = lambda _outcome: None) -> None:
        self._database = database
        self._webhook = webhook
        self._heard = heard
        self._wake = threading.Event()
        self._ending_s: float | None = None
        self._troubles = 0
        # Its lines in the log name the same run.
        self._thread = threading.Thread(target=copy_context().run, args=(self._run,), name="alerts", daemon=True)

    def start(self) -> None:
        """Begins to post."""
        self._thread.start()

    def wake(self) -> None:
        """There is something new in the queue."""
        self._wake.set()

    def close(self) -> None:
        """Posts what can be posted at once and ends; what is left waits in the database."""
        self._ending_s = time.monotonic()
        self._wake.set()
        self._thread.join(FAREWELL_S + self._webhook.timeout_s)

    def _run(self) -> None:
        while True:
            # What comes while the queue is being emptied wakes it again.
            self._wake.clear()
            is_last = self._ending_s is not None
            rest_s = LOOK_S
            try:
                rest_s = self._empty_queue()
            except StoreError as error:
                logger.warning("alerts wait for the database: %s", error)
            if is_last:
                return
            if self._troubles:
                # New alerts do not make a dead webhook live: only the end is worth waking for.
                self._rest(rest_s)
            else:
                self._wake.wait(rest_s)

    def _rest(self, rest_s: float) -> None:
        until_s = time.monotonic() + rest_s
        while self._ending_s is None and (left_s := until_s - time.monotonic()) > 0:
            self._wake.wait(min(left_s, LOOK_S))
            self._wake.clear()

    def _empty_queue(self) -> float:
        """Posts what is due; returns the seconds after which to look again."""
        while self._ending_s is None or time.monotonic() < self._ending_s + FAREWELL_S:
            due_s = next_due_s(self._database)
            if due_s is None or due_s > time.time():
                self._troubles = 0
                return LOOK_S if due_s is None else min(LOOK_S, due_s - time.time())
            due = take_alert(self._database, now_s=time.time(), hold_s=3 * self._webhook.timeout_s)
            if due is not None and not self._post(due):
                return min(pause_s(self._troubles), LONGEST_REST_S)
        return 0.0

    def _post(self, due: DueAlert) -> bool:
        """Posts one alert; returns whether the next one is worth trying."""
        noted = {"alert_id": due.alert.id, "recording_id": due.alert.recording_id, "rule": due.alert.rule_id}
        try:
            self._webhook.post(due.alert.id, due.alert.body, now_s=time.time())
        except DeliveryError as error:
            self._troubles = self._troubles + 1 if error.away else 0
            self._put_back(due, error, noted)
            return not error.away
        self._troubles = 0
        # A database that restarts just now would make the receiver hear of it twice.
        insist(partial(mark_sent, self._database, due), patience_s=self._webhook.timeout_s)
        self._heard("sent")
        logger.info("alert sent", extra={**noted, "attempt": due.attempt})
        return True

    def _put_back(self, due: DueAlert, error: DeliveryError, noted: dict[str, str]) -> None:
        waits_s = max(pause_s(due.attempt), min(error.retry_after_s, LONGEST_PAUSE_S))
        given_up = time.time() + waits_s > due.created_at.timestamp() + GIVE_UP_S
        mark_failed(self._database, due, error=str(error), next_try_s=None if given_up else time.time() + waits_s)
        self._heard("dropped" if given_up else "failed")
        if given_up:
            logger.error("alert dropped: %s", error, extra={**noted, "attempt": due.attempt})
        else:
            logger.warning("alert waits: %s", error, extra={**noted, "attempt": due.attempt, "again_s": waits_s})

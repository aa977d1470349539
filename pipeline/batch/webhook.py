"""Posting to a webhook: signed as the Standard Webhooks specification says, so that receivers find libraries for it.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPException
from typing import IO
from urllib.parse import urlsplit

from pipeline.domain.errors import ConfigError, EarmarkError

TIMEOUT_S = 10.0
SECRET_PREFIX = "whsec_"
"""Stands before a key that is written in base64; any other is taken as it is written."""


class DeliveryError(EarmarkError):
    """The webhook did not take an alert."""

    def __init__(self, message: str, *, away: bool, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.away = away
        """Whether the webhook itself is in trouble, rather than unwilling to take this alert."""
        self.retry_after_s = retry_after_s
        """What it asked for."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where alerts are posted."""

    url: str = field(repr=False)
    """May hold a token: only its host is ever shown."""
    secret: str = field(repr=False)
    timeout_s: float = TIMEOUT_S

    @property
    def host(self) -> str:
        """The part of the URL that may be shown."""
        return urlsplit(self.url).hostname or ""

    def post(self, alert_id: str, body: str, *, now_s: float) -> None:
        """Posts ``body``.

        Args:
            alert_id: by which the receiver tells that it has the alert already.
            body: JSON.
            now_s: seconds since the epoch; part of what is signed.

        Raises:
            DeliveryError: no answer in time, or one that is not 2xx.
        """
        timestamp = str(int(now_s))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "earmark",
            "webhook-id": alert_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": sign(self.secret, alert_id, timestamp, body),
        }
        request = urllib.request.Request(self.url, data=body.encode(), headers=headers, method="POST")
        try:
            with _opener.open(request, timeout=self.timeout_s):
                return
        except urllib.error.HTTPError as error:
            error.close()
            away = error.code >= 500 or error.code in (408, 429)
            raise DeliveryError(
                f"{self.host} answered {error.code}", away=away, retry_after_s=_seconds(error.headers)
            ) from error
        except (OSError, HTTPException) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            raise DeliveryError(f"{self.host} did not answer: {reason or type(error).__name__}", away=True) from error


def open_webhook(url: str, secret: str | None) -> Webhook:
    """The webhook at ``url``.

    Raises:
        ConfigError: the URL is none, or there is no key to sign with.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError("--webhook: give a URL that begins with https:// or http://")
    if not secret:
        raise ConfigError(
            "alerts are signed: set EARMARK_WEBHOOK_SECRET to a key that the receiver knows too, such as one made with "
            "`python -c 'import secrets; print(secrets.token_urlsafe(32))'`"
        )
    _key(secret)
    return Webhook(url, secret)


def sign(secret: str, alert_id: str, timestamp: str, body: str) -> str:
    """The signature: ``v1,`` and the base64 of the HMAC-SHA256 over id, timestamp and body, joined by dots.

    The example is that of the specification's libraries.

    >>> secret, message = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    >>> sign(secret, message, "1614265330", '{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = hmac.new(_key(secret), f"{alert_id}.{timestamp}.{body}".encode(), hashlib.sha256)
    return "v1," + base64.b64encode(signed.digest()).decode()


def _key(secret: str) -> bytes:
    if not secret.startswith(SECRET_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ConfigError(f"EARMARK_WEBHOOK_SECRET: what stands behind {SECRET_PREFIX} is not base64") from error


def _seconds(headers: Message) -> float:
    """What ``Retry-After`` says, where it says so in seconds."""
    written = headers.get("Retry-After", "")
    return float(written) if written.isascii() and written.isdigit() else 0.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An alert goes where the operator said, or nowhere."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """None, which makes the redirect an error."""


_opener = urllib.request.build_opener(_NoRedirect)

"""What stands before every route: which hosts are answered, how large a request may be, and what each answer says."""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from urllib.parse import urlsplit

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("localhost", "127.0.0.1", "::1")
BODY_LIMIT = 64 * 1024
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def hashed(secret: str, token: str) -> str:
    """What is stored of a token: whoever reads the database cannot log in with it."""
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def same(sent: str, expected: str) -> bool:
    """Whether two tokens are the same, in a time that does not tell how much of them is."""
    return hmac.compare_digest(sent.encode("utf-8", "replace"), expected.encode())


def content_security_policy(nonce: str) -> str:
    """The policy of a page. wavesurfer.js writes its own style element and marks it with the nonce."""
    return (
        "default-src 'self'; script-src 'self'; "
        f"style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; media-src 'self' blob:; connect-src 'self'; "
        "object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )


def local_target(target: str | None, otherwise: str) -> str:
    """Where to go after logging in: ``target`` if it is a path of this site, else ``otherwise``."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return otherwise
    if any(character < " " or character in "\\\x7f" or character > "~" for character in target):
        return otherwise
    parts = urlsplit(target)
    return otherwise if parts.scheme or parts.netloc or parts.path in ("/login", "/logout") else target


class Guard:
    """ASGI middleware: refuses what no page should see, and writes the headers of every answer."""

    def __init__(self, app: ASGIApp, *, hosts: Collection[str], body_limit: int = BODY_LIMIT) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or lets the request through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                _write_headers(MutableHeaders(scope=message), nonce)
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, answer)
            return
        await self._app(scope, self._limited(receive), answer)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if host_name(host) not in self._hosts:
            return PlainTextResponse("此地址未启用 / This host name is not served (setting review_hosts)", 400)
        if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            return PlainTextResponse("请求无法处理 / Bad request", 400)
        if headers.get("content-length", "0").isdigit() and int(headers.get("content-length", "0")) > self._body_limit:
            return PlainTextResponse("内容过大 / Too large", 413)
        if scope["method"] not in SAFE_METHODS and not _from_here(headers, host):
            return PlainTextResponse("来源不符 / Sent from another site", 403)
        return None

    def _limited(self, receive: Receive) -> Receive:
        size = 0

        async def limited() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._body_limit:
                raise HTTPException(413)
            return message

        return limited


def host_name(host: str) -> str:
    """The name in a Host header or in what a server listens on: lower case, without port and brackets."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name if name.count(":") > 1 else name.partition(":")[0]


def _from_here(headers: Headers, host: str) -> bool:
    """Whether a browser says that one of our pages sent it; programs say nothing, and need the CSRF token."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    # The scheme is not compared: behind a proxy that ends TLS this server does not know it.
    return origin is None or urlsplit(origin).netloc.lower() == host.lower()


def _write_headers(headers: MutableHeaders, nonce: str) -> None:
    headers["Content-Security-Policy"] = content_security_policy(nonce)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = PERMISSIONS_POLICY
    headers.setdefault("Cache-Control", "no-store")

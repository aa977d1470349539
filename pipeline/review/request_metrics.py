"""What the desk is asked, counted for Prometheus: by route, never by who asks or what for."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0)
UNKNOWN, STATIC = "none", "/static"
METHODS = frozenset({"GET", "HEAD", "POST"})
"""Others, which anybody may invent, are one."""


class RequestMetrics:
    """Requests of one desk."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "earmark_desk_requests",
            "Requests answered.",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "earmark_desk_request_seconds",
            "Time until the answer was sent; recordings take as long as they are listened to.",
            ["route"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self.open = Gauge("earmark_desk_requests_open", "Requests being answered.", registry=self.registry)


class Measured:
    """ASGI middleware: counts each request by the template of its route, such as ``/calls/{recording_id}``."""

    def __init__(self, app: ASGIApp, *, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets the request through, and looks at the clock before and after."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Whoever breaks off before an answer has had none.
        status = 499

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began_s = time.perf_counter()
        self._metrics.open.inc()
        try:
            await self._app(scope, receive, answer)
        finally:
            self._metrics.open.dec()
            route = _route(scope)
            method = scope["method"] if scope["method"] in METHODS else "other"
            self._metrics.requests.labels(route, method, str(status)).inc()
            self._metrics.seconds.labels(route).observe(time.perf_counter() - began_s)


def _route(scope: Scope) -> str:
    """The template of the route that answered. Addresses themselves would be labels without end, and name calls."""
    path = getattr(scope.get("route"), "path", None)
    if path is None:
        return STATIC if scope["path"].startswith(f"{STATIC}/") else UNKNOWN
    return str(path)

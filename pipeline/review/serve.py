"""Starting the desk: what has to be settled before it may listen, and listening."""

import logging
import secrets
import socket
import threading

import uvicorn

from pipeline.domain.errors import ConfigError, StoreError
from pipeline.review.app import Desk, ReviewSettings, create_app
from pipeline.review.playback import default_folder, make_private
from pipeline.review.request_metrics import RequestMetrics
from pipeline.review.security import LOOPBACK, host_name
from pipeline.settings import SHORTEST_SECRET, Settings
from pipeline.store.accounts import count_active
from pipeline.store.database import Database
from pipeline.store.search import index_missing

logger = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 8.0
"""A page waits for a batch that writes no longer than this, then says so and tries again."""
_EVERY_ADDRESS = ("0.0.0.0", "::", "")
_MAKE_SECRET = "export EARMARK_REVIEW_SECRET=$(python -c 'import secrets; print(secrets.token_urlsafe(32))')"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    return host_name(host) in LOOPBACK


def review_settings(settings: Settings, database: Database, *, host: str) -> ReviewSettings:
    """What the desk runs with.

    Raises:
        ConfigError: others than this machine could come in, and it is not ready for that.
    """
    # A name of its own means that a proxy lets others in, wherever the desk itself listens.
    exposed = not is_loopback(host) or any(not is_loopback(name) for name in settings.review_hosts)
    if exposed:
        _check_exposed(settings, database, host)
    secret = settings.review_secret.get_secret_value() if settings.review_secret else secrets.token_urlsafe(32)
    names = (*LOOPBACK, *(host_name(name) for name in settings.review_hosts))
    return ReviewSettings(
        secret=secret,
        secure_cookies=exposed,
        appeal_days=settings.review_appeal_days,
        calibration_level=settings.calibration_level,
        calibration_days=settings.calibration_days,
        daily_goal=settings.review_daily_goal,
        timezone=settings.timezone,
        hours=settings.review_hours,
        cache=settings.review_cache,
        clear_minutes=settings.clear_minutes,
        clear_reviewers=settings.clear_reviewers,
        plans=settings.sampling_plans,
        hosts=names if host in _EVERY_ADDRESS else (*names, host_name(host)),
    )


def _check_exposed(settings: Settings, database: Database, host: str) -> None:
    missing = []
    if settings.review_secret is None:
        missing.append(f"no review_secret is set, at least {SHORTEST_SECRET} characters: {_MAKE_SECRET}")
    if count_active(database) == 0:
        missing.append("there is no account: earmark users add LOGIN --role manager")
    if host in _EVERY_ADDRESS and not settings.review_hosts:
        missing.append("the name by which people reach it is not known: export EARMARK_REVIEW_HOSTS=desk.example.com")
    if missing:
        where = f"--host {host}" if not is_loopback(host) else f"review_hosts {', '.join(settings.review_hosts)}"
        problems = "".join(f"\n  - {problem}" for problem in missing)
        raise ConfigError(
            f"{where}: the desk would be open to other machines, and{problems}\n"
            "Set that right, or leave both out to serve this machine alone (docs/desk-security.md)"
        )


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises: ConfigError, the port is taken or the address is not this machine's."""
    try:
        found = socket.getaddrinfo(host_name(host) or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(*found[:3])
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(found[4])
        listener.listen(128)
    except OSError as error:
        remedy = "another program uses the port: choose one with --port" if _is_taken(error) else "check --host"
        raise ConfigError(f"cannot listen on {host}:{port} ({error.strerror or error}): {remedy}") from error
    return listener


def _is_taken(error: OSError) -> bool:
    import errno

    return error.errno in (errno.EADDRINUSE, errno.EACCES)


def make_searchable(database: Database) -> threading.Thread:
    """Puts calls that no run has indexed, such as those of an older earmark, into the search index meanwhile."""

    def index() -> None:
        try:
            done = index_missing(database)
        except StoreError as error:
            logger.warning("calls could not be indexed for search: %s", error)
        else:
            if done:
                logger.info("indexed %d calls for search", done)

    thread = threading.Thread(target=index, name="search index", daemon=True)
    thread.start()
    return thread


def serve(desk: Desk, listener: socket.socket, settings: Settings, *, metrics: RequestMetrics | None = None) -> None:
    """Answers until it is told to stop. Raises: ConfigError, others may read the folder for decoded recordings."""
    make_private(desk.settings.cache or default_folder())
    config = uvicorn.Config(
        create_app(desk, metrics=metrics),
        log_config=None,
        # Addresses of pages hold what people search for.
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=list(settings.review_proxies),
        timeout_graceful_shutdown=3,
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        # uvicorn has shut down in order, and passes the signal on.
        pass
    finally:
        listener.close()
